"""What of the sandbox's month is published: figures of cells, and nothing of a single person."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.alerting import rules as rules_module
from assets.alerting.rules import load_rules
from assets.alerting.states import State
from assets.shifts.shock_effects import POOLED_CONTROLS, POOLED_PAPER
from orchestration.summary import print_summary
from sandbox.events import EVENT_TYPES
from sandbox.node_ids import user_node_id
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
from tests.written_bytes import pieces

RULES = load_rules(Path(rules_module.__file__).with_name("rules.yaml")).rules
# What may be an address, a commit's name, an account's node, or an account's number.
EMAIL = re.compile(rb"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+")
SHA = re.compile(rb"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")
NODE = re.compile(rb"U_[\w-]{8,12}")
NUMBER = re.compile(rb"(?<![\d.])\d{7,9}(?![\d.])")
PEOPLE = re.compile(r"(actor|account|person|people|author|developer)_count$")
COUNTS_OF_PEOPLE = [
    ("attribution_reliability", "actor_count"),
    ("concentration", "total_actor_count"),
    ("country_activity", "actor_count"),
    ("engagement", "actor_count"),
    ("engagement", "located_actor_count"),
    ("engagement", "total_actor_count"),
]
RULE_IDS = {rule.id for rule in RULES}
KEY = ("activity_date", "period", "event_group", "country_iso2")


def published(month: Month) -> Iterator[tuple[str, pa.Table]]:
    """The published tables that are made of what people did, by name."""
    reference = {"economies", "country_groupings", "policy_events", "upstream_breaks", "vintage"}
    files = sorted((month.settings.data / "published" / "current").glob("*.parquet"))
    found = [(file.stem, pq.read_table(file)) for file in files if file.stem not in reference]
    assert len(found) == 18
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


def test_no_byte_that_is_published_sent_or_shown_names_or_numbers_a_person(month: Month) -> None:
    """Every published file, unpacked; Slack's messages and their rows; Dagster's events; Data Docs.

    Each invented login, and with it most addresses and authors' names, has `-sbx` in it.
    """
    data = month.settings.data
    people = [each for each in month.world.account_by_id.values() if not each.is_bot]
    assert all("-sbx" in each.login for each in people)
    commits = [each for history in month.world.commits.values() for each in history]
    emails = {each.author_email.lower() for each in commits}
    ids = {str(each.github_id) for each in people if each.github_id >= 1_000_000}
    shas = {each.sha for each in commits}
    nodes = {user_node_id(each.github_id) for each in people}
    assert min(map(len, (emails, ids, shas, nodes))) > 500
    sent = [("Slack", json.dumps(month.server.slack_messages()).encode())]
    outbox = month.warehouse.query("SELECT * FROM ops.outbox").to_pylist()
    sent.append(("outbox", repr(outbox).encode()))
    assert all(len(content) > 1_000 for _, content in sent)
    shown = [(data / name, pieces(data / name)) for name in ("published", "great_expectations")]
    shown.append((data / "dagster", pieces(data / "dagster")))
    kinds = set()
    for name, content in [*sent, *(each for folder, found in shown for each in found)]:
        kinds.add(Path(name.split(":")[0]).suffix)
        assert b"-sbx" not in content, name
        assert b"Sandbox Author" not in content, name  # of papers
        assert not {each.decode().lower() for each in EMAIL.findall(content)} & emails, name
        assert not {each.decode() for each in SHA.findall(content)} & shas, name
        assert not {each.decode() for each in NODE.findall(content)} & nodes, name
        assert not {each.decode() for each in NUMBER.findall(content)} & ids, name
    assert kinds >= {"", ".parquet", ".duckdb", ".html", ".json"}


def test_no_count_of_people_in_any_published_file_is_of_one_to_four(month: Month) -> None:
    """DuckDB and Parquet, every table and every column that counts accounts of whatever name."""
    counted: list[tuple[str, str]] = []
    with duckdb.connect() as connection:
        folder = month.settings.data / "published" / "current"
        connection.execute(f"ATTACH '{folder / 'observatory.duckdb'}' AS it (READ_ONLY)")
        names = [row[0] for row in connection.execute("SHOW TABLES FROM it").fetchall()]
        both = [(name, connection.table(f'it."{name}"').to_arrow_table()) for name in names]
    for name, rows in [*both, *published(month)]:
        for column in [each for each in rows.column_names if PEOPLE.search(each)]:
            counted.append((name, column))
            small = set(rows[column].to_pylist()) & {1, 2, 3, 4}
            assert not small, (name, column)
    assert sorted(counted) == sorted(2 * COUNTS_OF_PEOPLE)  # in both forms


def test_the_words_of_the_published_marts_are_codes_and_names_of_cells(month: Month) -> None:
    economies = month.warehouse.query("SELECT iso2 FROM core.economies")["iso2"].to_pylist()
    codes = {*economies, "XX", "ZZ", None}
    families = month.warehouse.query("SELECT family FROM core.model_families")["family"].to_pylist()
    policies = month.warehouse.query("SELECT name FROM core.policy_events")["name"].to_pylist()
    allowed = {
        "measure": {
            "models",
            "downloads_30d",
            "downloads_all_time",
            "log_accounts",
            "log_events",
            "logit_located_share",
            "forks_per_repository_week",
        },
        "shock_name": {*policies, POOLED_PAPER, POOLED_CONTROLS},
        "method": {"segmented", "event_study", "paper", "paper_located"},
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
        "period": PERIODS,
        "scope": SCOPES,
        "event_group": EVENT_GROUPS,
        "grouping": GROUPINGS,
        "capture_status": {"sound", "degraded", "unknown"},
        "status": {"sound", "degraded", "unknown", "too_few_weeks", "too_few_shocks"},
        "source": {"gharchive", "opendigger", "github_events", "combined"},
        "yardstick": {"two_sources", "star_history", "volume", "calendar", "none"},
        "event_type": {*EVENT_TYPES, None},
        "rule_id": RULE_IDS,
        "alert_id": {
            *RULE_IDS,
            *(f"attention-share-change:{code}" for code in economies),
            *(f"contribution-share-change:{code}" for code in economies),
            *(
                f"upstream-capture:{source}:{group}"
                for source in ("gharchive", "opendigger", "github_events")
                for group in EVENT_GROUPS
            ),
        },
        "state": {*State, "complete"},
        "user_kind": {"us_company", "us_education", "us_all", "all", "country"},
        "stage": {"firing", "resolved"},
        "delivery": {"delivered"},
        "basis": {"filing", "publication"},
        "document_kind": {"grant", "application", "any"},
        "innovation_graph_quarter": {None, "2024Q1", "2024Q2", "2024Q3", "2024Q4"},
    }
    tables_of = dict(published(month))
    log = tables_of.pop("alert_log").drop_columns(["kind"])
    assert log.num_rows > 3
    for title in log["title"].to_pylist():
        assert title.endswith(tuple(rule.title for rule in RULES))
    for key in log["message_key"].to_pylist():
        assert key.partition(":")[0] in RULE_IDS
    tables_of["alert_log"] = log.drop_columns(["title", "message_key"])
    for name, rows in tables_of.items():
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
    assert "messages: 13, of which Slack took 13" in printed
    assert f"page        {page_of(month)}" in printed
    (hub,) = month.warehouse.query(
        "SELECT share FROM mart.diffusion_hub WHERE origin_iso2 = 'CN' AND root_family = 'any' "
        "AND author_country_iso2 = 'any' AND relation = 'derivative' AND measure = 'models'"
    ).to_pylist()
    (line,) = (line for line in printed.splitlines() if line.startswith("  derivatives "))
    assert f"{hub['share']:.1%}" in line


def page_of(month: Month) -> Path:
    return month.settings.data / "published" / "current" / "index.html"


def test_the_page_of_the_month_lies_beside_its_files_and_says_which_vintage_it_is(
    month: Month,
) -> None:
    text = page_of(month).read_text(encoding="utf-8")
    (row,) = pq.read_table(page_of(month).with_name("vintage.parquet")).to_pylist()
    assert row["vintage"] == page_of(month).parent.resolve().name
    assert f"vintage {row['vintage']}, published 2024-12-17" in text
    assert row["run_id"] in text
    assert "<strong>Synthetic data.</strong>" in text


def test_the_page_names_the_days_of_the_planted_loss_by_source_and_event_group(
    month: Month,
) -> None:
    """2024-12-09 and 10 in the first archive's stars, and nothing else of it."""
    text = page_of(month).read_text(encoding="utf-8")
    lost = re.findall(
        r"<bdi>gharchive</bdi></th><td>(.*?)</td><td.*?>(.*?)</td><td>(.*?)</td>", text
    )
    assert lost == [("attention", "2", "2024-12-09 to 2024-12-10")]
    assert "gharchive on 2 days" in text


def test_figures_on_the_page_are_those_of_the_published_files_and_of_the_summary(
    month: Month, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest headline: on the page, in its CSV, in the Parquet file and on the terminal."""
    text = page_of(month).read_text(encoding="utf-8")
    print_summary(month.settings, LAST, 1.0)
    (line,) = (x for x in capsys.readouterr().out.splitlines() if x.startswith("  CN "))
    rows = pq.read_table(page_of(month).with_name("engagement.parquet")).to_pylist()
    cells = {
        tuple(str(row[name]) for name in KEY): row
        for row in rows
        if (row["scope"], row["grouping"]) == ("tracked", "apart")
    }
    newest = cells[str(LAST), "day", "attention", "CN"]
    for name in ("share", "share_ci_low", "share_ci_high"):
        figure = f"{100 * newest[name]:.1f}"
        assert figure in text
        assert f"{figure}%" in line
    islands = re.findall(r'class="figure-data">(.*?)</script>', text)
    end = f"-{page_of(month).parent.resolve().name}.csv"
    data = {each["file"].removesuffix(end): each for each in map(json.loads, islands)}
    every = csv.DictReader(io.StringIO(data["engagement"]["csv"]))
    shown = [row for row in every if row["grouping"] in ("apart", "")]
    assert len(shown) > 1_000
    compared = 0
    for row in shown:
        published_row = cells.get(tuple(row[name] for name in KEY))
        for name in ("share", "share_ci_low", "share_ci_high", "unknown_share"):
            if published_row is None:
                assert row[name] == ""
            else:
                assert float(row[name]) == pytest.approx(published_row[name], rel=1e-5)
                compared += 1
    assert compared > 3_000
    coverage = pq.read_table(page_of(month).with_name("coverage.parquet")).to_pylist()
    rates = {
        (str(row["coverage_date"]), row["source"], row["event_group"]): row["capture_rate"]
        for row in coverage
        if row["scope"] == "tracked" and row["event_type"] is None
    }
    for row in csv.DictReader(io.StringIO(data["capture-rates"]["csv"])):
        rate = rates[row["coverage_date"], row["source"], row["event_group"]]
        assert row["capture_rate"] == ("" if rate is None else str(float(f"{rate:.6g}")))
