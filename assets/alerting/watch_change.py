"""Rules on the change of any country's share between four weeks and the four before."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Self

import duckdb

from assets.alerting.located import MEASURE, Row, located_share, share_point, sunday
from assets.alerting.notice import Course, Figure, Finding, Point, Unit
from assets.alerting.rule_kinds import ChangeRule
from assets.alerting.states import AlertState, Mark, Reading, Trust
from assets.alerting.watch import Observed, Outcome, States, level_outcomes
from assets.alerting.watch_threshold import cause_of
from assets.alerting.words import country_name, group_name, is_whole_enough, of_hours
from assets.engagement.shares import SMALLEST_CELL
from assets.engagement.tables import ENGAGEMENT
from assets.figures import percent
from assets.visibility.formulas import gap_pp

_SQL = (Path(__file__).parent / "sql" / "change_readings.sql").read_text()
_DRAWN = timedelta(days=728)


@dataclass(frozen=True, slots=True)
class ChangeWatch:
    """A rule and the countries' shares, by country and the Sunday that ends four weeks."""

    rule: ChangeRule
    rows: Mapping[str, Mapping[date, Row]]

    @classmethod
    def read(
        cls, connection: duckdb.DuckDBPyConnection, rule: ChangeRule, first: date, last: date
    ) -> Self:
        """The figures that days from `first` to `last` need, and those that a chart shows."""
        parameters = {"event_group": rule.event_group, "first": first - _DRAWN, "last": last}
        rows: dict[str, dict[date, Row]] = defaultdict(dict)
        for row in connection.execute(_SQL, parameters).to_arrow_table().to_pylist():
            if not rule.countries or row["country_iso2"] in rule.countries:
                rows[row["country_iso2"]][row["activity_date"]] = row
        return cls(rule, rows)

    def outcomes(self, states: States, day: date) -> Iterable[Outcome]:
        """Where the countries' alerts stand after a day: its newest Sunday moves them."""
        return level_outcomes(
            self.rule,
            self._observed(day),
            states,
            cause_of(self.rule.event_group),
            (ENGAGEMENT.schema, ENGAGEMENT.name),
        )

    def _observed(self, day: date) -> Iterator[Observed]:
        for country, rows in sorted(self.rows.items()):
            row = rows.get(sunday(day))
            if row is None:
                continue
            reading = Reading(sunday(day), change(row), _trust(self.rule, row))
            yield Observed(
                f"{self.rule.id}:{country}",
                (reading,),
                partial(_finding, self.rule, country, row),
                partial(_course, country, self.rule.event_group, rows, day),
            )


def _finding(rule: ChangeRule, country: str, row: Row, state: AlertState) -> Finding:
    day, found = row["activity_date"], change(row)
    moved, side, level = _points(found), "", None
    if found is not None and rule.level.mark(found) is Mark.BEYOND:
        # A change of direction either is said as it is, up or down.
        is_down = moved.value < 0
        side = "below" if is_down else "above"
        level = (-100.0 if is_down else 100.0) * rule.fire
    return Finding(
        subject=f"{country_name(country)}, {group_name(rule.event_group)}",
        measure="change of the share of located accounts",
        unit=Unit.POINTS,
        period=f"the four weeks to {day} (UTC) against the four weeks before",
        now=moved,
        side=side,
        level=level,
        since=state.episode,
        basis=(
            f"{_share(row, '')} of {row['located_actor_count']:,} located accounts, before "
            f"{_share(row, '_before')} of {row['located_actor_count_before']:,}; "
            f"{percent(row['unknown_share'])} of active accounts have no known country. Source: "
            f"{of_hours(row)}."
        ),
        soundness="corrected" if row["is_corrected"] else row["capture_status"],
    )


def _course(country: str, event_group: str, rows: Mapping[date, Row], day: date) -> Course:
    first = day - _DRAWN
    points = tuple(_point(at, row) for at, row in sorted(rows.items()) if first < at <= day)
    title = f"{country_name(country)}: share of {group_name(event_group)}, four weeks"
    return Course(title, Unit.SHARE, points, measure=MEASURE)


def change(row: Row) -> Figure | None:
    """The newer share less the older one, 0 to 1 in size, with Newcombe's interval.

    An account may be active in both four weeks: the two then vary together, and the interval, which
    takes them for independent, is rather too wide.
    """
    if not row["located_actor_count"] or not row["located_actor_count_before"]:
        return None
    found = gap_pp(
        row["actor_count"],
        row["located_actor_count"],
        row["actor_count_before"],
        row["located_actor_count_before"],
    )
    value, low, high = (float(each) / 100.0 for each in (found.value, found.low, found.high))
    return Figure(value, low, high)


def _points(moved: Figure | None) -> Figure:
    if moved is None or moved.low is None or moved.high is None:
        return Figure(0.0)
    return Figure(100.0 * moved.value, 100.0 * moved.low, 100.0 * moved.high)


def _trust(rule: ChangeRule, row: Row) -> Trust:
    if row["capture_status"] == "degraded":
        return Trust.DEGRADED
    totals: Sequence[int] = (row["located_actor_count"], row["located_actor_count_before"])
    counts: Sequence[int] = (row["actor_count"], row["actor_count_before"])
    is_small = any(0 < count < SMALLEST_CELL for count in counts)
    is_usable = (
        is_whole_enough(row)
        and min(totals) >= rule.min_located_actors
        and max(counts) >= rule.min_actors
        and not is_small
    )
    return Trust.SOUND if is_usable else Trust.UNUSABLE


def _share(row: Row, when: str) -> str:
    return percent(row[f"actor_count{when}"] / row[f"located_actor_count{when}"])


def _point(day: date, row: Row) -> Point:
    figure = located_share(row["actor_count"], row["located_actor_count"])
    is_sound = is_whole_enough(row) and row["capture_status"] != "degraded"
    return share_point(day, figure, row["actor_count"], is_sound=is_sound)
