"""mart.shock_effects and mart.shock_leads_lags: rows of every effect, pooled and adjusted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from assets.shifts.cases import EVENT_GROUPS, Case, cases
from assets.shifts.effects import OK, TOO_FEW_PLACEBOS, WINDOWS, Effect, effects_on
from assets.shifts.paper import ForkPanel
from assets.shifts.placebo import adjusted, half_width, p_value
from assets.shifts.pooling import drawn, pooled
from assets.shifts.regression import Estimate
from assets.shifts.series import SeriesByCell
from assets.shifts.shocks import Calendar, Shock, Window
from assets.shifts.tables import SHOCK_EFFECTS, SHOCK_LEADS_LAGS

TOO_FEW_SHOCKS = "too_few_shocks"
#: What is pooled, and under which name; of shocks of one week the first stands for all.
POOLED_PAPER = "The four shocks of arXiv:2606.15999, pooled"
POOLED_CONTROLS = "Tightened export controls, pooled"
_COMPARED = (*SHOCK_EFFECTS.key[:2], *SHOCK_EFFECTS.key[3:])  # all of the key but the country
_DAYS_A_WEEK = 7


#: Of each window and event group: whether it holds another shock, a release, a known loss.
Overlaps = Mapping[tuple[Window, str], tuple[bool, bool, bool]]


@dataclass(frozen=True, slots=True)
class ShockRows:
    """Rows of the two tables."""

    effects: pa.Table
    leads_lags: pa.Table


def shock_rows(
    series: SeriesByCell,
    calendar: Calendar,
    forks: ForkPanel | None = None,
    windows: Sequence[int] = WINDOWS,
) -> ShockRows:
    """All effects of all shocks; no rows where there is no series, or no shock.

    Args:
        series: weekly, of all countries, CN and US among them.
        calendar: of shocks and of what may be mistaken for their effects.
        forks: for the paper's specification, on the series' dates; None to leave it out.
        windows: weeks on each side.
    """
    rows: list[dict[str, Any]] = []
    leads_lags: list[dict[str, Any]] = []
    if series and calendar.shocks:
        dates = next(iter(series.values())).dates
        overlaps = {
            (window, group): (
                calendar.has_shock_overlap(window),
                calendar.has_release_overlap(window),
                calendar.has_loss(window, group),
            )
            for window in (Window(shock, weeks) for shock in calendar.shocks for weeks in windows)
            for group in EVENT_GROUPS
        }
        for case in cases(series, forks):
            found = list(effects_on(case, dates, calendar, windows))
            rows += [_row(effect, overlaps) for effect in found]
            rows += [
                _pooled_row([each for each in found if each.window.weeks == weeks], name, overlaps)
                for weeks in windows
                for name in (POOLED_PAPER, POOLED_CONTROLS)
            ]
            leads_lags += [row for effect in found for row in _leads_lags(effect)]
    _adjust(rows)
    return ShockRows(SHOCK_EFFECTS.arrow(rows), SHOCK_LEADS_LAGS.arrow(leads_lags))


def effect_pct(change: float) -> float:
    """A change of a logarithm in percent: 100 · (e^change - 1)."""
    return float(100.0 * np.expm1(change))


def effect_pp(change: float, base_share: float) -> float:
    """A change of a logit in percentage points of a share that was `base_share` before."""
    odds = base_share / (1.0 - base_share) * np.exp(change)
    return float(100.0 * (odds / (1.0 + odds) - base_share))


def _row(effect: Effect, overlaps: Overlaps) -> dict[str, Any]:
    """An effect as a row, but for what compares countries."""
    window, found, placebo = effect.window, effect.fit, effect.placebo
    row = _blank(effect.case, window.weeks) | {
        "shock_date": window.shock.date,
        "shock_name": window.shock.name,
        "is_paper_shock": window.shock.is_paper_shock,
        "status": effect.status,
        "from_date": window.first,
        "to_date": window.last,
        "week_count": effect.week_count,
        "base_value": effect.base,
        **_flags([effect], overlaps),
    }
    if found is None or placebo is None:
        return row
    row |= _level(found.level, effect.case, effect.base)
    row |= _left_open(found.level.value, placebo.half_width, effect.case, effect.base)
    row |= {
        "hac_lag_count": found.lag_count,
        "placebo_count": placebo.count,
        "placebo_effective_windows": placebo.effective_count,
        "placebo_p_value": placebo.p_value,
        "pre_trend_p_value": effect.study.pre_trend_p_value if effect.study else None,
    }
    if found.slope is not None:
        row |= _triple("slope_change", found.slope) | {"slope_p_value": found.slope.p_value}
    return row


def _flags(effects: Sequence[Effect], overlaps: Overlaps) -> dict[str, bool]:
    """What else fell into the window of any of the effects."""
    found = [overlaps[effect.window, effect.case.event_group] for effect in effects]
    return {
        "has_shock_overlap": any(has_shock for has_shock, _, _ in found),
        "has_release_overlap": any(has_release for _, has_release, _ in found),
        "has_break_overlap": any(has_loss for _, _, has_loss in found)
        or any(effect.has_unsound for effect in effects),
    }


def _blank(case: Case, weeks: int) -> dict[str, Any]:
    """A case's row without figures."""
    return dict.fromkeys(SHOCK_EFFECTS.column_names) | {
        "country_iso2": case.country_iso2,
        "reference_iso2": case.reference_iso2,
        "event_group": case.event_group,
        "measure": case.measure,
        "window_weeks": weeks,
        "method": case.method,
    }


def _triple(name: str, estimate: Estimate) -> dict[str, Any]:
    return {
        name: estimate.value,
        f"{name}_ci_low": estimate.low,
        f"{name}_ci_high": estimate.high,
    }


def _level(estimate: Estimate, case: Case, base: float | None) -> dict[str, Any]:
    """A change of level as it is, and in the unit that people read."""
    named = {"": estimate.value, "_ci_low": estimate.low, "_ci_high": estimate.high}
    return _in_units(named, case, base) | {
        "level_change_se": estimate.se,
        "level_p_value": estimate.p_value,
    }


def _left_open(
    change: float, width: float | None, case: Case, base: float | None
) -> dict[str, Any]:
    """Between what changes the effect lies, by placebo weeks; nothing where they do not say."""
    if width is None:
        return {}
    ends = {"_placebo_low": change - width, "_placebo_high": change + width}
    return _in_units(ends, case, base)


def _in_units(named: Mapping[str, float], case: Case, base: float | None) -> dict[str, float]:
    """Changes of level by the ends of their columns' names, and in the unit that people read."""
    row = {f"level_change{end}": value for end, value in named.items()}
    if case.link == "log":
        row |= {f"effect_pct{end}": effect_pct(value) for end, value in named.items()}
    elif case.link == "logit" and base is not None:
        row |= {f"effect_pp{end}": effect_pp(value, base) for end, value in named.items()}
    return row


def _pooled_row(effects: Sequence[Effect], name: str, overlaps: Overlaps) -> dict[str, Any]:
    """Effects of one case and width together."""
    is_paper = name == POOLED_PAPER
    chosen = _one_a_week(
        effect for effect in effects if effect.fit and _is_pooled(effect.window.shock, is_paper)
    )
    case, weeks = effects[0].case, effects[0].window.weeks
    levels = [effect.fit.level for effect in chosen if effect.fit]
    placebos = [effect.placebo for effect in chosen if effect.placebo]
    together = pooled([each.value for each in levels], [each.se for each in levels])
    is_told = all(each.p_value is not None for each in placebos)
    row = _blank(case, weeks) | {
        "shock_name": name,
        "is_paper_shock": is_paper,
        "status": TOO_FEW_SHOCKS if together is None else OK if is_told else TOO_FEW_PLACEBOS,
        "shock_count": together.count if together else len(levels),
        **_flags(chosen, overlaps),
    }
    if together is None:
        return row
    bases = [effect.base for effect in chosen if effect.base is not None]
    base = sum(bases) / len(bases)
    estimate = Estimate(together.value, together.se, together.low, together.high, together.p_value)
    draws = drawn(together, [each.changes for each in placebos]) if is_told else None
    width = None if draws is None else half_width(draws)
    return (
        row
        | _level(estimate, case, base)
        | _left_open(together.value, width, case, base)
        | {
            "base_value": base,
            "tau_squared": together.tau_squared,
            "heterogeneity_p_value": together.heterogeneity_p_value,
            "placebo_count": min(each.count for each in placebos),
            "placebo_effective_windows": min(each.effective_count for each in placebos),
            "placebo_p_value": None if draws is None else p_value(together.value, draws),
        }
    )


def _is_pooled(shock: Shock, is_paper: bool) -> bool:
    return shock.is_paper_shock if is_paper else shock.is_control


def _one_a_week(effects: Iterable[Effect]) -> list[Effect]:
    """The first of each week: shocks of one week have the same windows."""
    found: dict[object, Effect] = {}
    for effect in effects:
        found.setdefault(effect.window.shock.week, effect)
    return list(found.values())


def _leads_lags(effect: Effect) -> list[dict[str, Any]]:
    study = effect.study
    if study is None:
        return []
    shock, start = effect.window.shock, np.datetime64(effect.window.shock.week, "D")
    columns = {
        "estimate": study.estimate,
        "estimate_ci_low": study.low,
        "estimate_ci_high": study.high,
        "estimate_se": study.se,
        "placebo_p_value": study.p_value,
    }
    return [
        {
            "shock_date": shock.date,
            "shock_name": shock.name,
            "country_iso2": effect.case.country_iso2,
            "reference_iso2": effect.case.reference_iso2,
            "event_group": effect.case.event_group,
            "measure": effect.case.measure,
            "window_weeks": effect.window.weeks,
            "relative_week": int(week),
            "week_date": (start + np.timedelta64(_DAYS_A_WEEK * int(week), "D")).item(),
            **{name: _known(values[at]) for name, values in columns.items()},
            "placebo_count": study.placebo_count,
        }
        for at, week in enumerate(study.weeks)
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _adjust(rows: Sequence[dict[str, Any]]) -> None:
    """Set the q values: families are the countries of one shock, group, measure, window, method."""
    families: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        families.setdefault(tuple(row[name] for name in _COMPARED), []).append(row)
    for family in families.values():
        for name in ("level", "placebo"):
            values = adjusted([_number(row, f"{name}_p_value") for row in family])
            for row, value in zip(family, values, strict=True):
                row[f"{name}_q_value"] = value


def _number(row: Mapping[str, Any], name: str) -> float | None:
    value = row[name]
    return None if value is None else float(value)
