"""Rules on the gap and on Hub downloads: complete cohorts in their order, whole snapshots."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from assets.alerting.notice import Figure, Stage, Unit
from assets.alerting.rule_kinds import GapRule, HubShareRule
from assets.alerting.states import AlertState, Patience, State
from assets.hub.tables import DIFFUSION_HUB
from assets.visibility.cohorts import FILES, USE, ripe_day, visibility_gap
from resources.warehouse import Warehouse
from tests.assets.alerting.conftest import evaluated

RULE = GapRule(
    id="gap-us", kind="gap", title="the gap of the U.S. is high", user_kind="us_all",
    basis="filing", direction="above", fire=10, clear=5, min_works=30, min_patents=30,
)  # fmt: skip
HUB = HubShareRule(
    id="hub-cn", kind="hub_share", title="Chinese weights lead", origin="CN", direction="above",
    fire=0.5, clear=0.45, fire_after=Patience(2, 3), clear_after=Patience(1, 1),
)  # fmt: skip
TODAY = date(2024, 12, 16)
APRIL, MAY, JUNE = date(2023, 4, 1), date(2023, 5, 1), date(2023, 6, 1)


def fill(
    warehouse: Warehouse,
    chinese: dict[date, int],
    *,
    missing: date | None = None,
    works: int = 100,
    patents: int = 60,
    read_through: date = date(2024, 12, 12),
) -> None:
    """mart.visibility_gap: of 100 papers so many name a Chinese model, of 60 patents none."""
    cohorts = [
        {"basis": "filing", "cohort_month": month, "user_kind": "us_all",
         "open_model_count": patents, "chinese_open_model_count": 0}
        for month in chinese
    ]  # fmt: skip
    use = [
        {"use_measure": "papers", "use_month": month, "user_kind": "us_all", "use_count": works,
         "use_chinese_count": count, "use_share": None, "is_use_final": True}
        for month, count in chinese.items()
    ]  # fmt: skip
    due = [missing or date(2024, 12, 10)]
    files = pa.table({"due_date": due, "is_complete": [missing is None]}, FILES)
    rows = visibility_gap(
        pa.Table.from_pylist(cohorts), pa.Table.from_pylist(use, USE), files, read_through
    )
    warehouse.replace_all("mart.visibility_gap", rows)


def test_a_complete_cohort_alerts_once_with_its_figures(warehouse: Warehouse) -> None:
    fill(warehouse, {MAY: 40})
    done = evaluated(warehouse, [RULE], [TODAY])
    (firing,) = done.notices
    assert firing.key == "gap-us:2023-05-01:firing"
    (finding,) = firing.findings
    # Newcombe by hand: 40 less hypot(40 - 30.94, 6.017) to 40 plus (49.80 - 40).
    assert finding.now == Figure(40.0, pytest.approx(29.1, abs=0.05), pytest.approx(49.8, abs=0.05))
    assert (finding.subject, finding.unit) == ("all users in the U.S.", Unit.POINTS)
    assert finding.measure == "share in papers less share in U.S. patents"
    assert finding.period == "patents by filing in 2023-05"
    assert (finding.side, finding.level) == ("above", 10.0)
    assert "40.0 % of 100 papers and 0.0 % of 60 U.S. patents" in finding.basis
    assert "up to 2024-12-12 were read" in finding.basis
    assert firing.course is not None
    assert [each.value for each in firing.course.points] == [40.0]
    assert evaluated(warehouse, [RULE], [TODAY + timedelta(days=1)], done.states).notices == []


def test_a_censored_cohort_never_alerts_however_large_its_gap(warehouse: Warehouse) -> None:
    # Of May 3 in 100 and of June 90: only May is 18 months old.
    fill(warehouse, {MAY: 3, JUNE: 90})
    assert evaluated(warehouse, [RULE], [TODAY]).notices == []
    fill(warehouse, {JUNE: 90})
    assert evaluated(warehouse, [RULE], [TODAY]).states == {}


def test_nor_does_one_of_which_a_weekly_file_is_missing(warehouse: Warehouse) -> None:
    fill(warehouse, {MAY: 90}, missing=date(2024, 11, 5))
    assert evaluated(warehouse, [RULE], [TODAY]).states == {}


def test_cohorts_are_seen_in_their_order_and_the_last_one_is_said(warehouse: Warehouse) -> None:
    fill(warehouse, {APRIL: 40, MAY: 40})
    (firing,) = evaluated(warehouse, [RULE], [TODAY]).notices
    assert firing.key == "gap-us:2023-04-01:firing"
    assert firing.findings[0].period == "patents by filing in 2023-05"
    # What began and ended among older cohorts is no news.
    fill(warehouse, {date(2023, 3, 1): 90, APRIL: 0, MAY: 3})
    done = evaluated(warehouse, [RULE], [TODAY])
    assert done.notices == []
    assert done.states["gap-us"].state is State.OK


def test_one_of_too_few_works_does_not_hide_the_one_before(warehouse: Warehouse) -> None:
    fill(warehouse, {APRIL: 40})
    april = warehouse.query("SELECT * FROM mart.visibility_gap")
    fill(warehouse, {MAY: 2}, works=29)
    may = warehouse.query("SELECT * FROM mart.visibility_gap")
    warehouse.replace_all("mart.visibility_gap", pa.concat_tables([april, may]))
    done = evaluated(warehouse, [RULE], [TODAY])
    assert [each.key for each in done.notices] == ["gap-us:2023-04-01:firing"]
    fill(warehouse, {MAY: 20}, patents=29)
    assert evaluated(warehouse, [RULE], [TODAY]).states == {}


def test_a_cohort_is_evaluated_from_the_day_on_which_it_is_ripe(warehouse: Warehouse) -> None:
    """A replay sees on each day what was public on it."""
    fill(warehouse, {APRIL: 40, MAY: 0}, read_through=date(2025, 6, 1))
    days = [date(2024, 10, 1) + timedelta(days=n) for n in range(90)]
    firing, over = evaluated(warehouse, [RULE], days).notices
    assert (firing.stage, firing.day) == (Stage.FIRING, ripe_day("filing", APRIL))
    assert (over.stage, over.day) == (Stage.RESOLVED, ripe_day("filing", MAY))


@pytest.mark.parametrize(
    ("basis", "month", "day"),
    [
        ("filing", MAY, date(2024, 12, 8)),
        ("filing", date(2023, 12, 1), date(2025, 7, 8)),
        ("publication", date(2024, 12, 1), date(2025, 1, 8)),
    ],
)
def test_a_cohort_is_ripe_eighteen_months_and_a_week_after_its_month(
    basis: str, month: date, day: date
) -> None:
    assert ripe_day(basis, month) == day


def test_a_cohort_once_evaluated_is_not_again_whatever_became_of_it(warehouse: Warehouse) -> None:
    fill(warehouse, {MAY: 3})
    states = evaluated(warehouse, [RULE], [TODAY]).states
    fill(warehouse, {MAY: 90})
    done = evaluated(warehouse, [RULE], [TODAY + timedelta(days=1)], states)
    assert (done.notices, done.states) == ([], states)


def snapshots(warehouse: Warehouse, *shares: float | None, is_complete: bool = True) -> list[date]:
    days = [TODAY + timedelta(days=n) for n in range(len(shares))]
    rows = [
        {"snapshot_date": day, "measure": "downloads_30d", "author_country_iso2": "any",
         "origin_iso2": "CN", "root_family": "any", "relation": "any",
         "value": 1e6 * (share or 0.0), "known_value": 1e6, "unknown_value": 2e5, "share": share,
         "share_low": share and share / 1.2, "share_high": share and (share + 0.2) / 1.2,
         "unknown_share": 0.2 / 1.2, "correction_value": 0.0, "has_correction": False,
         "compared_share": None, "days_since_previous": 1, "asked_share": 1.0,
         "is_complete": is_complete}
        for day, share in zip(days, shares, strict=True)
    ]  # fmt: skip
    names = DIFFUSION_HUB.column_names
    table = DIFFUSION_HUB.arrow([{name: row.get(name) for name in names} for row in rows])
    warehouse.replace_days(DIFFUSION_HUB.qualified, "snapshot_date", days, table)
    return days


def test_a_share_of_downloads_fires_after_two_of_three_snapshots(warehouse: Warehouse) -> None:
    days = snapshots(warehouse, 0.4, 0.52, 0.49, 0.53, 0.44)
    firing, over = evaluated(warehouse, [HUB], days).notices
    assert (firing.day, over.day) == (days[3], days[4])
    (finding,) = firing.findings
    assert finding.subject == "weights from China"
    assert finding.now == Figure(0.53)
    assert finding.before == Figure(pytest.approx((0.4 + 0.52 + 0.49) / 3))
    assert finding.before_period == "mean of 3 snapshots of the four weeks before"
    assert finding.basis == (
        "1,000,000 downloads of known origin, counted whole; with all of unknown origin (16.7 %) "
        "counted out or in, 44.2 to 60.8 %."
    )
    assert firing.course is not None
    assert [each.value for each in firing.course.points] == [0.4, 0.52, 0.49, 0.53]


def test_snapshots_that_are_not_whole_are_passed_over(warehouse: Warehouse) -> None:
    days = snapshots(warehouse, 0.9, 0.9, 0.9, is_complete=False)
    assert evaluated(warehouse, [HUB], days).states == {}
    states: dict[str, AlertState] = {}
    assert evaluated(warehouse, [HUB], snapshots(warehouse, None, None), states).states == {}
