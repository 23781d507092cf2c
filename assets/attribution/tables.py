"""Tables of the attribution domain: what accounts say of themselves, and where they are."""

from assets.tables import Column, Table

ACTOR_PROFILES = Table(
    schema="raw",
    name="actor_profiles",
    description="Public profile of each account seen, asked once and again after 90 days.",
    grain="One account",
    key=("actor_id",),
    source="GitHub GraphQL API, nodes(ids:)",
    columns=(
        Column("actor_id", "BIGINT", "Numeric account id"),
        Column("actor_type", "VARCHAR", "User, Bot, Organization …, or absent for a deleted one"),
        Column("location", "VARCHAR", "Free text of the profile; never published", nullable=True),
        Column("company", "VARCHAR", "Free text of the profile; never published", nullable=True),
        Column("account_created_at", "TIMESTAMPTZ", "When it was opened", nullable=True),
        Column("fetched_at", "TIMESTAMPTZ", "As-of time of this row (UTC)"),
    ),
)

ACTOR_COUNTRY = Table(
    schema="core",
    name="actor_country",
    description=(
        "Country of each account by its profile location; null where the profile names none or "
        "the text is ambiguous."
    ),
    grain="One account",
    key=("actor_id",),
    source="raw.actor_profiles through the offline gazetteer",
    columns=(
        Column("actor_id", "BIGINT", "Numeric account id"),
        Column("country_iso2", "VARCHAR", "ISO 3166-1 alpha-2; null unknown", nullable=True),
        Column("rule", "VARCHAR", "Gazetteer rule that decided; null unknown", nullable=True),
        Column("is_bot", "BOOLEAN", "Whether GitHub calls the account a bot"),
        Column("model_version", "VARCHAR", "Version of the attribution"),
        Column("profile_fetched_at", "TIMESTAMPTZ", "As-of time of the evidence (UTC)"),
    ),
)
