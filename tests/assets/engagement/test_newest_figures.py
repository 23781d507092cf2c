"""The figures that Dagster's UI shows beside mart.engagement."""

from datetime import date, timedelta

import pyarrow as pa

from assets.engagement.assets import newest_figures
from assets.engagement.shares import engagement
from assets.engagement.tables import COUNTRY_ACTIVITY

DAY = date(2024, 12, 15)


def engagement_of(day: date, counts: dict[str, int], group: str = "attention") -> pa.Table:
    activity = COUNTRY_ACTIVITY.arrow(
        [
            {
                "activity_date": day,
                "scope": "tracked",
                "event_group": group,
                "country_iso2": country,
                "actor_count": count,
                "event_count": count,
                "capped_event_count": count,
                "event_cap": 20,
            }
            for country, count in counts.items()
        ]
    )
    return engagement(day, activity, 24)


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
    markdown = newest_figures(engagement_of(DAY, {"US": 5, "CN": 8, "ZZ": 7}))
    assert shown(markdown) == ["CN", "US"]
    assert "| CN | 61.5% | 35.5% to 82.3% | 8 of 13 | 40.0% to 75.0% |" in markdown
    assert "2024-12-15 (UTC)" in markdown


def test_cells_of_fewer_than_five_accounts_are_left_out() -> None:
    assert shown(newest_figures(engagement_of(DAY, {"CN": 5, "US": 4}))) == ["CN"]


def test_only_attention_on_the_newest_day_is_shown() -> None:
    rows = pa.concat_tables(
        [
            engagement_of(DAY, {"CN": 9}),
            engagement_of(DAY + timedelta(days=1), {"US": 9}),
            engagement_of(DAY + timedelta(days=1), {"DE": 9}, group="any"),
        ]
    )
    assert shown(newest_figures(rows)) == ["US"]


def test_a_day_without_figures_is_said_to_have_none() -> None:
    rows = engagement_of(DAY, {"ZZ": 3})
    assert newest_figures(rows) == "No located account on these days."
