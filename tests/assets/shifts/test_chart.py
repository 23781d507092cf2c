"""The figure of shock effects: what it says, and that it can be drawn."""

from datetime import date
from typing import Any

import pyarrow as pa
import vl_convert

from assets.pictures import picture_spec, png
from assets.shifts.chart import shock_figure
from assets.shifts.tables import SHOCK_EFFECTS
from tests.assets.report.conftest import plausible

DAYS = (date(2022, 10, 7), date(2023, 10, 17), date(2024, 12, 2))


def effects(*rows: dict[str, Any]) -> pa.Table:
    usual = {
        "country_iso2": "CN",
        "method": "segmented",
        "measure": "log_accounts",
        "event_group": "any",
        "window_weeks": 8,
        "status": "ok",
        "effect_pct": 5.0,
        "effect_pct_ci_low": -2.0,
        "effect_pct_ci_high": 12.0,
        "has_shock_overlap": False,
        "has_break_overlap": False,
    }
    return SHOCK_EFFECTS.arrow(
        [
            plausible(SHOCK_EFFECTS, shock_date=day, shock_name=f"of {day}", **usual | row)
            for day, row in zip(DAYS, rows, strict=False)
        ]
    )


def test_the_finding_counts_shocks_that_stand_out_and_names_the_farthest() -> None:
    figure = shock_figure(
        effects(
            {"placebo_p_value": 0.2},
            {"placebo_p_value": 0.01, "effect_pct": 21.0,
             "effect_pct_placebo_low": 10.0, "effect_pct_placebo_high": 32.5},
            {"placebo_p_value": 0.05},
        )
    )  # fmt: skip
    assert figure.title == (
        "China, weekly accounts, any event: 2 of 3 shocks stand out from placebo weeks (p up to "
        "0.05); farthest out 2023-10-17: +21.0 % (95 % by placebo weeks +10.0 to "
        "+32.5), p = 0.010"
    )
    assert "from 2022-10-07 to 2024-12-02, in %, 8 weeks on each side" in figure.views[0].basis
    assert {row["also"] for row in figure.rows.to_pylist()} == {"a model's release"}
    assert png(figure).startswith(b"\x89PNG")


def test_shocks_without_figures_are_in_the_table_and_no_finding() -> None:
    nothing = {
        "status": "too_few_weeks",
        **dict.fromkeys(("effect_pct", "effect_pct_ci_low", "effect_pct_ci_high")),
        "placebo_p_value": None,
    }
    figure = shock_figure(effects(nothing, nothing))
    assert figure.title == "China, weekly accounts, any event: 2 shocks, too few weeks around each"
    assert figure.rows.num_rows == 2
    assert shock_figure(effects()).title == "China, weekly accounts, any event: no shock yet"


def test_shocks_without_a_verdict_say_why() -> None:
    unjudged = {"status": "too_few_placebos", "placebo_p_value": None}
    unjudged |= dict.fromkeys(("effect_pct_placebo_low", "effect_pct_placebo_high"))
    figure = shock_figure(effects(unjudged, {**unjudged, "status": "too_few_weeks"}, unjudged))
    assert figure.title == (
        "China, weekly accounts, any event: 2 shocks, too few placebo weeks to judge by; 1 shock, "
        "too few weeks around each"
    )
    assert png(figure).startswith(b"\x89PNG")


def test_intervals_by_regression_errors_are_labelled_as_what_they_cover() -> None:
    (label,) = {
        column.label
        for column in shock_figure(effects()).columns
        if column.name == "effect_pct_ci_low"
    }
    assert label == "Newey-West lower bound (covers 56 to 81 %)"


def test_other_windows_countries_measures_and_pooled_effects_are_not_drawn() -> None:
    found = shock_figure(
        effects({"window_weeks": 4}, {"country_iso2": "FR"}, {"measure": "logit_located_share"})
    )
    assert found.rows.num_rows == 0
    for known in (None, 0):  # pooled, and before the first week
        assert shock_figure(effects({"week_count": known})).rows.num_rows == 0


def test_every_setting_of_the_switches_has_its_finding() -> None:
    figure = shock_figure(
        effects({"method": "event_study", "event_group": "attention", "placebo_p_value": 0.5})
    )
    assert len(figure.views) == 3 * 2 * 4
    (told,) = [view for view in figure.views if "stand out" in view.title]
    assert told.values == ("cn_us", "log_accounts", "attention")


def test_a_shock_has_the_band_that_placebo_weeks_stay_within() -> None:
    """Of -19 to +44 % the ends are sqrt(1.44 / 0.81) apart: 0.75 to 1.333 times, -25 to +33 %."""
    row = {
        "effect_pct": 8.0,
        "effect_pct_placebo_low": -19.0,
        "effect_pct_placebo_high": 44.0,
        "placebo_p_value": 0.4,
    }
    spec = picture_spec(shock_figure(effects(row)))
    spec["config"]["aria"] = True  # the picture says what it draws
    drawn = vl_convert.vegalite_to_svg(spec)
    assert (
        "change, %: \N{MINUS SIGN}25; shock: 2022-10-07 of 2022-10-07; band_high: 33.333" in drawn
    )
