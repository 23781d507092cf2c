"""How long Dagster's UI takes to show its pages: a real webserver, a real browser."""

import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from orchestration.settings import Settings
from orchestration.ui_pictures import opened_page, webserver

if TYPE_CHECKING:
    from playwright.sync_api import Page

MOST_SECONDS = 2.0
_OPENINGS = 5
#: Page by its path: what is read on it once its data are there.
PAGES = {
    "asset catalogue": ("/assets", "Country of each account"),
    "an asset": ("/assets/mart/engagement", "Step of the flow"),
    "its partitions": ("/assets/mart/engagement?view=partitions", "Materialized ("),
    "lineage": ("/asset-groups", "visibility"),
    "runs": ("/runs", "retention"),
    "automation": ("/automation", "daily_automation"),
}


@dataclass(frozen=True, slots=True)
class PageTime:
    """Of one page: seconds until it shows its data, first and in the median, by openings.

    Attributes:
        name: of the page.
        first_s: the first time, when nothing is cached.
        median_s: of all openings.
        slowest_query_s: the slowest answer of the server among all of them.
        query: its name.
    """

    name: str
    first_s: float
    median_s: float
    slowest_query_s: float
    query: str


def time_pages(settings: Settings, environment: Mapping[str, str], folder: Path) -> list[PageTime]:
    """Open each page several times; the server reads the instance as it stands.

    Args:
        settings: whose instance it is.
        environment: of the server.
        folder: takes the server's log.
    """
    home = os.environ.get("HOME", "/")
    with (
        webserver(settings, {"HOME": home, **environment}, folder / "webserver.log") as url,
        opened_page() as page,
    ):
        # The code location is loaded once, when a server begins.
        page.goto(f"{url}/assets")
        page.get_by_text("Country of each account").first.wait_for()
        return [_timed(page, name, f"{url}{path}", text) for name, (path, text) in PAGES.items()]


def _timed(page: "Page", name: str, address: str, text: str) -> PageTime:
    from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

    answers: dict[str, float] = {}

    def note(request: object) -> None:
        timing = request.timing  # type: ignore[attr-defined]
        sent = request.post_data_json or {} if "/graphql" in request.url else {}  # type: ignore[attr-defined]
        if isinstance(sent, dict) and sent.get("operationName"):
            query = str(sent["operationName"])
            seconds = (timing["responseEnd"] - timing["requestStart"]) / 1000
            answers[query] = max(answers.get(query, 0.0), seconds)

    page.on("requestfinished", note)
    taken = []
    try:
        for _ in range(_OPENINGS):
            began = time.perf_counter()
            page.goto(address)
            page.get_by_text(text).first.wait_for()
            taken.append(time.perf_counter() - began)
            page.wait_for_load_state("networkidle")
    except PlaywrightTimeoutError:
        # A page that never shows its data misses the bar; the others are timed all the same.
        taken.append(math.inf)
    page.remove_listener("requestfinished", note)
    query = max(answers, key=lambda each: answers[each], default="none")
    middle = median(taken) if math.isfinite(taken[-1]) else math.inf
    return PageTime(name, taken[0], middle, answers.get(query, 0.0), query)


def say_pages(pages: list[PageTime]) -> bool:
    """Print the times; whether every page is there within the bar."""
    for each in pages:
        print(
            f"{each.name:16} first {each.first_s:.2f} s, median {each.median_s:.2f} s; slowest "
            f"answer {each.slowest_query_s:.2f} s ({each.query})"
        )
    return all(max(each.first_s, each.median_s) < MOST_SECONDS for each in pages)
