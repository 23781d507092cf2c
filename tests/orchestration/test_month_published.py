"""What of the sandbox's month is published: figures of cells, and nothing of a single person."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.summary import print_summary
from sandbox.events import EVENT_TYPES
from tests.orchestration.conftest import (
    EVENT_GROUPS,
    GROUPINGS,
    LAST,
    NOW,
    PERIODS,
    PLAIN,
    SCOPES,
    Month,
)


def published(month: Month) -> Iterator[tuple[str, pa.Table]]:
    """The published tables that are made of what people did, by name."""
    reference = {"economies", "country_groupings", "policy_events", "upstream_breaks"}
    files = sorted((month.settings.data / "published" / "current").glob("*.parquet"))
    found = [(file.stem, pq.read_table(file)) for file in files if file.stem not in reference]
    assert len(found) == 11
    return iter(found)


def test_nothing_published_is_of_a_single_person(month: Month) -> None:
    """No value of any mart is an account number, a login, an address or a profile's text."""
    people = month.world.account_by_id.values()
    words = {text for person in people for text in (person.login, person.location, person.company)}
    words |= {each.author_email for history in month.world.commits.values() for each in history}
    # Account numbers under 10,000 are numbers that a count may be too.
    numbers = {person.github_id for person in people if person.github_id >= 10_000}
    assert len(words) > 3_000
    assert len(numbers) > 2_000
    for name, rows in published(month):
        for column in rows.column_names:
            values = set(rows[column].to_pylist()) - {None}
            if pa.types.is_string(rows[column].type):
                assert not values & words, (name, column)
                assert not [value for value in values if "@" in value], (name, column)
            elif pa.types.is_integer(rows[column].type):
                assert not values & numbers, (name, column)


def test_the_words_of_the_published_marts_are_codes_and_names_of_cells(month: Month) -> None:
    economies = month.warehouse.query("SELECT iso2 FROM core.economies")["iso2"].to_pylist()
    codes = {*economies, "XX", "ZZ", None}
    families = month.warehouse.query("SELECT family FROM core.model_families")["family"].to_pylist()
    allowed = {
        "measure": {"models", "downloads_30d", "downloads_all_time"},
        "author_country_iso2": {*codes, "any"},
        "origin_iso2": {*codes, "any"},
        "root_family": {*families, "any"},
        "relation": {
            "any",
            "derivative",
            "release",
            "finetune",
            "quantized",
            "adapter",
            "merge",
            "unstated",
        },
        "dimension": {"root_family", "origin_iso2"},
        "state": {"complete"},
        "period": PERIODS,
        "scope": SCOPES,
        "event_group": EVENT_GROUPS,
        "grouping": GROUPINGS,
        "capture_status": {"sound", "degraded", "unknown"},
        "status": {"sound", "degraded", "unknown"},
        "source": {"gharchive", "opendigger", "github_events", "combined"},
        "yardstick": {"two_sources", "star_history", "volume", "calendar", "none"},
        "event_type": {*EVENT_TYPES, None},
        "innovation_graph_quarter": {None, "2024Q1", "2024Q2", "2024Q3", "2024Q4"},
    }
    for name, rows in published(month):
        for column in rows.column_names:
            # Capture in words holds figures and event types.
            if pa.types.is_string(rows[column].type) and column != "message":
                assert set(rows[column].to_pylist()) <= allowed.get(column, codes), (name, column)


def test_what_is_published_of_the_derived_marts_is_shown_in_the_shares_too(month: Month) -> None:
    tables_of = dict(published(month))
    keys = ["activity_date", "scope", "event_group", "grouping", "country_iso2"]
    weeks = {
        tuple(row[key] for key in keys)
        for row in tables_of["engagement"].to_pylist()
        if row["period"] == "week"
    }
    for row in tables_of["engagement_index"].to_pylist():
        assert tuple(row[key] for key in keys) in weeks
    for row in tables_of["country_ratio"].to_pylist():
        for share, country in (("share", "country_iso2"), ("other_share", "other_iso2")):
            shown = (*(row[key] for key in keys[:-1]), row[country]) in weeks
            assert shown or row[share] is None
    assert min(tables_of["attribution_reliability"]["actor_count"].to_pylist()) >= 5


def test_the_hubs_figures_are_published_without_a_model_or_an_author(month: Month) -> None:
    tables_of = dict(published(month))
    assert tables_of["diffusion_hub"].num_rows > 300
    assert tables_of["hub_concentration"].num_rows > 20
    (snapshot,) = tables_of["hub_snapshots"].to_pylist()
    assert (snapshot["snapshot_date"], snapshot["state"]) == (NOW.date(), "complete")
    names = {name for rows in tables_of.values() for name in rows.column_names}
    assert not {"model_id", "root_model_id", "hub_id", "author"} & names


def test_the_summary_gives_the_newest_shares_with_their_intervals(
    month: Month, capsys: pytest.CaptureFixture[str]
) -> None:
    print_summary(month.settings, LAST, 12.3)
    printed = capsys.readouterr().out
    (row,) = month.warehouse.query(
        f"SELECT share, share_ci_low, share_ci_high FROM mart.engagement WHERE {PLAIN} "  # noqa: S608
        "AND event_group = 'attention' AND country_iso2 = 'CN' AND activity_date = ?",
        [LAST],
    ).to_pylist()
    (line,) = (line for line in printed.splitlines() if line.startswith("  CN "))
    for figure in row.values():
        assert f"{figure:.1%}" in line
    assert "sandbox: synthetic figures" in printed
    assert "cn-attention-share-high: firing" in printed
    assert "messages: 3, of which Slack took 3" in printed
    (hub,) = month.warehouse.query(
        "SELECT share FROM mart.diffusion_hub WHERE origin_iso2 = 'CN' AND root_family = 'any' "
        "AND author_country_iso2 = 'any' AND relation = 'derivative' AND measure = 'models'"
    ).to_pylist()
    (line,) = (line for line in printed.splitlines() if line.startswith("  derivatives "))
    assert f"{hub['share']:.1%}" in line
