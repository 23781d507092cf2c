"""Engagement of many days, on all cores."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from threadpoolctl import threadpool_limits

from assets.engagement.capture import Captures
from assets.engagement.cells import count_cells
from assets.engagement.engagement import DayEngagement, Hours, day_engagement

_BATCH_DAYS = 8  # days whose accounts are counted at once, by one core


def days_engagement(
    days: Sequence[date],
    activity: pa.Table,
    countries: pa.Table,
    model_of: Callable[[date], pa.Table],
    groupings: Mapping[str, Mapping[str, str]],
    hours_of: Callable[[date], Mapping[str, Hours]],
    captures_of: Callable[[date], Captures] = lambda _day: {},
) -> list[DayEngagement]:
    """Each day's rows, in the order of the days.

    Args:
        days: UTC.
        activity: core.actor_days of all days of the periods that end on them.
        countries: core.actor_country as of the days.
        model_of: core.attribution_model as of a day.
        groupings: as `day_engagement` takes them.
        hours_of: the same, of a day.
        captures_of: the same, of the periods that end on a day.
    """
    cores = os.cpu_count() or 1
    batches = [days[at : at + _BATCH_DAYS] for at in range(0, len(days), _BATCH_DAYS)]
    threads = max(1, cores // max(1, len(batches)))

    def estimate(batch: Sequence[date]) -> list[DayEngagement]:
        cells = count_cells(batch, activity, countries, threads)
        return [
            day_engagement(
                day,
                cells.filter(pc.equal(cells["activity_date"], pa.scalar(day))),
                model_of(day),
                groupings,
                hours_of(day),
                captures_of(day),
            )
            for day in batch
        ]

    # Matrices are small and days many: threads within one only cost, and change the last bits.
    with threadpool_limits(1), ThreadPoolExecutor(max_workers=cores) as pool:
        return [made for batch in pool.map(estimate, batches) for made in batch]
