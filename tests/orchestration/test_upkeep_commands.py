"""`make inventory` and `make hub` on an installation: what is missing is named, and then mended."""

from datetime import date
from pathlib import Path

import pytest

from orchestration.doctor import examine
from orchestration.settings import Settings
from orchestration.upkeep_commands import make_hub, show_inventory
from sandbox.server import SandboxServer
from tests.orchestration.conftest import sandbox_settings

LATER = "2024-12-17T06:30:00+00:00"


def printed(settings: Settings, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    capsys.readouterr()
    code = show_inventory(settings)
    return code, capsys.readouterr().out


def test_the_command_that_it_prints_mends_what_it_names(
    small_server: SandboxServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = sandbox_settings(small_server, tmp_path, OBSERVATORY_NOW=LATER)
    code, text = printed(settings, capsys)
    assert code == 0
    assert text.endswith("No partition that was ever asked for has failed or is missing.\n")
    for day in (date(2024, 12, 10), date(2024, 12, 14)):
        assert make_hub(settings, day, day) == 0
    code, text = printed(settings, capsys)
    assert code == 1
    assert "core.hub_snapshots: 5 missing: 2024-12-11 to 2024-12-13, 2024-12-15 to 2024-12-16" in (
        text
    )
    assert "make hub FROM=2024-12-11 TO=2024-12-13    # 3 snapshots" in text
    assert make_hub(settings, date(2024, 12, 11), date(2024, 12, 13)) == 0
    assert make_hub(settings, date(2024, 12, 15), date(2024, 12, 16)) == 0
    assert printed(settings, capsys)[0] == 0


@pytest.mark.parametrize("url", ["", "https://example.org/planted-secret"])
def test_the_doctor_says_whether_there_is_a_dead_mans_switch_and_does_not_call_it(
    small_server: SandboxServer, tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    examine(sandbox_settings(small_server, tmp_path, OBSERVATORY_HEARTBEAT_URL=url))
    text = capsys.readouterr().out
    (line,) = [each for each in text.splitlines() if " heartbeat " in each]
    assert ("not set" in line) == (not url)
    assert "planted-secret" not in text
