"""core.coverage of a day from the stored tables: polls, their gaps, days of no source at all."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assets.activity.tables import ARCHIVE_HOURS
from assets.coverage.assets import Past, coverage_of_day, known_spans
from assets.coverage.tables import COVERAGE
from assets.declare import prepare
from assets.polls.assets import write_polls
from assets.polls.polling import Polled
from assets.polls.state import PollState
from assets.polls.tables import REPOSITORY_POLLS, REPOSITORY_SPANS, STAR_HISTORY
from resources.lake import Lake
from resources.warehouse import Warehouse
from tests.assets.coverage.test_without_files import hour

DAY = date(2024, 12, 5)
MIDNIGHT = datetime(2024, 12, 5, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def house(tmp_path: Path) -> Warehouse:
    house = Warehouse(str(tmp_path / "warehouse.duckdb"))
    prepare(house, COVERAGE, REPOSITORY_POLLS, REPOSITORY_SPANS, STAR_HISTORY)
    return house


def polled(lake: Lake, house: Warehouse, since: float, until: float) -> None:
    """A poll `until` hours after the day began, of a feed known from `since` on."""
    at = MIDNIGHT + timedelta(hours=until)
    began = MIDNIGHT + timedelta(hours=since)
    state = PollState(5, "o/r", at, at, "polled", covered_since=began, covered_until=at)
    write_polls([Polled(state)], lake, house, panel_one_in=10)


def told(lake: Lake, house: Warehouse, day: date = DAY) -> dict[str, set[tuple[Any, ...]]]:
    """Status and rate of the event groups on tracked repositories, by source."""
    rows = coverage_of_day(lake, house, day, Past(lake, [day]), (), known_spans(house)).to_pylist()
    keys = [tuple(row[name] for name in COVERAGE.key) for row in rows]
    assert len(keys) == len(set(keys))
    found: dict[str, set[tuple[Any, ...]]] = {}
    for row in rows:
        if row["scope"] == "tracked" and row["event_type"] is None and row["repo_id"] is None:
            found.setdefault(row["source"], set()).add((row["status"], row["capture_rate"]))
    return found


LOST = {("degraded", 0.0)}
UNKNOWN = {("unknown", None)}


def test_a_day_is_covered_by_polls_whatever_gap_came_after_it(lake: Lake, house: Warehouse) -> None:
    polled(lake, house, -40, 26)
    made = told(lake, house)
    assert made == {"github_events": UNKNOWN, "combined": UNKNOWN}
    polled(lake, house, 60, 100)
    assert told(lake, house) == made


def test_a_span_of_before_spans_were_kept_counts_too(lake: Lake, house: Warehouse) -> None:
    polled(lake, house, -40, 26)
    with house.transaction() as connection:
        connection.execute("DELETE FROM raw.repository_spans")
    assert "github_events" in told(lake, house)


def test_polls_without_an_answer_of_a_day_have_lost_it(lake: Lake, house: Warehouse) -> None:
    polled(lake, house, -40, -2)
    assert told(lake, house) == {"github_events": LOST, "combined": UNKNOWN}
    long_ago = DAY - timedelta(days=9)
    assert told(lake, house, long_ago) == {"combined": UNKNOWN}


def test_a_day_of_which_no_source_has_anything_is_lost_to_all_together(
    lake: Lake, house: Warehouse
) -> None:
    rows = ARCHIVE_HOURS.arrow([hour("gharchive", "missing")])
    lake.write(ARCHIVE_HOURS.qualified, str(DAY), rows, "gharchive")
    assert told(lake, house) == {"gharchive": LOST, "combined": LOST}
