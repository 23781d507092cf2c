"""Tables of the alerting domain: the state of each rule, and messages until Slack has them."""

from assets.tables import Column, Table

ALERTS = Table(
    schema="ops",
    name="alerts",
    description="Where each alert stands, and what was said of it.",
    grain="One alert: a rule, and what it is of where a rule is of several",
    key=("alert_id",),
    source=(
        "The rules evaluated on mart.engagement, mart.country_ratio, mart.trend_shifts, "
        "mart.diffusion_hub and core.coverage day by day, on complete cohorts of "
        "mart.visibility_gap, and on runs and checks"
    ),
    columns=(
        Column("alert_id", "VARCHAR", "The rule's id, and behind a colon what it is of"),
        Column("rule_id", "VARCHAR", "The rule's id in rules.yaml"),
        Column(
            "state",
            "VARCHAR",
            "ok; pending (beyond its level, not for long enough); firing; recovering (back, not "
            "for long enough); resolved (over with the newest figure); held while capture is "
            "degraded",
        ),
        Column(
            "since_date", "DATE", "Day of data, or month of a cohort, on which this state began"
        ),
        Column("evaluated_through", "DATE", "Newest day or cohort evaluated"),
        Column("value", "DOUBLE", "The newest figure, in the rule's unit", nullable=True),
        Column("ci_low", "DOUBLE", "Its 95 % lower bound", nullable=True),
        Column("ci_high", "DOUBLE", "Its 95 % upper bound", nullable=True),
        Column("held_from", "VARCHAR", "State before it was held", nullable=True),
        Column("held_through", "DATE", "Newest day of data that holds it", nullable=True),
        Column(
            "recent",
            "VARCHAR",
            "What the newest figures said since the last change, oldest first: f beyond the level, "
            "c back, b between",
        ),
        Column("episode_date", "DATE", "Day or cohort with which it last fired", nullable=True),
        Column("episode_number", "INTEGER", "Of those of that day", earlier="1"),
        Column(
            "thread_key",
            "VARCHAR",
            "Message of ops.outbox that says that it fires; null where none does",
            nullable=True,
        ),
        Column("said_date", "DATE", "Newest day or cohort said in that thread", nullable=True),
        Column("resolved_date", "DATE", "Day or cohort of its last said end", nullable=True),
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

BACKFILLED_DAYS = Table(
    schema="ops",
    name="backfilled_days",
    description="Days made when they were too old to raise an alert, until a note has said so.",
    grain="One day of a backfill",
    key=("backfill_id", "activity_date"),
    source="Runs of ops.alerts",
    columns=(
        Column("backfill_id", "VARCHAR", "Dagster's backfill, or the run where there was none"),
        Column("activity_date", "DATE", "Day of data (UTC)"),
        Column("run_id", "VARCHAR", "Dagster's run that made it last"),
        Column("made_at", "TIMESTAMPTZ", "When (UTC)"),
        Column("told_at", "TIMESTAMPTZ", "When a note of it was decided (UTC)", nullable=True),
    ),
)
