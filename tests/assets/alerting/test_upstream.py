"""An upstream rule's life, what the warehouse says is usual, and the message."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest

from assets.alerting.ledger import read_captures, read_sources
from assets.alerting.messages import upstream_message
from assets.alerting.rules import UpstreamRule
from assets.alerting.threshold import AlertState, State
from assets.alerting.upstream import (
    SourceCapture,
    UpstreamReading,
    UpstreamTransition,
    lost_types,
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
) -> SourceCapture:
    """What gharchive captured; the interval is `half` either way."""
    return SourceCapture(
        "gharchive", event_type, "attention", rate, rate - half, rate + half, count, usual,
        "star_history",
    )  # fmt: skip


def run(days: Iterable[list[SourceCapture]]) -> tuple[AlertState | None, list[UpstreamTransition]]:
    """The rule moved on by a day each."""
    state, transitions = None, []
    for number, captures in enumerate(days):
        reading = UpstreamReading(FIRST + timedelta(days=number), tuple(captures))
        state, transition = step_upstream(RULE, "gharchive", state, reading)
        if transition:
            transitions.append(transition)
    return state, transitions


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
    days = [[capture(1.0)], *[[capture(0.3)]] * 5, [capture(0.8)], [capture(0.95)]]
    state, transitions = run(days)
    # 0.8 is no new loss, and not back at nine tenths of the usual either: 0.05 · 3 / 1.96 = 0.077
    # and the luck of 500 (Wilson at 3 sigma: 0.848) make 0.8 + sqrt(0.077² + 0.048²) = 0.890.
    found = [(each.day, each.before, each.after) for each in transitions]
    assert found == [
        (FIRST + timedelta(days=1), State.OK, State.FIRING),
        (FIRST + timedelta(days=7), State.FIRING, State.OK),
    ]
    assert state is not None
    assert (state.state, state.evaluated_through) == (State.OK, FIRST + timedelta(days=7))


def test_a_day_seen_before_changes_nothing() -> None:
    state, _ = run([[capture(1.0)], [capture(0.3)]])
    again = UpstreamReading(FIRST + timedelta(days=1), (capture(0.99),))
    assert step_upstream(RULE, "gharchive", state, again) == (state, None)


def test_a_loss_is_over_only_when_what_was_lost_is_known_to_be_back() -> None:
    """Stars were lost; a day that knows pushes alone says nothing of stars."""
    state, _ = run([[capture(1.0)], [capture(0.3)]])
    pushes = UpstreamReading(
        FIRST + timedelta(days=2), (capture(1.0, event_type="PushEvent"), capture(1.0, count=20.0))
    )
    assert lost_types(RULE, UpstreamReading(FIRST, (capture(0.3), capture(0.97)))) == ["WatchEvent"]
    assert step_upstream(RULE, "gharchive", state, pushes, ["WatchEvent"]) == (state, None)
    both = UpstreamReading(
        FIRST + timedelta(days=3), (capture(1.0, event_type="PushEvent"), capture(1.0))
    )
    _, transition = step_upstream(RULE, "gharchive", state, both, ["WatchEvent"])
    assert transition is not None
    assert transition.after is State.OK


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


def test_usual_is_the_median_of_the_28_days_before_and_a_lasting_loss_does_not_become_it(
    warehouse: Warehouse,
) -> None:
    days = [FIRST + timedelta(days=n) for n in range(60)]
    fill(warehouse, [coverage_row(day, 0.9 if n < 30 else 0.2) for n, day in enumerate(days)])
    with warehouse.transaction() as connection:
        onset = read_captures(connection, "gharchive", days[30], days[30])
        later = read_captures(connection, "gharchive", days[59], days[30])
        without = read_captures(connection, "gharchive", days[59], days[59])
    assert [(each.rate, each.usual_rate) for each in onset.captures] == [(0.2, 0.9)]
    assert [(each.rate, each.usual_rate) for each in later.captures] == [(0.2, 0.9)]
    assert [each.usual_rate for each in without.captures] == [0.2]


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
        assert read_captures(connection, "gharchive", days[-1], days[-1]).captures == ()


def test_a_source_of_less_than_three_days_has_nothing_usual(warehouse: Warehouse) -> None:
    days = [FIRST + timedelta(days=n) for n in range(4)]
    fill(warehouse, [coverage_row(day, 0.5) for day in days])
    with warehouse.transaction() as connection:
        assert read_captures(connection, "gharchive", days[2], days[2]).captures == ()
        assert len(read_captures(connection, "gharchive", days[3], days[3]).captures) == 1
        assert read_sources(connection, days[3]) == ["gharchive"]


def test_rates_of_another_yardstick_are_not_what_is_usual_but_for_nothing_at_all(
    warehouse: Warehouse,
) -> None:
    """By its own past all was there; two sources say 0.6 now, which is no drop; 0 would be one."""
    days = [FIRST + timedelta(days=n) for n in range(6)]
    past = [coverage_row(day, 1.0, yardstick="volume") for day in days[:4]]
    fill(warehouse, [*past, coverage_row(days[4], 0.6), coverage_row(days[5], 0.0)])
    with warehouse.transaction() as connection:
        assert read_captures(connection, "gharchive", days[4], days[4]).captures == ()
        (gone,) = read_captures(connection, "gharchive", days[5], days[5]).captures
    assert (gone.rate, gone.usual_rate) == (0.0, 1.0)


def test_a_type_that_is_gone_wholly_is_said_to_be() -> None:
    transition = UpstreamTransition(
        RULE, "gharchive", FIRST, State.OK, State.FIRING, (capture(0.0, count=None, half=0.0),)
    )
    message = upstream_message(transition, world="live", escape=lambda text: text)
    assert "captured 0% of WatchEvent" in message.text
    assert "none seen" in message.text


def test_the_message_names_source_rate_interval_usual_and_yardstick_and_is_no_shift() -> None:
    lost = capture(0.3, usual=0.98)
    transition = UpstreamTransition(RULE, "gharchive", FIRST, State.OK, State.FIRING, (lost,))
    message = upstream_message(transition, world="live", escape=lambda text: text)
    assert message.kind == "upstream"
    assert message.key == "upstream:upstream-capture:gharchive:2026-06-01:firing"
    assert message.text == (
        "Upstream: a source captures far fewer events than usual\n"
        "gharchive captured 30% of WatchEvent on 2026-06-01 (UTC), 95 % interval 25% to 35%; "
        "usual 98% (by star history, about 500 events)."
    )
    assert "no trend" in str(message.blocks[-1])
    assert "attention are held" in str(message.blocks[-1])


def test_more_losses_than_fit_are_counted() -> None:
    lost = tuple(capture(0.3, event_type=f"Type{n}Event") for n in range(12))
    transition = UpstreamTransition(RULE, "gharchive", FIRST, State.OK, State.FIRING, lost)
    message = upstream_message(transition, world="sandbox", escape=lambda text: text)
    assert message.text.startswith("[sandbox, synthetic] Upstream:")
    assert message.text.endswith("And 8 more.")
