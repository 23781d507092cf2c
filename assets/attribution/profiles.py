"""Which accounts to ask for, and the country that a profile's location names."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from assets.attribution.gazetteer import Gazetteer
from assets.attribution.tables import ACTOR_COUNTRY

MODEL_VERSION = "location-1"
REFRESH_DAYS = 90


def batches(actor_ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """The ids in runs of at most `size`."""
    for start in range(0, len(actor_ids), size):
        yield actor_ids[start : start + size]


def distinct_actors(events: Sequence[pa.Table]) -> list[int]:
    """Distinct numeric account ids in tables of core.events, in order; nulls left out."""
    if not events:
        return []
    column = pa.concat_tables([table.select(["actor_id"]) for table in events])["actor_id"]
    ids: list[int] = pc.unique(column.drop_null()).to_pylist()
    return sorted(ids)


def actor_countries(profiles: pa.Table, gazetteer: Gazetteer) -> pa.Table:
    """core.actor_country of accounts.

    Args:
        profiles: columns actor_id, actor_type, location and fetched_at of raw.actor_profiles.
        gazetteer: decides the country of a location text.
    """
    rows: list[dict[str, object]] = []
    located = {text: gazetteer.locate(text) for text in set(profiles["location"].to_pylist())}
    for profile in profiles.to_pylist():
        match = located[profile["location"]]
        rows.append(
            {
                "actor_id": profile["actor_id"],
                "country_iso2": match.country_iso2 if match else None,
                "rule": match.rule if match else None,
                "is_bot": profile["actor_type"] == "Bot",
                "model_version": MODEL_VERSION,
                "profile_fetched_at": profile["fetched_at"],
            }
        )
    return ACTOR_COUNTRY.arrow(rows)
