"""Rules on the share of Hub downloads that is of one country's weights."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Self

import duckdb

from assets.alerting.located import Row, rows_by
from assets.alerting.notice import Course, Figure, Finding, Point, Unit
from assets.alerting.rule_kinds import HubShareRule
from assets.alerting.states import AlertState, Reading, Trust
from assets.alerting.watch import Cause, Observed, Outcome, States, level_outcomes
from assets.alerting.words import beyond, country_name
from assets.figures import interval, percent
from assets.hub.tables import DIFFUSION_HUB

_CAUSE = Cause("hub-downloads", "Shares of Hub downloads have shifted")
_USUAL = timedelta(days=28)
_DRAWN = timedelta(days=180)
_SQL = """
SELECT snapshot_date, share, share_low, share_high, unknown_share, known_value, is_complete
FROM mart.diffusion_hub
WHERE measure = 'downloads_30d' AND author_country_iso2 = 'any' AND origin_iso2 = ?
  AND root_family = 'any' AND relation = 'any' AND snapshot_date BETWEEN ? AND ?
ORDER BY snapshot_date
"""


@dataclass(frozen=True, slots=True)
class HubShareWatch:
    """A rule and the snapshots, by day."""

    rule: HubShareRule
    rows: Mapping[date, Row]

    @classmethod
    def read(
        cls, connection: duckdb.DuckDBPyConnection, rule: HubShareRule, first: date, last: date
    ) -> Self:
        """The snapshots that days from `first` to `last` need, and those that a chart shows."""
        parameters = [rule.origin, first - _DRAWN, last]
        return cls(rule, rows_by(connection, _SQL, parameters, "snapshot_date"))

    def outcomes(self, states: States, day: date) -> Iterable[Outcome]:
        """Where the alert stands after a day's snapshot."""
        row = self.rows.get(day)
        if row is None:
            return ()
        figure = None if row["share"] is None else Figure(row["share"])
        is_usable = row["is_complete"] and figure is not None
        reading = Reading(day, figure, Trust.SOUND if is_usable else Trust.UNUSABLE)
        observed = Observed(
            self.rule.id, (reading,), partial(self._finding, row), partial(self._course, day)
        )
        asset = (DIFFUSION_HUB.schema, DIFFUSION_HUB.name)
        return level_outcomes(self.rule, (observed,), states, _CAUSE, asset)

    def _finding(self, row: Row, state: AlertState) -> Finding:
        rule, day = self.rule, row["snapshot_date"]
        side, level = beyond(rule.level, Figure(row["share"] or 0.0))
        before = [
            each["share"]
            for at, each in self.rows.items()
            if day - _USUAL <= at < day and each["is_complete"] and each["share"] is not None
        ]
        return Finding(
            subject=f"weights from {country_name(rule.origin)}",
            measure="share of Hub downloads of 30 days",
            unit=Unit.SHARE,
            period=f"{day} (UTC)",
            now=Figure(row["share"] or 0.0),
            before=Figure(sum(before) / len(before)) if before else None,
            before_period=f"mean of {len(before)} snapshots of the four weeks before"
            if before
            else "",
            side=side,
            level=level,
            since=state.episode,
            basis=(
                f"{row['known_value']:,.0f} downloads of known origin, counted whole; with all of "
                f"unknown origin ({percent(row['unknown_share'] or 0.0)}) counted out or in, "
                f"{interval(row['share_low'] or 0.0, row['share_high'] or 0.0)}."
            ),
        )

    def _course(self, day: date) -> Course:
        points = tuple(
            Point(at, row["share"], is_sound=bool(row["is_complete"]))
            for at, row in sorted(self.rows.items())
            if day - _DRAWN < at <= day
        )
        title = f"Hub downloads of weights from {country_name(self.rule.origin)}"
        return Course(
            title,
            Unit.SHARE,
            points,
            self.rule.fire,
            self.rule.clear,
            "share of downloads of 30 days",
        )
