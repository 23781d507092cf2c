"""When two countries' intervals part: weeks worked by hand, and properties."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.indices.crossings import Crossing, crossing

NAN = float("nan")
FIRST = date(2024, 11, 3)


def week(number: int) -> date:
    return FIRST + timedelta(weeks=number)


def compared(*bounds: tuple[float, float, float, float]) -> Crossing:
    """Bounds a low, a high, b low, b high, a week each."""
    columns = np.array(bounds, dtype=np.float64).reshape(-1, 4).T
    return crossing([week(number) for number in range(len(bounds))], *columns)


# b leads with intervals apart; they overlap; a leads with intervals apart; nothing known.
B_LEADS = (0.10, 0.14, 0.20, 0.24)
OVERLAP = (0.16, 0.21, 0.20, 0.24)
A_LEADS = (0.30, 0.36, 0.18, 0.22)
UNKNOWN = (NAN, NAN, 0.18, 0.22)


def test_a_overtakes_b_by_hand() -> None:
    # Weeks 0 and 1: 0.14 lies below 0.20, b leads. Week 2: 0.21 reaches over 0.20, they overlap.
    # Week 3: nothing known. Week 4: a's 0.30 lies above 0.22. Week 5: overlap again. From week 6 on
    # a leads to the end, over an unknown week.
    found = compared(
        B_LEADS, B_LEADS, OVERLAP, UNKNOWN, A_LEADS, OVERLAP, A_LEADS, UNKNOWN, A_LEADS
    )
    assert found == Crossing(
        compared_count=7,
        skipped_count=2,
        first=week(0),
        first_leader="b",
        overtaking=week(4),
        lasting=week(6),
        lasting_leader="a",
    )


def test_intervals_that_touch_overlap() -> None:
    assert compared((0.1, 0.2, 0.2, 0.3), (0.2, 0.3, 0.1, 0.2)) == Crossing(2, 0)
    assert compared((0.1, 0.2, np.nextafter(0.2, 1), 0.3)).first == week(0)


def test_a_lead_lost_again_does_not_last() -> None:
    found = compared(OVERLAP, A_LEADS, OVERLAP)
    assert (found.first, found.first_leader) == (week(1), "a")
    assert (found.overtaking, found.lasting, found.lasting_leader) == (None, None, None)


def test_a_lead_from_the_first_week_on_lasts_since_then() -> None:
    found = compared(UNKNOWN, A_LEADS, A_LEADS)
    assert (found.first, found.lasting, found.skipped_count) == (week(1), week(1), 1)


def test_a_change_from_one_week_to_the_next_begins_a_new_lasting_lead() -> None:
    found = compared(A_LEADS, B_LEADS)
    assert (found.overtaking, found.lasting, found.lasting_leader) == (week(1), week(1), "b")


@pytest.mark.parametrize("bounds", [(), (UNKNOWN, UNKNOWN)])
def test_nothing_to_compare_is_no_crossing(
    bounds: tuple[tuple[float, float, float, float], ...],
) -> None:
    assert compared(*bounds) == Crossing(0, len(bounds))


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="exceeds its upper"):
        compared((0.2, 0.1, 0.3, 0.4))
    with pytest.raises(ValueError, match="ascend"):
        crossing([week(1), week(1)], *np.full((4, 2), 0.1))
    with pytest.raises(ValueError, match="2 intervals for 1 weeks"):
        crossing([week(1)], *np.full((4, 2), 0.1))


kinds = st.lists(st.sampled_from([B_LEADS, OVERLAP, A_LEADS, UNKNOWN]), max_size=30)


@given(kinds)
def test_with_the_two_exchanged_the_leaders_are_and_nothing_else(
    bounds: list[tuple[float, float, float, float]],
) -> None:
    found = compared(*bounds)
    turned = compared(*((c, d, a, b) for a, b, c, d in bounds))
    other = {"a": "b", "b": "a", None: None}
    assert turned == Crossing(
        found.compared_count,
        found.skipped_count,
        found.first,
        other[found.first_leader],
        found.overtaking,
        found.lasting,
        other[found.lasting_leader],
    )


@given(kinds)
def test_the_weeks_named_are_those_a_reader_would_find(
    bounds: list[tuple[float, float, float, float]],
) -> None:
    found = compared(*bounds)
    known = [(week(n), b) for n, b in enumerate(bounds) if b is not UNKNOWN]
    leads = [(w, "a" if b is A_LEADS else "b") for w, b in known if b is not OVERLAP]
    assert found.compared_count + found.skipped_count == len(bounds)
    assert (found.first, found.first_leader) == (leads[0] if leads else (None, None))
    changed = [w for w, leader in leads if leader != found.first_leader]
    assert found.overtaking == (changed[0] if changed else None)
    if found.lasting:
        since = [b for w, b in known if w >= found.lasting]
        before = [b for w, b in known if w < found.lasting]
        assert set(since) == {A_LEADS if found.lasting_leader == "a" else B_LEADS}
        assert not before or before[-1] != since[0]
    else:
        assert not known or known[-1][1] is OVERLAP
