"""The figure of origins on the Hub: whose shares, on which days, and what it leaves open."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from assets.figures import Figure
from assets.hub.chart import hub_figure
from assets.hub.tables import DIFFUSION_HUB, HUB_CONCENTRATION, HUB_SNAPSHOTS
from assets.pictures import png
from tests.diffusion_rows import hub_cell

SUNDAY = date(2024, 12, 8)
NAMES = {"CN": "China", "US": "United States"}
SETTING = ("downloads_30d", "derivative")


def figure_of(cells: Sequence[dict[str, Any]], states: dict[date, str]) -> Figure:
    zeros = dict.fromkeys(HUB_SNAPSHOTS.column_names, 0)
    unasked = {"first_asked_at": None, "last_asked_at": None}
    return hub_figure(
        DIFFUSION_HUB.arrow(cells),
        HUB_SNAPSHOTS.arrow(
            [
                {**zeros, **unasked, "snapshot_date": day, "state": state}
                for day, state in states.items()
            ]
        ),
        HUB_CONCENTRATION.arrow_schema.empty_table(),
        NAMES,
    )


def test_shares_are_of_known_origin_and_the_band_is_what_the_unknown_leave_open() -> None:
    figure = figure_of(
        [hub_cell(SUNDAY, "US", 45.0), hub_cell(SUNDAY, "CN", 36.0)], {SUNDAY: "complete"}
    )
    assert figure.title == (
        "Origin of the weights in 30 days' downloads of derivatives on the Hub, 2024-12-08: "
        "United States 50.0 % (45.0 to 55.0 %) and China 40.0 % (36.0 to 46.0 %)"
    )
    assert "10.0 % unknown" in figure.views[0].basis
    assert png(figure).startswith(b"\x89PNG")


def test_neither_totals_nor_unknown_origins_nor_parts_of_authors_are_drawn() -> None:
    cells = [
        hub_cell(SUNDAY, "CN", 36.0),
        hub_cell(SUNDAY, "ZZ", 10.0, share=None),
        hub_cell(SUNDAY, "any", 100.0, share=None),
        hub_cell(SUNDAY, "FR", 5.0, author_country_iso2="FR"),
        hub_cell(SUNDAY, "FR", 5.0, root_family="mistral"),
    ]
    rows = figure_of(cells, {SUNDAY: "complete"}).shown(SETTING)
    assert [(row["origin_iso2"], row["value"]) for row in rows] == [("CN", 36.0), ("US", None)]


def test_a_day_that_was_missed_has_a_row_that_says_so_and_no_figure() -> None:
    first = SUNDAY - timedelta(days=2)
    figure = figure_of(
        [hub_cell(first, "CN", 36.0), hub_cell(SUNDAY, "CN", 36.0)],
        {first: "partial", first + timedelta(days=1): "missed", SUNDAY: "complete"},
    )
    rows = [row for row in figure.shown(SETTING) if row["origin_iso2"] == "CN"]
    assert [(row["state"], row["share"]) for row in rows] == [
        ("partial", 0.4),
        ("missed", None),
        ("complete", 0.4),
    ]


def test_of_days_older_than_a_quarter_the_sundays_are_shown() -> None:
    days = [SUNDAY - timedelta(days=n) for n in range(120)]
    figure = figure_of([hub_cell(day, "CN", 36.0) for day in days], dict.fromkeys(days, "complete"))
    shown = {row["snapshot_date"] for row in figure.shown(SETTING)}
    assert shown == {day for day in days if day > days[91] or day.isoweekday() == 7}
    assert len(shown) == 91 + 5  # of the 29 days before, the last is a Sunday


def test_an_old_week_is_missed_only_where_nobody_asked_in_it() -> None:
    """A snapshot of a Saturday stands for its week; the week after has none."""
    saturday, asked = date(2024, 6, 1), SUNDAY
    figure = figure_of(
        [hub_cell(day, "CN", 36.0) for day in (saturday, asked)],
        dict.fromkeys((saturday, asked), "complete"),
    )
    old = [
        (row["snapshot_date"], row["state"], row["share"])
        for row in figure.shown(SETTING)
        if row["origin_iso2"] == "CN" and row["snapshot_date"] < date(2024, 6, 12)
    ]
    assert old == [(saturday, "complete", 0.4), (date(2024, 6, 9), "missed", None)]
    assert "2024-06-01 to 2024-12-08" in figure.views[0].basis


def test_before_the_first_snapshot_it_says_that_there_is_none() -> None:
    assert "no snapshot yet" in figure_of([], {}).title
    assert figure_of([], {SUNDAY: "missed"}).rows.num_rows == 0
