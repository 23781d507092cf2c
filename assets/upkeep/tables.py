"""Tables of upkeep: what is made of each asset, and how old each source's newest data is."""

from assets.tables import Column, Table

INVENTORY = Table(
    schema="ops",
    name="inventory",
    description=(
        "How many partitions of each asset are made, failed, missing or never asked for, counted "
        "when it was taken; replaced each time."
    ),
    grain="One asset",
    key=("asset",),
    source="Dagster's own record of materialisations and runs",
    columns=(
        Column("asset", "VARCHAR", "schema.table"),
        Column("family", "VARCHAR", "Job that makes its partitions"),
        Column("unit", "VARCHAR", "What one partition is: day, snapshot, week or month"),
        Column("first_date", "DATE", "First partition that there can be"),
        Column(
            "asked_from_date",
            "DATE",
            "First partition ever made, failed or begun; null where none was",
            nullable=True,
        ),
        Column(
            "due_to_date",
            "DATE",
            "Newest partition that is due: over for six hours; null where none is",
            nullable=True,
        ),
        Column("made_count", "INTEGER", "Due partitions that are made", "partitions"),
        Column(
            "failed_count",
            "INTEGER",
            "Due partitions whose newest run failed, made before or not",
            "partitions",
        ),
        Column("given_up_count", "INTEGER", "Of these, no more asked for", "partitions"),
        Column("in_progress_count", "INTEGER", "Due partitions that a run makes", "partitions"),
        Column(
            "missing_count",
            "INTEGER",
            "Due partitions after the first that was ever asked for, of which there is nothing",
            "partitions",
        ),
        Column(
            "never_asked_count",
            "INTEGER",
            "Due partitions before the first that was ever asked for: no defect",
            "partitions",
        ),
        Column(
            "left_count",
            "INTEGER",
            "Of the failed and missing, recent ones (100 days) that nobody asks for any more and "
            "that were not given up",
            "partitions",
        ),
        Column("failed_spans", "VARCHAR", "Which failed, as spans; empty for none"),
        Column("missing_spans", "VARCHAR", "Which are missing, likewise"),
        Column("mend_commands", "VARCHAR[]", "What makes them, a command for each span"),
        Column("taken_at", "TIMESTAMPTZ", "When it was taken (UTC)"),
    ),
)

FRESHNESS = Table(
    schema="ops",
    name="freshness",
    description=(
        "How far the newest partition of each source lies behind the clock; replaced each time. "
        "What is made of old days makes nothing fresh."
    ),
    grain="One source",
    key=("source",),
    source="The sources' own tables, and the clock",
    columns=(
        Column("source", "VARCHAR", "Archive, interface or other upstream"),
        Column("reads", "VARCHAR", "Table that it was read from"),
        Column("unit", "VARCHAR", "What it gives at a time: hour, day, week, month or quarter"),
        Column(
            "newest_through",
            "TIMESTAMPTZ",
            "End of the newest closed partition that it gave something of, or time of its newest "
            "answer (UTC); null where it never gave anything",
            nullable=True,
        ),
        Column(
            "expected_through",
            "TIMESTAMPTZ",
            "End of the newest closed partition that should be there by now (UTC)",
        ),
        Column(
            "late_since",
            "TIMESTAMPTZ",
            "When the first that is not there was due (UTC); null where all are, or none ever was",
            nullable=True,
        ),
        Column(
            "late_hours", "DOUBLE", "From then until it was taken; 0 where nothing is late", "hours"
        ),
        Column("tolerated_hours", "DOUBLE", "So late it may be before it is overdue", "hours"),
        Column("status", "VARCHAR", "fresh, late, overdue, or never: nothing was ever there"),
        Column("taken_at", "TIMESTAMPTZ", "When it was taken (UTC)"),
    ),
)
