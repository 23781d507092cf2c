"""A replay on a warehouse: what the rules would have sent, printed; nothing is written or sent."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from assets.alerting.assets import prepare_alerting
from assets.engagement.tables import ENGAGEMENT
from orchestration.replaying import replay_alerts
from orchestration.settings import Settings, load_settings
from resources.warehouse import Warehouse
from tests.engagement_rows import engagement_rows

FIRST = date(2024, 12, 2)
RULES = """\
rules:
  - {id: cn-high, kind: threshold, title: China's share is high, country: CN,
     event_group: attention, direction: above, fire: 0.28, clear: 0.25, min_located_actors: 100}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES, encoding="utf-8")
    return replace(load_settings({}), data=tmp_path / "data", rules=rules)


def days_of(settings: Settings, *chinese: int) -> None:
    settings.data.mkdir()
    house = Warehouse(str(settings.warehouse))
    prepare_alerting(house)
    for number, count in enumerate(chinese):
        day = FIRST + timedelta(days=number)
        rows = engagement_rows(day, {"CN": count, "US": 1_000 - count})
        house.replace_days(ENGAGEMENT.qualified, "activity_date", [day], rows)


def test_a_replay_prints_a_table_and_changes_nothing(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    days_of(settings, 150, 400, 400, 150)
    last = FIRST + timedelta(days=9)
    assert replay_alerts(settings, FIRST, last, with_unsaid=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sandbox: every figure is synthetic"
    assert [line.split()[:3] for line in lines[2:5]] == [
        ["2024-12-02", "(ok)", "cn-high"],
        ["2024-12-03", "firing", "cn-high"],
        ["2024-12-05", "resolved", "cn-high"],
    ]
    assert "40.0 % (95 % interval 37.0 to 43.1 %)  China, stars and forks" in lines[3]
    assert lines[-1] == "of 10 days asked for the warehouse holds 4; nothing was sent"
    house = Warehouse(str(settings.warehouse))
    assert house.query("SELECT * FROM ops.alerts").num_rows == 0
    assert house.query("SELECT * FROM ops.outbox").num_rows == 0


def test_a_replay_of_days_that_are_not_there_says_so(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay_alerts(settings, FIRST, FIRST, with_unsaid=False) == 2
    assert "no warehouse at" in capsys.readouterr().err
    days_of(settings, 150)
    day = date(2023, 1, 1)
    assert replay_alerts(settings, day, day, with_unsaid=False) == 1
    assert "holds no day from 2023-01-01" in capsys.readouterr().out


def test_faulty_rules_are_named(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.rules.write_text(RULES.replace("0.28", "28"), encoding="utf-8")
    assert replay_alerts(settings, FIRST, FIRST, with_unsaid=False) == 2
    assert "rules.0.fire" in capsys.readouterr().err
