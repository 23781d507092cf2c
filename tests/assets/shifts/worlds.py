"""Series and events made by hand, for tests of the shifts."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from assets.engagement.intervals import wilson_interval
from assets.shifts.series import CountrySeries, Dates
from assets.shifts.shocks import Calendar, Shock

FIRST = date(2022, 1, 9)  # a Sunday


def sunday(week: int) -> date:
    return FIRST + timedelta(weeks=week)


def shock(week: int, *, is_paper: bool = True, name: str | None = None) -> Shock:
    """A shock on the Friday of a week."""
    day = sunday(week) - timedelta(days=2)
    return Shock(day, name or f"shock of week {week}", is_paper_shock=is_paper, is_control=True)


def shocks(*weeks: int) -> Calendar:
    return Calendar([shock(week) for week in weeks], [], [])


def weekly(
    country: str,
    counts: npt.ArrayLike,
    located: npt.ArrayLike,
    unsound: Sequence[int] = (),
    event_group: str = "any",
) -> CountrySeries:
    """A country's weeks; three events an account; corrected shares are not known."""
    count, everyone = np.array(counts, dtype=np.float64), np.array(located, dtype=np.float64)
    dates: Dates = np.array([sunday(week) for week in range(len(count))], dtype="datetime64[D]")
    low, high = wilson_interval(count, everyone)
    unknown = np.full(len(dates), np.nan)
    is_sound = np.ones(len(dates), dtype=bool)
    is_sound[list(unsound)] = False
    return CountrySeries(
        period="week",
        country_iso2=country,
        event_group=event_group,
        dates=dates,
        count=count,
        located=everyone,
        total=everyone,
        events=3.0 * count,
        total_events=3.0 * everyone,
        located_share=count / everyone,
        located_share_low=low,
        located_share_high=high,
        share=unknown,
        share_low=unknown,
        share_high=unknown,
        share_log_se=unknown,
        clock_17utc_share=unknown,
        is_complete=is_sound,
        is_masked=~is_sound,
        is_corrected=np.zeros(len(dates), dtype=bool),
        capture_status=np.where(is_sound, "sound", "degraded"),
        is_sound=is_sound,
        is_share_sound=is_sound,
    )
