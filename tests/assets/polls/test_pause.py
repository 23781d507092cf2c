"""A pause that GitHub asked for is kept, and never longer than a limit can last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assets.polls.pause import Pause

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "is_kept"),
    [
        (timedelta(seconds=1), True),
        (timedelta(days=1), True),
        (timedelta(), False),
        (timedelta(hours=-1), False),
        # Written by a clock that was ahead.
        (timedelta(days=30), False),
    ],
)
def test_a_pause_holds_until_its_time_and_a_day_at_most(
    tmp_path: Path, left: timedelta, is_kept: bool
) -> None:
    Pause(tmp_path).keep(NOW + left)
    assert Pause(tmp_path, lambda: NOW).until() == (NOW + left if is_kept else None)


@pytest.mark.parametrize("text", ["", "2026-", "2026-11-01T13:00:00"])
def test_what_cannot_be_read_is_no_pause(tmp_path: Path, text: str) -> None:
    assert Pause(tmp_path, lambda: NOW).until() is None
    (tmp_path / "limit.txt").write_text(text)
    assert Pause(tmp_path, lambda: NOW).until() is None
