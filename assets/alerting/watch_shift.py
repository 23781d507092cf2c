"""Rules on shifts of a country's share that two detectors agree on: each is said once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Self

import duckdb

from assets.alerting.located import MEASURE, Row, located_share, share_point
from assets.alerting.notice import Course, Figure, Finding, Point, Unit
from assets.alerting.rule_kinds import TrendShiftRule
from assets.alerting.states import AlertState, State
from assets.alerting.watch import Outcome, States
from assets.alerting.watch_threshold import cause_of
from assets.alerting.words import country_name, group_name, is_whole_enough
from assets.figures import percent
from assets.shifts.trend_tables import TREND_SHIFTS

_SHARES_SQL = (Path(__file__).parent / "sql" / "share_readings.sql").read_text()
#: A shift may be found some days after the data that it rests on were made.
_NEWS = timedelta(days=14)
#: So long a shift stands as firing; its message stays, and its end is no news.
_LASTS = timedelta(days=28)
_DRAWN = {"day": timedelta(days=180), "week": timedelta(days=728)}
_SQL = """
SELECT *
FROM mart.trend_shifts
WHERE period = ? AND status IN ('confirmed', 'withdrawn') AND detected_date IS NOT NULL
  AND abs(size_pp) >= ? AND confidence_share >= ?
ORDER BY detected_date, country_iso2, event_group
"""


@dataclass(frozen=True, slots=True)
class ShiftWatch:
    """A rule and the shifts that were ever confirmed."""

    rule: TrendShiftRule
    rows: Sequence[Row]
    connection: duckdb.DuckDBPyConnection

    @classmethod
    def read(cls, connection: duckdb.DuckDBPyConnection, rule: TrendShiftRule) -> Self:
        """All of its period."""
        found = connection.execute(
            _SQL, [rule.period, rule.min_points, rule.min_confidence]
        ).to_arrow_table()
        rows = [
            row
            for row in found.to_pylist()
            if (not rule.countries or row["country_iso2"] in rule.countries)
            and (not rule.event_groups or row["event_group"] in rule.event_groups)
        ]
        return cls(rule, rows, connection)

    def outcomes(self, states: States, day: date) -> Iterable[Outcome]:
        """Shifts confirmed by a day, and those that it withdraws."""
        for row in self.rows:
            name = ":".join(
                (self.rule.id, row["country_iso2"], row["event_group"], str(row["detected_date"]))
            )
            after = _after(self.rule, name, states.get(name), row, day)
            if after is not None:
                yield Outcome(
                    rule=self.rule,
                    after=after,
                    cause=cause_of(row["event_group"]),
                    asset=(TREND_SHIFTS.schema, TREND_SHIFTS.name),
                    finding=partial(_finding, row),
                    course=partial(self._course, row, day),
                )

    def _course(self, row: Row, day: date) -> Course:
        parameters = {
            "country": row["country_iso2"],
            "event_group": row["event_group"],
            "period": row["period"],
            "first": day - _DRAWN[row["period"]],
            "last": day,
            "combined": "",
        }
        found = self.connection.execute(_SHARES_SQL, parameters).to_arrow_table().to_pylist()
        title = f"{country_name(row['country_iso2'])}: share of {group_name(row['event_group'])}"
        return Course(title, Unit.SHARE, tuple(map(_point, found)), measure=MEASURE)


def _after(
    rule: TrendShiftRule, name: str, state: AlertState | None, row: Row, day: date
) -> AlertState | None:
    """Where a shift stands after a day; None where that is no news."""
    detected, withdrawn = row["detected_date"], row["withdrawn_date"]
    is_withdrawn = withdrawn is not None and withdrawn <= day
    if state is None:
        if not detected <= day < detected + _NEWS or is_withdrawn:
            return None
        return AlertState(
            name, rule.id, State.FIRING, detected, detected, row["size_pp"],
            row["size_pp_ci_low"], row["size_pp_ci_high"], episode=detected,
        )  # fmt: skip
    if state.state is not State.FIRING:
        return None
    if is_withdrawn:
        return replace(
            state, state=State.RESOLVED, since=day, evaluated_through=day, resolved_on=day
        )
    if day >= detected + _LASTS:
        return replace(state, state=State.OK, since=day, evaluated_through=day, thread=None)
    return None


def _finding(row: Row, state: AlertState) -> Finding:
    onset = f"{row['onset_date']} ({row['onset_low_date']} to {row['onset_high_date']})"
    is_over = state.state is State.RESOLVED
    return Finding(
        subject=f"{country_name(row['country_iso2'])}, {group_name(row['event_group'])}",
        measure="shift of the share of located accounts"
        + (", withdrawn: later data do not show it" if is_over else ""),
        unit=Unit.POINTS,
        period=f"since {onset}, found in data through {row['detected_date']} (UTC)",
        now=Figure(row["size_pp"], row["size_pp_ci_low"], row["size_pp_ci_high"]),
        since=row["onset_date"],
        basis=(
            f"From {percent(row['before_share'])} to {percent(row['after_share'])} of located "
            f"accounts, by {row['period']}; two detectors of different kinds agree on it."
        ),
    )


def _point(row: Row) -> Point:
    day = row["activity_date"]
    if not row["has_figure"]:
        return Point(day, None, is_sound=False)
    figure = located_share(row["actor_count"], row["located_actor_count"])
    is_sound = is_whole_enough(row) and row["capture_status"] != "degraded"
    return share_point(day, figure, row["actor_count"], is_sound=is_sound)
