"""Patents to cohorts: by month of filing and of publication, document kind and user kind."""

from pathlib import Path

import duckdb
import pyarrow as pa

from assets.patents.tables import PATENT_COHORTS

COUNTED = (
    "week_start_date",
    "publication_number",
    "document_kind",
    "application_number",
    "publication_date",
    "filing_date",
    "is_us_company",
    "is_us_education",
    "is_us",
)
FILED = ("publication_date", "product", "status")
NAMED = ("week_start_date", "publication_number", "section", "family", "role")
_SQL = (Path(__file__).parent / "sql" / "patents.sql").read_text()


def cohort_rows(
    patents: pa.Table, mentions: pa.Table, files: pa.Table, families: pa.Table
) -> pa.Table:
    """Rows of mart.patents.

    Args:
        patents: columns `COUNTED` of raw.patents.
        mentions: columns `NAMED` of core.patent_mentions.
        files: columns `FILED` of raw.patent_files.
        families: family, country_iso2 and is_open of core.model_families.
    """
    with duckdb.connect() as connection:
        given = {"patents": patents, "mentions": mentions, "files": files, "families": families}
        for name, rows in given.items():
            connection.register(name, rows)
        return PATENT_COHORTS.conform(connection.execute(_SQL).to_arrow_table())
