"""What the figure of shares finds at each setting of its switches, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from assets.engagement.series import (
    APART,
    CHINA,
    GROUP_WORDS,
    UNITED_STATES,
    Series,
    newest_shares,
)
from assets.figures import Choice, View, interval, percent


@dataclass(frozen=True, slots=True)
class Method:
    """A way to state a share.

    Attributes:
        words: of the switch.
        columns: of the value, its lower and its upper bound.
        share_of: what the value is a share of.
        band: what its bounds are.
    """

    words: str
    columns: tuple[str, str, str]
    share_of: str
    band: str


_CORRECTED = ("share", "share_ci_low", "share_ci_high")
CLOCK = "clock"
METHODS = {
    "corrected": Method(
        "corrected for those without a location", _CORRECTED, "all accounts", "95 % interval"
    ),
    "located": Method(
        "of accounts with a location alone",
        ("located_share", "located_share_ci_low", "located_share_ci_high"),
        "accounts with a stated location",
        "95 % interval (Wilson)",
    ),
    "bounds": Method(
        "worst case",
        ("share", "share_low", "share_high"),
        "all accounts",
        "from none to all of the accounts without a location",
    ),
    CLOCK: Method(
        "corrected, with the paper's clock beside", _CORRECTED, "all accounts", "95 % interval"
    ),
}


def views(series: Series, choices: Sequence[Choice]) -> tuple[View, ...]:
    """What is said at each setting of the figure's switches.

    Args:
        series: the figure's rows.
        choices: event group, period, method, and grouping where there is any.
    """
    rows = series.rows.to_pylist()
    made = []
    for setting in product(*(dict(choice.options) for choice in choices)):
        group, period, method, *others = setting
        groupings = (*(others or [APART]), None)
        chosen = [
            row
            for row in rows
            if (row["event_group"], row["period"]) == (group, period)
            and row["grouping"] in groupings
        ]
        made.append(View(setting, *_said(group, period, method, chosen)))
    if made:
        return tuple(made)
    first = tuple(choice.options[0][0] if choice.options else "" for choice in choices)
    return (View(first, "Shares by country: no day yet", ""),)


def _said(
    group: str, period: str, method: str, rows: Sequence[Mapping[str, Any]]
) -> tuple[str, str]:
    """Title and basis."""
    shares = newest_shares(rows, group, period)
    days = [row["activity_date"] for row in rows]
    when = "on the day" if period == "day" else "in the week"
    how = METHODS[method]
    basis = (
        f"Share of {how.share_of} active {when}, band: {how.band}, {min(days)} to {max(days)} "
        "(UTC)."
    )
    if shares:
        newest = next(iter(shares.values()))
        basis += (
            f" n = {newest['total_actor_count']:,} accounts {_when(newest, period)}, "
            f"{percent(newest['unknown_share'])} of them without a stated location."
        )
    title = _finding(GROUP_WORDS[group].partition(" (")[0], shares, period, how)
    clock = shares.get(CHINA, {}).get("clock_17utc_share")
    if method == CLOCK and clock is not None:
        title += f"; the paper's clock would say {percent(clock)} of China"
        basis += (
            " Clock: events before 17:00 UTC / all events, which the paper takes for China's; half "
            "of the world's working day lies before 17:00 UTC."
        )
    return title, basis


def _finding(group: str, shares: Mapping[str, Mapping[str, Any]], period: str, how: Method) -> str:
    """Who has the larger share, or that the bounds do not tell; with figures and date."""
    value, low, high = how.columns
    pair = [
        shares[country]
        for country in (CHINA, UNITED_STATES)
        if country in shares and shares[country][value] is not None
    ]
    if not pair:
        return f"No share of China or United States could be published in {group}"
    pair.sort(key=lambda row: -row[value])
    words = [
        f"{row['country']} {percent(row[value])} ({interval(row[low], row[high])})" for row in pair
    ]
    when = _when(pair[0], period)
    if len(pair) == 1:
        return f"{words[0]} of accounts in {group} {when}"
    is_apart = pair[0][low] > pair[1][high]
    between = "leads" if is_apart else "and"
    tail = "" if is_apart else ": intervals overlap"
    return f"{words[0]} {between} {words[1]} in {group} {when}{tail}"


def _when(row: Mapping[str, Any], period: str) -> str:
    return f"{'on' if period == 'day' else 'in the week to'} {row['activity_date']}"
