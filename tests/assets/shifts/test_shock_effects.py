"""Rows of mart.shock_effects: figures against statsmodels, statuses, flags, families, pooling."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from assets.shifts.cases import LOG_ACCOUNTS, LOGIT_SHARE, measured
from assets.shifts.paper import LABELS, ForkPanel
from assets.shifts.series import SeriesByCell
from assets.shifts.shock_effects import (
    POOLED_CONTROLS,
    POOLED_PAPER,
    effect_pct,
    effect_pp,
    shock_rows,
)
from assets.shifts.shocks import Calendar, Loss
from tests.assets.shifts.worlds import shock, shocks, sunday, weekly

WEEKS = 120


def world(weeks: int = WEEKS, unsound: tuple[int, ...] = (), seed: int = 1) -> SeriesByCell:
    """CN, US and two others, of random counts; FR has too few accounts to be shown."""
    rng = np.random.default_rng(seed)
    counts = {
        country: rng.poisson(mean, size=weeks).astype(float)
        for country, mean in (("CN", 200), ("US", 500), ("IN", 90), ("FR", 4))
    }
    located = sum(counts.values()) + 1000.0
    return {
        (country, "any"): weekly(country, count, located, unsound)
        for country, count in counts.items()
    }


def rows_of(
    series: SeriesByCell, calendar: Calendar, forks: ForkPanel | None = None, weeks: int = 8
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shock_rows(series, calendar, forks, [weeks]).effects.to_pylist()
    return found


def only(rows: list[dict[str, Any]], **values: object) -> dict[str, Any]:
    """The one row that has those values."""
    found = [row for row in rows if all(row[name] == value for name, value in values.items())]
    assert len(found) == 1, found
    return found[0]


def test_effects_equal_statsmodels_on_the_same_series() -> None:
    series = world()
    rows = rows_of(series, shocks(40))
    china = series["CN", "any"]
    chosen = slice(32, 48)
    data = pd.DataFrame(
        {
            "log_accounts": np.log(china.count[chosen] + 0.5),
            "log_events": np.log(china.events[chosen] + 0.5),
            "logit_located_share": np.log(
                (china.count[chosen] + 0.5) / (china.located[chosen] - china.count[chosen] + 0.5)
            ),
            "week": range(-8, 8),
            "after": [0] * 8 + [1] * 8,
        }
    )
    for measure in ("log_accounts", "log_events", "logit_located_share"):
        truth = smf.ols(f"{measure} ~ after * week", data).fit(
            cov_type="HAC", cov_kwds={"maxlags": 2, "use_correction": True}, use_t=True
        )
        row = only(rows, country_iso2="CN", measure=measure, method="segmented", status="ok",
                   shock_date=date(2022, 10, 14))  # fmt: skip
        low, high = truth.conf_int().loc["after"]
        assert [
            row["level_change"],
            row["level_change_se"],
            row["level_change_ci_low"],
            row["level_change_ci_high"],
            row["level_p_value"],
        ] == pytest.approx(
            [truth.params["after"], truth.bse["after"], low, high, truth.pvalues["after"]]
        )
        assert row["slope_change"] == pytest.approx(truth.params["after:week"])
        assert row["slope_p_value"] == pytest.approx(truth.pvalues["after:week"])
        assert (row["week_count"], row["hac_lag_count"]) == (16, 2)
        if measure == "logit_located_share":
            count, among = china.count[32:40].sum(), china.located[32:40].sum()
            base = (count + 0.5) / (among + 1.0)
            assert row["base_value"] == pytest.approx(base)
            assert row["effect_pct"] is None
            after = 1 / (1 + np.exp(-(np.log(base / (1 - base)) + row["level_change"])))
            assert row["effect_pp"] == pytest.approx(100 * (after - base))
        else:
            assert row["effect_pct"] == pytest.approx(100 * (np.exp(row["level_change"]) - 1))
            assert row["effect_pct_ci_low"] == pytest.approx(100 * (np.exp(low) - 1))
            assert row["effect_pp"] is None


def test_the_event_study_is_china_less_the_united_states() -> None:
    series = world(weeks=200)
    made = shock_rows(series, shocks(40), windows=[8])
    difference = np.log(series["CN", "any"].count + 0.5) - np.log(series["US", "any"].count + 0.5)
    row = only(made.effects.to_pylist(), method="event_study", measure="log_accounts",
               shock_date=date(2022, 10, 14))  # fmt: skip
    assert (row["country_iso2"], row["reference_iso2"]) == ("CN", "US")
    change = difference[40:48].mean() - difference[32:40].mean()
    assert row["level_change"] == pytest.approx(change)
    assert 0 < row["pre_trend_p_value"] <= 1
    assert row["slope_change"] is None
    leads_lags = [each for each in made.leads_lags.to_pylist() if each["measure"] == "log_accounts"]
    assert [each["relative_week"] for each in leads_lags] == list(range(-8, 8))
    assert [each["week_date"] for each in leads_lags] == [sunday(week) for week in range(32, 48)]
    np.testing.assert_allclose(
        [each["estimate"] for each in leads_lags], difference[32:48] - difference[39], atol=1e-12
    )


def regressed(values: pd.Series, weeks: list[int]) -> tuple[float, float]:
    """Change of level at week 0 and its ordinary error, by statsmodels."""
    data = pd.DataFrame({"y": values, "week": weeks, "after": [int(week >= 0) for week in weeks]})
    found = smf.ols("y ~ after * week", data).fit()
    return found.params["after"], found.bse["after"]


def test_placebos_are_every_week_that_a_shock_could_be_judged_in() -> None:
    series = world(unsound=(100,))
    row = only(rows_of(series, shocks(40, 80)), country_iso2="CN", measure="log_accounts",
               method="segmented", shock_date=shock(40).date)  # fmt: skip
    # Each fitted on its own: beside its own error, a change is as far out as the shock's or not.
    values = np.log(series["CN", "any"].count + 0.5)
    centres = [
        centre
        for centre in range(6, WEEKS - 5)  # six of eight weeks lie within the series
        if not {40, 80} & set(range(centre - 8, centre + 8))
    ]
    found = {}
    for centre in [*centres, 40]:
        weeks = [
            week for week in range(-8, 8) if 0 <= centre + week < WEEKS and centre + week != 100
        ]
        found[centre] = regressed(values[[centre + week for week in weeks]], weeks)
    change, error = found.pop(40)
    assert row["level_change"] == pytest.approx(change)
    assert row["placebo_count"] == len(found) == 109 - 2 * 16
    ratios = [abs(value / se) for value, se in found.values()]
    as_far = sum(ratio >= abs(change / error) for ratio in ratios)
    assert row["placebo_p_value"] == pytest.approx((1 + as_far) / (1 + len(found)))
    # Of 78 three may be as far, the shock among them: what the third of the placebos leaves open.
    width = sorted(ratios)[-3] * error
    ends = [row[f"level_change_placebo_{end}"] for end in ("low", "high")]
    assert ends == pytest.approx([change - width, change + width])
    assert row["effect_pct_placebo_high"] == pytest.approx(100 * (np.exp(change + width) - 1))


def test_placebos_are_judged_on_the_weeks_that_they_and_the_shock_know() -> None:
    series = world(unsound=(35, 36))
    row = only(rows_of(series, shocks(40)), country_iso2="CN", measure="log_accounts",
               method="segmented", shock_date=shock(40).date)  # fmt: skip
    assert (row["status"], row["week_count"], row["has_break_overlap"]) == ("ok", 14, True)
    values = np.log(series["CN", "any"].count + 0.5)
    found = {}
    for centre in range(6, WEEKS - 5):
        if centre == 40 or 40 not in range(centre - 8, centre + 8):
            weeks = [
                week
                for week in range(-8, 8)
                if week not in (-5, -4)
                and 0 <= centre + week < WEEKS
                and centre + week not in (35, 36)
            ]
            found[centre] = regressed(values[[centre + week for week in weeks]], weeks)
    own = found.pop(40)
    assert row["level_change"] == pytest.approx(own[0])
    as_far = sum(abs(value / se) >= abs(own[0] / own[1]) for value, se in found.values())
    assert row["placebo_count"] == len(found)
    assert row["placebo_p_value"] == pytest.approx((1 + as_far) / (1 + len(found)))


def test_weeks_that_are_missing_now_and_then_leave_p_values() -> None:
    # Four weeks a year: not one in six windows of sixteen weeks would be whole.
    unsound = tuple(np.random.default_rng(3).choice(250, 20, replace=False).tolist())
    rows = rows_of(world(weeks=250, unsound=unsound), shocks(40, 90, 140, 220))
    row = only(rows, country_iso2="CN", measure="log_accounts", method="segmented",
               shock_date=shock(140).date)  # fmt: skip
    assert row["status"] == "ok"
    assert row["placebo_effective_windows"] >= 20


def test_too_few_placebos_is_a_status_with_figures_and_without_a_verdict() -> None:
    rows = rows_of(world(weeks=50), shocks(25))
    row = only(rows, country_iso2="CN", measure="log_accounts", method="segmented",
               shock_date=shock(25).date)  # fmt: skip
    assert row["status"] == "too_few_placebos"
    assert row["placebo_effective_windows"] < 20
    assert row["effect_pct_ci_low"] < row["effect_pct"] < row["effect_pct_ci_high"]
    assert row["placebo_p_value"] is row["placebo_q_value"] is None
    assert row["effect_pct_placebo_low"] is row["effect_pct_placebo_high"] is None


def test_placebos_of_too_few_accounts_are_none() -> None:
    rng = np.random.default_rng(4)
    counts = rng.poisson(np.where(np.arange(WEEKS) < 60, 4.0, 100.0)).astype(float)
    series = {
        (country, "any"): weekly(country, counts, 2 * counts + 50) for country in ("CN", "US")
    }
    row = only(rows_of(series, shocks(90)), country_iso2="CN", measure="log_accounts",
               method="segmented", shock_date=shock(90).date)  # fmt: skip
    by_hand = [
        centre
        for centre in range(6, WEEKS - 5)
        if 90 not in range(centre - 8, centre + 8)
        and counts[max(centre - 8, 0) : centre + 8].mean() >= 10
    ]
    assert row["placebo_count"] == len(by_hand) < 50


def test_shares_of_all_or_none_and_weeks_without_locations_raise_nothing() -> None:
    rng = np.random.default_rng(0)
    china = rng.poisson(50, WEEKS).astype(float)
    others = np.where(np.arange(WEEKS) < 60, 0.0, 20.0)
    series = {
        ("CN", "any"): weekly("CN", china, china + others),
        ("US", "any"): weekly("US", others, china + others),
    }
    row = only(rows_of(series, shocks(60)), country_iso2="CN", measure="logit_located_share",
               method="segmented", shock_date=shock(60).date)  # fmt: skip
    count = china[52:60].sum()
    assert row["base_value"] == pytest.approx((count + 0.5) / (count + 1.0))
    assert row["effect_pp"] == pytest.approx(effect_pp(row["level_change"], row["base_value"]))
    row = only(rows_of({**series, ("CN", "any"): weekly("CN", others, china + others)},
                       shocks(60)), country_iso2="CN", measure="logit_located_share",
               method="segmented", shock_date=shock(60).date)  # fmt: skip
    assert row["effect_pp"] > 1.0  # from half an account in hundreds to more than a fifth


def test_a_share_of_nobody_is_not_known() -> None:
    located = np.array([0.0, 4.0])
    with np.errstate(invalid="ignore"):
        series = weekly("CN", [0.0, 1.0], located)
    shares = measured(series, LOGIT_SHARE)
    assert np.isnan(shares[0])
    assert shares[1] == pytest.approx(np.log(1.5 / 3.5))
    assert measured(series, LOG_ACCOUNTS)[0] == pytest.approx(np.log(0.5))


@pytest.mark.parametrize(
    ("week", "unsound", "week_count"),
    [(-30, (), 0), (3, (), 11), (WEEKS + 60, (), 0), (40, (33, 34, 35), 13)],
)
def test_too_few_weeks_are_said_and_give_no_figures(
    week: int, unsound: tuple[int, ...], week_count: int
) -> None:
    rows = rows_of(world(unsound=unsound), shocks(week))
    row = only(rows, country_iso2="CN", measure="log_accounts", method="segmented",
               shock_date=shock(week).date)  # fmt: skip
    assert (row["status"], row["week_count"]) == ("too_few_weeks", week_count)
    assert row["has_break_overlap"] == bool(unsound)
    figures = [name for name in row if name.startswith(("level", "slope", "effect", "placebo"))]
    assert len(figures) == 26
    assert all(row[name] is None for name in figures)


def test_a_shock_of_six_weeks_ago_is_judged_by_the_weeks_there_are() -> None:
    row = only(rows_of(world(), shocks(WEEKS - 6)), country_iso2="CN", measure="log_accounts",
               method="segmented", shock_date=shock(WEEKS - 6).date)  # fmt: skip
    assert (row["status"], row["week_count"], row["has_break_overlap"]) == ("ok", 14, False)


def test_countries_of_few_accounts_are_left_out_but_for_the_two_in_question() -> None:
    series = dict(world())
    few = np.full(WEEKS, 4.0)
    series["CN", "any"] = weekly("CN", few, series["CN", "any"].located)
    rows = rows_of(series, shocks(40))
    assert {row["country_iso2"] for row in rows} == {"CN", "IN", "US"}
    assert {row["status"] for row in rows if row["country_iso2"] == "CN" and row["shock_date"]} == {
        "too_few_accounts"
    }


def test_q_values_are_of_one_shock_measure_window_and_method() -> None:
    rows = rows_of(world(), shocks(40, 90))
    for name in ("level", "placebo"):
        family = [
            row
            for row in rows
            if (row["shock_date"], row["measure"], row["method"])
            == (shock(40).date, "log_accounts", "segmented")
        ]
        assert len(family) == 3
        truth = multipletests([row[f"{name}_p_value"] for row in family], method="fdr_bh")[1]
        assert [row[f"{name}_q_value"] for row in family] == pytest.approx(list(truth))


def test_flags_say_what_else_fell_into_the_window() -> None:
    release = [sunday(47)]
    loss = [
        Loss(sunday(60), sunday(61), frozenset({"any"})),
        Loss(sunday(40), None, frozenset({"attention"})),
    ]
    calendar = Calendar([shock(40), shock(54)], release, loss)
    rows = rows_of(world(), calendar)

    def flags(week: int) -> tuple[bool, ...]:
        row = only(rows, country_iso2="US", measure="log_accounts", method="segmented",
                   shock_date=shock(week).date)  # fmt: skip
        return tuple(row[f"has_{name}_overlap"] for name in ("shock", "release", "break"))

    assert flags(40) == (False, True, False)  # weeks 32 to 47
    assert flags(54) == (False, True, True)  # weeks 46 to 61


def test_pooled_effects_equal_statsmodels_and_take_one_shock_a_week() -> None:
    calendar = Calendar(
        [
            shock(20),
            shock(40),
            shock(40, name="the same week"),
            shock(60, is_paper=False),
            shock(80),
            shock(-50),
        ],
        [],
        [],
    )
    rows = rows_of(world(seed=5), calendar)
    for name, weeks in ((POOLED_PAPER, (20, 40, 80)), (POOLED_CONTROLS, (20, 40, 60, 80))):
        mine = {"country_iso2": "CN", "measure": "log_accounts", "method": "segmented"}
        row = only(rows, shock_name=name, **mine)
        single = [only(rows, shock_name=f"shock of week {week}", **mine) for week in weeks]
        truth = combine_effects(
            np.array([each["level_change"] for each in single]),
            np.array([each["level_change_se"] for each in single]) ** 2,
            method_re="chi2",
        )
        assert (row["shock_date"], row["shock_count"]) == (None, len(weeks))
        assert row["tau_squared"] == pytest.approx(max(0.0, float(truth.tau2)))
        pooled = truth.mean_effect_re if truth.tau2 > 0 else truth.mean_effect_fe
        assert row["level_change"] == pytest.approx(float(pooled))
        assert row["effect_pct"] == pytest.approx(100 * (np.exp(float(pooled)) - 1))
        assert row["placebo_count"] == min(each["placebo_count"] for each in single)
        assert row["status"] == "ok"
        assert (
            row["level_change_placebo_low"] < row["level_change"] < row["level_change_placebo_high"]
        )
        is_told = row["placebo_p_value"] <= 0.05
        ends = [row[f"effect_pct_placebo_{end}"] for end in ("low", "high")]
        assert is_told == (min(ends) > 0 or max(ends) < 0)


def test_one_shock_is_not_pooled() -> None:
    row = only(rows_of(world(), shocks(40)), shock_name=POOLED_PAPER, country_iso2="CN",
               measure="log_accounts", method="segmented")  # fmt: skip
    assert (row["status"], row["shock_count"]) == ("too_few_shocks", 1)
    assert row["level_change"] is None


def test_the_papers_specification_stands_beside() -> None:
    series = dict(world())
    for country in ("CN", "US"):
        any_group = series[country, "any"]
        series[country, "attention"] = weekly(
            country, any_group.count, any_group.located, event_group="attention"
        )
    rng = np.random.default_rng(2)
    panel = ForkPanel(
        np.zeros(3, dtype=np.int64),
        {
            label: np.vstack(
                [np.zeros(WEEKS), rng.poisson(9.0, size=(3, WEEKS)).cumsum(axis=0)]
            ).astype(np.float64)
            for label in LABELS
        },
    )
    rows = rows_of(series, shocks(40), panel)
    for method, country, label in (
        ("paper", "CN", "before_17"),
        ("paper", "US", "from_17"),
        ("paper_located", "CN", "located_cn"),
        ("paper_located", "US", "located_us"),
    ):
        row = only(rows, method=method, country_iso2=country, shock_date=shock(40).date)
        mean = panel.running[label][-1] / 3
        assert row["measure"] == "forks_per_repository_week"
        assert row["level_change"] == pytest.approx(mean[40:48].mean() - mean[32:40].mean())
        assert row["base_value"] == pytest.approx(mean[32:40].mean())
        assert row["effect_pct"] is None


def test_percent_and_points_are_had_back_from_logs_and_logits() -> None:
    assert effect_pct(np.log(1.25)) == pytest.approx(25.0)
    # Odds of 1 to 3, doubled: 2 to 3.
    assert effect_pp(np.log(2.0), 0.25) == pytest.approx(15.0)
    assert effect_pp(0.0, 0.4) == pytest.approx(0.0)


def test_without_series_or_shocks_there_are_no_rows() -> None:
    for made in (shock_rows({}, shocks(40)), shock_rows(world(), shocks())):
        assert (made.effects.num_rows, made.leads_lags.num_rows) == (0, 0)


def test_no_series_of_a_month_raises_and_all_of_it_says_too_few_weeks() -> None:
    rows = rows_of(world(weeks=4), shocks(1, 200))
    assert rows
    assert {row["status"] for row in rows} == {"too_few_weeks", "too_few_shocks"}
    assert {row["from_date"] for row in rows if row["shock_date"] == shock(1).date} == {
        sunday(1) - timedelta(weeks=8, days=6)
    }
