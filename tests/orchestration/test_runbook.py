"""The runbook has a section for each rule and check, and names nothing that is not there."""

import re
from pathlib import Path

import dagster as dg
import pytest

from assets.alerting.rule_kinds import RuleBase
from assets.alerting.rules import load_rules
from assets.upkeep.sources import OTHERS, archive
from orchestration.definitions import build_definitions
from orchestration.resources import build_resources
from orchestration.settings import NAMES, ROOT, load_settings

TEXT = (ROOT / "docs" / "runbook.md").read_text()
SECTIONS = dict(re.findall(r"^### (.+?)\n(.+?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL))
RULES = load_rules(ROOT / "assets" / "alerting" / "rules.yaml").rules
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
CODE = [
    path
    for folder in ("assets", "checks", "orchestration", "resources", "docs")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".md", ".yaml"}
]


def anchor(heading: str) -> str:
    """The anchor that a Markdown page gives a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


ANCHORS = {anchor(each) for each in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)}


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions(load_settings({}))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_is_named_in_the_section_of_its_kind(rule: RuleBase) -> None:
    kind = str(getattr(rule, "kind", ""))
    assert f"`{rule.id}`" in SECTIONS[kind]


def test_each_check_has_a_section_that_names_its_asset(definitions: dg.Definitions) -> None:
    keys = definitions.resolve_asset_graph().asset_check_keys
    assert keys
    for key in keys:
        assert f"`{'.'.join(key.asset_key.path)}`" in SECTIONS[key.name], key.name


def test_each_check_that_blocks_says_so(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    says = {key.name: "; blocks." in SECTIONS[key.name] for key in graph.asset_check_keys}
    assert says == {key.name: graph.get(key).blocking for key in graph.asset_check_keys}


def test_each_source_is_in_the_table_with_its_times() -> None:
    resources = build_resources(load_settings({}))
    archives = [archive(resources[name].name) for name in ("archive", "second_archive")]
    for source in (*archives, *OTHERS):
        (row,) = [line for line in TEXT.splitlines() if re.match(rf"\|.*`{source.name}`", line)]
        hours = source.tolerated.total_seconds() / 3600
        said = row.split("|")[3].strip()
        assert said == (f"{hours:.0f} h" if hours <= 24 else f"{hours / 24:.0f} days")


def test_what_it_names_is_there() -> None:
    named = set(re.findall(r"`make ([a-z-]+)", TEXT)) | set(
        re.findall(r"^make ([a-z-]+)", TEXT, re.MULTILINE)
    )
    assert named <= TARGETS
    assert set(re.findall(r"OBSERVATORY_[A-Z_]*[A-Z]", TEXT)) <= set(NAMES)
    files = set(re.findall(r"`(assets/[a-z_/.]+)`", TEXT))
    assert all((ROOT / each).exists() for each in files)


def test_each_error_that_stops_something_is_named() -> None:
    public = {
        name
        for path in CODE
        if path.suffix == ".py"
        for name in re.findall(r"^class ([A-Z]\w+Error)\b", path.read_text(), re.MULTILINE)
    }
    # What is set aside row by row, tried again, or made anew stops nothing; Slack's wait in the
    # outbox, whose list gives their reasons.
    harmless = {
        name
        for name in public
        if name.startswith(("Malformed", "Slack"))
        or name in {"UpstreamError", "TransientUpstreamError", "PermanentUpstreamError"}
        or name in {"NotFoundError", "DamagedIndexError"}
    }
    named = set(re.findall(r"\b[A-Z][A-Za-z]+Error\b", TEXT))
    assert public - harmless <= named
    assert named - public == {"NoCredentialsError", "PermissionError"}


def test_what_points_to_it_points_to_a_section() -> None:
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in CODE
        for name in pointed_to(path)
        if name not in ANCHORS
    }
    assert wrong == set()
    assert "no_partition_left" in pointed_to(ROOT / "checks" / "upkeep.py")


def pointed_to(path: Path) -> list[str]:
    """Names of the runbook's sections that a file points to."""
    text = path.read_text()
    own = r"|\]\(#([\w-]+)\)" if path.name == "runbook.md" else ""
    found = re.findall(rf"runbook\.md#([\w-]+)|\{{RUNBOOK\}}#([\w-]+){own}", text)
    return [name for groups in found for name in groups if name]
