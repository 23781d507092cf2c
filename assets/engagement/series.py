"""Published shares of a few countries by day and week, without gaps: rows of charts."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from assets.chart_style import MOST_SERIES
from assets.coverage.coverage import COMBINED
from assets.coverage.verdicts import DEGRADED, SOUND
from assets.figures import days_from, filled

#: What the platform is about, shown whatever their size.
CHINA, UNITED_STATES = "CN", "US"
APART = "apart"  # the grouping in which every economy is its own
DAYS_SHOWN = 182
#: Four years: what a page of bounded size has room for.
WEEKS_SHOWN = 209
#: Days of a period.
PERIODS = {"day": 1, "week": 7}
EVENT_GROUPS = ("attention", "contribution", "participation", "other", "any")
GROUP_WORDS = {
    "attention": "attention (stars, forks)",
    "contribution": "contribution (pushes, pull requests, reviews, commits)",
    "participation": "participation (issues, comments)",
    "other": "other events",
    "any": "any event",
}
#: What the figures of a date rest on, or why there are none.
WHOLE, UNMEASURED = "whole", "capture not measured"
INCOMPLETE, CORRECTED = "hourly files missing", "corrected for degraded capture"
MASKED, NO_FIGURE = "masked: too little captured", "no figure"
POOLED = "too few accounts to show"  # of this country, while others have figures
_RANKED_DAYS = 28
_FIGURES = (
    "share",
    "share_ci_low",
    "share_ci_high",
    "share_low",
    "share_high",
    "located_share",
    "located_share_ci_low",
    "located_share_ci_high",
    "clock_17utc_share",
    "unknown_share",
    "actor_count",
    "located_actor_count",
    "total_actor_count",
)
_READ = [
    *("activity_date", "period", "event_group", "country_iso2", *_FIGURES),
    *("is_complete", "complete_hour_count", "expected_hour_count"),
    *("capture_status", "is_corrected"),
]
SCHEMA = pa.schema(
    [
        ("activity_date", pa.date32()),
        ("period", pa.string()),
        ("event_group", pa.string()),
        ("country_iso2", pa.string()),
        ("country", pa.string()),
        *((name, pa.float64() if "share" in name else pa.int64()) for name in _FIGURES),
        ("grouping", pa.string()),
        ("state", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Grouping:
    """Economies that are counted as one where a reader wants it.

    Attributes:
        name: as in core.country_groupings.
        group_code: of the group, which is one of its members'.
        label: name of the group.
        members: codes of its economies.
    """

    name: str
    group_code: str
    label: str
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class Series:
    """Shares over time.

    Attributes:
        countries: CN, US, and the largest others, at most six in all.
        groups: event groups of which anything is known.
        dates: every date that there could be a figure of, by period, in order.
        rows: of `SCHEMA`: one for each group, period, date and country; nulls where nothing is
            published. `grouping` is null for countries that are the same in all of them.
        groupings: those of which there are rows beside `apart`.
    """

    countries: tuple[str, ...]
    groups: tuple[str, ...]
    dates: Mapping[str, Sequence[dt.date]]
    rows: pa.Table
    groupings: tuple[Grouping, ...] = ()


def groupings_of(groupings: pa.Table) -> tuple[Grouping, ...]:
    """Groups of several economies.

    Args:
        groupings: core.country_groupings.
    """
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in groupings.to_pylist():
        found.setdefault((row["grouping"], row["group_code"]), []).append(row)
    return tuple(
        Grouping(name, code, rows[0]["label"], frozenset(row["country_iso2"] for row in rows))
        for (name, code), rows in sorted(found.items())
        if len(rows) > 1
    )


def shares_over_time(
    engagement: pa.Table,
    coverage: pa.Table,
    names: Mapping[str, str],
    groupings: Sequence[Grouping] = (),
) -> Series:
    """Shares on tracked repositories: the newest half year, and all weeks.

    Countries are those that are drawn with every economy apart; under a grouping a group that one
    of them belongs to takes the place of its members.

    Args:
        engagement: published engagement.
        coverage: published coverage of whole event groups, which says why a date has no figure.
        names: names of countries by code.
        groupings: groups of economies.
    """
    cells = plain_cells(engagement)
    countries = _countries(cells)
    dates = _dates(cells, coverage)
    lost = _lost_days(coverage)
    seen = {row["event_group"] for row in cells} | set(coverage["event_group"].to_pylist())
    groups = tuple(group for group in EVENT_GROUPS if group in seen)
    grouped = {}
    for each in groupings:
        of_group = cells_of(engagement, each.name) if each.members & set(countries) else []
        if of_group:
            grouped[each] = of_group
    members = frozenset[str]().union(*(each.members for each in grouped))
    rows = []
    for group, period in product(groups, PERIODS):
        cell = (group, period)
        for row in _rows(cells, cell, dates[period], countries, lost):
            country = row["country_iso2"]
            apart = APART if country in members else None
            rows.append({**row, "country": names.get(country, country), "grouping": apart})
        for each, of_group in grouped.items():
            rows += [
                {**row, "country": each.label, "grouping": each.name}
                for row in _rows(of_group, cell, dates[period], [each.group_code], lost)
            ]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    return Series(tuple(countries), groups, dates, table, tuple(grouped))


def newest_weeks(engagement: pa.Table) -> pa.Table:
    """Engagement without the weeks, and longer periods, that are too old to be shown."""
    age = pc.days_between(engagement["activity_date"], pc.max(engagement["activity_date"]))
    return engagement.filter(pc.less(age, WEEKS_SHOWN * PERIODS["week"]))


def plain_cells(engagement: pa.Table) -> list[dict[str, Any]]:
    """Published rows of tracked repositories, every economy apart: newest days, and the weeks."""
    return cells_of(engagement, APART)


def cells_of(engagement: pa.Table, grouping: str) -> list[dict[str, Any]]:
    """The same of a grouping."""
    period = engagement["period"]
    is_plain = pc.and_(
        pc.equal(engagement["scope"], "tracked"), pc.equal(engagement["grouping"], grouping)
    )
    age = pc.days_between(engagement["activity_date"], pc.max(engagement["activity_date"]))
    is_shown = pc.or_(
        pc.equal(period, "week"), pc.and_(pc.equal(period, "day"), pc.less(age, DAYS_SHOWN))
    )
    chosen = engagement.filter(pc.and_(is_plain, is_shown)).select(_READ)
    cells: list[dict[str, Any]] = chosen.to_pylist()
    return cells


def newest_shares(
    cells: Iterable[Mapping[str, Any]], group: str, period: str
) -> Mapping[str, Mapping[str, Any]]:
    """By country, published rows with an interval of the newest date on which CN or US has one."""
    found: dict[dt.date, dict[str, Mapping[str, Any]]] = {}
    for row in cells:
        is_asked = (row["event_group"], row["period"]) == (group, period)
        if is_asked and row["share_ci_low"] is not None:
            found.setdefault(row["activity_date"], {})[row["country_iso2"]] = row
    spoken_of = {CHINA, UNITED_STATES}
    days = [day for day, by_country in found.items() if spoken_of & by_country.keys()]
    return found[max(days)] if days else {}


def _countries(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """CN, US and the largest others of the newest four weeks, by the sum of their shares."""
    newest = max((row["activity_date"] for row in cells), default=dt.date.max)
    since = newest - dt.timedelta(days=_RANKED_DAYS)
    shares: dict[str, list[float]] = {}
    for row in cells:
        is_ranked = row["event_group"] == "any" and row["activity_date"] > since
        if is_ranked and row["share_ci_low"] is not None:
            shares.setdefault(row["country_iso2"], []).append(row["share"])
    others = sorted(
        shares.keys() - {CHINA, UNITED_STATES},
        key=lambda country: (-sum(shares[country]), country),
    )
    return [CHINA, UNITED_STATES, *others[: MOST_SERIES - 2]]


def _dates(cells: Sequence[Mapping[str, Any]], coverage: pa.Table) -> dict[str, list[dt.date]]:
    """Every date there could be a figure for, by period: masked days are in coverage alone."""
    days = [row["activity_date"] for row in cells if row["period"] == "day"]
    days += coverage["coverage_date"].unique().to_pylist()
    weeks = [row["activity_date"] for row in cells if row["period"] == "week"]
    return {
        "day": days_from(min(days), max(days))[-DAYS_SHOWN:] if days else [],
        "week": days_from(min(weeks), max([*weeks, *days]), 7) if weeks else [],
    }


def _lost_days(coverage: pa.Table) -> dict[str, set[dt.date]]:
    """Days on which all sources together are degraded, by event group, and of `any` one of them."""
    lost: dict[str, set[dt.date]] = {group: set() for group in EVENT_GROUPS}
    for row in coverage.to_pylist():
        if row["source"] == COMBINED and row["status"] == DEGRADED:
            lost.setdefault(row["event_group"], set()).add(row["coverage_date"])
            lost["any"].add(row["coverage_date"])
    return lost


def _rows(
    cells: Iterable[Mapping[str, Any]],
    cell: tuple[str, str],
    dates: Sequence[dt.date],
    countries: Sequence[str],
    lost: Mapping[str, set[dt.date]],
) -> list[dict[str, Any]]:
    """The cell's rows of the countries on all dates, with nulls where none is published."""
    group, period = cell
    chosen = [row for row in cells if (row["event_group"], row["period"]) == cell]
    states = {row["activity_date"]: _state(row) for row in chosen}
    keys = ("activity_date", "country_iso2")
    wanted = [(day, country) for day in dates for country in countries]
    made = []
    for row in filled(chosen, keys, wanted):
        day = row["activity_date"]
        days = {day - dt.timedelta(days=n) for n in range(PERIODS[period])}
        state = states.get(day, MASKED if lost[group] & days else NO_FIGURE)
        made.append(
            {
                **{key: row[key] for key in keys},
                "period": period,
                "event_group": group,
                **{name: row.get(name) for name in _FIGURES},
                "state": POOLED if day in states and row.get("share") is None else state,
            }
        )
    return made


def _state(row: Mapping[str, Any]) -> str:
    """What a published row rests on, in words."""
    flaws = [
        *([CORRECTED] if row["is_corrected"] else []),
        *([INCOMPLETE] if not row["is_complete"] else []),
    ]
    if flaws:
        return ", ".join(flaws)
    return WHOLE if row["capture_status"] == SOUND else UNMEASURED
