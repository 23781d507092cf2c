"""A threshold rule's life, day by day."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.alerting.rules import ThresholdRule
from assets.alerting.threshold import (
    AlertState,
    Reading,
    State,
    Transition,
    step,
)

FIRST = date(2024, 12, 1)
ABOVE = ThresholdRule(
    id="cn-high",
    kind="threshold",
    title="China's share is high",
    country="CN",
    event_group="attention",
    direction="above",
    fire=0.28,
    clear=0.25,
    min_located_actors=100,
)
# The mirror image: 1 - 0.28 and 1 - 0.25.
BELOW = ABOVE.model_copy(update={"direction": "below", "fire": 0.72, "clear": 0.75})


def reading(
    low: float, high: float, *, day: int = 0, located: int = 100, is_complete: bool = True
) -> Reading:
    """A reading of the `day`th day."""
    return Reading(
        day=FIRST + timedelta(days=day),
        value=(low + high) / 2,
        ci_low=low,
        ci_high=high,
        located_actor_count=located,
        unknown_share=0.5,
        is_complete=is_complete,
    )


def mirrored(each: Reading) -> Reading:
    return replace(each, value=1 - each.value, ci_low=1 - each.ci_high, ci_high=1 - each.ci_low)


def run(
    rule: ThresholdRule, readings: Iterable[Reading], state: AlertState | None = None
) -> tuple[AlertState | None, list[Transition]]:
    """A rule moved on by some readings."""
    transitions = []
    for each in readings:
        state, transition = step(rule, state, each)
        if transition:
            transitions.append(transition)
    return state, transitions


FIRES = reading(0.29, 0.35)
CLEARS = reading(0.18, 0.24)
TABLE = [
    pytest.param(State.OK, FIRES, State.FIRING, id="fires when the whole interval is above"),
    pytest.param(State.OK, reading(0.27, 0.35), State.OK, id="not on the point estimate"),
    pytest.param(State.OK, reading(0.28, 0.35), State.OK, id="not at the threshold itself"),
    pytest.param(State.OK, CLEARS, State.OK, id="what is ok stays ok"),
    pytest.param(State.FIRING, CLEARS, State.OK, id="clears when the whole interval is below"),
    pytest.param(State.FIRING, reading(0.20, 0.25), State.FIRING, id="not at the clear level"),
    pytest.param(State.FIRING, reading(0.20, 0.26), State.FIRING, id="not on the point back"),
    pytest.param(State.FIRING, reading(0.255, 0.275), State.FIRING, id="hysteresis: stays firing"),
    pytest.param(State.OK, reading(0.255, 0.275), State.OK, id="hysteresis: stays ok"),
    pytest.param(State.FIRING, FIRES, State.FIRING, id="what fires goes on firing"),
]


@pytest.mark.parametrize(
    ("rule", "mirror"), [(ABOVE, False), (BELOW, True)], ids=["above", "below"]
)
@pytest.mark.parametrize(("before", "day", "after"), TABLE)
def test_a_day_moves_a_rule(
    rule: ThresholdRule, mirror: bool, before: State, day: Reading, after: State
) -> None:
    day = mirrored(day) if mirror else day
    yesterday = FIRST - timedelta(days=1)
    stood = AlertState(rule.id, before, since=yesterday, evaluated_through=yesterday)
    moved, transition = step(rule, stood, day)
    assert moved.state is after
    assert moved.evaluated_through == FIRST
    assert (moved.value, moved.ci_low, moved.ci_high) == (day.value, day.ci_low, day.ci_high)
    if before is after:
        assert transition is None
        assert moved.since == yesterday
    else:
        assert transition == Transition(rule, day, before, after)
        assert moved.since == FIRST


def test_a_rule_without_a_past_begins_ok_on_its_first_day() -> None:
    state, transition = step(ABOVE, None, CLEARS)
    assert state.state is State.OK
    assert state.since == state.evaluated_through == FIRST
    assert transition is None


def test_a_rule_without_a_past_may_fire_on_its_first_day() -> None:
    state, transition = step(ABOVE, None, FIRES)
    assert state.state is State.FIRING
    assert transition is not None
    assert transition.before is State.OK


def test_a_transition_is_identified_by_rule_day_and_state() -> None:
    _, transition = step(ABOVE, None, FIRES)
    assert transition is not None
    assert transition.key == "threshold:cn-high:2024-12-01:firing"


@pytest.mark.parametrize("age", [0, 1, 30])
def test_the_same_or_an_older_day_changes_nothing(age: int) -> None:
    fired, _ = step(ABOVE, None, FIRES)
    revised = replace(CLEARS, day=FIRST - timedelta(days=age))
    assert step(ABOVE, fired, revised) == (fired, None)


def test_a_life_from_ok_to_firing_and_back_has_two_transitions() -> None:
    days = [
        reading(0.20, 0.24, day=0),
        reading(0.29, 0.35, day=1),
        reading(0.26, 0.30, day=2),
        reading(0.29, 0.35, day=3),
        reading(0.20, 0.24, day=4),
        reading(0.27, 0.29, day=5),
    ]
    state, transitions = run(ABOVE, days)
    assert [(each.reading.day.day, each.after) for each in transitions] == [
        (2, State.FIRING),
        (5, State.OK),
    ]
    assert state is not None
    assert (state.since.day, state.evaluated_through.day) == (5, 6)


@pytest.mark.parametrize(
    "lack", [{"is_complete": False}, {"located_actor_count": 99}], ids=["incomplete", "too few"]
)
def test_a_day_without_a_verdict_changes_nothing_and_is_evaluated_once_it_has_one(
    lack: dict[str, int],
) -> None:
    assert step(ABOVE, None, replace(FIRES, **lack)) == (None, None)
    fired, _ = step(ABOVE, None, FIRES)
    tomorrow = replace(CLEARS, day=FIRST + timedelta(days=1))
    assert step(ABOVE, fired, replace(tomorrow, **lack)) == (fired, None)
    cleared, transition = step(ABOVE, fired, tomorrow)
    assert cleared is not None
    assert cleared.state is State.OK
    assert transition is not None


@st.composite
def sequences(draw: st.DrawFn) -> list[Reading]:
    """Readings of days in order, some days missing."""
    days = draw(st.sets(st.integers(0, 60), max_size=25))
    drawn = []
    for day in sorted(days):
        low, high = sorted(draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
        located = draw(st.sampled_from([99, 100, 5_000]))
        is_complete = draw(st.booleans() | st.just(True))
        drawn.append(reading(low, high, day=day, located=located, is_complete=is_complete))
    return drawn


RULES = st.sampled_from([ABOVE, BELOW])


@settings(deadline=None)
@given(RULES, sequences())
def test_evaluating_a_sequence_again_changes_nothing(
    rule: ThresholdRule, readings: list[Reading]
) -> None:
    state, _ = run(rule, readings)
    assert run(rule, readings, state) == (state, [])


@settings(deadline=None)
@given(RULES, sequences(), st.lists(st.integers(0, 25), max_size=4))
def test_evaluating_in_overlapping_pieces_gives_the_same_transitions(
    rule: ThresholdRule, readings: list[Reading], cuts: Sequence[int]
) -> None:
    whole = run(rule, readings)
    state: AlertState | None = None
    transitions: list[Transition] = []
    for end in [*sorted(cuts), len(readings)]:
        # Each piece begins at the beginning again, as a backfill of old days does.
        state, more = run(rule, readings[:end], state)
        transitions += more
    assert (state, transitions) == whole


@settings(deadline=None)
@given(RULES, sequences())
def test_transitions_alternate_and_stand_on_sound_days(
    rule: ThresholdRule, readings: list[Reading]
) -> None:
    state, transitions = run(rule, readings)
    standing = State.OK
    for each in transitions:
        assert each.before is standing
        assert each.after is not standing
        assert each.reading.is_complete
        assert each.reading.located_actor_count >= rule.min_located_actors
        standing = each.after
    assert (state.state if state else State.OK) is standing
    assert len({each.key for each in transitions}) == len(transitions)


@settings(deadline=None)
@given(sequences())
def test_a_rule_of_direction_below_is_one_of_direction_above_mirrored(
    readings: list[Reading],
) -> None:
    below = ABOVE.model_copy(update={"direction": "below", "fire": 0.25, "clear": 0.75})
    above = ABOVE.model_copy(update={"direction": "above", "fire": 0.75, "clear": 0.25})
    # Rounded to halves of a power of two, 1 - x is exact and so is the mirror.
    exact = [
        replace(each, ci_low=round(each.ci_low * 64) / 64, ci_high=round(each.ci_high * 64) / 64)
        for each in readings
    ]
    _, up = run(above, exact)
    _, down = run(below, [mirrored(each) for each in exact])
    assert [(each.reading.day, each.after) for each in up] == [
        (each.reading.day, each.after) for each in down
    ]


def degraded(day: int) -> Reading:
    return replace(reading(0.5, 0.6, day=day), is_degraded=True)


def test_a_rule_is_held_while_capture_is_degraded_and_goes_on_from_where_it_stood() -> None:
    """Firing since the first day, held for two days of a figure far above, clear on the fourth."""
    readings = [replace(FIRES, day=FIRST), degraded(1), degraded(2)]
    state, transitions = run(ABOVE, readings)
    assert [each.after for each in transitions] == [State.FIRING]
    since = FIRST + timedelta(days=1)
    assert state == AlertState(
        "cn-high",
        State.HELD,
        since,
        FIRST,
        FIRES.value,
        0.29,
        0.35,
        State.FIRING,
        FIRST + timedelta(days=2),
    )
    state, transitions = run(ABOVE, [reading(0.18, 0.24, day=3)], state)
    assert [(each.before, each.after) for each in transitions] == [(State.FIRING, State.OK)]
    assert state is not None
    assert (state.state, state.since) == (State.OK, FIRST + timedelta(days=3))
    assert (state.held_from, state.held_through) == (None, None)


def test_a_degraded_figure_fires_nothing_and_a_sound_one_afterwards_does() -> None:
    state, transitions = run(ABOVE, [degraded(0), degraded(1)])
    assert transitions == []
    assert state is not None
    assert (state.state, state.held_from) == (State.HELD, State.OK)
    _, transitions = run(ABOVE, [reading(0.29, 0.35, day=2)], state)
    assert [(each.before, each.after) for each in transitions] == [(State.OK, State.FIRING)]


def test_a_held_day_that_turns_out_sound_is_evaluated() -> None:
    state, _ = run(ABOVE, [reading(0.1, 0.2), degraded(1)])
    _, transitions = run(ABOVE, [reading(0.29, 0.35, day=1)], state)
    assert [each.after for each in transitions] == [State.FIRING]


def test_an_older_day_made_again_neither_fires_nor_ends_the_hold() -> None:
    """Days 1 to 3 are degraded; day 2 is sound once its star history has come, day 3 is not."""
    state, _ = run(ABOVE, [reading(0.1, 0.2), degraded(1), degraded(2), degraded(3)])
    assert run(ABOVE, [reading(0.29, 0.35, day=2)], state) == (state, [])
    assert run(ABOVE, [degraded(1)], state) == (state, [])
    assert state is not None
    assert state.held_through == FIRST + timedelta(days=3)
    _, transitions = run(ABOVE, [reading(0.29, 0.35, day=3)], state)
    assert [each.after for each in transitions] == [State.FIRING]


def test_a_hold_of_before_its_newest_day_was_kept_is_not_ended_by_days_before_it() -> None:
    state, _ = run(ABOVE, [reading(0.1, 0.2), degraded(3)])
    assert state is not None
    earlier = replace(state, held_through=None)
    assert run(ABOVE, [reading(0.29, 0.35, day=2)], earlier) == (earlier, [])
