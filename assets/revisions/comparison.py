"""SQL that compares published figures with their newest vintages, days at a time.

All of it is made of the names in the catalogue; values never become part of a statement.
"""

from collections.abc import Iterable

from assets.revisions.catalogue import (
    ABSOLUTE_TOLERANCE,
    RELATIVE_TOLERANCE,
    Appearing,
    Figures,
    Measure,
)
from assets.tables import Table


def prints_sql(source: Table, date: str | None, columns: Iterable[str]) -> str:
    """A row a date of a published table: its rows, and a digest of some columns of all of them."""
    return (
        f"SELECT {date or 'NULL::DATE'} AS figure_date, count(*) AS row_count, "  # noqa: S608
        f"bit_xor(hash({', '.join(columns)})) AS print FROM published_{source.name} GROUP BY 1"
    )


#: Dates of `prints` that are not as they were when they were compared last.
#: $source is the table's name.
TOUCHED_SQL = """
SELECT coalesce(n.figure_date, o.figure_date) AS figure_date
FROM prints AS n
FULL JOIN (SELECT * FROM vintage.prints WHERE source = $source) AS o
    ON n.figure_date IS NOT DISTINCT FROM o.figure_date
WHERE n.row_count IS DISTINCT FROM o.row_count OR n.print IS DISTINCT FROM o.print
"""


def incoming_sql(figures: Figures) -> str:
    """Figures as they are published, of `touched` dates: key, then values."""
    columns = [*figures.key]
    columns += [f"max({name}) AS {name}" if figures.is_pooled else name for name in figures.values]
    has_value = " OR ".join(f"{each.column} IS NOT NULL" for each in figures.measures)
    grouped = f" GROUP BY {', '.join(figures.key)}" if figures.is_pooled else ""
    return (
        f"SELECT {', '.join(columns)} FROM (FROM published_{figures.source.name} AS s "  # noqa: S608
        f"WHERE {_is_touched(figures, 's')}) WHERE ({figures.where}) AND ({has_value}){grouped}"
    )


def moved_sql(figures: Figures) -> str:
    """Figures of `touched` dates that are new, gone or differ, with both sides.

    `b_` stands before columns as published before, `a_` before those of now; `rid` is the row of
    the vintage that ends, null for what is new.

    $first and $last are the bounds of `touched`.
    """
    keys = ", ".join(f"coalesce(a.{name}, b.{name}) AS {name}" for name in figures.key)
    before = ", ".join(f"b.{name} AS b_{name}" for name in figures.values)
    after = ", ".join(f"a.{name} AS a_{name}" for name in figures.values)
    match = " AND ".join(f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in figures.key)
    differs = " OR ".join(differs_sql(f"a.{name}", f"b.{name}") for name in figures.values)
    return (
        f"SELECT {keys}, {before}, {after}, b.rid, b.code_version AS b_code_version, "  # noqa: S608
        "b.since_publication, a.is_there IS NULL AS is_gone "
        f"FROM (SELECT *, true AS is_there FROM ({incoming_sql(figures)})) AS a "
        f"FULL JOIN (SELECT v.*, v.rowid AS rid FROM {figures.table} AS v "
        f"WHERE to_publication IS NULL AND {_is_touched(figures, 'v')}) AS b ON {match} "
        f"WHERE a.is_there IS NULL OR b.rid IS NULL OR {differs}"
    )


def known_sql(figures: Figures) -> str:
    """The condition under which a new row of `moved` AS m is a revision."""
    if figures.appearing is Appearing.IN_PAST:
        return f"m.{figures.date} <= (SELECT max({figures.date}) FROM {figures.table})"  # noqa: S608
    columns = figures.slice if figures.appearing is Appearing.IN_SLICE else figures.key
    match = " AND ".join(f"v.{name} IS NOT DISTINCT FROM m.{name}" for name in columns)
    return f"EXISTS (FROM {figures.table} AS v WHERE {match})"


def differs_sql(one: str, other: str) -> str:
    """Whether two values are further apart than rounding explains, or one of them is null."""
    room = f"{RELATIVE_TOLERANCE} * least(abs({one}), abs({other})) + {ABSOLUTE_TOLERANCE}"
    return (
        f"({one} IS DISTINCT FROM {other} AND coalesce(abs({one} - {other}) > {room} "
        f"OR isinf({one}::DOUBLE) OR isinf({other}::DOUBLE), true))"
    )


def new_versions_sql(figures: Figures) -> str:
    """Vintages that begin: what `moved` has that is not gone. $code_version, $publication."""
    values = ", ".join(f"a_{name}" for name in figures.values)
    return (
        f"INSERT INTO {figures.table} ({', '.join((*figures.key, *figures.values))}, code_version, "  # noqa: S608
        "since_publication, from_publication) "
        f"SELECT {', '.join(figures.key)}, {values}, $code_version, "
        "coalesce(since_publication, $publication), $publication FROM moved WHERE NOT is_gone"
    )


def revisions_sql(figures: Figures, measure: Measure) -> str:
    """Rows of ops.revisions of one measure: of `moved` and whether what is new `is_known`.

    $publication, $made_at, $run_id, $backfill_id, $code_version.
    """
    before, after = (_sides(measure, side) for side in ("b", "a"))
    differs = " OR ".join(differs_sql(f"b_{name}", f"a_{name}") for name in measure.columns)
    value_before, value_after = f"b_{measure.column}", f"a_{measure.column}"
    same_kind = f"{value_before} IS NOT NULL AND {value_after} IS NOT NULL"
    outside = "NULL"
    if measure.low and measure.high:
        outside = (
            f"CASE WHEN {same_kind} THEN "
            f"{value_after} < b_{measure.low} OR {value_after} > b_{measure.high} END"
        )
    files = "false"
    if figures.hours:
        files = f"a_{figures.hours} != b_{figures.hours}"  # null where the figure is new or gone
    return f"""
        INSERT INTO ops.revisions BY NAME
        SELECT $publication AS publication, $made_at AS made_at, $run_id AS run_id,
            $backfill_id AS backfill_id, '{figures.source.qualified}' AS table_name,
            {_figure(figures)} AS figure, {_date(figures)} AS figure_date,
            {_named(figures, "period")}, {_named(figures, "scope")},
            {_named(figures, "event_group")}, {figures.country or "NULL"} AS country_iso2,
            '{measure.column}' AS measure, '{measure.unit.value}' AS unit,
            CASE WHEN {value_before} IS NULL THEN 'appeared' WHEN {value_after} IS NULL
                THEN 'vanished' ELSE 'revised' END AS kind,
            {before}, {after},
            ({value_after} - {value_before}) * {measure.unit.scale} AS difference,
            '{measure.unit.of_difference}' AS difference_unit, {outside} AS is_outside,
            CASE WHEN {files} THEN 'files'
                WHEN NOT is_gone AND b_code_version NOT IN ('', $code_version) THEN 'method'
                WHEN $backfill_id IS NOT NULL THEN 'backfill' ELSE 'inputs' END AS reason,
            CASE WHEN {value_before} IS NOT NULL THEN since_publication END AS since_publication
        FROM moved
        WHERE (rid IS NOT NULL OR is_known)
            AND ({value_before} IS NOT NULL OR {value_after} IS NOT NULL) AND ({differs})
    """  # noqa: S608


def _sides(measure: Measure, side: str) -> str:
    end = "before" if side == "b" else "after"
    columns = {"value": measure.column, "low": measure.low, "high": measure.high}
    return ", ".join(
        f"{f'{side}_{column}' if column else 'NULL'} AS {name}_{end}"
        for name, column in columns.items()
    )


def _figure(figures: Figures) -> str:
    parts = ", ".join(f"coalesce({name}::VARCHAR, 'all')" for name in figures.key)
    return f"concat_ws(', ', {parts})"


def _is_touched(figures: Figures, rows: str) -> str:
    """Whether a row's date is of `touched`, all of them from $first to $last or without one.

    The bounds say nothing more, but are handed down to where rows are read.
    """
    if not figures.date:
        return "true"
    date = f"{rows}.{figures.date}"
    return (
        f"({date} BETWEEN $first AND $last OR {date} IS NULL) AND EXISTS "
        f"(FROM touched AS t WHERE t.figure_date IS NOT DISTINCT FROM {date})"
    )


def _date(figures: Figures) -> str:
    return figures.date or "NULL::DATE"


def _named(figures: Figures, name: str) -> str:
    return f"{name if name in figures.key else 'NULL'} AS {name}"
