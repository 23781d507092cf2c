"""A warehouse in memory, and what is published in it, one publication after the other."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from assets.engagement.tables import ENGAGEMENT
from assets.reference.tables import COUNTRY_GROUPINGS
from assets.revisions.catalogue import CATALOGUE, Figures
from assets.revisions.record import MOST_REVISIONS, Publication, Recorded, mark_shown, record
from assets.tables import Table
from tests.engagement_rows import engagement_rows

DAY, NEXT_DAY = date(2024, 12, 1), date(2024, 12, 2)
STARTED = datetime(2024, 12, 17, 2, tzinfo=UTC)
COUNTS = {"CN": 40, "US": 50, "DE": 10, "ZZ": 100}
SHARES, TOTALS = (
    next(each for each in CATALOGUE if each.name == name)
    for name in ("engagement", "engagement_total")
)


def engagement(*cells: pa.Table) -> dict[Table, pa.Table]:
    """A content of cells of mart.engagement."""
    groupings = [
        {"grouping": "apart", "country_iso2": each, "group_code": each} for each in ("CN", "HK")
    ] + [
        {"grouping": "cn_hk_mo_tw", "country_iso2": each, "group_code": "CN"}
        for each in ("CN", "HK")
    ]
    rows = pa.concat_tables([ENGAGEMENT.arrow_schema.empty_table(), *cells])
    return {ENGAGEMENT: rows, COUNTRY_GROUPINGS: pa.Table.from_pylist(groupings)}


def day_of(counts: Mapping[str, int], day: date = DAY, hours: int = 24) -> pa.Table:
    """One day's cell."""
    return engagement_rows(day, counts, hours)


class House:
    """Publishes contents one after the other, an hour apart."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.count = 0

    def publish(
        self,
        content: Mapping[Table, pa.Table],
        *,
        backfill_id: str | None = None,
        code_version: str = "c1",
        days: tuple[date, ...] = (),
        shown: bool = True,
        catalogue: tuple[Figures, ...] = CATALOGUE,
        most_revisions: int = MOST_REVISIONS,
    ) -> Recorded:
        now = STARTED + timedelta(hours=self.count)
        self.count += 1
        publication = Publication(
            f"v{self.count}",
            f"run-{self.count}",
            now,
            backfill_id,
            days,
            {ENGAGEMENT.qualified: code_version},
        )
        self.connection.execute("BEGIN")
        made = record(self.connection, content, publication, catalogue, most_revisions)
        if shown:
            mark_shown(self.connection, made.publication, now + timedelta(minutes=1))
        self.connection.execute("COMMIT")
        return made

    def revisions(self, where: str = "true") -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (
            self.connection.execute(
                f"FROM ops.revisions WHERE {where} ORDER BY publication, figure, measure"
            )
            .to_arrow_table()
            .to_pylist()
        )
        return rows


@pytest.fixture
def house() -> Iterator[House]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield House(connection)
