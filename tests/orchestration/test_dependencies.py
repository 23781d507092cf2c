"""Licences of what is installed are allowed or answered; the audit says what it did and did not."""

import json
import re
import sys

import pytest

from orchestration.dependencies import (
    ANSWERED,
    LOCK,
    PAGE,
    Licence,
    audit,
    faults,
    licences,
    render,
)

FOUND = licences()


def test_every_licence_is_allowed_or_answered_and_no_answer_is_of_nothing() -> None:
    assert faults(FOUND) == []
    assert len(FOUND) > 100
    asked = {each.package for each in FOUND if not each.is_allowed}
    # Of a choice one is allowed, and it is said which.
    assert asked <= set(ANSWERED) <= asked | {"marisa-trie"}
    assert not {"pytest", "mypy", "bandit"} & {each.package for each in FOUND}


@pytest.mark.parametrize(
    ("text", "is_allowed"),
    [
        ("MIT", True),
        ("MIT AND PSF-2.0", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT AND (BSD-2-Clause OR LGPL-2.1-or-later)", False),
        ("GPL-3.0-or-later", False),
        ("MPL-2.0", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_a_licence_is_allowed_where_all_of_its_parts_are(text: str, is_allowed: bool) -> None:
    licence = Licence("a-package", text)
    assert licence.is_allowed is is_allowed
    assert bool(faults([licence])) is not is_allowed


def test_the_page_of_licences_is_as_the_packages_say() -> None:
    """`make licences` writes it, under one Python; others need a package more or less."""
    page = PAGE.read_text()
    rows = dict(re.findall(r"^\| ([\w.-]+) \| (.*)$", page, re.MULTILINE))
    for each in FOUND:
        assert rows[each.package] == render([each]).splitlines()[-1].split(" | ", 1)[1]
    locked = set(re.findall(r"^([\w.-]+)(?:\[\w+\])?==", LOCK.read_text(), re.MULTILINE))
    assert set(rows) - {"package"} <= locked


def answering(dependencies: list[dict[str, object]]) -> list[str]:
    return [sys.executable, "-c", f"print({json.dumps({'dependencies': dependencies})!r})"]


WELL: dict[str, object] = {"name": "a", "version": "1", "vulns": []}
WEAK: dict[str, object] = {
    "name": "b",
    "version": "2",
    "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}],
}
SKIPPED: dict[str, object] = {"name": "c", "skip_reason": "not found"}


def test_a_known_vulnerability_fails_and_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(answering([WELL, WEAK, SKIPPED])) == 1
    said = capsys.readouterr().err
    assert "b 2: CVE-1, mended in 3" in said
    assert "NOT DONE for 1 of 3 packages" in said


def test_none_is_said_only_where_all_were_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(answering([WELL])) == 0
    assert "1 packages, 0 known" in capsys.readouterr().out
    assert audit(answering([WELL, SKIPPED])) == 0
    said = capsys.readouterr()
    assert "NOT DONE for 1 of 2" in said.err
    assert said.out == ""


def test_an_index_that_cannot_be_reached_is_said_and_is_no_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert audit([sys.executable, "-c", "raise OSError('no network')"]) == 0
    assert "NOT DONE: the package index could not be reached" in capsys.readouterr().err
