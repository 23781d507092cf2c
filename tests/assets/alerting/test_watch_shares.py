"""Rules on countries' shares in a real warehouse: level, change, and one passing another."""

from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from assets.alerting.notice import Figure, Stage, Unit
from assets.alerting.rule_kinds import ChangeRule, CrossoverRule, ThresholdRule
from assets.alerting.states import AlertState, State
from assets.coverage.coverage import without_files
from assets.coverage.tables import COVERAGE
from assets.indices.tables import COUNTRY_RATIO
from resources.warehouse import Warehouse
from tests.assets.alerting.conftest import evaluated
from tests.engagement_rows import engagement_rows

FIRST = date(2024, 12, 2)  # a Monday
SUNDAY = date(2024, 12, 8)
LEVEL = ThresholdRule(
    id="cn-high", kind="threshold", title="China's share is high", country="CN",
    event_group="attention", direction="above", fire=0.28, clear=0.25, min_located_actors=100,
    cool_down_days=0,
)  # fmt: skip
CHANGE = ChangeRule(
    id="change", kind="change", title="A share has changed", event_group="attention", fire=0.03,
    clear=0.01, min_actors=30, min_located_actors=500,
)  # fmt: skip
CROSSOVER = CrossoverRule(
    id="crossover", kind="crossover", title="One share passed another", country="CN", other="US",
    event_group="attention", min_located_actors=200,
)  # fmt: skip
#: Of 1,000 located accounts: 400 are 37.0 to 43.1 % (fires), 150 are 12.9 to 17.3 % (clears).
HIGH, LOW = 400, 150


def day(number: int) -> date:
    """The `number`th day, from 0."""
    return FIRST + timedelta(days=number)


def near(value: float) -> float:
    return pytest.approx(value, abs=5e-4)  # type: ignore[return-value]


def fill(
    warehouse: Warehouse,
    chinese: dict[date, int],
    *,
    period: str = "day",
    hours: int | None = None,
    **changed: str,
) -> list[date]:
    """mart.engagement: of 1,000 located accounts so many Chinese; columns changed as given."""
    tables = []
    for each, count in chinese.items():
        counts = {"CN": count, "US": 1_000 - count, "ZZ": 500}
        rows = engagement_rows(each, counts, hours, period=period)
        for name, value in changed.items():
            place = rows.column_names.index(name)
            rows = rows.set_column(place, rows.schema.field(name), pa.repeat(value, rows.num_rows))
        tables.append(rows)
    with warehouse.transaction() as connection:
        connection.execute("DELETE FROM mart.engagement WHERE period = ? AND "
                           "list_contains(?, activity_date)", [period, list(chinese)])  # fmt: skip
        connection.register("incoming", pa.concat_tables(tables))
        connection.execute("INSERT INTO mart.engagement BY NAME SELECT * FROM incoming")
    return sorted(chinese)


def test_a_level_fires_with_all_that_its_message_needs(warehouse: Warehouse) -> None:
    days = fill(warehouse, {day(n): LOW for n in range(5)} | {day(5): HIGH})
    done = evaluated(warehouse, [LEVEL], days)
    (firing,) = done.notices
    assert (firing.key, firing.stage) == ("cn-high:2024-12-07:firing", Stage.FIRING)
    (finding,) = firing.findings
    assert finding.subject == "China, stars and forks"
    assert (finding.measure, finding.unit) == ("share of located accounts", Unit.SHARE)
    assert finding.now == Figure(0.4, near(0.370), near(0.431))
    # Five days of 150 in 1,000.
    assert finding.before == Figure(0.15, near(0.1404), near(0.1602))
    assert finding.before_period == "the four weeks before"
    assert (finding.side, finding.level, finding.since) == ("above", 0.28, day(5))
    assert finding.basis == (
        "1,000 located accounts; 33.3 % of active accounts have no known country. Source: hourly "
        "event archives, all 24 files whole."
    )
    assert (finding.period, finding.soundness) == ("2024-12-07 (UTC)", "sound")
    assert firing.course is not None
    assert [each.value for each in firing.course.points] == [0.15] * 5 + [0.4]
    assert (firing.course.fire, firing.course.clear) == (0.28, 0.25)


def test_its_end_says_the_other_level(warehouse: Warehouse) -> None:
    done = evaluated(warehouse, [LEVEL], fill(warehouse, {day(0): HIGH, day(1): LOW}))
    assert [each.stage for each in done.notices] == [Stage.FIRING, Stage.RESOLVED]
    (finding,) = done.notices[1].findings
    assert (finding.side, finding.level) == ("below", 0.25)


def test_days_evaluated_one_by_one_give_what_they_give_together(warehouse: Warehouse) -> None:
    counts = (HIGH, LOW, LOW, HIGH, HIGH, LOW)
    days = fill(warehouse, {day(n): count for n, count in enumerate(counts)})
    states: dict[str, AlertState] = {}
    apart = []
    for each in days:
        done = evaluated(warehouse, [LEVEL], [each], states)
        states = done.states
        apart += [notice.key for notice in done.notices]
    together = evaluated(warehouse, [LEVEL], days)
    assert [each.key for each in together.notices] == apart
    assert len(apart) == 4
    assert together.states == states


def test_a_day_of_degraded_capture_or_of_none_at_all_holds_it(warehouse: Warehouse) -> None:
    fill(warehouse, {day(0): HIGH})
    fill(warehouse, {day(1): LOW}, capture_status="degraded")
    lost = without_files(day(2), ["gharchive", "combined"])
    warehouse.replace_days(COVERAGE.qualified, "coverage_date", [day(2)], lost)
    done = evaluated(warehouse, [LEVEL], [day(0), day(1), day(2)])
    (state,) = done.states.values()
    assert (state.state, state.held_from, state.held_through) == (
        State.HELD, State.FIRING, day(2),
    )  # fmt: skip
    assert len(done.notices) == 1
    fill(warehouse, {day(3): LOW})
    done = evaluated(warehouse, [LEVEL], [day(3)], done.states)
    assert [each.stage for each in done.notices] == [Stage.RESOLVED]


def test_a_day_of_which_another_group_is_lost_holds_nothing(warehouse: Warehouse) -> None:
    fill(warehouse, {day(0): HIGH})
    rows = without_files(day(1), ["gharchive", "combined"])
    is_other = pc.or_(pc.equal(rows["event_group"], "other"), pc.equal(rows["source"], "gharchive"))
    warehouse.replace_days(COVERAGE.qualified, "coverage_date", [day(1)], rows.filter(is_other))
    done = evaluated(warehouse, [LEVEL], [day(0), day(1)])
    assert done.states["cn-high"].state is State.FIRING


def test_days_with_missing_files_or_few_accounts_are_passed_over(warehouse: Warehouse) -> None:
    fill(warehouse, {day(0): HIGH}, hours=23)
    few = LEVEL.model_copy(update={"id": "few", "min_located_actors": 1_001})
    assert evaluated(warehouse, [LEVEL, few], [day(0)]).states == {}
    fill(warehouse, {day(0): HIGH})
    assert set(evaluated(warehouse, [LEVEL, few], [day(0)]).states) == {"cn-high"}


def test_a_country_without_a_row_has_a_share_of_nought_and_one_of_few_none(
    warehouse: Warehouse,
) -> None:
    low = LEVEL.model_copy(
        update={"id": "de-low", "country": "DE", "direction": "below", "fire": 0.1, "clear": 0.2}
    )
    days = fill(warehouse, {day(0): LOW})
    (firing,) = evaluated(warehouse, [low], days).notices
    assert firing.findings[0].now == Figure(0.0, 0.0, pytest.approx(0.0038, abs=1e-4))
    # Three accounts of a country are nobody's business.
    fill(warehouse, {day(1): 3})
    cn_low = low.model_copy(update={"country": "CN"})
    assert evaluated(warehouse, [cn_low], [day(1)]).states == {}


def test_a_level_of_the_corrected_share_and_of_weeks(warehouse: Warehouse) -> None:
    rule = LEVEL.model_copy(update={"measure": "share", "period": "week"})
    fill(warehouse, {SUNDAY: HIGH}, period="week", hours=166)
    fill(warehouse, {SUNDAY: LOW})
    done = evaluated(warehouse, [rule], [SUNDAY - timedelta(days=1), SUNDAY])
    (finding,) = done.notices[0].findings
    assert finding.period == "the week to 2024-12-08 (UTC)"
    assert finding.measure.startswith("share of all accounts")
    assert finding.before is None
    assert finding.basis.endswith("166 of 168 files whole.")


def test_two_shares_that_shift_on_one_day_are_one_message(warehouse: Warehouse) -> None:
    us_low = LEVEL.model_copy(
        update={
            "id": "us-low",
            "title": "The U.S. share is low",
            "country": "US",
            "direction": "below",
            "fire": 0.7,
            "clear": 0.8,
        }
    )
    days = fill(warehouse, {day(0): LOW, day(1): HIGH, day(2): LOW})
    firing, over = evaluated(warehouse, [LEVEL, us_low], days).notices
    assert firing.rule_ids == over.rule_ids == ("cn-high", "us-low")
    assert firing.title == "Shares of stars and forks have shifted"
    assert [each.subject.split(",")[0] for each in firing.findings] == ["China", "United States"]


def four_weeks(warehouse: Warehouse, *chinese: int, hours: int = 672) -> list[date]:
    """mart.engagement of four weeks each, one after the other."""
    sundays = [SUNDAY + timedelta(days=28 * n) for n in range(len(chinese))]
    return fill(warehouse, dict(zip(sundays, chinese, strict=True)), period="28d", hours=hours)


def test_a_change_up_is_one_down_of_the_other_and_each_says_its_own(warehouse: Warehouse) -> None:
    """200 to 300 of 1,000: 10 points, Newcombe 6.2 to 13.8 (by hand below)."""
    sundays = four_weeks(warehouse, 200, 300)
    (firing,) = evaluated(warehouse, [CHANGE], sundays).notices
    up, down = firing.findings
    # Wilson 0.2723 to 0.3292 and 0.1764 to 0.2259: 0.1 less hypot(0.0277, 0.0259), and 0.1 and
    # hypot(0.0292, 0.0236).
    assert up.subject == "China, stars and forks"
    assert up.now == Figure(
        pytest.approx(10.0), pytest.approx(6.21, abs=0.01), pytest.approx(13.75, abs=0.01)
    )
    assert (up.unit, up.side, up.level) == (Unit.POINTS, "above", pytest.approx(3.0))
    assert (down.subject, down.side, down.level) == (
        "United States, stars and forks", "below", pytest.approx(-3.0),
    )  # fmt: skip
    assert down.now.value == pytest.approx(-10.0)
    assert up.basis.startswith("30.0 % of 1,000 located accounts, before 20.0 % of 1,000;")
    assert up.period == "the four weeks to 2025-01-05 (UTC) against the four weeks before"
    assert firing.course is not None
    assert [each.value for each in firing.course.points] == [0.3]


def test_a_change_is_over_when_it_is_no_longer_sure(warehouse: Warehouse) -> None:
    sundays = four_weeks(warehouse, 200, 300, 310)
    firing, over = evaluated(warehouse, [CHANGE], sundays).notices
    assert (over.stage, over.thread, over.day) == (Stage.RESOLVED, firing.key, sundays[2])


@pytest.mark.parametrize(
    ("chinese", "hours", "others"),
    [
        ((200, 240), 672, {}),  # 4 points, 0.4 to 7.6
        ((200, 300), 672, {"countries": ("CN",), "min_actors": 301}),
        ((200, 300), 650, {}),  # 3.3 % of the hours missing
        ((200, 300), 672, {"min_located_actors": 1_001}),
        ((200, 300), 672, {"countries": ("FR",)}),
    ],
)
def test_a_change_that_may_be_chance_or_rests_on_little_is_none(
    warehouse: Warehouse, chinese: tuple[int, int], hours: int, others: dict[str, object]
) -> None:
    sundays = four_weeks(warehouse, *chinese, hours=hours)
    rule = CHANGE.model_copy(update=others)
    assert evaluated(warehouse, [rule], sundays).notices == []


def test_a_change_across_degraded_weeks_is_held(warehouse: Warehouse) -> None:
    sundays = four_weeks(warehouse, 200, 300)
    fill(warehouse, {sundays[0]: 200}, period="28d", capture_status="degraded")
    done = evaluated(warehouse, [CHANGE], sundays)
    assert done.notices == []
    assert {each.state for each in done.states.values()} == {State.HELD}


def ratio(sunday: date, value: float, half: float, **others: object) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(COUNTRY_RATIO.column_names)  # fmt: skip
    return row | {
        "activity_date": sunday, "scope": "tracked", "event_group": "attention",
        "grouping": "apart", "country_iso2": "CN", "other_iso2": "US", "share": 0.3,
        "other_share": 0.3 / value, "share_ratio": value, "ratio_ci_low": value - half,
        "ratio_ci_high": value + half, "is_complete": True, "is_compared": True,
        "capture_status": "sound", "is_corrected": False, "is_masked": False, **others,
    }  # fmt: skip


def test_a_crossing_fires_when_the_whole_ratio_is_beyond_one(warehouse: Warehouse) -> None:
    sundays = [SUNDAY + timedelta(days=7 * n) for n in range(5)]
    ratios = [(0.9, 0.05), (1.02, 0.05), (1.1, 0.05), (0.99, 0.05), (0.85, 0.05)]
    fill(warehouse, dict.fromkeys(sundays, 300), period="week")
    rows = [ratio(day, *each) for day, each in zip(sundays, ratios, strict=True)]
    warehouse.replace_days(
        COUNTRY_RATIO.qualified, "activity_date", sundays, COUNTRY_RATIO.arrow(rows)
    )
    firing, over = evaluated(warehouse, [CROSSOVER], sundays).notices
    assert (firing.day, over.day) == (sundays[2], sundays[4])
    (finding,) = firing.findings
    assert finding.subject == "China to United States, stars and forks"
    assert (finding.unit, finding.side, finding.level) == (Unit.RATIO, "above", 1.0)
    assert finding.now == Figure(1.1, pytest.approx(1.05), pytest.approx(1.15))
    assert "1,000 located accounts" in finding.basis
    assert firing.course is not None
    assert len(firing.course.points) == 3


def test_a_crossing_in_a_degraded_week_is_held(warehouse: Warehouse) -> None:
    fill(warehouse, {SUNDAY: 300}, period="week")
    rows = [ratio(SUNDAY, 1.5, 0.1, capture_status="degraded")]
    warehouse.replace_days(
        COUNTRY_RATIO.qualified, "activity_date", [SUNDAY], COUNTRY_RATIO.arrow(rows)
    )
    done = evaluated(warehouse, [CROSSOVER], [SUNDAY])
    assert done.states["crossover"].state is State.HELD


def test_an_update_says_no_level_that_the_figure_has_not_passed(warehouse: Warehouse) -> None:
    """Of 1,000 accounts 270 are 24.3 to 29.8 %: neither above 28 nor below 25."""
    rule = LEVEL.model_copy(update={"remind_days": 1})
    done = evaluated(warehouse, [rule], fill(warehouse, {day(0): HIGH, day(1): 270}))
    update = done.notices[1]
    assert update.stage is Stage.UPDATE
    assert (update.findings[0].side, update.findings[0].level) == ("", None)


def test_a_week_that_becomes_whole_after_its_sunday_is_evaluated(warehouse: Warehouse) -> None:
    rule = LEVEL.model_copy(update={"period": "week"})
    fill(warehouse, {SUNDAY: HIGH}, period="week", hours=100)
    done = evaluated(warehouse, [rule], [SUNDAY])
    assert done.states == {}
    fill(warehouse, {SUNDAY: HIGH}, period="week")
    wednesday = SUNDAY + timedelta(days=3)
    (firing,) = evaluated(warehouse, [rule], [wednesday], done.states).notices
    assert firing.findings[0].period == "the week to 2024-12-08 (UTC)"
    assert (firing.key, firing.day) == ("cn-high:2024-12-08:firing", wednesday)


@pytest.mark.parametrize(("after", "is_said"), [(20, True), (3, False), (0, True)])
def test_a_country_that_falls_to_few_accounts_has_changed_most(
    warehouse: Warehouse, after: int, is_said: bool
) -> None:
    """From 300 of 1,000 to 20 or none; of three it would be said who they are."""
    sundays = four_weeks(warehouse, 300, after)
    rule = CHANGE.model_copy(update={"countries": ("CN",)})
    notices = evaluated(warehouse, [rule], sundays).notices
    assert [each.stage for each in notices] == ([Stage.FIRING] if is_said else [])
