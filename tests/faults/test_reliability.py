"""The table of kinds and the page about them name the same, and the tests that are there."""

from tests.conftest import ROOT
from tests.faults.kinds import KINDS, NAMES
from tests.faults.reliability import PAGE


def test_the_page_names_the_kinds_of_the_table_and_no_other() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows[1:]] == [
        kind.name for kind in KINDS
    ]


def test_there_are_forty_kinds_and_each_is_tried_by_tests_that_are_there() -> None:
    assert len(NAMES) == len(KINDS) >= 40
    for kind in KINDS:
        for test in kind.tests:
            path, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / path).read_text(), test
