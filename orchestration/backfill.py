"""Backfills a range of days: few runs, newest first, resumed where an earlier try ended.

What is made already is read from Dagster's own records of the runs that carry the backfill's tag:
the steps that succeeded, with their checks. Nothing else has to survive a crash but a small file
that says which backfill of a range is not over (`backfill_file`).
"""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg

from assets.activity import tables as activity
from assets.activity.day_work import LATE_DAYS
from assets.alerting.assets import RANGE_TAG
from assets.attribution.evidence import CLOCK_DAYS, COMMIT_DAYS
from assets.attribution.tables import ACTOR_EVIDENCE, ACTOR_PROFILES
from assets.coverage.volume import HISTORY_DAYS
from assets.declare import asset_key
from assets.engagement.cells import LONGEST_DAYS
from assets.engagement.tables import ENGAGEMENT
from assets.figures import days_from, spells
from assets.pace import duration, rate
from assets.tables import Table
from checks.days import RANGE_END, RANGE_START
from orchestration.backfill_file import Begun, read, write
from orchestration.backfill_plan import (
    FIGURES,
    STAGE_TAG,
    Need,
    Plan,
    Progress,
    Stage,
    Work,
    next_work,
    time_left,
)
from orchestration.partitions import MAX_DAYS_PER_BACKFILL_RUN
from orchestration.runs import Runner

_PROGRESS_TAG = "observatory/progress"
_MAX_RUNTIME_TAG = "dagster/max_runtime"  # 0 for no limit
# What so many days in a row fail of, each alone, is no fault of theirs.
_MOST_IN_A_ROW = 8


def stages_of(daily_assets: frozenset[str]) -> tuple[Stage, ...]:
    """The stages of the daily job, and what each reads of the days around its own."""
    archive = _keys(activity.ARCHIVE_EVENTS, activity.ARCHIVE_HOURS, activity.ARCHIVE_TOTALS)
    commits = _keys(activity.COMMITS, activity.COMMIT_AUTHORS)
    accounts = _keys(activity.EVENTS, activity.ACTOR_DAYS, ACTOR_PROFILES)
    evidence = _keys(ACTOR_EVIDENCE)
    return (
        Stage("files", archive),
        Stage("commits", commits),
        Stage("accounts", accounts, (Need("files", ahead=LATE_DAYS), Need("commits"))),
        Stage(
            "evidence",
            evidence,
            (Need("accounts", back=CLOCK_DAYS - 1), Need("commits", back=COMMIT_DAYS)),
        ),
        Stage(
            FIGURES,
            daily_assets - archive - commits - accounts - evidence,
            (
                Need("evidence", back=CLOCK_DAYS - 1),
                Need("accounts", back=LONGEST_DAYS - 1),
                Need("files", back=HISTORY_DAYS),
            ),
        ),
    )


def _keys(*tables: Table) -> frozenset[str]:
    return frozenset(asset_key(table).to_user_string() for table in tables)


class Backfill:
    """One range of days, from what is there of it to all that can be made.

    Args:
        runner: that runs it.
        instance: of Dagster.
        plan: what it is of.
        identity: tag of its runs.
    """

    def __init__(
        self, runner: Runner, instance: dg.DagsterInstance, plan: Plan, identity: str
    ) -> None:
        self.plan = plan
        self.progress = Progress()
        self._runner = runner
        self._instance = instance
        self._identity = identity
        self._steps = runner.steps()
        self._left: float | None = None
        self._rate = ""
        runs = instance.get_runs(filters=dg.RunsFilter(tags={RANGE_TAG: identity}))
        for run in reversed(runs):  # they come newest first
            if STAGE_TAG in run.tags:
                self._absorb(run.run_id, _days_of(run))

    def _absorb(self, run_id: str, days: list[date]) -> bool:
        """Note what a run made: assets whose step succeeded, and the checks; whether any."""
        logs = self._instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_SUCCESS)
        succeeded = {log.step_key for log in logs}
        made = [asset for asset, steps in self._steps.items() if steps <= succeeded]
        self.progress.add(self.plan, days, made)
        return bool(made)

    def run(self) -> Iterator[str]:
        """Run after run until all is made or given up; after each, a line that says how far it is.

        Raises:
            CommonFailureError: several days in a row failed alone, and so of a common cause.
        """
        spent: dict[str, tuple[float, int]] = {}
        in_a_row, began = 0, time.monotonic()
        while (work := next_work(self.plan, self.progress)) is not None:
            result = self._runner.part(work.first, work.last, work.assets, self._tags(work))
            has_made = self._absorb(result.run_id, work.days)
            error = result.error if has_made or result.error else "the run made nothing"
            if error:
                self.progress.fail(work, error)
            now = time.monotonic()
            seconds, days = spent.get(work.stage, (0.0, 0))
            spent[work.stage] = (seconds + now - began, days + work.day_count)
            began = now
            self._left = time_left(self.plan, self.progress, spent)
            seconds, days = spent[work.stage]
            self._rate = f"{rate(days, seconds)}, " if seconds > 0 else ""
            yield self._line(work, error)
            in_a_row = in_a_row + (work.day_count == 1) if error else 0
            if in_a_row == _MOST_IN_A_ROW:
                raise CommonFailureError(f"{in_a_row} days in a row failed, each alone: {error}")

    def failed(self) -> dict[date, str]:
        """Days whose figures could not be made, and why."""
        stage = self.plan.stages[-1].name
        return {
            day: error for (name, day), error in sorted(self.progress.failed.items())
            if name == stage
        }  # fmt: skip

    def _tags(self, work: Work) -> dict[str, str]:
        days = len(self.plan.days_of(self.plan.stages[-1].name))
        left = self.progress.remaining(self.plan)[self.plan.stages[-1].name]
        done = f"{days - left} of {days} days done before this run"
        return {
            RANGE_TAG: self._identity,
            STAGE_TAG: work.stage,
            _PROGRESS_TAG: done if self._left is None else f"{done}, {self._rest()}",
            # A run of many days may take longer than one that hangs.
            _MAX_RUNTIME_TAG: "0",
        }

    def _rest(self) -> str:
        return "" if self._left is None else f"about {duration(self._left)} left"

    def _line(self, work: Work, error: str) -> str:
        left = self.progress.remaining(self.plan)
        done = ", ".join(
            f"{name} {total - left[name]} of {total}"
            for name in left
            if (total := len(self.plan.days_of(name)))
        )
        state = f"FAILED: {error}" if error else "ok"
        return (
            f"{work.stage} of {work.first} to {work.last}: {state}  "
            f"[days: {done}; {self._rate}{self._rest()}]"
        )


class CommonFailureError(RuntimeError):
    """What makes days fail is not theirs; the text gives the last error."""


def _days_of(run: dg.DagsterRun) -> list[date]:
    first, last = (date.fromisoformat(run.tags[tag]) for tag in (RANGE_START, RANGE_END))
    return days_from(first, last)


def later_days(instance: dg.DagsterInstance, last: date) -> tuple[date, ...]:
    """The days after a range whose periods look back on it, of those that are made."""
    made = instance.get_materialized_partitions(asset_key(ENGAGEMENT))
    days = days_from(last + timedelta(days=1), last + timedelta(days=LONGEST_DAYS - 1))
    return tuple(day for day in days if str(day) in made)


def make_range(
    runner: Runner,
    instance: dg.DagsterInstance,
    first: date,
    last: date,
    path: Path,
    *,
    is_newest_first: bool = True,
    is_fresh: bool = False,
    most_days: int = MAX_DAYS_PER_BACKFILL_RUN,
) -> int:
    """Backfill a range of days, and say how far it is; how many days' figures could not be made.

    A range whose backfill is not over is gone on with, where it ended.

    Args:
        runner: of the platform's jobs.
        instance: of Dagster.
        first: first day.
        last: last day, over.
        path: the range's file, which this process holds (`backfill_file.only_one`).
        is_newest_first: in which order.
        is_fresh: whether to begin anew where an earlier backfill of the range is not over.
        most_days: of a run.

    Raises:
        SettingsError: the file is damaged.
    """
    begun = None if is_fresh else read(path)
    if begun is None:
        moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
        later = [str(day) for day in later_days(instance, last)]
        begun = Begun(f"{first}..{last}, {moment}", later, is_newest_first)
        write(path, begun)
    else:
        print(f"going on with {begun.identity}; FRESH=1 begins anew", flush=True)
    stages = stages_of(runner.daily_assets())
    later_ones = tuple(map(date.fromisoformat, begun.later))
    plan = Plan(first, last, later_ones, stages, most_days, begun.is_newest_first)
    backfill = Backfill(runner, instance, plan, begun.identity)
    _say_plan(backfill)
    try:
        for line in backfill.run():
            print(f"  {line}", flush=True)
    except CommonFailureError as error:
        print(f"stopped: {error}\nonce that is mended, the same command goes on", flush=True)
        return backfill.progress.remaining(plan)[stages[-1].name] + len(backfill.failed())
    failed = backfill.failed()
    for start, end in spells(failed):
        print(f"  FAILED {start} to {end}: {failed[start]}", flush=True)
    if failed:
        print("the same command tries these days again, and makes anew what looks on them")
    else:
        path.unlink()
    return len(failed)


def _say_plan(backfill: Backfill) -> None:
    plan = backfill.plan
    left = backfill.progress.remaining(plan)[plan.stages[-1].name]
    order = "newest first" if plan.is_newest_first else "oldest first"
    days = len(plan.days_of(plan.stages[-1].name))
    end = plan.later[-1] if plan.later else plan.last
    print(f"{left} of {days} days to make, {plan.first} to {end}, {order} …", flush=True)
    for start, stop in spells(plan.later):
        print(f"  figures of {start} to {stop} look back on them, and are made anew", flush=True)
