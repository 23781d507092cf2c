"""Rows of mart.engagement from counts, for tests of what is made of it."""

from collections.abc import Mapping
from datetime import date

import pyarrow as pa

from assets.engagement.intervals import wilson_interval
from assets.engagement.tables import ENGAGEMENT

UNKNOWN = "ZZ"
_HOURS = {"day": 24, "week": 168, "28d": 672}


def engagement_rows(
    day: date,
    counts: Mapping[str, int],
    hours: int | None = None,
    *,
    period: str = "day",
    scope: str = "tracked",
    event_group: str = "attention",
    grouping: str = "apart",
) -> pa.Table:
    """One cell of mart.engagement: accounts by country, `ZZ` for those without a location.

    As many accounts are taken to be from a country among those without a location as among the
    others, so that `share` is `located_share`, with the same interval.

    Args:
        day: the last day of the period.
        counts: accounts by country.
        hours: hourly files read whole; all of the period's where not given.
        period: day, week or 28d.
        scope: as in mart.engagement.
        event_group: as in mart.engagement.
        grouping: as in mart.engagement.
    """
    located = {country: count for country, count in counts.items() if country != UNKNOWN}
    n, everyone = sum(located.values()), sum(counts.values())
    complete = _HOURS[period] if hours is None else hours
    rows = []
    for country, count in sorted(located.items()):
        low, high = (float(bound) for bound in wilson_interval(count, n))
        rows.append(
            {
                "activity_date": day,
                "period": period,
                "scope": scope,
                "event_group": event_group,
                "grouping": grouping,
                "country_iso2": country,
                "actor_count": count,
                "located_actor_count": n,
                "total_actor_count": everyone,
                "located_share": count / n,
                "located_share_ci_low": low,
                "located_share_ci_high": high,
                "share": count / n,
                "share_ci_low": low,
                "share_ci_high": high,
                "share_log_se": 0.1,
                "unknown_share": (everyone - n) / everyone,
                "share_low": count / everyone,
                "share_high": (count + everyone - n) / everyone,
                "clock_17utc_share": 0.7 if country == "CN" else None,
                "location_quotient": 1.5,
                "location_quotient_ci_low": 1.2,
                "location_quotient_ci_high": 1.9,
                "complete_hour_count": complete,
                "expected_hour_count": _HOURS[period],
                "is_complete": complete == _HOURS[period],
                "capture_status": "sound",
                "capture_rate": 0.97,
                "capture_rate_ci_low": 0.95,
                "capture_rate_ci_high": 0.99,
                "is_corrected": False,
                "is_masked": False,
                "actor_growth": 1.0,
            }
        )
    return ENGAGEMENT.arrow(rows)
