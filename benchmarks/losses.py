"""A planted loss of a source is no trend: messages over seeded worlds that lose events as in 2026.

In each world the first archive loses nineteen stars of twenty and most of all else but pushes. The
platform's own functions see it day by day, from what each archive recorded to what is said of it,
without Dagster or HTTP: one message has to say that a source fails, and none that a country
does, unless a shift was planted too and the sources allow. The calendar of known breaks does not
know the loss. Of the kinds of rules there are, threshold rules alone can mistake a loss. Beside it
stands a monitor that takes what it sees for all there is: the same rules on the same figures, with
no word of capture.

Profiles do not change: accounts are attributed once, by them alone, as no rule reads a figure that
clocks move. Only cells that rules read are estimated: days on tracked repositories.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from threadpoolctl import threadpool_limits

from assets.activity.actor_days import actor_days
from assets.activity.events import day_events
from assets.activity.scan import in_panel
from assets.alerting.evaluation import evaluate_days
from assets.alerting.notice import Notice
from assets.alerting.rule_kinds import ThresholdRule, UpstreamRule
from assets.alerting.rules import Rules, load_rules
from assets.alerting.states import AlertState, State
from assets.attribution.countries import DayCountries, day_countries
from assets.attribution.evidence import evidence_rows
from assets.coverage.coverage import COMBINED, day_coverage
from assets.coverage.tables import COVERAGE
from assets.coverage.yardsticks import SourceDay
from assets.declare import prepare
from assets.engagement.capture import captures_ending
from assets.engagement.cells import count_cells
from assets.engagement.engagement import Hours, day_engagement
from assets.engagement.tables import ENGAGEMENT
from benchmarks import worlds
from benchmarks.loss_scenarios import DEVELOPERS, SCENARIOS, SHIFT_AFTER, Scenario
from benchmarks.recorded import (
    MOMENT,
    STARS,
    events_of_archive,
    midnight,
    star_counts,
    totals_of_archive,
)
from resources.warehouse import Warehouse
from sandbox.faults import ARCHIVES
from sandbox.world import ObservedEvents

Ints = npt.NDArray[np.int64]
SHIPPED_RULES = Path("assets/alerting/rules.yaml")
SHIFT_RULE = "cn-attention-share-high"
HISTORY_DAYS = 35  # of archive totals before the loss
BEFORE = 10  # days before the loss that rules are evaluated on
_FIRST_LOSS = date(2024, 6, 10)  # a Monday; by its seed, a world's loss begins on any weekday
_PANEL_ONE_IN = 10
_SEEN = ["event_type", "event_group", "repo_id", "is_tracked", "is_panel", "sources"]
#: What the shipped rule is changed to. A fifth of those who contribute, and about as many of those
#: who star, are from the US, always.
_US_HIGH = {"id": "us-contribution-share-high", "country": "US", "event_group": "contribution"}
_BELOW = {"id": "us-contribution-share-low", "direction": "below", "fire": 0.12, "clear": 0.15}
_US_STARS = {
    "id": "us-attention-share-low",
    "event_group": "attention",
    "fire": 0.15,
    "clear": 0.18,
}
_GROUPS = ("attention", "contribution")  # that the rules watch


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of a rule."""

    kind: str
    rule_id: str
    day: date
    state: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a world's messages said.

    Attributes:
        seed: of the world.
        loss: first day of it.
        sent: all messages, the oldest first.
        held: days on which the rule of the shift was held.
        naive: messages that a country's share is beyond a level, or back, of the same rules where
            nothing is known of capture.
        latest_notice: days from the loss within which it has to be said.
    """

    seed: int
    loss: date
    sent: tuple[Sent, ...]
    held: tuple[date, ...]
    naive: tuple[Sent, ...] = ()
    latest_notice: int = 1

    @property
    def threshold(self) -> list[Sent]:
        """Messages that say a country's share is beyond a level, or back."""
        return [each for each in self.sent if each.kind == "threshold"]

    @property
    def noticed_after(self) -> list[int]:
        """Days from the loss to each message that a source fails."""
        firing = [each for each in self.sent if (each.kind, each.state) == ("upstream", "firing")]
        return [(each.day - self.loss).days for each in firing]

    @property
    def is_noticed(self) -> bool:
        """Whether one message says in time that a source fails, and no other ever does."""
        after = self.noticed_after
        return len(after) == 1 and 0 <= after[0] <= self.latest_notice

    @property
    def shift_delay(self) -> int | None:
        """Days from the shift to its message: the only one of its kind, later, on no held day."""
        days = [each.day for each in self.threshold if each.rule_id == SHIFT_RULE]
        if len(days) != 1 or len(self.threshold) > 1 or days[0] in self.held:
            return None
        delay = (days[0] - self.loss).days - SHIFT_AFTER
        return delay if delay >= 0 else None


class InMemory(Warehouse):
    """A warehouse without a file: half of the time would go into opening one."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self._connection = duckdb.connect(config={"threads": 1})

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The one connection inside a transaction; nothing goes on after an exception."""
        self._connection.execute("BEGIN")
        yield self._connection
        self._connection.execute("COMMIT")


class Monitor(InMemory):
    """A warehouse with what rules read, where they stand, and what they said."""

    def __init__(self) -> None:
        super().__init__()
        prepare(self, ENGAGEMENT, COVERAGE)
        self.states: dict[str, AlertState] = {}
        self.notices: list[Notice] = []

    def evaluate(self, rules: Rules, day: date) -> None:
        """Move all rules on by a day."""
        with self.transaction() as connection:
            done = evaluate_days(connection, rules, [day], self.states)
        self.states = done.states
        self.notices += done.notices


class Watch:
    """One world as the platform sees it."""

    def __init__(self, seed: int, scenario: Scenario) -> None:
        self.loss = _FIRST_LOSS + timedelta(days=seed % 7)
        self._world = scenario.world(seed, self.loss)
        self._has_stars = scenario.has_star_history
        actors = np.array(sorted(self._world.account_by_id))
        self._panel = actors[[in_panel(actor, _PANEL_ONE_IN) for actor in actors.tolist()]]
        self._repositories = worlds.repositories(self._world)
        self._seen: dict[date, dict[str, ObservedEvents]] = {}
        self._totals: list[pa.Table] = []
        self._stars = [STARS.empty_table()]
        shipped = load_rules(SHIPPED_RULES)
        china = next(each for each in shipped.of_kind(ThresholdRule) if each.id == SHIFT_RULE)
        us = china.model_copy(update=_US_HIGH)
        us_low = us.model_copy(update=_BELOW)
        # Where China's attention really rises, the share of the US really falls.
        stars = () if scenario.has_shift else (us_low.model_copy(update=_US_STARS),)
        self._rules = Rules((*shipped.of_kind(UpstreamRule), china, us, us_low, *stars))
        self.house, self.naive = Monitor(), Monitor()

    def attribute(self, day: date) -> DayCountries:
        """Countries of everybody, by the profiles of a day."""
        people = [each for each in self._world.developers if not each.is_deleted]
        profiles = pa.table(
            {
                "actor_id": [each.github_id for each in people],
                "location": [each.location for each in people],
                "company": [each.company for each in people],
                "fetched_at": pa.repeat(pa.scalar(midnight(day), MOMENT), len(people)),
            }
        )
        evidence = evidence_rows(day, profiles, {}, {}, {}, worlds.readers())
        bots = [bot.github_id for bot in self._world.bots]
        return day_countries(day, evidence, sorted(self._world.account_by_id), bots)

    def count(self, day: date) -> None:
        """Keep what the platform keeps of every day for half a year: totals, and star counts."""
        self._totals += [
            totals_of_archive(day, name, seen) for name, seen in self._recorded(day).items()
        ]
        self._stars += [star_counts(self._world, day)] if self._has_stars else []

    def publish(self, day: date, made: DayCountries) -> pa.Table:
        """Make a day's core.coverage and mart.engagement, and return the former."""
        self.count(day)
        recorded = self._recorded(day)
        rows = [events_of_archive(day, name, seen, self._panel) for name, seen in recorded.items()]
        events = day_events(day, rows).events
        stars, totals = pa.concat_tables(self._stars), pa.concat_tables(self._totals)
        sources = {name: SourceDay(complete_hours=24) for name in recorded}
        coverage = day_coverage(day, events.select(_SEEN), stars, totals, (), sources)
        self.house.replace_days(COVERAGE.qualified, "coverage_date", [day], coverage)
        of_day = pa.repeat(pa.scalar(day), made.countries.num_rows)
        countries = made.countries.drop_columns("as_of_date").append_column("as_of_date", of_day)
        cells = count_cells([day], actor_days(day, events, self._repositories), countries)
        is_read = pc.and_(pc.equal(cells["period"], "day"), pc.equal(cells["scope"], "tracked"))
        is_watched = pc.is_in(cells["event_group"], value_set=pa.array(_GROUPS))
        rates = coverage.filter(pc.equal(coverage["source"], COMBINED)).to_pylist()
        whole = [row for row in rates if row["event_type"] is None and row["repo_id"] is None]
        captures = captures_ending(day, whole, ("tracked",), _GROUPS)
        watched = cells.filter(pc.and_(is_read, is_watched))
        hours = {"day": Hours(24, 24)}
        shares = day_engagement(day, watched, made.model, {}, hours, captures).engagement
        self.house.replace_days(ENGAGEMENT.qualified, "activity_date", [day], shares)
        self.naive.replace_days(
            ENGAGEMENT.qualified, "activity_date", [day], _taken_for_whole(shares)
        )
        return coverage

    def evaluate(self, day: date) -> bool:
        """Move all rules on by a day; whether the rule of the shift is held after it."""
        for monitor in (self.house, self.naive):
            monitor.evaluate(self._rules, day)
        state = self.house.states.get(SHIFT_RULE)
        return state is not None and state.state is State.HELD

    def _recorded(self, day: date) -> dict[str, ObservedEvents]:
        """What the archives that have files of a day recorded of it, by name."""
        if day not in self._seen:
            is_there = partial(self._world.calendar.has_file, midnight(day))
            there = [name for name in ARCHIVES if is_there(name)]
            self._seen = {day: {name: self._world.recorded(day, name) for name in there}}
        return self._seen[day]


def _taken_for_whole(shares: pa.Table) -> pa.Table:
    """mart.engagement of who does not ask what was captured."""
    at = shares.column_names.index("capture_status")
    sound = pa.repeat("sound", shares.num_rows)
    return shares.set_column(at, shares.schema.field(at), sound)


def _sent(notices: Sequence[Notice]) -> tuple[Sent, ...]:
    """What was said of each rule, the oldest first."""
    return tuple(
        Sent(each.kind, rule, each.day, str(each.stage))
        for each in notices
        for rule in each.rule_ids
    )


def outcome(
    seed: int, scenario: Scenario, *, before: int = BEFORE, after: int | None = None
) -> Outcome:
    """What the rules say of a world day by day, so many days before its loss and from it on."""
    after = scenario.days_after if after is None else after
    with threadpool_limits(1):
        watch = Watch(seed, scenario)
        days = [watch.loss + timedelta(days=n) for n in range(-HISTORY_DAYS, after)]
        first = HISTORY_DAYS - before
        for day in days[:first]:
            watch.count(day)
        made = watch.attribute(days[first])
        held = []
        for day in days[first:]:
            watch.publish(day, made)
            if watch.evaluate(day):
                held.append(day)
        sent, naive = _sent(watch.house.notices), _sent(watch.naive.notices)
        return Outcome(seed, watch.loss, sent, tuple(held), naive, scenario.latest_notice)


def many_outcomes(scenario: Scenario, seeds: Sequence[int]) -> Iterator[Outcome]:
    """Outcomes of many worlds, two at a time, in the order of the seeds."""
    worlds.readers()  # compiled before the processes that share it
    with ProcessPoolExecutor(max_workers=2) as pool:
        yield from pool.map(partial(outcome, scenario=scenario), seeds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the bar for each scenario."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=50)
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    options = parser.parse_args(arguments)
    for name in options.scenarios:
        print(f"\n{name}: {SCENARIOS[name].name}; {options.worlds} worlds of {DEVELOPERS:,} people")
        found: list[Outcome] = []
        for each in many_outcomes(SCENARIOS[name], range(1, options.worlds + 1)):
            found.append(each)
            print(f"  {len(found)} worlds", end="\r", flush=True)
        report(SCENARIOS[name], found)


def report(scenario: Scenario, found: Sequence[Outcome]) -> None:
    """Print the bar of a scenario, and all messages of each world that missed it."""
    count = len(found)
    after = [days for each in found for days in each.noticed_after]
    latest = scenario.latest_notice
    print(
        f"  one upstream message, within {latest} d: {sum(each.is_noticed for each in found)} of "
        f"{count} (bar 96 %); before the loss {sum(days < 0 for days in after)}, "
        f"later {sum(days > latest for days in after)}"
    )
    if scenario.falls_in_days and after:
        print(f"  said {min(after)} to {max(after)} days after it began, median {median(after)}")
    if scenario.has_shift:
        delays = [each.shift_delay for each in found if each.shift_delay is not None]
        middle = f"{median(delays):.0f} days after it began" if delays else "never"
        print(f"  shift found, nothing else: {len(delays)} of {count} (bar 80 %), median {middle}")
    else:
        wrong = sum(bool(each.threshold) for each in found)
        naive = sum(bool(each.naive) for each in found)
        print(
            f"  worlds with a threshold message: {wrong} of {count} (bar 0); "
            f"of a monitor that does not ask what was captured: {naive}"
        )
    print(f"  {SHIFT_RULE} held on {median(len(each.held) for each in found):.0f} days (median)")
    for each in found:
        is_right = each.shift_delay is not None if scenario.has_shift else not each.threshold
        if not (each.is_noticed and is_right):
            said = [(sent.rule_id, (sent.day - each.loss).days, sent.state) for sent in each.sent]
            print(f"  world {each.seed}, days from the loss: {said}")


if __name__ == "__main__":
    main()
