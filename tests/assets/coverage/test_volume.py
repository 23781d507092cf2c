"""A source against its own past: by hand, and planted years of losses, growth and holidays."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pytest

from assets.activity.tables import ARCHIVE_TOTALS
from assets.coverage.volume import HISTORY_DAYS, VolumeRate, volume_rates

DAY = date(2026, 6, 17)  # a Wednesday
KEY = ("gharchive", "WatchEvent")


def totals_of(
    count: Callable[[date, int], int | None],
    day: date = DAY,
    days: int = 60,
    event_type: str = "WatchEvent",
) -> pa.Table:
    """raw.archive_totals; `count` gives the events of a day's hour, None for no complete file."""
    rows = [
        {
            "source": "gharchive",
            "archive_date": at,
            "file_hour": datetime.combine(at, time(hour), tzinfo=UTC),
            "event_type": event_type,
            "event_count": found,
        }
        for at in (day - timedelta(days=back) for back in range(days + 1))
        for hour in range(24)
        if (found := count(at, hour)) is not None
    ]
    return ARCHIVE_TOTALS.arrow(rows)


def judged(totals: pa.Table, day: date = DAY) -> VolumeRate:
    return volume_rates(day, totals)[KEY]


def is_degraded(rate: VolumeRate) -> bool:
    return rate.high < 0.8


def test_the_expected_is_the_median_of_the_same_weekday() -> None:
    """Wednesdays had 24 files of 100, one of them 900, other days 500: 2,400 are usual."""

    def count(at: date, hour: int) -> int:
        if at == DAY:
            return 60
        if at == DAY - timedelta(days=14):
            return 900
        return 100 if at.weekday() == DAY.weekday() else 500

    rate = judged(totals_of(count))
    assert rate.expected == pytest.approx(2_400)
    assert rate.observed == 24 * 60
    assert rate.hour_share == pytest.approx(1.0)
    assert rate.rate == pytest.approx(0.6)
    assert rate.low < 0.6 < rate.high


def test_missing_files_are_left_out_on_both_sides_and_lower_the_capture_of_the_day() -> None:
    """The day has hours 0 to 11, a third of the usual events: 100 an hour, then 200 an hour."""

    def count(at: date, hour: int) -> int | None:
        usual = 100 if hour < 12 else 200
        return usual if at < DAY or hour < 12 else None

    rate = judged(totals_of(count))
    assert rate.expected == pytest.approx(1_200)
    assert rate.hour_share == pytest.approx(1 / 3)
    assert rate.rate == pytest.approx(1 / 3)
    assert rate.high <= rate.hour_share


def test_a_past_day_that_lacks_some_hours_is_filled_up_by_their_usual_share() -> None:
    """Every second Wednesday lacks its first 6 hours, which hold as much as any other 6."""

    def count(at: date, hour: int) -> int | None:
        return None if (DAY - at).days % 14 == 7 and hour < 6 else 100

    assert judged(totals_of(count)).expected == pytest.approx(2_400)


def test_an_event_type_that_a_complete_file_does_not_hold_counts_as_none_of_it() -> None:
    pushes = totals_of(lambda at, hour: 1_000, event_type="PushEvent")
    stars = totals_of(lambda at, hour: 100 if at < DAY else None)
    rates = volume_rates(DAY, pa.concat_tables([pushes, stars]))
    assert rates[KEY].rate == 0.0
    assert is_degraded(rates[KEY])
    assert rates["gharchive", "PushEvent"].rate == pytest.approx(1.0)


@pytest.mark.parametrize(("days", "is_known"), [(6, False), (7, True), (20, True)])
def test_with_little_history_working_days_stand_together_from_a_week_on(
    days: int, is_known: bool
) -> None:
    """Weekends have a tenth: they are no part of what a Wednesday is compared with."""
    totals = totals_of(lambda at, hour: 10 if at.weekday() > 4 else 100, days=days)
    rates = volume_rates(DAY, totals)
    assert (KEY in rates) is is_known
    if is_known:
        assert rates[KEY].expected == pytest.approx(2_400)


def test_no_files_of_the_day_no_rate() -> None:
    assert volume_rates(DAY, totals_of(lambda at, hour: 100 if at < DAY else None)) == {}
    assert volume_rates(DAY, ARCHIVE_TOTALS.arrow_schema.empty_table()) == {}


def test_the_order_of_rows_and_rows_too_old_or_too_new_change_nothing() -> None:
    rng = np.random.default_rng(3)
    counts = rng.poisson(100, (400, 24))

    def count(at: date, hour: int) -> int:
        return int(counts[(at - date(2025, 7, 1)).days, hour])

    totals = totals_of(count, days=HISTORY_DAYS)
    longer = totals_of(count, DAY + timedelta(days=5), days=HISTORY_DAYS + 30)
    shuffled = longer.take(rng.permutation(longer.num_rows))
    assert volume_rates(DAY, shuffled) == volume_rates(DAY, totals)


def year(rng: np.random.Generator, growth: float = 0.0) -> Callable[[date], float]:
    """Events an hour by day: weekends lower, days 5 % apart, growth (log) over a year."""
    noise = rng.normal(0, 0.05, 800)

    def level(at: date) -> float:
        elapsed = (at - date(2025, 1, 1)).days
        weekend = 0.6 if at.weekday() > 4 else 1.0
        return 200 * weekend * float(np.exp(noise[elapsed] + growth * elapsed / 365))

    return level


@pytest.mark.parametrize("after_days", [0, 3, 10, 30, 45, 70, 100, 140, 170, 182])
@pytest.mark.parametrize("share", [0.05, 0.5])
def test_a_lasting_loss_is_no_normal_within_half_a_year(after_days: int, share: float) -> None:
    level = year(np.random.default_rng(after_days))
    since = DAY - timedelta(days=after_days)
    totals = totals_of(
        lambda at, hour: round(level(at) * (share if at >= since else 1)), days=HISTORY_DAYS
    )
    rate = judged(totals)
    assert is_degraded(rate)
    assert rate.low <= share * 1.1
    assert rate.high >= share * 0.9


def test_a_loss_known_from_eight_weeks_of_history_stays_one_for_more_than_a_month() -> None:
    since = DAY - timedelta(days=35)
    rate = judged(totals_of(lambda at, hour: 20 if at >= since else 100, days=56))
    assert rate.rate == pytest.approx(0.2)


@pytest.mark.parametrize("growth", [0.3, 1.0, 2.0])
def test_growth_is_no_loss(growth: float) -> None:
    level = year(np.random.default_rng(7), growth)
    rate = judged(totals_of(lambda at, hour: round(level(at)), days=HISTORY_DAYS))
    assert rate.rate > 0.9
    assert rate.high == 1.0


def test_the_return_after_a_loss_is_no_longer_one() -> None:
    level = year(np.random.default_rng(8))
    lost = [DAY - timedelta(days=back) for back in range(1, 60)]
    totals = totals_of(
        lambda at, hour: round(level(at) * (0.1 if at in lost else 1)), days=HISTORY_DAYS
    )
    assert judged(totals).rate > 0.85


@pytest.mark.parametrize(
    ("day", "share"),
    [
        (date(2025, 12, 25), 0.55),
        (date(2026, 1, 1), 0.55),
        (date(2025, 11, 27), 0.75),  # Thanksgiving
        (date(2026, 5, 1), 0.75),
    ],
)
def test_a_holiday_is_no_loss(day: date, share: float) -> None:
    level = year(np.random.default_rng(9))
    totals = totals_of(
        lambda at, hour: round(level(at) * (share if at == day else 1)), day, HISTORY_DAYS
    )
    assert not is_degraded(judged(totals, day))


def test_a_collapse_on_christmas_is_one_all_the_same() -> None:
    day = date(2025, 12, 25)
    level = year(np.random.default_rng(9))
    totals = totals_of(
        lambda at, hour: round(level(at) * (0.05 if at == day else 1)), day, HISTORY_DAYS
    )
    assert is_degraded(judged(totals, day))


@pytest.mark.parametrize("hourly", [0.3, 3.0, 50.0])
def test_ordinary_days_of_rare_and_common_types_are_hardly_ever_degraded(hourly: float) -> None:
    """A day of Poisson counts 8 % apart, without any loss: at most one in a hundred."""
    rng = np.random.default_rng(11)
    degraded, rates = 0, []
    for _ in range(100):
        mean = hourly * np.exp(rng.normal(0, 0.08, HISTORY_DAYS + 1))
        counts: Sequence[Sequence[int]] = rng.poisson(mean[:, None], (len(mean), 24)).tolist()
        rate = judged(
            totals_of(
                lambda at, hour, counts=counts: counts[(DAY - at).days][hour],  # type: ignore[misc]
                days=HISTORY_DAYS,
            )
        )
        degraded += is_degraded(rate)
        rates.append(rate.observed / rate.expected)
    assert degraded <= 1
    assert np.median(rates) == pytest.approx(1.0, abs=0.12)
