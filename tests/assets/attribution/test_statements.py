"""Statements against locations: rates worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.attribution.statements import Statements, learn_statements

CN, US = 0, 1


def statements(rows: list[tuple[int, int]]) -> Statements:
    """(stated class, rule) of each account."""
    return Statements(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.int64),
    )


def test_rates_of_fifteen_statements_are_as_worked_by_hand() -> None:
    """Ten accounts in CN, eight of which state CN and two US; five in US, all of which state US.

    Hit rate (13 + 4) / (15 + 5) = 0.85. Who misses names CN with (8 + 1) / 17, US with 8 / 17.
    Twenty accounts of that weigh against each class's own:
    P(CN | CN) = (8 + 20 · (0.15 · 9/17 + 0.85)) / 30 = 0.886275
    P(US | CN) = (2 + 20 · 0.15 · 8/17) / 30 = 0.113725
    P(CN | US) = (0 + 20 · 0.15 · 9/17) / 25 = 0.063529
    P(US | US) = (5 + 20 · (0.15 · 8/17 + 0.85)) / 25 = 0.936471
    """
    rows = [(CN, 0)] * 8 + [(US, 0)] * 2 + [(US, 0)] * 5
    lived = np.repeat([CN, US], [10, 5])
    model = learn_statements(statements(rows), lived, class_count=2, rule_count=1)
    expected = [[0.886275, 0.113725], [0.063529, 0.936471]]
    assert np.exp(model.log_rates[0]) == pytest.approx(np.array(expected), abs=1e-6)
    found = np.exp(model.log_likelihood(statements([(CN, 0), (US, 0)])))
    assert found == pytest.approx(np.array(expected).T, abs=1e-6)


def test_who_states_nothing_is_evidence_of_nothing() -> None:
    model = learn_statements(statements([(CN, 0), (-1, 0)]), np.array([CN, US]), 2, 1)
    assert model.log_likelihood(statements([(-1, 0)])).tolist() == [[0.0, 0.0]]


def test_who_states_nothing_is_not_learned_from() -> None:
    said = learn_statements(statements([(CN, 0), (US, 0)]), np.array([CN, CN]), 2, 1)
    silent = [(-1, 0)] * 50
    with_silent = learn_statements(
        statements([(CN, 0), (US, 0), *silent]), np.array([CN, CN] + [US] * 50), 2, 1
    )
    assert with_silent.log_rates == pytest.approx(said.log_rates)


def test_a_rule_nobody_is_known_by_is_right_in_four_of_five_cases() -> None:
    """Nothing seen: the hit rate is 4/5, and a miss names any of four classes alike."""
    model = learn_statements(statements([(CN, 0)]), np.array([CN]), class_count=4, rule_count=2)
    expected = np.full((4, 4), 0.2 / 4) + 0.8 * np.eye(4)
    assert np.exp(model.log_rates[1]) == pytest.approx(expected)


def test_a_class_without_statements_of_its_own_takes_the_rules_hit_rate() -> None:
    """Hit rate (95 + 4) / (100 + 5); of those missed, 101 of 102 parts name what all others do."""
    rows = [(CN, 0)] * 95 + [(US, 0)] * 5
    model = learn_statements(statements(rows), np.zeros(100, dtype=np.int64), 3, 1)
    hit = 99 / 105
    anything = np.array([96, 6, 1]) / 103
    expected = (1 - hit) * anything + hit * np.array([0, 0, 1])
    assert np.exp(model.log_rates[0, 2]) == pytest.approx(expected)


def test_each_rule_is_believed_as_far_as_it_is_right() -> None:
    """Rule 0 names where people live, rule 1 names CN whoever states it."""
    rng = np.random.default_rng(3)
    lived = rng.integers(0, 2, 2_000)
    rows = [(int(each), 0) for each in lived[:1_000]] + [(CN, 1)] * 1_000
    model = learn_statements(statements(rows), lived, class_count=2, rule_count=2)
    (truthful, idle) = model.log_likelihood(statements([(CN, 0), (CN, 1)]))
    assert truthful[CN] - truthful[US] > np.log(50)
    assert abs(idle[CN] - idle[US]) < 0.05


@given(
    st.lists(
        st.tuples(st.integers(-1, 3), st.integers(0, 1), st.integers(0, 3)), min_size=1, max_size=60
    )
)
def test_rates_of_a_class_and_rule_sum_to_one(rows: list[tuple[int, int, int]]) -> None:
    lived = np.array([row[2] for row in rows])
    model = learn_statements(statements([row[:2] for row in rows]), lived, 4, 2)
    rates = np.exp(model.log_rates)
    assert rates.shape == (2, 4, 4)
    assert rates.sum(axis=2) == pytest.approx(np.ones((2, 4)))
    assert (rates > 0).all()
