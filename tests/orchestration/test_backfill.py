"""Backfills of the sandbox: the same rows in either order, none made twice, failures alone."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from assets.alerting.assets import RANGE_TAG
from orchestration.backfill import make_range, stages_of
from orchestration.backfill_file import FOLDER, only_one
from orchestration.runs import Runner, dagster_instance
from orchestration.settings import Settings, SettingsError, load_settings
from resources.lake import Lake
from sandbox.server import SandboxServer
from tests.orchestration.test_crash import tables

FIRST, LAST = date(2024, 11, 25), date(2024, 11, 28)
DAYS = [FIRST + timedelta(days=n) for n in range(4)]


def installation(server: SandboxServer, data: Path) -> Settings:
    return load_settings({"OBSERVATORY_SANDBOX_URL": server.url, "OBSERVATORY_DATA": str(data)})


def made(instance: dg.DagsterInstance, runner: Runner) -> Counter[tuple[str, str]]:
    """How often each stage was made of each day."""
    found: Counter[tuple[str, str]] = Counter()
    for stage in stages_of(runner.daily_assets()):
        for name in stage.assets:
            key = dg.AssetKey.from_user_string(name)
            records = instance.fetch_materializations(key, limit=1000).records
            found.update((name, record.partition_key or "") for record in records)
    return found


def make(
    settings: Settings,
    runner: Runner,
    instance: dg.DagsterInstance,
    first: date,
    last: date,
    *,
    is_newest_first: bool = True,
) -> int:
    """Backfill a range in runs of two days; how many days failed."""
    with only_one(settings.data / FOLDER, first, last) as path:
        return make_range(
            runner, instance, first, last, path, is_newest_first=is_newest_first, most_days=2
        )


def backfilled(server: SandboxServer, data: Path, *, newest: bool) -> Counter[tuple[str, str]]:
    settings = installation(server, data)
    with dagster_instance(settings) as instance:
        runner = Runner(settings, instance)
        runner.reference()
        assert make(settings, runner, instance, FIRST, LAST, is_newest_first=newest) == 0
        return made(instance, runner)


@pytest.fixture(scope="module")
def newest_first(
    small_server: SandboxServer, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Counter[tuple[str, str]]]:
    data = tmp_path_factory.mktemp("newest")
    return data, backfilled(small_server, data, newest=True)


def test_either_order_ends_with_the_same_rows(
    small_server: SandboxServer,
    newest_first: tuple[Path, Counter[tuple[str, str]]],
    tmp_path: Path,
) -> None:
    backfilled(small_server, tmp_path, newest=False)
    one, other = tables(newest_first[0]), tables(tmp_path)
    assert one["mart.engagement"].num_rows > 50
    for name, rows in one.items():
        assert other[name] == rows, name


def test_each_day_of_each_asset_is_made_once(
    newest_first: tuple[Path, Counter[tuple[str, str]]],
) -> None:
    _, counts = newest_first
    assert {day for _, day in counts} >= {str(day) for day in DAYS}
    assert {count for (_, day), count in counts.items() if day} == {1}


def test_a_range_that_is_there_is_made_anew_and_says_which_later_days_look_back_on_it(
    small_server: SandboxServer,
    newest_first: tuple[Path, Counter[tuple[str, str]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, counts = newest_first
    settings = installation(small_server, data)
    before: dict[str, pa.Table] = tables(data)
    with dagster_instance(settings) as instance:
        runner = Runner(settings, instance)
        assert make(settings, runner, instance, FIRST, FIRST) == 0
        again = made(instance, runner) - counts
    said = capsys.readouterr().out
    assert "figures of 2024-11-26 to 2024-11-28 look back on them" in said
    assert again["raw/archive_events", "2024-11-25"] == 1
    assert again["raw/archive_events", "2024-11-26"] == 0
    assert again["mart/engagement", "2024-11-28"] == 1
    for name, rows in tables(data).items():
        assert before[name] == rows, name


def test_a_day_that_fails_fails_alone_and_once_mended_nothing_is_as_if_it_were_missing(
    small_server: SandboxServer,
    newest_first: tuple[Path, Counter[tuple[str, str]]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = installation(small_server, tmp_path)
    # A folder stands where the second day's rows are to be written.
    place = Lake(str(settings.data / "lake")).path("core.events", str(DAYS[1]))
    blocked = Path(place)
    (blocked / "in the way").mkdir(parents=True)
    with dagster_instance(settings) as instance:
        runner = Runner(settings, instance)
        runner.reference()
        assert make(settings, runner, instance, FIRST, LAST) == 1
        said = capsys.readouterr().out
        assert "FAILED 2024-11-26 to 2024-11-26: core__events" in said
        first = made(instance, runner)
        assert {day for name, day in first if name == "mart/engagement"} == {
            str(day) for day in DAYS if day != DAYS[1]
        }
        (blocked / "in the way").rmdir()
        blocked.rmdir()
        assert make(settings, runner, instance, FIRST, LAST) == 0
        assert "going on with 2024-11-25..2024-11-28" in capsys.readouterr().out
        second = made(instance, runner) - first
        assert not any(name.startswith("raw/archive") for name, _ in second)
        assert {day for name, day in second if name == "core/events"} == {str(DAYS[1])}
        # What looks back on the day is made anew, and what it looks back on is not.
        for name in ("core/actor_evidence", "mart/engagement"):
            assert {day for each, day in second if each == name} == set(map(str, DAYS[1:]))
        runs = instance.get_runs()
        tags = {run.tags[RANGE_TAG] for run in runs if RANGE_TAG in run.tags}
        assert len(tags) == 1
        assert not list((settings.data / "backfills").glob("*.json"))
    expected, found = tables(newest_first[0]), tables(tmp_path)
    for name, rows in expected.items():
        assert found[name] == rows, name


def test_a_damaged_plan_is_named(small_server: SandboxServer, tmp_path: Path) -> None:
    settings = installation(small_server, tmp_path)
    path = settings.data / "backfills" / f"{FIRST}..{LAST}.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"identity": ')
    with dagster_instance(settings) as instance:
        runner = Runner(settings, instance)
        with pytest.raises(SettingsError, match=r"\.json is damaged.*FRESH=1"):
            make(settings, runner, instance, FIRST, LAST)
