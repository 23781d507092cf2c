"""A warehouse with a mart.engagement written by hand, and what it is set against."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from assets.baseline.tables import INNOVATION_GRAPH
from assets.reference.tables import COUNTRY_GROUPINGS, ECONOMIES
from assets.tables import Column, Table
from resources.warehouse import Warehouse

#: What the indices read of mart.engagement.
ENGAGEMENT = Table(
    schema="mart",
    name="engagement",
    description="",
    grain="",
    source="",
    key=("activity_date", "period", "scope", "event_group", "grouping", "country_iso2"),
    columns=(
        Column("activity_date", "DATE", ""),
        Column("period", "VARCHAR", ""),
        Column("scope", "VARCHAR", ""),
        Column("event_group", "VARCHAR", ""),
        Column("grouping", "VARCHAR", ""),
        Column("country_iso2", "VARCHAR", ""),
        Column("total_actor_count", "BIGINT", ""),
        Column("share", "DOUBLE", "", nullable=True),
        Column("share_ci_low", "DOUBLE", "", nullable=True),
        Column("share_ci_high", "DOUBLE", "", nullable=True),
        Column("share_log_se", "DOUBLE", "", nullable=True),
        Column("is_complete", "BOOLEAN", ""),
        Column("is_masked", "BOOLEAN", ""),
        Column("capture_status", "VARCHAR", ""),
        Column("is_corrected", "BOOLEAN", ""),
    ),
)
PEOPLE = {"CN": 1_000_000_000, "HK": 10_000_000, "US": 400_000_000, "AQ": 0}

Row = dict[str, object]


def row(
    activity_date: date,
    country: str,
    share: float | None,
    low: float | None = None,
    high: float | None = None,
    **others: object,
) -> Row:
    """A week's row of stars and forks on tracked repositories, 2,000 accounts in all."""
    return {
        "activity_date": activity_date,
        "period": "week",
        "scope": "tracked",
        "event_group": "attention",
        "grouping": "apart",
        "country_iso2": country,
        "total_actor_count": 2_000,
        "share": share,
        "share_ci_low": share if low is None else low,
        "share_ci_high": share if high is None else high,
        "share_log_se": 0.1,
        "is_complete": True,
        "is_masked": False,
        "capture_status": "sound",
        "is_corrected": False,
        **others,
    }


@dataclass(frozen=True)
class House:
    """The warehouse, and short ways to fill and read it."""

    warehouse: Warehouse

    def fill(self, table: Table, rows: Sequence[Row]) -> None:
        """Replace a table's rows."""
        self.warehouse.replace_all(table.qualified, table.arrow(rows))

    def rows(self, table: Table) -> list[Row]:
        """A table's rows, in order."""
        found: list[Row] = self.warehouse.query(f"FROM {table.qualified} ORDER BY ALL").to_pylist()
        return found

    def add_quarter(self, year: int, quarter: int, developers: dict[str, int]) -> None:
        """Add a quarter to the Innovation Graph."""
        self.warehouse.upsert(
            INNOVATION_GRAPH.qualified,
            INNOVATION_GRAPH.arrow(
                [
                    {
                        "country_iso2": country,
                        "year": year,
                        "quarter": quarter,
                        "quarter_start_date": date(year, 3 * quarter - 2, 1),
                        "developer_count": count,
                        "developer_share": count / sum(developers.values()),
                        "fetched_at": datetime(2024, 12, 17, tzinfo=UTC),
                        "content_digest": "0",
                    }
                    for country, count in developers.items()
                ]
            ),
        )


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Four economies in two groupings, no Innovation Graph yet, no engagement yet."""
    opened = House(Warehouse(str(tmp_path / "warehouse.duckdb")))
    tables = (ECONOMIES, COUNTRY_GROUPINGS, INNOVATION_GRAPH, ENGAGEMENT)
    opened.warehouse.ensure(["CREATE SCHEMA core", "CREATE SCHEMA mart", *(t.ddl for t in tables)])
    opened.fill(
        ECONOMIES,
        [
            {
                "iso2": code,
                "iso3": f"{code}X",
                "name": code,
                "population": people,
                "population_source": "test",
            }
            for code, people in PEOPLE.items()
        ],
    )
    opened.fill(
        COUNTRY_GROUPINGS,
        [
            {
                "grouping": grouping,
                "country_iso2": code,
                "group_code": "CN" if grouping == "cn_hk" and code == "HK" else code,
                "label": code,
            }
            for grouping in ("apart", "cn_hk")
            for code in PEOPLE
        ],
    )
    return opened
