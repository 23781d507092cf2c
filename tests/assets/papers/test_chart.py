"""The figure of papers: which month it speaks of, and what it does not draw."""

from datetime import date
from typing import Any

from assets.figures import Figure
from assets.papers.chart import papers_figure
from assets.papers.tables import DIFFUSION_PAPERS
from assets.pictures import png
from tests.diffusion_rows import papers_cell

NAMING = ("us_company", "names")


def month(number: int, **others: Any) -> dict[str, Any]:  # noqa: ANN401
    return papers_cell(date(2023, number, 1), **others)


def figure_of(*rows: dict[str, Any]) -> Figure:
    return papers_figure(DIFFUSION_PAPERS.arrow(rows))


def test_the_title_is_of_the_newest_final_month() -> None:
    later = {"cn_share": 0.9, "cn_share_ci_low": 0.8, "cn_share_ci_high": 0.95}
    figure = figure_of(month(10), month(11, **later, is_final=False))
    assert figure.title == (
        "40.0 % (27.6 to 53.8 %) of papers of U.S. companies that name an open model name one of "
        "Chinese origin, 2023-10"
    )
    assert "n = 50 works in 2023-10" in figure.views[0].basis
    assert png(figure).startswith(b"\x89PNG")


def test_where_no_month_is_final_the_title_says_so() -> None:
    assert figure_of(month(11, is_final=False)).title.endswith("2023-11, not final")


def test_months_without_a_figure_have_a_row_that_says_so() -> None:
    figure = figure_of(month(8), month(10, is_final=False))
    states = [(row["month_date"].month, row["state"]) for row in figure.shown(NAMING)]
    assert states == [(8, "final"), (9, "no figure"), (10, "not final: works still come in")]
    used = figure.shown(("us_company", "uses"))
    assert {row["share"] for row in used} == {None}
    assert {row["state"] for row in used} == {"no figure"}


def test_countries_are_not_drawn_and_before_the_first_month_it_says_so() -> None:
    assert figure_of(month(8, user_kind="country")).rows.num_rows == 0
    assert figure_of().title == (
        "Papers of U.S. companies that name an open model: no month to publish yet"
    )
