"""The page in a browser: what is seen, switched, read aloud and downloaded, without a network."""

import csv
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from assets.engagement.tables import ENGAGEMENT
from assets.figures import Figure, percent
from assets.report.edition import Edition
from assets.report.page import page_html, page_sections
from assets.shifts.tables import SHOCK_EFFECTS
from tests.assets.report.editions import DAYS, GROUPED, LAST, edition, emptied, hostile, shock

CHROMIUM = shutil.which("chromium")
FIGURES = 9
WIDTHS = (390, 1440)
SCHEMES = ("light", "dark")
#: Whether a figure's charts are drawn, of other shapes than before.
CHANGED = """([figure, before]) => {
  const now = [...figure.querySelectorAll(".chart svg path")].map(each => each.getAttribute("d"));
  return now.length > 0 && JSON.stringify(now) !== JSON.stringify(before);
}"""
HOSTILE = (
    "</script><script>alert(1)</script>\0\u2028<!channel> *b* `c` [x](y) \u202e\u05d0" + "w" * 600
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@dataclass
class Opened:
    """A page in the browser, and what it asked for and said."""

    page: Page
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def figure(self, key: str) -> Locator:
        return self.page.locator(f"#figure-{key}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as engines:
        launched = engines.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@contextmanager
def opened(browser: Browser, file: Path, **context: Any) -> Iterator[Opened]:  # noqa: ANN401
    """A file as a reader opens it, once its charts are drawn."""
    with browser.new_context(**context) as held:
        page = held.new_page()
        found = Opened(page)
        page.on("request", lambda request: found.asked.append(request.url))
        page.on("console", lambda message: found.said.append(message.text))
        page.on("pageerror", lambda error: found.said.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-drawn]")
        yield found


def written(folder: Path, one: Edition) -> Path:
    file = folder / "index.html"
    file.write_text(page_html(one, page_sections(one)), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("week"), edition("sandbox"))


@pytest.fixture(scope="module")
def page_of_week(browser: Browser, week: Path) -> Iterator[Opened]:
    with opened(browser, week, viewport={"width": 1440, "height": 900}) as found:
        yield found


@pytest.fixture
def fresh(page_of_week: Opened) -> Opened:
    """The week's page as it was opened: its switches as they are first."""
    page_of_week.page.reload()
    page_of_week.page.wait_for_selector("html[data-drawn]")
    return page_of_week


def table(figure: Locator) -> list[dict[str, str]]:
    """What the open table of a figure shows, by its headings."""
    figure.locator("details tr").first.wait_for()  # it is made once it is opened
    rows: list[list[str]] = figure.locator("details tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    head, *body = rows
    return [dict(zip(head, row, strict=True)) for row in body]


def paths(figure: Locator) -> list[str]:
    """The shapes that a figure's charts are drawn of."""
    found: list[str] = figure.locator(".chart svg path").evaluate_all(
        "all => all.map(each => each.getAttribute('d'))"
    )
    return found


def test_from_a_file_it_asks_for_nothing_says_nothing_and_draws_all_charts(
    page_of_week: Opened, week: Path
) -> None:
    assert set(page_of_week.asked) == {week.as_uri()}
    assert page_of_week.said == []
    page = page_of_week.page
    assert page.get_attribute("html", "data-drawn") == str(FIGURES)
    assert page.locator(".chart > svg").count() == page.locator(".chart").count() == FIGURES
    assert page.locator(".failed").count() == 0
    for figure in page.locator("figure").all():
        assert len(paths(figure)) > 1, figure.get_attribute("id")


@pytest.mark.parametrize(
    ("one", "charts"),
    [
        pytest.param(hostile(HOSTILE), FIGURES, id="hostile names"),
        pytest.param(emptied(), 0, id="before the first day"),
    ],
)
def test_hostile_names_and_no_days_are_shown_in_peace(
    browser: Browser, tmp_path: Path, one: Edition, charts: int
) -> None:
    with opened(browser, written(tmp_path, one), viewport={"width": 390, "height": 844}) as found:
        assert found.said == []
        assert len(found.asked) == 1
        assert found.page.locator(".chart > svg").count() == charts
        assert found.page.locator(".failed").count() == 0
        width = found.page.evaluate("document.documentElement.scrollWidth")
        assert width == 390
        if charts:
            seen = found.page.locator("ol.marks bdi").first.inner_text()
            assert "<script>alert(1)</script>" in seen
            assert "<!channel> *b* `c` [x](y)" in seen
            assert "\0" not in found.page.content()


def test_each_switch_changes_chart_title_and_table(fresh: Opened) -> None:
    figure = fresh.figure("engagement")
    figure.locator("summary").click()
    shown = table(figure)
    for column, option, finding in (
        ("method", "bounds", "(60.0 to 80.0"),
        ("period", "week", "in the week to 2024-12-08"),
    ):
        before, title = paths(figure), figure.locator(".title").inner_text()
        figure.locator(f"[data-column={column}]").select_option(option)
        fresh.page.wait_for_function(CHANGED, arg=[figure.element_handle(), before])
        now = figure.locator(".title").inner_text()
        assert now != title
        assert finding in now
    assert len(table(figure)) == len(shown) / len(DAYS)
    figure.locator("[data-column=event_group]").select_option("any")
    assert "in any event" in figure.locator(".title").inner_text()


def test_without_a_figure_a_sentence_stands_instead_of_empty_axes(
    browser: Browser, tmp_path: Path
) -> None:
    young = shock("Some controls") | {"effect_pct": None, "status": "too_few_weeks"}
    one = edition(shock_effects=SHOCK_EFFECTS.arrow([young]))
    with opened(browser, written(tmp_path, one)) as found:
        figure = found.figure("shock-effects")
        assert figure.locator(".chart svg").count() == 0
        assert figure.locator(".chart").inner_text() == (
            "No figure to draw; the table below says why."
        )
        figure.locator("summary").click()
        assert [row["Status"] for row in table(figure)] == ["too_few_weeks"]


def test_a_grouping_shows_the_group_and_not_its_members(fresh: Opened) -> None:
    """Of 100 located accounts 80: apart there are 60 of 80."""
    figure = fresh.figure("engagement")
    figure.locator("[data-column=grouping]").select_option("cn_hk")
    assert figure.locator(".title").inner_text().startswith(f"{GROUPED} 80.0")
    figure.locator("summary").click()
    rows = table(figure)
    assert {row["Country"] for row in rows} == {GROUPED, "United States", "Germany"}


def settings_of(figure: Figure) -> list[tuple[str, ...]]:
    """The switches as they are first, and each option of each beside the others' first."""
    first = tuple(choice.options[0][0] for choice in figure.choices)
    others = [
        (*first[:place], value, *first[place + 1 :])
        for place, choice in enumerate(figure.choices)
        for value, _ in choice.options[1:]
    ]
    return [first, *others]


def test_every_switch_of_every_figure_shows_the_title_and_the_rows_of_its_setting(
    fresh: Opened,
) -> None:
    sections = page_sections(edition("sandbox"))
    switched = 0
    for figure in (each for section in sections for each in section.figures):
        place = fresh.figure(figure.key)
        place.locator("summary").click()
        titles = {view.values: view.title for view in figure.views}
        for values in settings_of(figure):
            for choice, value in zip(figure.choices, values, strict=True):
                place.locator(f"[data-column={choice.column}]").select_option(value)
                switched += 1
            said = place.locator(".title").inner_text().replace("\xa0", " ")
            assert said == titles[values], (figure.key, values)
            wanted = figure.shown(values)
            rows = table(place)
            assert len(rows) == len(wanted), (figure.key, values)
            for column in figure.columns:
                if column.kind == "share":
                    shares = [row[column.name] for row in wanted]
                    shown = ["–" if each is None else percent(each) for each in shares]
                    found = [row[column.label] for row in rows]
                    assert sorted(found) == sorted(shown), (figure.key, values, column.name)
    assert switched > 50


def test_tables_and_downloads_hold_the_published_rows(fresh: Opened) -> None:
    figure = fresh.figure("engagement")
    figure.locator("summary").click()
    published = {
        (str(row["activity_date"]), row["country_iso2"]): row
        for row in edition().tables[ENGAGEMENT].to_pylist()
        if (row["scope"], row["grouping"], row["period"], row["event_group"])
        == ("tracked", "apart", "day", "attention")
    }
    shown = table(figure)
    assert len(shown) == len(published) == len(DAYS) * 3
    for row in shown:
        same = published[row["Day (UTC), or the week's last"], row["Code"]]
        assert row["Share of all accounts"] == f"{100 * same['share']:.1f} %"
        assert row["95 % lower bound"] == f"{100 * same['share_ci_low']:.1f} %"
        assert row["Accounts located there"] == str(same["actor_count"])
    with fresh.page.expect_download() as begun:
        figure.locator(".download").click()
    assert begun.value.suggested_filename.startswith("engagement-")
    text = Path(begun.value.path()).read_text(encoding="utf-8-sig")
    rows = [
        row
        for row in csv.DictReader(io.StringIO(text))
        if (row["period"], row["event_group"]) == ("day", "attention")
        and row["grouping"] != "cn_hk"
    ]
    assert {(row["activity_date"], row["country_iso2"]) for row in rows} == published.keys()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_fits_the_window_and_axe_finds_nothing_serious(
    browser: Browser, week: Path, scheme: str
) -> None:
    view = {"width": WIDTHS[0], "height": 844}
    with opened(browser, week, viewport=view, color_scheme=scheme) as found:
        grounds = set()
        for width in WIDTHS:
            found.page.set_viewport_size({"width": width, "height": 900})
            found.page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
            sizes = found.page.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
            )
            assert sizes == [width, width]
            grounds.add(
                found.page.evaluate("getComputedStyle(document.documentElement).background")
            )
            result = Axe().run(found.page)
            serious = [
                (each["id"], each["nodes"][0]["html"][:200])
                for each in result.response["violations"]
                if each["impact"] in ("serious", "critical")
            ]
            assert serious == []
        (ground,) = grounds
        assert ("rgb(255, 255, 255)" in ground) == (scheme == "light")


def test_everything_that_can_be_used_is_reached_by_the_keyboard(fresh: Opened) -> None:
    page = fresh.page
    wanted = page.locator("a[href], select, button, summary").count()
    reached = set()
    page.evaluate("document.body.focus()")
    for _ in range(wanted + 20):
        page.keyboard.press("Tab")
        place = page.evaluate(
            "[...document.querySelectorAll('a[href], select, button, summary')]"
            ".indexOf(document.activeElement)"
        )
        reached.add(place)
        if place >= 0:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert reached - {-1} == set(range(wanted))
    figure = fresh.figure("papers")
    title = figure.locator(".title").inner_text()
    figure.locator("select").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert figure.locator(".title").inner_text() != title
    figure.locator("summary").focus()
    page.keyboard.press("Enter")
    figure.locator("details table").wait_for()


def test_days_are_utc_whatever_the_clock_of_the_reader(browser: Browser, week: Path) -> None:
    """The week begins on 2 December: west of Greenwich its midnight is on the first."""
    with opened(browser, week, timezone_id="America/Los_Angeles") as found:
        labels = set(found.figure("engagement").locator("svg text").all_text_contents())
    assert {"02 Dec", LAST.strftime("%d %b")} <= labels
    assert "01 Dec" not in labels


def test_a_script_that_is_not_the_pages_own_does_not_run(
    browser: Browser, week: Path, tmp_path: Path
) -> None:
    script = "<script>document.documentElement.dataset.foreign = 'yes'</script></body>"
    file = tmp_path / "index.html"
    file.write_text(week.read_text(encoding="utf-8").replace("</body>", script), encoding="utf-8")
    with opened(browser, file) as found:
        assert found.page.get_attribute("html", "data-foreign") is None
        assert any("Content Security Policy" in line for line in found.said)
