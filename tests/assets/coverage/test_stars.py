"""Captured stars against history: by hand, and what withdrawn stars and other days do."""

import numpy as np
import pytest

from assets.coverage.stars import star_rates, star_totals


def test_a_rate_is_captured_by_retained_with_wilsons_interval() -> None:
    """20 of 100: Wilson (20 + 1.9207 ± 1.96 · sqrt(16 + 0.9604)) / 103.8415: 0.1334 to 0.2888."""
    rates = star_rates([20], star_totals([20], [100]))
    assert rates.rate[0] == 0.2
    assert rates.low[0] == pytest.approx(0.1334, abs=1e-4)
    assert rates.high[0] == pytest.approx(0.2888, abs=1e-4)


def test_withdrawn_stars_make_the_captured_ones_the_total() -> None:
    totals = star_totals([110], [100])
    assert (totals.estimate[0], totals.low[0], totals.high[0]) == (110, 110, 110)
    rates = star_rates([110], totals)
    assert (rates.rate[0], rates.high[0]) == (1.0, 1.0)
    assert rates.low[0] < 1.0


def test_a_day_that_begins_elsewhere_widens_the_total_by_a_third_of_its_neighbours() -> None:
    """2/3 · 90 + 1/3 · 30 = 70 and 2/3 · 90 + 1/3 · 300 = 160; like neighbours change nothing."""
    totals = star_totals([40, 40], [90, 90], [30, 90], [300, 90])
    assert totals.estimate.tolist() == [90, 90]
    assert totals.low.tolist() == pytest.approx([70, 90])
    assert totals.high.tolist() == pytest.approx([160, 90])


def test_an_unknown_neighbour_says_nothing() -> None:
    totals = star_totals([40], [90], [np.nan], None)
    assert (totals.low[0], totals.high[0]) == (90, 90)


def test_no_star_at_all_has_no_rate() -> None:
    rates = star_rates([0], star_totals([0], [0], [0], [0]))
    assert np.isnan([rates.rate[0], rates.low[0], rates.high[0]]).all()


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        star_totals([1], [-1])


def test_the_interval_covers_the_planted_chance_of_capture() -> None:
    rng = np.random.default_rng(5)
    for chance in (0.05, 0.3, 0.8, 0.95):
        captured = rng.binomial(60, chance, 4_000)
        rates = star_rates(captured, star_totals(captured, np.full(4_000, 60)))
        covered = np.mean((rates.low <= chance) & (chance <= rates.high))
        assert 0.92 <= covered <= 0.985, chance
