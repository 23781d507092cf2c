"""What a backfill does next: stages of the daily job, each once what it reads before it is there.

A day's figures look back on other days: on files of half a year, on commits of a year. So that a
range made newest first ends with the rows of one made oldest first, each stage of the daily job is
ahead of the next one by as many days as that one looks back on, and a stage is asked for only when
a later one needs it: the newest figures are there long before the oldest files are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from assets.figures import days_from

#: Tag of a run that is of one stage alone, and the stage that makes a day's figures.
STAGE_TAG, FIGURES = "observatory/stage", "figures"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Need:
    """Of an earlier stage, the days around one of its own that a stage reads.

    Attributes:
        stage: name of the earlier one.
        back: days before.
        ahead: days after.
    """

    stage: str
    back: int = 0
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the daily job.

    Attributes:
        name: as it is said.
        assets: keys, as Dagster writes them.
        needs: of earlier stages.
    """

    name: str
    assets: frozenset[str]
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """One run: what is not made yet of a stage, over a range of days.

    Attributes:
        stage: name.
        first: first day.
        last: last day.
        assets: of the stage, those that are to be made.
    """

    stage: str
    first: date
    last: date
    assets: frozenset[str]

    @property
    def day_count(self) -> int:
        """Days, both ends included."""
        return (self.last - self.first).days + 1

    @property
    def days(self) -> list[date]:
        """In order."""
        return days_from(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a backfill is of.

    Attributes:
        first: first day.
        last: last day.
        later: days after it, in order, whose figures are made anew, as they look back on it.
        stages: in their order; the last one makes the figures.
        most_days: of a run.
        is_newest_first: in which order the figures are made.
    """

    first: date
    last: date
    later: tuple[date, ...]
    stages: tuple[Stage, ...]
    most_days: int
    is_newest_first: bool = True

    def days_of(self, stage: str) -> list[date]:
        """The days that a stage is made of, in order."""
        days = days_from(self.first, self.last)
        return [*days, *self.later] if stage == self.stages[-1].name else days

    def stage(self, name: str) -> Stage:
        """By its name.

        Raises:
            KeyError: there is none of that name.
        """
        return {each.name: each for each in self.stages}[name]


@dataclass(slots=True)
class Progress:
    """How far a backfill is.

    Attributes:
        made: assets by day, of runs of this backfill.
        failed: by stage and day, the error with which it failed alone, or what it lacks.
        most_days: by stage and day, of the next run of them; less than the plan's after a failure.
    """

    made: dict[date, set[str]] = field(default_factory=dict)
    failed: dict[tuple[str, date], str] = field(default_factory=dict)
    most_days: dict[tuple[str, date], int] = field(default_factory=dict)

    def is_made(self, stage: Stage, day: date) -> bool:
        """Whether all of a stage is there of a day."""
        return stage.assets <= self.made.get(day, set())

    def is_settled(self, stage: Stage, day: date) -> bool:
        """Whether no more is done for it."""
        return self.is_made(stage, day) or (stage.name, day) in self.failed

    def add(self, plan: Plan, days: Sequence[date], assets: Collection[str]) -> None:
        """Note what a run made; what looks on it and was made before is to be made anew.

        Args:
            plan: of the backfill.
            days: of the run.
            assets: that it made of each of them.
        """
        for earlier in plan.stages:
            if not earlier.assets.isdisjoint(assets):
                for day in days:
                    self._forget(plan, earlier.name, day)
        for day in days:
            self.made.setdefault(day, set()).update(assets)

    def _forget(self, plan: Plan, name: str, day: date) -> None:
        """Forget what looks on a stage's day, and what looks on that."""
        for stage in plan.stages:
            for need in stage.needs:
                if need.stage != name:
                    continue
                for back in range(-need.ahead, need.back + 1):
                    other = day + _DAY * back
                    if stage.assets & self.made.get(other, set()):
                        self.made[other] -= stage.assets
                        self._forget(plan, stage.name, other)

    def fail(self, work: Work, error: str) -> None:
        """Note a failed run: halves are tried next, and a day that fails alone is given up."""
        for day in work.days:
            if work.day_count == 1:
                self.failed[work.stage, day] = error
            else:
                self.most_days[work.stage, day] = (work.day_count + 1) // 2

    def remaining(self, plan: Plan) -> dict[str, int]:
        """Days to do by stage."""
        return {
            stage.name: sum(not self.is_settled(stage, day) for day in plan.days_of(stage.name))
            for stage in plan.stages
        }


def is_preparation(tags: Mapping[str, str]) -> bool:
    """Whether a run with these tags makes no figures: a day is not made by it."""
    return tags.get(STAGE_TAG, FIGURES) != FIGURES


def next_work(plan: Plan, progress: Progress) -> Work | None:
    """What to run next; None where all is settled."""
    _leave_out(plan, progress)
    return _work_for(plan, progress, plan.stages[-1], date.min, date.max)


def _work_for(plan: Plan, progress: Progress, stage: Stage, low: date, high: date) -> Work | None:
    """What brings a stage on between two days: of it, or of what it needs first."""
    days = [day for day in plan.days_of(stage.name) if low <= day <= high]
    open_days = [day for day in days if not progress.is_settled(stage, day)]
    if not open_days:
        return None
    work = _run(plan, progress, stage, open_days[-1] if plan.is_newest_first else open_days[0])
    for need in stage.needs:
        first, last = work.first - _DAY * need.back, work.last + _DAY * need.ahead
        earlier = _work_for(plan, progress, plan.stage(need.stage), first, last)
        if earlier is not None:
            return earlier
    return work


def _run(plan: Plan, progress: Progress, stage: Stage, begin: date) -> Work:
    """The longest run from a day on that lacks the same assets on all its days."""
    step = -_DAY if plan.is_newest_first else _DAY
    there = set(plan.days_of(stage.name))
    lacking = stage.assets - progress.made.get(begin, set())
    most = progress.most_days.get((stage.name, begin), plan.most_days)
    end, count = begin, 1
    while (
        count < most
        and (day := end + step) in there
        and not progress.is_settled(stage, day)
        and stage.assets - progress.made.get(day, set()) == lacking
        and progress.most_days.get((stage.name, day), plan.most_days) >= most
    ):
        end, count = day, count + 1
    return Work(stage.name, min(begin, end), max(begin, end), frozenset(lacking))


def _leave_out(plan: Plan, progress: Progress) -> None:
    """Give up days of which an earlier stage failed on the day itself."""
    for stage in plan.stages:
        for need in stage.needs:
            for (name, day), error in list(progress.failed.items()):
                if name == need.stage and not progress.is_made(stage, day):
                    progress.failed.setdefault((stage.name, day), error)


def time_left(
    plan: Plan, progress: Progress, spent: Mapping[str, tuple[float, int]]
) -> float | None:
    """Seconds, by what each stage has taken a day; None before the first run has ended.

    A stage of which nothing was run yet counts as the mean of the others.

    Args:
        plan: of the backfill.
        progress: how far it is.
        spent: seconds and days by stage, of runs that ended.
    """
    rates = {name: seconds / days for name, (seconds, days) in spent.items() if days}
    if not rates:
        return None
    mean = sum(rates.values()) / len(rates)
    left = progress.remaining(plan)
    return sum(days * rates.get(name, mean) for name, days in left.items())
