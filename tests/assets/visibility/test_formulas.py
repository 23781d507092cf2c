"""The gap's formulas against figures worked by hand and published ones."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.visibility.formulas import Estimate, gap_logit, gap_of_shares, gap_pp, rule_of_three


def test_newcombes_own_examples_come_out_as_he_prints_them() -> None:
    # Newcombe 1998, table II, method 10: (a) 56/70 - 48/80, (d) 9/10 - 3/10, (e) 6/7 - 2/7,
    # (f) 5/56 - 0/29, (g) 0/10 - 0/20, (h) 0/10 - 0/10, (i) 10/10 - 0/20.
    found = gap_pp([56, 9, 6, 5, 0, 0, 10], [70, 10, 7, 56, 10, 10, 10], [48, 3, 2, 0, 0, 0, 0], [
        80, 10, 7, 29, 20, 10, 20,
    ])  # fmt: skip
    assert found.low / 100 == pytest.approx(
        [0.0524, 0.1705, 0.0582, -0.0381, -0.1611, -0.2775, 0.6791], abs=5e-5
    )
    assert found.high / 100 == pytest.approx(
        [0.3339, 0.8090, 0.8062, 0.1926, 0.2775, 0.2775, 1.0], abs=5e-5
    )
    assert found.value[0] == pytest.approx(20.0)


def test_the_logit_gap_by_hand() -> None:
    # 30 of 90 works, 1 of 60 patents: (30.5 / 60.5) / (1.5 / 59.5) = 19.9972; its variance is
    # 1/30.5 + 1/60.5 + 1/1.5 + 1/59.5 = 0.0327869 + 0.0165289 + 0.6666667 + 0.0168067 = 0.7327892.
    found = gap_logit(30, 90, 1, 60)
    assert found.value == pytest.approx(math.log(30.5 / 60.5 * 59.5 / 1.5))
    assert found.value == pytest.approx(2.99559, abs=1e-5)
    half = 1.959964 * math.sqrt(0.7327892)
    assert found.low == pytest.approx(2.99559 - half, abs=1e-5)
    assert found.high == pytest.approx(2.99559 + half, abs=1e-5)


def test_of_none_in_sixty_the_rule_of_three_says_a_twentieth_at_most() -> None:
    assert rule_of_three([60, 2, 0]) == pytest.approx([0.05, 1.0, math.nan], nan_ok=True)


def test_a_share_counted_whole_adds_no_error() -> None:
    use = Estimate(*(np.array([0.4]) for _ in range(3)))
    patents = Estimate(np.array([0.1]), np.array([0.05]), np.array([0.2]))
    found = gap_of_shares(use, patents)
    assert (found.value[0], found.low[0], found.high[0]) == pytest.approx((30.0, 20.0, 35.0))


def test_without_a_work_or_a_patent_there_is_no_gap() -> None:
    for found in (
        gap_pp([0, 3], [0, 9], [0, 0], [5, 0]),
        gap_logit([0, 3], [0, 9], [0, 0], [5, 0]),
    ):
        assert np.isnan([found.value, found.low, found.high]).all()


@pytest.mark.parametrize("counts", [(5, 4, 0, 1), (-1, 4, 0, 1), (0, 4, 2, 1)])
def test_a_count_beyond_its_total_is_refused(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="counts must lie between 0 and their totals"):
        gap_pp(*counts)
    with pytest.raises(ValueError, match="counts must lie between 0 and their totals"):
        gap_logit(*counts)


COUNTS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(use=COUNTS, patents=COUNTS)
def test_the_interval_holds_the_gap_and_changing_sides_changes_its_sign(
    use: tuple[int, int], patents: tuple[int, int]
) -> None:
    for formula, most in ((gap_pp, 100.0), (gap_logit, math.inf)):
        there, back = formula(*use, *patents), formula(*patents, *use)
        assert there.low <= there.value <= there.high
        assert -most - 1e-9 <= there.low
        assert there.high <= most + 1e-9
        assert (back.value, back.low, back.high) == pytest.approx(
            (-there.value, -there.high, -there.low), abs=1e-9
        )
