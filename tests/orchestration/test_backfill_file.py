"""The file of a backfill: whose range it is, and whether a process is at work on it."""

from datetime import date
from pathlib import Path

import pytest

from orchestration.backfill_file import Begun, days_at_work, only_one, read, running, write
from orchestration.settings import SettingsError

FIRST, LAST = date(2024, 11, 25), date(2024, 11, 28)
BEGUN = Begun("2024-11-25..2024-11-28, 2026-11-27T03:00:00", ["2024-12-01"], is_newest_first=True)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    with only_one(tmp_path, FIRST, LAST) as path:
        assert read(path) is None
        write(path, BEGUN)
        assert read(path) == BEGUN


def test_a_range_is_one_process_s_and_others_are_free(tmp_path: Path) -> None:
    with only_one(tmp_path, FIRST, LAST):
        with (
            pytest.raises(SettingsError, match=r"2024-11-25\.\.2024-11-28 is being backfilled"),
            only_one(tmp_path, FIRST, LAST),
        ):
            pass
        with only_one(tmp_path, FIRST, FIRST):
            pass
    with only_one(tmp_path, FIRST, LAST):
        pass


def test_it_runs_while_it_is_held_and_only_then(tmp_path: Path) -> None:
    assert running(tmp_path / "not there") == set()
    with only_one(tmp_path, FIRST, LAST) as path:
        write(path, BEGUN)
        assert running(tmp_path) == {BEGUN.identity}
        assert days_at_work(tmp_path) == {
            "2024-11-25", "2024-11-26", "2024-11-27", "2024-11-28", "2024-12-01",
        }  # fmt: skip
    assert running(tmp_path) == set()
    assert days_at_work(tmp_path) == set()


def test_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"identity": 3')
    with pytest.raises(SettingsError, match=r"a\.json is damaged.*FRESH=1"):
        read(path)
