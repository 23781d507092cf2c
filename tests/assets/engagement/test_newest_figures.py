"""The figures that Dagster's UI shows beside mart.engagement."""

from datetime import date, timedelta

import pyarrow as pa

from assets.engagement.headlines import newest_figures
from tests.engagement_rows import engagement_rows

DAY = date(2024, 12, 15)


def shown(markdown: str) -> list[str]:
    """The countries of the table, in order."""
    return [line.split("|")[1].strip() for line in markdown.splitlines() if line.startswith("| ")][
        1:
    ]


def test_the_largest_shares_come_first_with_interval_and_worst_case() -> None:
    """CN 8 of 13 located, 7 more unknown: worst case 8/20 to 15/20.

    Wilson: (8 + z^2/2) / (13 + z^2) = 9.920729 / 16.841459 = 0.589066, half width
    1.959964 * sqrt(8 * 5 / 13 + z^2/4) / 16.841459 = 0.233837.
    """
    markdown = newest_figures(engagement_rows(DAY, {"US": 5, "CN": 8, "ZZ": 7}))
    assert shown(markdown) == ["CN", "US"]
    assert "| CN | 61.5% | 35.5% to 82.3% | 61.5% | 8 of 13 | 40.0% to 75.0% |" in markdown
    assert "2024-12-15 (UTC)" in markdown
    assert "(35%)" in markdown


def test_the_corrected_share_is_shown_and_sorted_by() -> None:
    rows = engagement_rows(DAY, {"CN": 8, "US": 12}).to_pylist()
    for row, share in zip(rows, (0.7, 0.3), strict=True):
        row["share"] = share
    markdown = newest_figures(pa.Table.from_pylist(rows))
    assert shown(markdown) == ["CN", "US"]
    assert "| CN | 70.0% |" in markdown
    assert "| 40.0% | 8 of 20 |" in markdown


def test_no_more_countries_are_shown_than_asked_for() -> None:
    counts = {code: 40 - at for at, code in enumerate(["CN", "US", "DE", "IN", "JP"])}
    assert shown(newest_figures(engagement_rows(DAY, counts), most=3)) == ["CN", "US", "DE"]


def test_cells_of_fewer_than_five_accounts_are_left_out() -> None:
    assert shown(newest_figures(engagement_rows(DAY, {"CN": 5, "US": 4}))) == ["CN"]


def test_only_tracked_attention_of_the_newest_day_with_countries_apart_is_shown() -> None:
    newest = DAY + timedelta(days=1)
    rows = pa.concat_tables(
        [
            engagement_rows(DAY, {"CN": 9}),
            engagement_rows(newest, {"US": 9}),
            engagement_rows(newest, {"DE": 9}, event_group="any"),
            engagement_rows(newest, {"IN": 9}, scope="panel"),
            engagement_rows(newest, {"JP": 9}, grouping="cn_hk_mo_tw"),
            engagement_rows(newest, {"BR": 9}, period="week"),
        ]
    )
    assert shown(newest_figures(rows)) == ["US"]


def test_a_day_without_figures_is_said_to_have_none() -> None:
    for counts in ({"ZZ": 3}, {"CN": 4, "ZZ": 90}):
        said = newest_figures(engagement_rows(DAY, counts))
        assert said == "No country with five located accounts on these days."
