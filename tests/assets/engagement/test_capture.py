"""Capture of periods by hand, and extrapolation against populations whose truth is known."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from assets.engagement.capture import Capture, extrapolated, period_capture
from assets.engagement.estimates import Estimates

DAY = date(2026, 6, 7)
WEEK = [DAY - timedelta(days=n) for n in range(7)]
Ints = npt.NDArray[np.int64]


def row(
    day: date = DAY,
    captured: int = 80,
    estimated: float | None = 100.0,
    *,
    group: str = "attention",
    scope: str = "tracked",
    status: str = "sound",
    half: float = 5.0,
    event_type: str | None = None,
) -> dict[str, Any]:
    """A row of core.coverage of all sources together; its interval is `half` either way."""
    return {
        "coverage_date": day,
        "scope": scope,
        "event_group": group,
        "event_type": event_type,
        "captured_count": captured,
        "estimated_events": estimated,
        "estimated_events_ci_low": None if estimated is None else estimated - half,
        "estimated_events_ci_high": None if estimated is None else estimated + half,
        "status": status,
    }


def test_a_days_capture_is_its_row() -> None:
    found = period_capture([row()])([DAY], "tracked", "attention")
    # 80 / 100, and 80 / 105 to 80 / 95.
    assert (found.status, found.rate) == ("sound", 0.8)
    assert found.low == pytest.approx(80 / 105)
    assert found.high == pytest.approx(80 / 95)
    assert not found.is_corrected
    assert not found.is_masked


def test_a_week_pools_its_days() -> None:
    """Five days of 100 / 100, two of 10 / 100: 520 of 700, degraded; the week before is sound."""
    rows = [row(day, 100, half=0.0) for day in WEEK[2:]] + [
        row(day, 10, status="degraded") for day in WEEK[:2]
    ]
    found = period_capture(rows)(WEEK, "tracked", "attention")
    assert found.rate == pytest.approx(520 / 700)
    assert found.status == "degraded"
    assert period_capture(rows)(WEEK[2:], "tracked", "attention").status == "sound"


def test_any_pools_the_groups_and_scopes_of_repositories_are_the_tracked_ones() -> None:
    rows = [row(captured=90), row(captured=30, group="contribution"), row(scope="panel")]
    look = period_capture(rows)
    assert look([DAY], "layer_model", "any").rate == pytest.approx(120 / 200)
    assert look([DAY], "panel", "any").rate == pytest.approx(80 / 100)


def test_a_known_loss_of_unknown_size_counts_as_a_day_of_which_nothing_was_captured() -> None:
    """Of a week, 600 of 700 at worst: sound; with one day more lost, 500 of 700: masked."""
    rows = [row(day, 100, half=0.0) for day in WEEK[1:]]
    rows.append(row(WEEK[0], 3, None, status="degraded"))
    found = period_capture(rows)(WEEK, "tracked", "attention")
    assert (found.status, found.rate) == ("sound", 1.0)
    assert found.low == pytest.approx(6 / 7)
    rows[0] = row(WEEK[1], 3, None, status="degraded")
    found = period_capture(rows)(WEEK, "tracked", "attention")
    assert (found.status, found.rate) == ("degraded", None)
    assert found.is_masked
    assert period_capture(rows)(WEEK[:1], "tracked", "attention").is_masked


def test_types_that_are_captured_very_differently_cannot_be_corrected_by_one_rate() -> None:
    """Pushes whole and pull requests at 0.3; the same with a type of too few events to matter."""
    whole = row(DAY, 650, 1000.0, group="contribution", status="degraded", half=10.0)

    def types(pull_requests: float) -> list[dict[str, Any]]:
        return [
            row(DAY, 500, 500.0, group="contribution", event_type="PushEvent"),
            row(DAY, 150, pull_requests, group="contribution", event_type="PullRequestEvent"),
            row(DAY, 1, 20.0, group="contribution", event_type="CommitCommentEvent"),
        ]

    uneven = period_capture([whole, *types(500.0)])([DAY], "tracked", "contribution")
    assert (uneven.status, uneven.is_even, uneven.is_masked) == ("degraded", False, True)
    even = period_capture([whole, *types(220.0)])([DAY], "tracked", "contribution")
    assert (even.is_even, even.is_corrected) == (True, True)


def test_days_without_a_yardstick_leave_a_period_unknown_but_neither_masked_nor_corrected() -> None:
    rows = [row(day, 100, half=0.0) for day in WEEK[2:]]
    found = period_capture(rows)(WEEK, "tracked", "attention")
    assert found.status == "unknown"
    assert not found.is_masked
    assert period_capture([])(WEEK, "tracked", "attention") == Capture()


@pytest.mark.parametrize(
    ("capture", "is_corrected"),
    [
        (Capture("degraded", 0.6, 0.55, 0.65), True),
        (Capture("degraded", 0.6, 0.5, 0.7), False),  # the interval is a third of the rate
        (Capture("degraded", 0.3, 0.29, 0.31), False),  # more than three times what was seen
        (Capture("degraded"), False),
        (Capture("sound", 0.9, 0.89, 0.91), False),
    ],
)
def test_only_a_degraded_rate_that_is_known_well_is_corrected_by(
    capture: Capture, is_corrected: bool
) -> None:
    assert capture.is_corrected is is_corrected
    assert capture.is_masked is (capture.status == "degraded" and not is_corrected)


def population(
    rng: np.random.Generator, sizes: tuple[int, ...], means: tuple[float, ...], rate: float
) -> tuple[npt.NDArray[np.float64], Ints]:
    """True shares of active accounts, and (3, countries) accounts seen, seen once, seen twice.

    Accounts do gamma-Poisson numbers of events; each event is captured with probability `rate`.
    """
    active, seen = [], []
    for size, mean in zip(sizes, means, strict=True):
        events = rng.poisson(rng.gamma(2.0, mean / 2.0, size))
        captured = rng.binomial(events, rate)
        active.append(int((events > 0).sum()))
        seen.append(
            [int((captured > 0).sum()), int((captured == 1).sum()), int((captured == 2).sum())]
        )
    return np.array(active) / sum(active), np.array(seen, dtype=np.int64).T


def estimates_of(seen: Ints, rng: np.random.Generator, draws: int = 200) -> Estimates:
    """Estimates of one cell in which everybody is located."""
    counts = rng.poisson(seen[0][:, None], (len(seen[0]), draws)).astype(np.float64)
    return Estimates(
        share=(seen[0] / seen[0].sum())[None],
        cell=np.zeros(len(seen[0]), dtype=np.int64),
        country=np.arange(len(seen[0])),
        draws=counts / counts.sum(axis=0),
    )


@pytest.mark.parametrize("rate", [0.75, 0.5, 0.35])
def test_uniform_loss_hides_those_who_do_little_and_extrapolation_brings_them_back(
    rate: float,
) -> None:
    """One country's accounts do three times as much: seen through a loss its share is too high."""
    seen_errors, errors, covered = [], [], []
    capture = Capture("degraded", rate, rate * 0.95, rate * 1.05)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        truth, seen = population(rng, (1_200, 1_800), (1.5, 0.5), rate)
        before = estimates_of(seen, rng)
        after, growth = extrapolated(before, tuple(seen[:, None]), [capture], rng)
        assert after.share.sum() == pytest.approx(1)
        assert growth[0] > 1
        seen_errors.append(before.share[0, 0] - truth[0])
        errors.append(after.share[0, 0] - truth[0])
        low, high = np.quantile(after.draws[0], [0.025, 0.975])
        covered.append(low <= truth[0] <= high)
    assert np.mean(seen_errors) > 0.02
    assert abs(np.mean(errors)) < np.mean(seen_errors) / 2.5
    assert np.mean(covered) >= 0.85


def test_a_cell_that_is_not_corrected_stays_as_it_is() -> None:
    rng = np.random.default_rng(1)
    _, seen = population(rng, (300, 200), (1.0, 1.0), 0.9)
    before = estimates_of(seen, rng)
    for capture in (Capture("sound", 0.9, 0.89, 0.91), Capture("degraded"), Capture()):
        after, growth = extrapolated(before, tuple(seen[:, None]), [capture], rng)
        assert after.share.tolist() == before.share.tolist()
        assert after.draws.tolist() == before.draws.tolist()
        assert growth.tolist() == [1.0]


def test_growth_by_hand() -> None:
    """100 seen, 60 once and 20 twice, at a rate of 1/2: as many events again.

    With ten accounts of the pool added (the one country is the pool): 110, 66 and 22. Unseen
    66 · 65 / (2 · 23) = 93.26; 93.26 · (1 - exp(-66 / 93.26)) / 110 = 0.4300 more.
    """
    seen = np.array([[100], [60], [20]])
    capture = Capture("degraded", 0.5, 0.499, 0.501)
    rng = np.random.default_rng(1)
    _, growth = extrapolated(estimates_of(seen, rng), tuple(seen[:, None]), [capture], rng)
    assert growth[0] == pytest.approx(1.4300, abs=5e-4)
