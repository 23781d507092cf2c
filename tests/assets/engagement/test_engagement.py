"""Cells to rows: figures worked by hand, groupings, and shares of worlds against the truth."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.attribution.posterior import OTHERS, STRATA
from assets.attribution.tables import ATTRIBUTION_MODEL
from assets.engagement.engagement import DayEngagement, Hours, day_engagement, window_of
from assets.engagement.tables import STAGED_CONCENTRATION, STAGED_ENGAGEMENT
from benchmarks.worlds import HIDING, TRUTH, Figure, figures

DAY = date(2024, 12, 15)
HOURS = {"day": Hours(24, 24), "week": Hours(168, 168), "28d": Hours(600, 672)}
CHINA = {"cn_hk_mo_tw": dict.fromkeys(("CN", "HK", "MO", "TW"), "CN")}
#: Located accounts by country; under None those of which nothing is known.
Counts = Mapping[str | None, int]


def cell(
    counts: Counts,
    *,
    period: str = "day",
    scope: str = "tracked",
    event_group: str = "attention",
    labels: Mapping[int, int] | None = None,
    before: float = 0.5,
) -> list[dict[str, Any]]:
    """Rows of `count_cells` of one cell, two events an account, unlocated ones in stratum 2."""
    found: list[tuple[str | None, int | None, int]] = [
        *((country, None, count) for country, count in counts.items()),
        *((None, label, count) for label, count in (labels or {}).items()),
    ]
    return [
        {
            "activity_date": DAY,
            "period": period,
            "scope": scope,
            "event_group": event_group,
            "located_iso2": country,
            "evidence_stratum": None if label is None else 2,
            "evidence_label": label,
            "actor_count": count,
            "single_count": 0,
            "double_count": count,
            "event_count": 2 * count,
            "before_17_count": round(2 * count * before),
        }
        for country, label, count in found
    ]


def cells_of(*parts: Sequence[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(
        [row for part in parts for row in part],
        schema=pa.schema(
            {
                "activity_date": pa.date32(),
                "period": pa.string(),
                "scope": pa.string(),
                "event_group": pa.string(),
                "located_iso2": pa.string(),
                "evidence_stratum": pa.int32(),
                "evidence_label": pa.int32(),
                "actor_count": pa.int64(),
                "single_count": pa.int64(),
                "double_count": pa.int64(),
                "event_count": pa.int64(),
                "before_17_count": pa.int64(),
            }
        ),
    )


def model_of(located: Mapping[str, int], odds: Mapping[str, float] | None = None) -> pa.Table:
    """core.attribution_model whose sure labels name the class; odds known to 0.05."""
    rng = np.random.default_rng(7)
    classes = [*sorted(located), OTHERS]
    rows = []
    for number, country in enumerate(classes):
        base = located.get(country, 0) + 0.5
        theta = (odds or {}).get(country, 0.0)
        rates = np.zeros((STRATA, 2 * len(classes)))
        rates[:, 2 * number + 1] = 1.0
        rows.append(
            {
                "as_of_date": DAY,
                "class_number": number,
                "country_iso2": country,
                "located_weight": base,
                "unlocated_share": 1 / len(classes),
                "log_missingness_odds": theta,
                "temperature": 1.0,
                "located_draws": (rng.poisson(base, 200) + 0.5).tolist(),
                "log_odds_draws": (theta + 0.05 * rng.standard_normal(200)).tolist(),
                "label_rates": rates.reshape(-1).tolist(),
                "model_version": "test",
            }
        )
    return ATTRIBUTION_MODEL.arrow(rows)


MODEL = model_of({"CN": 300, "HK": 30, "TW": 60, "US": 400})


def made_of(
    *parts: Sequence[dict[str, Any]],
    model: pa.Table = MODEL,
    groupings: Mapping[str, Mapping[str, str]] | None = None,
) -> DayEngagement:
    made = day_engagement(DAY, cells_of(*parts), model, groupings or {}, HOURS)
    assert made.engagement.schema == STAGED_ENGAGEMENT.arrow_schema
    assert made.concentration.schema == STAGED_CONCENTRATION.arrow_schema
    return made


def by_country(made: DayEngagement, **wanted: str) -> dict[str, dict[str, Any]]:
    """Rows of one cell, countries apart in tracked attention of the day unless told otherwise."""
    key = {
        "period": "day",
        "scope": "tracked",
        "event_group": "attention",
        "grouping": "apart",
        **wanted,
    }
    return {
        row["country_iso2"]: row
        for row in made.engagement.to_pylist()
        if all(row[name] == value for name, value in key.items())
    }


def test_rows_of_a_small_cell_are_as_worked_by_hand() -> None:
    """CN 8, US 2, unknown 10, all alike: 10 located of 20 accounts with 40 events, 30 before 17:00.

    CN: located share 8/10, Wilson 0.490162 to 0.943318 (see test_intervals); worst case 8/20 to
    18/20. The model's odds are 0 and its mix is the cell's, so that the unknown are 8 and 2 too.
    """
    made = made_of(
        cell({"CN": 8, "US": 2, None: 10}, before=0.75), model=model_of({"CN": 8_000, "US": 2_000})
    )
    rows = by_country(made)
    assert rows.keys() == {"CN", "US"}
    china = rows["CN"]
    shown = {
        "activity_date": DAY,
        "country_iso2": "CN",
        "actor_count": 8,
        "located_actor_count": 10,
        "total_actor_count": 20,
        "located_share": 0.8,
        "unknown_share": 0.5,
        "share_low": 0.4,
        "share_high": 0.9,
        "complete_hour_count": 24,
        "expected_hour_count": 24,
        "is_complete": True,
        "clock_17utc_share": 0.75,
    }
    assert {name: china[name] for name in shown} == shown
    assert china["located_share_ci_low"] == pytest.approx(0.490162, abs=1e-6)
    assert china["located_share_ci_high"] == pytest.approx(0.943318, abs=1e-6)
    assert china["share"] == pytest.approx(0.8, abs=1e-3)
    assert china["share_low"] < china["share_ci_low"] < china["share"] < china["share_ci_high"]
    assert rows["US"]["located_share"] == 0.2
    assert rows["US"]["clock_17utc_share"] is None
    assert (rows["US"]["share_low"], rows["US"]["share_high"]) == (0.1, 0.6)


def test_a_share_is_corrected_by_the_labels_of_the_unlocated() -> None:
    """CN 200 and US 600 located; labels name 600 and 200 more: half and half."""
    model = model_of({"CN": 200, "US": 600}, {"CN": np.log(3), "US": -np.log(3)})
    rows = by_country(made_of(cell({"CN": 200, "US": 600}, labels={1: 600, 3: 200}), model=model))
    for country in ("CN", "US"):
        assert rows[country]["share"] == pytest.approx(0.5, abs=0.01)
        assert rows[country]["share_ci_low"] < 0.5 < rows[country]["share_ci_high"]
    assert rows["CN"]["located_share"] == 0.25


def test_the_standard_error_of_the_log_is_a_quarter_of_the_intervals_width_there() -> None:
    (row,) = (
        each for each in by_country(made_of(cell({"CN": 80, "US": 120}))).values()
        if each["country_iso2"] == "CN"
    )  # fmt: skip
    width = np.log(row["share_ci_high"] / row["share_ci_low"])
    assert row["share_log_se"] == pytest.approx(width / (2 * 1.959964), rel=1e-6)
    # All are located: by the delta method sqrt((1 - 0.4) / (0.4 · 200)) = 0.0866.
    assert row["share_log_se"] == pytest.approx(0.0866, rel=0.2)


def test_a_lower_bound_of_zero_has_no_standard_error_of_the_log() -> None:
    """One account of 40: more than one in three replicates draw it not at all."""
    row = by_country(made_of(cell({"CN": 1, "US": 39})))["CN"]
    assert row["share_ci_low"] == 0
    assert row["share_log_se"] is None
    assert row["share"] == pytest.approx(1 / 40)


def test_a_country_without_located_accounts_in_a_cell_has_no_row() -> None:
    made = made_of(
        cell({"CN": 5}), cell({"US": 5}, event_group="contribution"), cell({None: 9}, scope="panel")
    )
    assert by_country(made).keys() == {"CN"}
    assert by_country(made, event_group="contribution").keys() == {"US"}
    assert by_country(made, scope="panel") == {}
    assert made.concentration["scope"].to_pylist() == ["tracked", "tracked"]


def test_hours_are_those_of_the_period() -> None:
    made = made_of(*(cell({"CN": 5}, period=period) for period in HOURS))
    for period, hours in HOURS.items():
        row = by_country(made, period=period)["CN"]
        assert (row["complete_hour_count"], row["expected_hour_count"]) == (
            hours.complete,
            hours.expected,
        )
        assert row["is_complete"] is (period != "28d")


def test_grouped_countries_are_the_sum_of_their_own_and_others_stay_as_they_are() -> None:
    located: Counts = {"CN": 60, "HK": 20, "MO": 5, "TW": 15, "US": 100}
    made = made_of(cell({**located, None: 40}, labels={1: 30}), groupings=CHINA)
    apart, grouped = by_country(made), by_country(made, grouping="cn_hk_mo_tw")
    assert grouped.keys() == {"CN", "US"}
    members = [apart[code] for code in ("CN", "HK", "MO", "TW")]
    for name in ("actor_count", "located_share", "share"):
        assert grouped["CN"][name] == pytest.approx(sum(each[name] for each in members))
    assert grouped["CN"]["located_actor_count"] == 200
    assert grouped["CN"]["total_actor_count"] == 270
    # Members' errors partly cancel: the group's interval is narrower than theirs laid end to end,
    # and drawn from the same replicates, so that what the grouping leaves alone does not move.
    widths = [each["share_ci_high"] - each["share_ci_low"] for each in members]
    assert grouped["CN"]["share_ci_high"] - grouped["CN"]["share_ci_low"] < sum(widths)
    assert grouped["CN"]["share_ci_low"] > sum(each["share_ci_low"] for each in members)
    assert {**grouped["US"], "grouping": "apart"} == apart["US"]
    assert grouped["CN"]["clock_17utc_share"] == apart["CN"]["clock_17utc_share"] == 0.5


def test_the_interval_of_a_group_of_all_is_a_point() -> None:
    """Everybody is located and of one group: each replicate's share is 1, as no sum of parts is."""
    made = made_of(cell({"CN": 30, "HK": 10, "TW": 10}), groupings=CHINA)
    (row,) = by_country(made, grouping="cn_hk_mo_tw").values()
    assert row["share"] == pytest.approx(1)
    assert row["share_ci_low"] == pytest.approx(1)
    assert row["share_ci_high"] == pytest.approx(1)


@pytest.mark.parametrize("located", [1, 2, 3])
@pytest.mark.parametrize("unknown", [0, 4])
def test_no_bound_of_a_share_or_an_index_passes_one_by_a_rounding(
    located: int, unknown: int
) -> None:
    """No country is a class of its own, and one is there: its replicates are 1 to a rounding."""
    few = cell({"CN": located, None: unknown})
    made = made_of(few, model=model_of({}), groupings=CHINA)
    for rows, name in ((made.engagement, "share"), (made.concentration, "herfindahl")):
        for bound in ("", "_ci_low", "_ci_high"):
            assert max(rows[f"{name}{bound}"].to_pylist()) <= 1.0, (name, bound)


def test_concentration_is_as_worked_by_hand() -> None:
    """CN 3/4 and US 1/4: 9/16 + 1/16 = 0.625, as of 1.6 equal countries."""
    made = made_of(cell({"CN": 300, "US": 100}), groupings=CHINA)
    apart, grouped = made.concentration.to_pylist()
    assert (apart["grouping"], grouped["grouping"]) == ("apart", "cn_hk_mo_tw")
    assert apart["herfindahl"] == pytest.approx(0.625)
    assert apart["effective_countries"] == pytest.approx(1.6)
    assert apart["total_actor_count"] == 400
    assert apart["herfindahl_ci_low"] < 0.625 < apart["herfindahl_ci_high"]
    assert apart["effective_countries_ci_low"] == pytest.approx(1 / apart["herfindahl_ci_high"])
    assert apart["effective_countries_ci_high"] == pytest.approx(1 / apart["herfindahl_ci_low"])
    # p² + (1 - p)² has slope 4p - 2 = 1 at 3/4: 1.96 · sqrt(3/16 / 400) = 0.0424 either way.
    assert apart["herfindahl_ci_high"] - apart["herfindahl_ci_low"] == pytest.approx(
        0.0849, rel=0.2
    )


def test_grouped_countries_are_one_in_the_concentration() -> None:
    """1/4 each of CN, HK, TW and US: 4 equal countries apart; 3/4 and 1/4 together, 1.6."""
    made = made_of(cell({"CN": 50, "HK": 50, "TW": 50, "US": 50}), groupings=CHINA)
    numbers = made.concentration["effective_countries"].to_pylist()
    assert numbers == pytest.approx([4, 1.6])


def test_a_cell_of_one_country_is_wholly_concentrated() -> None:
    (row,) = made_of(cell({"CN": 2})).concentration.to_pylist()
    for name in ("herfindahl", "effective_countries"):
        assert [row[f"{name}{end}"] for end in ("", "_ci_low", "_ci_high")] == [1.0, 1.0, 1.0]


def test_every_country_of_the_world_in_one_cell_has_its_row() -> None:
    """240 countries of 1 to 50 accounts: replicates in single precision still sum to 1."""
    rng = np.random.default_rng(5)
    letters = "ABCDEFGHIJKLMNOP"
    codes = [a + b for a in letters for b in letters][:240]
    counts: Counts = {code: int(rng.integers(1, 51)) for code in codes}
    made = made_of(cell(counts), groupings={"halves": {code: code[0] * 2 for code in codes}})
    rows = by_country(made)
    assert len(rows) == 240
    assert sum(row["share"] for row in rows.values()) == pytest.approx(1)
    total = sum(counts.values())
    expected = sum((count / total) ** 2 for count in counts.values())
    assert made.concentration["herfindahl"][0].as_py() == pytest.approx(expected)


def test_a_location_quotient_is_the_share_over_the_panels() -> None:
    """CN 60 of 100 on tracked repositories and 200 of 1,000 in the panel: 0.6 / 0.2 = 3.

    Its interval is log-normal: exp(± 1.96 · root of the sum of both squared errors).
    """
    made = made_of(
        cell({"CN": 60, "US": 40}), cell({"CN": 200, "US": 800}, scope="panel", before=0.1)
    )
    tracked, panel = by_country(made)["CN"], by_country(made, scope="panel")["CN"]
    assert tracked["location_quotient"] == pytest.approx(3)
    error = np.hypot(tracked["share_log_se"], panel["share_log_se"])
    assert tracked["location_quotient_ci_low"] == pytest.approx(3 * np.exp(-1.959964 * error))
    assert tracked["location_quotient_ci_high"] == pytest.approx(3 * np.exp(1.959964 * error))
    # Katz et al.: sqrt(1/60 - 1/100 + 1/200 - 1/1000) = 0.1033.
    assert error == pytest.approx(0.1033, rel=0.2)
    assert by_country(made)["US"]["location_quotient"] == pytest.approx(0.5)


def test_a_location_quotient_needs_a_panel_of_the_same_period_and_group_with_the_country() -> None:
    made = made_of(
        cell({"CN": 60, "DE": 40}),
        cell({"CN": 60, "US": 40}, event_group="contribution"),
        cell({"CN": 60, "US": 40}, period="week"),
        cell({"CN": 20, "US": 80}, scope="panel"),
        cell({"CN": 20, "US": 80}, scope="panel", period="28d"),
    )
    names = ("location_quotient", "location_quotient_ci_low", "location_quotient_ci_high")
    without = [
        by_country(made)["DE"],
        by_country(made, event_group="contribution")["CN"],
        by_country(made, period="week")["CN"],
        by_country(made, scope="panel")["CN"],
        by_country(made, scope="panel", period="28d")["CN"],
    ]
    for row in without:
        assert [row[name] for name in names] == [None, None, None]
    assert by_country(made)["CN"]["location_quotient"] == pytest.approx(3)


@settings(max_examples=15)
@given(
    st.dictionaries(
        st.sampled_from(["CN", "HK", "US", "DE", "NZ"]), st.integers(1, 40), min_size=1
    ),
    st.integers(0, 30),
    st.dictionaries(st.integers(0, 9), st.integers(1, 30)),
)
def test_rows_of_a_cell_are_inside_their_bounds_and_sum_to_one_at_most(
    located: dict[str | None, int], unknown: int, labels: dict[int, int]
) -> None:
    made = made_of(cell({**located, None: unknown}, labels=labels), groupings=CHINA)
    for grouping in ("apart", "cn_hk_mo_tw"):
        rows = by_country(made, grouping=grouping).values()
        assert sum(row["located_share"] for row in rows) == pytest.approx(1)
        total = sum(row["share"] for row in rows)
        assert total <= 1 + 1e-9
        if not unknown and not labels:
            assert total == pytest.approx(1)
        for row in rows:
            assert row["share_low"] - 1e-9 <= row["share"] <= row["share_high"] + 1e-9
            assert 0 <= row["share_ci_low"] <= row["share"] <= row["share_ci_high"] <= 1 + 1e-6
            assert row["located_share_ci_low"] <= row["located_share"]
            assert row["located_share"] <= row["located_share_ci_high"]


@pytest.mark.parametrize(
    ("cells", "model"),
    [
        (cells_of(), MODEL),
        (cells_of(cell({"CN": 5})), ATTRIBUTION_MODEL.arrow([])),
        (cells_of(cell({None: 5})), MODEL),
    ],
)
def test_without_cells_a_model_or_a_located_account_there_are_no_rows(
    cells: pa.Table, model: pa.Table
) -> None:
    made = day_engagement(DAY, cells, model, CHINA, HOURS)
    assert made.engagement.num_rows == made.concentration.num_rows == 0
    assert made.engagement.schema == STAGED_ENGAGEMENT.arrow_schema
    assert made.concentration.schema == STAGED_CONCENTRATION.arrow_schema


def test_the_same_cells_give_the_same_tables() -> None:
    parts = cell({"CN": 60, "US": 40, None: 10}, labels={1: 20, 3: 5})
    first, second = (made_of(parts, groupings=CHINA) for _ in range(2))
    assert first.engagement.equals(second.engagement)
    assert first.concentration.equals(second.concentration)


def test_a_models_rows_become_its_arrays_whatever_their_order() -> None:
    rows = MODEL.to_pylist()
    rows[1]["label_rates"] = list(np.arange(STRATA * 10.0))
    classes, window = window_of(ATTRIBUTION_MODEL.arrow(rows[::-1]))
    assert classes == ["CN", "HK", "TW", "US", OTHERS]
    assert window.base.tolist() == [300.5, 30.5, 60.5, 400.5, 0.5]
    assert window.label_rates.shape == (STRATA, 10, 5)
    assert window.label_rates[2, :, 1].tolist() == list(range(20, 30))
    assert window.base_draws.shape == window.theta_draws.shape == (200, 5)
    assert window.theta_draws[:, 3].tolist() == rows[3]["log_odds_draws"]


@pytest.fixture(scope="module")
def worlds() -> dict[bool, list[Figure]]:
    """China's attention over four weeks in ten worlds: with clocks, and on one clock for all."""
    found: dict[bool, list[Figure]] = {}
    # The databases and numpy of two worlds run beside each other; none sees the other.
    with ThreadPoolExecutor(max_workers=2) as pool:
        for shared_clock in (False, True):
            made = pool.map(partial(figures, shared_clock=shared_clock), range(1, 11))
            found[shared_clock] = [
                figure
                for world in made
                for figure in world
                if (figure.period, figure.event_group, figure.country)
                == ("28d", "attention", HIDING)
            ]
    return found


def test_in_worlds_whose_chinese_hide_the_corrected_share_is_near_the_truth(
    worlds: Mapping[bool, Sequence[Figure]],
) -> None:
    found = worlds[False]
    assert len(found) == 10
    located = np.mean([figure.located_share for figure in found])
    share = np.mean([figure.share for figure in found])
    assert TRUTH[HIDING] - located > 0.08
    assert abs(share - TRUTH[HIDING]) < 0.03
    assert all(figure.worst_low <= figure.share <= figure.worst_high for figure in found)


def test_useless_evidence_makes_intervals_wider_and_not_wrong(
    worlds: Mapping[bool, Sequence[Figure]],
) -> None:
    widths = {
        shared: np.mean([figure.high - figure.low for figure in found])
        for shared, found in worlds.items()
    }
    assert widths[True] > widths[False]
    assert sum(figure.is_covered for figure in worlds[True]) >= 9
