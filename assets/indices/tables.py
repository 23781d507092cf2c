"""Tables of the indices: engagement against bases, ratios of two countries, and when they part."""

from assets.tables import Column, Table

_WEEK = Column("activity_date", "DATE", "Sunday (UTC) that ends the ISO week")
_SCOPE = Column("scope", "VARCHAR", "What is measured, as in mart.engagement")
_GROUP = Column("event_group", "VARCHAR", "As in mart.engagement")
_GROUPING = Column("grouping", "VARCHAR", "How countries are grouped: see core.country_groupings")
_COUNTRY = Column("country_iso2", "VARCHAR", "ISO 3166-1 alpha-2, or the code of its group")
_OTHER = Column("other_iso2", "VARCHAR", "The country that it is compared with")
_CAPTURE = (
    Column(
        "capture_status",
        "VARCHAR",
        "Of the week's figures, as in mart.engagement: sound, degraded or unknown; unknown where "
        "there is none",
        earlier="'unknown'",
    ),
    Column(
        "is_corrected",
        "BOOLEAN",
        "Whether the shares were extrapolated from degraded capture to full",
        earlier="false",
    ),
)
_CELL = ("scope", "event_group", "grouping")

ENGAGEMENT_INDEX = Table(
    schema="mart",
    name="engagement_index",
    description=(
        "Weekly engagement against bases: the country's own share before the export controls of "
        "2022-10-07, its residents, and its GitHub accounts as the Innovation Graph counts them. "
        "These are other baselines, measured differently: the Innovation Graph locates accounts "
        "by IP address, the shares here by what profiles and activity say, so that a quotient of "
        "the two also shows where VPNs and unfilled profiles differ. Only the location quotient of "
        "mart.engagement measures both sides the same way."
    ),
    grain="One ISO week, scope, event group, grouping and country",
    key=("activity_date", *_CELL, "country_iso2"),
    source="mart.engagement, core.economies, core.country_groupings, core.innovation_graph",
    partition_column="activity_date",
    columns=(
        _WEEK,
        _SCOPE,
        _GROUP,
        _GROUPING,
        _COUNTRY,
        Column("share", "DOUBLE", "Share of mart.engagement", "0 to 1", nullable=True),
        Column(
            "base_share",
            "DOUBLE",
            "Mean share of the four base weeks; null where one of them is missing or incomplete",
            "0 to 1",
            nullable=True,
        ),
        Column("base_from_date", "DATE", "Monday of the first base week"),
        Column("base_to_date", "DATE", "Sunday of the last base week"),
        Column(
            "engagement_index",
            "DOUBLE",
            "100 × share / base share; null without a base",
            "base = 100",
            nullable=True,
        ),
        Column(
            "index_ci_low",
            "DOUBLE",
            "100 × the share's 95 % lower bound / base share, the base taken as fixed",
            "base = 100",
            nullable=True,
        ),
        Column(
            "index_ci_high",
            "DOUBLE",
            "100 × the share's 95 % upper bound / base share, the base taken as fixed",
            "base = 100",
            nullable=True,
        ),
        Column(
            "accounts_per_million",
            "DOUBLE",
            "share × total_actor_count per million residents; null where nobody lives",
            "accounts",
            nullable=True,
        ),
        Column(
            "innovation_graph_share",
            "DOUBLE",
            "Share of the country in all accounts of the Innovation Graph, located by IP address",
            "0 to 1",
            nullable=True,
        ),
        Column(
            "innovation_graph_quotient",
            "DOUBLE",
            "share / innovation_graph_share: two measurements of different kinds, no interval",
            nullable=True,
        ),
        Column(
            "innovation_graph_quarter",
            "VARCHAR",
            "Quarter taken, such as 2024Q3: the newest that has begun by the Sunday",
            nullable=True,
        ),
        Column("is_complete", "BOOLEAN", "Whether all hourly files of the week were whole"),
        *_CAPTURE,
    ),
)

COUNTRY_RATIO = Table(
    schema="mart",
    name="country_ratio",
    description=(
        "Weekly ratio of two countries' shares (CN / US) with its 95 % interval. Weeks without "
        "data are rows too, with nulls."
    ),
    grain="One ISO week, scope, event group, grouping and pair of countries",
    key=("activity_date", *_CELL, "country_iso2", "other_iso2"),
    source="mart.engagement",
    partition_column="activity_date",
    columns=(
        _WEEK,
        _SCOPE,
        _GROUP,
        _GROUPING,
        _COUNTRY,
        _OTHER,
        Column("share", "DOUBLE", "Share of the country", "0 to 1", nullable=True),
        Column("share_ci_low", "DOUBLE", "Its 95 % lower bound", "0 to 1", nullable=True),
        Column("share_ci_high", "DOUBLE", "Its 95 % upper bound", "0 to 1", nullable=True),
        Column("other_share", "DOUBLE", "Share of the other", "0 to 1", nullable=True),
        Column("other_share_ci_low", "DOUBLE", "Its 95 % lower bound", "0 to 1", nullable=True),
        Column("other_share_ci_high", "DOUBLE", "Its 95 % upper bound", "0 to 1", nullable=True),
        Column(
            "share_ratio",
            "DOUBLE",
            "share / other_share; null where either is missing or 0",
            nullable=True,
        ),
        Column(
            "ratio_ci_low",
            "DOUBLE",
            "95 % lower bound, log-normal, with the multinomial correlation of two shares of one "
            "total",
            nullable=True,
        ),
        Column("ratio_ci_high", "DOUBLE", "95 % upper bound, likewise", nullable=True),
        Column(
            "is_complete",
            "BOOLEAN",
            "Whether all hourly files of the week were whole; false where neither has a row",
        ),
        Column(
            "is_compared",
            "BOOLEAN",
            "Whether mart.crossings takes the week: complete, and both intervals are there",
        ),
        *_CAPTURE,
    ),
)

CROSSINGS = Table(
    schema="mart",
    name="crossings",
    description=(
        "When the weekly 95 % intervals of two countries' shares part: the first week in which "
        "they do not overlap, the first with the lead changed, and since when for good. Weeks that "
        "are missing or incomplete are skipped, and counted."
    ),
    grain="One scope, event group, grouping and pair of countries",
    key=(*_CELL, "country_iso2", "other_iso2"),
    source="mart.country_ratio",
    columns=(
        _SCOPE,
        _GROUP,
        _GROUPING,
        _COUNTRY,
        _OTHER,
        Column("from_date", "DATE", "Sunday of the first week looked at"),
        Column("to_date", "DATE", "Sunday of the last week looked at"),
        Column("compared_week_count", "INTEGER", "Weeks compared", "weeks"),
        Column("skipped_week_count", "INTEGER", "Weeks missing or incomplete", "weeks"),
        Column(
            "first_apart_date",
            "DATE",
            "Sunday of the first week whose intervals do not overlap; null where all overlap",
            nullable=True,
        ),
        Column("first_leader_iso2", "VARCHAR", "Who has the larger share then", nullable=True),
        Column(
            "overtaking_date",
            "DATE",
            "Sunday of the first week in which the other leads with intervals apart; null if never",
            nullable=True,
        ),
        Column(
            "lasting_apart_date",
            "DATE",
            "Sunday since which, in every week compared, the same one leads with intervals apart; "
            "null where the newest intervals overlap",
            nullable=True,
        ),
        Column("lasting_leader_iso2", "VARCHAR", "Who leads since then", nullable=True),
    ),
)
