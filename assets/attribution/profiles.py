"""Which accounts to ask GitHub for."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

REFRESH_DAYS = 90


def batches(actor_ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """The ids in runs of at most `size`."""
    for start in range(0, len(actor_ids), size):
        yield actor_ids[start : start + size]


def distinct_actors(events: Sequence[pa.Table]) -> list[int]:
    """Distinct numeric account ids in tables with a column actor_id, in order; nulls left out."""
    if not events:
        return []
    column = pa.concat_tables([table.select(["actor_id"]) for table in events])["actor_id"]
    ids: list[int] = pc.unique(column.drop_null()).to_pylist()
    return sorted(ids)
