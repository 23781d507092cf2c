"""Rules on confirmed shifts: each is said once, when the data up to then confirm it."""

from datetime import date, timedelta

from assets.alerting.evaluation import evaluate_days
from assets.alerting.notice import Figure, Stage, Unit
from assets.alerting.rule_kinds import TrendShiftRule
from assets.alerting.rules import Rules, Silence
from assets.alerting.states import State
from assets.shifts.trend_tables import TREND_SHIFTS
from resources.warehouse import Warehouse
from tests.assets.alerting.conftest import evaluated

DETECTED = date(2024, 12, 8)
RULE = TrendShiftRule(
    id="trend-shift", kind="trend_shift", title="A share has shifted", min_points=2,
    event_groups=("attention",),
)  # fmt: skip


def shift(country: str = "CN", **others: object) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(TREND_SHIFTS.column_names)
    return row | {
        "country_iso2": country, "event_group": "attention", "period": "week",
        "onset_date": date(2024, 11, 18), "onset_low_date": date(2024, 11, 11),
        "onset_high_date": date(2024, 11, 25), "detected_date": DETECTED,
        "data_through_date": DETECTED, "before_share": 0.2, "after_share": 0.25, "size_pp": 5.0,
        "size_pp_ci_low": 3.0, "size_pp_ci_high": 7.0, "statistic": 30.0,
        "confidence_share": 0.99, "detectors": ["sequential", "retrospective"],
        "status": "confirmed", "point_count": 60, **others,
    }  # fmt: skip


def days(first: int, last: int) -> list[date]:
    return [DETECTED + timedelta(days=n) for n in range(first, last + 1)]


def fill(warehouse: Warehouse, *rows: dict[str, object]) -> None:
    warehouse.replace_all(TREND_SHIFTS.qualified, TREND_SHIFTS.arrow(list(rows)))


def test_a_confirmed_shift_is_said_once_on_the_day_that_confirms_it(warehouse: Warehouse) -> None:
    fill(warehouse, shift())
    done = evaluated(warehouse, [RULE], days(-5, 200))
    (firing,) = done.notices
    assert (firing.day, firing.stage) == (DETECTED, Stage.FIRING)
    assert firing.key == "trend-shift:CN:attention:2024-11-18:2024-12-08:firing"
    (finding,) = firing.findings
    assert (finding.now, finding.unit) == (Figure(5.0, 3.0, 7.0), Unit.POINTS)
    assert finding.since == date(2024, 11, 18)
    assert finding.period == (
        "since 2024-11-18 (2024-11-11 to 2024-11-25), found in data through 2024-12-08 (UTC)"
    )
    assert finding.basis.startswith("From 20.0 % to 25.0 % of located accounts, by week;")
    # Half a year later it stands for good, which is no news.
    (state,) = done.states.values()
    assert (state.state, state.thread) == (State.OK, None)


def test_one_found_some_days_late_is_said_and_one_of_long_ago_is_not(warehouse: Warehouse) -> None:
    fill(warehouse, shift())
    (firing,) = evaluated(warehouse, [RULE], days(13, 13)).notices
    assert firing.day == DETECTED + timedelta(days=13)
    assert evaluated(warehouse, [RULE], days(14, 14)).notices == []


def test_a_shift_that_is_withdrawn_is_said_to_be(warehouse: Warehouse) -> None:
    withdrawn = DETECTED + timedelta(days=7)
    fill(warehouse, shift(status="withdrawn", withdrawn_date=withdrawn))
    firing, over = evaluated(warehouse, [RULE], days(0, 20)).notices
    assert (over.stage, over.day, over.thread) == (Stage.RESOLVED, withdrawn, firing.key)
    assert "withdrawn" in over.findings[0].measure
    # On a fresh warehouse what was withdrawn before is never said.
    assert evaluated(warehouse, [RULE], days(8, 12)).notices == []


def test_what_is_not_confirmed_small_or_of_another_group_says_nothing(warehouse: Warehouse) -> None:
    fill(
        warehouse,
        shift(status="candidate", detected_date=None),
        shift("DE", size_pp=-1.9),
        shift("FR", event_group="contribution"),
        shift("US", period="day"),
    )
    assert evaluated(warehouse, [RULE], days(0, 3)).notices == []
    fill(warehouse, shift("DE", size_pp=-2.1), shift("FR"))
    of_germany = RULE.model_copy(update={"countries": ("DE",)})
    (firing,) = evaluated(warehouse, [of_germany], days(0, 3)).notices
    assert [each.subject for each in firing.findings] == ["Germany, stars and forks"]


def test_shifts_of_several_countries_that_are_found_together_are_one_message(
    warehouse: Warehouse,
) -> None:
    fill(warehouse, shift(), shift("US", size_pp=-5.0, size_pp_ci_low=-7.0, size_pp_ci_high=-3.0))
    (firing,) = evaluated(warehouse, [RULE], days(0, 0)).notices
    assert len(firing.findings) == 2


def test_a_shift_whose_dates_move_with_data_made_again_is_said_once(warehouse: Warehouse) -> None:
    fill(warehouse, shift())
    done = evaluated(warehouse, [RULE], days(0, 2))
    later = DETECTED + timedelta(days=7)
    moved = {
        "onset_date": date(2024, 11, 25), "onset_low_date": date(2024, 11, 18),
        "onset_high_date": date(2024, 12, 2), "detected_date": later, "data_through_date": later,
    }  # fmt: skip
    fill(warehouse, shift(**moved))
    done = evaluated(warehouse, [RULE], days(7, 20), done.states)
    assert done.notices == []
    assert [each.state for each in done.states.values()] == [State.FIRING]
    # Another one half a year later is one of its own.
    other = {name: value + timedelta(days=150) for name, value in moved.items()}
    fill(warehouse, shift(**moved), shift(**other))
    (firing,) = evaluated(warehouse, [RULE], days(157, 158), done.states).notices
    assert firing.stage is Stage.FIRING


def test_a_shift_that_later_data_do_not_show_at_all_is_withdrawn(warehouse: Warehouse) -> None:
    fill(warehouse, shift())
    done = evaluated(warehouse, [RULE], days(0, 2))
    fill(warehouse)
    (over,) = evaluated(warehouse, [RULE], days(3, 9), done.states).notices
    assert over.stage is Stage.RESOLVED
    assert "withdrawn" in over.findings[0].measure
    assert over.findings[0].now == Figure(5.0, 3.0, 7.0)


def test_a_shift_confirmed_in_a_silence_is_said_after_it(warehouse: Warehouse) -> None:
    fill(warehouse, shift())
    silence = Silence(rules=("trend-*",), first=DETECTED, last=DETECTED, reason="a holiday")
    with warehouse.transaction() as connection:
        done = evaluate_days(connection, Rules((RULE,), (silence,)), days(0, 2), {})
    assert [each.day for each in done.notices] == [DETECTED + timedelta(days=1)]
