"""Weeks of patents: one file of each product, the newest version, and when to ask again."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.patents.weeks import (
    PRODUCTS,
    KnownFile,
    absence,
    due_day,
    is_better,
    is_settled,
    newest_version,
    recent_weeks,
)

TUESDAY = date(2024, 10, 15)
WHOLE = KnownFile("ipg241015.zip", "complete", "digest", 7_000)


@dataclass(frozen=True)
class Listed:
    name: str
    day: date
    revision: int


@given(number=st.integers(0, 500))
def test_a_week_holds_one_file_of_each_product_and_no_other_week_does(number: int) -> None:
    week = TUESDAY + timedelta(days=7 * number)
    days = [due_day(week, product) for product in PRODUCTS]
    assert [day.isoweekday() for day in days] == [2, 4]
    assert all(week <= day < week + timedelta(days=7) for day in days)


def test_a_week_begins_on_no_other_day() -> None:
    with pytest.raises(ValueError, match="2024-10-16 is no Tuesday"):
        due_day(date(2024, 10, 16), "grants")


def test_the_newest_version_is_the_last_revision_of_the_day() -> None:
    """As ipg260106, ipg260106_r1 and ipg260106_r2 stand in the portal's list, in any order."""
    files = [
        Listed("ipg241015_r10.zip", TUESDAY, 10),
        Listed("ipg241015_r2.zip", TUESDAY, 2),
        Listed("ipg241022.zip", date(2024, 10, 22), 0),
        Listed("ipg241015.zip", TUESDAY, 0),
    ]
    found = newest_version(files, TUESDAY)
    assert found is not None
    assert found.name == "ipg241015_r10.zip"
    assert newest_version(files, date(2024, 10, 8)) is None


def test_a_file_that_is_not_listed_is_waited_for_two_weeks_then_missing() -> None:
    assert absence(TUESDAY, TUESDAY) == "not_yet"
    assert absence(TUESDAY, TUESDAY + timedelta(days=14)) == "not_yet"
    assert absence(TUESDAY, TUESDAY + timedelta(days=15)) == "missing"


@pytest.mark.parametrize(
    ("known", "newest", "digest", "is_so"),
    [
        (WHOLE, "ipg241015.zip", "digest", True),
        (WHOLE, None, "digest", True),
        (WHOLE, "ipg241015_r1.zip", "digest", False),
        (WHOLE, "ipg241015.zip", "other", False),
        (KnownFile("ipg241015.zip", "truncated", "digest", 7), "ipg241015.zip", "digest", False),
        (KnownFile(None, "missing", "digest", 0), None, "digest", False),
        (None, "ipg241015.zip", "digest", False),
    ],
)
def test_what_is_whole_of_the_newest_version_and_searched_alike_is_settled(
    known: KnownFile | None, newest: str | None, digest: str, is_so: bool
) -> None:
    assert is_settled(known, newest, digest) is is_so


def test_a_whole_file_is_replaced_by_a_whole_one_only() -> None:
    assert is_better("complete", 1, WHOLE)
    assert not is_better("truncated", 9_000, WHOLE)
    assert not is_better("unreachable", 0, WHOLE)
    half = KnownFile("ipg241015.zip", "truncated", "digest", 3_000)
    assert is_better("truncated", 3_000, half)
    assert not is_better("unreachable", 0, half)
    assert is_better("missing", 0, None)


def test_the_weeks_asked_for_again_are_closed_ones_of_the_last_eight() -> None:
    found = recent_weeks(date(2024, 12, 17))
    assert found[0] == date(2024, 10, 22)
    assert found[-1] == date(2024, 12, 10)
    assert len(found) == 8
    assert recent_weeks(date(2024, 12, 16))[-1] == date(2024, 12, 3)
