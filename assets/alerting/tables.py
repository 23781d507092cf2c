"""Tables of the alerting domain: the state of each rule, and messages until Slack has them."""

from assets.tables import Column, Table

ALERTS = Table(
    schema="ops",
    name="alerts",
    description="Where each alert rule stands.",
    grain="One rule",
    key=("rule_id",),
    source=(
        "The rules evaluated on mart.engagement and core.coverage, day by day, and on complete "
        "cohorts of mart.visibility_gap"
    ),
    columns=(
        Column("rule_id", "VARCHAR", "The rule's id in rules.yaml"),
        Column("state", "VARCHAR", "ok, firing, or held while capture is degraded"),
        Column(
            "since_date", "DATE", "Day of data, or month of a cohort, on which this state began"
        ),
        Column("evaluated_through", "DATE", "Newest day or cohort evaluated"),
        Column(
            "value",
            "DOUBLE",
            "Share or lowest capture rate, 0 to 1, or gap in percentage points, then",
            nullable=True,
        ),
        Column("ci_low", "DOUBLE", "Its 95 % lower bound", nullable=True),
        Column("ci_high", "DOUBLE", "Its 95 % upper bound", nullable=True),
        Column("held_from", "VARCHAR", "State before it was held", nullable=True),
        Column("held_through", "DATE", "Newest day of data that holds it", nullable=True),
    ),
)

OUTBOX = Table(
    schema="ops",
    name="outbox",
    description=(
        "Messages to Slack, written with the state that caused them, then delivered. One that "
        "Slack does not take is a dead letter in the end, with the reason."
    ),
    grain="One message",
    key=("message_key",),
    source="State transitions of alert rules, and failed runs",
    columns=(
        Column("message_key", "VARCHAR", "What identifies the message for ever"),
        Column("kind", "VARCHAR", "threshold, gap, upstream or failed_run"),
        Column(
            "action",
            "VARCHAR",
            "post opens a message; reply and chart go into its thread; update changes it",
            earlier="'post'",
        ),
        Column(
            "thread_key", "VARCHAR", "message_key of the thread's opening message", nullable=True
        ),
        Column("message", "VARCHAR", "Text, blocks and alternative text as JSON"),
        Column("png", "BLOB", "A chart's picture until Slack has it", nullable=True),
        Column("created_at", "TIMESTAMPTZ", "When it was decided (UTC)"),
        Column("requeued_at", "TIMESTAMPTZ", "When a dead letter waited anew (UTC)", nullable=True),
        Column("attempt_count", "INTEGER", "Deliveries tried"),
        Column(
            "attempted_at",
            "TIMESTAMPTZ",
            "When an attempt began of which nothing is known since (UTC)",
            nullable=True,
        ),
        Column(
            "last_error", "VARCHAR", "Why the last try failed, or why it is dead", nullable=True
        ),
        Column(
            "outcome",
            "VARCHAR",
            "sent; found, where an earlier attempt had reached Slack; skipped, where a webhook "
            "cannot do it; superseded, where a later update was there first; dismissed, by hand",
            nullable=True,
        ),
        Column("delivered_at", "TIMESTAMPTZ", "When that was so (UTC)", nullable=True),
        Column("dead_at", "TIMESTAMPTZ", "When it was given up (UTC)", nullable=True),
        Column("slack_channel", "VARCHAR", "Where it lies", nullable=True),
        Column("slack_ts", "VARCHAR", "Slack's id of it", nullable=True),
    ),
)
