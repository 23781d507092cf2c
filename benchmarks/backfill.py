"""What Dagster costs: a backfill against its functions in a loop, tiny partitions, a daily run.

Bars: 60 days of the sandbox take at most 1.5 times as long as the same functions called in the same
order without Dagster (median of pairs, either one first in turn); 1,700 partitions of assets that
do nothing are made in under 10 minutes; of a daily run in a process of its own, all but the time
in our functions takes under 20 s.
"""

import argparse
import logging
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from inspect import signature
from types import SimpleNamespace
from typing import Any

import dagster as dg

from checks.days import RANGE_END, RANGE_START
from orchestration.backfill import make_range, stages_of
from orchestration.backfill_file import FOLDER, only_one
from orchestration.backfill_plan import Plan, Progress, Work, next_work
from orchestration.definitions import build_definitions
from orchestration.partitions import MAX_DAYS_PER_BACKFILL_RUN
from orchestration.runs import Runner, dagster_instance
from orchestration.sandbox_process import sandbox_process
from orchestration.settings import ROOT, Settings, load_settings

LAST = date(2024, 12, 15)
MOST_RATIO, MOST_TINY_S, MOST_OVERHEAD_S = 1.5, 600.0, 20.0
TINY_DAYS = 1700


class Loop:
    """The functions of the daily job and of its checks, called one after the other."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        made = build_definitions(settings)
        graph = made.resolve_asset_graph()
        order = [key for level in graph.toposorted_asset_keys_by_level for key in level]
        self._resources: dict[str, Any] = dict(made.resources or {})
        self._by_key: dict[dg.AssetKey, dg.AssetsDefinition] = {}
        for each in made.assets or ():
            if isinstance(each, dg.AssetsDefinition):
                self._by_key |= dict.fromkeys(each.keys, each)
        self._checks: dict[dg.AssetKey, list[dg.AssetsDefinition]] = {}
        for check in made.asset_checks or ():
            for found in check.check_keys:
                self._checks.setdefault(found.asset_key, []).append(check)
        self._order = [key for key in order if key in self._by_key]

    def run(self, first: date, last: date, assets: Sequence[str]) -> float:
        """Make some assets of some days; seconds in the functions."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        tags = {RANGE_START: str(first), RANGE_END: str(last)}
        context = SimpleNamespace(
            partition_keys=[str(day) for day in days],
            log=logging.getLogger("loop"),
            retry_number=0,
            instance=self._instance,
            add_asset_metadata=lambda *_, **__: None,
            run=SimpleNamespace(run_id="loop", tags=tags),
        )
        seconds, done = 0.0, set[int]()
        for key in self._order:
            if key.to_user_string() not in assets:
                continue
            for each in (self._by_key[key], *self._checks.get(key, ())):
                if id(each) not in done:
                    done.add(id(each))
                    seconds += self._call(each, context)
        return seconds

    def _call(self, definition: dg.AssetsDefinition, context: SimpleNamespace) -> float:
        function: Callable[..., Any] = definition.op.compute_fn.decorated_fn  # type: ignore[union-attr]
        given = {
            name: context if name in ("context", "_context") else self._resources[name]
            for name in signature(function).parameters
        }
        began = time.perf_counter()
        result = function(**given)
        if isinstance(result, Iterator):
            for _ in result:
                pass
        return time.perf_counter() - began


def works(settings: Settings, first: date, last: date) -> Iterator[Work]:
    """The runs of a backfill of a range, in order."""
    with dagster_instance(settings) as instance:
        stages = stages_of(Runner(settings, instance).daily_assets())
    plan, progress = Plan(first, last, (), stages, MAX_DAYS_PER_BACKFILL_RUN), Progress()
    while (work := next_work(plan, progress)) is not None:
        yield work
        progress.add(plan, work.days, work.assets)


@contextmanager
def fresh(url: str) -> Iterator[Settings]:
    """An installation with reference tables and nothing else."""
    folder = tempfile.mkdtemp()
    settings = load_settings({"OBSERVATORY_SANDBOX_URL": url, "OBSERVATORY_DATA": folder})
    try:
        with dagster_instance(settings) as instance:
            Runner(settings, instance).reference()
        yield settings
    finally:
        shutil.rmtree(folder)


def make(
    settings: Settings, runner: Runner, instance: dg.DagsterInstance, first: date, last: date
) -> int:
    """Backfill a range; how many days failed."""
    with only_one(settings.data / FOLDER, first, last) as path:
        return make_range(runner, instance, first, last, path)


def by_dagster(url: str, first: date, last: date) -> float:
    """Seconds of a backfill."""
    with fresh(url) as settings, dagster_instance(settings) as instance:
        runner = Runner(settings, instance)
        began = time.perf_counter()
        failed = make(settings, runner, instance, first, last)
        seconds = time.perf_counter() - began
    if failed:
        raise RuntimeError(f"{failed} days failed")
    return seconds


def by_loop(url: str, first: date, last: date) -> float:
    """Seconds of the same functions in the same order."""
    with fresh(url) as settings:
        runs = list(works(settings, first, last))
        with dagster_instance(settings) as instance:
            loop = Loop(settings, instance)
            return sum(loop.run(work.first, work.last, sorted(work.assets)) for work in runs)


def tiny_partitions(days: int) -> tuple[float, int]:
    """Seconds and runs of a backfill of assets that do nothing."""
    with tempfile.TemporaryDirectory() as folder:
        first = LAST - timedelta(days=days - 1)
        given = {"OBSERVATORY_DATA": folder, "OBSERVATORY_FIRST_DAY": str(first)}
        settings = load_settings(given)
        real = build_definitions(settings)
        empty = replace_functions(real)
        with dagster_instance(settings) as instance:
            runner = Runner(settings, instance, empty)
            began = time.perf_counter()
            failed = make(settings, runner, instance, first, LAST)
            seconds = time.perf_counter() - began
            if failed:
                raise RuntimeError(f"{failed} days failed")
            return seconds, len(instance.get_runs())


def replace_functions(real: dg.Definitions) -> dg.Definitions:
    """The same assets, partitions and jobs, of functions that do nothing; without checks."""
    assets = []
    for each in real.assets or ():
        if not isinstance(each, dg.AssetsDefinition):
            continue
        specs = [spec.replace_attributes(automation_condition=None) for spec in each.specs]

        @dg.multi_asset(name=each.node_def.name, specs=specs, can_subset=False)
        def nothing(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
            for key in context.selected_asset_keys:
                yield dg.MaterializeResult(asset_key=key)

        assets.append(nothing)
    return dg.Definitions(assets=assets, jobs=real.jobs, executor=dg.in_process_executor)


def daily_overhead(url: str, days: int) -> tuple[float, float]:
    """Seconds of a daily run in a process of its own, and of its functions in another.

    Args:
        url: of the sandbox.
        days: that are there before.
    """
    last = LAST - timedelta(days=1)
    figures = []
    for by_hand in (False, True):
        with fresh(url) as settings:
            with dagster_instance(settings) as instance:
                runner = Runner(settings, instance)
                make(settings, runner, instance, LAST - timedelta(days=days), last)
            environment = {
                **os.environ,
                "OBSERVATORY_SANDBOX_URL": url,
                "OBSERVATORY_DATA": str(settings.data),
                "DAGSTER_HOME": str(settings.dagster_home),
            }
            tags = f'{{"dagster/partition": "{LAST}"}}'
            command = (
                [sys.executable, "-m", "benchmarks.backfill", "--one-day"]
                if by_hand
                else [
                    sys.executable, "-m", "dagster", "job", "execute", "-f",
                    "orchestration/definitions.py", "-d", str(ROOT), "-j", "daily", "--tags", tags,
                ]
            )  # fmt: skip
            began = time.perf_counter()
            ended = subprocess.run(  # noqa: S603
                command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
            )
            took = time.perf_counter() - began
            figures.append(float(ended.stdout.split()[-1]) if by_hand else took)
    return figures[0], figures[1]


def one_day() -> None:
    """Call the functions of the daily job on a day; print the seconds."""
    settings = load_settings()
    with dagster_instance(settings) as instance:
        assets = sorted(Runner(settings, instance).daily_assets())
        print(Loop(settings, instance).run(LAST, LAST, assets))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print all figures, and exit with 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--one-day", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one_day:
        one_day()
        return
    logging.getLogger("dagster").setLevel(logging.WARNING)
    seconds, runs = tiny_partitions(TINY_DAYS)
    print(f"{TINY_DAYS:,} tiny partitions: {seconds:.0f} s in {runs} runs (bar {MOST_TINY_S:g} s)")
    missed = seconds > MOST_TINY_S
    first = LAST - timedelta(days=options.days - 1)
    with sandbox_process() as url:
        ratios = []
        for number in range(options.pairs):
            pair = {}
            for way in (by_dagster, by_loop) if number % 2 else (by_loop, by_dagster):
                pair[way] = way(url, first, LAST)
            ratios.append(pair[by_dagster] / pair[by_loop])
            print(
                f"{options.days} days: backfill {pair[by_dagster]:.1f} s, loop "
                f"{pair[by_loop]:.1f} s, ratio {ratios[-1]:.2f}",
                flush=True,
            )
        ratio = statistics.median(ratios)
        print(f"median ratio {ratio:.2f} (bar {MOST_RATIO:g})")
        whole, functions = daily_overhead(url, 7)
        print(
            f"daily run: {whole:.1f} s, of which functions {functions:.1f} s, all else "
            f"{whole - functions:.1f} s (bar {MOST_OVERHEAD_S:g} s)"
        )
    if missed or ratio > MOST_RATIO or whole - functions > MOST_OVERHEAD_S:
        sys.exit("a bar is missed")


if __name__ == "__main__":
    main()
