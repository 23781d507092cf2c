"""A day's counts by country to shares with their interval, unknown share and worst case."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from assets.engagement.intervals import wilson_interval
from assets.engagement.tables import COUNTRY_ACTIVITY, STAGED_ENGAGEMENT

Counts = npt.NDArray[np.int64]
SMALLEST_CELL = 5  # accounts; smaller cells are shown to nobody
UNKNOWN = "ZZ"  # CLDR's code for an unknown region
_ACTIVITY_SQL = (Path(__file__).parent / "sql" / "country_activity.sql").read_text()


def country_activity(
    day: date, events: pa.Table, actor_country: pa.Table, event_cap: int
) -> pa.Table:
    """mart.country_activity of one day.

    Args:
        day: UTC.
        events: core.events of the day.
        actor_country: core.actor_country of its accounts; who is not in it is of unknown country.
        event_cap: most events counted of an account and event group.
    """
    with duckdb.connect() as connection:
        connection.register("events", events)
        connection.register("actor_country", actor_country)
        rows = connection.execute(_ACTIVITY_SQL, {"day": day, "cap": event_cap}).to_arrow_table()
    return COUNTRY_ACTIVITY.conform(rows)


def engagement(day: date, activity: pa.Table, complete_hour_count: int) -> pa.Table:
    """Shares of one day, a row an event group and country with a located account.

    Args:
        day: UTC.
        activity: mart.country_activity of the day.
        complete_hour_count: hourly files of the day that were read whole (0 to 24).
    """
    tracked = activity.filter(pc.equal(activity["scope"], "tracked"))
    totals = _sums(tracked)
    located_rows = tracked.filter(pc.not_equal(tracked["country_iso2"], UNKNOWN))
    located = _sums(located_rows)
    located_rows = located_rows.filter(pc.greater(located_rows["actor_count"], 0))
    groups: list[str] = located_rows["event_group"].to_pylist()
    k = located_rows["actor_count"].to_numpy()
    n = np.array([located[group] for group in groups], dtype=np.int64)
    everyone = np.array([totals[group] for group in groups], dtype=np.int64)
    row_count = len(groups)
    return STAGED_ENGAGEMENT.conform(
        pa.table(
            {
                "activity_date": pa.array([day] * row_count, pa.date32()),
                "event_group": groups,
                "country_iso2": located_rows["country_iso2"],
                "actor_count": k,
                "located_actor_count": n,
                "total_actor_count": everyone,
                **share_columns(k, n, everyone),
                "complete_hour_count": [complete_hour_count] * row_count,
                "is_complete": [complete_hour_count == 24] * row_count,
            }
        )
    )


def share_columns(k: Counts, n: Counts, everyone: Counts) -> dict[str, npt.NDArray[np.float64]]:
    """The share columns of mart.engagement.

    Args:
        k: accounts from a country, one a row.
        n: located accounts, at least one in each row.
        everyone: all accounts, located or not.
    """
    low, high = wilson_interval(k, n)
    unknown = everyone - n
    return {
        "located_share": k / n,
        "located_share_ci_low": low,
        "located_share_ci_high": high,
        "unknown_share": unknown / everyone,
        "share_low": k / everyone,
        "share_high": (k + unknown) / everyone,
    }


def complete_hours(hours: Sequence[pa.Table], day: date) -> int:
    """Hours of the day that at least one archive gave whole.

    Args:
        hours: tables of raw.archive_hours, one an archive.
        day: UTC.
    """
    return len(
        {
            row["file_hour"]
            for table in hours
            for row in table.select(
                ["archive_date", "file_hour", "status", "is_neighbour"]
            ).to_pylist()
            if row["archive_date"] == day
            and row["status"] == "complete"
            and not row["is_neighbour"]
        }
    )


def _sums(rows: pa.Table) -> dict[str, int]:
    """Distinct accounts by event group: countries are disjoint, so their counts add up."""
    summed = rows.group_by("event_group").aggregate([("actor_count", "sum")])
    return dict(
        zip(summed["event_group"].to_pylist(), summed["actor_count_sum"].to_pylist(), strict=True)
    )
