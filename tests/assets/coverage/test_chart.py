"""The chart of capture rates: its finding in words, its picture."""

from datetime import date, timedelta

import pyarrow as pa

from assets.coverage.chart import coverage_chart

FIRST = date(2024, 12, 1)


def rows(lost: dict[int, float]) -> pa.Table:
    """Ten days of two sources' attention; `lost` gives gharchive's rate on some of them."""
    made = [
        {
            "coverage_date": FIRST + timedelta(days=number),
            "source": source,
            "event_group": "attention",
            "capture_rate": rate,
            "capture_rate_ci_low": rate - 0.02,
            "capture_rate_ci_high": min(rate + 0.02, 1.0),
            "status": "sound" if rate >= 0.8 else "degraded",
        }
        for number in range(10)
        for source, rate in (("gharchive", lost.get(number, 1.0)), ("combined", 1.0))
    ]
    return pa.Table.from_pylist(made)


def test_the_title_is_the_finding() -> None:
    assert coverage_chart(rows({})).title == (
        "All sources together captured at least 80 % every day, 2024-12-01 to 2024-12-10; "
        "under 80 % alone: none"
    )
    assert coverage_chart(rows({7: 0.3, 8: 0.3})).title == (
        "All sources together captured at least 80 % every day, 2024-12-01 to 2024-12-10; "
        "under 80 % alone: gharchive on 2"
    )


def test_without_a_day_the_chart_says_so() -> None:
    assert coverage_chart(rows({}).slice(0, 0)).title == "Capture of the sources: no day yet"


def test_the_picture_is_a_png_inside_markdown_with_words_for_who_cannot_see_it() -> None:
    chart = coverage_chart(rows({7: 0.3}))
    assert chart.png.startswith(b"\x89PNG")
    head, data = chart.markdown.split("](", 1)
    assert head == f"![{chart.title}"
    assert data.startswith("data:image/png;base64,")


def test_every_row_is_in_the_chart_with_its_bounds() -> None:
    content = coverage_chart(rows({7: 0.3})).chart.to_dict()
    (data,) = content["datasets"].values()
    assert len(data) == 20
    assert sorted(each["capture_rate"] for each in data)[0] == 0.3
    marks = str(content)
    assert "capture_rate_ci_low" in marks
    assert "capture_rate_ci_high" in marks
