"""Tables of the engagement domain: activity by country, and shares with their uncertainty."""

from dataclasses import replace

from assets.tables import Column, Table

_DATE = Column("activity_date", "DATE", "Last day (UTC) of the period: the partition")
_PERIOD = Column(
    "period",
    "VARCHAR",
    "day; week (ISO, Monday to Sunday) and 28d (the four ISO weeks up to then), both on Sundays",
)
_SCOPE = Column(
    "scope",
    "VARCHAR",
    "tracked (all tracked repositories); origin_cn, origin_us, origin_other (those of a model "
    "family of that origin); layer_model, layer_training, layer_inference, layer_application; or "
    "panel (the actor panel, on any repository)",
)
_GROUP = Column(
    "event_group",
    "VARCHAR",
    "contribution (pushes, pull requests, reviews, commits), participation (issues, comments), "
    "attention (stars, forks), other, or any",
)
_GROUPING = Column(
    "grouping",
    "VARCHAR",
    "apart (every economy is its own) or a grouping of core.country_groupings",
)
_HOURS = (
    Column("complete_hour_count", "INTEGER", "Hourly files of the period read whole", "hours"),
    Column("expected_hour_count", "INTEGER", "Hours of the period", "hours"),
    Column("is_complete", "BOOLEAN", "Whether all of its files were whole"),
)

_CAPTURE = (
    Column(
        "capture_status",
        "VARCHAR",
        "Of what the sources together captured (core.coverage): sound, degraded (under 0.8, or a "
        "known loss of unknown size) or unknown (no yardstick)",
        earlier="'unknown'",
    ),
    Column("capture_rate", "DOUBLE", "Events captured / all", "0 to 1", nullable=True),
    Column("capture_rate_ci_low", "DOUBLE", "95 % lower bound", "0 to 1", nullable=True),
    Column("capture_rate_ci_high", "DOUBLE", "95 % upper bound", "0 to 1", nullable=True),
    Column(
        "is_corrected",
        "BOOLEAN",
        "Whether shares were extrapolated from degraded capture to full, the rate being known well",
        earlier="false",
    ),
    Column(
        "is_masked",
        "BOOLEAN",
        "Whether capture is degraded and could not be corrected for: figures stand for nothing; "
        "indices and publications leave them out",
        earlier="false",
    ),
)
_GROWTH = Column(
    "actor_growth",
    "DOUBLE",
    "Accounts at full capture / accounts seen; 1 where not corrected",
    earlier="1.0",
)

COUNTRY_ACTIVITY = Table(
    schema="mart",
    name="country_activity",
    description=(
        "Distinct active accounts and their events by located country, day and event group."
    ),
    grain="One day, scope, event group and country",
    key=("activity_date", "scope", "event_group", "country_iso2"),
    source="core.actor_days with core.actor_country",
    partition_column="activity_date",
    columns=(
        Column("activity_date", "DATE", "Day (UTC): the partition"),
        _SCOPE,
        _GROUP,
        Column("country_iso2", "VARCHAR", "ISO 3166-1 alpha-2, or ZZ for unknown"),
        Column("actor_count", "BIGINT", "Distinct accounts active", "accounts"),
        Column("event_count", "BIGINT", "Their events", "events"),
        Column("capped_event_count", "BIGINT", "Events, an account's capped at the cap", "events"),
        Column("event_cap", "INTEGER", "Most events counted of an account, day and group"),
    ),
)

ENGAGEMENT = Table(
    schema="mart",
    name="engagement",
    description=(
        "Share of each country in the distinct accounts active, three ways: of those with a "
        "location, corrected for those without one, and the worst case. With 95 % intervals, the "
        "unknown share, and the location quotient against the actor panel."
    ),
    grain=(
        "One period, scope, event group, grouping and country with a located account, or of which "
        "half an account is expected"
    ),
    key=("activity_date", "period", "scope", "event_group", "grouping", "country_iso2"),
    source=(
        "core.actor_days, core.actor_country and core.attribution_model; staged and checked as "
        "stage.engagement first"
    ),
    partition_column="activity_date",
    columns=(
        _DATE,
        _PERIOD,
        _SCOPE,
        _GROUP,
        _GROUPING,
        Column("country_iso2", "VARCHAR", "ISO 3166-1 alpha-2, or the code of its group"),
        Column("actor_count", "BIGINT", "Distinct accounts located there", "accounts"),
        Column("located_actor_count", "BIGINT", "Distinct accounts with a location", "accounts"),
        Column("total_actor_count", "BIGINT", "Distinct accounts, located or not", "accounts"),
        Column("located_share", "DOUBLE", "actor_count / located_actor_count", "0 to 1"),
        Column("located_share_ci_low", "DOUBLE", "Wilson 95 % lower bound", "0 to 1"),
        Column("located_share_ci_high", "DOUBLE", "Wilson 95 % upper bound", "0 to 1"),
        Column(
            "share",
            "DOUBLE",
            "Share of all accounts, those without a location by their other evidence",
            "0 to 1",
        ),
        Column("share_ci_low", "DOUBLE", "Bootstrap 95 % lower bound", "0 to 1", nullable=True),
        Column("share_ci_high", "DOUBLE", "Bootstrap 95 % upper bound", "0 to 1", nullable=True),
        Column(
            "share_log_se",
            "DOUBLE",
            "Standard error of ln(share): a quarter of the interval's width on that scale; null "
            "where the lower bound is 0",
            nullable=True,
        ),
        Column("unknown_share", "DOUBLE", "Accounts without a location / all", "0 to 1"),
        Column(
            "share_low",
            "DOUBLE",
            "Worst case: no account of unknown country is from there, nor one not captured",
            "0 to 1",
        ),
        Column("share_high", "DOUBLE", "Worst case: every one of them is from there", "0 to 1"),
        Column(
            "clock_17utc_share",
            "DOUBLE",
            "What the paper's clock would say of CN: events before 17:00 UTC / all events; null "
            "for other countries. Half of the world's working day lies before 17:00 UTC",
            "0 to 1",
            nullable=True,
        ),
        Column(
            "location_quotient",
            "DOUBLE",
            "share / share in the actor panel over the same period and event group; null without "
            "one",
            nullable=True,
        ),
        Column(
            "location_quotient_ci_low",
            "DOUBLE",
            "95 % lower bound, log-normal, the two samples taken as independent",
            nullable=True,
        ),
        Column("location_quotient_ci_high", "DOUBLE", "95 % upper bound, likewise", nullable=True),
        *_HOURS,
        *_CAPTURE,
        _GROWTH,
    ),
)

CONCENTRATION = Table(
    schema="mart",
    name="concentration",
    description=(
        "How many countries share the engagement: Herfindahl index of the corrected shares and "
        "the number of equal countries that would give it."
    ),
    grain="One period, scope, event group and grouping with a located account",
    key=("activity_date", "period", "scope", "event_group", "grouping"),
    source="As mart.engagement; staged as stage.concentration first",
    partition_column="activity_date",
    columns=(
        _DATE,
        _PERIOD,
        _SCOPE,
        _GROUP,
        _GROUPING,
        Column("total_actor_count", "BIGINT", "Distinct accounts, located or not", "accounts"),
        Column("herfindahl", "DOUBLE", "Sum of squared shares", "0 to 1"),
        Column("herfindahl_ci_low", "DOUBLE", "Bootstrap 95 % lower bound", "0 to 1"),
        Column("herfindahl_ci_high", "DOUBLE", "Bootstrap 95 % upper bound", "0 to 1"),
        Column("effective_countries", "DOUBLE", "1 / Herfindahl index", "countries"),
        Column("effective_countries_ci_low", "DOUBLE", "95 % lower bound", "countries"),
        Column("effective_countries_ci_high", "DOUBLE", "95 % upper bound", "countries"),
        *_HOURS,
        *_CAPTURE,
    ),
)

STAGED_ENGAGEMENT = replace(
    ENGAGEMENT,
    schema="stage",
    description="mart.engagement as computed, before its checks: never read by anyone else.",
)
STAGED_CONCENTRATION = replace(
    CONCENTRATION,
    schema="stage",
    description="mart.concentration as computed, before the checks: never read by anyone else.",
)
