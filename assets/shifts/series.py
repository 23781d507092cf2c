"""Series of countries by week or day, without gaps: what regressions and detectors read.

A period of which mart.engagement has no row at all is a gap (NaN); a country without a row in a
period that has others had no located account: a count of 0.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assets.coverage.verdicts import DEGRADED
from assets.engagement.hours import is_whole_enough
from assets.engagement.intervals import wilson_interval

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Dates = npt.NDArray[np.datetime64]
#: Days of a period, which ends on the dates of its series (a week on its Sunday).
PERIODS = {"day": 1, "week": 7}
_SQL = (Path(__file__).parent / "sql" / "country_series.sql").read_text()
#: The same of every country of a period and event group.
_OF_CELL = ("located_actor_count", "total_actor_count", "total_event_count")
_OF_COUNTRY = (
    "actor_count", "event_count", "share", "share_ci_low", "share_ci_high", "share_log_se",
    "clock_17utc_share",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CountrySeries:
    """One country's figures in one event group, on tracked repositories; arrays of one length.

    Floats are NaN where nothing is known: in periods without any row, and each as said below.

    Attributes:
        period: day or week.
        country_iso2: ISO 3166-1 alpha-2; every economy is its own.
        event_group: contribution, participation, attention, other or any.
        dates: datetime64[D], last day (UTC) of each period, in order, none left out.
        count: distinct accounts located there; 0 where the period has rows, but none of it.
        located: distinct accounts with a location, of all countries.
        total: distinct accounts, located or not.
        events: events of the accounts counted; NaN too unless every day of the period was counted.
        total_events: events of all accounts, located or not; NaN likewise.
        located_share: count / located, 0 to 1; NaN too where `located` is 0.
        located_share_low: Wilson 95 % lower bound.
        located_share_high: Wilson 95 % upper bound.
        share: corrected share of all accounts, 0 to 1; NaN too where the country has no row.
        share_low: 95 % lower bound (bootstrap).
        share_high: 95 % upper bound.
        share_log_se: standard error of ln(share).
        clock_17utc_share: events before 17:00 UTC / all events, of all countries; of CN only.
        is_complete: whether all hourly files of the period were whole.
        is_masked: whether capture is degraded and could not be corrected for.
        is_corrected: whether `share` was extrapolated from degraded capture; counts never are.
        capture_status: sound, degraded or unknown; unknown in gaps.
        is_sound: whether counts, events and located shares stand for what happened: the period has
            rows, 98 % of its hourly files (of a day, all) were whole and its capture is not
            degraded. Capture that no yardstick measures (unknown) passes: a known loss would have
            made it degraded.
        is_share_sound: whether `share` does: as `is_sound`, or corrected for degraded capture.
    """

    period: str
    country_iso2: str
    event_group: str
    dates: Dates
    count: Floats
    located: Floats
    total: Floats
    events: Floats
    total_events: Floats
    located_share: Floats
    located_share_low: Floats
    located_share_high: Floats
    share: Floats
    share_low: Floats
    share_high: Floats
    share_log_se: Floats
    clock_17utc_share: Floats
    is_complete: Bools
    is_masked: Bools
    is_corrected: Bools
    capture_status: npt.NDArray[np.str_]
    is_sound: Bools
    is_share_sound: Bools


SeriesByCell = Mapping[tuple[str, str], CountrySeries]


def country_series(
    connection: duckdb.DuckDBPyConnection,
    period: str = "week",
    countries: Collection[str] | None = None,
) -> SeriesByCell:
    """Series by (country, event group), from the marts that `connection` sees.

    All have the same dates: from the first to the last period of mart.engagement.

    Args:
        connection: sees mart.engagement and mart.country_activity.
        period: week or day.
        countries: those wanted; all that ever had a row where None. One that never had a row has a
            count of 0 throughout.

    Raises:
        ValueError: no such period.
    """
    if period not in PERIODS:
        raise ValueError(f"period {period} is not one of {', '.join(PERIODS)}")
    rows = connection.execute(_SQL, {"period": period, "days": PERIODS[period]}).to_arrow_table()
    return series_of_rows(rows, period, countries)


def series_of_rows(
    rows: pa.Table, period: str, countries: Collection[str] | None = None
) -> SeriesByCell:
    """The same from rows as sql/country_series.sql makes them."""
    if not rows.num_rows:
        return {}
    ends = rows["activity_date"].to_numpy().astype("datetime64[D]")
    step = PERIODS[period]
    dates = np.arange(ends.min(), ends.max() + np.timedelta64(1, "D"), step)
    at = (ends - dates[0]).astype(np.int64) // step
    groups, group_at = np.unique(rows["event_group"].to_numpy().astype(str), return_inverse=True)
    codes = rows["country_iso2"].to_numpy().astype(str)
    names = np.unique(codes) if countries is None else np.unique(np.array([*countries], dtype=str))
    cells = _cells(rows, (len(groups), len(dates)), (group_at, at))
    is_asked = np.isin(codes, names)
    places = (group_at[is_asked], np.searchsorted(names, codes[is_asked]), at[is_asked])
    figures = _figures(rows, (len(groups), len(names), len(dates)), places, is_asked, cells)
    return {
        (str(country), str(group)): CountrySeries(
            period=period,
            country_iso2=str(country),
            event_group=str(group),
            dates=dates,
            **{name: values[g] for name, values in cells.items()},
            **{name: values[g, c] for name, values in figures.items()},
        )
        for g, group in enumerate(groups)
        for c, country in enumerate(names)
    }


def _cells(
    rows: pa.Table, shape: tuple[int, int], places: tuple[npt.NDArray[np.int64], ...]
) -> dict[str, npt.NDArray[np.generic]]:
    """What all countries of a period and event group share: (groups, dates)."""
    found: dict[str, npt.NDArray[np.generic]] = {}
    for name, column in zip(("located", "total", "total_events"), _OF_CELL, strict=True):
        found[name] = _scattered(rows, column, shape, places)
    flags = {}
    for name in ("is_complete", "is_masked", "is_corrected"):
        flags[name] = np.zeros(shape, dtype=bool)
        flags[name][places] = rows[name].to_numpy().astype(bool)
    status = np.full(shape, "unknown", dtype="<U8")
    status[places] = rows["capture_status"].to_numpy().astype("<U8")
    is_whole = np.zeros(shape, dtype=bool)
    is_whole[places] = is_whole_enough(
        rows["complete_hour_count"].to_numpy(), rows["expected_hour_count"].to_numpy()
    )
    is_sound = is_whole & (status != DEGRADED)
    is_share_sound = is_whole & ~flags["is_masked"]
    return {
        **found,
        **flags,
        "capture_status": status,
        "is_sound": is_sound,
        "is_share_sound": is_share_sound,
    }


def _figures(
    rows: pa.Table,
    shape: tuple[int, int, int],
    places: tuple[npt.NDArray[np.int64], ...],
    is_asked: Bools,
    cells: Mapping[str, npt.NDArray[np.generic]],
) -> dict[str, Floats]:
    """What is each country's own: (groups, countries, dates)."""
    chosen = rows.filter(pa.array(is_asked))
    found = {name: _scattered(chosen, name, shape, places) for name in _OF_COUNTRY}
    located, total_events = (
        np.broadcast_to(np.asarray(cells[name], dtype=np.float64)[:, None], shape)
        for name in ("located", "total_events")
    )
    count, events = found["actor_count"], found["event_count"]
    count = np.where(np.isnan(count) & ~np.isnan(located), 0.0, count)
    events = np.where(np.isnan(events) & ~np.isnan(total_events), 0.0, events)
    is_known = located > 0
    trials = np.where(is_known, located, 0.0)
    low, high = wilson_interval(np.where(is_known, count, 0.0), trials)
    return {
        "count": count,
        "events": events,
        "located_share": np.divide(count, located, out=np.full(shape, np.nan), where=is_known),
        "located_share_low": low,
        "located_share_high": high,
        "share": found["share"],
        "share_low": found["share_ci_low"],
        "share_high": found["share_ci_high"],
        "share_log_se": found["share_log_se"],
        "clock_17utc_share": found["clock_17utc_share"],
    }


def _scattered(
    rows: pa.Table,
    column: str,
    shape: tuple[int, ...],
    places: tuple[npt.NDArray[np.int64], ...],
) -> Floats:
    """A column's values at their places, NaN elsewhere and for null."""
    values = np.full(shape, np.nan)
    values[places] = rows[column].to_numpy().astype(np.float64)
    return values
