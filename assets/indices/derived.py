"""The derived marts: SQL joins what they rest on, the formulas make the figures."""

from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from assets.indices import formulas, tables
from assets.indices.crossings import Crossing, Leader, crossing

PAIR = ("CN", "US")
_SQL = Path(__file__).parent / "sql"


def engagement_index(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """mart.engagement_index, from the tables that `connection` sees."""
    weeks = formulas.base_weeks()
    rows = _read(
        connection,
        "engagement_index",
        base_weeks=list(weeks),
        base_from=weeks[0] - timedelta(days=6),
        base_to=weeks[-1],
    )
    base = _floats(rows, "base_share")
    named = {
        "engagement_index": "share",
        "index_ci_low": "share_ci_low",
        "index_ci_high": "share_ci_high",
    }
    for name, numerator in named.items():
        index = formulas.engagement_index(_floats(rows, numerator), base)
        rows = rows.append_column(name, _nullable(index))
    return tables.ENGAGEMENT_INDEX.conform(rows.drop_columns(["share_ci_low", "share_ci_high"]))


def country_ratio(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """mart.country_ratio of the pair CN and US, from the mart.engagement that `connection` sees."""
    rows = _read(connection, "country_ratio", country=PAIR[0], other=PAIR[1])
    share, other = _floats(rows, "share"), _floats(rows, "other_share")
    figures = formulas.ratio_interval(
        share,
        _floats(rows, "log_se"),
        other,
        _floats(rows, "other_log_se"),
        formulas.share_correlation(share, other),
    )
    names = ("share_ratio", "ratio_ci_low", "ratio_ci_high")
    for name, figure in zip(names, figures, strict=True):
        rows = rows.append_column(name, _nullable(figure))
    return tables.COUNTRY_RATIO.conform(rows.drop_columns(["log_se", "other_log_se"]))


def crossings(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """mart.crossings, from the mart.country_ratio that `connection` sees."""
    made = []
    for row in _read(connection, "crossings").to_pylist():
        bounds = np.array(
            [row[name] for name in ("low", "high", "other_low", "other_high")], dtype=np.float64
        )
        found = crossing(row["weeks"], *bounds)
        made.append(
            {
                **{name: row[name] for name in tables.CROSSINGS.key},
                "from_date": row["weeks"][0],
                "to_date": row["weeks"][-1],
                **_crossing_columns(found, row["country_iso2"], row["other_iso2"]),
            }
        )
    return tables.CROSSINGS.arrow(made)


def _crossing_columns(found: Crossing, country: str, other: str) -> dict[str, object]:
    codes: dict[Leader | None, str | None] = {"a": country, "b": other, None: None}
    return {
        "compared_week_count": found.compared_count,
        "skipped_week_count": found.skipped_count,
        "first_apart_date": found.first,
        "first_leader_iso2": codes[found.first_leader],
        "overtaking_date": found.overtaking,
        "lasting_apart_date": found.lasting,
        "lasting_leader_iso2": codes[found.lasting_leader],
    }


def _read(connection: duckdb.DuckDBPyConnection, name: str, **parameters: object) -> pa.Table:
    return connection.execute((_SQL / f"{name}.sql").read_text(), parameters).to_arrow_table()


def _floats(rows: pa.Table, name: str) -> formulas.Floats:
    """A column of numbers, NaN for null."""
    return np.asarray(rows[name].to_numpy(), dtype=np.float64)


def _nullable(values: formulas.Floats) -> pa.Array:
    """Numbers as a column, null for NaN."""
    return pa.array(values, from_pandas=True)
