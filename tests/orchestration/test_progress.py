"""How far a command is: a line redrawn on a terminal, plain lines anywhere else."""

import io
import os
import pty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest

from assets.pace import duration, rate, so_far
from orchestration import production
from orchestration.progress import Progress
from orchestration.settings import Settings, load_settings


class Clock:
    """Seconds that go on by what a test says."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[TextIO, int]]:
    """The end of a terminal that a program writes to, and the one that a person reads."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        yield stream, reader
    os.close(reader)


def shown_to(reader: int, end: str) -> str:
    """What a terminal shows, up to its end: the system hands it over in parts of its own."""
    shown = ""
    while not shown.endswith(end):
        shown += os.read(reader, 1 << 16).decode()
    return shown


def all_shown(stream: TextIO, reader: int) -> str:
    """What a terminal shows until the program has closed it."""
    stream.close()
    shown = b""
    while True:
        try:
            part = os.read(reader, 1 << 16)
        except OSError:  # so Linux says that there is no more
            part = b""
        if not part:
            return shown.decode()
        shown += part


def run(stream: TextIO, seconds_each: float, count: int = 4) -> None:
    clock = Clock()
    with Progress("files", count, stream=stream, clock=clock) as progress:
        for _ in range(count):
            clock.now += seconds_each
            progress.step()


def fail(progress: Progress, clock: Clock) -> None:
    with progress:
        clock.now += 1
        progress.step()
        raise ValueError("broken")


def test_a_terminals_line_is_redrawn_and_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as (stream, reader):
        run(stream, 30)
        shown = shown_to(reader, "0 s left\r\x1b[2K")
    assert shown == (
        "\r\x1b[2K1 of 4 files, 2.0 a minute, about 90 s left"
        "\r\x1b[2K2 of 4 files, 2.0 a minute, about 60 s left"
        "\r\x1b[2K3 of 4 files, 2.0 a minute, about 30 s left"
        "\r\x1b[2K4 of 4 files, 2.0 a minute, about 0 s left"
        "\r\x1b[2K"
    )


def test_a_terminal_is_cleared_after_a_failure_too_and_no_line_of_it_wraps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    with terminal(monkeypatch) as (stream, reader):
        with pytest.raises(ValueError, match="broken"):
            fail(Progress("files " * 20, 9, stream=stream, clock=clock), clock)
        shown = all_shown(stream, reader)
    drawn = shown.split("\r\x1b[2K")
    assert [len(each) for each in drawn] == [0, 59, 0]


def test_elsewhere_there_are_whole_lines_ten_seconds_apart_and_nothing_else() -> None:
    stream = io.StringIO()
    run(stream, 6)
    assert stream.getvalue() == (
        "… 2 of 4 files, 10 a minute, about 12 s left\n"
        "… 4 of 4 files, 10 a minute, about 0 s left\n"
    )
    quick = io.StringIO()
    run(quick, 1)
    assert quick.getvalue() == ""


def test_a_terminal_that_cannot_redraw_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as (stream, reader):
        monkeypatch.setenv("TERM", "dumb")
        run(stream, 30, 1)
        shown = all_shown(stream, reader)
    assert shown == "… 1 of 1 files, 2.0 a minute, about 0 s left\r\n"


@pytest.mark.parametrize(
    ("done", "total", "seconds", "words"),
    [
        (0, 10, 5, "0 of 10 days"),
        (3, 0, 1, "3 days, 3.0 a second"),
        (1200, 2400, 60, "1,200 of 2,400 days, 20 a second, about 60 s left"),
        (1, 31, 7200, "1 of 31 days, 0.5 an hour, about 60 h 0 min left"),
        (12, 10, 6, "12 of 10 days, 2.0 a second, about 0 s left"),
    ],
)
def test_count_rate_and_time_left_follow_from_what_is_done(
    done: int, total: int, seconds: float, words: str
) -> None:
    assert so_far(done, total, "days", seconds) == words


def test_rates_and_durations_are_in_units_that_are_read_at_a_glance() -> None:
    assert [rate(1, 1), rate(1, 1.01), rate(1, 61)] == [
        "1.0 a second",
        "59 a minute",
        "59.0 an hour",
    ]
    assert [duration(s) for s in (99, 100, 5940, 6000)] == ["99 s", "2 min", "99 min", "1 h 40 min"]


def test_backup_and_restore_say_how_far_they_are_and_end_at_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = data_of(tmp_path, 30)
    steps: list[tuple[int, int]] = []
    real = Progress.step

    def step(self: Progress, count: int = 1) -> None:
        real(self, count)
        steps.append((self.done, self.total))

    monkeypatch.setattr(Progress, "step", step)
    assert production.backup(settings) == 0
    assert steps == [(n, 30) for n in range(1, 31)]
    steps.clear()
    (folder,) = [each for each in settings.backups.iterdir() if each.name[0].isdigit()]
    assert production.verify(folder) == 0
    assert steps == [(n, 30) for n in range(1, 31)]
    steps.clear()
    assert production.put_back(settings, folder, replaces=True) == 0
    assert steps == [(n, 60) for n in range(1, 61)]


def data_of(folder: Path, count: int) -> Settings:
    """Settings of a data folder that holds so many files."""
    lake = folder / "data" / "lake"
    lake.mkdir(parents=True)
    for number in range(count):
        (lake / f"{number}.parquet").write_text(str(number))
    return load_settings(
        {"OBSERVATORY_DATA": str(folder / "data"), "OBSERVATORY_BACKUPS": str(folder / "backups")}
    )
