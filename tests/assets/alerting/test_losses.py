"""Worlds that lose events as in 2026, through the platform's own functions: what is said of them.

The bar itself is over 50 worlds, see `python -m benchmarks.losses`; these are its first ones.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from benchmarks.loss_scenarios import SCENARIOS, SHIFT_AFTER
from benchmarks.losses import SHIFT_RULE, Outcome, Sent, outcome

LOSS = date(2024, 6, 11)


@pytest.mark.parametrize("name", ["alone", "two", "stars"])
def test_a_loss_is_said_once_on_its_first_day_and_no_country_is_said_to_shift(name: str) -> None:
    seen = outcome(1, SCENARIOS[name], before=4, after=3)
    assert seen.loss == LOSS
    assert seen.sent == (Sent("upstream", "upstream-capture", LOSS, "firing"),)
    assert seen.held == tuple(LOSS + timedelta(days=n) for n in range(3))


def test_a_loss_of_american_hours_is_no_shift_though_who_takes_it_for_all_there_is_sees_one() -> (
    None
):
    seen = outcome(1, SCENARIOS["hours"], before=4, after=6)
    assert seen.sent == (Sent("upstream", "upstream-capture", seen.loss, "firing"),)
    assert ("threshold", "us-attention-share-low", "firing") in {
        (each.kind, each.rule_id, each.state) for each in seen.naive
    }
    assert min(each.day for each in seen.naive) >= seen.loss


def test_a_loss_that_comes_slowly_is_said_once_while_it_comes() -> None:
    """Stars fall by 1.3 points a day: on day 15 to 0.8 of what they were, on day 30 to 0.6."""
    seen = outcome(1, SCENARIOS["gradual"], after=33)
    (said,) = seen.sent
    assert (said.kind, said.state) == ("upstream", "firing")
    assert 15 <= (said.day - seen.loss).days <= 30
    assert seen.is_noticed


def test_a_shift_within_the_loss_is_found_once_another_archive_captures_enough() -> None:
    scenario = SCENARIOS["replaced"]
    assert scenario.second_after is not None
    seen = outcome(2, scenario, before=4, after=scenario.second_after + 3)
    assert seen.is_noticed
    assert seen.held == tuple(seen.loss + timedelta(days=n) for n in range(scenario.second_after))
    (shift,) = seen.threshold
    assert (shift.rule_id, shift.state) == (SHIFT_RULE, "firing")
    assert seen.shift_delay == (shift.day - seen.loss).days - SHIFT_AFTER
    assert shift.day not in seen.held


def sent(*messages: tuple[str, str, int, str]) -> Outcome:
    """The outcome of a world with some messages: kind, rule, days from the loss, state."""
    found = tuple(
        Sent(kind, rule, LOSS + timedelta(days=number), state)
        for kind, rule, number, state in messages
    )
    return Outcome(seed=1, loss=LOSS, sent=found, held=(LOSS,))


NOTICED = ("upstream", "upstream-capture", 0, "firing")
FOUND = ("threshold", SHIFT_RULE, SHIFT_AFTER + 4, "firing")


def test_a_second_or_early_or_late_message_of_a_loss_is_not_as_it_should_be() -> None:
    again = ("upstream", "upstream-capture", 9, "firing")
    early = ("upstream", "upstream-capture", -1, "firing")
    assert sent(NOTICED, ("upstream", "upstream-capture", 5, "resolved")).is_noticed
    assert not sent().is_noticed
    for wrong in ([NOTICED, again], [again], [early], [early, NOTICED]):
        assert not sent(*wrong).is_noticed
    late = replace(sent(again), latest_notice=9)
    assert late.is_noticed
    assert not replace(late, latest_notice=8).is_noticed


def test_a_shift_is_found_by_one_message_after_it_on_a_day_that_was_not_held() -> None:
    assert sent(NOTICED, FOUND).shift_delay == 4
    assert sent(NOTICED).shift_delay is None
    # On a held day; before the shift; fired and cleared; beside the message of another country.
    for wrong in (
        [("threshold", SHIFT_RULE, 0, "firing")],
        [("threshold", SHIFT_RULE, SHIFT_AFTER - 1, "firing")],
        [FOUND, ("threshold", SHIFT_RULE, 13, "resolved")],
        [FOUND, ("threshold", "us-contribution-share-high", 12, "firing")],
    ):
        assert sent(*wrong).shift_delay is None
