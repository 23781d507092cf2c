"""Which days, weeks or months a check is about: those that its run made."""

from collections.abc import Sequence
from datetime import date, timedelta

import dagster as dg

from resources.lake import Lake

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
PARTITION = "dagster/partition"
_DAYS_BY_DEFAULT = 31
_MONTHS_BY_DEFAULT = 12
_WEEKS_BY_DEFAULT = 13


def days_of_check(context: dg.AssetCheckExecutionContext, lake: Lake) -> list[date]:
    """The days of the check's run, oldest first; without a partition, the newest 31 there are."""
    tags = context.run.tags
    first = tags.get(RANGE_START) or tags.get(PARTITION)
    if first:
        start = date.fromisoformat(first)
        end = date.fromisoformat(tags.get(RANGE_END) or first)
        return [start + timedelta(days=offset) for offset in range((end - start).days + 1)]
    names = lake.partitions("core.events")
    return [date.fromisoformat(name) for name in names[-_DAYS_BY_DEFAULT:]]


def months_of_check(context: dg.AssetCheckExecutionContext, lake: Lake, table: str) -> list[date]:
    """First days of the months of the check's run; without a partition, the newest 12 there are.

    Args:
        context: of the check.
        lake: where the table lies.
        table: `schema.table`, partitioned by month.
    """
    tags = context.run.tags
    first = tags.get(RANGE_START) or tags.get(PARTITION)
    if not first:
        return [date.fromisoformat(name) for name in lake.partitions(table)[-_MONTHS_BY_DEFAULT:]]
    end = date.fromisoformat(tags.get(RANGE_END) or first)
    months = [date.fromisoformat(first).replace(day=1)]
    while (following := (months[-1] + timedelta(days=31)).replace(day=1)) <= end:
        months.append(following)
    return months


def weeks_of_check(context: dg.AssetCheckExecutionContext, lake: Lake, table: str) -> list[date]:
    """Tuesdays of the weeks of the check's run; without a partition, the newest 13 there are.

    Args:
        context: of the check.
        lake: where the table lies.
        table: `schema.table`, partitioned by week and kept in parts.
    """
    tags = context.run.tags
    first = tags.get(RANGE_START) or tags.get(PARTITION)
    if not first:
        names = {name for part in lake.parts(table) for name in lake.partitions(table, part)}
        return [date.fromisoformat(name) for name in sorted(names)[-_WEEKS_BY_DEFAULT:]]
    start, end = date.fromisoformat(first), date.fromisoformat(tags.get(RANGE_END) or first)
    return [start + timedelta(days=7 * n) for n in range((end - start).days // 7 + 1)]


def span_of(days: Sequence[date]) -> str:
    """The days in words."""
    return f"{days[0]} to {days[-1]}" if days else "no day"
