"""Nothing that the documentation names is missing: files, headings, commands, settings."""

from pathlib import Path

import pytest

from orchestration.settings import ROOT
from tests.docs.links import anchors, faults, links, make_commands, make_targets

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(path for folder in ("assets", "sandbox") for path in (ROOT / folder).rglob("*.md")),
    ]
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_all_that_a_page_names_is_there(page: Path) -> None:
    assert faults(page) == []


def test_the_pages_are_those_that_people_read() -> None:
    names = {str(page.relative_to(ROOT)) for page in PAGES}
    assert names >= {
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/guide.md",
        "docs/methods.md",
        "docs/runbook.md",
        "docs/operations.md",
        "docs/adr/0001-layout-and-storage.md",
        "assets/reference/README.md",
        "sandbox/README.md",
    }
    assert len(links((ROOT / "README.md").read_text())) > 15


def test_each_page_of_the_docs_is_led_to_from_the_readme() -> None:
    known = {
        (ROOT / each.split("#")[0]).resolve() for each in links((ROOT / "README.md").read_text())
    }
    assert {page for page in (ROOT / "docs").glob("*.md") if page not in known} == set()


def test_what_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("run: x ## Run\n\t@go $(FROM) $(if $(ORDER),y) $$TEXT\n")
    (tmp_path / "other.md").write_text("# Here\n```\n# not a heading\n```\n## Here\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md#here) [b](other.md#here-1) [c](#own--one) [d](https://example.org/x)\n"
        "# Own & one\n`make run FROM=1 ORDER=x TEXT=y` and make believe, `[x](in-code.md)`\n"
        "`python -m orchestration.cli run`, `OBSERVATORY_DATA`\n"
    )
    assert faults(page, tmp_path) == []
    page.write_text(
        "[a](other.md#not-a-heading) [b](gone.md) ![c](gone.png) [d](ftp://example.org) [e](../x)\n"
        "[f](https://nowhere) `make fly`, `make run TO=1`, OBSERVATORY_NONE\n"
        "```\npython -m orchestration.none\n```\n[g]: lost.md\n"
    )
    assert faults(page, tmp_path) == [
        "other.md#not-a-heading: no such heading",
        "gone.md: no such file",
        "gone.png: no such file",
        "ftp://example.org: no http or https address",
        "../x: leads out of the repository",
        "https://nowhere: no http or https address",
        "lost.md: no such file",
        "make fly: no such target",
        "make run TO=: not read",
        "python -m orchestration.none: no such module",
        "OBSERVATORY_NONE: no such setting",
    ]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Accounts without a location", "accounts-without-a-location"),
        ("What `make run` does", "what-make-run-does"),
        ("[ADR 1](adr/1.md): why?", "adr-1-why"),
        ("GitHub's events, and C++", "githubs-events-and-c"),
        ("Läufe & Tage", "läufe--tage"),
        ("snake_case stays", "snake_case-stays"),
    ],
)
def test_an_anchor_is_made_as_github_makes_it(heading: str, anchor: str) -> None:
    assert anchors(f"## {heading}\n") == {anchor}


def test_the_makefiles_targets_and_what_they_read_are_found() -> None:
    targets = make_targets(ROOT)
    assert targets["backfill"] >= {"FROM", "TO", "ORDER", "FRESH"}
    assert targets["attribute"] >= {"TEXT"}
    assert "FROM" not in targets["doctor"]
    assert make_commands("make PYTHON=python3.12 run; make hub FROM=a TO=b") == [
        ("run", []),
        ("hub", ["FROM", "TO"]),
    ]
