"""OpenAlex's credit: never overspent, whatever is restarted, lost, or told in another order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.http import RateLimitedError
from resources.openalex_credit import LIST_CREDITS, SEARCH_CREDITS, CreditLedger

#: 2026-11-01 12:00 UTC: half a day is left.
NOON = 1_793_534_400.0
HALF_DAY_S = 43_200.0


@dataclass
class Clock:
    """A clock that moves when somebody sleeps."""

    time: float = NOON
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


def ledger(
    folder: Path, clock: Clock, credits: int = 100, pace: float = 1e6, account: str = "key"
) -> CreditLedger:
    return CreditLedger(
        folder,
        account,
        credits_per_day=credits,
        calls_per_second=pace,
        now=clock.now,
        sleep=clock.sleep,
    )


def stated(remaining: int, reset: float = HALF_DAY_S, limit: int = 100) -> Mapping[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(int(reset)),
    }


def test_no_call_is_allowed_that_the_days_credit_does_not_cover(tmp_path: Path) -> None:
    clock = Clock()
    ours = ledger(tmp_path, clock)
    for spent in range(SEARCH_CREDITS, 101, SEARCH_CREDITS):
        ours.take(SEARCH_CREDITS)
        ours.settle(SEARCH_CREDITS, stated(100 - spent))
    with pytest.raises(RateLimitedError, match="credit is spent") as refused:
        ours.take(LIST_CREDITS)
    assert refused.value.resume_at.timestamp() == pytest.approx(NOON + HALF_DAY_S, abs=5)
    assert sum(clock.slept) < 1


def test_a_search_that_does_not_fit_waits_where_a_list_still_fits(tmp_path: Path) -> None:
    ours = ledger(tmp_path, Clock())
    ours.take(SEARCH_CREDITS)
    ours.settle(SEARCH_CREDITS, stated(9))
    with pytest.raises(RateLimitedError):
        ours.take(SEARCH_CREDITS)
    ours.take(LIST_CREDITS)


def test_a_restart_knows_what_was_spent_and_what_was_never_answered(tmp_path: Path) -> None:
    clock = Clock()
    first = ledger(tmp_path, clock)
    first.take(SEARCH_CREDITS)
    first.settle(SEARCH_CREDITS, stated(60))
    first.take(SEARCH_CREDITS)  # the process dies before the answer
    assert ledger(tmp_path, clock).remaining() == 50
    assert ledger(tmp_path, clock, account="another key").remaining() == 100


def test_the_next_day_the_credit_is_full_again_and_what_was_pending_is_forgotten(
    tmp_path: Path,
) -> None:
    clock = Clock()
    ours = ledger(tmp_path, clock)
    ours.take(SEARCH_CREDITS)
    ours.settle(SEARCH_CREDITS, stated(0, limit=200))
    clock.time += HALF_DAY_S + 60
    assert ours.remaining() == 200


def test_a_wait_until_midnight_that_is_short_enough_is_waited(tmp_path: Path) -> None:
    clock = Clock()
    ours = ledger(tmp_path, clock)
    ours.take(SEARCH_CREDITS)
    ours.settle(SEARCH_CREDITS, stated(0, reset=100))
    said: list[str] = []
    ours.take(SEARCH_CREDITS, patience_s=300, on_wait=said.append)
    assert 100 <= sum(clock.slept) <= 105
    assert "waiting 10" in said[0]


def test_less_is_later_when_answers_come_in_another_order(tmp_path: Path) -> None:
    ours = ledger(tmp_path, Clock())
    for _ in range(3):
        ours.take(SEARCH_CREDITS)
    ours.settle(SEARCH_CREDITS, stated(80))
    ours.settle(SEARCH_CREDITS, stated(70))
    ours.settle(SEARCH_CREDITS, stated(90))
    assert ours.remaining() == 70


def test_others_with_the_same_key_are_counted_by_what_openalex_says(tmp_path: Path) -> None:
    ours = ledger(tmp_path, Clock(), credits=10_000)
    ours.take(SEARCH_CREDITS)
    ours.settle(SEARCH_CREDITS, stated(15, limit=10_000))
    assert ours.remaining() == 15


@pytest.mark.parametrize("headers", [{}, {"x-ratelimit-remaining": "many"}])
def test_where_nothing_is_said_the_cost_counts_as_spent(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    ours = ledger(tmp_path, Clock())
    ours.take(SEARCH_CREDITS)
    ours.settle(SEARCH_CREDITS, headers)
    assert ours.remaining() == 90


def test_a_refusal_forbids_every_call_of_every_process_until_it_is_over(tmp_path: Path) -> None:
    clock = Clock()
    ledger(tmp_path, clock).refuse(3_600)
    with pytest.raises(RateLimitedError, match="takes no calls") as refused:
        ledger(tmp_path, clock).take(LIST_CREDITS)
    assert refused.value.retry_after_s == pytest.approx(3_600, abs=5)
    clock.time += 3_610
    ledger(tmp_path, clock).take(LIST_CREDITS)


def test_a_short_refusal_is_waited_out_and_an_unstated_one_lasts_a_minute(tmp_path: Path) -> None:
    clock = Clock()
    ours = ledger(tmp_path, clock)
    ours.refuse(7)
    ours.take(LIST_CREDITS)
    assert sum(clock.slept) == pytest.approx(7)
    ours.refuse(None)
    ours.take(LIST_CREDITS)
    assert sum(clock.slept) == pytest.approx(67)


def test_calls_keep_their_pace_whoever_makes_them(tmp_path: Path) -> None:
    clock = Clock()
    for _ in range(11):
        ledger(tmp_path, clock, pace=10).take(LIST_CREDITS)
    assert clock.time - NOON == pytest.approx(1.0)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"limit": 5}'])
def test_a_damaged_file_is_as_none(tmp_path: Path, content: str) -> None:
    clock = Clock()
    ours = ledger(tmp_path, clock)
    ours.take(LIST_CREDITS)
    (file,) = tmp_path.glob("*.json")
    file.write_text(content)
    assert ledger(tmp_path, clock).remaining() == 100


def test_the_key_is_not_in_the_file_or_its_name(tmp_path: Path) -> None:
    ledger(tmp_path, Clock(), account="https://api.openalex.org planted-secret").take(1)
    for file in tmp_path.iterdir():
        assert "planted-secret" not in file.name + file.read_text()


def test_a_clock_set_back_locks_nobody_out_for_longer_than_a_day(tmp_path: Path) -> None:
    clock = Clock()
    ours = ledger(tmp_path, clock)
    ours.refuse(80_000)
    clock.time -= 10 * 86_400
    with pytest.raises(RateLimitedError) as refused:
        ours.take(LIST_CREDITS)
    assert refused.value.retry_after_s <= 86_410


@given(
    st.lists(
        st.tuples(
            st.sampled_from([SEARCH_CREDITS, LIST_CREDITS]),
            st.sampled_from(["answer", "silent", "killed", "error", "elsewhere"]),
        ),
        max_size=60,
    )
)
def test_whatever_happens_between_no_call_exceeds_what_openalex_has_left(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, str]]
) -> None:
    """`left` is OpenAlex's own count: of calls answered or not, of errors (free), of others'."""
    folder, clock, left = tmp_path_factory.mktemp("credit"), Clock(), 100
    ours = ledger(folder, clock)
    told = 100
    for cost, fate in calls:
        try:
            ours.take(cost)
        except RateLimitedError:
            continue
        # What others spent since the last answer, nobody here can know.
        assert cost <= told
        if fate == "error":
            ours.settle(cost, stated(left))
            told = left
            continue
        left -= cost
        told -= cost
        if fate == "elsewhere":
            left = max(0, left - 15)
        if fate == "killed":
            ours = ledger(folder, clock)
        elif fate == "silent":
            ours.settle(cost, {})
        else:
            ours.settle(cost, stated(max(0, left)))
            told = left
