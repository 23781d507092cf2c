"""mart.trend_shifts: shifts of every series that has enough accounts."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from assets.shifts.series import CountrySeries
from assets.shifts.trend_detection import TrendShift, trend_shifts
from assets.shifts.trend_tables import TREND_SHIFTS
from assets.shifts.trend_window import SETTINGS, usable_points


def trend_shift_rows(series: Iterable[CountrySeries]) -> pa.Table:
    """mart.trend_shifts of some series, in their order.

    Args:
        series: weeks or days of countries; those with too few accounts give no row.
    """
    return TREND_SHIFTS.arrow([row for each in series for row in _rows(each)])


def confirmed_by(rows: Iterable[dict[str, Any]], day: date) -> list[dict[str, Any]]:
    """Rows of mart.trend_shifts that were confirmed by the end of a day, and stood then.

    As they would have been read then: what was withdrawn later is confirmed still.

    Args:
        rows: of mart.trend_shifts.
        day: UTC.
    """
    chosen = []
    for row in rows:
        withdrawn = row["withdrawn_date"]
        if row["detected_date"] is None or row["detected_date"] > day:
            continue
        if withdrawn is None:
            chosen.append(row)
        elif withdrawn > day:
            chosen.append({**row, "status": "confirmed", "withdrawn_date": None, "reason": None})
    return chosen


def _rows(series: CountrySeries) -> Iterable[dict[str, Any]]:
    settings = SETTINGS[series.period]
    points = usable_points(series.dates, series.count, series.located, series.is_sound, settings)
    ends = series.dates[points.places]
    for shift in trend_shifts(points, settings):
        yield {
            "country_iso2": series.country_iso2,
            "event_group": series.event_group,
            "period": series.period,
            **_columns(shift),
            "point_count": int((ends <= np.datetime64(shift.data_through)).sum()),
        }


def _columns(shift: TrendShift) -> dict[str, Any]:
    return {
        "onset_date": shift.onset,
        "onset_low_date": shift.onset_low,
        "onset_high_date": shift.onset_high,
        "detected_date": shift.detected,
        "withdrawn_date": shift.withdrawn,
        "data_through_date": shift.data_through,
        "before_share": shift.before_share,
        "after_share": shift.after_share,
        "size_pp": shift.size_pp,
        "size_pp_ci_low": shift.size_pp_low,
        "size_pp_ci_high": shift.size_pp_high,
        "statistic": shift.statistic,
        "confidence_share": shift.confidence,
        "detectors": list(shift.detectors),
        "status": shift.status,
        "reason": shift.reason or None,
    }
