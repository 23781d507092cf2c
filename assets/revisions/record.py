"""Records a publication: vintages that begin and end, and revisions, in one transaction.

It is written before the files are swapped in. A crash between the two leaves a publication that
nobody saw yet (`shown_at` is null); the run that is repeated finds nothing changed, and shows it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb
import pyarrow as pa

from assets.revisions.catalogue import CATALOGUE, Figures
from assets.revisions.comparison import (
    TOUCHED_SQL,
    known_sql,
    moved_sql,
    new_versions_sql,
    prints_sql,
    revisions_sql,
)
from assets.revisions.tables import (
    PRINTS_DDL,
    PUBLICATIONS,
    REVISIONS,
    as_of_ddl,
    keyless_ddl,
    vintage_table,
)
from assets.tables import Table

#: Rows of ops.revisions, at about 55 bytes: one change of all figures of four years, and more.
MOST_REVISIONS = 30_000_000


@dataclass(frozen=True, slots=True)
class Publication:
    """What is about to be published, by whom and when.

    Attributes:
        vintage: its name.
        run_id: Dagster's run.
        published_at: UTC.
        backfill_id: of the backfill that the run is of; None for a run by itself.
        days: that the run made (UTC); empty where it made none.
        code_versions: those of what made them, by table (`schema.name`), as far as known.
    """

    vintage: str
    run_id: str
    published_at: datetime
    backfill_id: str | None = None
    days: Sequence[date] = ()
    code_versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a publication changed: its number, figures new to readers, and rows of revisions."""

    publication: int
    figure_count: int
    new_count: int
    counts: Mapping[str, int]

    @property
    def is_unchanged(self) -> bool:
        """Whether every figure is as it was."""
        return not self.new_count and not any(self.counts.values())


def record(
    connection: duckdb.DuckDBPyConnection,
    content: Mapping[Table, pa.Table],
    publication: Publication,
    catalogue: Sequence[Figures] = CATALOGUE,
    most_revisions: int = MOST_REVISIONS,
) -> Recorded:
    """Write what a publication changes; nothing but its own row where nothing changed.

    Revisions of the oldest publications go where there would be too many; vintages stay.

    Args:
        connection: to the warehouse, inside the transaction that all of it is part of.
        content: published rows by table; figures of tables that are not there are left alone.
        publication: what it is.
        catalogue: the figures; all of them but in tests.
        most_revisions: rows of ops.revisions to keep, besides those of this publication.
    """
    added = prepare_vintages(connection, catalogue)
    number = _next(connection)
    for table, rows in content.items():
        connection.register(f"published_{table.name}", rows)
    new = 0
    for together in by_source(catalogue, content):
        if not touch(connection, together):
            continue
        for figures in together:
            move(connection, figures)
            new += _record_moved(connection, figures, publication, number, added[figures.name])
        _keep_prints(connection, together[0])
    for table in content:
        connection.unregister(f"published_{table.name}")
    recorded = _publish(connection, publication, number, new, catalogue)
    _forget(connection, number, most_revisions)
    return recorded


def not_shown(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """Publications since the newest that readers found: the one being made, and any broken off."""
    rows = connection.execute(
        "SELECT publication FROM ops.publications WHERE publication > (SELECT "
        "coalesce(max(publication), 0) FROM ops.publications WHERE shown_at IS NOT NULL) ORDER BY 1"
    ).fetchall()
    return [row[0] for row in rows]


def mark_shown(connection: duckdb.DuckDBPyConnection, publication: int, now: datetime) -> None:
    """Note that readers find a publication's files."""
    connection.execute(
        "UPDATE ops.publications SET shown_at = ? WHERE publication = ?", [now, publication]
    )


def as_of(connection: duckdb.DuckDBPyConnection, figures: Figures, publication: int) -> pa.Table:
    """Figures as a publication had them: key, then values, in the order of the key."""
    columns = ", ".join((*figures.key, *figures.values))
    return connection.execute(
        f"SELECT {columns} FROM {figures.table} WHERE from_publication <= $number "  # noqa: S608
        "AND (to_publication IS NULL OR to_publication > $number) ORDER BY ALL",
        {"number": publication},
    ).to_arrow_table()


def prepare_publications(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what says who published when and what that changed, where it is not there yet."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
    connection.execute(PUBLICATIONS.ddl)
    connection.execute(keyless_ddl(REVISIONS))


def prepare_vintages(
    connection: duckdb.DuckDBPyConnection, catalogue: Iterable[Figures] = CATALOGUE
) -> dict[str, frozenset[str]]:
    """Create what is not there yet; by name of figures, values that older vintages do not have."""
    prepare_publications(connection)
    connection.execute("CREATE SCHEMA IF NOT EXISTS vintage")
    connection.execute(PRINTS_DDL)
    added = {}
    for figures in catalogue:
        table = vintage_table(figures)
        connection.execute(keyless_ddl(table))
        found = connection.execute(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = 'vintage' AND table_name = ?",
            [figures.name],
        ).fetchall()
        missing = [each for each in table.columns if (each.name,) not in found]
        for column in missing:
            connection.execute(
                f"ALTER TABLE {table.qualified} ADD COLUMN {column.name} {column.type}"
            )
        connection.execute(as_of_ddl(figures))
        added[figures.name] = frozenset(column.name for column in missing)
    return added


def _next(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute(
        "SELECT coalesce(max(publication), 0) + 1 FROM ops.publications"
    ).fetchone()
    return int(row[0]) if row else 1


def _record_moved(
    connection: duckdb.DuckDBPyConnection,
    figures: Figures,
    publication: Publication,
    number: int,
    added: frozenset[str],
) -> int:
    """Vintages and revisions of what `moved`; how many figures are new to readers."""
    code_version = publication.code_versions.get(figures.source.qualified, "")
    about = {
        "publication": number,
        "made_at": publication.published_at,
        "run_id": publication.run_id,
        "backfill_id": publication.backfill_id,
        "code_version": code_version,
    }
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE moved AS SELECT m.*, "  # noqa: S608
        f"m.rid IS NULL AND {known_sql(figures)} AS is_known FROM moved AS m"
    )
    for measure in figures.measures:
        # What is published for the first time of all figures at once revises none of them.
        if measure.column not in added:
            connection.execute(revisions_sql(figures, measure), about)
    connection.execute(
        f"UPDATE {figures.table} SET to_publication = ? "  # noqa: S608
        f"WHERE rowid IN (SELECT rid FROM moved WHERE rid IS NOT NULL)",
        [number],
    )
    connection.execute(
        new_versions_sql(figures), {"code_version": code_version, "publication": number}
    )
    row = connection.execute(
        "SELECT count(*) FROM moved WHERE rid IS NULL AND NOT is_known"
    ).fetchone()
    return int(row[0]) if row else 0


def by_source(
    catalogue: Iterable[Figures], content: Mapping[Table, pa.Table]
) -> list[tuple[Figures, ...]]:
    """The figures of tables that are published, those of one table together."""
    found: dict[Table, list[Figures]] = {}
    for figures in catalogue:
        if figures.source in content:
            found.setdefault(figures.source, []).append(figures)
    return [tuple(together) for together in found.values()]


def touch(connection: duckdb.DuckDBPyConnection, together: Sequence[Figures]) -> bool:
    """Make the temporary tables `prints` and `touched` of one published table.

    Args:
        connection: in which `published_<name>` is.
        together: the figures of that table.

    Returns:
        Whether a date's content is not as it was when it was compared last.
    """
    first = together[0]
    columns = dict.fromkeys(
        name for figures in together for name in (*figures.key, *figures.values)
    )
    prints = prints_sql(first.source, first.date, columns)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE prints AS {prints}")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE touched AS {TOUCHED_SQL}",
        {"source": first.source.qualified},
    )
    return bool(connection.execute("FROM touched LIMIT 1").fetchone())


def touch_newest(
    connection: duckdb.DuckDBPyConnection, together: Sequence[Figures], most: int
) -> None:
    """Make `touched` of a table's newest dates, and of what has none, whatever their digests."""
    touch(connection, together)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE touched AS SELECT figure_date FROM touched UNION "
        "SELECT figure_date FROM (SELECT figure_date FROM prints "
        "ORDER BY figure_date DESC NULLS FIRST LIMIT ?)",
        [most],
    )


def move(connection: duckdb.DuckDBPyConnection, figures: Figures) -> None:
    """Make the temporary table `moved` of what is new, gone or differs on `touched` dates."""
    bounds = connection.execute("SELECT min(figure_date), max(figure_date) FROM touched").fetchone()
    first, last = bounds or (None, None)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE moved AS {moved_sql(figures)}",
        {"first": first, "last": last} if figures.date else {},
    )


def _keep_prints(connection: duckdb.DuckDBPyConnection, figures: Figures) -> None:
    source = {"source": figures.source.qualified}
    is_touched = "EXISTS (FROM touched AS t WHERE t.figure_date IS NOT DISTINCT FROM p.figure_date)"
    connection.execute(
        f"DELETE FROM vintage.prints AS p WHERE source = $source AND {is_touched}",  # noqa: S608
        source,
    )
    connection.execute(
        "INSERT INTO vintage.prints BY NAME "  # noqa: S608
        f"SELECT $source AS source, p.* FROM prints AS p WHERE {is_touched}",
        source,
    )


def _publish(
    connection: duckdb.DuckDBPyConnection,
    publication: Publication,
    number: int,
    new: int,
    catalogue: Sequence[Figures],
) -> Recorded:
    figure_count = sum(
        connection.execute(
            f"SELECT count(*) FROM {figures.table} WHERE to_publication IS NULL"  # noqa: S608
        ).fetchall()[0][0]
        for figures in catalogue
    )
    found = connection.execute(
        "SELECT kind, count(*) FROM ops.revisions WHERE publication = ? GROUP BY kind", [number]
    ).fetchall()
    counts = dict.fromkeys(("revised", "appeared", "vanished"), 0) | dict(found)
    connection.execute(
        "INSERT INTO ops.publications (publication, vintage, run_id, backfill_id, published_at, "
        "first_date, last_date, figure_count, new_count, revised_count, appeared_count, "
        "vanished_count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            number,
            publication.vintage,
            publication.run_id,
            publication.backfill_id,
            publication.published_at,
            min(publication.days, default=None),
            max(publication.days, default=None),
            figure_count,
            new,
            *(counts[kind] for kind in ("revised", "appeared", "vanished")),
        ],
    )
    return Recorded(number, int(figure_count), new, counts)


def _forget(connection: duckdb.DuckDBPyConnection, newest: int, most: int) -> None:
    """Drop the revisions of the oldest publications, whole ones, beyond so many rows."""
    connection.execute(
        "DELETE FROM ops.revisions WHERE publication IN (SELECT publication FROM ("
        "SELECT publication, sum(revised_count + appeared_count + vanished_count) "
        "OVER (ORDER BY publication DESC) AS row_count FROM ops.publications "
        "WHERE publication < $newest) WHERE row_count > $most)",
        {"newest": newest, "most": most},
    )
