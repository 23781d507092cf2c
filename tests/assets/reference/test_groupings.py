"""Country groupings: one that a reader adds, and what makes no grouping."""

import pytest

from assets.reference.loader import load_reference
from assets.reference.model import CountryGrouping
from assets.reference.rows import reference_rows
from assets.reference.tables import COUNTRY_GROUPINGS
from tests.assets.reference.conftest import ECONOMIES, GROUPINGS, ReferenceFolder


def test_a_grouping_is_read_as_written(folder: ReferenceFolder) -> None:
    assert load_reference(folder.path).country_groupings == (
        CountryGrouping("two_as_one", "CN", "CN", "Both"),
        CountryGrouping("two_as_one", "US", "CN", "Both"),
    )


def test_a_reader_may_add_a_grouping_of_other_countries_or_other_groups(
    folder: ReferenceFolder,
) -> None:
    path = folder / GROUPINGS
    path.write_text(path.read_text() + "reversed,CN,US,Turned\nreversed,US,US,Turned\n")
    rows = reference_rows(load_reference(folder.path))[COUNTRY_GROUPINGS].to_pylist()
    groups = [(row["grouping"], row["country_iso2"], row["group_code"]) for row in rows]
    assert groups == [
        ("apart", "CN", "CN"),
        ("apart", "US", "US"),
        ("two_as_one", "CN", "CN"),
        ("two_as_one", "US", "CN"),
        ("reversed", "CN", "US"),
        ("reversed", "US", "US"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "words"),
    [
        ("two_as_one,US,CN", "two_as_one,XX,CN", 3, "country_iso2", "unknown"),
        ("two_as_one,US,CN", "two_as_one,US,XX", 3, "group_code", "unknown"),
        ("two_as_one,US,CN", "two_as_one,CN,CN", 3, "country_iso2", "taken by line 2"),
        ("two_as_one,US,CN", "apart,US,US", 3, "grouping", "every country by itself"),
        ("two_as_one,US,CN", "Two as one,US,US", 3, "grouping", "not an identifier"),
        ("US,CN,Both", "US,CN,All", 3, "label", "a group has one label"),
        ("US,CN,Both", "US,CN,", 3, "label", "is empty"),
        # CN would hold the US alone, while China's own rows went elsewhere or stayed beside.
        ("two_as_one,CN,CN,Both\n", "", 2, "group_code", "in another group or in none"),
    ],
)
def test_what_makes_no_grouping_is_named_at_its_line(
    folder: ReferenceFolder, old: str, new: str, line: int, field: str, words: str
) -> None:
    folder.edit(GROUPINGS, old, new)
    found = [(f.file, f.line, f.field) for f in folder.faults() if words in f.message]
    assert found == [(GROUPINGS, line, field)]


def test_a_code_that_is_itself_put_elsewhere_stands_for_no_group(folder: ReferenceFolder) -> None:
    folder.edit(GROUPINGS, "two_as_one,CN,CN", "two_as_one,CN,US")
    # CN goes to US and US to CN: neither stands for a group of its own.
    assert [(f.line, f.field) for f in folder.faults()] == [(2, "group_code"), (3, "group_code")]


def test_a_country_taken_from_the_economies_is_missed_by_its_grouping(
    folder: ReferenceFolder,
) -> None:
    folder.edit(ECONOMIES, "US,USA,United States", "GB,GBR,United Kingdom")
    assert (GROUPINGS, 3, "country_iso2") in [(f.file, f.line, f.field) for f in folder.faults()]
