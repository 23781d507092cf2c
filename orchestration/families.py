"""Families of partitions: what is made together a day, week or month at a time; how to mend it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import dagster as dg

from assets.figures import days_from
from checks.days import PARTITION, RANGE_END, RANGE_START
from orchestration.jobs import (
    ACCOUNTS_JOB,
    DAILY_JOB,
    HUB_JOB,
    HUB_SNAPSHOT_JOB,
    PAPERS_JOB,
    PATENTS_JOB,
)
from orchestration.partitions import months_between, weeks_between

# Of an outage of seven days that begins just before the tick of a day, eight days are to be made.
CATCH_UP = timedelta(days=8)
WEEKS_CATCH_UP = timedelta(days=56)
MONTHS_CATCH_UP = timedelta(days=62)
_MIDNIGHT, _TUESDAYS, _MONTHS = "0 0 * * *", "0 0 * * 2", "0 0 1 * *"


@dataclass(frozen=True, slots=True)
class Family:
    """Partitions of one kind, and the assets that are made by them.

    Attributes:
        name: the same as the job's that makes them.
        jobs: that make them, whole or in part.
        unit: what one partition is.
        cron: Dagster's schedule of the partitions.
        has_today: whether the day that is not over is a partition.
        looks_back: how far the automation looks back for what is not made.
        command: that makes a range again, with `{first}` and `{last}`.
    """

    name: str
    jobs: tuple[str, ...]
    unit: str
    cron: str
    has_today: bool
    looks_back: timedelta
    command: str

    def mend(self, first: date, last: date) -> str:
        """The command that makes a range of partitions again, both ends included."""
        form = "%Y-%m" if self.cron == _MONTHS else "%Y-%m-%d"
        return self.command.format(first=first.strftime(form), last=last.strftime(form))

    def between(self, first: date, last: date) -> list[date]:
        """The partitions that begin in a range of days, both ends included, in order."""
        if self.cron == _MONTHS:
            return [each for each in months_between(first, last) if each >= first]
        if self.cron == _TUESDAYS:
            return weeks_between(first, last)
        return days_from(first, last)

    def over_at(self, partition: str) -> datetime:
        """When (UTC) a partition's days are over."""
        first = date.fromisoformat(partition)
        if self.cron == _MONTHS:
            after = (first + timedelta(days=31)).replace(day=1)
        else:
            after = first + timedelta(days=7 if self.cron == _TUESDAYS else 1)
        return datetime.combine(after, time(), UTC)


DAILY = Family(
    DAILY_JOB, (DAILY_JOB, ACCOUNTS_JOB), "day", _MIDNIGHT, False, CATCH_UP,
    "make backfill FROM={first} TO={last}",
)  # fmt: skip
PATENTS = Family(
    PATENTS_JOB, (PATENTS_JOB,), "week", _TUESDAYS, False, WEEKS_CATCH_UP,
    "make patents FROM={first} TO={last}",
)  # fmt: skip
PAPERS = Family(
    PAPERS_JOB, (PAPERS_JOB,), "month", _MONTHS, False, MONTHS_CATCH_UP,
    "make papers FROM={first} TO={last}",
)  # fmt: skip
HUB = Family(
    HUB_JOB, (HUB_SNAPSHOT_JOB, HUB_JOB), "snapshot", _MIDNIGHT, True, CATCH_UP,
    "make hub FROM={first} TO={last}",
)  # fmt: skip
FAMILIES = (DAILY, HUB, PATENTS, PAPERS)
BY_NAME = {family.name: family for family in FAMILIES}
_BY_JOB = {job: family for family in FAMILIES for job in family.jobs}


def family_of(partitions: dg.PartitionsDefinition[Any] | None) -> Family | None:
    """The family of an asset's partitions; None of an asset without any, or with others."""
    if not isinstance(partitions, dg.TimeWindowPartitionsDefinition):
        return None
    shape = (partitions.cron_schedule, partitions.end_offset > 0)
    return next((each for each in FAMILIES if (each.cron, each.has_today) == shape), None)


def families_of(graph: Any) -> dict[dg.AssetKey, Family]:  # noqa: ANN401 - Dagster exports no type
    """The family of each asset of Dagster's asset graph that has one."""
    found = {key: family_of(graph.get(key).partitions_def) for key in graph.get_all_asset_keys()}
    return {key: family for key, family in found.items() if family}


def known_families(context: dg.SensorEvaluationContext) -> dict[dg.AssetKey, Family]:
    """The family of each asset of a sensor's code location; none where it is not told of any."""
    return families_of(context.repository_def.asset_graph) if context.repository_def else {}


def family_of_run(run: dg.DagsterRun, known: Mapping[dg.AssetKey, Family]) -> Family | None:
    """What a run is of: by its assets where they were selected, else by its job.

    Args:
        run: any run.
        known: families of assets.
    """
    for key in run.asset_selection or ():
        if key in known:
            return known[key]
    return _BY_JOB.get(run.job_name)


def partitions_of_run(run: dg.DagsterRun, family: Family) -> list[str]:
    """The keys of a run's partitions, in order; none where it has none."""
    first = run.tags.get(RANGE_START) or run.tags.get(PARTITION)
    if not first:
        return []
    last = run.tags.get(RANGE_END) or first
    return [str(day) for day in family.between(date.fromisoformat(first), date.fromisoformat(last))]


def spans(family: Family, partitions: Iterable[str]) -> Iterator[tuple[date, date, int]]:
    """First, last and number of partitions of each span without a gap, in order."""
    first = last = None
    count = 0
    for day in sorted(map(date.fromisoformat, partitions)):
        if last is not None and first is not None and family.over_at(str(last)).date() == day:
            last, count = day, count + 1
            continue
        if first is not None and last is not None:
            yield first, last, count
        first, last, count = day, day, 1
    if first is not None and last is not None:
        yield first, last, count
