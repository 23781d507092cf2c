"""Rules on the gap between use and patents: moved on by each complete cohort, in order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Self

import duckdb

from assets.alerting.located import Row, rows_by
from assets.alerting.notice import Course, Figure, Finding, Point, Unit
from assets.alerting.rule_kinds import GapRule
from assets.alerting.states import AlertState, Reading, Trust
from assets.alerting.watch import Cause, Observed, Outcome, States, level_outcomes
from assets.alerting.words import beyond, user_name
from assets.figures import percent
from assets.visibility.cohorts import COMPLETE, ripe_day
from assets.visibility.tables import VISIBILITY_GAP

_CAUSE = Cause("visibility-gap", "The gap between use and patents has moved")
_MEASURES = {
    "papers": "papers",
    "hub_downloads": "Hub downloads",
    "engagement": "developers' engagement",
}
_SQL = """
SELECT cohort_month, status, gap_pp, gap_pp_ci_low, gap_pp_ci_high, use_share, use_count,
    patent_share, patent_count, read_through_date
FROM mart.visibility_gap
WHERE basis = ? AND user_kind = ? AND use_measure = ? AND lag_months = ?
ORDER BY cohort_month
"""


@dataclass(frozen=True, slots=True)
class GapWatch:
    """A rule and its cohorts, by month."""

    rule: GapRule
    rows: Mapping[date, Row]

    @classmethod
    def read(cls, connection: duckdb.DuckDBPyConnection, rule: GapRule) -> Self:
        """All cohorts there are."""
        parameters = [rule.basis, rule.user_kind, rule.use_measure, rule.lag_months]
        return cls(rule, rows_by(connection, _SQL, parameters, "cohort_month"))

    def outcomes(self, states: States, day: date) -> Iterable[Outcome]:
        """Where the alert stands after a day: cohorts that are complete by then have moved it.

        Of several new ones, each moves it; what is said is where it stands after the newest.
        """
        state = states.get(self.rule.id)
        through = state.evaluated_through if state else date.min
        ripe = [
            row
            for month, row in self.rows.items()
            if month > through
            and row["status"] == COMPLETE
            and ripe_day(self.rule.basis, month) <= day
        ]
        if not ripe:
            return ()
        readings = tuple(
            Reading(row["cohort_month"], _figure(row), _trust(self.rule, row)) for row in ripe
        )
        observed = Observed(self.rule.id, readings, self._finding, partial(self._course, day))
        asset = (VISIBILITY_GAP.schema, VISIBILITY_GAP.name)
        return level_outcomes(self.rule, (observed,), states, _CAUSE, asset)

    def _finding(self, state: AlertState) -> Finding:
        rule, row = self.rule, self.rows[state.evaluated_through]
        side, level = beyond(rule.level, _figure(row))
        lag = f" {rule.lag_months} months before" if rule.lag_months else ""
        use = "" if row["use_count"] is None else f" of {row['use_count']:,}"
        return Finding(
            subject=user_name(rule.user_kind),
            measure=f"share in {_MEASURES[rule.use_measure]}{lag} less share in U.S. patents",
            unit=Unit.POINTS,
            period=f"patents by {rule.basis} in {row['cohort_month']:%Y-%m}",
            now=_figure(row) or Figure(0.0),
            side=side,
            level=level,
            since=state.episode,
            basis=(
                f"{percent(row['use_share'])}{use} {_MEASURES[rule.use_measure]} and "
                f"{percent(row['patent_share'])} of {row['patent_count']:,} U.S. patents that name "
                f"any open model name one of Chinese origin. All weekly files up to "
                f"{row['read_through_date']} were read."
            ),
        )

    def _course(self, day: date) -> Course:
        rule = self.rule
        points = tuple(
            Point(month, row["gap_pp"], row["gap_pp_ci_low"], row["gap_pp_ci_high"])
            if row["status"] == COMPLETE and ripe_day(rule.basis, month) <= day
            else Point(month, None, is_sound=False)
            for month, row in sorted(self.rows.items())
            if month <= day
        )
        title = f"Gap between use and patents, {user_name(rule.user_kind)}, by {rule.basis}"
        measure = f"share in {_MEASURES[rule.use_measure]} less share in patents"
        return Course(title, Unit.POINTS, points, rule.fire, rule.clear, measure)


def _figure(row: Row) -> Figure | None:
    if row["gap_pp"] is None:
        return None
    return Figure(row["gap_pp"], row["gap_pp_ci_low"], row["gap_pp_ci_high"])


def _trust(rule: GapRule, row: Row) -> Trust:
    works = row["use_count"]
    is_enough = (works is None or works >= rule.min_works) and (
        row["patent_count"] >= rule.min_patents
    )
    return Trust.SOUND if is_enough and _figure(row) else Trust.UNUSABLE
