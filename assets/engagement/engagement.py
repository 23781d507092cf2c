"""Cells to rows of mart.engagement and mart.concentration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assets.attribution.posterior import OTHERS, STRATA
from assets.engagement.capture import Capture, Captures, extrapolated
from assets.engagement.cells import DayCells, day_cells
from assets.engagement.estimates import Estimates, Window, estimate_cells
from assets.engagement.intervals import Z_95
from assets.engagement.shares import share_columns
from assets.engagement.tables import STAGED_CONCENTRATION, STAGED_ENGAGEMENT
from assets.indices.formulas import herfindahl, ratio_interval

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]
APART = "apart"
_PANEL = "panel"
_LEAST_EXPECTED = 0.5  # accounts of a country, for a row without a located one
_CHINA = "CN"
_LOW, _HIGH = 0.025, 0.975


@dataclass(frozen=True, slots=True)
class Hours:
    """Hourly files of a period."""

    complete: int
    expected: int


@dataclass(frozen=True, slots=True)
class DayEngagement:
    """One day's rows of stage.engagement and stage.concentration."""

    engagement: pa.Table
    concentration: pa.Table


def window_of(model: pa.Table) -> tuple[list[str], Window]:
    """Classes and arrays of one day's core.attribution_model, which must not be empty."""
    rows = model.sort_by("class_number").to_pylist()
    rates = np.array([row["label_rates"] for row in rows])
    return [row["country_iso2"] for row in rows], Window(
        base=np.array([row["located_weight"] for row in rows]),
        theta=np.array([row["log_missingness_odds"] for row in rows]),
        label_rates=rates.reshape(len(rows), STRATA, -1).transpose(1, 2, 0),
        base_draws=np.array([row["located_draws"] for row in rows]).T,
        theta_draws=np.array([row["log_odds_draws"] for row in rows]).T,
    )


def day_engagement(
    day: date,
    cells: pa.Table,
    model: pa.Table,
    groupings: Mapping[str, Mapping[str, str]],
    hours: Mapping[str, Hours],
    captures: Captures | None = None,
) -> DayEngagement:
    """Shares of the cells whose period ends on a day.

    Args:
        day: UTC.
        cells: rows of `count_cells` of the day; without a located account nothing is estimated.
        model: core.attribution_model as of it; without rows likewise.
        groupings: name to country code to the code of its group; countries not in it stay.
        hours: by period.
        captures: by period, scope and event group; unknown where not given.
    """
    if not model.num_rows or cells["located_iso2"].null_count == cells.num_rows:
        return DayEngagement(
            STAGED_ENGAGEMENT.arrow_schema.empty_table(),
            STAGED_CONCENTRATION.arrow_schema.empty_table(),
        )
    classes, window = window_of(model)
    counted = day_cells(
        cells, STRATA, 2 * len(classes), [code for code in classes if code != OTHERS]
    )
    number = {code: at for at, code in enumerate(classes)}
    others = number[OTHERS]
    class_of = np.array([number.get(code, others) for code in counted.countries], dtype=np.int64)
    rng = np.random.default_rng([day.toordinal(), 2])
    total = counted.total
    maps = {
        grouping: _membership(counted.countries, group_of)
        for grouping, group_of in groupings.items()
    }
    codes_of = {APART: counted.countries, **{name: codes for name, (codes, _) in maps.items()}}
    memberships = [membership for _, membership in maps.values()]
    cell_captures = [(captures or {}).get(key, Capture()) for key in counted.keys]
    parts = []
    for chunk, estimates in estimate_cells(
        counted.located, class_of, counted.unlocated, counted.unlabelled, window, rng
    ):
        frequencies = (counted.located[chunk], counted.single[chunk], counted.double[chunk])
        grown, growth = extrapolated(estimates, frequencies, cell_captures[chunk], rng)
        parts.append(_parts(counted.located[chunk], total[chunk], grown, growth, memberships))
    shares, concentrations = [], []
    by_grouping = [_joined(each) for each in zip(*parts, strict=True)]
    for (grouping, codes), part in zip(codes_of.items(), by_grouping, strict=True):
        keys = _Keys(day, counted.keys, grouping, hours, cell_captures)
        shares.append(_share_rows(keys, counted, codes, part))
        concentrations.append(_concentration_rows(keys, counted, part))
    return DayEngagement(
        pa.concat_tables([_table(each, STAGED_ENGAGEMENT.arrow_schema) for each in shares]),
        pa.concat_tables(
            [_table(each, STAGED_CONCENTRATION.arrow_schema) for each in concentrations]
        ),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """Figures of some cells under one grouping.

    Attributes:
        located: (cells, codes) located accounts.
        growth: (cells,) accounts at full capture / accounts seen; 1 where not corrected.
        is_row: (cells, codes) whether anybody is located, or half an account is expected.
        share: (cells, codes) estimates.
        low: (cells, codes) 95 % lower bounds; 0 where there is no row.
        high: (cells, codes) upper bounds.
        herfindahl: (cells,) index of the estimates.
        herfindahl_low: (cells,) 95 % lower bounds.
        herfindahl_high: (cells,) upper bounds.
    """

    located: Ints
    growth: Floats
    is_row: npt.NDArray[np.bool_]
    share: Floats
    low: Floats
    high: Floats
    herfindahl: Floats
    herfindahl_low: Floats
    herfindahl_high: Floats


def _parts(
    located: Ints,
    total: Ints,
    estimates: Estimates,
    growth: Floats,
    memberships: Sequence[Ints],
) -> list[_Part]:
    """Figures of every country apart, and then under each grouping."""
    share = estimates.share
    is_row = _is_row(located, share, total)
    low, high = np.zeros_like(share), np.zeros_like(share)
    is_shown = is_row[estimates.cell, estimates.country]
    cell, country = estimates.cell[is_shown], estimates.country[is_shown]
    low[cell, country], high[cell, country] = _interval(
        estimates.draws[is_shown], share[cell, country]
    )
    squared = np.square(estimates.draws)
    sums, squares = (estimates.summed(each) for each in (estimates.draws, squared))
    concentration = _concentration(share, squares, sums)
    parts = [_Part(located, growth, is_row, share, low, high, *concentration)]
    for membership in memberships:
        grouped, share = located @ membership, estimates.share @ membership
        is_row = _is_row(grouped, share, total)
        of_group = (low @ membership, high @ membership)
        grouped_squares = squares
        for column in np.flatnonzero(membership.sum(axis=0) > 1):
            chosen = membership[estimates.country, column] > 0
            together = estimates.summed(estimates.draws, chosen)
            grouped_squares = grouped_squares - estimates.summed(squared, chosen) + together**2
            bounds = _interval(together, share[:, column])
            for each, bound in zip(of_group, bounds, strict=True):
                each[:, column] = np.where(is_row[:, column], bound, 0.0)
        concentration = _concentration(share, grouped_squares, sums)
        parts.append(_Part(grouped, growth, is_row, share, *of_group, *concentration))
    return parts


def _is_row(located: Ints, share: Floats, total: Ints) -> npt.NDArray[np.bool_]:
    return np.logical_or(located > 0, share * total[:, None] >= _LEAST_EXPECTED)


def _concentration(share: Floats, squares: Floats, sums: Floats) -> tuple[Floats, Floats, Floats]:
    """Herfindahl index of estimates (cells, codes), and its bounds.

    Args:
        share: a cell's sum to less than 1 by what belongs to countries unseen, which is left out.
        squares: (cells, draws) of the replicates of all shares of a cell, summed.
        sums: (cells, draws) of the replicates themselves.
    """
    total = share.sum(axis=1, keepdims=True)
    point = np.nan_to_num(herfindahl(share / np.where(total > 0, total, np.nan)), nan=1.0)
    replicates = np.where(sums > 0, squares / np.where(sums > 0, sums, 1.0) ** 2, 1.0)
    return point, *_interval(replicates, point)


def _joined(parts: Sequence[_Part]) -> _Part:
    return _Part(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(_Part))
    )


def _membership(
    countries: Sequence[str], group_of: Mapping[str, str]
) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Codes after grouping, and the (countries, codes) matrix of who belongs where."""
    codes = sorted({group_of.get(country, country) for country in countries})
    membership = np.zeros((len(countries), len(codes)), dtype=np.int64)
    for row, country in enumerate(countries):
        membership[row, codes.index(group_of.get(country, country))] = 1
    return codes, membership


@dataclass(frozen=True, slots=True)
class _Keys:
    """What says which cell a row is of, and what the cell rests on.

    Attributes:
        day: last of the periods.
        cells: period, scope and event group of each.
        grouping: of the countries.
        hours: by period.
        captures: of the cells.
    """

    day: date
    cells: Sequence[tuple[str, str, str]]
    grouping: str
    hours: Mapping[str, Hours]
    captures: Sequence[Capture]

    def columns(self, rows: Ints) -> dict[str, Any]:
        """The columns of rows of these cells."""
        period, scope, event_group = (
            pa.array(names, pa.string()).take(pa.array(rows))
            for names in zip(*self.cells, strict=True)
        )
        files = [self.hours[key[0]] for key in self.cells]
        complete = np.array([each.complete for each in files], dtype=np.int32)[rows]
        expected = np.array([each.expected for each in files], dtype=np.int32)[rows]
        capture = {
            "capture_status": [each.status for each in self.captures],
            "capture_rate": [each.rate for each in self.captures],
            "capture_rate_ci_low": [each.low for each in self.captures],
            "capture_rate_ci_high": [each.high for each in self.captures],
            "is_corrected": [each.is_corrected for each in self.captures],
            "is_masked": [each.is_masked for each in self.captures],
        }
        return {
            "activity_date": pa.repeat(pa.scalar(self.day), len(rows)),
            "period": period,
            "scope": scope,
            "event_group": event_group,
            "grouping": pa.repeat(self.grouping, len(rows)),
            "complete_hour_count": complete,
            "expected_hour_count": expected,
            "is_complete": complete == expected,
            **{name: pa.array(values).take(pa.array(rows)) for name, values in capture.items()},
        }


def _share_rows(keys: _Keys, cells: DayCells, codes: Sequence[str], part: _Part) -> dict[str, Any]:
    has_located = part.located.any(axis=1, keepdims=True)
    row, column = np.nonzero(np.logical_and(part.is_row, has_located))
    count = part.located[row, column]
    located, total = part.located.sum(axis=1)[row], cells.total[row]
    share, low, high = (each[row, column] for each in (part.share, part.low, part.high))
    log_se = _log_se(part.low, part.high)
    base, base_se = _of_panel(cells, part.share, log_se)
    quotients = ratio_interval(part.share, log_se, base, base_se)
    quotient, quotient_low, quotient_high = (_known(each[row, column]) for each in quotients)
    clock = cells.before_17_count / np.maximum(cells.event_count, 1)
    is_china = np.array([code == _CHINA for code in codes])[column]
    return {
        **keys.columns(row),
        "country_iso2": pa.array(codes, pa.string()).take(pa.array(column)),
        "actor_count": count,
        "located_actor_count": located,
        "total_actor_count": total,
        **share_columns(count, located, total, part.growth[row]),
        "actor_growth": part.growth[row],
        "share": share,
        "share_ci_low": low,
        "share_ci_high": high,
        "share_log_se": _known(log_se[row, column]),
        "clock_17utc_share": _known(np.where(is_china, clock[row], np.nan)),
        "location_quotient": quotient,
        "location_quotient_ci_low": quotient_low,
        "location_quotient_ci_high": quotient_high,
    }


def _of_panel(cells: DayCells, share: Floats, log_se: Floats) -> tuple[Floats, Floats]:
    """(cells, codes) of the panel's cell of the same period and event group; NaN without one.

    The panel's own cells have none.
    """
    at = {key: row for row, key in enumerate(cells.keys)}
    rows = np.array(
        [
            at.get((period, _PANEL, group), -1) if scope != _PANEL else -1
            for period, scope, group in cells.keys
        ]
    )
    is_there = (rows >= 0)[:, None] & (share[rows] > 0)
    return np.where(is_there, share[rows], np.nan), np.where(is_there, log_se[rows], np.nan)


def _known(values: Floats) -> pa.Array:
    """Values with null for NaN."""
    return pa.array(values, pa.float64(), from_pandas=True)


def _concentration_rows(keys: _Keys, cells: DayCells, part: _Part) -> dict[str, Any]:
    rows = np.flatnonzero(part.located.any(axis=1))
    point, low, high = (
        each[rows] for each in (part.herfindahl, part.herfindahl_low, part.herfindahl_high)
    )
    return {
        **keys.columns(rows),
        "total_actor_count": cells.total[rows],
        "herfindahl": point,
        "herfindahl_ci_low": low,
        "herfindahl_ci_high": high,
        "effective_countries": 1.0 / point,
        "effective_countries_ci_low": 1.0 / high,
        "effective_countries_ci_high": 1.0 / low,
    }


def _interval(draws: Floats, point: Floats) -> tuple[Floats, Floats]:
    """2.5 and 97.5 % quantiles of (rows, draws), linear between order statistics.

    They hold the point: that may lie a rounding outside what its own replicates span. And they end
    at 1, as shares and indices do: a replicate in single precision may pass it by a rounding.
    """
    count = draws.shape[1]
    at = np.array([_LOW, _HIGH]) * (count - 1)
    floor = np.floor(at).astype(np.int64)
    ordered = np.sort(draws, axis=1)
    bounds = ordered[:, floor] + (at - floor) * (ordered[:, floor + 1] - ordered[:, floor])
    low, high = np.minimum(bounds[:, 0], point), np.maximum(bounds[:, 1], point)
    return low, np.minimum(high, 1.0)


def _log_se(low: Floats, high: Floats) -> Floats:
    """Standard error of the log of what has these 95 % bounds; NaN where the lower one is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        width = np.log(high) - np.log(low)
    return np.asarray(np.where(low > 0, width / (2 * Z_95), np.nan))


def _table(columns: Mapping[str, Any], schema: pa.Schema) -> pa.Table:
    """Columns as a table of the schema, nullable ones filled with nulls where not given."""
    count = len(columns["activity_date"])
    return pa.table(
        {
            field.name: pa.array(columns[field.name], field.type)
            if field.name in columns
            else pa.nulls(count, field.type)
            for field in schema
        },
        schema=schema,
    )
