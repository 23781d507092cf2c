"""An alert's life, figure by figure: patience, hysteresis, holds, and what is seen again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from assets.alerting.notice import Figure
from assets.alerting.states import (
    ACTIVE,
    AlertState,
    Level,
    Mark,
    Patience,
    Reading,
    State,
    Trust,
    step,
)

FIRST = date(2024, 1, 1)
#: Fires wholly above 30, is over wholly below 25.
LEVEL = Level("above", 30.0, 25.0)
PATIENT = Level("above", 30.0, 25.0, Patience(2, 3), Patience(2, 3))
#: What a letter of a course stands for: beyond, back, between, degraded, unusable.
FIGURES = {
    "f": (Figure(33.0, 31.0, 35.0), Trust.SOUND),
    "c": (Figure(22.0, 20.0, 24.0), Trust.SOUND),
    "b": (Figure(28.0, 26.0, 31.0), Trust.SOUND),
    "d": (Figure(50.0, 49.0, 51.0), Trust.DEGRADED),
    "n": (None, Trust.DEGRADED),
    "u": (Figure(50.0, 49.0, 51.0), Trust.UNUSABLE),
}


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def reading(number: int, letter: str) -> Reading:
    figure, trust = FIGURES[letter]
    return Reading(day(number), figure, trust)


def course(level: Level, letters: str) -> list[AlertState | None]:
    """The states after each of some days."""
    state: AlertState | None = None
    states = []
    for number, letter in enumerate(letters):
        state = step("a", "a", level, state, reading(number, letter))
        states.append(state)
    return states


def words(states: Sequence[AlertState | None]) -> str:
    """Initials of states: o, p, f, r, R for resolved, h; a dot for none."""
    short = {State.RESOLVED: "R", State.RECOVERING: "r"}
    return "".join("." if each is None else short.get(each.state, each.state[0]) for each in states)


@pytest.mark.parametrize(
    ("level", "letters", "states"),
    [
        # One figure decides; what is between the levels changes nothing.
        (LEVEL, "bfbbcbc", "offfRoo"),
        (LEVEL, "fcfc", "fRfR"),
        # Two of three: one alone is pending, and is forgotten with the third after it.
        (PATIENT, "fbbb", "pppo"),
        (PATIENT, "fbf", "ppf"),
        (PATIENT, "ff", "pf"),
        (PATIENT, "ffcb", "pfrr"),
        (PATIENT, "ffcc", "pfrR"),
        (PATIENT, "ffcbc", "pfrrR"),
        # Back, then beyond once more: it fires still, and the way back is counted on.
        (PATIENT, "ffcfbb", "pfrfrf"),
        # Before the alert it takes as much patience again.
        (PATIENT, "ffccfbff", "pfrRppff"),
        # Degraded days hold it, with a figure or without; a sound one goes on from there.
        (LEVEL, "fdnb", "fhhf"),
        (LEVEL, "fdc", "fhR"),
        (LEVEL, "dndb", "hhho"),
        (PATIENT, "fdf", "phf"),
        # What is unusable is passed over.
        (LEVEL, "ufuuc", ".fffR"),
    ],
)
def test_a_life_day_by_day(level: Level, letters: str, states: str) -> None:
    assert words(course(level, letters)) == states


def test_a_change_of_direction_either_is_beyond_up_or_down_and_back_when_it_is_not_sure() -> None:
    level = Level("either", 3.0, 1.0)
    assert level.mark(Figure(5.0, 3.5, 6.5)) is Mark.BEYOND
    assert level.mark(Figure(-5.0, -6.5, -3.5)) is Mark.BEYOND
    assert level.mark(Figure(5.0, 2.5, 7.5)) is Mark.BETWEEN
    assert level.mark(Figure(2.0, 0.5, 3.5)) is Mark.BACK
    assert level.mark(Figure(0.0, -9.0, 9.0)) is Mark.BACK


def test_a_figure_counted_whole_speaks_for_itself() -> None:
    assert [LEVEL.mark(Figure(value)) for value in (30.1, 30.0, 25.0, 24.9)] == [
        Mark.BEYOND, Mark.BETWEEN, Mark.BETWEEN, Mark.BACK,
    ]  # fmt: skip


def test_a_state_says_since_when_and_of_which_figure() -> None:
    ok, firing, still, over, after = course(LEVEL, "bfbcb")
    assert ok is not None
    assert ok.since == day(0)
    assert firing == AlertState(
        "a", "a", State.FIRING, day(1), day(1), 33.0, 31.0, 35.0, episode=day(1)
    )
    assert still == replace(
        firing, evaluated_through=day(2), value=28.0, ci_low=26.0, ci_high=31.0, recent="b"
    )
    assert over is not None
    # Nobody was told, so that no cool-down begins.
    assert (over.state, over.since, over.resolved_on) == (State.RESOLVED, day(3), None)
    told = step("a", "a", LEVEL, replace(still, thread="said"), reading(3, "c"))
    assert told is not None
    assert told.resolved_on == day(3)
    assert after is not None
    assert (after.state, after.since, after.episode) == (State.OK, day(4), day(1))


_BOUNDS = st.tuples(st.floats(-100, 100), st.floats(0, 20), st.floats(0, 20)).map(
    lambda t: Figure(t[0], t[0] - t[1], t[0] + t[2])
)
_PATIENCES = st.integers(1, 5).flatmap(
    lambda among: st.integers(1, among).map(lambda needed: Patience(needed, among))
)


@given(_BOUNDS, st.floats(-50, 50), st.floats(0, 20))
def test_a_level_below_is_one_above_in_the_mirror(
    figure: Figure, fire: float, distance: float
) -> None:
    assert figure.low is not None
    assert figure.high is not None
    mirrored = Figure(-figure.value, -figure.high, -figure.low)
    above = Level("above", fire, fire - distance).mark(figure)
    assert Level("below", -fire, -fire + distance).mark(mirrored) is above


@given(st.text("fcbdnu", max_size=40), _PATIENCES, _PATIENCES, st.data())
def test_what_is_seen_again_or_late_changes_nothing(
    letters: str, fire: Patience, clear: Patience, data: st.DataObject
) -> None:
    level = Level("above", 30.0, 25.0, fire, clear)
    states = course(level, letters)
    state = states[-1] if states else None
    if state is None:
        return
    number = data.draw(st.integers(-30, (state.evaluated_through - FIRST).days))
    letter = data.draw(st.sampled_from("fcbdnu"))
    assert step("a", "a", level, state, reading(number, letter)) == state


@given(st.text("fcbdnu", max_size=60), _PATIENCES, _PATIENCES)
def test_holds_and_passed_figures_leave_out_days_and_nothing_else(
    letters: str, fire: Patience, clear: Patience
) -> None:
    """What is sound alone, in its order, gives the same standing as with all that is not."""
    level = Level("above", 30.0, 25.0, fire, clear)
    whole = course(level, letters)
    sound = course(level, "".join(each for each in letters if each in "fcb"))
    end = whole[-1] if whole else None
    if not sound:
        assert end is None or end.standing is State.OK
        return
    assert end is not None
    assert sound[-1] is not None
    assert (end.standing, end.recent, end.value) == (
        sound[-1].standing, sound[-1].recent, sound[-1].value,
    )  # fmt: skip


class Life(RuleBasedStateMachine):
    """Any course of figures, against what the patience says of it by counting."""

    @initialize(fire=_PATIENCES, clear=_PATIENCES)
    def begin(self, fire: Patience, clear: Patience) -> None:
        self.level = Level("above", 30.0, 25.0, fire, clear)
        self.state: AlertState | None = None
        self.number = 0
        self.marks = ""  # since the last change to or from firing
        self.is_active = False

    @rule(letter=st.sampled_from("fcbdnu"))
    def figure(self, letter: str) -> None:
        before = self.state
        self.state = step("a", "a", self.level, before, reading(self.number, letter))
        self.number += 1
        if letter not in "fcb":
            return
        self.marks += letter
        patience = self.level.clear_after if self.is_active else self.level.fire_after
        wanted = "c" if self.is_active else "f"
        if self.marks[-patience.among :].count(wanted) >= patience.needed:
            self.is_active = not self.is_active
            self.marks = ""
            assert self.state is not None
            assert self.state.state is (State.FIRING if self.is_active else State.RESOLVED)

    @invariant()
    def it_fires_when_enough_figures_say_so_and_not_else(self) -> None:
        if self.state is not None:
            assert (self.state.standing in ACTIVE) is self.is_active

    @invariant()
    def it_is_held_only_after_a_degraded_day_and_knows_from_what(self) -> None:
        if self.state is not None:
            assert (self.state.state is State.HELD) is (self.state.held_from is not None)
            assert self.state.since <= day(self.number)
            assert self.state.evaluated_through < day(self.number)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
