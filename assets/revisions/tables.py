"""Tables of revisions: publications, what each changed, and the vintages of every figure."""

from dataclasses import replace

from assets.revisions.catalogue import CATALOGUE, Figures
from assets.tables import Column, Table

REVISIONS = Table(
    schema="ops",
    name="revisions",
    description=(
        "By how much each publication changed figures that were published before, as they are "
        "published: small cells pooled, what is masked left out. A figure published for the first "
        "time is no revision. Figures that differ by less than a billionth are the same."
    ),
    grain="One publication and figure that it changed",
    key=("publication", "table_name", "figure", "measure"),
    source="The published tables, compared with the publication before",
    partition_column="figure_date",
    columns=(
        Column("publication", "INTEGER", "Number of ops.publications that changed it"),
        Column("made_at", "TIMESTAMPTZ", "When that was (UTC)"),
        Column("run_id", "VARCHAR", "Dagster's run"),
        Column(
            "backfill_id",
            "VARCHAR",
            "Dagster's backfill, or the command's range; null for a run by itself",
            nullable=True,
        ),
        Column("table_name", "VARCHAR", "Table of the figure, as schema.name"),
        Column("figure", "VARCHAR", "Its key in words: the table's key columns in their order"),
        Column("figure_date", "DATE", "Day, week's end, month or cohort it is of", nullable=True),
        Column("period", "VARCHAR", "day, week or 28d, where the table has periods", nullable=True),
        Column("scope", "VARCHAR", "As in mart.engagement, where it has scopes", nullable=True),
        Column("event_group", "VARCHAR", "As in mart.engagement, likewise", nullable=True),
        Column("country_iso2", "VARCHAR", "Country it is about, if it is of one", nullable=True),
        Column("measure", "VARCHAR", "Column of the table"),
        Column("unit", "VARCHAR", "Of values and bounds"),
        Column(
            "kind",
            "VARCHAR",
            "revised; appeared (not there before, though its day or month was published); vanished "
            "(published no more, as where its cell is masked or too small now)",
        ),
        Column("value_before", "DOUBLE", "As published before", nullable=True),
        Column("low_before", "DOUBLE", "Lower bound, likewise", nullable=True),
        Column("high_before", "DOUBLE", "Upper bound, likewise", nullable=True),
        Column("value_after", "DOUBLE", "As published now", nullable=True),
        Column("low_after", "DOUBLE", "Lower bound, likewise", nullable=True),
        Column("high_after", "DOUBLE", "Upper bound, likewise", nullable=True),
        Column(
            "difference", "DOUBLE", "After less before, in difference_unit; null unless revised",
            nullable=True,
        ),
        Column("difference_unit", "VARCHAR", "Percentage points for shares, else the unit"),
        Column(
            "is_outside",
            "BOOLEAN",
            "Whether the value lies outside the interval published before; null without one",
            nullable=True,
        ),
        Column(
            "reason",
            "VARCHAR",
            "The first of these that holds: files (it rests on more or fewer whole hourly files); "
            "method (its table is made by other code); backfill (its run was of one); inputs "
            "(anything else that it is made of: late commits, profiles, reference tables)",
        ),
        Column(
            "since_publication",
            "INTEGER",
            "Publication in which the figure was first there; null where it appeared",
            nullable=True,
        ),
    ),
)  # fmt: skip

PUBLICATIONS = Table(
    schema="ops",
    name="publications",
    description=(
        "Every publication: what a vintage, as published.vintage names it, was made by, and how "
        "many figures it changed. Written before the files are swapped in, together with vintages "
        "and revisions."
    ),
    grain="One publication",
    key=("publication",),
    source="Runs of published.snapshot",
    columns=(
        Column("publication", "INTEGER", "1, 2, 3, in order"),
        Column("vintage", "VARCHAR", "Name, as in published.vintage"),
        Column("run_id", "VARCHAR", "Dagster's run"),
        Column("backfill_id", "VARCHAR", "As in ops.revisions", nullable=True),
        Column("published_at", "TIMESTAMPTZ", "When (UTC)"),
        Column("shown_at", "TIMESTAMPTZ", "When its files were there (UTC)", nullable=True),
        Column("first_date", "DATE", "First day (UTC) that its run made", nullable=True),
        Column("last_date", "DATE", "Last day", nullable=True),
        Column("figure_count", "BIGINT", "Figures published, each of one or more values"),
        Column("new_count", "BIGINT", "Of these, published for the first time"),
        Column("revised_count", "BIGINT", "Values changed: rows of ops.revisions"),
        Column("appeared_count", "BIGINT", "Values that appeared, likewise"),
        Column("vanished_count", "BIGINT", "Values that vanished, likewise"),
        Column(
            "told_at", "TIMESTAMPTZ", "When a digest of its backfill was decided (UTC)",
            nullable=True,
        ),
    ),
)  # fmt: skip

_ABOUT_VINTAGES = (
    Column("code_version", "VARCHAR", "Code version of what made the figure; empty where unknown"),
    Column("since_publication", "INTEGER", "Publication in which the figure was first there"),
    Column("from_publication", "INTEGER", "First publication that had these values"),
    Column(
        "to_publication",
        "INTEGER",
        "First publication that had them no more; null for what is published now",
        nullable=True,
    ),
)


def vintage_table(figures: Figures) -> Table:
    """The vintages of some figures: a row for each time that one of its values changed."""
    columns = {column.name: column for column in figures.source.columns}
    # A column may turn up later: what was published before it has none.
    values = (replace(columns[name], nullable=True) for name in figures.values)
    return Table(
        schema="vintage",
        name=figures.name,
        description=f"Every publication of the figures of {figures.source.qualified}.",
        grain="One figure and publication that changed it",
        key=(*figures.key, "from_publication"),
        source=f"{figures.source.qualified}, as published",
        columns=(*(columns[name] for name in figures.key), *values, *_ABOUT_VINTAGES),
    )


def keyless_ddl(table: Table) -> str:
    """`CREATE TABLE IF NOT EXISTS` without an index: keys are a check's to hold.

    An index over millions of rows, all of them appended by the one function that compares them
    first, would cost more than the rows.
    """
    columns = ", ".join(
        f"{column.name} {column.type}{'' if column.nullable else ' NOT NULL'}"
        for column in table.columns
    )
    return f"CREATE TABLE IF NOT EXISTS {table.qualified} ({columns})"


#: By which days whose content is the same as when they were compared last are passed over.
PRINTS_DDL = (
    "CREATE TABLE IF NOT EXISTS vintage.prints (source VARCHAR NOT NULL, figure_date DATE, "
    "row_count BIGINT NOT NULL, print UBIGINT NOT NULL)"
)


def as_of_ddl(figures: Figures) -> str:
    """The table macro that gives figures as they were published at a time."""
    columns = ", ".join((*figures.key, *figures.values))
    number = "(SELECT max(publication) FROM ops.publications WHERE shown_at <= moment)"
    return (
        f"CREATE OR REPLACE MACRO {figures.table}_as_of(moment) AS TABLE "  # noqa: S608
        f"SELECT {columns} FROM {figures.table} WHERE from_publication <= {number} "
        f"AND (to_publication IS NULL OR to_publication > {number})"
    )


VINTAGES = {figures.name: vintage_table(figures) for figures in CATALOGUE}
