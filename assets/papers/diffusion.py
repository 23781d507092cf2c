"""How many works name open models, and which share of them one of Chinese origin."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assets.engagement.intervals import wilson_interval
from assets.engagement.shares import SMALLEST_CELL
from assets.papers.tables import STAGED_DIFFUSION_PAPERS

_SQL = (Path(__file__).parent / "sql" / "diffusion_papers.sql").read_text()


def diffusion_papers(tables: Mapping[str, pa.Table], months: Sequence[date]) -> pa.Table:
    """Rows of mart.diffusion_papers of some months; a month never asked for has none.

    Args:
        tables: `papers`, `mentions`, `counts` and `askings`: rows of raw.papers,
            core.paper_mentions, raw.paper_field_counts and ops.paper_askings; `families`: family,
            country_iso2 and is_open of core.model_families.
        months: first days.
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, rows in tables.items():
            connection.register(name, rows)
        connection.register("months", pa.table({"month": pa.array(months, pa.date32())}))
        rows = connection.execute(_SQL, {"smallest": SMALLEST_CELL}).to_arrow_table()
    for prefix in ("", "used_"):
        k = rows[f"{prefix}cn_work_count"].to_numpy().astype(np.int64)
        n = rows[f"{prefix}open_work_count"].to_numpy().astype(np.int64)
        low, high = wilson_interval(k, n)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = k / n
        for name, values in (("", share), ("_ci_low", low), ("_ci_high", high)):
            rows = rows.append_column(f"{prefix}cn_share{name}", _nullable(values))
    return STAGED_DIFFUSION_PAPERS.conform(rows)


def _nullable(values: npt.NDArray[np.float64]) -> pa.Array:
    """Null where there is no number: a share of no works."""
    return pa.array(values, mask=np.isnan(values))
