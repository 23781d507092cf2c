"""Tables of the engagement domain: activity by country, and shares with their uncertainty."""

from dataclasses import replace

from assets.tables import Column, Table

_DATE = Column("activity_date", "DATE", "Day (UTC): the partition")
_GROUP = Column(
    "event_group",
    "VARCHAR",
    "contribution (pushes, pull requests, reviews), participation (issues, comments), attention "
    "(stars, forks), other, or any",
)

COUNTRY_ACTIVITY = Table(
    schema="mart",
    name="country_activity",
    description="Distinct active accounts and their events by country, day and event group.",
    grain="One day, scope, event group and country",
    key=("activity_date", "scope", "event_group", "country_iso2"),
    source="core.events with core.actor_country",
    partition_column="activity_date",
    columns=(
        _DATE,
        Column("scope", "VARCHAR", "tracked (tracked repositories) or panel (the actor panel)"),
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
        "Share of each country in the distinct accounts active on tracked repositories, with its "
        "95 % interval, the unknown share, and the worst-case bounds."
    ),
    grain="One day, event group and country with a located account",
    key=("activity_date", "event_group", "country_iso2"),
    source="mart.country_activity; staged and checked as stage.engagement first",
    partition_column="activity_date",
    columns=(
        _DATE,
        _GROUP,
        Column("country_iso2", "VARCHAR", "ISO 3166-1 alpha-2"),
        Column("actor_count", "BIGINT", "Distinct accounts from there", "accounts"),
        Column("located_actor_count", "BIGINT", "Distinct accounts with a country", "accounts"),
        Column("total_actor_count", "BIGINT", "Distinct accounts, located or not", "accounts"),
        Column("located_share", "DOUBLE", "actor_count / located_actor_count", "0 to 1"),
        Column("located_share_ci_low", "DOUBLE", "Wilson 95 % lower bound", "0 to 1"),
        Column("located_share_ci_high", "DOUBLE", "Wilson 95 % upper bound", "0 to 1"),
        Column("unknown_share", "DOUBLE", "Accounts without a country / all", "0 to 1"),
        Column("share_low", "DOUBLE", "Worst case: no unknown account is from there", "0 to 1"),
        Column("share_high", "DOUBLE", "Worst case: every unknown account is from there", "0 to 1"),
        Column("complete_hour_count", "INTEGER", "Hourly files of the day read whole", "of 24"),
        Column("is_complete", "BOOLEAN", "Whether all 24 files were whole"),
    ),
)

STAGED_ENGAGEMENT = replace(
    ENGAGEMENT,
    schema="stage",
    description="mart.engagement as computed, before its checks: never read by anyone else.",
)
