"""A rule on the gap sees complete cohorts only, each once, and says what it saw."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from assets.alerting.assets import evaluate
from assets.alerting.gap import GapReading, step_gap
from assets.alerting.rules import GapRule
from assets.alerting.threshold import AlertState, State
from assets.visibility.cohorts import FILES, USE, visibility_gap
from assets.visibility.tables import VISIBILITY_GAP
from resources.platform import Platform
from resources.warehouse import Warehouse

RULE = GapRule(
    id="gap-us",
    kind="gap",
    title="the gap of the U.S. is high",
    user_kind="us_all",
    basis="filing",
    direction="above",
    fire=10,
    clear=5,
    min_works=30,
    min_patents=30,
)
PLATFORM = Platform(
    world="sandbox",
    data_dir="",
    reference_dir="",
    tracked_repositories="",
    rules="",
    fixed_now=datetime(2024, 12, 17, tzinfo=UTC).isoformat(),
)
TODAY = date(2024, 12, 16)
MAY, JUNE = date(2023, 5, 1), date(2023, 6, 1)


def reading(month: date, low: float, high: float, works: int = 90, patents: int = 60) -> GapReading:
    return GapReading(month, (low + high) / 2, low, high, 0.4, works, 0.02, patents)


def fill(warehouse: Warehouse, chinese: dict[date, int], missing: date | None = None) -> None:
    """mart.visibility_gap: of 100 papers so many name a Chinese model, of 60 patents none."""
    patents = [
        {
            "basis": "filing",
            "cohort_month": month,
            "user_kind": "us_all",
            "open_model_count": 60,
            "chinese_open_model_count": 0,
        }
        for month in chinese
    ]
    use = [
        {
            "use_measure": "papers",
            "use_month": month,
            "user_kind": "us_all",
            "use_count": 100,
            "use_chinese_count": count,
            "use_share": None,
            "is_use_final": True,
        }
        for month, count in chinese.items()
    ]
    due = [missing or date(2024, 12, 10)]
    files = pa.table({"due_date": due, "is_complete": [missing is None]}, FILES)
    rows = visibility_gap(
        pa.Table.from_pylist(patents), pa.Table.from_pylist(use, USE), files, date(2024, 12, 12)
    )
    with warehouse.transaction() as connection:
        connection.execute("DELETE FROM mart.visibility_gap")
        connection.register("rows", rows)
        connection.execute("INSERT INTO mart.visibility_gap BY NAME SELECT * FROM rows")
    assert rows.schema == VISIBILITY_GAP.arrow_schema


def messages(warehouse: Warehouse) -> dict[str, str]:
    rows = warehouse.query("SELECT message_key, message FROM ops.outbox").to_pylist()
    return {row["message_key"]: row["message"] for row in rows}


@pytest.mark.parametrize(
    ("before", "low", "high", "after"),
    [
        (None, 10.1, 40.0, State.FIRING),
        (None, 9.9, 40.0, State.OK),
        (State.OK, 10.1, 40.0, State.FIRING),
        (State.FIRING, -1.0, 4.9, State.OK),
        (State.FIRING, 4.0, 5.1, State.FIRING),
    ],
)
def test_the_whole_interval_has_to_be_beyond_a_level(
    before: State | None, low: float, high: float, after: State
) -> None:
    state = before and AlertState("gap-us", before, MAY, MAY)
    moved, transition = step_gap(RULE, state, reading(JUNE, low, high))
    assert moved is not None
    assert (moved.state, moved.evaluated_through) == (after, JUNE)
    assert (transition is not None) == (after is not (before or State.OK))


@pytest.mark.parametrize("month", [MAY, date(2023, 4, 1)])
def test_a_cohort_once_evaluated_is_not_again_whatever_became_of_it(month: date) -> None:
    state = AlertState("gap-us", State.OK, MAY, MAY)
    assert step_gap(RULE, state, reading(month, 30.0, 50.0)) == (state, None)


@pytest.mark.parametrize(("works", "patents"), [(29, 60), (90, 29)])
def test_too_few_works_or_patents_say_nothing(works: int, patents: int) -> None:
    assert step_gap(RULE, None, reading(MAY, 30.0, 50.0, works, patents)) == (None, None)


def test_a_censored_cohort_never_alerts_however_large_its_gap(warehouse: Warehouse) -> None:
    # Of May 40 in 100 and of June 90: only May is 18 months old.
    fill(warehouse, {MAY: 3, JUNE: 90})
    assert evaluate(warehouse, (RULE,), [TODAY], PLATFORM) == []
    fill(warehouse, {JUNE: 90})
    assert evaluate(warehouse, (RULE,), [TODAY], PLATFORM) == []
    assert messages(warehouse) == {}


def test_nor_does_one_of_which_a_weekly_file_is_missing(warehouse: Warehouse) -> None:
    fill(warehouse, {MAY: 90}, missing=date(2024, 11, 5))
    assert evaluate(warehouse, (RULE,), [TODAY], PLATFORM) == []


def test_a_complete_cohort_alerts_once_with_its_figures(warehouse: Warehouse) -> None:
    fill(warehouse, {MAY: 40})
    for _ in range(2):
        evaluate(warehouse, (RULE,), [TODAY], PLATFORM)
    ((key, message),) = messages(warehouse).items()
    assert key == "gap:gap-us:2023-05-01:firing"
    # Newcombe by hand: 40 less hypot(40 - 30.94, 6.017) to 40 plus (49.80 - 40).
    assert (
        "All users in the U.S.: 40.0 percentage points between use and patents of Chinese-origin "
        "open models, patents by filing in 2023-05, 95 % interval 29.1 to 49.8, wholly above 10.0."
    ) in message
    assert "40.0% of 100 papers and 0.0% of 60 U.S. patents" in message
    assert message.startswith('{"text": "[sandbox, synthetic] Firing: the gap of the U.S. is high')


def test_a_backfill_of_days_that_may_not_alert_leaves_the_rule_alone(warehouse: Warehouse) -> None:
    fill(warehouse, {MAY: 40})
    assert evaluate(warehouse, (RULE,), [], PLATFORM) == []
    assert warehouse.query("SELECT * FROM ops.alerts").num_rows == 0
