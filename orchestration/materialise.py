"""What commands make: days, and what has to be there before them, said step by step."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

import dagster as dg

from assets.pace import so_far
from orchestration.operations import say_backfills, unfinished
from orchestration.runs import Runner, dagster_instance
from orchestration.sandbox_process import set_sandbox_clock
from orchestration.settings import Settings
from resources.http import UpstreamError

# Days before the demonstration's today on which its Hub is asked: weekly, then daily.
_DEMO_HUB_DAYS = (28, 21, 14, 7, 6, 5, 4, 3, 2, 1)
# Also half a year and a year before the newest month of patents that is over.
_DEMO_HUB_MONTHS = (date(2023, 11, 30), date(2024, 5, 31))


class Estimates(Protocol):
    """What makes the effects of shocks and publishes them; each gives its first error, or nothing.

    `Runner` is one.
    """

    def shocks(self) -> str:
        """Estimate them, of all weeks."""

    def publication(self, last: date) -> str:
        """Publish what the marts hold as of a day."""


@dataclass(frozen=True, slots=True)
class Before:
    """What is made before a range of days.

    Attributes:
        months: first and last month of papers; None for no papers.
        weeks: first and last week of patents, as Tuesdays; None for no patents.
        accounts_from: first of the days before the range whose accounts its periods count; None
            for none.
        takes_snapshot: whether the Hub is asked how it stands today.
    """

    months: tuple[date, date] | None = None
    weeks: tuple[date, date] | None = None
    accounts_from: date | None = None
    takes_snapshot: bool = False


def materialise(
    settings: Settings,
    first: date,
    last: date,
    make: Callable[[Runner, dg.DagsterInstance], int],
    before: Before | None = None,
) -> int:
    """Run the reference job, what comes before the days, the days, and effects; how many failed.

    Counted is what `make` counts, and the effects of shocks with their publication as one.

    Args:
        settings: of the platform.
        first: first day.
        last: last day, over.
        make: makes the days, and gives how many failed.
        before: what is made before the days, besides what they cannot do without.
    """
    with dagster_instance(settings) as instance:
        runner = Runner(settings, instance)
        print("reference tables …", flush=True)
        runner.reference()
        print("baselines …", flush=True)
        say_failure(runner.baseline())
        print("polls of tracked repositories …", flush=True)
        say_failure(runner.polls(first))
        make_before(settings, runner, first, before or Before())
        failed = make(runner, instance)
        failed += make_shocks(runner, last)
    return failed


def say_what_is_over(settings: Settings) -> None:
    """Post the notes of backfills that are over; of those that go on, their own end does."""
    with dagster_instance(settings) as instance:
        say_backfills(settings, unfinished(instance))


def make_days(runner: Runner, first: date, last: date, days_per_run: int) -> int:
    """Make the days of a range, and say how far it is; how many ranges failed."""
    count, began = (last - first).days + 1, time.monotonic()
    done = failed = 0
    print(f"{count} days, {first} to {last}, in runs of up to {days_per_run} …", flush=True)
    for result in runner.range(first, last, days_per_run):
        done += (result.last - result.first).days + 1
        state = "ok" if result.is_success else f"FAILED: {result.error}"
        print(
            f"  {result.first} to {result.last}: {state}  "
            f"[{so_far(done, count, 'days', time.monotonic() - began)}]",
            flush=True,
        )
        failed += not result.is_success
    return failed


def make_shocks(runner: Estimates, last: date) -> int:
    """Estimate what shocks did once the days are there, and publish it; how many failed: 0 or 1.

    The days publish as they are made, when the effects of their weeks are not there yet.
    """
    print("effects of shocks …", flush=True)
    error = runner.shocks()
    if not error:
        print("publication of them …", flush=True)
        error = runner.publication(last)
    say_failure(error)
    return int(bool(error))


def make_before(settings: Settings, runner: Runner, first: date, before: Before) -> None:
    """Make what comes before a range of days that begins with `first`, and say what failed."""
    if before.months:
        ask_papers(runner, *before.months)
    if before.weeks and settings.uspto_url.startswith("http") and not settings.uspto_key.value:
        print("patents: no OBSERVATORY_USPTO_KEY, left out", flush=True)
    elif before.weeks:
        read_patents(runner, *before.weeks)
    asked_from = snapshot_hub(settings, runner) if before.takes_snapshot else first
    for error in runner.hub_days(min(first, asked_from), settings.today):
        say_failure(error)
    if before.accounts_from:
        eve = first - timedelta(days=1)
        print(f"accounts active from {before.accounts_from} to {eve} …", flush=True)
        say_failure(runner.accounts(before.accounts_from, eve).error)


def ask_papers(runner: Runner, first: date, last: date) -> str:
    """Make the months of papers of a range of days, and say so; the first error, or nothing."""
    print(f"papers of {first:%Y-%m} to {last:%Y-%m} …", flush=True)
    error = runner.papers(first, last).error
    say_failure(error)
    return error


def read_patents(runner: Runner, first: date, last: date) -> str:
    """Make the weeks of patents from one Tuesday to another, and say so; the first error."""
    print(f"patents of the weeks from {first} to {last} …", flush=True)
    error = runner.patents(first, last).error
    say_failure(error)
    return error


def make_gap(runner: Runner) -> str:
    """Compare use and patents anew, as each run of days does, and say so; the first error."""
    print("gap between use and patents …", flush=True)
    error = runner.gap()
    say_failure(error)
    return error


def snapshot_hub(settings: Settings, runner: Runner) -> date:
    """Ask the Hub how it stands today; in the demonstration also on some days before.

    There is no asking for the past, in the sandbox neither: its clock is set to each of these days,
    and the platform's with it, so that each is asked on its day.

    Returns:
        The first day on which it was to be asked.
    """
    print("snapshot of the Hub; one begun earlier today goes on …", flush=True)
    today = settings.today
    days = [today]
    if settings.now and settings.upstream == "sandbox":
        recent = [today - timedelta(days=back) for back in _DEMO_HUB_DAYS]
        days = [*_DEMO_HUB_MONTHS, *recent, today]
        now = datetime.fromisoformat(settings.now)
        try:
            for day in days[:-1]:
                moment = (now - (today - day)).isoformat()
                set_sandbox_clock(settings.sandbox_url, moment)
                if error := runner.hub_snapshots(day, day, moment):
                    print(f"  FAILED on {day}: {error}", flush=True)
            set_sandbox_clock(settings.sandbox_url, settings.now)
        except UpstreamError as refusal:
            print(f"  only today's, as the sandbox's clock stays as it is: {refusal}", flush=True)
        # Of the last weeks it is stated, too, on which days nobody asked.
        say_failure(runner.hub_snapshots(recent[0], today))
    else:
        say_failure(runner.hub_snapshots(today, today))
    return days[0]


def say_failure(error: str) -> None:
    """Print a job's first error; nothing where there is none."""
    if error:
        print(f"  FAILED, going on with what is there: {error}", flush=True)
