"""Runs jobs in this process, on the same Dagster instance that the UI shows."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from assets.alerting.assets import RANGE_TAG
from assets.hub.tables import HUB_MODELS
from assets.polls.assets import FIRST_DAY_TAG
from checks.days import RANGE_END, RANGE_START
from orchestration.dead_runs import end_dead_commands, process_tags
from orchestration.definitions import build_definitions
from orchestration.instance import (
    STORAGE_VARIABLE,
    claim_storage,
    open_instance,
    prepare_home,
)
from orchestration.jobs import (
    ACCOUNTS_JOB,
    BASELINE_JOB,
    DAILY_JOB,
    GAP_JOB,
    HUB_JOB,
    HUB_SNAPSHOT_JOB,
    PAPERS_JOB,
    PATENTS_JOB,
    POLLS_JOB,
    PUBLICATION_JOB,
    REFERENCE_JOB,
    SHOCKS_JOB,
)
from orchestration.partitions import MAX_DAYS_PER_RUN, chunks
from orchestration.resources import platform
from orchestration.settings import Settings
from resources.lake import Lake

# Step events go to the instance; the terminal shows what the assets themselves say.
_CONSOLE = {"loggers": {"console": {"config": {"log_level": "INFO"}}}}


@dataclass(frozen=True, slots=True)
class RangeResult:
    """What became of a range of days."""

    first: date
    last: date
    run_id: str
    is_success: bool
    error: str = ""


@contextmanager
def dagster_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The instance of the data folder, with the repository's dagster.yaml."""
    home = settings.dagster_home
    names = ("DAGSTER_HOME", STORAGE_VARIABLE)
    before = {name: os.environ.get(name) for name in names}
    prepare_home(settings)
    os.environ["DAGSTER_HOME"] = str(home)
    try:
        with open_instance(settings) as instance:
            claim_storage(settings, instance)
            end_dead_commands(instance)
            yield instance
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Runner:
    """Runs the reference job, the baselines and ranges of the daily job, one after the other.

    Args:
        settings: of the platform.
        instance: of Dagster.
        definitions: whose jobs are run; by default those of the settings.
    """

    def __init__(
        self,
        settings: Settings,
        instance: dg.DagsterInstance,
        definitions: dg.Definitions | None = None,
    ) -> None:
        self._definitions = definitions or build_definitions(settings)
        repository = self._definitions.get_repository_def()
        self._reference = repository.get_job(REFERENCE_JOB)
        self._baseline = repository.get_job(BASELINE_JOB)
        self._polls = repository.get_job(POLLS_JOB)
        self._papers = repository.get_job(PAPERS_JOB)
        self._patents = repository.get_job(PATENTS_JOB)
        self._hub_snapshot = repository.get_job(HUB_SNAPSHOT_JOB)
        self._hub = repository.get_job(HUB_JOB)
        self._accounts = repository.get_job(ACCOUNTS_JOB)
        self._gap = repository.get_job(GAP_JOB)
        self._shocks = repository.get_job(SHOCKS_JOB)
        self._publication = repository.get_job(PUBLICATION_JOB)
        self._daily = repository.get_job(DAILY_JOB)
        self._settings = settings
        self._instance = instance

    def reference(self) -> None:
        """Load the reference tables.

        Raises:
            RuntimeError: the job failed; the text gives its first error.
        """
        result = self._reference.execute_in_process(
            instance=self._instance, raise_on_error=False, run_config=_CONSOLE
        )
        if not result.success:
            raise RuntimeError(f"the reference tables could not be loaded: {_error(result)}")

    def baseline(self) -> str:
        """Fetch the baselines; the first error, or nothing.

        No figure but those against the baseline needs it: what was fetched before goes on to serve.
        """
        return self._whole(self._baseline)

    def gap(self) -> str:
        """Compare use and patents of all cohorts; the first error, or nothing."""
        return self._whole(self._gap)

    def shocks(self) -> str:
        """Estimate what shocks did, of all weeks; the first error, or nothing."""
        return self._whole(self._shocks)

    def publication(self, last: date) -> str:
        """Publish what the marts hold, as the last day of a range; the first error, or nothing.

        For what is made of all days once they are there.
        """
        return self._range_of(self._publication, last, last).error

    def _whole(self, job: dg.JobDefinition) -> str:
        """Run a job without partitions; its first error, or nothing."""
        result = job.execute_in_process(
            instance=self._instance, raise_on_error=False, run_config=_CONSOLE
        )
        return "" if result.success else _error(result)

    def polls(self, first: date) -> str:
        """Ask GitHub for the newest events, and for stars since a day; the first error, or nothing.

        The newest events cost no figure but those of days still open: what is there goes on to
        serve.
        """
        result = self._polls.execute_in_process(
            instance=self._instance,
            raise_on_error=False,
            run_config=_CONSOLE,
            tags={FIRST_DAY_TAG: first.isoformat()},
        )
        return "" if result.success else _error(result)

    def papers(self, first: date, last: date) -> RangeResult:
        """One run of the papers job over the months of a range of days, both ends included."""
        return self._range_of(self._papers, first.replace(day=1), last.replace(day=1))

    def patents(self, first: date, last: date) -> RangeResult:
        """One run of the patents job over the weeks from one Tuesday to another."""
        return self._range_of(self._patents, first, last)

    def hub_snapshots(self, first: date, last: date, now: str = "") -> str:
        """Take today's snapshot of the Hub, if today is in a range; the first error, or nothing.

        Of earlier days in the range it is stated what became of theirs.

        Args:
            first: first day.
            last: last day, today at most.
            now: ISO time that stands in for the clock of the settings, for a sandbox whose own
                clock was set likewise.
        """
        result = self._hub_snapshot.execute_in_process(
            instance=self._instance,
            raise_on_error=False,
            run_config=_CONSOLE,
            tags=self._range(first, last),
            resources={"platform": platform(self._settings, now)},
        )
        return "" if result.success else _error(result)

    def hub_days(self, first: date, last: date) -> Iterator[str]:
        """Lineage and figures of the Hub's snapshots of some days, run by run: errors, or nothing.

        Only of days that have a snapshot, in runs over as many days as one may take.
        """
        lake = Lake(self._settings.lake)
        stored = [date.fromisoformat(name) for name in lake.partitions(HUB_MODELS.qualified)]
        wanted = [day for day in stored if first <= day <= last]
        while wanted:
            most = wanted[0] + timedelta(days=MAX_DAYS_PER_RUN - 1)
            together = [day for day in wanted if day <= most]
            yield self.hub(together[0], together[-1])
            wanted = wanted[len(together) :]

    def hub(self, first: date, last: date) -> str:
        """Lineage and figures of the Hub's snapshots of some days; the first error, or nothing."""
        result = self._hub.execute_in_process(
            instance=self._instance,
            raise_on_error=False,
            run_config=_CONSOLE,
            tags=self._range(first, last),
        )
        return "" if result.success else _error(result)

    def accounts(self, first: date, last: date) -> RangeResult:
        """One run over a range of days of what later days' periods need of them, no figures."""
        return self._range_of(self._accounts, first, last)

    def days(self, first: date, last: date, tags: Mapping[str, str] | None = None) -> RangeResult:
        """One run of the daily job over a range of days, both ends included."""
        return self._range_of(self._daily, first, last, tags)

    def part(
        self, first: date, last: date, assets: Collection[str], tags: Mapping[str, str]
    ) -> RangeResult:
        """One run of some assets of the daily job and their checks over a range of days."""
        keys = [dg.AssetKey.from_user_string(name) for name in sorted(assets)]
        return self._range_of(self._daily, first, last, tags, keys)

    def daily_assets(self) -> frozenset[str]:
        """Keys of what the daily job makes, as Dagster writes them."""
        selected = self._daily.asset_layer.selected_asset_keys
        return frozenset(key.to_user_string() for key in selected)

    def steps(self) -> dict[str, frozenset[str]]:
        """By asset: the names of the step that makes it, and of those that check it."""
        found: dict[str, set[str]] = {}
        checks = self._definitions.asset_checks or ()
        for each in (*(self._definitions.assets or ()), *checks):
            if not isinstance(each, dg.AssetsDefinition) or not each.is_executable:
                continue
            for key in (*each.keys, *(check.asset_key for check in each.check_keys)):
                found.setdefault(key.to_user_string(), set()).add(each.node_def.name)
        return {name: frozenset(steps) for name, steps in found.items()}

    def _range_of(
        self,
        job: dg.JobDefinition,
        first: date,
        last: date,
        tags: Mapping[str, str] | None = None,
        assets: Sequence[dg.AssetKey] | None = None,
    ) -> RangeResult:
        result = job.execute_in_process(
            instance=self._instance,
            raise_on_error=False,
            run_config=_CONSOLE,
            tags={**self._range(first, last), **(tags or {})},
            asset_selection=assets,
        )
        error = "" if result.success else _error(result)
        return RangeResult(first, last, result.run_id, result.success, error)

    def _range(self, first: date, last: date) -> dict[str, str]:
        """The tags of a run over a range of days."""
        return {
            RANGE_START: first.isoformat(),
            RANGE_END: last.isoformat(),
            **process_tags(),
        }

    def range(self, first: date, last: date, size: int) -> Iterator[RangeResult]:
        """The days in runs of at most `size`; a range that fails is run again day by day.

        So a day that cannot be made fails alone; what the others need of the first try is there.
        """
        tags = {RANGE_TAG: f"{first}..{last}, {datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"}
        for start, end in chunks(first, last, size):
            result = self.days(start, end, tags)
            if result.is_success or start == end:
                yield result
                continue
            for day, _ in chunks(start, end, 1):
                yield self.days(day, day, tags)


def _error(result: dg.ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            return f"{event.step_key}: {cause.message.strip() if cause else 'no error text'}"
    checks = [
        f"{evaluation.asset_key.to_user_string()}: {evaluation.description}"
        for evaluation in result.get_asset_check_evaluations()
        if not evaluation.passed and evaluation.blocking
    ]
    return "; ".join(checks) or "the run failed outside its steps"
