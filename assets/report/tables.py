"""What is published: files as assets, and the tables that are in no warehouse but in them."""

from dataclasses import replace

from assets.alerting.tables import ALERTS
from assets.tables import Column, Table

SNAPSHOT = Table(
    schema="published",
    name="snapshot",
    description=(
        "Read-only DuckDB file, Parquet and CSV of the marts, with a Frictionless data package "
        "that describes each column, swapped in as a whole: a reader never blocks the writer and "
        "never sees half a run. Aggregates only; countries with fewer than five accounts in a cell "
        "are pooled as XX."
    ),
    grain="One file a published table",
    key=("file",),
    source="mart.country_activity, mart.engagement and the reference tables",
    columns=(
        Column("file", "VARCHAR", "Name below published/current"),
        Column("table_name", "VARCHAR", "Table inside observatory.duckdb"),
        Column("row_count", "BIGINT", "Rows", "rows"),
    ),
)

PAGE = Table(
    schema="published",
    name="page",
    description=(
        "One self-contained HTML file of the published figures, in the folder of the vintage that "
        "it is made of: what it shows is what the files beside it hold. Needs no network."
    ),
    grain="One figure of the page",
    key=("figure",),
    source="The files of published/current, and the titles of the alert rules",
    columns=(
        Column("figure", "VARCHAR", "Its key in the page"),
        Column("title", "VARCHAR", "The finding, in words"),
        Column("row_count", "BIGINT", "Rows of its table and CSV file", "rows"),
    ),
)

VINTAGE = Table(
    schema="published",
    name="vintage",
    description="Which publication this is.",
    grain="One row",
    key=("vintage",),
    source="The run that published",
    columns=(
        Column("vintage", "VARCHAR", "Name of the publication, and of its folder"),
        Column("run_id", "VARCHAR", "Dagster's run"),
        Column("published_at", "TIMESTAMPTZ", "When (UTC)"),
        Column("world", "VARCHAR", "live, or sandbox: every figure is synthetic"),
    ),
)

_STATE = ("alert_id", "rule_id", "state", "since_date", "evaluated_through")
ALERT_STATES = replace(
    ALERTS,
    schema="published",
    description=(
        "Where each alert stands. The figures that moved it are in engagement and coverage, "
        "where small cells are pooled."
    ),
    columns=tuple(column for column in ALERTS.columns if column.name in _STATE),
)

ALERT_LOG = Table(
    schema="published",
    name="alert_log",
    description=(
        "What was said of alerts, and when: each began, went on or ended. In words without "
        "figures: those are in the tables that the alerts are of."
    ),
    grain="One message of an alert",
    key=("message_key",),
    source="ops.outbox",
    columns=(
        Column("message_key", "VARCHAR", "What identifies the message for ever"),
        Column("said_at", "TIMESTAMPTZ", "When it was decided (UTC)"),
        Column("data_date", "DATE", "Day of data, or month of a cohort, that it is of"),
        Column("kind", "VARCHAR", "Of the rule, such as threshold, gap or upstream"),
        Column("stage", "VARCHAR", "What became of the alert, such as firing or resolved"),
        Column("title", "VARCHAR", "The message's first line"),
        Column("delivery", "VARCHAR", "delivered, waiting, or dead: Slack did not take it"),
    ),
)
