"""Revisions add up to what is published, and old figures stand."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.engagement.tables import ENGAGEMENT
from assets.reference.tables import COUNTRY_GROUPINGS
from assets.report.assets import read_said
from assets.report.snapshot import publish as write_files
from assets.revisions.catalogue import SETTLED_DAYS
from assets.revisions.record import Publication, mark_shown, record
from assets.tables import Table
from checks.revisions import revisions_add_up, settled_figures_stand
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource
from tests.engagement_rows import engagement_rows

NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
DAY = date(2024, 12, 15)
OLD = NOW.date() - timedelta(days=SETTLED_DAYS + 1)
BEFORE, AFTER = {"CN": 40, "US": 60}, {"CN": 50, "US": 60}
#: Four shares of two countries, CN's accounts, and two of the cell's totals: everybody is located.
CHANGED = 2 * 4 + 1 + 2


def content_of(cells: Mapping[date, Mapping[str, int]]) -> dict[Table, pa.Table]:
    """Shares of some days, and no grouping."""
    rows = pa.concat_tables([engagement_rows(day, counts) for day, counts in cells.items()])
    return {ENGAGEMENT: rows, COUNTRY_GROUPINGS: COUNTRY_GROUPINGS.arrow_schema.empty_table()}


class Publisher:
    """Publishes shares of days as a run does: recorded first, then in files."""

    def __init__(self, house: Warehouse, data_dir: Path) -> None:
        self.house, self.data_dir, self.count = house, data_dir, 0

    def publish(
        self,
        cells: Mapping[date, Mapping[str, int]],
        run_id: str = "earlier",
        backfill_id: str | None = None,
        days: tuple[date, ...] = (),
    ) -> None:
        self.count += 1
        content = content_of(cells)
        said = read_said(self.house)
        made = Publication(f"v{self.count}", run_id, NOW, backfill_id, days)
        with self.house.transaction() as connection:
            number = record(connection, content | said, made).publication
            mark_shown(connection, number, NOW)
        write_files(self.data_dir / "published", f"v{self.count}", content)

    def execute(self, sql: str) -> None:
        with self.house.transaction() as connection:
            connection.execute(sql)

    def adds_up(self) -> dg.AssetCheckResult:
        platform = Platform(
            world="sandbox",
            data_dir=str(self.data_dir),
            reference_dir="",
            tracked_repositories="",
            rules="",
        )
        resource = WarehouseResource(database=str(self.house.database), max_wait_s=5)
        return revisions_add_up(resource, platform)

    def after_change(
        self, day: date, backfill_id: str | None = None, days: tuple[date, ...] = ()
    ) -> dg.AssetCheckResult:
        """What the check says of a run that changes the share of a day."""
        self.publish({day: BEFORE, DAY: BEFORE})
        self.publish({day: AFTER, DAY: BEFORE}, "mine", backfill_id, days)
        return settled_figures_stand(self.house, "mine")


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5), tmp_path)


def test_nothing_published_yet_passes(publisher: Publisher) -> None:
    found = publisher.adds_up()
    assert (found.passed, found.description) == (True, "Nothing is published yet.")


def test_what_is_published_is_what_the_newest_vintages_say(publisher: Publisher) -> None:
    publisher.publish({OLD: BEFORE, DAY: BEFORE})
    publisher.publish({OLD: BEFORE, DAY: AFTER})
    found = publisher.adds_up()
    assert found.passed, found.description
    assert set(found.metadata) - {"runbook", "what_to_do"} == {
        "twice", "without_change", "double_vintages", "not_as_published",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("tampering", "words"),
    [
        ("UPDATE vintage.engagement SET share = 0.9 WHERE country_iso2 = 'US'", "not as published"),
        ("DELETE FROM vintage.engagement WHERE country_iso2 = 'US'", "not as published"),
        (
            "UPDATE vintage.engagement SET to_publication = 2 WHERE country_iso2 = 'US'",
            "not as published",
        ),
        ("INSERT INTO vintage.engagement FROM vintage.engagement", "double vintages"),
        ("INSERT INTO ops.revisions FROM ops.revisions", "twice"),
        ("UPDATE ops.revisions SET value_after = value_before, low_after = low_before, "
         "high_after = high_before WHERE measure = 'actor_count'", "without change 1"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_fails(publisher: Publisher, tampering: str, words: str) -> None:
    publisher.publish({DAY: BEFORE})
    publisher.publish({DAY: AFTER})
    publisher.execute(tampering)
    found = publisher.adds_up()
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.ERROR
    assert words in str(found.description)


def test_files_that_were_changed_by_hand_are_found(publisher: Publisher) -> None:
    publisher.publish({DAY: BEFORE})
    file = publisher.data_dir / "published" / "current" / "engagement.parquet"
    file.chmod(0o644)
    pq.write_table(engagement_rows(DAY, AFTER), file)
    found = publisher.adds_up()
    assert not found.passed
    assert "not as published 3." in str(found.description)


def test_a_settled_figure_that_changes_by_itself_is_a_warning_with_its_day(
    publisher: Publisher,
) -> None:
    found = publisher.after_change(OLD)
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.WARN
    assert found.metadata["values"].value == CHANGED
    assert f"| mart.engagement | {OLD} | {CHANGED} |" in str(found.metadata["dates"].value)


@pytest.mark.parametrize(
    ("day", "backfill_id", "days"),
    [
        (OLD + timedelta(days=1), None, ()),
        (OLD, "b1", ()),
        (OLD, None, (OLD,)),
        (OLD, None, (OLD - timedelta(days=3), OLD + timedelta(days=3))),
    ],
    ids=["not settled yet", "by a backfill", "made by hand", "within the range"],
)
def test_a_figure_that_waits_for_data_or_was_made_again_may_change(
    publisher: Publisher, day: date, backfill_id: str | None, days: tuple[date, ...]
) -> None:
    assert publisher.after_change(day, backfill_id, days).passed


def test_a_run_that_made_other_days_is_no_excuse(publisher: Publisher) -> None:
    assert not publisher.after_change(OLD, days=(DAY,)).passed


def test_what_another_run_changed_is_not_this_ones(publisher: Publisher) -> None:
    publisher.after_change(OLD)
    assert settled_figures_stand(publisher.house, "another").passed


def test_an_old_day_that_is_published_for_the_first_time_changes_nothing(
    publisher: Publisher,
) -> None:
    publisher.publish({DAY: BEFORE})
    publisher.publish({OLD: BEFORE, DAY: BEFORE}, "mine")
    assert settled_figures_stand(publisher.house, "mine").passed
