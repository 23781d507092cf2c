"""The marts of one snapshot: sums and shares by SQL, concentration by its formula."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from assets.engagement.shares import UNKNOWN
from assets.hub import tables
from assets.indices.formulas import herfindahl

ANY = "any"
DIFFERENCES = frozenset({"new_models", "downloads_since"})
_SQL = (Path(__file__).parent / "sql" / "diffusion_hub.sql").read_text()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A day's snapshot: its rows of raw.hub_models, and what core.hub_snapshots says of it."""

    day: date
    models: pa.Table
    begun_at: datetime
    is_complete: bool
    asked_share: float | None


def diffusion(snapshot: Snapshot, lineage: pa.Table, before: Snapshot | None) -> pa.Table:
    """mart.diffusion_hub of one day.

    Args:
        snapshot: the day's.
        lineage: its rows of core.hub_lineage.
        before: the newest earlier one; None where there is none, and then nothing is said of new
            models and of downloads since.
    """
    previous = before.models if before else tables.HUB_MODELS.arrow_schema.empty_table()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, rows in (
            ("models", snapshot.models), ("lineage", lineage), ("previous", previous)
        ):  # fmt: skip
            connection.register(name, rows)
        cells = connection.execute(
            _SQL, {"since": before.begun_at if before else None, "unknown": UNKNOWN}
        ).to_arrow_table()
    stated = [_stated(snapshot, before, measure) for measure in cells["measure"].to_pylist()]
    for name in ("snapshot_date", "days_since_previous", "asked_share", "is_complete"):
        type_ = tables.DIFFUSION_HUB.arrow_schema.field(name).type
        cells = cells.append_column(name, pa.array([each[name] for each in stated], type_))
    return tables.DIFFUSION_HUB.conform(cells)


def _stated(snapshot: Snapshot, before: Snapshot | None, measure: str) -> dict[str, object]:
    """What the snapshots say of a measure's rows."""
    compared = [snapshot, *([before] if before and measure in DIFFERENCES else [])]
    asked = [each.asked_share for each in compared if each.asked_share is not None]
    return {
        "snapshot_date": snapshot.day,
        "days_since_previous": (snapshot.day - before.day).days if before else None,
        "asked_share": min(asked) if len(asked) == len(compared) else None,
        "is_complete": all(each.is_complete for each in compared),
    }


def concentration(diffusion_rows: pa.Table) -> pa.Table:
    """mart.hub_concentration, from rows of mart.diffusion_hub; all authors together.

    Cells without anything of known origin have no row.
    """
    parts: dict[tuple[object, ...], list[float]] = defaultdict(list)
    stated: dict[tuple[object, ...], dict[str, object]] = {}
    for row in diffusion_rows.to_pylist():
        is_family = row["root_family"] != ANY
        if row["author_country_iso2"] != ANY or row["origin_iso2"] in (ANY, UNKNOWN):
            continue
        dimension = "root_family" if is_family else "origin_iso2"
        key = (row["snapshot_date"], row["measure"], row["relation"], dimension)
        parts[key].append(row["value"])
        stated[key] = row
    made = []
    for cell, values in parts.items():
        row = stated[cell]
        if row["known_value"] == 0:
            continue
        index = _index(values)
        made.append(
            {
                **dict(zip(tables.HUB_CONCENTRATION.key, cell, strict=True)),
                "part_count": sum(value != 0 for value in values),
                "herfindahl": index,
                "effective_parts": None if index is None else 1.0 / index,
                **{
                    name: row[name]
                    for name in (
                        "known_value", "unknown_share", "days_since_previous", "asked_share",
                        "is_complete",
                    )
                },
            }
        )  # fmt: skip
    return tables.HUB_CONCENTRATION.arrow(made)


def _index(values: list[float]) -> float | None:
    """The Herfindahl index of parts; None where one is negative."""
    parts = np.array(values, dtype=np.float64)
    if (parts < 0).any():
        return None
    return float(herfindahl(parts / parts.sum()))
