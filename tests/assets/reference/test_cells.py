"""How faults of single cells are reported, and which unusual cells are right."""

import pytest

from assets.reference.loader import load_reference
from tests.assets.reference.conftest import (
    AUTHORS,
    BREAKS,
    ECONOMIES,
    EVENTS,
    FAMILIES,
    REPOSITORIES,
    ReferenceFolder,
)

LABS = "acme-labs,CN,acme-lm,\n"
BETA = ",beta/tool,,,inference,beta,\n"

# file, what stands in the valid file, what replaces it, then line, field and words of the fault
BAD_CELLS = [
    (REPOSITORIES, "1,acme/model,", "one,acme/model,", 2, "github_id", "not a whole number"),
    (REPOSITORIES, "1,acme/model,", "1.0,acme/model,", 2, "github_id", "not a whole number"),
    (REPOSITORIES, "1,acme/model,", "１,acme/model,", 2, "github_id", "not a whole number"),
    (REPOSITORIES, "1,acme/model,", "0,acme/model,", 2, "github_id", "out of range"),
    (REPOSITORIES, "1,acme/model,", "-7,acme/model,", 2, "github_id", "out of range"),
    (REPOSITORIES, "1,acme/model,", f"{2**63},acme/model,", 2, "github_id", "out of range"),
    (REPOSITORIES, "1,acme/model,", f"{'9' * 5000},acme/model,", 2, "github_id", "whole number"),
    (REPOSITORIES, BETA, "1,beta/tool,,,inference,b,\n", 3, "github_id", "taken by line 2"),
    (REPOSITORIES, ",beta/tool,", ",,", 3, "repository", "is empty"),
    (REPOSITORIES, ",beta/tool,", ",beta,", 3, "repository", "not a GitHub repository"),
    (REPOSITORIES, ",beta/tool,", ",beta/tool/x,", 3, "repository", "not a GitHub repository"),
    (REPOSITORIES, ",beta/tool,", ",-beta/tool,", 3, "repository", "not a GitHub repository"),
    (REPOSITORIES, ",beta/tool,", ",be--ta/tool,", 3, "repository", "not a GitHub repository"),
    (REPOSITORIES, ",beta/tool,", ",be_ta/tool,", 3, "repository", "not a GitHub repository"),
    (REPOSITORIES, ",beta/tool,", f",{'b' * 40}/t,", 3, "repository", "not a GitHub repository"),
    (REPOSITORIES, ",beta/tool,", f",b/{'t' * 101},", 3, "repository", "not a GitHub repository"),
    (REPOSITORIES, ",beta/tool,", ",beta/to ol,", 3, "repository", "not a GitHub repository"),
    (REPOSITORIES, ",beta/tool,", ",beta/..,", 3, "repository", "not a GitHub repository"),
    (REPOSITORIES, ",beta/tool,", ",beta/tool.git,", 3, "repository", "not a GitHub repository"),
    (REPOSITORIES, ",beta/tool,", ",Acme/Model,", 3, "repository", "taken by line 2"),
    (REPOSITORIES, ",beta/tool,", ",ACME/model-1,", 3, "repository", "taken by line 2"),
    (REPOSITORIES, BETA, ",b/t,Acme/Model,,model,b,\n", 3, "previous_names", "taken by line 2"),
    (REPOSITORIES, BETA, ",b/t,b/T,,model,b,\n", 3, "previous_names", "holds the current name"),
    (REPOSITORIES, BETA, ",b/t,b/u|B/u,,model,b,\n", 3, "previous_names", "stands twice"),
    (REPOSITORIES, BETA, ",b/t,b/u|,,model,b,\n", 3, "previous_names", "empty part"),
    (REPOSITORIES, BETA, ",b/t,b/u| b/v,,model,b,\n", 3, "previous_names", "space around"),
    (REPOSITORIES, BETA, ",b/t,bu,,model,b,\n", 3, "previous_names", "not a GitHub repository"),
    (REPOSITORIES, ",acme-lm,model", ",acne-lm,model", 2, "family", "'acne-lm' is unknown"),
    (REPOSITORIES, ",inference,", ",serving,", 3, "layer", "'serving' is unknown"),
    (REPOSITORIES, ",inference,", ",,", 3, "layer", "is empty"),
    (REPOSITORIES, ",beta,\n", ",,\n", 3, "developer", "is empty"),
    (REPOSITORIES, ",Acme,CN", ",Acme,UK", 2, "developer_country", "'UK' is unknown"),
    (REPOSITORIES, ",Acme,CN", ", Acme,CN", 2, "developer", "space around"),
    (REPOSITORIES, ",Acme,CN", ",Acme,CN\u00a0", 2, "developer_country", "space around"),
    (AUTHORS, "tuners,US,,\n", ",US,,\n", 4, "author", "is empty"),
    (AUTHORS, "tuners,US,,\n", "tun/ers,US,,\n", 4, "author", "not an account name"),
    (AUTHORS, "tuners,US,,\n", f"{'t' * 97},US,,\n", 4, "author", "not an account name"),
    (AUTHORS, "tuners,US,,\n", "tuners,UK,,\n", 4, "country_iso2", "'UK' is unknown"),
    (AUTHORS, "tuners,US,,\n", "tuners,,,\n", 4, "family", "is empty"),
    (AUTHORS, "tuners,US,,\n", "tuners,US,,t*\n", 4, "family", "is empty"),
    (AUTHORS, "tuners,US,,\n", "tuners,US,acne-lm,\n", 4, "family", "'acne-lm' is unknown"),
    (AUTHORS, LABS, "ACME-AI,US,,\n", 3, "country_iso2", "differs from line 2"),
    (AUTHORS, LABS, "acme-ai,CN,acme-lm,\n", 3, "family", "taken by line 2"),
    (AUTHORS, f"acme-*|lm?\n{LABS}", "\nacme-ai,CN,beta-lm,b*\n", 3, "author", "line 2 takes"),
    (AUTHORS, "acme-*|lm?", "acme-*|", 2, "models", "empty part"),
    (FAMILIES, "beta-lm,", "Beta LM,", 3, "family", "not a slug"),
    (FAMILIES, "beta-lm,", "acme-lm,", 3, "family", "taken by line 2"),
    (FAMILIES, ",BetaLM,", ",,", 3, "aliases", "is empty"),
    (FAMILIES, ",BetaLM,", ",|BetaLM,", 3, "aliases", "empty part"),
    (FAMILIES, ",BetaLM,", ",ACME lm,", 3, "aliases", "taken by line 2"),
    (FAMILIES, ",BetaLM,", ",艾克米,", 3, "aliases", "taken by line 2"),
    (FAMILIES, ",BetaLM,", ",BetaLM|betalm,", 3, "aliases", "stands twice"),
    (FAMILIES, "Beta LM,BetaLM", "艾克米,BetaLM", 3, "name", "taken by line 2"),
    (FAMILIES, ",Beta,US", ",Beta,EU", 3, "country_iso2", "'EU' is unknown"),
    (FAMILIES, ",Beta,US", ",Beta,", 3, "country_iso2", "is empty"),
    (FAMILIES, "2024-02-29", "2023-02-29", 3, "released_on", "not a day"),
    (FAMILIES, "2024-02-29", "20240229", 3, "released_on", "not a day"),
    (FAMILIES, "2024-02-29", "2024-W09-4", 3, "released_on", "not a day"),
    (FAMILIES, "2024-02-29", "", 3, "released_on", "is empty"),
    (FAMILIES, ",false\n", ",False\n", 3, "is_open", "use one of false, true"),
    (FAMILIES, ",false\n", ",0\n", 3, "is_open", "use one of false, true"),
    (ECONOMIES, "US,USA", "us,USA", 3, "iso2", "alpha-2"),
    (ECONOMIES, "US,USA", "US,US", 3, "iso3", "alpha-3"),
    (ECONOMIES, "US,USA", "US,CHN", 3, "iso3", "taken by line 2"),
    (ECONOMIES, "United States", "china", 3, "name", "taken by line 2"),
    (ECONOMIES, "327167434", "-1", 3, "population", "out of range"),
    (ECONOMIES, "327167434", "327 million", 3, "population", "not a whole number"),
    (ECONOMIES, "327167434", "", 3, "population", "is empty"),
    (EVENTS, "2022-10-07", "7 October 2022", 2, "date", "not a day"),
    (EVENTS, "announced", "declared", 2, "date_kind", "'declared' is unknown"),
    (EVENTS, ",US,", ",USA,", 2, "actor", "'USA' is unknown"),
    (EVENTS, "export_control", "tariff", 2, "kind", "'tariff' is unknown"),
    (EVENTS, "tighten", "harden", 2, "stance", "'harden' is unknown"),
    (EVENTS, ",true,", ",yes,", 2, "paper_shock", "use one of false, true"),
    (EVENTS, "month only", "rumour", 3, "certainty", "'rumour' is unknown"),
    (EVENTS, ",card\n", ",\n", 3, "source", "is empty"),
    (BREAKS, "2018-10-21T23", "2018-10-21T24", 2, "from_utc", "not an hour"),
    (BREAKS, "2018-10-21T23", "2018-10-21", 2, "from_utc", "not an hour"),
    (BREAKS, "2018-10-21T23", "", 2, "from_utc", "is empty"),
    (BREAKS, "2018-10-22T01", "2018-10-22T1", 2, "to_utc", "not an hour"),
    (BREAKS, "2018-10-22T01", "2018-10-21T22", 2, "to_utc", "lies before from_utc"),
    (BREAKS, "gharchive,all", "GH Archive,all", 2, "source", "not an upstream"),
    (BREAKS, "WatchEvent", "", 3, "affects", "is empty"),
    (BREAKS, "WatchEvent,loss", "WatchEvent,lost", 3, "effect", "'lost' is unknown"),
]


@pytest.mark.parametrize(("file", "old", "new", "line", "field", "words"), BAD_CELLS)
def test_one_bad_cell_is_reported_once_with_its_place(
    folder: ReferenceFolder, file: str, old: str, new: str, line: int, field: str, words: str
) -> None:
    load_reference(folder.path)
    folder.edit(file, old, new)
    (fault,) = folder.faults()
    assert (fault.file, fault.line, fault.field) == (file, line, field)
    assert words in fault.message


# file, what stands in the valid file, and an unusual value that is right
GOOD_CELLS = [
    (REPOSITORIES, "1,acme/model,", f"{2**63 - 1},acme/model,"),
    (REPOSITORIES, ",beta/tool,", f",{'b' * 39}/{'t' * 100},"),
    (REPOSITORIES, ",beta/tool,", ",01-ai/.github_-.x,"),
    (REPOSITORIES, ",beta,\n", ",beta,US\n"),
    (FAMILIES, "beta-lm,", "beta-lm-2,"),
    (FAMILIES, "2024-02-29", "2000-02-29"),
    (ECONOMIES, "327167434", "0"),
    (EVENTS, ",US,", ",EU,"),
    (EVENTS, "A model", "Controls (2)"),
    (BREAKS, "2018-10-22T01", "2018-10-21T23"),
]


@pytest.mark.parametrize(("file", "old", "new"), GOOD_CELLS)
def test_an_unusual_but_right_cell_is_accepted(
    folder: ReferenceFolder, file: str, old: str, new: str
) -> None:
    folder.edit(file, old, new)
    load_reference(folder.path)
