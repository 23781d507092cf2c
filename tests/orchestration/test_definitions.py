"""The code location: it loads, says one name everywhere, and documents every asset."""

import re
import tomllib
from datetime import date, timedelta

import dagster as dg
import pytest
import yaml

from assets.flow import FLOW
from orchestration.definitions import build_definitions
from orchestration.settings import load_settings
from tests.conftest import ROOT

ASSETS = {
    "activity": [
        "core/actor_days",
        "core/events",
        "raw/archive_events",
        "raw/archive_hours",
        "raw/archive_totals",
        "raw/commit_authors",
        "raw/commits",
        "raw/repository_events",
        "raw/repository_polls",
        "raw/star_history",
    ],
    "alerting": ["ops/alerts"],
    "attribution": [
        "core/actor_country",
        "core/actor_evidence",
        "core/attribution_model",
        "mart/attribution_reliability",
        "raw/actor_profiles",
    ],
    "baseline": ["core/innovation_graph"],
    "coverage": ["core/coverage"],
    "diffusion": [
        "core/hub_lineage",
        "core/hub_snapshots",
        "core/paper_mentions",
        "mart/diffusion_hub",
        "mart/diffusion_papers",
        "mart/hub_concentration",
        "ops/paper_askings",
        "ops/paper_quarantine",
        "raw/hub_models",
        "raw/paper_field_counts",
        "raw/papers",
        "stage/diffusion_papers",
    ],
    "engagement": [
        "mart/concentration",
        "mart/country_activity",
        "mart/country_ratio",
        "mart/crossings",
        "mart/engagement",
        "mart/engagement_index",
        "stage/concentration",
        "stage/engagement",
    ],
    "reference": [
        "core/country_groupings",
        "core/economies",
        "core/hub_authors",
        "core/model_families",
        "core/policy_events",
        "core/tracked_repositories",
        "core/upstream_breaks",
    ],
    "report": ["ops/revisions", "published/page", "published/snapshot"],
    "shifts": ["mart/shock_effects", "mart/shock_leads_lags", "mart/trend_shifts"],
    "upkeep": ["ops/freshness", "ops/inventory"],
    "visibility": [
        "core/patent_mentions",
        "mart/patents",
        "mart/visibility_gap",
        "raw/patent_files",
        "raw/patent_quarantine",
        "raw/patents",
    ],
}
#: What is made of all partitions of others at once.
GATHERED = {
    "mart/patents",
    "mart/shock_effects",
    "mart/shock_leads_lags",
    "mart/trend_shifts",
    "mart/visibility_gap",
}
#: What is asked of GitHub as it is now, of no day.
POLLED = {"repository_events", "repository_polls", "star_history"}
OF_THE_HUB = {
    "diffusion_hub",
    "hub_concentration",
    "hub_lineage",
    "hub_models",
    "hub_snapshots",
}
BLOCKING = {
    "events_suite",
    "actor_country_suite",
    "engagement_suite",
    "papers_suite",
    "diffusion_papers_suite",
    "patents_suite",
    "hub_lineage_suite",
}
WARNING = {
    "no_partition_left",
    "sources_fresh",
    "files_whole",
    "volume_as_usual",
    "published_as_staged",
    "hub_snapshots_whole",
    "shock_effects_hold_together",
    "outbox_delivered",
    "trend_shifts_hold_together",
    "revisions_add_up",
    "old_figures_stand",
    "as_declared",
    "published_whole",
    "page_whole",
}


#: Columns of marts that name a choice of the platform: a method, a window, a pair of countries.
OF_SETTINGS = {
    "base_from_date",
    "base_to_date",
    "basis",
    "country_iso2",
    "dimension",
    "event_cap",
    "lag_months",
    "measure",
    "method",
    "other_iso2",
    "probability_from",
    "probability_to",
    "reference_iso2",
    "use_measure",
    "window_weeks",
}


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions(load_settings({}))


def specs(definitions: dg.Definitions) -> list[dg.AssetSpec]:
    return list(definitions.resolve_all_asset_specs())


def test_the_assets_and_their_groups_are_these(definitions: dg.Definitions) -> None:
    found: dict[str, list[str]] = {}
    for spec in specs(definitions):
        found.setdefault(str(spec.group_name), []).append(spec.key.to_user_string())
    assert {group: sorted(keys) for group, keys in found.items()} == ASSETS


def test_every_asset_is_owned_described_and_has_columns_kinds_and_a_code_version(
    definitions: dg.Definitions,
) -> None:
    for spec in specs(definitions):
        name = spec.key.to_user_string()
        assert spec.owners == ["team:observatory"], name
        assert all(part in str(spec.description) for part in ("Grain", "Source", "Owner")), name
        assert spec.kinds, name
        assert spec.code_version, name
        assert spec.automation_condition is not None, name
        schema = spec.metadata["dagster/column_schema"]
        assert all(column.description for column in schema.columns), name
        assert spec.metadata["dagster/table_name"] == ".".join(spec.key.path), name


def test_every_asset_has_a_check_that_says_what_it_holds_it_to(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    keys = graph.asset_check_keys
    assert {key.asset_key for key in keys} == set(graph.get_all_asset_keys())
    assert [key for key in keys if len(str(graph.get(key).description).split()) < 8] == []


def test_what_runs_is_described_in_words(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    jobs = [each for each in repository.get_all_jobs() if not each.name.startswith("__")]
    found = [*jobs, *repository.schedule_defs, *repository.sensor_defs]
    assert len(found) > 20
    for each in found:
        words = str(each.description or "")
        assert len(words.split()) > 5, each.name
        assert words.endswith("."), each.name


def test_each_mart_says_of_each_column_what_it_is_made_of_in_columns_that_it_reads(
    definitions: dg.Definitions,
) -> None:
    columns = {
        spec.key: {each.name for each in spec.metadata["dagster/column_schema"].columns}
        for spec in specs(definitions)
    }
    marts = [spec for spec in specs(definitions) if spec.key.path[0] == "mart"]
    assert len(marts) == 15
    for spec in marts:
        lineage = spec.metadata["dagster/column_lineage"].deps_by_column
        assert set(lineage) <= columns[spec.key], spec.key
        # Of settings and of the calendar alone, not of columns.
        assert columns[spec.key] - set(lineage) <= OF_SETTINGS, spec.key
        for name, sources in lineage.items():
            for source in sources:
                assert source.asset_key in {dep.asset_key for dep in spec.deps}, (spec.key, name)
                assert source.column_name in columns[source.asset_key], (spec.key, name, source)


def test_every_asset_leads_on_to_page_data_docs_and_runbook(definitions: dg.Definitions) -> None:
    headings = set(re.findall(r"^### (.+)$", (ROOT / "docs" / "runbook.md").read_text(), re.M))
    checks: dict[dg.AssetKey, set[str]] = {}
    for key in definitions.resolve_asset_graph().asset_check_keys:
        checks.setdefault(key.asset_key, set()).add(key.name)
    for spec in specs(definitions):
        found = re.findall(r"docs/runbook\.md#(\w+)", str(spec.metadata["runbook"]))
        assert checks[spec.key] | {"failed_run"} <= set(found) <= headings
        assert isinstance(spec.metadata["page"], dg.PathMetadataValue)
        assert isinstance(spec.metadata["data_docs"], dg.PathMetadataValue)


def test_the_page_is_a_link_where_readers_reach_it() -> None:
    named = {"OBSERVATORY_PAGE_URL": "https://observatory.example/page"}
    spec = specs(build_definitions(load_settings(named)))[0]
    assert spec.metadata["page"] == dg.MetadataValue.url("https://observatory.example/page")


def test_groups_read_of_those_before_them_in_the_flow(definitions: dg.Definitions) -> None:
    groups = {spec.key: str(spec.group_name) for spec in specs(definitions)}
    assert set(groups.values()) == set(FLOW)
    backwards = {
        (spec.group_name, groups[dep.asset_key])
        for spec in specs(definitions)
        for dep in spec.deps
        if FLOW.index(groups[dep.asset_key]) > FLOW.index(str(spec.group_name))
    }
    assert backwards == set()


def test_assets_are_partitioned_by_utc_day_week_or_month_since_2022(
    definitions: dg.Definitions,
) -> None:
    for spec in specs(definitions):
        is_gathered = spec.key.to_user_string() in GATHERED
        is_whole = is_gathered or spec.key.path[-1] in POLLED
        if spec.group_name in {"reference", "baseline", "upkeep"} or is_whole:
            assert spec.partitions_def is None
            continue
        assert isinstance(spec.partitions_def, dg.TimeWindowPartitionsDefinition)
        first = spec.partitions_def.get_first_partition_window()
        assert first is not None
        start = "2022-01-01T00:00:00+00:00"
        if spec.key.path[-1] in OF_THE_HUB:
            assert (first.start.isoformat(), (first.end - first.start).days) == (start, 1)
            continue
        expected = {"diffusion": (start, 31), "visibility": ("2022-01-04T00:00:00+00:00", 7)}
        found = (first.start.isoformat(), (first.end - first.start).days)
        assert found == expected.get(str(spec.group_name), (start, 1))


def test_the_hubs_snapshots_have_a_partition_for_today_and_other_days_have_none(
    definitions: dg.Definitions,
) -> None:
    last: dict[bool, set[date]] = {True: set(), False: set()}
    for spec in specs(definitions):
        if isinstance(spec.partitions_def, dg.DailyPartitionsDefinition):
            key = spec.partitions_def.get_last_partition_key()
            assert key is not None
            last[spec.key.path[-1] in OF_THE_HUB].add(date.fromisoformat(key))
    assert {day - timedelta(days=1) for day in last[True]} == last[False]


def test_checks_block_where_a_wrong_figure_would_be_published(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    blocking = {key.name: graph.get(key).blocking for key in graph.asset_check_keys}
    assert {name for name, blocks in blocking.items() if blocks} == BLOCKING
    assert {name for name, blocks in blocking.items() if not blocks} == WARNING


def test_nothing_is_published_that_does_not_rest_on_a_blocking_check(
    definitions: dg.Definitions,
) -> None:
    """Every mart that is published lies downstream of a table whose check blocks."""
    graph = definitions.resolve_asset_graph()
    guarded = {key.asset_key for key in graph.asset_check_keys if graph.get(key).blocking}
    for mart in graph.get(dg.AssetKey(["published", "snapshot"])).parent_keys:
        above = graph.get_ancestor_asset_keys(mart) | {mart}
        assert guarded & above, mart.to_user_string()


def test_sensors_are_on_by_default(definitions: dg.Definitions) -> None:
    sensors = {sensor.name: sensor.default_status for sensor in definitions.sensors or []}
    assert set(sensors) == {
        "daily_automation", "operations", "revisit_days", "revisit_sundays", "revisit_weeks",
        "busy_repositories", "heartbeat", "dead_runs",
    }  # fmt: skip
    assert set(sensors.values()) == {dg.DefaultSensorStatus.RUNNING}


def test_the_code_location_has_one_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text())
    names = {
        project["dagster"]["code_location_name"],
        project["dg"]["project"]["code_location_name"],
        workspace["load_from"][0]["python_file"]["location_name"],
    }
    assert names == {"observatory"}


def test_the_lock_names_no_download_address_and_hashes_everything() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    pinned = [line for line in text.splitlines() if line and line[0] not in " #"]
    assert all("==" in line for line in pinned)
    assert text.count("--hash=sha256:") >= len(pinned)


def test_no_token_is_in_what_dagster_keeps_or_shows() -> None:
    from dagster._core.remote_representation.external_data import RepositorySnap
    from dagster._serdes import serialize_value

    tokens = {
        "OBSERVATORY_GITHUB_TOKEN": "ghp_planted-secret",
        "OBSERVATORY_SLACK_TOKEN": "xoxb-planted-secret",
        "OBSERVATORY_HASH_KEY": "key-planted-secret",
        "OBSERVATORY_USPTO_KEY": "uspto-planted-secret",
        "OBSERVATORY_OPENALEX_KEY": "openalex-planted-secret",
        "OBSERVATORY_HUB_TOKEN": "hf_planted-secret",
    }
    repository = build_definitions(load_settings(tokens)).get_repository_def()
    kept = serialize_value(RepositorySnap.from_def(repository))
    for job in ("daily", "papers", "hub_snapshot"):
        kept += serialize_value(repository.get_job(job).get_job_snapshot())
    assert "OBSERVATORY_SLACK_TOKEN" in kept
    assert "planted-secret" not in kept
