"""Days of a step: one that fails fails alone, is named, and costs no other a second try."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from assets import by_day
from assets.by_day import make_days
from assets.tables import Column, Table
from resources.engine import (
    Engine,
    EngineLostError,
    EngineResource,
    Failure,
    LocalEngine,
    Outcome,
    Say,
    Shared,
    Work,
)
from resources.http import PermanentUpstreamError, TransientUpstreamError
from resources.lake import Lake

DAILY = dg.DailyPartitionsDefinition(start_date="2024-12-01", timezone="UTC")
DAYS = [date(2024, 12, 1) + timedelta(days=offset) for offset in range(6)]
TABLES = tuple(
    Table(
        schema="raw",
        name=name,
        description="Rows.",
        grain="a number",
        key=("n",),
        columns=(Column("n", "BIGINT", "A number."),),
        source="made here",
    )
    for name in ("one", "other")
)


@dataclass(frozen=True)
class Made:
    """A record of a day."""

    row_counts: dict[str, int]
    lines: tuple[str, ...] = ()


@dataclass
class Making:
    """Work whose days fail as they are told to, a number of times, and which remembers its days."""

    failures: dict[date, list[Exception]] = field(default_factory=dict)
    begun: list[date] = field(default_factory=list)

    def __call__(self, day: date, say: Say) -> Made:
        self.begun.append(day)
        if self.failures.get(day):
            raise self.failures[day].pop(0)
        return Made({"one": day.day, "other": 1}, (f"made {day}",))


class LostAfter(LocalEngine):
    """An engine that goes away after so many days, and is back at the next call."""

    dashboard_url = "http://127.0.0.1:8787/status"

    def __init__(self, count: int) -> None:
        self.count = count

    def map(
        self, work: Work[Any], days: Iterable[date], say: Say, most: int | None = None
    ) -> Generator[Outcome[Any], None, None]:
        for number, outcome in enumerate(super().map(work, days, say, most)):
            if number == self.count:
                self.count = 10_000
                raise EngineLostError("the scheduler went away")
            yield outcome


def run(
    work: Making, instance: dg.DagsterInstance, engine: Engine | None = None
) -> dg.ExecuteInProcessResult:
    @dg.multi_asset(
        name="made",
        specs=[dg.AssetSpec(by_day.asset_key(table)) for table in TABLES],
        partitions_def=DAILY,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def made(context: dg.AssetExecutionContext) -> Iterator[object]:
        found = yield from make_days(context, engine or LocalEngine(), work, TABLES)
        for table in TABLES:
            yield dg.MaterializeResult(
                asset_key=by_day.asset_key(table),
                metadata={"dagster/row_count": found.row_count(table), **found.metadata()},
            )

    return dg.materialize(
        [made],
        instance=instance,
        tags={
            "dagster/asset_partition_range_start": str(DAYS[0]),
            "dagster/asset_partition_range_end": str(DAYS[-1]),
        },
        raise_on_error=False,
    )


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setattr(by_day, "RETRY_WAIT_S", 0)
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def recorded(instance: dg.DagsterInstance, table: Table = TABLES[0]) -> list[str]:
    return sorted(instance.get_materialized_partitions(by_day.asset_key(table)))


def told(result: dg.ExecuteInProcessResult) -> tuple[str, dict[str, object]]:
    """What the step's failure says, and its metadata."""
    (event,) = result.get_step_failure_events()
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    return str(failure.description), {name: each.value for name, each in failure.metadata.items()}


def tries_again(result: dg.ExecuteInProcessResult) -> int:
    kinds = [event.event_type for event in result.all_events]
    return kinds.count(dg.DagsterEventType.STEP_UP_FOR_RETRY)


def row_count(result: dg.ExecuteInProcessResult) -> object:
    event = result.asset_materializations_for_node("made")[-len(DAYS) - 1]
    assert event.asset_key == by_day.asset_key(TABLES[0])
    return event.metadata["dagster/row_count"].value


def test_all_days_are_made_and_counted(instance: dg.DagsterInstance) -> None:
    result = run(Making(), instance)
    assert result.success
    assert recorded(instance) == [str(day) for day in DAYS]
    assert row_count(result) == 1 + 2 + 3 + 4 + 5 + 6


def test_a_poison_day_is_named_and_the_others_are_recorded(instance: dg.DagsterInstance) -> None:
    work = Making({DAYS[2]: [PermanentUpstreamError("a | poison\nday")]})
    result = run(work, instance)
    assert not result.success
    for table in TABLES:
        assert recorded(instance, table) == [str(day) for day in DAYS if day != DAYS[2]]
    assert work.begun == DAYS
    text, shown = told(result)
    assert (shown["days_made"], shown["days_failed"]) == (5, 1)
    (row,) = str(shown["failures_by_day"]).splitlines()[2:]
    assert row == "| 2024-12-03 | PermanentUpstreamError: a \\| poison day |"
    assert "2024-12-03" in text
    assert tries_again(result) == 0


def test_what_may_go_well_later_is_tried_again_and_what_was_made_is_not(
    instance: dg.DagsterInstance,
) -> None:
    work = Making({DAYS[3]: [TransientUpstreamError("busy"), TransientUpstreamError("busy")]})
    result = run(work, instance)
    assert result.success
    assert work.begun == [*DAYS, DAYS[3], DAYS[3]]
    assert tries_again(result) == 2
    assert recorded(instance) == [str(day) for day in DAYS]
    assert row_count(result) == 21


def test_after_so_many_tries_the_day_is_given_up(instance: dg.DagsterInstance) -> None:
    work = Making({DAYS[3]: [TransientUpstreamError("busy")] * 9})
    result = run(work, instance)
    assert not result.success
    assert work.begun.count(DAYS[3]) == 3
    assert recorded(instance) == [str(day) for day in DAYS if day != DAYS[3]]


def test_an_upstream_that_is_down_is_not_asked_for_every_day(
    instance: dg.DagsterInstance,
) -> None:
    work = Making({day: [TransientUpstreamError("down")] * 9 for day in DAYS[1:]})
    result = run(work, instance)
    assert not result.success
    assert work.begun == [*DAYS[:4], *DAYS[1:4], *DAYS[1:4]]
    assert "Not done: 2024-12-05, 2024-12-06" in told(result)[0]


def test_days_that_failed_for_other_reasons_are_no_outage(instance: dg.DagsterInstance) -> None:
    work = Making({day: [PermanentUpstreamError("odd")] for day in DAYS[1:5]})
    assert not run(work, instance).success
    assert work.begun == DAYS


def test_an_engine_that_went_away_is_gone_on_with(instance: dg.DagsterInstance) -> None:
    work = Making()
    result = run(work, instance, LostAfter(2))
    assert result.success
    # The third day was begun and its outcome lost: it is not known to be done.
    assert work.begun == [*DAYS[:3], *DAYS[2:]]
    assert row_count(result) == 21


def test_the_engine_s_dashboard_is_linked(instance: dg.DagsterInstance) -> None:
    result = run(Making(), instance, LostAfter(10_000))
    event = result.asset_materializations_for_node("made")[-1]
    assert event.metadata["engine_dashboard"] == dg.MetadataValue.url(LostAfter.dashboard_url)
    assert event.metadata["engine"].value == "local"


class _Absent(EngineResource):
    """An engine that never answers."""

    def open(self, say: Say) -> Engine:
        raise EngineLostError("no Dask scheduler answers at tcp://x:1")


def test_an_engine_that_does_not_answer_is_asked_again_and_then_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(by_day, "RETRY_WAIT_S", 0)

    @dg.asset(partitions_def=DAILY)
    def made(context: dg.AssetExecutionContext, engine: EngineResource) -> None:
        by_day.opened(context, engine)

    result = dg.materialize(
        [made],
        partition_key=str(DAYS[0]),
        resources={"engine": _Absent(address="tcp://x:1")},
        raise_on_error=False,
    )
    assert tries_again(result) == 2
    assert "no Dask scheduler answers" in told(result)[0]


def test_a_failure_of_a_worker_needs_no_traceback(instance: dg.DagsterInstance) -> None:
    class Killed(LocalEngine):
        """An engine whose workers die of one day."""

        def map(
            self, work: Work[Any], days: Iterable[date], say: Say, most: int | None = None
        ) -> Generator[Outcome[Any], None, None]:
            for outcome in super().map(work, days, say, most):
                if outcome.day == DAYS[0]:
                    yield Outcome(outcome.day, None, Failure("its workers died"))
                else:
                    yield outcome

        def share(self, lake: Lake, name: str, rows: pa.Table) -> Shared:
            raise NotImplementedError

    result = run(Making(), instance, Killed())
    assert not result.success
    assert recorded(instance) == [str(day) for day in DAYS[1:]]
