"""One note of each backfill: its old days, how many figures moved, and the largest moves."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from assets.alerting.backfills import digests, mark_told, note_days, untold
from assets.alerting.limits import faults
from assets.alerting.links import Links
from assets.alerting.message_blocks import compose
from assets.alerting.notice import Notice, Stage
from assets.alerting.tables import BACKFILLED_DAYS
from assets.declare import prepare
from assets.engagement.tables import ENGAGEMENT
from assets.reference.tables import COUNTRY_GROUPINGS
from assets.revisions.record import Publication, mark_shown, record
from resources.slack import escape
from resources.warehouse import Warehouse
from tests.engagement_rows import engagement_rows

NOW = datetime(2024, 12, 17, 7, tzinfo=UTC)
FIRST = date(2023, 1, 1)
BEFORE, AFTER = {"CN": 40, "US": 60}, {"CN": 80, "US": 60}


@pytest.fixture
def house(warehouse: Warehouse) -> Warehouse:
    prepare(warehouse, BACKFILLED_DAYS)
    return warehouse


def note(house: Warehouse, days: Sequence[date], backfill: str = "b1", run: str = "r") -> None:
    with house.transaction() as connection:
        note_days(connection, days, backfill_id=backfill, run_id=run, now=NOW)


def publish(
    house: Warehouse,
    cells: Mapping[date, Mapping[str, int]],
    backfill: str | None = None,
    run: str = "r",
) -> None:
    """Shares of some days."""
    rows = pa.concat_tables([engagement_rows(day, counts) for day, counts in cells.items()])
    groupings = pa.Table.from_pylist([{"grouping": "apart", "group_code": "CN"}])
    with house.transaction() as connection:
        content = {ENGAGEMENT: rows, COUNTRY_GROUPINGS: groupings}
        made = record(connection, content, Publication("v", run, NOW, backfill, tuple(cells)))
        mark_shown(connection, made.publication, NOW)


def said(house: Warehouse, *unfinished: str) -> list[Notice]:
    with house.transaction() as connection:
        return digests(connection, unfinished, NOW)


def test_the_days_of_a_backfill_are_one_note_once_it_is_over(house: Warehouse) -> None:
    days = [FIRST + timedelta(days=n) for n in (0, 1, 2, 5, 7)]
    note(house, days[:3], run="r0")
    note(house, days[3:], run="r1")
    assert said(house, "b1") == []
    (notice,) = said(house)
    assert said(house) == []
    assert (notice.stage, notice.title, notice.day) == (
        Stage.NOTE, "5 past days were made or made again", days[-1],
    )  # fmt: skip
    assert notice.remarks[0] == "Days (UTC): 2023-01-01 to 2023-01-03, 2023-01-06, 2023-01-08."
    assert notice.key == notice.thread == "backfills:b1:2024-12-17T07:00"


@pytest.mark.parametrize("count", [10, 40])
def test_a_note_of_many_spans_is_bounded(house: Warehouse, count: int) -> None:
    note(house, [FIRST + timedelta(days=2 * n) for n in range(count)])
    (notice,) = said(house)
    assert ("more spans" in notice.remarks[0]) is (count > 10)
    assert notice.remarks[0].count(", ") == 9


def test_a_note_says_how_many_figures_moved_and_the_largest_moves_with_units(
    house: Warehouse,
) -> None:
    """CN 40 of 100 before, 80 of 140 after; two countries and the cell's totals of two days."""
    other = FIRST + timedelta(days=1)
    publish(house, {FIRST: BEFORE, other: BEFORE}, run="earlier")
    note(house, [FIRST])
    publish(house, {FIRST: AFTER, other: BEFORE}, "b1")
    (notice,) = said(house)
    assert notice.remarks[2] == (
        "3 of 6 published figures changed (50.0 %); 4 of 4 revised values that had an interval "
        "lie outside it now."
    )
    shares = [each for each in notice.remarks if each.startswith("share of located accounts")]
    assert shares == [
        f"share of located accounts (mart.engagement: 2023-01-01, day, tracked, attention, apart, "
        f"{country}): {before} → {after}; outside the former interval."
        for country, before, after in (
            ("CN", "40.00 % (30.94 % to 49.80 %)", "57.14 % (48.86 % to 65.04 %), +17.14 pp"),
            ("US", "60.00 % (50.20 % to 69.06 %)", "42.86 % (34.96 % to 51.14 %), -17.14 pp"),
        )
    ]
    assert len(notice.remarks) == 2 + 1 + 2 + 1


def test_all_runs_of_a_backfill_are_said_together_from_before_to_after(house: Warehouse) -> None:
    publish(house, {FIRST: BEFORE}, run="earlier")
    note(house, [FIRST])
    publish(house, {FIRST: {"CN": 50, "US": 60}}, "b1", run="r1")
    publish(house, {FIRST: AFTER}, "b1", run="r2")
    assert said(house, "b1") == []
    (notice,) = said(house)
    assert any("40.00 %" in each and "57.14 %" in each for each in notice.remarks)
    assert said(house) == []


def test_a_backfill_that_changed_nothing_says_so(house: Warehouse) -> None:
    publish(house, {FIRST: BEFORE}, run="earlier")
    note(house, [FIRST])
    publish(house, {FIRST: BEFORE}, "b1")
    (notice,) = said(house)
    assert "No published figure changed, of 3." in notice.remarks


def test_days_without_a_publication_do_not_pretend_to_have_changed_nothing(
    house: Warehouse,
) -> None:
    note(house, [FIRST])
    (notice,) = said(house)
    assert "No figures were published: by how much they moved is not known." in notice.remarks


def test_a_backfill_of_recent_days_is_said_if_it_revised_figures(house: Warehouse) -> None:
    """They raise alerts themselves and are in no list of old days."""
    publish(house, {FIRST: BEFORE}, run="earlier")
    publish(house, {FIRST: BEFORE}, "same")
    publish(house, {FIRST: AFTER}, "other")
    (notice,) = said(house)
    assert (notice.title, notice.day) == ("Published figures were revised", NOW.date())
    assert notice.remarks[-1] == "Backfill other."
    assert not any(each.startswith("Days") for each in notice.remarks)
    assert said(house) == []


def test_a_run_by_itself_says_what_it_changed_where_it_made_old_days_only(
    house: Warehouse,
) -> None:
    publish(house, {FIRST: BEFORE}, run="first")
    publish(house, {FIRST: AFTER}, run="daily")
    assert said(house) == []
    note(house, [FIRST], backfill="by-hand", run="by-hand")
    publish(house, {FIRST: BEFORE}, run="by-hand")
    (notice,) = said(house)
    assert any("57.14 %" in each and "40.00 %" in each for each in notice.remarks)


def test_what_is_told_is_told_whatever_comes_between(house: Warehouse) -> None:
    """A publication after the look is for the next note."""
    publish(house, {FIRST: BEFORE}, run="earlier")
    publish(house, {FIRST: AFTER}, "b1")
    with house.transaction() as connection:
        over = untold(connection, ())
    publish(house, {FIRST: BEFORE}, "b1")
    with house.transaction() as connection:
        mark_told(connection, over, NOW)
        (left,) = untold(connection, ())
    assert (over[0].publications, left.publications) == ((2,), (3,))


def test_the_largest_note_is_one_that_slack_takes(house: Warehouse) -> None:
    days = [FIRST + timedelta(days=2 * n) for n in range(60)]
    publish(house, dict.fromkeys(days, BEFORE), run="earlier")
    note(house, days)
    publish(house, dict.fromkeys(days, AFTER), "b1")
    (notice,) = said(house)
    links = Links("http://127.0.0.1:3000", "http://127.0.0.1/index.html")
    message = compose(notice, world="sandbox", links=links, events=(), escape=escape)
    assert faults(message) == []
    assert "+17.14 pp" in str(message.blocks)
    assert "Backfill b1." in str(message.blocks)
