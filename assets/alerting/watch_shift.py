"""Rules on shifts of a country's share that two detectors agree on: each is said once."""

from collections.abc import Iterable, Mapping, Sequence
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
#: So long it may be withdrawn, and stands as firing; that this is over is no news.
_TRIAL = timedelta(days=182)
#: By so much an onset may move with data that were made again.
_MOVES = timedelta(days=14)
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
        """Shifts confirmed by a day, and those that it withdraws.

        The table is made anew of all data: a shift whose dates have moved a little is the one that
        was said, and one that later data do not show at all is withdrawn.
        """
        stood = {name: state for name, state in states.items() if state.rule_id == self.rule.id}
        known: set[str] = set()
        for row in self.rows:
            name = _name(self.rule, row, stood)
            if row["detected_date"] <= day:
                known.add(name)
            after = _after(self.rule, name, stood.get(name), row, day)
            if after is not None:
                yield self._outcome(row, after, day)
        for name, state in stood.items():
            if name not in known and state.state is State.FIRING:
                yield self._outcome(_forgotten(state), _withdrawn(state, day), day)

    def _outcome(self, row: Row, after: AlertState, day: date) -> Outcome:
        return Outcome(
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


def _name(rule: TrendShiftRule, row: Row, stood: Mapping[str, AlertState]) -> str:
    """Which alert a shift is of: one whose onset lies about where this one's does, or its own."""
    of = f"{rule.id}:{row['country_iso2']}:{row['event_group']}:"
    onsets = {name: date.fromisoformat(name[len(of) :]) for name in stood if name.startswith(of)}
    first, last = row["onset_low_date"] - _MOVES, row["onset_high_date"] + _MOVES
    near = [name for name, onset in onsets.items() if first <= onset <= last]
    return min(
        near,
        key=lambda name: abs(onsets[name] - row["onset_date"]),
        default=f"{of}{row['onset_date']}",
    )


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
        return state
    if is_withdrawn:
        return _withdrawn(state, day)
    if state.episode is not None and day >= state.episode + _TRIAL:
        return replace(state, state=State.OK, since=day, evaluated_through=day, thread=None)
    return state


def _withdrawn(state: AlertState, day: date) -> AlertState:
    return replace(state, state=State.RESOLVED, since=day, evaluated_through=day, resolved_on=day)


def _forgotten(state: AlertState) -> Row:
    """What is known of a shift that the table has no row of any more."""
    _, country, group, onset = state.alert_id.split(":")
    return {
        "country_iso2": country,
        "event_group": group,
        "period": "week",
        "onset_date": date.fromisoformat(onset),
        "detected_date": state.episode,
        "size_pp": state.value or 0.0,
        "size_pp_ci_low": state.ci_low,
        "size_pp_ci_high": state.ci_high,
    }


def _finding(row: Row, state: AlertState) -> Finding:
    onset = f"{row['onset_date']}"
    if "onset_low_date" in row:
        onset += f" ({row['onset_low_date']} to {row['onset_high_date']})"
    is_over = state.state is State.RESOLVED
    basis = ""
    if "before_share" in row:
        basis = (
            f"From {percent(row['before_share'])} to {percent(row['after_share'])} of located "
            f"accounts, by {row['period']}; two detectors of different kinds agree on it."
        )
    return Finding(
        subject=f"{country_name(row['country_iso2'])}, {group_name(row['event_group'])}",
        measure="shift of the share of located accounts"
        + (", withdrawn: later data do not show it" if is_over else ""),
        unit=Unit.POINTS,
        period=f"since {onset}, found in data through {row['detected_date']} (UTC)",
        now=Figure(row["size_pp"], row["size_pp_ci_low"], row["size_pp_ci_high"]),
        since=row["onset_date"],
        basis=basis,
    )


def _point(row: Row) -> Point:
    day = row["activity_date"]
    if not row["has_figure"]:
        return Point(day, None, is_sound=False)
    figure = located_share(row["actor_count"], row["located_actor_count"])
    is_sound = is_whole_enough(row) and row["capture_status"] != "degraded"
    return share_point(day, figure, row["actor_count"], is_sound=is_sound)
