"""What one publication, or all of a backfill, changed: counts, totals by measure, largest moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.revisions.catalogue import CATALOGUE

_NET_SQL = (Path(__file__).parent / "sql" / "net_revisions.sql").read_text()
_TOTALS_SQL = (Path(__file__).parent / "sql" / "revision_totals.sql").read_text()
_LARGEST_SQL = (Path(__file__).parent / "sql" / "largest_revisions.sql").read_text()
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Move:
    """A value that was revised, from what to what.

    Attributes:
        table_name: `schema.name`.
        figure: its key in words.
        figure_date: what it is of; None without one.
        period: day, week or 28d; None where the table has none.
        scope: what is measured; None likewise.
        event_group: likewise.
        country_iso2: likewise.
        measure: column of the table.
        difference: after less before, in the unit of differences.
        before: value, lower and upper bound.
        after: likewise.
        is_outside: whether the new value lies outside the old interval; None without one.
        reason: as in ops.revisions.
    """

    table_name: str
    figure: str
    figure_date: date | None
    period: str | None
    scope: str | None
    event_group: str | None
    country_iso2: str | None
    measure: str
    difference: float
    before: tuple[float, float | None, float | None]
    after: tuple[float, float | None, float | None]
    is_outside: bool | None
    reason: str


@dataclass(frozen=True, slots=True)
class MeasureTotal:
    """What became of one measure of a table.

    Attributes:
        table_name: `schema.name`.
        measure: column.
        unit: of differences.
        revised: values that were revised, their intervals alone or not.
        appeared: values that appeared.
        vanished: values that vanished.
        median: of the absolute differences of values that moved; None where none did.
        largest: absolute difference; None likewise.
        with_interval: revised values that had an interval.
        outside: of these, those now outside it.
    """

    table_name: str
    measure: str
    unit: str
    revised: int
    appeared: int
    vanished: int
    median: float | None
    largest: float | None
    with_interval: int
    outside: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What publications changed of what readers had before.

    Attributes:
        figure_count: figures published now.
        changed_count: of these, those of which a value was revised or appeared.
        gone_count: figures of which a value vanished.
        totals: by table and measure.
        largest: revised values that are worth naming, largest first, `MOST_NAMED` at most.
    """

    figure_count: int
    changed_count: int
    gone_count: int
    totals: tuple[MeasureTotal, ...]
    largest: tuple[Move, ...]

    @property
    def outside(self) -> int:
        """Revised values outside their former interval."""
        return sum(each.outside for each in self.totals)

    @property
    def with_interval(self) -> int:
        """Revised values that had an interval."""
        return sum(each.with_interval for each in self.totals)


def summarise(connection: duckdb.DuckDBPyConnection, publications: Sequence[int]) -> Summary:
    """What some publications changed together.

    A figure that several of them changed counts once, from what was published before all of them
    to what was after; one that one of them published first is no revision.

    Args:
        connection: to the warehouse, which has ops.revisions and ops.publications.
        publications: their numbers.
    """
    numbers = {"publications": list(publications)}
    connection.execute(f"CREATE OR REPLACE TEMP TABLE net AS {_NET_SQL}", numbers)
    connection.register("named_from", _named_from())
    totals = tuple(MeasureTotal(*row) for row in connection.execute(_TOTALS_SQL).fetchall())
    largest = tuple(
        Move(*(*row[:9], row[9:12], row[12:15], *row[15:]))
        for row in connection.execute(_LARGEST_SQL, {"most": MOST_NAMED}).fetchall()
    )
    connection.unregister("named_from")
    ((changed, gone),) = connection.execute(
        "SELECT count(DISTINCT (table_name, figure)) FILTER (kind != 'vanished'), "
        "count(DISTINCT (table_name, figure)) FILTER (kind = 'vanished') FROM net"
    ).fetchall()
    ((figure_count,),) = connection.execute(
        "SELECT coalesce(arg_max(figure_count, publication), 0) FROM ops.publications "
        "WHERE list_contains($publications, publication)",
        numbers,
    ).fetchall()
    return Summary(figure_count, changed, gone, totals, largest)


def _named_from() -> pa.Table:
    """From which difference on each measure is worth naming."""
    rows = [
        {
            "table_name": figures.source.qualified,
            "measure": measure.column,
            "named_from": measure.named_from,
        }
        for figures in CATALOGUE
        for measure in figures.measures
        if measure.named_from is not None
    ]
    return pa.Table.from_pylist(rows)
