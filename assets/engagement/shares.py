"""Counts of accounts by country, and what follows from counts alone: interval and worst case."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assets.engagement.intervals import wilson_interval
from assets.engagement.tables import COUNTRY_ACTIVITY

Counts = npt.NDArray[np.int64]
SMALLEST_CELL = 5  # accounts; smaller cells are shown to nobody
UNKNOWN = "ZZ"  # CLDR's code for an unknown region
_ACTIVITY_SQL = (Path(__file__).parent / "sql" / "country_activity.sql").read_text()


def country_activity(
    day: date, actor_days: pa.Table, actor_country: pa.Table, event_cap: int
) -> pa.Table:
    """mart.country_activity of one day.

    Args:
        day: UTC.
        actor_days: core.actor_days of the day.
        actor_country: core.actor_country as of it; who is not in it is of unknown country.
        event_cap: most events counted of an account and event group.
    """
    with duckdb.connect() as connection:
        connection.register("actor_days", actor_days)
        connection.register("actor_country", actor_country)
        rows = connection.execute(_ACTIVITY_SQL, {"day": day, "cap": event_cap}).to_arrow_table()
    return COUNTRY_ACTIVITY.conform(rows)


def share_columns(
    k: Counts, n: Counts, everyone: Counts, growth: npt.NDArray[np.floating[Any]]
) -> dict[str, npt.NDArray[np.float64]]:
    """The share columns of mart.engagement.

    Args:
        k: accounts from a country, one a row.
        n: located accounts, at least one in each row.
        everyone: all accounts seen, located or not.
        growth: accounts at full capture / accounts seen: the worst case counts those not seen.
    """
    low, high = wilson_interval(k, n)
    unknown = everyone - n
    return {
        "located_share": k / n,
        "located_share_ci_low": low,
        "located_share_ci_high": high,
        "unknown_share": unknown / everyone,
        "share_low": k / (everyone * growth),
        "share_high": (k + (everyone * growth - n)) / (everyone * growth),
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
