"""Days on a real cluster of processes: workers die, days are poison, the scheduler goes away."""

import gc
import os
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from resources import dask_engine
from resources.dask_engine import DaskEngine, open_dask
from resources.engine import EngineError, EngineLostError, EngineResource, LocalEngine, open_engine
from resources.lake import Lake
from tests.loopback_cluster import LoopbackCluster, free_port, loopback_cluster
from tests.resources.day_works import TABLE, RaisesUnreadable, SumsShared, WritesDay

#: A Dask client whose worker or scheduler was killed leaves its sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:Exception ignored in. <socket\.socket:pytest.PytestUnraisableExceptionWarning"
)

FIRST = date(2024, 12, 1)
DAYS = [FIRST + timedelta(days=offset) for offset in range(12)]


@pytest.fixture(scope="module")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackCluster]:
    """A cluster for tests that end none of its processes."""
    with loopback_cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture
def steady(shared_cluster: LoopbackCluster) -> Iterator[DaskEngine]:
    opened = open_dask(shared_cluster.address, lambda line: None)
    yield opened
    opened.close()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LoopbackCluster]:
    """A cluster of this test alone."""
    with loopback_cluster(tmp_path / "cluster") as found:
        yield found
    gc.collect()  # here, and not in a test of another module


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def begun(notes: Path, day: date) -> int:
    return len(list(notes.glob(f"{day}.*")))


def test_days_are_done_once_each_by_both_workers(
    steady: DaskEngine, lake: Lake, notes: Path
) -> None:
    said: list[str] = []
    outcomes = list(steady.map(WritesDay(lake, notes), DAYS, said.append))
    assert {each.day: each.value for each in outcomes} == {day: day.day for day in DAYS}
    assert len(outcomes) == len(DAYS)
    assert [begun(notes, day) for day in DAYS] == [1] * len(DAYS)
    assert len({each.worker for each in outcomes}) == 2
    assert sorted(said) == [f"on {day}" for day in DAYS]
    assert lake.partitions(TABLE) == [str(day) for day in DAYS]


def test_what_the_engine_says_of_itself(
    steady: DaskEngine, shared_cluster: LoopbackCluster
) -> None:
    assert (steady.name, steady.slots, steady.hosts) == ("Dask, 2 workers, 2 days at a time", 2, 1)
    assert steady.dashboard_url.startswith("http://127.0.0.1:")


def test_no_more_days_are_worked_on_at_once_than_asked_for(
    steady: DaskEngine, lake: Lake, notes: Path
) -> None:
    """With one at a time each day is begun after the one before was told."""
    outcomes = steady.map(WritesDay(lake, notes), DAYS, lambda line: None, most=1)
    for number, outcome in enumerate(outcomes):
        assert outcome.day == DAYS[number]
        assert [begun(notes, day) for day in DAYS[number + 1 :]] == [0] * (11 - number)


def test_a_day_that_raises_fails_alone_and_says_of_what(
    steady: DaskEngine, lake: Lake, notes: Path
) -> None:
    work = WritesDay(lake, notes, raising=frozenset({DAYS[4]}))
    here = {each.day: each for each in LocalEngine().map(work, DAYS, lambda line: None)}
    there = {each.day: each for each in steady.map(work, DAYS, lambda line: None)}
    assert {day: each.value for day, each in there.items()} == {
        day: each.value for day, each in here.items()
    }
    failure = there[DAYS[4]].failure
    assert failure is not None
    assert failure.error == "ValueError: 2024-12-05 is odd"
    assert "in __call__" in failure.trace


def test_an_exception_that_survives_no_pickle_is_told_as_text(steady: DaskEngine) -> None:
    (outcome,) = steady.map(RaisesUnreadable(), DAYS[:1], lambda line: None)
    assert outcome.failure is not None
    assert outcome.failure.error == "Unreadable: of 2024-12-01"


def test_rows_that_all_days_share_are_handed_over_once_and_taken_back(
    shared_cluster: LoopbackCluster, lake: Lake
) -> None:
    opened = open_dask(shared_cluster.address, lambda line: None)
    shared = opened.share(lake, "numbers", pa.table({"n": [100, 200]}))
    outcomes = list(opened.map(SumsShared(shared), DAYS, lambda line: None))
    assert {each.day: each.value for each in outcomes} == {day: 300 + day.day for day in DAYS}
    assert len(lake.partitions("handed.numbers")) == 1
    opened.close()
    assert lake.partitions("handed.numbers") == []


def test_whoever_stops_listening_wants_no_more_days(
    steady: DaskEngine, lake: Lake, notes: Path
) -> None:
    outcomes = steady.map(WritesDay(lake, notes), DAYS, lambda line: None)
    next(outcomes)
    outcomes.close()
    list(steady.map(WritesDay(lake, notes), DAYS[-1:], lambda line: None))
    assert sum(begun(notes, day) for day in DAYS) <= 1 + 4 + 1


def test_a_worker_with_other_code_does_not_work(
    shared_cluster: LoopbackCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "CODE_DIGEST", "0" * 16)
    with pytest.raises(EngineError, match=r"runs code \w{16} \(here 0{16}\).*same checkout"):
        open_dask(shared_cluster.address, lambda line: None)


def test_a_worker_with_other_code_that_joins_later_fails_the_day(
    steady: DaskEngine, monkeypatch: pytest.MonkeyPatch, lake: Lake, notes: Path
) -> None:
    monkeypatch.setattr(dask_engine, "CODE_DIGEST", "0" * 16)
    (outcome,) = steady.map(WritesDay(lake, notes), DAYS[:1], lambda line: None)
    assert outcome.failure is not None
    assert "the run has 0000000000000000" in outcome.failure.error
    assert begun(notes, DAYS[0]) == 0


def test_other_versions_of_packages_are_named(
    shared_cluster: LoopbackCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, here = dask_engine.versions(), os.getpid()
    monkeypatch.setattr(
        dask_engine,
        "versions",
        lambda: {**found, "pyarrow": "0.1" if os.getpid() == here else "0.2"},
    )
    with pytest.raises(EngineError, match=r"tcp://127\.0\.0\.1:\d+ has pyarrow 0\.2 \(here 0\.1\)"):
        open_dask(shared_cluster.address, lambda line: None)


def test_days_of_a_worker_that_dies_are_done_by_the_other_and_nothing_is_there_twice(
    cluster: LoopbackCluster, lake: Lake, notes: Path
) -> None:
    """It dies after it wrote a partition and before it could say so: the day is done again."""
    opened = open_dask(cluster.address, lambda line: None)
    work = WritesDay(lake, notes, once=frozenset({DAYS[3]}))
    outcomes = list(opened.map(work, DAYS, lambda line: None))
    opened.close()
    assert sorted(each.day for each in outcomes) == DAYS
    assert all(each.failure is None for each in outcomes)
    assert begun(notes, DAYS[3]) == 2
    for day in DAYS:
        assert lake.read(TABLE, str(day)) == pa.table({"day": [day.day]})
    assert [each.poll() is None for each in cluster.workers.values()].count(True) == 1


def test_a_worker_killed_from_outside_in_the_middle_costs_no_day(
    cluster: LoopbackCluster, lake: Lake, notes: Path
) -> None:
    opened = open_dask(cluster.address, lambda line: None)
    outcomes = opened.map(WritesDay(lake, notes), DAYS, lambda line: None)
    seen = [next(outcomes)]
    cluster.kill(next(iter(cluster.workers.values())))
    seen += outcomes
    opened.close()
    assert sorted(each.day for each in seen) == DAYS
    assert all(each.failure is None for each in seen)
    assert lake.partitions(TABLE) == [str(day) for day in DAYS]


def test_a_day_that_ends_its_workers_fails_alone(lake: Lake, notes: Path) -> None:
    """On workers that are started again, as a nanny does; days beside it are done."""
    opened = open_dask("dask:2", lambda line: None)
    work = WritesDay(lake, notes, poison=frozenset({DAYS[2]}))
    outcomes = {each.day: each for each in opened.map(work, DAYS, lambda line: None)}
    opened.close()
    assert sorted(outcomes) == DAYS
    failed = [day for day, each in outcomes.items() if each.failure]
    assert failed == [DAYS[2]]
    failure = outcomes[DAYS[2]].failure
    assert failure is not None
    assert "--memory-limit" in failure.error
    assert lake.partitions(TABLE) == [str(day) for day in DAYS if day != DAYS[2]]


def test_a_scheduler_that_dies_ends_the_engine_and_the_rest_is_done_by_the_next(
    cluster: LoopbackCluster, lake: Lake, notes: Path
) -> None:
    source = EngineResource(address=cluster.address)
    first = source.open(lambda line: None)
    done: list[date] = []

    def listen() -> None:
        for outcome in first.map(WritesDay(lake, notes), DAYS, lambda line: None):
            done.append(outcome.day)
            if len(done) == 1:
                cluster.kill_scheduler()

    with pytest.raises(EngineLostError, match="the Dask cluster was lost"):
        listen()
    assert first.is_lost
    cluster.start_scheduler()
    cluster.start_worker()
    cluster.wait_for_workers(1)
    again = source.open(lambda line: None)
    assert again is not first
    rest = [day for day in DAYS if day not in done]
    outcomes = list(again.map(WritesDay(lake, notes), rest, lambda line: None))
    source.close()
    assert sorted([*done, *(each.day for each in outcomes)]) == DAYS
    assert lake.partitions(TABLE) == [str(day) for day in DAYS]


def test_without_a_worker_for_long_the_days_are_given_up_for_now(
    cluster: LoopbackCluster, lake: Lake, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "PATIENCE_S", 0.0)
    monkeypatch.setattr(dask_engine, "_LOOK_EVERY_S", 0.1)
    opened = open_dask(cluster.address, lambda line: None)
    for process in cluster.workers.values():
        cluster.kill(process)
    with pytest.raises(EngineLostError, match="no worker for 0 s"):
        list(opened.map(WritesDay(lake, notes), DAYS, lambda line: None))
    opened.close()


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_engine, "CONNECT_TIMEOUT_S", 0.2)
    with pytest.raises(EngineLostError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1"):
        open_engine(f"tcp://127.0.0.1:{free_port()}", lambda line: None)


def test_a_cluster_without_workers_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "CONNECT_TIMEOUT_S", 2.0)
    with (
        loopback_cluster(tmp_path / "cluster", workers=0) as empty,
        pytest.raises(EngineLostError, match="has no worker: start some in this checkout"),
    ):
        open_dask(empty.address, lambda line: None)


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resources.dask_engine", None)
    with pytest.raises(EngineError, match="install the extra `cluster`"):
        open_engine("dask:2", lambda line: None)
