"""The page: what it says, that it says what the tables say, and that it needs nobody else."""

import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.coverage.tables import COVERAGE
from assets.engagement.tables import ENGAGEMENT
from assets.indices.tables import COUNTRY_RATIO
from assets.report import page
from assets.report.edition import Edition
from assets.report.page import PageTooLargeError, page_html, page_sections
from assets.report.provenance import SOURCES
from benchmarks.page_worlds import four_years
from tests.assets.coverage.test_chart import row as coverage_row
from tests.assets.report.editions import (
    COUNTS,
    DAYS,
    LAST,
    LOST,
    VINTAGE_NAME,
    edition,
    emptied,
    hostile,
    ratio,
)
from tests.engagement_rows import engagement_rows

VOID = {"meta", "link", "img", "br", "hr", "input", "rect", "line", "path"}
KEY = ("activity_date", "period", "event_group", "country_iso2")
CELLS = {"td", "th", "dt", "dd"}
HOSTILE = [
    '</script><script>alert("x")</script>',
    "</style><img src=x onerror=alert(1)>",
    "\"' onmouseover='alert(1)' x=\"",
    "<!--<script>",
    "{{ 7 * 7 }}{% include 'page.css' %}",
    "\u2028\u2029\0\u202eabc",
    "=HYPERLINK(1)",
    "x" * 100_000,
]


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    text: str = ""


class Parsed(HTMLParser):
    """The page's elements in order, each with its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = Element(tag, dict(attrs))
        self.elements.append(found)
        if tag in CELLS:  # they lie side by side without a space between
            self.handle_data(" ")
        if tag not in VOID:
            self._open.append(found)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for each in self._open:
            each.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [
            each
            for each in self.elements
            if each.tag == tag
            and all(
                value in (each.attributes.get(name) or "").split() for name, value in wanted.items()
            )
        ]

    def figures(self) -> dict[str, dict[str, Any]]:
        """By key, what each figure is drawn from."""
        names = [each.attributes["id"] for each in self.all("figure")]
        data = [json.loads(each.text) for each in self.all("script", class_="figure-data")]
        return dict(zip((str(name) for name in names), data, strict=True))


def html_of(one: Edition) -> str:
    return page_html(one, page_sections(one))


def parsed(one: Edition) -> Parsed:
    return Parsed(html_of(one))


def words(element: Element) -> str:
    return " ".join(element.text.replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.fixture(scope="module")
def week() -> Parsed:
    return parsed(edition())


def test_it_says_what_is_new_at_a_glance(week: Parsed) -> None:
    """Wilson of 60 of 80: (60 + 1.92) / 83.84 = 73.86 -+ 9.34; of 10: 14.22 -+ 7.20."""
    china, america, ratio_ = (words(each) for each in week.all("dd")[:3])
    assert china == (
        "75.0 % 95 % interval 64.5 to 83.2 % of accounts that starred or forked tracked "
        "repositories, 2024-12-08 (UTC) n = 100 accounts, 20.0 % without a stated location; worst "
        "case 60.0 to 80.0 %"
    )
    assert america.startswith("12.5 % 95 % interval 6.9 to 21.5 % of accounts")
    assert ratio_ == (
        "6.00 95 % interval 3.46 to 10.40 times as large a share of accounts that starred or "
        "forked tracked repositories, week to 2024-12-08 (UTC) 75.0 % / 12.5 %, "
        "each account counted once a week; n = 100 accounts, 20.0 % without a stated location; "
        "all hourly files of the week were whole"
    )
    (state,) = (words(each) for each in week.all("div", class_="states"))
    assert state.startswith(
        "Data: whole Newest day: 2024-12-08 (UTC); 24 of 24 hourly files read whole. All sources "
        "together captured, of the events on tracked repositories that day: attention: 97.0 % "
        "(95.0 to 99.0 %), sound No source is degraded that day."
    )


@pytest.mark.parametrize(
    ("rate", "hours", "verdict"),
    [
        (0.9, 24, "whole"),
        (0.9, 23, "not whole"),
        (0.79, 24, "not whole"),
        (None, 24, "whole as far as it was measured"),
    ],
)
def test_the_newest_day_is_called_whole_only_where_files_and_capture_are(
    rate: float | None, hours: int, verdict: str
) -> None:
    rows = engagement_rows(LAST, COUNTS, hours)
    coverage = COVERAGE.arrow([coverage_row(7, "combined", rate)])
    found = parsed(edition(engagement=rows, coverage=coverage)).all("div", class_="states")
    assert words(found[0]).startswith(f"Data: {verdict} Newest day: {LAST} (UTC); {hours} of 24")


def test_where_the_newest_day_is_masked_the_headline_is_of_the_last_one_that_is_not() -> None:
    rows = [coverage_row(n, "combined", 0.2 if n == 8 else 0.9) for n in range(1, 9)]
    found = parsed(edition(coverage=COVERAGE.arrow(rows)))
    assert f"{LAST} (UTC)" in words(found.all("dd")[0])
    (state,) = (words(each) for each in found.all("div", class_="states"))
    assert state.startswith(
        "Data: not whole Newest day: 2024-12-09 (UTC); no share is published of this day."
    )
    assert "attention: 20.0 % (18.0 to 22.0 %), degraded" in state


def test_alerts_that_fire_come_first_and_are_named_by_their_titles(week: Parsed) -> None:
    (state,) = (words(each) for each in week.all("div", class_="states"))
    assert state[state.index("Alerts") :] == (
        "Alerts: 1 firing, 1 recovering, 1 held, 2 ok "
        "firing since 2024-12-06: the share is high; evaluated through 2024-12-08 "
        "recovering since 2024-12-06: a source captures less (opendigger, attention); "
        "evaluated through 2024-12-08 "
        "held since 2024-12-06: unknown-rule; evaluated through 2024-12-08 "
        "ok since 2024-12-06, does not hold: a source captures less (none of 2); "
        "evaluated through 2024-12-08"
    )


def test_every_figure_states_finding_basis_unit_source_and_vintage(week: Parsed) -> None:
    figures = week.all("figure")
    assert [each.attributes["id"] for each in figures] == [
        "figure-engagement",
        "figure-engagement-origins",
        "figure-location-quotients",
        "figure-location-quotient-intervals",
        "figure-hub-origins",
        "figure-papers",
        "figure-visibility-gap",
        "figure-shock-effects",
        "figure-capture-rates",
    ]
    engagement, origins, on_map, quotients, hub, papers, gap, shocks, capture = map(words, figures)
    assert (
        "China in attention on repositories of models, week to 2024-12-08: 75.0 % (64.5 to 83.2 %) "
        "on those of Chinese-origin models, 75.0 % (64.5 to 83.2 %) on those of U.S.-origin models"
        in origins
    )
    assert (
        "3 of 3 countries take part in attention more than in all of GitHub, 0 less; highest "
        "lower bound: China 1.50 (1.20 to 1.90), in the 28 days to 2024-12-08" in on_map
    )
    assert (
        "Location quotients in attention: China 1.50 (1.20 to 1.90) and United States 1.50 (1.20 "
        "to 1.90), in the 28 days to 2024-12-08" in quotients
    )
    assert (
        "Origin of the weights in 30 days' downloads of derivatives on the Hub, 2024-12-08: China "
        "66.7 % (60.0 to 70.0 %) and United States 33.3 % (30.0 to 40.0 %)" in hub
    )
    assert "Spread as over 4.0 equal families." in hub
    assert (
        "40.0 % (27.6 to 53.8 %) of papers of U.S. companies that name an open model name one of "
        "Chinese origin, 2023-10" in papers
    )
    assert (
        "China, weekly accounts, any event: 1 of 1 shocks stand out from placebo weeks (p up to "
        "0.05); farthest out 2022-10-07: -20.0 % (95 % by placebo weeks -35.2 to -1.5), "
        "p = 0.033" in shocks
    )
    assert (
        "U.S. companies: papers name Chinese-origin open models 38.0 percentage points more often "
        "than patents filed in 2023-05 (95 % 25.6 to 47.9)" in gap
    )
    assert (
        "China 75.0 % (64.5 to 83.2 %) leads United States 12.5 % (6.9 to 21.5 %) in attention on "
        "2024-12-08" in engagement
    )
    assert "degraded alone: gharchive on 1 day" in capture
    for each in (engagement, origins, on_map, quotients, hub, papers, gap, capture):
        assert "n = " in each
        assert "Unit: " in each
        assert "Source: " in each
        assert f"Vintage {VINTAGE_NAME}." in each


def test_lost_days_policy_events_and_known_breaks_are_named(week: Parsed) -> None:
    (table,) = (each for each in week.all("table") if "Lowest rate" in each.text)
    assert words(table).endswith(f"gharchive attention 1 {LOST} 31.0 % (29.0 to 33.0 %) on {LOST}")
    events, breaks = (words(each) for each in week.all("ol", class_="marks"))
    assert events == "1 2024-12-03 Some act (US, legislation, signed; Public Law, sourced)"
    assert breaks == f"1 {LOST} gharchive, WatchEvent: stars lost (loss, to {LOST})"


def test_the_csv_of_a_figure_holds_the_published_figures(week: Parsed) -> None:
    published = {
        tuple(str(row[name]) for name in KEY): row
        for row in edition().tables[ENGAGEMENT].to_pylist()
        if row["period"] != "28d" and row["scope"] == "tracked" and row["grouping"] == "apart"
    }
    every = csv.DictReader(io.StringIO(week.figures()["figure-engagement"]["csv"]))
    rows = [row for row in every if row["grouping"] != "cn_hk"]
    found = {tuple(row[name] for name in KEY): row for row in rows}
    assert found.keys() == published.keys()
    assert len(rows) == (len(DAYS) + 1) * 3 * 2
    for key, row in found.items():
        for name in ("share", "share_ci_low", "share_ci_high", "share_low", "unknown_share"):
            assert float(row[name]) == pytest.approx(published[key][name], rel=1e-5)
        assert int(row["total_actor_count"]) == published[key]["total_actor_count"] == 100


def test_provenance_names_vintage_run_files_and_every_source(week: Parsed) -> None:
    (section,) = (each for each in week.all("section") if each.attributes["id"] == "provenance")
    text = words(section)
    assert f"Vintage {VINTAGE_NAME}" in text
    assert "Run 0a1b2c3d-0000-0000-0000-000000000000" in text
    assert f"Open-model observatory, vintage {VINTAGE_NAME}, published 2024-12-09" in text
    assert "engagement, 48 rows" in text
    assert f"DuckDB {duckdb.__version__}" in text
    for source in SOURCES:
        assert source.name in text
        assert source.terms in text
        assert source.attribution in text


def test_synthetic_figures_are_said_to_be_so_and_real_ones_not(week: Parsed) -> None:
    said = words(parsed(edition("sandbox")).all("p", class_="banner")[0])
    assert said.startswith("Synthetic data.")
    assert parsed(edition("sandbox")).all("title")[0].text.startswith("Synthetic: ")
    assert "ynthetic" not in words(week.all("body")[0]).replace(week.all("script")[-1].text, "")


def test_before_the_first_day_it_says_that_there_is_none() -> None:
    found = words(parsed(emptied()).all("main")[0])
    assert "No day has been made yet." in found
    assert "Data: none" in found
    assert "no day with a share to be published" in found
    assert "Alerts: no rule evaluated yet" in found


def test_a_ratio_of_which_an_interval_is_missing_is_not_the_headline() -> None:
    rows = [ratio(DAYS[0]), ratio(LAST, ratio_ci_low=None, share_ratio=9.0)]
    found = parsed(edition(country_ratio=COUNTRY_RATIO.arrow(rows)))
    assert words(found.all("dd")[2]).startswith("6.00 ")
    assert f"week to {DAYS[0]}" in words(found.all("dd")[2])


def test_its_policy_lets_these_scripts_and_this_style_run_and_nothing_be_fetched(
    week: Parsed,
) -> None:
    (meta,) = (
        each
        for each in week.all("meta")
        if each.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    policy = dict(part.split(" ", 1) for part in str(meta.attributes["content"]).split("; "))

    def digest(element: Element) -> str:
        return (
            f"'sha256-{base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()}'"
        )

    running = [each for each in week.all("script") if "type" not in each.attributes]
    assert len(running) == 2
    assert policy == {
        "default-src": "'none'",
        "script-src": " ".join(digest(each) for each in running),
        "style-src": digest(week.all("style")[0]),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_nothing_in_it_is_of_another_file() -> None:
    for each in parsed(edition("sandbox")).elements:
        loading = each.attributes.keys() & {
            "src",
            "srcset",
            "data",
            "poster",
            "background",
            "style",
        }
        assert not loading, each
        assert not [name for name in each.attributes if name.startswith("on")], each
        assert each.tag not in {"link", "iframe", "object", "embed", "img", "base", "form"}
    style = (Path(page.__file__).parent / "templates" / "page.css").read_text()
    assert re.findall(r"url\([^#]|@import", style) == []


def test_every_label_reference_and_id_fits(week: Parsed) -> None:
    ids = [each.attributes["id"] for each in week.elements if each.attributes.get("id")]
    assert len(ids) == len(set(ids))
    for each in week.elements:
        for name in ("aria-labelledby", "for"):
            if name in each.attributes:
                assert each.attributes[name] in ids
        target = each.attributes.get("href") or ""
        assert not target.startswith("#") or target[1:] in ids
    labelled = {each.attributes["for"] for each in week.all("label")}
    assert {each.attributes["id"] for each in week.all("select")} == labelled
    assert week.all("html")[0].attributes["lang"] == "en"


def test_what_cannot_be_seen_or_pointed_at_is_named_and_reached_by_keyboard(week: Parsed) -> None:
    charts = week.all("div", class_="chart")
    assert [each.attributes["role"] for each in charts] == ["img"] * 9
    assert all(each.attributes["aria-label"] for each in charts)
    for each in week.all("div", class_="scroll"):
        assert each.attributes["tabindex"] == "0"
        assert each.attributes["role"] == "region"
        assert "aria-label" in each.attributes or "aria-labelledby" in each.attributes
    for table in week.all("table"):
        assert table.text.strip()
    levels = [int(each.tag[1]) for each in week.elements if re.fullmatch(r"h[1-6]", each.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def skeleton(of: Parsed) -> list[tuple[str, frozenset[str]]]:
    return [(each.tag, frozenset(each.attributes)) for each in of.elements]


@pytest.fixture(scope="module")
def harmless() -> list[tuple[str, frozenset[str]]]:
    return skeleton(parsed(hostile("Nobody")))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
def test_hostile_names_are_text_and_change_nothing_else(
    text: str, harmless: list[tuple[str, frozenset[str]]]
) -> None:
    html = html_of(hostile(text))
    found = Parsed(html)
    assert skeleton(found) == harmless
    assert len(html) < 3_500_000
    assert "\0" not in html
    assert "alert(" not in "".join(
        each.text for each in found.all("script") if "type" not in each.attributes
    )
    seen = words(found.all("ol", class_="marks")[0])
    assert "49" not in seen
    if text.isprintable() and len(text) < 100:
        assert " ".join(text.split()) in seen


def test_the_same_edition_is_the_same_page() -> None:
    assert html_of(edition()) == html_of(edition())


def test_four_years_are_well_under_six_megabytes() -> None:
    size = len(html_of(four_years()).encode())
    assert 3_000_000 < size < 5_600_000


def test_a_page_that_has_grown_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MAX_BYTES", 10_000)
    with pytest.raises(PageTooLargeError, match="show fewer days"):
        html_of(edition())


def test_every_section_of_the_page_has_a_template() -> None:
    make: Callable[[Edition], Any]
    for make in page.SECTIONS:
        key = make(edition()).key
        assert (Path(page.__file__).parent / "templates" / f"{key}.html").exists()
