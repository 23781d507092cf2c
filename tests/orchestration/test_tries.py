"""A partition that fails three times is left alone until something changes; others go on."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from assets.declare import transient_failures_retried
from orchestration.automation import (
    automation_sensor,
    daily_condition,
    hourly_condition,
    snapshot_condition,
)
from orchestration.backfill_plan import STAGE_TAG
from orchestration.code_digest import CODE_TAG, code_digest
from orchestration.families import DAILY, HUB, PAPERS, PATENTS, Family, families_of, spans
from orchestration.partitions import daily_partitions, snapshot_partitions
from orchestration.tries import MOST_TRIES, given_up, watched_partitions
from resources.http import RateLimitedError, TransientUpstreamError

POISON = "2026-03-01"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def poisoned() -> None:
    raise ValueError("the day cannot be made")


def assets(fail: Callable[[], None] = poisoned) -> list[dg.AssetsDefinition]:
    """A day of two assets, the second of which one day fails, and polls that always do."""
    partitions = daily_partitions(date(2026, 1, 1))

    @dg.asset(partitions_def=partitions, automation_condition=daily_condition())
    def first() -> None:
        pass

    @dg.asset(partitions_def=partitions, automation_condition=daily_condition(), deps=[first])
    def second(context: dg.AssetExecutionContext) -> None:
        if context.partition_key == POISON:
            fail()

    @dg.asset(automation_condition=hourly_condition())
    def polls() -> None:
        raise ValueError("no answer")

    return [first, second, polls]


class Daemon:
    """Evaluates the conditions, and runs what they ask for as the sensor's runs are made."""

    def __init__(self, instance: dg.DagsterInstance, made: list[dg.AssetsDefinition]) -> None:
        self.instance = instance
        self.made = made
        self.definitions = dg.Definitions(assets=made, sensors=[automation_sensor()])
        self.graph = self.definitions.resolve_asset_graph()
        self.cursor = None

    def tick(self, moment: datetime) -> list[str]:
        """Keys of the days that are asked for; each is run."""
        result = dg.evaluate_automation_conditions(
            defs=self.made,
            instance=self.instance,
            asset_selection=dg.AssetSelection.all(),
            evaluation_time=moment,
            cursor=self.cursor,
        )
        self.cursor = result.cursor
        asked: dict[str | None, list[dg.AssetKey]] = {}
        for definition in self.made:
            for key in result.get_requested_partitions(definition.key):
                asked.setdefault(key, []).append(definition.key)
        for partition, keys in sorted(asked.items(), key=lambda item: item[0] or ""):
            self.run(partition, keys, tags=dict(automation_sensor().run_tags))
        return sorted(filter(None, asked))

    def run(
        self, partition: str | None, keys: list[dg.AssetKey], tags: dict[str, str]
    ) -> dg.ExecuteInProcessResult:
        job = self.definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=self.instance,
            partition_key=partition,
            asset_selection=keys,
            tags=tags,
            raise_on_error=False,
        )

    def given_up(self) -> set[tuple[str, str]]:
        return set(given_up(self.instance, families_of(self.graph), watched_partitions(TODAY)))


TODAY = date(2026, 3, 9)


def morning(number: int) -> datetime:
    return datetime(2026, 3, number, 2, 1, tzinfo=UTC)


def test_a_day_is_tried_three_times_and_its_neighbours_are_made(
    instance: dg.DagsterInstance,
) -> None:
    daemon = Daemon(instance, assets())
    daemon.tick(START)
    asked = [daemon.tick(morning(day)) for day in range(2, 9)]
    assert [POISON in keys for keys in asked] == [True] * MOST_TRIES + [False] * 4
    assert [keys[-1] for keys in asked] == [f"2026-03-{day:02d}" for day in range(1, 8)]
    made = instance.get_materialized_partitions(dg.AssetKey("second"))
    assert {f"2026-03-{day:02d}" for day in range(2, 8)} <= set(made)
    assert daemon.given_up() == {("daily", POISON)}
    # Its first asset was made by the first try, and was not asked for again by the others.
    assert POISON in instance.get_materialized_partitions(dg.AssetKey("first"))


def test_what_has_no_partition_is_asked_for_each_time_however_often_it_failed(
    instance: dg.DagsterInstance,
) -> None:
    daemon = Daemon(instance, assets())
    for hour in range(8):
        daemon.tick(START + timedelta(hours=hour, minutes=11))
    failed = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
    assert sum(run.asset_selection == {dg.AssetKey("polls")} for run in failed) == 8


def test_what_a_backfill_prepares_gives_no_more_tries(instance: dg.DagsterInstance) -> None:
    daemon = Daemon(instance, assets())
    daemon.tick(START)
    for day in range(2, 6):
        daemon.tick(morning(day))
    assert daemon.run(POISON, [dg.AssetKey("first")], tags={STAGE_TAG: "accounts"}).success
    assert daemon.given_up() == {("daily", POISON)}


def test_a_run_by_hand_that_succeeds_in_part_gives_the_rest_three_more_tries(
    instance: dg.DagsterInstance,
) -> None:
    daemon = Daemon(instance, assets())
    daemon.tick(START)
    for day in range(2, 6):
        daemon.tick(morning(day))
    assert daemon.given_up() == {("daily", POISON)}
    result = daemon.run(POISON, [dg.AssetKey("second")], tags={})
    assert not result.success
    assert daemon.given_up() == {("daily", POISON)}
    assert daemon.run(POISON, [dg.AssetKey("first")], tags={}).success
    assert daemon.given_up() == set()
    asked = [POISON in daemon.tick(morning(day)) for day in (6, 7, 8, 9)]
    assert asked == [True, True, True, False]


def test_failures_of_no_fault_of_the_partition_do_not_count(instance: dg.DagsterInstance) -> None:
    def limited() -> None:
        raise RateLimitedError("spent", resume_at=START, retry_after_s=0.0)

    def unreachable() -> None:
        try:
            with transient_failures_retried():
                raise TransientUpstreamError("no network")
        except dg.RetryRequested as request:
            # The same error, without the half minute that a step waits for its next try.
            raise dg.RetryRequested(max_retries=0) from request.__cause__

    for fail in (limited, unreachable):
        daemon = Daemon(instance, assets(fail))
        daemon.tick(START)
        assert all(POISON in daemon.tick(morning(day)) for day in range(2, 9))
        assert daemon.given_up() == set()


def add_failures(
    instance: dg.DagsterInstance, job: str, partition: str, count: int = 3, **others: object
) -> None:
    tags = {"dagster/partition": partition, CODE_TAG: code_digest()}
    tags |= others.pop("tags", {})  # type: ignore[arg-type]
    for _ in range(count):
        instance.add_run(
            dg.DagsterRun(
                job_name=job,
                status=dg.DagsterRunStatus.FAILURE,
                tags=tags,
                **others,  # type: ignore[arg-type]
            )
        )


def stuck(instance: dg.DagsterInstance, *partitions: str) -> set[tuple[str, str]]:
    return set(given_up(instance, {}, partitions))


def test_dagsters_own_repetitions_of_a_run_are_one_try(instance: dg.DagsterInstance) -> None:
    first = dg.DagsterRun(
        job_name="daily",
        status=dg.DagsterRunStatus.FAILURE,
        tags={"dagster/partition": POISON, CODE_TAG: code_digest()},
    )
    instance.add_run(first)
    add_failures(instance, "daily", POISON, root_run_id=first.run_id, parent_run_id=first.run_id)
    assert stuck(instance, POISON) == set()
    add_failures(instance, "daily", POISON, count=2)
    assert stuck(instance, POISON) == {("daily", POISON)}


def test_failures_under_other_code_do_not_count(instance: dg.DagsterInstance) -> None:
    add_failures(instance, "daily", POISON, tags={CODE_TAG: "0123456789ab"})
    assert stuck(instance, POISON) == set()


def test_a_run_over_many_days_says_of_none_that_it_is_at_fault(
    instance: dg.DagsterInstance,
) -> None:
    bounds = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
    for last, expected in (("2026-03-05", set()), (POISON, {("daily", POISON)})):
        for _ in range(3):
            instance.add_run(
                dg.DagsterRun(
                    job_name="daily",
                    status=dg.DagsterRunStatus.FAILURE,
                    tags={bounds[0]: POISON, bounds[1]: last, CODE_TAG: code_digest()},
                )
            )
        assert stuck(instance, POISON) == expected


@pytest.mark.parametrize(
    ("job", "first", "last", "is_reset"),
    [
        ("daily", "2026-02-20", "2026-03-10", True),
        ("daily", "2026-03-02", "2026-03-10", False),
        ("papers", "2026-01-01", "2026-03-01", False),
    ],
)
def test_a_backfill_that_succeeds_over_the_day_is_a_change(
    instance: dg.DagsterInstance, job: str, first: str, last: str, is_reset: bool
) -> None:
    add_failures(instance, "daily", POISON)
    instance.add_run(
        dg.DagsterRun(
            job_name=job,
            status=dg.DagsterRunStatus.SUCCESS,
            tags={
                "dagster/asset_partition_range_start": first,
                "dagster/asset_partition_range_end": last,
            },
        )
    )
    assert (stuck(instance, POISON) == set()) == is_reset


def test_families_with_the_same_key_are_apart(instance: dg.DagsterInstance) -> None:
    tuesday = "2024-12-10"
    add_failures(instance, "daily", tuesday)
    add_failures(instance, "patents", tuesday, count=2)
    add_failures(instance, "papers", "2024-12-01")
    assert stuck(instance, tuesday, "2024-12-01") == {("daily", tuesday), ("papers", "2024-12-01")}


def test_todays_snapshot_is_asked_for_each_hour_however_often_it_failed(
    instance: dg.DagsterInstance,
) -> None:
    """Runs have the machine's time, and so the day has to be today."""
    today = datetime.now(UTC).date()

    @dg.asset(
        key=["raw", "hub_models"],
        partitions_def=snapshot_partitions(today - timedelta(days=3)),
        automation_condition=snapshot_condition(),
    )
    def hub_models() -> None:
        raise ValueError("the Hub is away")

    daemon = Daemon(instance, [hub_models])
    noon = datetime.combine(today, datetime.min.time(), UTC) + timedelta(hours=12)
    asked = [daemon.tick(noon + timedelta(hours=n, minutes=41)) for n in range(6)]
    before = [str(today - timedelta(days=n)) for n in (3, 2, 1)]
    assert asked == [[*before, str(today)]] * 3 + [[str(today)]] * 3


def test_days_asked_for_together_are_a_run_each() -> None:
    sensor = automation_sensor()
    assert not sensor.emit_backfills
    assert sensor.run_tags == {CODE_TAG: code_digest(), "dagster/priority": "10"}


@pytest.mark.parametrize(
    ("family", "partition", "over", "command"),
    [
        (DAILY, "2026-02-28", "2026-03-01", "make backfill FROM=2026-02-28 TO=2026-02-28"),
        (HUB, "2026-02-28", "2026-03-01", "make hub FROM=2026-02-28 TO=2026-02-28"),
        (PATENTS, "2026-02-24", "2026-03-03", "make patents FROM=2026-02-24 TO=2026-02-24"),
        (PAPERS, "2024-02-01", "2024-03-01", "make papers FROM=2024-02 TO=2024-02"),
    ],
)
def test_a_partition_is_over_when_its_days_are_and_has_a_command(
    family: Family, partition: str, over: str, command: str
) -> None:
    day = date.fromisoformat(partition)
    assert family.over_at(partition) == datetime.fromisoformat(f"{over}T00:00:00+00:00")
    assert family.mend(day, day) == command


def test_spans_without_a_gap_are_said_as_one() -> None:
    keys = ["2026-01-06", "2026-01-13", "2026-01-27"]
    assert list(spans(PATENTS, keys)) == [
        (date(2026, 1, 6), date(2026, 1, 13), 2),
        (date(2026, 1, 27), date(2026, 1, 27), 1),
    ]
    assert list(spans(PAPERS, ["2025-12-01", "2026-01-01"])) == [
        (date(2025, 12, 1), date(2026, 1, 1), 2)
    ]
    assert list(spans(DAILY, [])) == []
