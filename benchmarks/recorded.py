"""What archives and GitHub recorded of a world's day, as the platform's raw tables hold it."""

from datetime import UTC, date, datetime, time

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assets.activity.tables import ARCHIVE_EVENTS, ARCHIVE_TOTALS
from sandbox.world import ObservedEvents, World

Ints = npt.NDArray[np.int64]
MOMENT = pa.timestamp("us", tz="UTC")
STARS = pa.schema([("repo_id", pa.int64()), ("star_date", pa.date32()), ("star_count", pa.int64())])


def events_of_archive(day: date, archive: str, recorded: ObservedEvents, panel: Ints) -> pa.Table:
    """raw.archive_events of what an archive recorded of a day."""
    is_panel = np.isin(recorded.actor_id, panel)
    kept = recorded.is_tracked | is_panel
    created = recorded.created_at[kept]
    count = len(created)
    rows = pa.table(
        {
            "source": pa.repeat(archive, count),
            "archive_date": pa.repeat(pa.scalar(day), count),
            "file_hour": _moments(created.astype("datetime64[h]")),
            "event_type": pa.array(recorded.event_type[kept].tolist(), pa.string()),
            "event_id": pa.array(recorded.event_id[kept]).cast(pa.string()),
            "created_at": _moments(created),
            "actor_id": recorded.actor_id[kept],
            "is_bot": recorded.is_bot[kept],
            "repo_id": recorded.repo_id[kept],
            "repo_name": pa.nulls(count, pa.string()),
            "action": pa.nulls(count, pa.string()),
            "is_tracked": recorded.is_tracked[kept],
            "is_panel": is_panel[kept],
        }
    )
    return ARCHIVE_EVENTS.conform(rows)


def totals_of_archive(day: date, archive: str, recorded: ObservedEvents) -> pa.Table:
    """raw.archive_totals of an archive's files of a day, bots included."""
    types, number = np.unique(recorded.event_type, return_inverse=True)
    hour = recorded.created_at.astype("datetime64[h]").astype(np.int64)
    places, counts = np.unique(np.stack([hour, number]), axis=1, return_counts=True)
    rows = pa.table(
        {
            "source": pa.repeat(archive, len(counts)),
            "archive_date": pa.repeat(pa.scalar(day), len(counts)),
            "file_hour": _moments(places[0].astype("datetime64[h]")),
            "event_type": pa.array(types[places[1]].tolist(), pa.string()),
            "event_count": counts,
        }
    )
    return ARCHIVE_TOTALS.conform(rows)


def star_counts(world: World, day: date) -> pa.Table:
    """Stars of every tracked repository on a day, as GitHub counts them: all that happened."""
    drawn = world.drawn_on(day)
    ids = np.array([repository.github_id for repository in world.tracked_repositories])
    starred = drawn.repo_id[drawn.event_type == "WatchEvent"]
    counts = (ids[:, None] == starred).sum(axis=1)
    return pa.table({"repo_id": ids, "star_date": [day] * len(ids), "star_count": counts}, STARS)


def midnight(day: date) -> datetime:
    """The day's first moment, UTC."""
    return datetime.combine(day, time(), UTC)


def _moments(times: npt.NDArray[np.datetime64]) -> pa.Array:
    return pa.array(times.astype("datetime64[us]")).cast(MOMENT)
