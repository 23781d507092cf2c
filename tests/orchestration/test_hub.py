"""The Hub's jobs as the commands run them: days that pass, today again, and what is published."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestration.materialise import snapshot_hub
from orchestration.runs import Runner, dagster_instance
from orchestration.settings import Settings
from resources.warehouse import Warehouse
from sandbox.clock import WorldClock
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.world import World
from tests.orchestration.conftest import FIRST, NOW, sandbox_settings


def states(settings: Settings) -> dict[date, str]:
    rows = Warehouse(str(settings.warehouse)).query("FROM core.hub_snapshots").to_pylist()
    return {row["snapshot_date"]: row["state"] for row in rows}


def test_the_demonstration_asks_on_each_of_its_days_and_states_the_others_as_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.materialise._DEMO_HUB_DAYS", (3, 1))
    monkeypatch.setattr("orchestration.materialise._DEMO_HUB_MONTHS", (date(2024, 5, 31),))
    clock = WorldClock(NOW)
    with SandboxServer(World(seed=3, developers=20), clock=clock) as server:
        settings = sandbox_settings(server, tmp_path)
        with dagster_instance(settings) as instance:
            runner = Runner(settings, instance)
            runner.reference()
            assert snapshot_hub(settings, runner) == date(2024, 5, 31)
            # Two runs: of the day in May, and of those in December.
            assert list(runner.hub_days(date(2024, 5, 31), settings.today)) == ["", ""]
            count = len(server.requests())
            # Once more on the same day: nothing is asked, nothing changes.
            assert runner.hub_snapshots(settings.today, settings.today) == ""
            assert len(server.requests()) == count
    assert NOW <= clock() < NOW + timedelta(hours=1)
    today = NOW.date()
    days = [today - timedelta(days=n) for n in range(3, -1, -1)]
    # Of the half year between nothing is stated: it was never to be asked.
    assert states(settings) == {
        date(2024, 5, 31): "complete",
        **dict(zip(days, ["complete", "missed", "complete", "complete"], strict=True)),
    }
    house = Warehouse(str(settings.warehouse))
    gaps = house.query(
        "SELECT DISTINCT snapshot_date, days_since_previous FROM mart.diffusion_hub ORDER BY ALL"
    ).to_pylist()
    assert [tuple(row.values()) for row in gaps] == [
        (date(2024, 5, 31), None), (days[0], 197), (days[2], 2), (days[3], 1),
    ]  # fmt: skip


def test_a_sandbox_whose_clock_stays_gives_todays_snapshot_alone(
    small_server: SandboxServer, small_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with dagster_instance(small_settings) as instance:
        runner = Runner(small_settings, instance)
        runner.reference()
        snapshot_hub(small_settings, runner)
    assert "only today's" in capsys.readouterr().out
    found = states(small_settings)
    assert found.pop(NOW.date()) == "complete"
    assert set(found.values()) == {"missed"}


def test_a_hub_that_refuses_is_said_and_leaves_no_snapshot(
    small_server: SandboxServer, small_settings: Settings
) -> None:
    with dagster_instance(small_settings) as instance:
        runner = Runner(small_settings, instance)
        runner.reference()
        small_server.add_fault(Trouble(path_prefix="/api/models", status=403, times=5))
        error = runner.hub_snapshots(NOW.date(), NOW.date())
        small_server.clear_faults()
        assert "raw__hub" in error
        assert "answered 403" in error
        assert list(runner.hub_days(FIRST, NOW.date())) == []
        assert states(small_settings) == {}
