"""Tables of the patents domain: documents, files, what was set aside, mentions, cohorts."""

from assets.tables import Column, Table

_SOURCE = "USPTO Open Data Portal, weekly full text (PTGRXML, APPXML)"
_WEEK = Column("week_start_date", "DATE", "Tuesday that the week begins with")

PATENTS = Table(
    schema="raw",
    name="patents",
    description=(
        "Patents granted and applications published, as the weekly files state them: numbers, "
        "dates, first classification and owners. Of persons only that they are persons, and their "
        "country."
    ),
    grain="One published document",
    key=("week_start_date", "publication_number"),
    partition_column="week_start_date",
    source=_SOURCE,
    columns=(
        _WEEK,
        Column("publication_number", "VARCHAR", "Country, number and kind code: US11646472B2"),
        Column("document_kind", "VARCHAR", "grant or application"),
        Column(
            "application_number",
            "VARCHAR",
            "Series code and number: shared by an application and the grant that comes of it",
        ),
        Column("application_type", "VARCHAR", "utility, design, plant, reissue …"),
        Column("publication_date", "DATE", "Day of issue"),
        Column("filing_date", "DATE", "Day on which this application was filed"),
        Column("priority_date", "DATE", "Earliest filing that it claims, or its own"),
        Column(
            "cpc_main",
            "VARCHAR",
            "First classification of the CPC, such as G06F40/30; null for designs",
            nullable=True,
        ),
        Column("party_source", "VARCHAR", "Whom the parties are: assignee, applicant or none"),
        Column("party_kinds", "VARCHAR[]", "company, education, government or individual, each"),
        Column("party_countries", "VARCHAR[]", "ISO 3166-1 alpha-2 of each; null where unknown"),
        Column("party_names", "VARCHAR[]", "Name of each organisation; null for persons"),
        Column("is_us_company", "BOOLEAN", "A company of the United States is among them"),
        Column("is_us_education", "BOOLEAN", "A university or school of the U.S. is among them"),
        Column("is_us", "BOOLEAN", "Anybody of the United States is among them"),
        Column("file_name", "VARCHAR", "Weekly file"),
        Column("document_number", "INTEGER", "Place in the file, from 1"),
    ),
)

PATENT_FILES = Table(
    schema="raw",
    name="patent_files",
    description=(
        "What became of each weekly file: which version was read, how it came out, and how many "
        "documents it gave."
    ),
    grain="One week and product",
    key=("week_start_date", "product"),
    partition_column="week_start_date",
    source=_SOURCE,
    columns=(
        _WEEK,
        Column("product", "VARCHAR", "grants or applications"),
        Column("publication_date", "DATE", "Day that the file is due"),
        Column("file_name", "VARCHAR", "Version that was read; null without one", nullable=True),
        Column(
            "status",
            "VARCHAR",
            "complete; truncated, corrupt, oversized, not_zip or empty (what lies before the "
            "defect is there); not_yet (due for under a week), missing, or unreachable",
        ),
        Column("byte_count", "BIGINT", "Of the zip, as far as it was read", "bytes"),
        Column("inflated_byte_count", "BIGINT", "Of what is in it", "bytes"),
        Column("document_count", "BIGINT", "Documents of every type", "documents"),
        Column("patent_count", "BIGINT", "Rows in raw.patents", "documents"),
        Column("duplicate_count", "BIGINT", "Documents that came twice", "documents"),
        Column("other_count", "BIGINT", "Documents that are no patents", "documents"),
        Column("quarantined_count", "BIGINT", "Documents that could not be read", "documents"),
        Column(
            "families_digest", "VARCHAR", "SHA-256 of the families searched for, and of the rules"
        ),
        Column("scanned_at", "TIMESTAMPTZ", "When it was read (UTC)"),
        Column("message", "VARCHAR", "What went wrong; empty where nothing did"),
    ),
)

PATENT_QUARANTINE = Table(
    schema="raw",
    name="patent_quarantine",
    description="Documents of weekly files that could not be read, and why.",
    grain="One document",
    key=("week_start_date", "file_name", "document_number"),
    partition_column="week_start_date",
    source=_SOURCE,
    columns=(
        _WEEK,
        Column("file_name", "VARCHAR", "Weekly file"),
        Column("document_number", "INTEGER", "Place in the file, from 1; 0 before the first"),
        Column("byte_offset", "BIGINT", "Where it begins in the inflated file", "bytes"),
        Column("byte_count", "BIGINT", "Its length", "bytes"),
        Column("reason", "VARCHAR", "What is wrong with it"),
    ),
)

PATENT_MENTIONS = Table(
    schema="core",
    name="patent_mentions",
    description=(
        "Model families that patents name, by section: title, abstract, claims, description and "
        "the literature they cite. Mentions of one alias that are alike in section, rule and role "
        "are one row with their number and the place of the first."
    ),
    grain="One publication, section, family, alias, rule and role",
    key=("week_start_date", "publication_number", "section", "family", "alias", "rule", "role"),
    partition_column="week_start_date",
    source=f"{_SOURCE}, core.model_families",
    columns=(
        _WEEK,
        Column("publication_number", "VARCHAR", "Of raw.patents"),
        Column("section", "VARCHAR", "title, abstract, claims, description or bibliography"),
        Column("family", "VARCHAR", "Of core.model_families"),
        Column("alias", "VARCHAR", "Spelling found, as the family lists it"),
        Column("rule", "VARCHAR", "Why it counts as a mention"),
        Column(
            "role",
            "VARCHAR",
            "used, compared, cited or mentioned; in the literature cited always cited",
        ),
        Column("mention_count", "INTEGER", "How many", "mentions"),
        Column("first_start", "INTEGER", "Where the first begins in the section", "characters"),
        Column("first_stop", "INTEGER", "One past its end", "characters"),
    ),
)

PATENT_COHORTS = Table(
    schema="mart",
    name="patents",
    description=(
        "U.S. patents by month of filing and by month of publication, and how many of them name an "
        "open model, and one of Chinese origin. A patent names a family that it uses, compares "
        "with or mentions; one that stands only among the literature cited does not count. An "
        "application and the grant that comes of it are one invention by their application number: "
        "apart in the rows of either kind, once in those of `any`, in the month of the first that "
        "was read. Recent months of filing are not complete: applications are published about 18 "
        "months after their first filing."
    ),
    grain="One basis, month, document kind and user kind",
    key=("basis", "cohort_month", "document_kind", "user_kind"),
    source="raw.patents, core.patent_mentions, core.model_families",
    columns=(
        Column("basis", "VARCHAR", "What the month is of: filing or publication"),
        Column("cohort_month", "DATE", "First day of the month"),
        Column("document_kind", "VARCHAR", "grant, application, or any"),
        Column("user_kind", "VARCHAR", "us_company, us_education, us_all or all, by its owners"),
        Column("patent_count", "BIGINT", "Inventions", "patents"),
        Column("open_model_count", "BIGINT", "Of these, naming an open model", "patents"),
        Column(
            "chinese_open_model_count",
            "BIGINT",
            "Of these, naming an open model of Chinese origin",
            "patents",
        ),
        Column(
            "claimed_open_model_count", "BIGINT", "Naming an open model in the claims", "patents"
        ),
        Column(
            "claimed_chinese_open_model_count",
            "BIGINT",
            "Naming an open model of Chinese origin in the claims",
            "patents",
        ),
        Column(
            "expected_file_count",
            "INTEGER",
            "Weekly files due in the month; null on the basis of filing",
            "files",
            nullable=True,
        ),
        Column(
            "complete_file_count",
            "INTEGER",
            "Of these, read whole; null on the basis of filing",
            "files",
            nullable=True,
        ),
        Column("newest_publication_date", "DATE", "Newest document read, of any month"),
    ),
)
