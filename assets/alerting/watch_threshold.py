"""Rules on the level of one country's share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Self

import duckdb

from assets.alerting.located import MEASURE, Row, located_share, rows_by, share_point, sunday
from assets.alerting.notice import Course, Figure, Finding, Point, Unit
from assets.alerting.rule_kinds import ThresholdRule
from assets.alerting.states import AlertState, Reading, Trust
from assets.alerting.watch import Cause, Observed, Outcome, States, level_outcomes
from assets.alerting.words import (
    beyond,
    country_name,
    group_name,
    is_whole_enough,
    of_hours,
    of_period,
)
from assets.coverage.coverage import COMBINED
from assets.engagement.shares import SMALLEST_CELL
from assets.engagement.tables import ENGAGEMENT
from assets.figures import percent

_SQL = (Path(__file__).parent / "sql" / "share_readings.sql").read_text()
_USUAL = timedelta(days=28)
_DRAWN = {"day": timedelta(days=90), "week": timedelta(days=728)}
_MEASURES = {
    "located_share": MEASURE,
    "share": "share of all accounts, those of unknown country estimated",
}


@dataclass(frozen=True, slots=True)
class ThresholdWatch:
    """A rule and its country's shares, by the last day of the period."""

    rule: ThresholdRule
    rows: Mapping[date, Row]

    @classmethod
    def read(
        cls, connection: duckdb.DuckDBPyConnection, rule: ThresholdRule, first: date, last: date
    ) -> Self:
        """The figures that days from `first` to `last` need, and those that a chart shows."""
        parameters = {
            "country": rule.country,
            "event_group": rule.event_group,
            "period": rule.period,
            "first": first - _DRAWN[rule.period],
            "last": last,
            "combined": COMBINED,
        }
        return cls(rule, rows_by(connection, _SQL, parameters, "activity_date"))

    def outcomes(self, states: States, day: date) -> Iterable[Outcome]:
        """Where the alert stands after a day."""
        rule = self.rule
        period = day if rule.period == "day" else sunday(day)
        row = self.rows.get(period)
        if row is None:
            return ()
        reading = Reading(period, _figure(rule, row), _trust(rule, row))
        observed = Observed(
            rule.id,
            (reading,),
            lambda state: self._finding(row, state),
            lambda: self._course(day),
        )
        return level_outcomes(
            rule, (observed,), states, cause_of(rule.event_group), (ENGAGEMENT.schema, "engagement")
        )

    def _finding(self, row: Row, state: AlertState) -> Finding:
        rule = self.rule
        figure = _figure(rule, row)
        side, level = beyond(rule.level, figure)
        before = self._before(row["activity_date"])
        return Finding(
            subject=f"{country_name(rule.country)}, {group_name(rule.event_group)}",
            measure=_MEASURES[rule.measure],
            unit=Unit.SHARE,
            period=of_period(rule.period, row["activity_date"]),
            now=figure or Figure(0.0),
            before=before,
            before_period="the four weeks before" if before else "",
            side=side,
            level=level,
            since=state.episode,
            basis=(
                f"{row['located_actor_count']:,} located accounts; "
                f"{percent(row['unknown_share'])} of active accounts have no known country. "
                f"Source: {of_hours(row)}."
            ),
            soundness=_soundness(row),
        )

    def _before(self, day: date) -> Figure | None:
        """The share of located accounts over the sound periods of four weeks before."""
        if self.rule.measure != "located_share":
            return None
        rows = [
            row
            for at, row in self.rows.items()
            if day - _USUAL <= at < day and _trust(self.rule, row) is Trust.SOUND
        ]
        total = sum(row["located_actor_count"] for row in rows)
        count = sum(row["actor_count"] for row in rows)
        return located_share(count, total)

    def _course(self, day: date) -> Course:
        rule = self.rule
        first = day - _DRAWN[rule.period]
        points = tuple(
            _point(rule, at, row) for at, row in sorted(self.rows.items()) if first < at <= day
        )
        title = f"{country_name(rule.country)}: share of {group_name(rule.event_group)}"
        return Course(title, Unit.SHARE, points, rule.fire, rule.clear, _MEASURES[rule.measure])


def cause_of(event_group: str) -> Cause:
    """What alerts on the shares of an event group have in common."""
    return Cause(f"shares-{event_group}", f"Shares of {group_name(event_group)} have shifted")


def _figure(rule: ThresholdRule, row: Row) -> Figure | None:
    if not row["has_figure"]:
        return None
    if rule.measure == "located_share":
        return located_share(row["actor_count"], row["located_actor_count"])
    if row["share"] is None or row["share_ci_low"] is None:
        return None
    return Figure(row["share"], row["share_ci_low"], row["share_ci_high"])


def _trust(rule: ThresholdRule, row: Row) -> Trust:
    if not row["has_figure"] or row["capture_status"] == "degraded":
        return Trust.DEGRADED
    is_small = 0 < row["actor_count"] < SMALLEST_CELL
    if is_small or not _is_whole(rule, row) or row["located_actor_count"] < rule.min_located_actors:
        return Trust.UNUSABLE
    return Trust.SOUND if _figure(rule, row) else Trust.UNUSABLE


def _is_whole(rule: ThresholdRule, row: Row) -> bool:
    """A day has to be whole: some missing hours are those of some countries."""
    return bool(row["is_complete"]) if rule.period == "day" else is_whole_enough(row)


def _point(rule: ThresholdRule, day: date, row: Row) -> Point:
    is_sound = _is_whole(rule, row) and row["capture_status"] != "degraded"
    count = row["actor_count"] or 0
    return share_point(day, _figure(rule, row), count, is_sound=is_sound)


def _soundness(row: Row) -> str:
    if row["is_corrected"]:
        return "corrected"
    return str(row["capture_status"])
