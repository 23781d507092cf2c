"""Table of trend shifts."""

from assets.tables import Column, Table

_PP = "percentage points"

TREND_SHIFTS = Table(
    schema="mart",
    name="trend_shifts",
    description=(
        "Shifts in the located share of each country, as they were first said: what is confirmed "
        "is never written anew from later data, but may be withdrawn. Sizes of shifts that were "
        "just found are too large on average, as chance helps to find them; the newest shares say "
        "how it went on. What shifted need not be what people do: see mart.engagement."
    ),
    grain="One shift of a country's share in an event group, by weeks or by days",
    key=("country_iso2", "event_group", "period", "status", "data_through_date"),
    source="mart.engagement: tracked repositories, every economy apart",
    columns=(
        Column("country_iso2", "VARCHAR", "ISO 3166-1 alpha-2"),
        Column("event_group", "VARCHAR", "contribution, participation, attention, other or any"),
        Column("period", "VARCHAR", "Of the series that shows it: week (Monday to Sunday) or day"),
        Column("onset_date", "DATE", "First day of the likeliest first period at the new level"),
        Column("onset_low_date", "DATE", "Earliest day of the onset (profile likelihood, 95 %)"),
        Column("onset_high_date", "DATE", "Latest first day of a period that the onset may lie in"),
        Column(
            "detected_date",
            "DATE",
            "Last day of the first period whose data, and those before, confirm it: nothing later "
            "changes that; null while unconfirmed",
            nullable=True,
        ),
        Column(
            "withdrawn_date",
            "DATE",
            "Last day of the period whose data withdraw it: no longer told from chance, or back",
            nullable=True,
        ),
        Column("data_through_date", "DATE", "Last day of the data that the figures rest on"),
        Column("before_share", "DOUBLE", "Located share before", "0 to 1"),
        Column("after_share", "DOUBLE", "Located share since", "0 to 1"),
        Column("size_pp", "DOUBLE", "Since less before", _PP),
        Column("size_pp_ci_low", "DOUBLE", "95 % lower bound, onset taken as known", _PP),
        Column("size_pp_ci_high", "DOUBLE", "95 % upper bound", _PP),
        Column(
            "statistic",
            "DOUBLE",
            "Twice the log likelihood ratio at the onset / design effect (chi-square, 1 df)",
        ),
        Column(
            "confidence_share",
            "DOUBLE",
            "Posterior probability of an onset among the newest periods, one a year being usual",
            "0 to 1",
        ),
        Column("detectors", "VARCHAR[]", "That find it: sequential, retrospective"),
        Column(
            "status",
            "VARCHAR",
            "confirmed (both detectors); withdrawn; and of the newest date only: candidate (one "
            "detector), unresolved (the onset may lie where capture is not sound, or accounts fell "
            "with it)",
        ),
        Column("reason", "VARCHAR", "Why it is not confirmed, or was withdrawn", nullable=True),
        Column("point_count", "BIGINT", "Sound periods of the series up to then", "periods"),
    ),
)
