"""Trend shifts of a series: what is said, when, and what is not said."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.shifts.trend_detection import TrendShift, trend_shifts
from assets.shifts.trend_window import DAILY, WEEKLY, Settings, usable_points
from benchmarks.shift_worlds import Drawn, Loss, draw
from benchmarks.shifts import spike

FIRST = np.datetime64("2023-01-08")  # a Sunday
Floats = npt.NDArray[np.float64]


def found(
    count: npt.ArrayLike,
    total: npt.ArrayLike,
    unsound: npt.ArrayLike | None = None,
    chosen: Settings = WEEKLY,
    first: np.datetime64 = FIRST,
) -> list[TrendShift]:
    counts, totals = np.asarray(count, np.float64), np.asarray(total, np.float64)
    dates = first + np.arange(len(counts)) * np.timedelta64(chosen.days, "D")
    is_sound = np.ones(len(counts), dtype=bool)
    if unsound is not None:
        is_sound[unsound] = False
    return trend_shifts(usable_points(dates, counts, totals, is_sound, chosen), chosen)


def of_drawn(drawn: Drawn, chosen: Settings = WEEKLY, until: int | None = None) -> list[TrendShift]:
    part = slice(until)
    points = usable_points(
        drawn.dates[part], drawn.count[part], drawn.total[part], drawn.is_sound[part], chosen
    )
    return trend_shifts(points, chosen)


def sunday(week: int) -> date:
    return date(2023, 1, 8) + timedelta(weeks=week)


def step(weeks: int, onset: int, before: float = 200.0, after: float = 300.0) -> Floats:
    return np.repeat([before, after], [onset, weeks - onset])


@given(st.integers(100, 100_000), st.floats(0.0, 1.0), st.sampled_from([WEEKLY, DAILY]))
@settings(max_examples=20, deadline=None)
def test_a_constant_series_never_shifts(total: int, share: float, chosen: Settings) -> None:
    assert found(np.full(90, round(total * share)), np.full(90, total), None, chosen) == []


def test_a_large_step_is_confirmed_on_its_second_sunday_with_its_onset_and_size() -> None:
    (shift,) = found(step(60, 40), np.full(60, 1000.0))
    assert (shift.status, shift.detected) == ("confirmed", sunday(41))
    assert (shift.onset, shift.onset_low, shift.onset_high) == (sunday(39) + timedelta(days=1),) * 3
    assert (shift.before_share, shift.after_share) == pytest.approx((0.2, 0.3))
    assert shift.size_pp == pytest.approx(10.0)
    assert shift.size_pp_low < 10.0 < shift.size_pp_high
    assert shift.detectors == ("sequential", "retrospective")
    assert shift.confidence > 0.9


def test_an_onset_of_three_weeks_needs_less_than_one_of_more() -> None:
    total = np.full(45, 1000.0)
    (soon,) = found(step(45, 30, after=227.0), total)
    assert soon.detected == sunday(32)
    assert WEEKLY.threshold < soon.statistic < WEEKLY.older_threshold
    (late,) = found(step(45, 30, after=221.0), total)
    assert late.detected == sunday(35)
    assert late.statistic > WEEKLY.older_threshold
    as_for_the_youngest = replace(WEEKLY, older_threshold=WEEKLY.threshold)
    (sooner,) = found(step(45, 30, after=221.0), total, chosen=as_for_the_youngest)
    assert sooner.detected is not None
    assert sooner.detected < late.detected
    assert WEEKLY.threshold < sooner.statistic < WEEKLY.older_threshold


def test_a_step_by_days_is_confirmed_within_two_weeks() -> None:
    weekday = np.array([100, 100, 100, 100, 100, 60, 60] * 30)
    share = np.repeat([0.2, 0.35], [140, 70]) + np.array([0, 0, 0, 0, 0, 0.04, 0.04] * 30)
    (shift,) = found(weekday * 10 * share, weekday * 10, None, DAILY)
    assert shift.onset == date(2023, 1, 8) + timedelta(days=140)
    assert shift.detected is not None
    assert timedelta(days=4) <= shift.detected - shift.onset <= timedelta(days=13)


def test_weekdays_alone_are_no_shift() -> None:
    total = np.array([100, 100, 100, 100, 100, 60, 60] * 40) * 10
    share = np.array([0.2, 0.21, 0.2, 0.19, 0.2, 0.28, 0.3] * 40)
    assert found(total * share, total, None, DAILY) == []


@pytest.mark.parametrize(("chosen", "accounts"), [(WEEKLY, 1000), (DAILY, 250)])
def test_no_later_data_change_what_was_said(chosen: Settings, accounts: int) -> None:
    said = 0
    for seed in range(6):
        drawn = draw(seed, 0.2, accounts, days=chosen.days, shift_pp=5.0)
        full = of_drawn(drawn, chosen)
        for until in (drawn.onset + 4 * 7 // chosen.days, drawn.onset + 10 * 7 // chosen.days):
            day = drawn.dates[until - 1].item()
            assert as_of(of_drawn(drawn, chosen, until), day) == as_of(full, day)
            said += len(as_of(full, day))
    assert said >= 6


def as_of(shifts: list[TrendShift], day: date) -> list[TrendShift]:
    """What had been confirmed by a day, as it was read then."""
    by_then = [each for each in shifts if each.detected is not None and each.detected <= day]
    return [
        replace(each, status="confirmed", withdrawn=None, reason="")
        if each.withdrawn is not None and each.withdrawn > day
        else each
        for each in by_then
    ]


@given(st.integers(0, 10_000), st.sampled_from([0.05, 0.2, 0.45]))
@settings(max_examples=15, deadline=None)
def test_swapped_sides_shift_the_other_way_at_the_same_time(seed: int, share: float) -> None:
    drawn = draw(seed, share, 500, shift_pp=6.0)
    one = of_drawn(drawn)
    other = of_drawn(replace(drawn, count=drawn.total - drawn.count))
    assert [(each.onset, each.detected, each.withdrawn, each.status) for each in one] == [
        (each.onset, each.detected, each.withdrawn, each.status) for each in other
    ]
    assert [each.size_pp for each in one] == pytest.approx([-each.size_pp for each in other])


@given(st.integers(0, 10_000), st.integers(-2_000, 2_000))
@settings(max_examples=15, deadline=None)
def test_other_dates_move_what_is_said_and_change_nothing(seed: int, weeks: int) -> None:
    drawn = draw(seed, 0.2, 500, shift_pp=6.0)
    moved = of_drawn(replace(drawn, dates=drawn.dates + np.timedelta64(weeks, "W")))
    by = timedelta(weeks=weeks)
    assert [(each.onset, each.detected, each.statistic) for each in moved] == [
        (each.onset + by, each.detected and each.detected + by, each.statistic)
        for each in of_drawn(drawn)
    ]


@given(st.integers(0, 10_000), st.floats(0.0, 1.0))
@settings(max_examples=15, deadline=None)
def test_what_unsound_weeks_hold_does_not_matter(seed: int, share: float) -> None:
    drawn = draw(seed, 0.2, 500, shift_pp=6.0)
    is_sound = np.random.default_rng(seed).random(len(drawn.dates)) > 0.1
    total = np.where(is_sound, drawn.total, 5_000.0)
    masked = replace(drawn, is_sound=is_sound)
    other = replace(masked, total=total, count=np.where(is_sound, drawn.count, share * total))
    unknown = replace(masked, count=np.where(is_sound, drawn.count, np.nan))
    assert of_drawn(masked) == of_drawn(other) == of_drawn(unknown)


def test_a_step_across_unsound_weeks_waits_for_four_sound_ones() -> None:
    count, total, lost = step(60, 45), np.full(60, 1000.0), list(range(40, 45))
    (waiting,) = found(count[:48], total[:48], lost)
    assert (waiting.status, waiting.detected) == ("unresolved", None)
    assert waiting.reason == "capture is not sound around the onset"
    (shift,) = found(count, total, lost)
    assert (shift.status, shift.detected) == ("confirmed", sunday(48))
    # Any day of the weeks that nobody saw may have been the first.
    assert (shift.onset_low, shift.onset_high) == (
        sunday(39) + timedelta(days=1),
        sunday(44) + timedelta(days=1),
    )


def test_a_step_with_which_accounts_halve_is_not_believed() -> None:
    total = step(44, 40, 2000.0, 1000.0)
    (shift,) = found(total * step(44, 40, 0.2, 0.3), total)
    assert (shift.status, shift.reason) == ("unresolved", "accounts fell with it")


def test_what_one_detector_finds_is_a_candidate() -> None:
    strict = replace(WEEKLY, penalty=1_000.0)
    (shift,) = found(step(44, 40), np.full(44, 1000.0), None, strict)
    assert (shift.status, shift.detected) == ("candidate", None)
    assert shift.detectors == ("sequential",)
    assert shift.reason == "one detector finds it"


def test_what_turns_out_to_be_chance_is_withdrawn_and_said_no_more() -> None:
    count = np.full(70, 200.0)
    count[40:43] = 245.0
    shift, *others = found(count, np.full(70, 1000.0))
    assert not others
    assert (shift.status, shift.detected) == ("withdrawn", sunday(41))
    assert shift.withdrawn is not None
    assert sunday(42) < shift.withdrawn < sunday(60)
    assert shift.reason in ("no longer told from chance", "back at the level before")


def test_one_week_far_out_is_no_shift_after_it_either() -> None:
    for outlier in (0.0, 100.0, 300.0, 500.0, 900.0):
        count = np.full(100, 200.0)
        count[50] = outlier
        said = found(count, np.full(100, 1000.0))
        assert [each for each in said if each.detected is not None] == [], outlier


def test_three_days_far_out_are_no_shift() -> None:
    count = np.full(300, 200.0)
    count[200:203] = 500.0
    said = found(count, np.full(300, 1000.0), None, DAILY)
    assert [each for each in said if each.detected is not None] == []


@pytest.mark.parametrize("weeks", [2, 4, 6, 9])
def test_a_share_that_is_back_where_it_was_withdraws_its_shift_in_weeks(weeks: int) -> None:
    count = np.full(120, 200.0)
    count[50 : 50 + weeks] = 300.0
    shift, *others = found(count, np.full(120, 1000.0))
    assert not others
    assert (shift.status, shift.reason) == ("withdrawn", "back at the level before")
    assert shift.size_pp > 0
    assert shift.withdrawn is not None
    assert sunday(50 + weeks) < shift.withdrawn <= sunday(50 + weeks + 4)


def test_a_share_that_falls_half_way_back_keeps_its_shift() -> None:
    count = np.repeat([200.0, 300.0, 250.0], [50, 6, 40])
    said = found(count, np.full(96, 1000.0))
    assert [each.status for each in said if each.onset <= sunday(50)] == ["confirmed"]


def test_a_shift_after_a_return_is_compared_with_the_level_without_the_excursion() -> None:
    count = np.repeat([200.0, 300.0, 200.0, 260.0], [30, 6, 20, 20])
    gone, stays = found(count, np.full(76, 1000.0))
    assert (gone.status, stays.status) == ("withdrawn", "confirmed")
    assert stays.onset == sunday(55) + timedelta(days=1)
    assert stays.before_share == pytest.approx(0.2)


def test_spikes_of_a_week_are_seldom_confirmed_and_longer_ones_do_not_stay() -> None:
    seeds = range(40)
    weeks = [spike(seed, 1000, 1, 10.0) for seed in seeds]
    assert sum(said for said, _ in weeks) <= 5  # 5 % of 40, and two standard errors
    rush = [spike(seed, 1000, 6, 10.0) for seed in seeds]
    assert sum(said for said, _ in rush) >= 36
    assert sum(stands for _, stands in rush) <= 3


@pytest.mark.parametrize(("few", "many"), [(0.0, 30.0), (1.0, 30.0), (0.0, 60.0)])
def test_a_rise_from_almost_nothing_is_found(few: float, many: float) -> None:
    hits = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        count = np.concatenate([rng.poisson(few, 80), rng.poisson(many, 40)])
        said = found(count, np.full(120, 1000.0))
        hits += any(each.detected is not None and each.size_pp > 0 for each in said)
    assert hits == 10


def test_one_week_alone_raises_no_alarm_in_its_own_week_however_far_out() -> None:
    for outlier in (260.0, 300.0, 400.0, 800.0):
        count = np.repeat([200.0, outlier], [50, 1])
        said = found(count, np.full(51, 1000.0))
        assert [each for each in said if each.detected is not None] == []


def test_a_day_or_two_alone_raise_no_alarm() -> None:
    for days in (1, 2):
        count = np.repeat([200.0, 500.0], [150, days])
        said = found(count, np.full(150 + days, 1000.0), None, DAILY)
        assert [each for each in said if each.detected is not None] == []


def test_two_steps_are_two_shifts() -> None:
    count = np.concatenate([step(60, 30), np.full(30, 200.0)])
    up, down = found(count, np.full(90, 1000.0))
    assert (up.onset, down.onset) == (
        sunday(29) + timedelta(days=1),
        sunday(59) + timedelta(days=1),
    )
    assert up.size_pp > 0 > down.size_pp
    assert {up.status, down.status} == {"confirmed"}


@pytest.mark.parametrize(
    ("count", "total"),
    [
        (step(60, 40, 15.0, 25.0), np.full(60, 99.0)),  # too few with a location
        (step(60, 40, 0.0, 4.0), np.full(60, 5_000.0)),  # too few of the country
        (5_000.0 - step(60, 40, 0.0, 4.0), np.full(60, 5_000.0)),  # too few of all others
    ],
)
def test_too_few_accounts_say_nothing(count: Floats, total: Floats) -> None:
    assert found(count, total) == []


@pytest.mark.parametrize(
    "loss",
    [
        Loss(),
        Loss(unmasked_days=2),
        Loss(unmasked_days=2, weeks=None),
    ],
)
def test_a_loss_of_event_types_is_no_shift(loss: Loss) -> None:
    for seed in range(6):
        for chosen, accounts in ((WEEKLY, 3000), (DAILY, 1000)):
            drawn = draw(seed, 0.2, accounts, days=chosen.days, loss=loss)
            near = [
                shift
                for shift in of_drawn(drawn, chosen)
                if shift.detected is not None
                and abs(shift.onset - drawn.onset_day) <= timedelta(days=7)
            ]
            assert not near, seed


def test_the_loss_would_be_taken_for_a_shift_where_accounts_did_not_fall() -> None:
    """The planted loss moves the share by enough: what keeps it quiet is not that it is small."""
    seen = 0
    for seed in range(10):
        drawn = draw(seed, 0.2, 3000, loss=Loss(is_masked=False))
        scaled = 3000 / drawn.total
        steady = replace(drawn, count=drawn.count * scaled, total=drawn.total * scaled)
        seen += any(
            shift.detected and abs(shift.onset - drawn.onset_day) <= timedelta(days=7)
            for shift in of_drawn(steady)
        )
    assert seen >= 8


def test_periods_left_out_and_impossible_counts_are_errors() -> None:
    dates = np.array(["2023-01-08", "2023-01-22"], dtype="datetime64[D]")
    two, sound = np.full(2, 200.0), np.ones(2, dtype=bool)
    with pytest.raises(ValueError, match="periods of 7 days have to follow each other"):
        usable_points(dates, two, two, sound, WEEKLY)
    dates[1] -= 7
    for count in (two + 1, -two):
        with pytest.raises(ValueError, match="between 0 and their totals"):
            usable_points(dates, count, two, sound, WEEKLY)
    assert usable_points(dates[:0], two[:0], two[:0], sound[:0], WEEKLY).places.size == 0
