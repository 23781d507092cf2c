"""The words of alerts: names of countries, of what accounts do, of periods."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from babel import Locale

from assets.alerting.notice import Figure
from assets.alerting.states import Level, Mark
from assets.engagement import hours

_GROUPS = {
    "contribution": "contributions",
    "participation": "issues and comments",
    "attention": "stars and forks",
    "any": "activity of any kind",
    "other": "other activity",
}
_EVENTS = {
    "WatchEvent": "stars",
    "ForkEvent": "forks",
    "PushEvent": "pushes",
    "PullRequestEvent": "pull requests",
    "PullRequestReviewEvent": "reviews",
    "PullRequestReviewCommentEvent": "comments on reviews",
    "IssuesEvent": "issues",
    "IssueCommentEvent": "comments on issues",
    "CommitCommentEvent": "comments on commits",
    "Commit": "commits",
}
_OPPOSITE = {"above": "below", "below": "above", "either": "either"}
_USERS = {
    "us_company": "U.S. companies",
    "us_education": "U.S. universities and schools",
    "us_all": "all users in the U.S.",
    "all": "all users",
}


@cache
def _territories() -> Mapping[str, str]:
    return dict(Locale("en").territories)


def country_name(code: str) -> str:
    """A country in English, by CLDR; the code itself where it has no name."""
    return _territories().get(code, code)


def group_name(event_group: str) -> str:
    """An event group in words."""
    return _GROUPS.get(event_group, event_group)


def event_name(event_type: str) -> str:
    """An event type in words; its own name where it is no common one."""
    return _EVENTS.get(event_type, event_type)


def user_name(user_kind: str) -> str:
    """A kind of user in words."""
    return _USERS.get(user_kind, user_kind)


def of_period(period: str, day: date) -> str:
    """A period by its last day."""
    if period == "day":
        return f"{day} (UTC)"
    return f"the week to {day} (UTC)" if period == "week" else f"the four weeks to {day} (UTC)"


def of_hours(row: Mapping[str, Any]) -> str:
    """Which hourly files figures rest on."""
    found, due = row["complete_hour_count"], row["expected_hour_count"]
    if found == due:
        return f"hourly event archives, all {due} files whole"
    return f"hourly event archives, {found} of {due} files whole"


def is_whole_enough(row: Mapping[str, Any]) -> bool:
    """Whether so many of a week's or four weeks' hourly files were whole that its shares stand."""
    return bool(hours.is_whole_enough(row["complete_hour_count"], row["expected_hour_count"]))


def beyond(level: Level, figure: Figure | None) -> tuple[str, float | None]:
    """The side of which level the whole interval lies on; of none where it lies between."""
    mark = Mark.BETWEEN if figure is None else level.mark(figure)
    if mark is Mark.BEYOND:
        return level.direction, level.fire
    return (_OPPOSITE[level.direction], level.clear) if mark is Mark.BACK else ("", None)
