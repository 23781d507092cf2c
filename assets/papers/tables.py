"""Tables of the papers domain: works, what each asking changed, mentions, and their diffusion."""

from dataclasses import replace

from assets.tables import Column, Table

_SOURCE = "OpenAlex, api.openalex.org/works (CC0-1.0)"

PAPERS = Table(
    schema="raw",
    name="papers",
    description=(
        "Works of a month whose title or abstract may name an open model, as OpenAlex had them "
        "when it was asked last. A month is asked for again for twelve months after its end, as "
        "works and affiliations arrive late. No names of people or institutions."
    ),
    grain="One month and work; one whose date moved is in both until both are asked again",
    key=("month_date", "work_id"),
    source=_SOURCE,
    partition_column="month_date",
    columns=(
        Column("month_date", "DATE", "First day of the month of publication: the partition"),
        Column("work_id", "VARCHAR", "OpenAlex id, such as W2741809807"),
        Column("doi", "VARCHAR", "DOI as a URL", nullable=True),
        Column("title", "VARCHAR", "At most 1,000 characters", nullable=True),
        Column(
            "abstract",
            "VARCHAR",
            "Rebuilt from the inverted index; at most 5,000 words and 40,000 characters",
            nullable=True,
        ),
        Column("is_text_cut", "BOOLEAN", "Whether title or abstract were longer"),
        Column("publication_date", "DATE", "Day of publication"),
        Column("work_type", "VARCHAR", "OpenAlex's type, such as article", nullable=True),
        Column("language", "VARCHAR", "Language, as OpenAlex detects it", nullable=True),
        Column(
            "institution_countries",
            "VARCHAR[]",
            "Countries of the work's affiliations, in step with institution_types; each pair once; "
            "ZZ where not known; empty where the work has no affiliation",
        ),
        Column("institution_types", "VARCHAR[]", "company, education, government and others"),
        Column(
            "is_authorship_cut",
            "BOOLEAN",
            "Whether it has 100 authors or more, of whom OpenAlex lists the first 100",
        ),
        Column("source_updated_at", "TIMESTAMPTZ", "OpenAlex's own change (UTC)", nullable=True),
        Column("first_asked_at", "TIMESTAMPTZ", "The asking that found it first (UTC)"),
        Column("asked_at", "TIMESTAMPTZ", "The newest asking (UTC)"),
    ),
)

PAPER_FIELD_COUNTS = Table(
    schema="raw",
    name="paper_field_counts",
    description=(
        "All works of a month in the fields of study searched, whatever they name, by user kind "
        "and country, counted by OpenAlex. Of us_company and us_education it is an upper bound: "
        "OpenAlex counts works with an institution in the country and one of the type, not "
        "necessarily the same."
    ),
    grain="One month, user kind and country",
    key=("month_date", "user_kind", "country_iso2"),
    source=_SOURCE,
    partition_column="month_date",
    columns=(
        Column("month_date", "DATE", "First day of the month of publication"),
        Column("user_kind", "VARCHAR", "us_company, us_education, us_all, all or country"),
        Column("country_iso2", "VARCHAR", "ISO 3166-1 alpha-2; null for all", nullable=True),
        Column("work_count", "BIGINT", "Works", "works"),
        Column("asked_at", "TIMESTAMPTZ", "The newest asking (UTC)"),
    ),
)

PAPER_ASKINGS = Table(
    schema="ops",
    name="paper_askings",
    description=(
        "Each time OpenAlex was asked for a month: what it gave, what that changed, what it cost."
    ),
    grain="One month and asking",
    key=("month_date", "asked_at"),
    source=_SOURCE,
    partition_column="month_date",
    columns=(
        Column("month_date", "DATE", "First day of the month of publication"),
        Column("asked_at", "TIMESTAMPTZ", "When the asking began (UTC)"),
        Column("query_digest", "VARCHAR", "Of filters and queries: another one, another search"),
        Column("query_count", "INTEGER", "Queries that the aliases were cut into"),
        Column("stated_count", "BIGINT", "Works that OpenAlex said its answers hold", "works"),
        Column("returned_count", "BIGINT", "Works that the answers held", "works"),
        Column("work_count", "BIGINT", "Distinct works kept", "works"),
        Column("added_count", "BIGINT", "Of these, not there at the asking before", "works"),
        Column("changed_count", "BIGINT", "Of these, with another content than before", "works"),
        Column(
            "gone_count", "BIGINT", "Works of the asking before that are there no more", "works"
        ),
        Column("quarantined_count", "BIGINT", "Documents set aside", "documents"),
        Column("call_count", "INTEGER", "Calls of the run that ended it", "calls"),
        Column("credit_count", "INTEGER", "Credits that they cost, of 10,000 a day", "credits"),
        Column("is_final", "BOOLEAN", "Whether it came twelve months or more after the month"),
    ),
)

PAPER_QUARANTINE = Table(
    schema="ops",
    name="paper_quarantine",
    description="Documents of the newest asking of each month that could not be kept, and why.",
    grain="One document",
    key=("month_date", "work_id", "reason"),
    source=_SOURCE,
    partition_column="month_date",
    columns=(
        Column("month_date", "DATE", "First day of the month that was asked for"),
        Column("work_id", "VARCHAR", "OpenAlex id, or what stood in its place"),
        Column("reason", "VARCHAR", "Field and fault"),
        Column("asked_at", "TIMESTAMPTZ", "The asking (UTC)"),
    ),
)

PAPER_MENTIONS = Table(
    schema="core",
    name="paper_mentions",
    description=(
        "Model families that titles and abstracts name, each mention with the rule that accepted "
        "it and its role. Families without open weights are found in works that were asked for "
        "because of an open one, and so not completely."
    ),
    grain="One mention",
    key=("month_date", "work_id", "section", "start_offset", "family"),
    source="raw.papers, core.model_families",
    partition_column="month_date",
    columns=(
        Column("month_date", "DATE", "First day of the month of publication"),
        Column("work_id", "VARCHAR", "OpenAlex id"),
        Column("family", "VARCHAR", "Slug of the family"),
        Column("alias", "VARCHAR", "The alias found"),
        Column("section", "VARCHAR", "title or abstract"),
        Column("start_offset", "INTEGER", "First character in the section's text", "characters"),
        Column("stop_offset", "INTEGER", "One past the last", "characters"),
        Column("rule", "VARCHAR", "Rule that accepted it"),
        Column("role", "VARCHAR", "used, compared, mentioned or cited"),
    ),
)

DIFFUSION_PAPERS = Table(
    schema="mart",
    name="diffusion_papers",
    description=(
        "How many works of a month name an open model in title or abstract, and what share of "
        "them name one of Chinese origin, by the countries and types of the institutions behind "
        "them. A work names a family by using, comparing or mentioning it; a citation alone does "
        "not count. A work of several countries counts in each."
    ),
    grain="One month, user kind and country",
    key=("month_date", "user_kind", "country_iso2"),
    source="raw.papers, core.paper_mentions, raw.paper_field_counts, ops.paper_askings",
    partition_column="month_date",
    columns=(
        Column("month_date", "DATE", "First day of the month of publication"),
        Column(
            "user_kind",
            "VARCHAR",
            "us_company, us_education, us_all, all, or country (with five works or more)",
        ),
        Column("country_iso2", "VARCHAR", "ISO 3166-1 alpha-2; null for all works", nullable=True),
        Column(
            "field_work_count",
            "BIGINT",
            "All works in the fields of study searched; an upper bound for us_company and "
            "us_education",
            "works",
            nullable=True,
        ),
        Column("open_work_count", "BIGINT", "Works naming any open model", "works"),
        Column("cn_work_count", "BIGINT", "Of these, naming one of Chinese origin", "works"),
        Column("cn_share", "DOUBLE", "cn_work_count / open_work_count", "0 to 1", nullable=True),
        Column("cn_share_ci_low", "DOUBLE", "95 % Wilson interval", "0 to 1", nullable=True),
        Column("cn_share_ci_high", "DOUBLE", "95 % Wilson interval", "0 to 1", nullable=True),
        Column(
            "used_open_work_count",
            "BIGINT",
            "Works using any open model; where published, null for one to four works, as is what "
            "is made of it",
            "works",
            nullable=True,
        ),
        Column(
            "used_cn_work_count",
            "BIGINT",
            "Of these, using one of Chinese origin",
            "works",
            nullable=True,
        ),
        Column(
            "used_cn_share",
            "DOUBLE",
            "used_cn_work_count / used_open_work_count",
            "0 to 1",
            nullable=True,
        ),
        Column("used_cn_share_ci_low", "DOUBLE", "95 % Wilson interval", "0 to 1", nullable=True),
        Column("used_cn_share_ci_high", "DOUBLE", "95 % Wilson interval", "0 to 1", nullable=True),
        Column(
            "unaffiliated_work_count",
            "BIGINT",
            "Works naming any open model without a known affiliation, in all kinds alike",
            "works",
        ),
        Column("asking_count", "INTEGER", "How many times the month was asked for"),
        Column("asked_at", "TIMESTAMPTZ", "The newest asking (UTC)"),
        Column(
            "is_final",
            "BOOLEAN",
            "Whether that came twelve months or more after the month: later works are few",
        ),
    ),
)

STAGED_DIFFUSION_PAPERS = replace(
    DIFFUSION_PAPERS,
    schema="stage",
    description=f"{DIFFUSION_PAPERS.description} As computed, before its checks.",
)
