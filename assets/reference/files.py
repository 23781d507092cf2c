"""The reference files: their names, and the columns that each has."""

_REPOSITORY_COLUMNS = (
    "github_id",
    "repository",
    "previous_names",
    "family",
    "layer",
    "developer",
    "developer_country",
)
_FAMILY_COLUMNS = (
    "family",
    "name",
    "aliases",
    "developer",
    "country_iso2",
    "released_on",
    "is_open",
)
_HUB_AUTHOR_COLUMNS = ("author", "country_iso2", "family", "models")
_AMBIGUOUS_COLUMNS = (
    "alias",
    "kind",
    "points",
    "decisive",
    "makers",
    "not_after",
    "not_before",
    "against",
    "otherwise",
)
_ECONOMY_COLUMNS = ("iso2", "iso3", "name", "population", "population_source")
_EVENT_COLUMNS = (
    "date",
    "date_kind",
    "actor",
    "kind",
    "stance",
    "name",
    "paper_shock",
    "certainty",
    "source",
)
_BREAK_COLUMNS = ("from_utc", "to_utc", "source", "affects", "effect", "what")
_GROUPING_COLUMNS = ("grouping", "country_iso2", "group_code", "label")

REPOSITORIES = "tracked_repositories.csv"
HUB_AUTHORS = "hub_authors.csv"
#: Columns by file, in the order in which faults are reported and bytes are digested.
FILES = {
    REPOSITORIES: _REPOSITORY_COLUMNS,
    "model_families.csv": _FAMILY_COLUMNS,
    HUB_AUTHORS: _HUB_AUTHOR_COLUMNS,
    "economies.csv": _ECONOMY_COLUMNS,
    "policy_events.csv": _EVENT_COLUMNS,
    "upstream_breaks.csv": _BREAK_COLUMNS,
    "country_groupings.csv": _GROUPING_COLUMNS,
    "ambiguous_aliases.csv": _AMBIGUOUS_COLUMNS,
}
