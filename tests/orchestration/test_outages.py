"""The platform's own assets after an outage of one, three or seven days, on a simulated clock."""

import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import dagster as dg
import pytest
from dagster._core.definitions.asset_daemon_cursor import AssetDaemonCursor
from dagster._core.definitions.automation_tick_evaluation_context import (
    AutomationTickEvaluationContext,
)

from orchestration.automation import automation_sensor
from orchestration.code_digest import CODE_TAG, code_digest
from orchestration.definitions import build_definitions
from orchestration.families import DAILY, FAMILIES, HUB, PAPERS, PATENTS, families_of, family_of
from orchestration.settings import load_settings

#: A Tuesday: the month and a week close in the days after it.
LAST_TICK = datetime(2026, 3, 31, 12, tzinfo=UTC)
YEAR = [f"2025-{month:02d}-01" for month in range(6, 13)] + ["2026-01-01", "2026-02-01"]


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions(load_settings({"OBSERVATORY_FIRST_DAY": "2025-06-01"}))


class Daemon:
    """What the daemon has the automation sensor evaluate; all that is asked for is made at once."""

    def __init__(self, definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.graph = definitions.resolve_asset_graph()
        self.families = families_of(self.graph)
        self.cursor = AssetDaemonCursor.empty(0)

    def tick(self, moment: datetime) -> list[dg.RunRequest]:
        """The runs that the sensor asks for at a time."""
        sensor = automation_sensor()
        context = AutomationTickEvaluationContext(
            evaluation_id=self.cursor.evaluation_id + 1,
            instance=self.instance,
            asset_graph=self.graph,
            cursor=self.cursor,
            materialize_run_tags=sensor.run_tags,
            observe_run_tags={},
            auto_observe_asset_keys=set(),
            asset_selection=sensor.asset_selection,
            logger=logging.getLogger(__name__),
            emit_backfills=sensor.emit_backfills,
            evaluation_time=moment,
        )
        requests, self.cursor, _ = context.evaluate()
        for request in requests:
            for key in request.asset_selection or ():
                self.instance.report_runless_asset_event(
                    dg.AssetMaterialization(key, partition=request.partition_key)
                )
        return list(requests)

    def missing(self, moment: datetime) -> dict[str, list[str]]:
        """Partitions of what is looked back on that are over and not there, by asset."""
        found = {}
        for key, family in self.families.items():
            keys = self.graph.get(key).partitions_def.get_partition_keys(current_time=moment)
            looked_back = {DAILY: 8, HUB: 8, PATENTS: 8, PAPERS: 2}[family]
            made = self.instance.get_materialized_partitions(key)
            absent = [each for each in keys[-looked_back:] if each not in made]
            if absent:
                found[str(key)] = absent
        return found


def test_every_partitioned_asset_is_of_a_family(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    assert {family_of(each.partitions_def) for each in nodes if each.partitions_def} == {*FAMILIES}
    assert [each.key for each in nodes if each.automation_condition is None] == []


@pytest.mark.parametrize(
    ("days", "weeks", "months"),
    [(1, [], ["2026-03-01"]), (3, [], ["2026-03-01"]), (7, ["2026-03-31"], ["2026-03-01"])],
)
def test_after_an_outage_everything_is_there_after_the_next_tick(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    days: int,
    weeks: list[str],
    months: list[str],
) -> None:
    daemon = Daemon(definitions, instance)
    for hours in (48, 24, 0):
        daemon.tick(LAST_TICK - timedelta(hours=hours))
        # Once more for what gathers the partitions of others.
        daemon.tick(LAST_TICK - timedelta(hours=hours, minutes=-1))
    assert daemon.missing(LAST_TICK) == {}
    back = LAST_TICK + timedelta(days=days, hours=2)
    late = {str(key) for key, family in daemon.families.items() if family != PATENTS or weeks}
    assert set(daemon.missing(back)) == late
    requests = daemon.tick(back)
    assert daemon.missing(back) == {}

    asked: dict[str, list[str]] = {family.name: [] for family in FAMILIES}
    unpartitioned = set()
    for request in requests:
        assert request.tags[CODE_TAG] == code_digest()
        keys = request.asset_selection or []
        if request.partition_key is None:
            unpartitioned |= {key.to_user_string() for key in keys}
            continue
        (family,) = {daemon.families[key] for key in keys}
        # A run makes one partition of all assets of a family.
        assert set(keys) == {key for key, each in daemon.families.items() if each == family}
        asked[family.name].append(request.partition_key)
    closed = [str(LAST_TICK.date() + timedelta(days=n)) for n in range(days)]
    today = str(back.date())
    assert asked == {
        "daily": closed,
        # That of the first day was taken before the outage.
        "hub": [*closed[1:], today],
        "patents": weeks,
        # Of seven days one is a Saturday, on which those of a year are asked for again.
        "papers": months if days < 5 else [*YEAR, *months],
    }
    assert {"raw/repository_events", "raw/star_history", "core/tracked_repositories"} <= (
        unpartitioned
    )
    following = daemon.tick(back + timedelta(minutes=1))
    gathered = {key.to_user_string() for each in following for key in each.asset_selection or ()}
    assert {each.partition_key for each in following} == {None}
    assert {"mart/shock_effects", "mart/trend_shifts", "mart/visibility_gap"} <= gathered
    assert daemon.tick(back + timedelta(minutes=2)) == []


def test_days_of_an_outage_are_asked_for_oldest_first(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    daemon = Daemon(definitions, instance)
    requests = daemon.tick(LAST_TICK)
    order: dict[str, list[str]] = {}
    for request in requests:
        for key in request.asset_selection or ():
            if request.partition_key and key in daemon.families:
                order.setdefault(daemon.families[key].name, []).append(request.partition_key)
    assert all(first <= then for keys in order.values() for first, then in pairwise(keys))
    assert max(Counter(each.partition_key for each in requests if each.partition_key).values()) <= 3
