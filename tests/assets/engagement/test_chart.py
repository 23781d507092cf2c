"""The figure of shares over time: whom it shows, what it finds, and days without a figure."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from assets.coverage.tables import COVERAGE
from assets.engagement.chart import Inputs, engagement_figure
from assets.engagement.series import (
    CORRECTED,
    DAYS_SHOWN,
    INCOMPLETE,
    MASKED,
    NO_FIGURE,
    POOLED,
    UNMEASURED,
    WHOLE,
    newest_weeks,
)
from assets.engagement.tables import ENGAGEMENT
from assets.figures import Figure
from assets.pictures import png
from assets.reference.tables import COUNTRY_GROUPINGS, ECONOMIES, POLICY_EVENTS
from tests.assets.coverage.test_chart import row as coverage_row
from tests.engagement_rows import engagement_rows

MONDAY = date(2024, 12, 2)
METHOD = "corrected"
NAMES = {"CN": "China", "US": "United States", "DE": "Germany", "FR": "France", "IN": "India"}
#: Of 80 located accounts 40 and 30: 50.0 and 37.5 %, whose intervals overlap.
CLOSE = {"CN": 40, "US": 30, "DE": 10, "ZZ": 20}


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def changed(rows: pa.Table, **values: Any) -> pa.Table:  # noqa: ANN401
    return ENGAGEMENT.arrow([{**row, **values} for row in rows.to_pylist()])


def figure_of(
    engagement: Sequence[pa.Table],
    coverage: Sequence[dict[str, Any]] = (),
    events: Sequence[dict[str, Any]] = (),
) -> Figure:
    economies = [
        {"iso2": code, "iso3": code + "X", "name": name, "population": 1, "population_source": ""}
        for code, name in NAMES.items()
    ]
    return engagement_figure(
        Inputs(
            engagement=pa.concat_tables([ENGAGEMENT.arrow_schema.empty_table(), *engagement]),
            coverage=COVERAGE.arrow(coverage),
            policy_events=POLICY_EVENTS.arrow(events),
            economies=ECONOMIES.arrow(economies),
            groupings=COUNTRY_GROUPINGS.arrow(
                [
                    {"grouping": "cn_tw", "country_iso2": code, "group_code": "CN", "label": "Both"}
                    for code in ("CN", "TW")
                ]
            ),
        )
    )


def states(figure: Figure, country: str = "CN", group: str = "attention") -> dict[date, str]:
    return {
        row["activity_date"]: row["state"]
        for row in figure.shown((group, "day", METHOD))
        if row["country_iso2"] == country
    }


def test_where_intervals_overlap_the_title_does_not_say_who_leads() -> None:
    """Wilson at 80: of 40, 50 -+ 10.7 points; of 30, (30 + 1.92) / 83.84 = 38.07 -+ 10.38."""
    figure = figure_of([engagement_rows(day(0), CLOSE)])
    assert figure.title == (
        "China 50.0 % (39.3 to 60.7 %) and United States 37.5 % (27.7 to 48.5 %) in attention on "
        "2024-12-02: intervals overlap"
    )


def test_where_intervals_part_the_title_says_who_leads_whoever_it_is() -> None:
    """Of 80 located 10 and 60: 12.5 and 75 %."""
    counts = {"CN": 10, "US": 60, "DE": 10, "ZZ": 20}
    title = figure_of([engagement_rows(day(0), counts)]).title
    assert title.startswith("United States 75.0 % (")
    assert ") leads China 12.5 % (" in title


def test_the_title_is_of_the_newest_day_that_has_a_figure_and_names_it() -> None:
    rows = [engagement_rows(day(number), CLOSE) for number in range(2)]
    lost = [coverage_row(number, "combined", 0.2) for number in range(1, 4)]
    figure = figure_of(rows, lost)  # the rows of coverage begin on 2024-12-01
    assert "on 2024-12-03" in figure.title
    assert max(states(figure)) == date(2024, 12, 4)


def test_the_basis_gives_days_interval_accounts_and_how_many_state_no_location() -> None:
    assert figure_of([engagement_rows(day(0), CLOSE)]).views[0].basis == (
        "Share of all accounts active on the day, band: 95 % interval, 2024-12-02 to 2024-12-02 "
        "(UTC). n = 100 accounts on 2024-12-02, 20.0 % of them without a stated location."
    )


def test_weeks_are_told_as_weeks() -> None:
    figure = figure_of([engagement_rows(day(6), CLOSE, period="week")])
    (view,) = (view for view in figure.views if view.values == ("attention", "week", METHOD))
    assert "in the week to 2024-12-08" in view.title


def test_a_day_says_what_it_rests_on() -> None:
    rows = [
        engagement_rows(day(0), CLOSE),
        engagement_rows(day(1), CLOSE, hours=23),
        changed(engagement_rows(day(2), CLOSE), is_corrected=True, capture_status="degraded"),
        changed(engagement_rows(day(3), CLOSE, hours=22), is_corrected=True),
        changed(engagement_rows(day(4), CLOSE), capture_status="unknown"),
        engagement_rows(day(7), CLOSE),
    ]
    lost = [coverage_row(6, "combined", 0.2), coverage_row(7, "gharchive", 0.2)]
    assert list(states(figure_of(rows, lost)).values())[-8:] == [
        WHOLE,
        INCOMPLETE,
        CORRECTED,
        f"{CORRECTED}, {INCOMPLETE}",
        UNMEASURED,
        MASKED,
        NO_FIGURE,
        WHOLE,
    ]


def test_a_day_without_a_published_row_has_no_figure_and_keeps_its_place() -> None:
    rows = [engagement_rows(day(number), CLOSE) for number in (0, 2)]
    shown = [
        (row["activity_date"], row["share"])
        for row in figure_of(rows).shown(("attention", "day", METHOD))
        if row["country_iso2"] == "CN"
    ]
    assert shown == [(day(0), 0.5), (day(1), None), (day(2), 0.5)]


def test_a_country_too_small_to_be_shown_on_a_day_does_not_hatch_it() -> None:
    without = {"CN": 40, "DE": 30, "ZZ": 20}
    figure = figure_of([engagement_rows(day(0), CLOSE), engagement_rows(day(1), without)])
    assert states(figure, "US") == {day(0): WHOLE, day(1): POOLED}
    assert states(figure) == {day(0): WHOLE, day(1): WHOLE}


def test_a_week_is_masked_where_a_day_of_it_was_lost() -> None:
    weeks = [engagement_rows(day(number), CLOSE, period="week") for number in (-1, 13)]
    figure = figure_of(weeks, [coverage_row(4, "combined", 0.2)])  # 2024-12-05
    found = {
        row["activity_date"]: row["state"] for row in figure.shown(("attention", "week", METHOD))
    }
    assert found == {day(-1): WHOLE, day(6): MASKED, day(13): WHOLE}


def test_countries_are_cn_us_and_the_largest_by_any_event_six_at_most() -> None:
    counts = {"CN": 5, "US": 6, "DE": 10, "FR": 40, "IN": 20, "JP": 8, "BR": 7, "GB": 9, "ZZ": 9}
    figure = figure_of([engagement_rows(day(0), counts, event_group="any")])
    rows = figure.shown(("any", "day", METHOD))
    shown = [row["country_iso2"] for row in rows]
    assert shown == ["CN", "US", "FR", "IN", "DE", "GB"]
    assert [entry.label for entry in figure.legend][:4] == [
        "China",
        "United States",
        "France",
        "India",
    ]
    assert [row["country"] for row in figure.shown(("any", "day", METHOD))][
        -1
    ] == "GB"  # no name known


def test_rows_hold_the_published_figures_and_nothing_else() -> None:
    engagement = engagement_rows(day(0), CLOSE)
    other = [
        engagement_rows(day(0), {"CN": 7, "US": 9}, scope="panel"),
        engagement_rows(day(0), {"CN": 7, "US": 9}, grouping="cn_hk_mo_tw"),
        engagement_rows(day(6), {"CN": 7, "US": 9}, period="28d"),
    ]
    published = {row["country_iso2"]: row for row in engagement.to_pylist()}
    rows = figure_of([engagement, *other]).rows.to_pylist()
    assert {row["activity_date"] for row in rows} == {day(0)}
    for row in rows:
        if row["event_group"] == "attention" and row["country_iso2"] in ("CN", "US"):
            same = published[row["country_iso2"]]
            assert all(row[name] == same[name] for name in row.keys() & same.keys() - {"grouping"})


def test_of_a_long_history_the_newest_half_year_of_days_and_every_week_is_shown() -> None:
    days = [engagement_rows(day(-number), CLOSE) for number in (0, DAYS_SHOWN - 1, 400)]
    weeks = [engagement_rows(day(-1 - 7 * number), CLOSE, period="week") for number in (0, 150)]
    figure = figure_of([*days, *weeks])
    shown = {row["activity_date"] for row in figure.shown(("attention", "day", METHOD))}
    assert (len(shown), min(shown)) == (DAYS_SHOWN, day(1 - DAYS_SHOWN))
    assert len({row["activity_date"] for row in figure.shown(("attention", "week", METHOD))}) == 151


def test_policy_events_inside_the_days_are_numbered_in_their_order() -> None:
    def event(number: int, name: str) -> dict[str, Any]:
        return {
            "event_date": day(number),
            "date_kind": "announced",
            "actor": "US",
            "kind": "export_control",
            "stance": "tighten",
            "name": name,
            "is_paper_shock": True,
            "certainty": "sourced",
            "source": "Federal Register",
        }

    rows = [engagement_rows(day(number), CLOSE) for number in range(3)]
    figure = figure_of(rows, [], [event(3, "later"), event(2, "b"), event(0, "a"), event(-1, "x")])
    assert [(mark.sign, mark.day, mark.text) for mark in figure.marks] == [
        ("1", day(0), "a (US, export control, announced; Federal Register, sourced)"),
        ("2", day(2), "b (US, export control, announced; Federal Register, sourced)"),
    ]


def test_before_the_first_day_and_with_masked_days_alone_it_can_be_drawn() -> None:
    empty = figure_of([])
    assert empty.title == "Shares by country: no day yet"
    masked = figure_of([], [coverage_row(0, "combined", 0.2)])
    assert masked.title == "No share of China or United States could be published in attention"
    assert set(states(masked).values()) == {MASKED}
    for figure in (empty, masked, figure_of([engagement_rows(day(0), CLOSE)])):
        assert png(figure).startswith(b"\x89PNG")


def grouped() -> Figure:
    """CN and TW apart, and together with 60 of 80 located accounts."""
    apart = {"CN": 40, "TW": 20, "US": 20, "ZZ": 20}
    together = {"CN": 60, "US": 20, "ZZ": 20}
    return figure_of(
        [
            engagement_rows(day(0), apart, event_group="any"),
            engagement_rows(day(0), together, event_group="any", grouping="cn_tw"),
        ]
    )


def test_a_grouping_takes_its_group_for_the_members_and_leaves_the_others() -> None:
    figure = grouped()
    shares = {
        name: {
            row["country"]: row["share"]
            for row in figure.shown(("any", "day", METHOD, name))
            if row["share"] is not None
        }
        for name in ("apart", "cn_tw")
    }
    assert shares["cn_tw"] == {"Both": 0.75, "United States": 0.25}
    assert shares["apart"] == {"China": 0.5, "TW": 0.25, "United States": 0.25}
    titles = {view.values: view.title for view in figure.views}
    assert titles["any", "day", METHOD, "cn_tw"].startswith("Both 75.0 % (")
    assert titles["any", "day", METHOD, "apart"].startswith("China 50.0 % (")


def test_each_method_states_its_own_value_and_bounds() -> None:
    """40 of 80 located, of 100: 50.0 %; worst case 40 to 60 %. Seven in ten before 17:00."""
    figure = figure_of([changed(engagement_rows(day(0), CLOSE), located_share=0.45)])
    titles = {view.values[2]: view.title for view in figure.views if view.values[1] == "day"}
    assert titles["corrected"].startswith("China 50.0 % (39.3 to 60.7 %) and United States")
    assert titles["located"].startswith("China 45.0 % (39.3 to 60.7 %)")
    assert titles["bounds"].startswith("China 50.0 % (40.0 to 60.0 %) and United States")
    assert titles["clock"].endswith("; the paper's clock would say 70.0 % of China")


def test_the_chart_draws_what_the_method_states() -> None:
    figure = grouped()
    (choice,) = (choice for choice in figure.choices if choice.is_drawing)
    drawn = str(figure.spec())
    assert choice.column == "method"
    for method in ("located", "bounds", "clock"):
        assert f"method === '{method}'" in drawn


def test_weeks_of_more_than_four_years_ago_are_left_to_the_exports() -> None:
    newest = date(2026, 11, 22)
    days = [newest - timedelta(weeks=weeks) for weeks in range(300)]
    kept = newest_weeks(pa.table({"activity_date": pa.array(days, pa.date32())}))
    assert kept["activity_date"].to_pylist() == days[:209]
    assert min(days[:209]) == date(2022, 11, 27)
