"""Tables of the coverage domain: how much of what happened the sources captured."""

from assets.tables import Column, Table

COVERAGE = Table(
    schema="core",
    name="coverage",
    description=(
        "Capture rate of every source, and of all together, by event type and group and, where "
        "counts allow, by repository. Commits are of no feed and have none."
    ),
    grain="One day, source, scope, event group, and in it one event type and one repository or all",
    key=("coverage_date", "source", "scope", "event_group", "event_type", "repo_id"),
    source=(
        "core.events, raw.star_history, raw.archive_totals and raw.archive_hours, "
        "raw.repository_polls, core.upstream_breaks"
    ),
    partition_column="coverage_date",
    columns=(
        Column("coverage_date", "DATE", "Day (UTC) the events happened on: the partition"),
        Column("source", "VARCHAR", "Source's name, or combined: what any of them saw"),
        Column("scope", "VARCHAR", "tracked (repositories) or panel (of actors)"),
        Column("event_group", "VARCHAR", "contribution, participation, attention or other"),
        Column("event_type", "VARCHAR", "Null: all of the group together", nullable=True),
        Column("repo_id", "BIGINT", "Numeric repository id; null: all", nullable=True),
        Column("captured_count", "BIGINT", "Events that the source saw, without bots", "events"),
        Column(
            "yardstick",
            "VARCHAR",
            "two_sources (Chapman), star_history, volume (the source's own past), calendar (of "
            "known losses) or none; of a group, that of most of its events",
        ),
        Column(
            "estimated_events",
            "DOUBLE",
            "Events that happened; null where no yardstick says",
            "events",
            nullable=True,
        ),
        Column("estimated_events_ci_low", "DOUBLE", "95 % lower bound", "events", nullable=True),
        Column("estimated_events_ci_high", "DOUBLE", "95 % upper bound", "events", nullable=True),
        Column(
            "capture_rate",
            "DOUBLE",
            "Captured / estimated, 0 to 1; null where no yardstick says",
            nullable=True,
        ),
        Column("capture_rate_ci_low", "DOUBLE", "95 % lower bound", nullable=True),
        Column("capture_rate_ci_high", "DOUBLE", "95 % upper bound", nullable=True),
        Column("status", "VARCHAR", "sound, degraded (under 0.8, or a known loss) or unknown"),
        Column("message", "VARCHAR", "The same in words"),
    ),
)
