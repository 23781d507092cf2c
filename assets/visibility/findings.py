"""What the gap says, in words: the finding of each measure of use, lag, user kind and basis."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from assets.visibility.cohorts import COMPLETE

USERS = (
    ("us_company", "U.S. companies"),
    ("us_education", "U.S. universities and schools"),
    ("us_all", "all in the U.S."),
    ("all", "all"),
)
MEASURES = (
    ("papers", "papers"),
    ("hub_downloads", "Hub downloads"),
    ("engagement", "developers' engagement"),
)
LAGS_IN_WORDS = (
    ("0", "in the patents' month"),
    ("6", "6 months before"),
    ("12", "12 months before"),
)
BASES = (("filing", "month of filing"), ("publication", "month of publication"))
#: Kinds of users that a measure does not tell apart, and why.
_UNKNOWN_USERS = {
    "hub_downloads": (
        ("us_company", "us_education", "us_all"),
        "The Hub does not say who downloads: its share is of all users, everywhere.",
    ),
    "engagement": (
        ("us_company", "us_education"),
        "Accounts are told apart by country, not by kind of employer: see all in the U.S., or all.",
    ),
}
_FINDINGS = {
    "papers": "papers name Chinese-origin open models {points} often than patents",
    "hub_downloads": (
        "the share of Chinese-origin models is {points} in Hub downloads than in patents"
    ),
    "engagement": (
        "the share of Chinese-origin models is {points} in developers' engagement than in patents"
    ),
}
_MORE_AND_LESS = {"papers": ("more", "less")}
_SHARES = {
    "papers": "Share of works naming any open model that name one of Chinese origin",
    "hub_downloads": (
        "Share of the month's Hub downloads of models of known origin that are made of "
        "Chinese-origin weights, counted whole"
    ),
    "engagement": (
        "Share of accounts on repositories of Chinese-origin models among those on repositories "
        "of models of any origin, an account once for each"
    ),
}
_COUNTED = {"papers": "papers", "engagement": "accounts"}


class Setting(NamedTuple):
    """What is shown: a value of `USERS`, `MEASURES`, `LAGS_IN_WORDS` and `BASES`."""

    user_kind: str
    use_measure: str
    lag_months: str
    basis: str


def finding(setting: Setting, rows: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Title and basis of one setting: of its newest complete cohort, or why there is none.

    Args:
        setting: what is shown.
        rows: the setting's published cohorts by month; those without a gap state nothing.
    """
    user, measure, lag, _ = setting
    users, what = dict(USERS)[user], dict(MEASURES)[measure]
    unknown, reason = _UNKNOWN_USERS.get(measure, ((), ""))
    if user in unknown:
        return f"Visibility gap, {users}, {what}: not known of these users", reason
    known = [row for row in rows if row["status"] == COMPLETE and row["gap_pp"] is not None]
    if known:
        return _title(setting, known[-1]), _basis(setting, rows, known[-1])
    if rows:
        return (
            f"Visibility gap, {users}, {what}: no complete cohort among {len(rows)} shown",
            "No figure to state. What is drawn is hatched or shaded: not all patents of these "
            "months are public, or were read.",
        )
    when = "in the same month" if lag == "0" else f"{lag} months before"
    return (
        f"Visibility gap, {users}, {what}: no cohort yet whose use {when} is known",
        "No figure to state.",
    )


def _title(setting: Setting, row: Mapping[str, Any]) -> str:
    user, measure, lag, basis = setting
    users = dict(USERS)[user]
    more, less = _MORE_AND_LESS.get(measure, ("higher", "lower"))
    gap, low, high = row["gap_pp"], row["gap_pp_ci_low"], row["gap_pp_ci_high"]
    if gap < 0:
        gap, low, high, more = -gap, -high, -low, less
    said = _FINDINGS[measure].format(points=f"{gap:.1f} percentage points {more}")
    verb = "filed" if basis == "filing" else "published"
    later = f" {lag} months later," if lag != "0" else ""
    return (
        f"{users[0].upper()}{users[1:]}: {said} {verb}{later} in {row['cohort_month']:%Y-%m} "
        f"(95 % {low:.1f} to {high:.1f})"
    )


def _basis(setting: Setting, rows: Sequence[Mapping[str, Any]], newest: Mapping[str, Any]) -> str:
    measure, lag = setting.use_measure, setting.lag_months
    share = _SHARES[measure]
    if measure == "engagement" and setting.user_kind != "all":
        share += ", of the U.S. those that say so"
    before = f", {lag} months before" if lag != "0" else ""
    patents = f"{newest['patent_count']} patents in the newest complete cohort."
    counted = (
        f"n = {newest['use_count']} {_COUNTED[measure]} and {patents}"
        if measure in _COUNTED
        else f"n = {patents}"
    )
    return (
        f"{share}{before}, less the share of patents naming any open model that name "
        f"one of Chinese origin, {rows[0]['cohort_month']:%Y-%m} to "
        f"{rows[-1]['cohort_month']:%Y-%m}, 95 % intervals. {counted}"
    )
