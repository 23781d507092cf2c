"""Tables of the baseline domain: GitHub accounts by economy, as GitHub itself counts them."""

from assets.tables import Column, Table

INNOVATION_GRAPH = Table(
    schema="core",
    name="innovation_graph",
    description=(
        "GitHub accounts and pushes by economy and quarter, as GitHub's Innovation Graph counts "
        "them: located by IP address, the mode of daily locations, so that VPNs distort it, most "
        "where they are most used; economies of at least 100 developers; bots left out. The "
        "aggregate EU is left out, as it repeats its members."
    ),
    grain="One economy and quarter",
    key=("country_iso2", "year", "quarter"),
    source="GitHub Innovation Graph, developers.csv and git_pushes.csv (CC0-1.0)",
    columns=(
        Column("country_iso2", "VARCHAR", "ISO 3166-1 alpha-2"),
        Column("year", "INTEGER", "Calendar year"),
        Column("quarter", "INTEGER", "Calendar quarter, 1 to 4"),
        Column("quarter_start_date", "DATE", "First day of the quarter"),
        Column("developer_count", "BIGINT", "Developer accounts located there", "accounts"),
        Column(
            "git_push_count",
            "BIGINT",
            "Pushes from there; null where fewer than 100 developers pushed",
            "pushes",
            nullable=True,
        ),
        Column(
            "developer_share",
            "DOUBLE",
            "developer_count / that of all economies listed for the quarter",
            "0 to 1",
        ),
        Column("fetched_at", "TIMESTAMPTZ", "When these bytes were first fetched (UTC)"),
        Column("content_digest", "VARCHAR", "SHA-256 of the two files: which vintage this is"),
    ),
)
