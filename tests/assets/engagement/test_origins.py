"""The figure of shares by origin of the models: what it says, and what it leaves out."""

from datetime import date, timedelta

import pyarrow as pa

from assets.engagement.origins import origins_figure
from assets.engagement.tables import ENGAGEMENT
from assets.pictures import png
from tests.engagement_rows import engagement_rows

SUNDAY = date(2024, 12, 8)
NAMES = {"CN": "China", "US": "United States"}
#: Of 80 located accounts 60 and 10: 75.0 and 12.5 %.
COUNTS = {"CN": 60, "US": 10, "DE": 10, "ZZ": 20}


def week(scope: str, day: date = SUNDAY, counts: dict[str, int] = COUNTS) -> pa.Table:
    return engagement_rows(day, counts, period="week", scope=scope)


def test_it_says_how_large_a_country_is_among_the_models_of_each_origin() -> None:
    """Wilson at 80: of 60, 73.86 -+ 9.34 points; of 40, 50 -+ 10.7."""
    half = {"CN": 40, "US": 30, "DE": 10, "ZZ": 20}
    rows = pa.concat_tables([week("origin_cn"), week("origin_us", counts=half)])
    figure = origins_figure(rows, NAMES)
    assert figure.title == (
        "China in attention on repositories of models, week to 2024-12-08: 75.0 % (64.5 to 83.2 %) "
        "on those of Chinese-origin models, 50.0 % (39.3 to 60.7 %) on those of U.S.-origin models"
    )
    assert png(figure).startswith(b"\x89PNG")


def test_a_week_without_a_published_row_has_no_figure_and_keeps_its_place() -> None:
    first = SUNDAY - timedelta(days=14)
    figure = origins_figure(pa.concat_tables([week("origin_cn", first), week("origin_cn")]), NAMES)
    rows = [row for row in figure.shown(("CN", "attention")) if "Chinese" in row["origin"]]
    assert [(row["share"], row["state"]) for row in rows] == [
        (0.75, "whole"),
        (None, "no figure"),
        (0.75, "whole"),
    ]


def test_days_other_scopes_and_other_countries_are_not_drawn() -> None:
    rows = [
        week("tracked"),
        engagement_rows(SUNDAY, COUNTS, scope="origin_cn"),
        week("origin_cn", counts={"DE": 60, "FR": 20}),
    ]
    figure = origins_figure(pa.concat_tables([*rows, ENGAGEMENT.arrow([])]), NAMES)
    assert figure.rows.num_rows == 0
    assert figure.title == "Shares by origin of models: no week yet"
