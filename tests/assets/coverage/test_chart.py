"""The figure of capture rates: its finding in words, its rows, its picture."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from assets.coverage.chart import coverage_figure, whole_groups
from assets.coverage.tables import COVERAGE
from assets.pictures import markdown, picture_spec, png
from assets.reference.model import UpstreamBreak

FIRST = date(2024, 12, 1)


def row(number: int, source: str, rate: float | None, **others: Any) -> dict[str, Any]:  # noqa: ANN401
    """A row of core.coverage, of 100 events of attention."""
    bounds = (None, None) if rate is None else (rate - 0.02, min(rate + 0.02, 1.0))
    status = "unknown" if rate is None else "sound" if rate >= 0.8 else "degraded"
    return {
        "coverage_date": FIRST + timedelta(days=number),
        "source": source,
        "scope": "tracked",
        "event_group": "attention",
        "event_type": None,
        "repo_id": None,
        "captured_count": 100,
        "yardstick": "none" if rate is None else "star_history",
        "estimated_events": None if rate is None else 100 / rate,
        "estimated_events_ci_low": None,
        "estimated_events_ci_high": None,
        "capture_rate": rate,
        "capture_rate_ci_low": bounds[0],
        "capture_rate_ci_high": bounds[1],
        "status": status,
        "message": "",
        **others,
    }


def rows(lost: dict[int, float], together: float = 1.0) -> pa.Table:
    """Ten days of two sources; `lost` gives gharchive's rate on some of them."""
    return COVERAGE.arrow(
        [
            each
            for number in range(10)
            for each in (
                row(number, "gharchive", lost.get(number, 1.0)),
                row(number, "combined", together if number in lost else 1.0),
            )
        ]
    )


def break_of(first: str, last: str | None, what: str = "stars lost") -> UpstreamBreak:
    return UpstreamBreak(
        from_utc=datetime.fromisoformat(first).replace(tzinfo=UTC),
        to_utc=datetime.fromisoformat(last).replace(tzinfo=UTC) if last else None,
        source="gharchive",
        affects="WatchEvent",
        effect="loss",
        what=what,
    )


def test_the_title_is_the_finding() -> None:
    assert coverage_figure(rows({})).title == (
        "Capture of all sources together: sound (at least 80 %) on 10 days, "
        "2024-12-01 to 2024-12-10; degraded alone: none"
    )
    assert coverage_figure(rows({7: 0.3, 8: 0.3})).title == (
        "Capture of all sources together: sound (at least 80 %) on 10 days, "
        "2024-12-01 to 2024-12-10; degraded alone: gharchive on 2 days"
    )
    assert coverage_figure(rows({7: 0.3}, together=0.7)).title == (
        "Capture of all sources together: sound (at least 80 %) on 9 days, degraded on 1 day, "
        "2024-12-01 to 2024-12-10; degraded alone: gharchive on 1 day"
    )


def test_the_title_claims_nothing_of_days_that_are_not_known() -> None:
    """Of six days: sound, one group unknown, no row, unknown and degraded, degraded, sound."""
    other = {"event_group": "contribution"}
    some = [
        row(0, "combined", 1.0),
        row(1, "combined", 1.0),
        row(1, "combined", None, **other),
        row(3, "combined", None),
        row(3, "combined", 0.5, **other),
        row(4, "combined", None, status="degraded"),
        row(5, "combined", 0.8),
    ]
    assert coverage_figure(COVERAGE.arrow(some)).title == (
        "Capture of all sources together: sound (at least 80 %) on 2 days, degraded on 2 days, "
        "unknown on 2 days, 2024-12-01 to 2024-12-06; degraded alone: none"
    )
    unknown = COVERAGE.arrow([row(number, "combined", None) for number in range(3)])
    assert coverage_figure(unknown).title == (
        "Capture of all sources together: unknown on 3 days, 2024-12-01 to 2024-12-03; "
        "degraded alone: none"
    )


def test_the_basis_gives_unit_days_interval_and_number_of_events() -> None:
    """Ten days of 100 events that any source saw; gharchive's are among them."""
    (view,) = coverage_figure(rows({7: 0.3})).views
    assert view.basis == (
        "Captured events / all events on tracked repositories, by day (UTC), with 95 % intervals, "
        "2024-12-01 to 2024-12-10. n = 1,000 events captured by all sources together."
    )


def test_without_a_day_the_figure_says_so_and_can_be_drawn() -> None:
    figure = coverage_figure(rows({}).slice(0, 0))
    assert figure.title == "Capture of the sources: no day yet"
    assert png(figure).startswith(b"\x89PNG")


def test_the_picture_is_a_png_inside_markdown_with_words_for_who_cannot_see_it() -> None:
    figure = coverage_figure(rows({7: 0.3}), [break_of("2024-12-08", None, "*stars* [lost](x)")])
    text = markdown(figure)
    head, data = text.split("](", 1)
    assert head == f"![{figure.title}"
    assert data.startswith("data:image/png;base64,")
    assert text.endswith(
        "- **1** 2024-12-08: gharchive, WatchEvent: \\*stars\\* \\[lost\\](x) (loss, not over)"
    )


def test_every_row_is_in_the_picture_and_every_bound_is_drawn() -> None:
    spec = picture_spec(coverage_figure(rows({7: 0.3})))
    drawn = spec["datasets"]["rows"]
    assert len(drawn) == 20
    assert sorted(each["capture_rate"] for each in drawn)[0] == 0.3
    encoded = str(spec["spec"]["layer"])
    assert "capture_rate_ci_low" in encoded
    assert "capture_rate_ci_high" in encoded


def test_a_day_without_a_row_is_a_gap_and_not_a_line_across_it() -> None:
    some = [row(number, "gharchive", 1.0) for number in (0, 1, 4)]
    some += [row(number, "opendigger", 0.6) for number in (3, 4)]
    found = {
        (each["coverage_date"].day, each["source"]): each["capture_rate"]
        for each in coverage_figure(COVERAGE.arrow(some)).rows.to_pylist()
    }
    assert found == {
        (1, "gharchive"): 1.0,
        (2, "gharchive"): 1.0,
        (3, "gharchive"): None,
        (4, "gharchive"): None,
        (5, "gharchive"): 1.0,
        (4, "opendigger"): 0.6,
        (5, "opendigger"): 0.6,
    }


def test_breaks_that_touch_the_days_are_named_in_their_order_and_others_are_not() -> None:
    figure = coverage_figure(
        rows({}),
        [
            break_of("2024-11-01", "2024-11-30T23:00"),
            break_of("2024-11-20", "2024-12-01T05:00", "began before"),
            break_of("2024-12-05", "2024-12-06T01:00"),
            break_of("2024-12-10T22:00", None, "goes on"),
            break_of("2024-12-11", None),
        ],
    )
    assert [(mark.sign, str(mark.day), mark.text) for mark in figure.marks] == [
        ("1", "2024-11-20", "gharchive, WatchEvent: began before (loss, to 2024-12-01)"),
        ("2", "2024-12-05", "gharchive, WatchEvent: stars lost (loss, to 2024-12-06)"),
        ("3", "2024-12-10", "gharchive, WatchEvent: goes on (loss, not over)"),
    ]
    # A break that began earlier stands at the chart's edge.
    drawn = [(each["sign"], each["day"]) for each in figure.mark_rows(figure.span)]
    assert drawn == [("1", "2024-12-01"), ("2", "2024-12-05"), ("3", "2024-12-10")]


def test_whole_groups_on_tracked_repositories_are_what_is_drawn() -> None:
    kept = row(0, "gharchive", 1.0)
    others = [
        row(0, "gharchive", 1.0, event_type="WatchEvent"),
        row(0, "gharchive", 1.0, repo_id=7, event_type="WatchEvent"),
        row(0, "gharchive", 1.0, scope="panel"),
    ]
    assert whole_groups(COVERAGE.arrow([*others, kept])).to_pylist() == [kept]
