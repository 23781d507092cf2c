"""What a person reads in the Dagster UI, in a real browser, of a month that was really made."""

import os
import re
import shutil
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import pytest

from orchestration.ui_pictures import opened_page, webserver
from tests.orchestration.conftest import LAST, NOW, Month
from tests.orchestration.storages import is_postgres

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on this machine"),
    pytest.mark.skipif(is_postgres(), reason="the UI is the same on every storage"),
]


def make_files_again(month: Month, first: date, last: date) -> None:
    """Make the archive's files of some days, and judge them: the page shows the newest evaluation.

    Other tests make other days again.
    """
    step = "raw__archive"
    names = {name for name, steps in month.runner.steps().items() if step in steps}
    assert month.runner.part(first, last, names, {}).error == ""


@pytest.fixture(scope="module")
def ui(month: Month, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple["Page", str]]:
    """One server and one browser for all tests of this module."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("OBSERVATORY_")}
    environment = {
        **kept,
        "OBSERVATORY_SANDBOX_URL": month.server.url,
        "OBSERVATORY_DATA": str(month.settings.data),
        "OBSERVATORY_NOW": NOW.isoformat(),
    }
    # Before the browser begins: Playwright's event loop would stand in the way of Dagster's.
    make_files_again(month, date(2024, 12, 7), LAST)
    log = tmp_path_factory.mktemp("ui") / "webserver.log"
    with webserver(month.settings, environment, log) as url, opened_page() as page:
        yield page, url


def body(page: "Page", path: str, *waited_for: str) -> str:
    """All text of a page once some of it is there."""
    page.goto(path)
    for text in waited_for:
        page.get_by_text(text).first.wait_for()
    return page.inner_text("body")


def test_the_catalogue_lists_assets_with_what_they_are(ui: tuple["Page", str]) -> None:
    page, url = ui
    text = body(page, f"{url}/assets", "core / actor_country", "Country of each account")
    for words in ("core / actor_days", "What each account did on a day", "attribution", "Grain"):
        assert words in text


def test_an_assets_page_says_what_it_is_whose_and_in_which_columns(ui: tuple["Page", str]) -> None:
    page, url = ui
    text = body(page, f"{url}/assets/mart/engagement", "Step of the flow", "unknown_share")
    for words in (
        "Share of each country in the distinct accounts active",
        "Grain: One period, scope, event group, grouping and country",
        "Source: core.actor_days, core.actor_country",
        "Owner: team:observatory",
        "Step of the flow: 6 of 12, engagement",
        "Accounts without a location / all [0 to 1]. Made of stage.engagement.unknown_share",
        "non-nullable",
        "DuckDB",
    ):
        assert words in text


def test_partitions_say_what_is_there_and_missing_and_which_day_is_degraded(
    ui: tuple["Page", str],
) -> None:
    page, url = ui
    path = f"{url}/assets/core/coverage?view=partitions&partition="
    text = body(page, f"{path}2024-12-09", "Latest materialization", "change_since")
    assert "Materialized (30)" in text
    assert "Missing (" in text
    assert "gharchive attention" in text
    assert "there were none before" in text
    assert "gharchive attention" not in body(page, f"{path}2024-11-20", "change_since")
    # Without a capture rate for the panel, its figures of the day of the loss stand for nothing.
    path = f"{url}/assets/mart/engagement?view=partitions&partition="
    assert "are masked" in body(page, f"{path}2024-12-10", "degraded: ")
    assert "no figure is degraded" in body(page, f"{path}2024-11-20", "no figure is degraded")


def test_a_marts_partition_has_its_headline_with_interval_unit_and_date(
    ui: tuple["Page", str],
) -> None:
    page, url = ui
    path = f"{url}/assets/mart/engagement?view=partitions&partition=2024-12-16"
    text = body(page, path, "Latest materialization", "headline")
    assert re.search(
        r"Share of accounts that starred or forked tracked repositories on 2024-12-16 \(UTC\): "
        r"CN \d+\.\d% \(95 %: \d+\.\d% to \d+\.\d%\); US",
        text,
    )


def test_a_failed_check_names_what_is_at_fault(ui: tuple["Page", str]) -> None:
    page, url = ui
    path = f"{url}/assets/raw/archive_totals?view=checks"
    text = body(page, path, "volume_as_usual", "Evaluation result")
    assert "No event type has under 50% of its usual events an hour" in text
    assert "event types and days under 50% of their usual volume on 2024-12-07" in text
    assert "Failed" in text
    page.get_by_text("Show Markdown").first.click()
    page.get_by_text("events an hour").last.wait_for()
    rows = page.inner_text("body")
    assert "2024-12-09" in rows
    assert "2024-12-10" in rows
