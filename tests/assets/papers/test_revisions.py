"""What an asking changed, and when a month is final."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from assets.papers.revisions import Revision, is_final, revised
from assets.papers.works import Work

MONTH = date(2024, 10, 1)
FIRST = datetime(2024, 11, 2, tzinfo=UTC)
LATER = FIRST + timedelta(days=7)


def work(number: int, **changes: object) -> Work:
    made = Work(
        work_id=f"W{number}",
        doi=None,
        title="A title",
        abstract=None,
        is_text_cut=False,
        publication_date=date(2024, 10, 9),
        work_type="article",
        language="en",
        institution_countries=("CN", "US"),
        institution_types=("education", "company"),
        is_authorship_cut=False,
        source_updated_at=FIRST,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_the_first_asking_adds_everything() -> None:
    rows, revision = revised(None, [work(1), work(2)], MONTH, FIRST)
    assert revision == Revision(added=2, changed=0, gone=0)
    assert {row["first_asked_at"] for row in rows.to_pylist()} == {FIRST}


def test_a_later_asking_says_what_came_changed_and_went() -> None:
    """Of works 1 to 4: 1 stays, 2 gets an affiliation, 3 was only touched, 4 goes; 5 comes."""
    known, _ = revised(None, [work(number) for number in (1, 2, 3, 4)], MONTH, FIRST)
    now = [
        work(1),
        work(2, institution_countries=("US",), institution_types=("company",)),
        work(3, source_updated_at=LATER),
        work(5),
    ]
    rows, revision = revised(known, now, MONTH, LATER)
    assert revision == Revision(added=1, changed=1, gone=1)
    first = {row["work_id"]: row["first_asked_at"] for row in rows.to_pylist()}
    assert first == {"W1": FIRST, "W2": FIRST, "W3": FIRST, "W5": LATER}
    assert {row["asked_at"] for row in rows.to_pylist()} == {LATER}


def test_the_same_asking_again_changes_nothing() -> None:
    works = [work(1), work(2, title=None)]
    known, _ = revised(None, works, MONTH, FIRST)
    rows, revision = revised(known, works, MONTH, FIRST)
    assert revision == Revision(0, 0, 0)
    assert rows == known


@pytest.mark.parametrize(
    ("asked_at", "expected"),
    [
        (datetime(2024, 11, 1, tzinfo=UTC), False),
        (datetime(2025, 10, 31, 23, tzinfo=UTC), False),
        (datetime(2025, 11, 1, tzinfo=UTC), True),
        (datetime(2027, 1, 1, tzinfo=UTC), True),
    ],
)
def test_a_month_is_final_365_days_after_its_end(asked_at: datetime, expected: bool) -> None:
    """October 2024 ends with the 31st; 2025-11-01 is 365 days after 2024-11-01."""
    assert is_final(MONTH, asked_at) is expected
