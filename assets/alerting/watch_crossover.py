"""Rules on one country's weekly share passing another's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Self

import duckdb

from assets.alerting.located import Row, rows_by, sunday
from assets.alerting.notice import Course, Figure, Finding, Point, Unit
from assets.alerting.rule_kinds import CrossoverRule
from assets.alerting.states import AlertState, Reading, Trust
from assets.alerting.watch import Observed, Outcome, States, level_outcomes
from assets.alerting.watch_threshold import cause_of
from assets.alerting.words import (
    beyond,
    country_name,
    group_name,
    is_whole_enough,
    of_hours,
    of_period,
)
from assets.figures import percent
from assets.indices.tables import COUNTRY_RATIO

_SQL = (Path(__file__).parent / "sql" / "ratio_readings.sql").read_text()
_DRAWN = timedelta(days=728)


@dataclass(frozen=True, slots=True)
class CrossoverWatch:
    """A rule and the two countries' ratios, by the Sunday of the week."""

    rule: CrossoverRule
    rows: Mapping[date, Row]

    @classmethod
    def read(
        cls, connection: duckdb.DuckDBPyConnection, rule: CrossoverRule, first: date, last: date
    ) -> Self:
        """The figures that days from `first` to `last` need, and those that a chart shows."""
        parameters = {
            "country": rule.country,
            "other": rule.other,
            "event_group": rule.event_group,
            "first": first - _DRAWN,
            "last": last,
        }
        return cls(rule, rows_by(connection, _SQL, parameters, "activity_date"))

    def outcomes(self, states: States, day: date) -> Iterable[Outcome]:
        """Where the alert stands after a day: its newest Sunday moves it."""
        row = self.rows.get(sunday(day))
        if row is None:
            return ()
        observed = Observed(
            self.rule.id,
            (Reading(sunday(day), _figure(row), _trust(self.rule, row)),),
            lambda state: self._finding(row, state),
            lambda: self._course(day),
        )
        return level_outcomes(
            self.rule,
            (observed,),
            states,
            cause_of(self.rule.event_group),
            (COUNTRY_RATIO.schema, COUNTRY_RATIO.name),
        )

    def _finding(self, row: Row, state: AlertState) -> Finding:
        rule, day = self.rule, row["activity_date"]
        side, level = beyond(rule.level, _figure(row))
        names = country_name(rule.country), country_name(rule.other)
        return Finding(
            subject=f"{names[0]} to {names[1]}, {group_name(rule.event_group)}",
            measure="ratio of the two shares of all accounts",
            unit=Unit.RATIO,
            period=of_period("week", day),
            now=_figure(row) or Figure(0.0),
            side=side,
            level=level,
            since=state.episode,
            basis=(
                f"{names[0]} {percent(row['share'])}, {names[1]} {percent(row['other_share'])}, "
                f"those of unknown country ({percent(row['unknown_share'])}) estimated; "
                f"{row['located_actor_count']:,} located accounts. Source: {of_hours(row)}."
            ),
            soundness="corrected" if row["is_corrected"] else row["capture_status"],
        )

    def _course(self, day: date) -> Course:
        rule = self.rule
        points = tuple(
            _point(at, row) for at, row in sorted(self.rows.items()) if day - _DRAWN < at <= day
        )
        title = (
            f"{country_name(rule.country)} to {country_name(rule.other)}: ratio of shares of "
            f"{group_name(rule.event_group)}"
        )
        measure = "ratio of the shares of all accounts"
        return Course(title, Unit.RATIO, points, rule.fire, rule.clear, measure)


def _figure(row: Row) -> Figure | None:
    if row["share_ratio"] is None or row["ratio_ci_low"] is None:
        return None
    return Figure(row["share_ratio"], row["ratio_ci_low"], row["ratio_ci_high"])


def _trust(rule: CrossoverRule, row: Row) -> Trust:
    if row["capture_status"] == "degraded":
        return Trust.DEGRADED
    is_usable = is_whole_enough(row) and row["located_actor_count"] >= rule.min_located_actors
    return Trust.SOUND if is_usable and _figure(row) else Trust.UNUSABLE


def _point(day: date, row: Row) -> Point:
    figure = _figure(row)
    if figure is None:
        return Point(day, None, is_sound=False)
    is_sound = is_whole_enough(row) and row["capture_status"] != "degraded"
    return Point(day, figure.value, figure.low, figure.high, is_sound)
