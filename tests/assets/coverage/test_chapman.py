"""Chapman's estimate by hand, its bounds always, and its interval against planted totals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.coverage.chapman import Totals, capture_rates, chapman, chapman_variance


def test_the_estimate_and_its_variance_are_as_worked_by_hand() -> None:
    """60 and 50 seen, 30 by both: 61 · 51 / 31 - 1 = 99.3548.

    Variance: 61 · 51 · 30 · 20 / (31² · 32) = 1,866,600 / 30,752 = 60.6985.
    """
    assert chapman(60, 50, 30).estimate == pytest.approx(99.35484, abs=1e-5)
    assert chapman_variance(60, 50, 30) == pytest.approx(60.69849, abs=1e-5)


def test_the_interval_is_as_worked_by_hand() -> None:
    """Cells 30.5, 20.5 and 30.5: unseen 20.5.

    Its log has a standard error of sqrt(2 / 30.5 + 1 / 20.5 + 1 / 21.5) = sqrt(0.160866) =
    0.401081: a factor of exp(1.959964 · 0.401081) = 2.19483. Seen by either 80:
    79.5 + 20.5 / 2.19483 = 88.840 and 79.5 + 20.5 · 2.19483 = 124.494.
    """
    totals = chapman(60, 50, 30)
    assert totals.low == pytest.approx(88.840, abs=2e-3)
    assert totals.high == pytest.approx(124.494, abs=2e-3)


@pytest.mark.parametrize(
    ("first", "second", "both", "estimate"),
    [
        (0, 0, 0, 0.0),
        (0, 40, 0, 40.0),  # 1 · 41 / 1 - 1: what the other saw
        (6, 4, 0, 34.0),  # 7 · 5 / 1 - 1
        (50, 50, 50, 50.0),  # 51 · 51 / 51 - 1: both have it all
        (50, 20, 20, 50.0),  # 51 · 21 / 21 - 1: the first has all that the second has
    ],
)
def test_counts_that_share_nothing_or_everything_have_a_total_and_an_interval(
    first: int, second: int, both: int, estimate: float
) -> None:
    totals = chapman(first, second, both)
    assert totals.estimate == pytest.approx(estimate)
    assert np.isfinite(totals.high)
    assert totals.high >= totals.estimate
    assert first + second - both <= totals.low <= totals.estimate


def test_two_complete_sources_leave_hardly_any_doubt() -> None:
    """Sadinle's own variance gives upper bounds of 10^34 and 50,000 here."""
    totals = chapman([500, 1_000], [500, 990], [500, 989])
    assert totals.low.tolist() == [500, 1_001]
    assert totals.high[0] < 502
    assert totals.high[1] < 1_003


def test_one_complete_source_does_not_prove_itself() -> None:
    """The second saw 20 of the first's 50 and nothing else: the first may miss one in four."""
    totals = chapman(50, 20, 20)
    assert totals.low == 50
    assert totals.high == pytest.approx(67.6, abs=0.1)


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000))
def test_bounds_are_ordered_and_never_below_what_was_seen(
    only_first: int, only_second: int, both: int
) -> None:
    first, second = only_first + both, only_second + both
    totals = chapman(first, second, both)
    assert only_first + only_second + both <= totals.low <= totals.estimate <= totals.high
    mirrored = chapman(second, first, both)
    assert mirrored.estimate == pytest.approx(totals.estimate)
    assert mirrored.high == pytest.approx(totals.high)


@pytest.mark.parametrize(("first", "second", "both"), [(3, 5, 4), (-1, 5, 0), (3, 5, -1)])
def test_impossible_counts_are_refused(first: int, second: int, both: int) -> None:
    with pytest.raises(ValueError, match="seen by both"):
        chapman(first, second, both)


def test_the_interval_covers_the_planted_total_of_small_and_large_days() -> None:
    """Each pair of chances by itself, within the noise of 4,000 days, and the pairs together."""
    rng = np.random.default_rng(20261124)
    shares = []
    for first in (0.1, 0.3, 0.6, 0.9, 0.98):
        for second in (0.1, 0.3, 0.6, 0.9, 0.98):
            truth = np.exp(rng.uniform(np.log(30), np.log(2_000), 4_000)).astype(int)
            n1 = rng.binomial(truth, first)
            m = rng.binomial(n1, second)
            n2 = m + rng.binomial(truth - n1, second)
            totals = chapman(n1, n2, m)
            covered = float(np.mean((totals.low <= truth) & (truth <= totals.high)))
            assert 0.91 <= covered <= 0.98, (first, second)
            shares.append(covered)
    assert 0.92 <= np.mean(shares) <= 0.98


def test_rates_are_captured_by_estimated_and_never_above_one() -> None:
    """50 of 100 (80 to 200): 0.5 (0.25 to 0.625). 90 of 80 to 100 may be all of them."""
    totals = Totals(*(np.array([bound, bound, 0.0]) for bound in (100.0, 80.0, 200.0)))
    rates = capture_rates([50, 90, 0], totals)
    assert rates.rate[:2].tolist() == [0.5, 0.9]
    assert rates.low[:2].tolist() == [0.25, 0.45]
    assert rates.high[:2].tolist() == [0.625, 1.0]
    assert np.isnan([rates.rate[2], rates.low[2], rates.high[2]]).all()
