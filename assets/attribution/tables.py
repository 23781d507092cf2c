"""Tables of the attribution domain: what accounts say of themselves, and where they are."""

from assets.tables import Column, Table

_AS_OF = Column("as_of_date", "DATE", "Day (UTC) as of which this was known: the partition")
_ACTOR = Column("actor_id", "BIGINT", "Numeric account id")

ACTOR_PROFILES = Table(
    schema="raw",
    name="actor_profiles",
    description="Public profile of each account seen, asked once and again after 90 days.",
    grain="One account",
    key=("actor_id",),
    source="GitHub GraphQL API, nodes(ids:)",
    columns=(
        _ACTOR,
        Column(
            "actor_type",
            "VARCHAR",
            "User, Bot, Organization …; absent for a deleted one, unanswered where GitHub said "
            "neither",
        ),
        Column("location", "VARCHAR", "Free text of the profile; never published", nullable=True),
        Column("company", "VARCHAR", "Free text of the profile; never published", nullable=True),
        Column("account_created_at", "TIMESTAMPTZ", "When it was opened", nullable=True),
        Column("fetched_at", "TIMESTAMPTZ", "As-of time of this row (UTC)"),
    ),
)

ACTOR_EVIDENCE = Table(
    schema="core",
    name="actor_evidence",
    description=(
        "What says where an account is, kind by kind, as known on each day that it was active. "
        "Bots have none."
    ),
    grain="One day, account active on it, and kind of evidence",
    key=("as_of_date", "actor_id", "kind"),
    source="raw.actor_profiles, raw.commits and core.actor_days",
    partition_column="as_of_date",
    columns=(
        _AS_OF,
        _ACTOR,
        Column("kind", "VARCHAR", "location, company, email_domain, utc_offset or clock"),
        Column("country_iso2", "VARCHAR", "Country that it names; null for hours", nullable=True),
        Column("rule", "VARCHAR", "Rule that read it; null for hours", nullable=True),
        Column("token", "VARCHAR", "Part of the text that decided; null for hours", nullable=True),
        Column(
            "confidence",
            "DOUBLE",
            "Of the rule that the text names this country; null where it states none",
            "0 to 1",
            nullable=True,
        ),
        Column(
            "numbers",
            "BIGINT[]",
            "clock: active days of the last 90 by UTC hour, 24 of them. utc_offset: triples of "
            "half-month (its first day, in days since 1970-01-01), minutes east of UTC, commits. "
            "Empty for other kinds",
        ),
        Column("observed_at", "TIMESTAMPTZ", "When the underlying was seen (UTC)"),
    ),
)

ACTOR_COUNTRY = Table(
    schema="core",
    name="actor_country",
    description=(
        "Country of each account: as its location states, or the most probable one by all other "
        "evidence, with its probability. Counting accounts by the most probable country is biased; "
        "estimates use the labels and core.attribution_model."
    ),
    grain="One day and account active on it (on Sundays, in the 28 days up to it)",
    key=("as_of_date", "actor_id"),
    source="core.actor_evidence of the last 90 days",
    partition_column="as_of_date",
    columns=(
        _AS_OF,
        _ACTOR,
        Column("is_bot", "BOOLEAN", "Whether GitHub calls the account a bot"),
        Column(
            "located_iso2",
            "VARCHAR",
            "ISO 3166-1 alpha-2 of the location; null where it names none",
            nullable=True,
        ),
        Column(
            "country_iso2",
            "VARCHAR",
            "Most probable country; null where that is none of the countries told apart",
            nullable=True,
        ),
        Column("probability", "DOUBLE", "Of country_iso2; null with it", "0 to 1", nullable=True),
        Column(
            "deciding_evidence",
            "VARCHAR",
            "location, company, email_domain, utc_offset, clock; prior where none says much",
            nullable=True,
        ),
        Column("candidate_iso2", "VARCHAR[]", "Up to five countries, most probable first; ZZ rest"),
        Column("candidate_probability", "DOUBLE[]", "Their probabilities", "0 to 1"),
        Column(
            "evidence_stratum",
            "INTEGER",
            "Amount of weak evidence: 0 to 2 by active hours, 3 with any other kind; null for bots",
            nullable=True,
        ),
        Column(
            "evidence_label",
            "INTEGER",
            "2 × class_number of the most probable class + whether it is sure; null for bots",
            nullable=True,
        ),
        Column("model_version", "VARCHAR", "Version of the attribution"),
    ),
)

ATTRIBUTION_MODEL = Table(
    schema="core",
    name="attribution_model",
    description=(
        "What a day's attribution learned of each class (a country with at least ten located "
        "accounts in 90 days, or ZZ for all others together), with bootstrap draws: what estimates "
        "are corrected by."
    ),
    grain="One day and class",
    key=("as_of_date", "class_number"),
    source="core.actor_evidence of the last 90 days",
    partition_column="as_of_date",
    columns=(
        _AS_OF,
        Column("class_number", "INTEGER", "Number of the class, from 0; ZZ is the last"),
        Column("country_iso2", "VARCHAR", "ISO 3166-1 alpha-2, or ZZ for all others"),
        Column("located_weight", "DOUBLE", "Accounts with a location there, + 0.5", "accounts"),
        Column("unlocated_share", "DOUBLE", "Its share among accounts without one", "0 to 1"),
        Column("log_missingness_odds", "DOUBLE", "Log odds of an empty location, relative"),
        Column("temperature", "DOUBLE", "Factor on the sum of log-likelihoods", "0 to 1"),
        Column("located_draws", "DOUBLE[]", "Draws of located_weight"),
        Column("log_odds_draws", "DOUBLE[]", "Draws of log_missingness_odds"),
        Column("label_rates", "DOUBLE[]", "P(label | class, stratum), stratum by stratum"),
        Column("model_version", "VARCHAR", "Version of the attribution"),
    ),
)

ATTRIBUTION_RELIABILITY = Table(
    schema="mart",
    name="attribution_reliability",
    description=(
        "How far probabilities without a location are to be believed: accounts with a location, "
        "predicted by models that did not see them, by predicted probability."
    ),
    grain="One day and tenth of predicted probability",
    key=("as_of_date", "probability_from"),
    source="core.actor_evidence of the last 90 days, five folds",
    partition_column="as_of_date",
    columns=(
        _AS_OF,
        Column("probability_from", "DOUBLE", "Lower end of the bin", "0 to 1"),
        Column("probability_to", "DOUBLE", "Upper end of the bin", "0 to 1"),
        Column("actor_count", "BIGINT", "Accounts in the bin", "accounts"),
        Column("predicted_share", "DOUBLE", "Mean predicted probability", "0 to 1"),
        Column("right_share", "DOUBLE", "Accounts predicted right / all", "0 to 1"),
    ),
)
