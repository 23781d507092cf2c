"""Takes the inventory of partitions from Dagster's instance."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from assets.upkeep.inventory import Inventory, Mend, Span, Standing
from orchestration.backfill_file import days_at_work
from orchestration.families import DAILY, FAMILIES, Family, family_of, spans
from orchestration.tries import given_up, watched_partitions

#: What closed at midnight is made from 02:00 on, and should be there by 06:00.
GRACE = timedelta(hours=6)
#: Older gaps are likely meant: between a backfill of old days and today, say.
RECENT = timedelta(days=100)


@dataclass(frozen=True, slots=True)
class AssetPartitions:
    """An asset, its partitions' keys in order, and the instance and time (UTC) it is seen at.

    `busy` are keys that a command is at work on, between two of its runs too.
    """

    instance: dg.DagsterInstance
    key: dg.AssetKey
    partitions: dg.PartitionsDefinition[Any]
    keys: Sequence[str]
    now: datetime
    busy: frozenset[str]


def partitions_by_asset(
    made: Iterable[dg.AssetsDefinition],
) -> dict[dg.AssetKey, dg.PartitionsDefinition[Any]]:
    """Partitions of those assets that have some of a known family."""
    return {
        spec.key: spec.partitions_def
        for definition in made
        for spec in definition.specs
        if spec.partitions_def is not None and family_of(spec.partitions_def)
    }


def take_inventory(
    instance: dg.DagsterInstance,
    now: datetime,
    partitions: Mapping[dg.AssetKey, dg.PartitionsDefinition[Any]],
    folder: Path,
) -> Inventory:
    """How each partition of each asset stands.

    A partition is due six hours after it is over. What lies before the first one ever made, failed
    or begun of an asset was never asked for, and is no defect; what lies after it and is not there
    is missing, whoever left it out. What a run makes, or waits to make, is in progress.

    Args:
        instance: Dagster's.
        now: UTC.
        partitions: by asset.
        folder: of the files of backfills: what a command is at work on is in progress.
    """
    known = {key: family for key, each in partitions.items() if (family := family_of(each))}
    stuck = set(given_up(instance, known, watched_partitions(now.date())))
    busy = days_at_work(folder)
    standings = []
    faulty: dict[str, set[str]] = {family.name: set() for family in FAMILIES}
    for family in FAMILIES:
        for key in sorted((each for each in known if known[each] == family), key=str):
            keys = partitions[key].get_partition_keys(current_time=now)
            at_work = busy if family is DAILY else frozenset[str]()
            asset = AssetPartitions(instance, key, partitions[key], keys, now, at_work)
            standing, defects = _standing(asset, family, stuck)
            standings.append(standing)
            faulty[family.name] |= defects
    mends = tuple(
        Mend(family.name, family.unit, Span(first, last, count), family.mend(first, last))
        for family in FAMILIES
        for first, last, count in spans(family, faulty[family.name])
    )
    return Inventory(now, tuple(standings), mends)


def _states(
    asset: AssetPartitions, family: Family
) -> tuple[dict[str, list[str]], list[str], str | None]:
    """Keys of due partitions by state, all keys that are due, and the first ever asked for."""
    found = asset.instance.get_status_by_partition(asset.key, asset.keys, asset.partitions) or {}
    states = {name: state.name for name, state in found.items() if state is not None}
    asked_from = min(states, default=None)
    due = [name for name in asset.keys if family.over_at(name) + GRACE <= asset.now]
    by_state: dict[str, list[str]] = {}
    for name in due:
        default = "NEVER" if asked_from is None or name < asked_from else "MISSING"
        state = states.get(name, default)
        is_awaited = name in asset.busy and state in ("MISSING", "FAILED")
        by_state.setdefault("IN_PROGRESS" if is_awaited else state, []).append(name)
    return by_state, due, asked_from


def _standing(
    asset: AssetPartitions, family: Family, stuck: set[tuple[str, str]]
) -> tuple[Standing, set[str]]:
    """How an asset stands, and its keys that failed or are missing."""
    by_state, due, asked_from = _states(asset, family)
    failed, missing = by_state.get("FAILED", []), by_state.get("MISSING", [])
    defects = {*failed, *missing}
    given = {name for name in defects if (family.name, name) in stuck}
    standing = Standing(
        asset=".".join(asset.key.path),
        family=family.name,
        unit=family.unit,
        first=date.fromisoformat(asset.keys[0]) if asset.keys else asset.now.date(),
        asked_from=date.fromisoformat(asked_from) if asked_from else None,
        due_to=date.fromisoformat(due[-1]) if due else None,
        made=len(by_state.get("MATERIALIZED", [])),
        failed=tuple(Span(*span) for span in spans(family, failed)),
        given_up=len(given),
        in_progress=len(by_state.get("IN_PROGRESS", [])),
        missing=tuple(Span(*span) for span in spans(family, missing)),
        never_asked=len(by_state.get("NEVER", [])),
        left=sum(_is_left(family, name, asset.now) for name in defects - given),
        commands=tuple(family.mend(first, last) for first, last, _ in spans(family, defects)),
    )
    return standing, defects


def _is_left(family: Family, partition: str, now: datetime) -> bool:
    """Whether nobody asks for a partition any more, by its age; of very old ones it is not said."""
    age = now - family.over_at(partition)
    return family.looks_back + timedelta(days=1) < age <= RECENT
