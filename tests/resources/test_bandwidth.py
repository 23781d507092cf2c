"""The bound on downloads: kept by all who share a file, and a burden to nobody without reason."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.bandwidth import Bandwidth


@dataclass
class Time:
    """A clock that only waiting moves."""

    now: float = 1_000.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def bucket(folder: Path, time: Time, rate: float = 100.0) -> Bandwidth:
    return Bandwidth(rate, folder / "cache" / "bandwidth", time.clock, time.sleep)


def test_the_first_piece_comes_at_once_and_the_next_after_its_time(tmp_path: Path) -> None:
    time = Time()
    bound = bucket(tmp_path, time)
    assert bound.take(250) == 0.0
    assert bound.take(100) == pytest.approx(2.5)
    assert bound.take(1) == pytest.approx(1.0)


def test_two_that_share_the_file_share_the_bound(tmp_path: Path) -> None:
    time = Time()
    one, other = bucket(tmp_path, time), bucket(tmp_path, time)
    assert one.take(100) == 0.0
    assert other.take(100) == pytest.approx(1.0)
    assert one.take(100) == pytest.approx(1.0)


def test_time_that_nobody_used_is_not_saved_up(tmp_path: Path) -> None:
    time = Time()
    bound = bucket(tmp_path, time)
    bound.take(100)
    time.now += 3_600
    assert bound.take(100) == 0.0
    assert bound.take(100) == pytest.approx(1.0)


@pytest.mark.parametrize("text", ["half a num", "", "9" * 30])
def test_what_a_killed_process_or_a_clock_set_back_left_binds_nobody(
    tmp_path: Path, text: str
) -> None:
    bound = bucket(tmp_path, Time())
    bound.file.parent.mkdir()
    bound.file.write_text(text)
    assert bound.take(100) == 0.0


def test_a_bound_that_lets_nothing_through_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lets nothing come"):
        bucket(tmp_path, Time(), rate=0.0)


@given(pieces=st.lists(st.tuples(st.integers(1, 500), st.floats(0, 10)), min_size=1, max_size=20))
def test_over_any_span_no_more_comes_than_the_bound_and_one_piece(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[int, float]]
) -> None:
    time = Time()
    bound = bucket(tmp_path_factory.mktemp("bound"), time)
    came: list[tuple[float, int]] = []
    for size, pause in pieces:
        time.now += pause
        bound.take(size)
        came.append((time.now, size))
    for first in range(len(came)):
        for last in range(first, len(came)):
            total = sum(size for _, size in came[first : last + 1])
            span = came[last][0] - came[first][0]
            assert total <= 100.0 * span + came[last][1] + 0.01
