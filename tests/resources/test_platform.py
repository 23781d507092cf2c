"""The platform's clock: the real one, or one held still, and always UTC."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from resources.platform import Platform


def platform(fixed_now: str = "") -> Platform:
    return Platform(
        world="sandbox",
        data_dir="data",
        reference_dir="reference",
        tracked_repositories="tracked.csv",
        rules="rules.yaml",
        fixed_now=fixed_now,
    )


def test_without_a_fixed_time_now_is_the_clocks() -> None:
    before = datetime.now(UTC)
    now = platform().now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


@pytest.mark.parametrize(
    ("fixed_now", "now"),
    [
        ("2024-12-17T02:00:00Z", datetime(2024, 12, 17, 2, tzinfo=UTC)),
        ("2024-12-17T02:00+08:00", datetime(2024, 12, 16, 18, tzinfo=UTC)),
        ("2024-12-17T20:00-05:00", datetime(2024, 12, 18, 1, tzinfo=UTC)),
    ],
)
def test_a_fixed_time_stands_in_for_the_clock_in_utc(fixed_now: str, now: datetime) -> None:
    assert platform(fixed_now).now() == now
    assert platform(fixed_now).now().tzinfo is UTC


@pytest.mark.parametrize("fixed_now", ["2024-12-17T02:00", "2024-12-17"])
def test_a_fixed_time_without_an_offset_is_refused_with_an_example(fixed_now: str) -> None:
    with pytest.raises(ValueError, match=f"'{fixed_now}' needs an offset, such as"):
        platform(fixed_now)


def test_a_fixed_time_that_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="Invalid isoformat"):
        platform("next tuesday")


@pytest.mark.parametrize(
    ("fixed_now", "today"),
    [
        ("2024-12-16T23:59:59Z", date(2024, 12, 16)),
        ("2024-12-17T00:00:00Z", date(2024, 12, 17)),
        # Morning in Shanghai is still the day before in UTC.
        ("2024-12-17T07:59+08:00", date(2024, 12, 16)),
    ],
)
def test_today_is_the_day_of_utc(fixed_now: str, today: date) -> None:
    assert platform(fixed_now).today() == today


def test_paths_lie_inside_the_data_folder() -> None:
    assert platform().data("report", "index.html") == Path("data/report/index.html")
    assert platform().data() == Path("data")


def test_the_cache_is_a_folder_of_its_own_or_lies_in_the_data() -> None:
    assert platform().cache("places") == Path("data/cache/places")
    shared = platform().model_copy(update={"cache_dir": "elsewhere"})
    assert shared.cache("places", "x") == Path("elsewhere/places/x")
