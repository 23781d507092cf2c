"""An upstream rule's life, what the warehouse says is usual, and the message."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta

import numpy as np
import pytest

from assets.alerting.captures import read_captures, read_sources
from assets.alerting.evaluation import evaluate_days
from assets.alerting.notice import Figure, Notice, Stage
from assets.alerting.rule_kinds import UpstreamRule
from assets.alerting.rules import Rules
from assets.alerting.states import AlertState, State
from assets.alerting.upstream import (
    SourceCapture,
    UpstreamReading,
    UpstreamTransition,
    losses,
    step_source,
    step_upstream,
)
from assets.coverage.tables import COVERAGE
from assets.declare import prepare
from resources.warehouse import Warehouse

FIRST = date(2026, 6, 1)
RULE = UpstreamRule(
    id="upstream-capture",
    kind="upstream",
    title="a source captures far fewer events than usual",
    fire=0.8,
    clear=0.9,
    min_events=30,
)


def capture(
    rate: float,
    *,
    event_type: str = "WatchEvent",
    usual: float = 1.0,
    count: float | None = 500.0,
    half: float = 0.05,
    group: str = "attention",
) -> SourceCapture:
    """What gharchive captured; the interval is `half` either way."""
    return SourceCapture(
        "gharchive", event_type, group, rate, rate - half, rate + half, count, usual,
        "star_history",
    )  # fmt: skip


States = dict[str, AlertState | None]


def run_groups(
    days: Iterable[dict[str, list[SourceCapture]]],
) -> tuple[States, list[UpstreamTransition]]:
    """The rule moved on by a day each: captures by event group."""
    states: States = dict.fromkeys(("attention", "participation"))
    onsets: dict[str, tuple[SourceCapture, ...]] = dict.fromkeys(states, ())
    transitions = []
    for number, captures in enumerate(days):
        readings = {
            group: UpstreamReading(
                FIRST + timedelta(days=number), tuple(captures.get(group, ())), onsets[group]
            )
            for group in states
        }
        before = states
        states, changes = step_source(RULE, "gharchive", states, readings)
        transitions += changes
        for group, state in states.items():
            was, stood = before[group], state.state if state else State.OK
            if stood is not State.FIRING:
                onsets[group] = ()
            elif was is None or was.state is not State.FIRING:
                onsets[group] = losses(RULE, readings[group])
    return states, transitions


def run(days: Iterable[list[SourceCapture]]) -> tuple[AlertState | None, list[UpstreamTransition]]:
    """The same of one event group."""
    states, transitions = run_groups({"attention": captures} for captures in days)
    return states["attention"], transitions


@pytest.mark.parametrize(
    ("captures", "fires"),
    [
        ([capture(0.3)], True),
        ([capture(0.76)], False),  # the interval reaches 0.81
        ([capture(0.97), capture(0.3, event_type="ForkEvent")], True),
        ([capture(0.55, usual=0.6)], False),  # never promised more
        ([capture(0.3, usual=0.6)], True),
        ([capture(0.1, count=20.0)], False),  # too few events to say
        ([capture(0.0, count=None, half=0.25)], True),  # none at all, judged by the past alone
        # Another source saw all 33, so that 15 of them is certain, and still a matter of luck.
        ([capture(15 / 33, usual=0.6, count=33.0, half=0.0)], False),
        ([capture(150 / 330, usual=0.62, count=330.0, half=0.0)], False),
        ([capture(0.2, usual=0.62, count=330.0, half=0.0)], True),
        ([], False),
    ],
)
def test_it_fires_on_a_drop_against_what_is_usual(
    captures: list[SourceCapture], fires: bool
) -> None:
    _, transitions = run([captures])
    assert [each.after for each in transitions] == ([State.FIRING] if fires else [])


def test_a_loss_that_lasts_is_said_once_and_its_end_once() -> None:
    days = [[capture(1.0)], *[[capture(0.3)]] * 5, [capture(0.88)], [capture(0.95)]]
    state, transitions = run(days)
    # 0.88 is no loss any more, and not back at nine tenths of the usual either.
    assert [(each.day, each.after) for each in transitions] == [
        (FIRST + timedelta(days=1), State.FIRING),
        (FIRST + timedelta(days=7), State.RESOLVED),
    ]
    assert state is not None
    assert (state.state, state.evaluated_through) == (State.RESOLVED, FIRST + timedelta(days=7))


def test_a_constant_loss_does_not_flap_however_few_events_some_days_have() -> None:
    """Six of ten are captured for good from day 10 on; weekends have a tenth of the events."""
    rng = np.random.default_rng(1)
    days = []
    for number in range(365):
        count = 400 if (FIRST + timedelta(days=number)).weekday() < 5 else 40
        rate = rng.binomial(count, 0.99 if number < 10 else 0.6) / count
        days.append([capture(rate, usual=0.99, count=float(count), half=0.0)])
    _, transitions = run(days)
    assert [(each.day, each.after) for each in transitions] == [
        (FIRST + timedelta(days=10), State.FIRING)
    ]


def test_an_end_is_said_on_few_events_too() -> None:
    """All of 40: at least 0.912 of what happens is captured, by Wilson's lower bound."""
    few = capture(1.0, count=40.0, half=0.0)
    _, transitions = run([[capture(1.0)], [capture(0.3)], [few]])
    assert [each.after for each in transitions] == [State.FIRING, State.RESOLVED]


def test_a_day_seen_before_changes_nothing() -> None:
    state, _ = run([[capture(1.0)], [capture(0.3)]])
    again = UpstreamReading(FIRST + timedelta(days=1), (capture(0.99),), (capture(0.3),))
    assert step_upstream(RULE, "gharchive", "attention", state, again) == state


def test_a_loss_is_over_only_when_what_was_lost_is_known_to_be_back() -> None:
    """Stars were lost; a day that knows forks alone says nothing of stars."""
    forks = capture(1.0, event_type="ForkEvent")
    assert losses(RULE, UpstreamReading(FIRST, (capture(0.3), forks))) == (capture(0.3),)
    days = [[capture(1.0)], [capture(0.3)], [forks, capture(1.0, count=20.0)], [forks], []]
    state, transitions = run(days)
    assert state is not None
    assert state.evaluated_through == FIRST + timedelta(days=1)
    assert [each.after for each in transitions] == [State.FIRING]
    _, transitions = run([*days, [forks, capture(1.0)]])
    assert [each.after for each in transitions] == [State.FIRING, State.RESOLVED]


def test_a_loss_is_not_over_while_another_type_of_the_group_is_lost() -> None:
    lost = [capture(1.0), capture(0.1, event_type="ForkEvent")]
    state, transitions = run([[capture(1.0)], [capture(0.3)], lost])
    assert state is not None
    assert state.state is State.FIRING
    assert len(transitions) == 1


def test_a_day_without_a_file_is_over_once_there_are_events_of_its_types_again() -> None:
    """Of a type that has a handful a day nobody will ever know 30."""
    types = ("WatchEvent", "ForkEvent", "RareEvent")
    nothing = [capture(0.0, event_type=each, count=None, half=0.0) for each in types]
    back = [capture(1.0), capture(0.6, event_type="ForkEvent", count=5.0, half=0.4)]
    _, transitions = run([[capture(1.0)], nothing, nothing, back])
    assert [(each.day, each.after) for each in transitions] == [
        (FIRST + timedelta(days=1), State.FIRING),
        (FIRST + timedelta(days=3), State.RESOLVED),
    ]
    none = [capture(1.0), capture(0.0, event_type="ForkEvent", count=5.0, half=0.0)]
    _, transitions = run([[capture(1.0)], nothing, none])
    assert [each.after for each in transitions] == [State.FIRING]


ISSUES = {"event_type": "IssuesEvent", "group": "participation"}


def both(stars: float, issues: float, count: float = 500.0) -> dict[str, list[SourceCapture]]:
    """A day of two event groups; `count` issues."""
    return {
        "attention": [capture(stars)],
        "participation": [capture(issues, count=count, **ISSUES)],  # type: ignore[arg-type]
    }


def test_a_loss_of_several_groups_at_once_is_one_message() -> None:
    states, transitions = run_groups([both(1.0, 1.0), both(0.1, 0.3), both(0.1, 0.3)])
    (said,) = transitions
    assert (said.groups, said.after) == (("attention", "participation"), State.FIRING)
    assert [each.event_type for each in said.lost] == ["WatchEvent", "IssuesEvent"]
    assert {each.state for each in states.values() if each} == {State.FIRING}


def test_another_group_lost_months_later_is_a_message_of_its_own() -> None:
    """As in 2026: stars from February on, everything but pushes from June on."""
    days = [both(1.0, 1.0), *[both(0.3, 1.0)] * 120, *[both(0.05, 0.3)] * 3]
    _, transitions = run_groups(days)
    assert [(each.groups, each.day, each.still) for each in transitions] == [
        (("attention",), FIRST + timedelta(days=1), ()),
        (("participation",), FIRST + timedelta(days=121), ("attention",)),
    ]


@pytest.mark.parametrize("first_day", [(0.3, 20.0), (0.75, 40.0)])
def test_a_group_of_too_few_events_to_tell_at_first_belongs_to_the_loss(
    first_day: tuple[float, float],
) -> None:
    """Issues are lost on the day that stars are, and known to be two days later: said already."""
    rate, count = first_day
    days = [both(1.0, 1.0), *[both(0.1, rate, count)] * 2, both(0.1, 0.3)]
    states, transitions = run_groups(days)
    assert [each.groups for each in transitions] == [("attention",)]
    assert states["participation"] is not None
    assert states["participation"].state is State.FIRING


def test_the_end_of_each_group_is_said_with_what_is_still_lost() -> None:
    _, transitions = run_groups([both(1.0, 1.0), both(0.1, 0.3), both(1.0, 0.3), both(1.0, 1.0)])
    assert [(each.after, each.groups, each.still) for each in transitions[1:]] == [
        (State.RESOLVED, ("attention",), ("participation",)),
        (State.RESOLVED, ("participation",), ()),
    ]


def coverage_row(day: date, rate: float, **others: object) -> dict[str, object]:
    return {
        "coverage_date": day,
        "source": "gharchive",
        "scope": "tracked",
        "event_group": "attention",
        "event_type": "WatchEvent",
        "repo_id": None,
        "captured_count": round(500 * rate),
        "yardstick": "star_history",
        "estimated_events": 500.0,
        "estimated_events_ci_low": 490.0,
        "estimated_events_ci_high": 510.0,
        "capture_rate": rate,
        "capture_rate_ci_low": rate - 0.02,
        "capture_rate_ci_high": min(rate + 0.02, 1.0),
        "status": "sound" if rate >= 0.8 else "degraded",
        "message": "",
        **others,
    }


def fill(warehouse: Warehouse, rows: list[dict[str, object]]) -> None:
    prepare(warehouse, COVERAGE)
    days = [row["coverage_date"] for row in rows]
    warehouse.replace_days(COVERAGE.qualified, "coverage_date", days, COVERAGE.arrow(rows))


def test_usual_is_the_best_stretch_of_28_days_and_a_lasting_loss_does_not_become_it(
    warehouse: Warehouse,
) -> None:
    days = [FIRST + timedelta(days=n) for n in range(300)]
    fill(warehouse, [coverage_row(day, 0.9 if n < 30 else 0.2) for n, day in enumerate(days)])

    def read(day: int, until: int, since: date = date.min) -> list[tuple[float, float]]:
        with warehouse.transaction() as connection:
            found = read_captures(
                connection, "gharchive", "attention", days[day], days[until], since
            )
        return [(each.rate, each.usual_rate) for each in found]

    assert read(30, 30) == [(0.2, 0.9)]
    assert read(59, 59) == [(0.2, 0.9)]
    # Eight stretches back from day 243 lie days 19 to 46, of which 11 are of before the loss.
    assert read(243, 243) == [(0.2, 0.2)]
    assert read(243, 30) == [(0.2, 0.9)]
    # What an analyst has accepted is usual from then on, with three days of it.
    assert read(59, 59, days[30]) == [(0.2, 0.2)]
    assert read(32, 32, days[30]) == []


def test_a_stretch_of_a_few_days_is_no_normal(warehouse: Warehouse) -> None:
    """Six days at 0.9 of a stretch, a gap, and 0.6 since: 0.6 is usual. Seven would be enough."""
    for count, usual in ((6, 0.6), (7, 0.9)):
        # The stretch before last holds days 3 to 30.
        days = [FIRST + timedelta(days=n) for n in (*range(3, 3 + count), *range(40, 60))]
        rates = [0.9] * count + [0.6] * 20
        fill(warehouse, [coverage_row(day, rate) for day, rate in zip(days, rates, strict=True)])
        with warehouse.transaction() as connection:
            (found,) = read_captures(connection, "gharchive", "attention", days[-1], days[-1])
        assert found.usual_rate == usual


@pytest.mark.parametrize(
    "rate_on",
    [
        lambda day: 0.99 - 0.69 * min(max(day - 40, 0), 120) / 120,
        lambda day: max(0.2, 0.99 * 0.85 ** (max(day - 40, 0) // 30)),
    ],
    ids=["0.99 to 0.30 in 120 days", "0.85 of it each month"],
)
def test_a_slow_loss_is_said_once_and_none_before_it(
    warehouse: Warehouse, rate_on: Callable[[int], float]
) -> None:
    rng = np.random.default_rng(3)
    days = [FIRST + timedelta(days=n) for n in range(160)]
    rates = [rng.binomial(500, rate_on(number)) / 500 for number in range(160)]
    fill(warehouse, [coverage_row(day, rate) for day, rate in zip(days, rates, strict=True)])
    (said,) = evaluated(warehouse, days)
    assert (said.stage, len(said.findings)) == (Stage.FIRING, 1)
    at = days.index(said.day)
    assert 0.6 * 0.99 < rate_on(at) < 0.8 * 0.99


def test_a_source_that_has_changed_for_good_is_accepted(warehouse: Warehouse) -> None:
    """Half of it since day 30, said on that day; the analyst accepts day 50 as the new normal."""
    days = [FIRST + timedelta(days=n) for n in range(80)]
    rates = [0.95 if n < 30 else 0.5 if n < 70 else 0.2 for n in range(80)]
    fill(warehouse, [coverage_row(day, rate) for day, rate in zip(days, rates, strict=True)])
    states: dict[str, AlertState] = {}
    found = evaluated(warehouse, days[:60], states=states)
    assert [(each.day, each.stage) for each in found] == [(days[30], Stage.FIRING)]
    accepting = RULE.model_copy(update={"accepted": {"gharchive": days[50]}})
    found = evaluated(warehouse, days[60:], accepting, states)
    assert [(each.day, each.stage) for each in found] == [
        (days[60], Stage.RESOLVED),
        (days[70], Stage.FIRING),
    ]


def evaluated(
    warehouse: Warehouse,
    days: list[date],
    rule: UpstreamRule = RULE,
    states: dict[str, AlertState] | None = None,
) -> list[Notice]:
    """What is said of days evaluated one by one; `states` are moved on."""
    stood = {} if states is None else states
    said = []
    for day in days:
        with warehouse.transaction() as connection:
            done = evaluate_days(connection, Rules((rule,)), [day], stood)
        stood |= done.states
        said += done.notices
    return said


def test_what_is_of_all_sources_of_a_repository_or_without_a_rate_is_not_read(
    warehouse: Warehouse,
) -> None:
    days = [FIRST + timedelta(days=n) for n in range(5)]
    others = (
        {"source": "combined"},
        {"scope": "panel"},
        {"repo_id": 7},
        {"event_type": None},
        {"event_type": "ForkEvent", "capture_rate": None, "status": "unknown"},
    )
    rows = [coverage_row(day, 0.5, **each) for day in days for each in others]
    fill(warehouse, rows)
    with warehouse.transaction() as connection:
        assert read_captures(connection, "gharchive", "attention", days[-1], days[-1]) == ()


def test_a_source_of_less_than_three_days_has_nothing_usual(warehouse: Warehouse) -> None:
    days = [FIRST + timedelta(days=n) for n in range(4)]
    fill(warehouse, [coverage_row(day, 0.5) for day in days])
    with warehouse.transaction() as connection:
        assert read_captures(connection, "gharchive", "attention", days[2], days[2]) == ()
        assert len(read_captures(connection, "gharchive", "attention", days[3], days[3])) == 1
        assert read_sources(connection, days[3]) == ["gharchive"]


def test_rates_of_another_yardstick_are_not_what_is_usual_but_for_nothing_at_all(
    warehouse: Warehouse,
) -> None:
    """By its own past all was there; two sources say 0.6 now, which is no drop; 0 would be one."""
    days = [FIRST + timedelta(days=n) for n in range(6)]
    past = [coverage_row(day, 1.0, yardstick="volume") for day in days[:4]]
    fill(warehouse, [*past, coverage_row(days[4], 0.6), coverage_row(days[5], 0.0)])
    with warehouse.transaction() as connection:
        assert read_captures(connection, "gharchive", "attention", days[4], days[4]) == ()
        (gone,) = read_captures(connection, "gharchive", "attention", days[5], days[5])
    assert (gone.rate, gone.usual_rate) == (0.0, 1.0)


def both_rows(day: date, stars: float, issues: float) -> list[dict[str, object]]:
    issue_row = {"event_type": "IssuesEvent", "event_group": "participation"}
    return [coverage_row(day, stars), coverage_row(day, issues, **issue_row)]


def lost_and_found(warehouse: Warehouse) -> list[Notice]:
    """Five whole days; both groups lost on the sixth; stars back on the seventh, then issues."""
    days = [FIRST + timedelta(days=n) for n in range(8)]
    rates = [(0.98, 0.98)] * 5 + [(0.3, 0.1), (0.98, 0.1), (0.98, 0.98)]
    fill(
        warehouse,
        [row for day, rate in zip(days, rates, strict=True) for row in both_rows(day, *rate)],
    )
    return evaluated(warehouse, days)


def test_a_loss_of_two_groups_is_one_message_that_names_rates_what_is_usual_and_no_trend(
    warehouse: Warehouse,
) -> None:
    firing = lost_and_found(warehouse)[0]
    assert (firing.stage, firing.kind, firing.title) == (Stage.FIRING, "upstream", RULE.title)
    assert firing.key.startswith("upstream-gharchive:2026-06-06:")
    assert firing.asset == ("core", "coverage")
    issues, stars = firing.findings
    assert stars.subject == "gharchive, stars and forks"
    assert stars.measure == "captured share of stars"
    assert stars.now == Figure(0.3, pytest.approx(0.28), pytest.approx(0.32))
    assert stars.before == Figure(0.98, without="median of its best four weeks")
    assert stars.before_period == "as usual"
    assert (stars.side, stars.level) == ("below", pytest.approx(0.8 * 0.98))
    assert stars.basis == "By star history, about 500 events."
    assert (stars.soundness, stars.period) == ("degraded", "2026-06-06 (UTC)")
    assert issues.now.value == 0.1
    (remark,) = firing.remarks
    assert remark.startswith("This is a loss at the source, no trend.")
    assert remark.endswith("rules on stars and forks, issues and comments are held.")
    assert firing.course is not None
    assert [each.value for each in firing.course.points] == [0.98] * 5 + [0.1]
    assert [each.is_sound for each in firing.course.points] == [True] * 5 + [False]
    assert firing.course.fire == pytest.approx(0.8 * 0.98)


def test_its_end_is_said_in_its_thread_group_by_group(warehouse: Warehouse) -> None:
    firing, first, last = lost_and_found(warehouse)
    assert (first.stage, first.thread, first.is_last) == (Stage.RESOLVED, firing.key, False)
    assert [each.subject for each in first.findings] == ["gharchive, stars and forks"]
    # Its bound may lie under the level that the rate is back at: no side is claimed.
    assert (first.findings[0].side, first.findings[0].level) == ("", None)
    assert "gharchive still loses issues and comments." in first.remarks
    assert (last.stage, last.thread, last.is_last) == (Stage.RESOLVED, firing.key, True)


def test_a_group_that_joins_a_loss_is_not_said_again_and_its_end_is(warehouse: Warehouse) -> None:
    days = [FIRST + timedelta(days=n) for n in range(8)]
    rates = [(0.98, 0.98)] * 5 + [(0.1, 0.75), (0.1, 0.1), (0.98, 0.98)]
    fill(
        warehouse,
        [row for day, rate in zip(days, rates, strict=True) for row in both_rows(day, *rate)],
    )
    firing, over = evaluated(warehouse, days)
    assert [each.subject for each in firing.findings] == ["gharchive, stars and forks"]
    assert over.thread == firing.key
    assert [each.subject for each in over.findings] == [
        "gharchive, issues and comments", "gharchive, stars and forks",
    ]  # fmt: skip
    assert over.is_last


def test_a_type_that_is_gone_wholly_and_more_losses_than_fit_are_said(
    warehouse: Warehouse,
) -> None:
    days = [FIRST + timedelta(days=n) for n in range(6)]
    types = [f"Type{n}Event" for n in range(12)]
    rows = [coverage_row(day, 0.98, event_type=name) for day in days[:5] for name in types]
    none = {"estimated_events": None, "captured_count": 0}
    rows += [coverage_row(days[5], 0.0, event_type=name, **none) for name in types]
    fill(warehouse, rows)
    (firing,) = evaluated(warehouse, days)
    (finding,) = firing.findings
    assert finding.basis.startswith("By star history, none seen. Also lost: Type10Event 0.0 %, ")
    assert finding.basis.endswith(" and 7 more.")
