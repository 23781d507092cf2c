"""Tables of the reference domain: the files that an analyst edits, as they were last read."""

from assets.tables import Column, Table

TRACKED_REPOSITORIES = Table(
    schema="core",
    name="tracked_repositories",
    description=(
        "Repositories whose events are measured. An id that the file leaves open is resolved once "
        "through the API and pinned here."
    ),
    grain="One repository",
    key=("repository",),
    source="assets/reference/tracked_repositories.csv; GitHub REST API for open ids",
    columns=(
        Column("repository", "VARCHAR", "owner/name"),
        Column("github_id", "BIGINT", "Numeric id; null while unresolved", nullable=True),
        Column("id_source", "VARCHAR", "file, api, or unresolved"),
        Column("previous_names", "VARCHAR[]", "Earlier owner/name"),
        Column("family", "VARCHAR", "Model family; null for tools of many", nullable=True),
        Column("layer", "VARCHAR", "model, training, inference or application"),
        Column("developer", "VARCHAR", "Organisation or account"),
        Column("developer_country_iso2", "VARCHAR", "Its headquarters", nullable=True),
    ),
)

MODEL_FAMILIES = Table(
    schema="core",
    name="model_families",
    description="Families of open models, their aliases in text, developer and origin.",
    grain="One family",
    key=("family",),
    source="assets/reference/model_families.csv",
    columns=(
        Column("family", "VARCHAR", "Slug"),
        Column("name", "VARCHAR", "Display name"),
        Column("aliases", "VARCHAR[]", "Spellings in text"),
        Column("developer", "VARCHAR", "Organisation"),
        Column("country_iso2", "VARCHAR", "Country of its headquarters: the family's origin"),
        Column("released_on", "DATE", "First public release"),
        Column("is_open", "BOOLEAN", "Whether weights of one of its models can be downloaded"),
    ),
)

HUB_AUTHORS = Table(
    schema="core",
    name="hub_authors",
    description="Accounts on the Hugging Face Hub, and which of their models are of a family.",
    grain="One author and family, in the order of the file: the first row that fits decides",
    key=("row_number",),
    source="assets/reference/hub_authors.csv",
    columns=(
        Column("row_number", "INTEGER", "Place in the file, from 1"),
        Column("author", "VARCHAR", "Account name on the Hub"),
        Column("country_iso2", "VARCHAR", "Headquarters; null where none is stated", nullable=True),
        Column("family", "VARCHAR", "Slug; null where it only makes derivatives", nullable=True),
        Column("models", "VARCHAR[]", "Patterns of model names; empty for all left"),
    ),
)

ECONOMIES = Table(
    schema="core",
    name="economies",
    description="Countries and territories with an ISO 3166-1 code; HK, MO and TW apart.",
    grain="One economy",
    key=("iso2",),
    source="assets/reference/economies.csv",
    columns=(
        Column("iso2", "VARCHAR", "Alpha-2 code"),
        Column("iso3", "VARCHAR", "Alpha-3 code"),
        Column("name", "VARCHAR", "Common English name"),
        Column("population", "BIGINT", "Residents", "persons"),
        Column("population_source", "VARCHAR", "Who counted"),
    ),
)

POLICY_EVENTS = Table(
    schema="core",
    name="policy_events",
    description="Policies and model releases that may move the measured shares.",
    grain="One event",
    key=("event_date", "name"),
    source="assets/reference/policy_events.csv",
    columns=(
        Column("event_date", "DATE", "Day of effect, signature or announcement"),
        Column("date_kind", "VARCHAR", "What happened on that day"),
        Column("actor", "VARCHAR", "Who acted"),
        Column("kind", "VARCHAR", "Instrument"),
        Column("stance", "VARCHAR", "Direction"),
        Column("name", "VARCHAR", "Short title"),
        Column("is_paper_shock", "BOOLEAN", "Whether it is a shock of arXiv:2606.15999"),
        Column("certainty", "VARCHAR", "How well the date is known"),
        Column("source", "VARCHAR", "Who says so"),
    ),
)

UPSTREAM_BREAKS = Table(
    schema="core",
    name="upstream_breaks",
    description="Hours in which an upstream is known to have lost or changed data.",
    grain="One break",
    key=("from_at", "source", "affects"),
    source="assets/reference/upstream_breaks.csv",
    columns=(
        Column("from_at", "TIMESTAMPTZ", "Start of the first affected hour (UTC)"),
        Column("to_at", "TIMESTAMPTZ", "Start of the last affected hour; null open", nullable=True),
        Column("source", "VARCHAR", "Upstream"),
        Column("affects", "VARCHAR", "Event types or records; all for everything"),
        Column("effect", "VARCHAR", "loss (less is captured), layout (another form) or access"),
        Column("what", "VARCHAR", "What is wrong"),
    ),
)

COUNTRY_GROUPINGS = Table(
    schema="core",
    name="country_groupings",
    description=(
        "Statistical groupings of economies that a reader may switch between, every economy in "
        "each: apart (each by itself) and those of the file. A grouping is a choice of "
        "presentation, no statement on the status of any economy."
    ),
    grain="One grouping and economy",
    key=("grouping", "country_iso2"),
    source="assets/reference/country_groupings.csv, economies.csv",
    columns=(
        Column("grouping", "VARCHAR", "apart, or an identifier of the file, such as cn_hk_mo_tw"),
        Column("country_iso2", "VARCHAR", "ISO 3166-1 alpha-2 of the economy"),
        Column("group_code", "VARCHAR", "Code of its group; its own where it is one by itself"),
        Column("label", "VARCHAR", "Name of the group"),
    ),
)
