"""What `make doctor` finds in Dagster's instance: the daemon, what asks for runs, what was made."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg

from assets.upkeep.inventory import Standing
from orchestration.backfill_file import FOLDER
from orchestration.definitions import build_definitions
from orchestration.families import BY_NAME
from orchestration.finding import Finding
from orchestration.inventory import partitions_by_asset, take_inventory
from orchestration.runs import dagster_instance
from orchestration.settings import Settings

# As Dagster's own UI: a daemon that is at work on a long tick says nothing meanwhile.
_MOST_SILENT = timedelta(minutes=30)
_MOST_NAMED = 6
_MOST_DAYS = 12
_START = "start `make dev`, or the services of docs/production.md"


@dataclass(frozen=True, slots=True)
class LastSuccess:
    """When (UTC) an asset was last made; None where it never was."""

    asset: str
    at: datetime | None


def examine_runs(settings: Settings) -> tuple[list[Finding], list[str]]:
    """What is found of daemon, sensors and assets, and when each asset was last made.

    In the sandbox, whose month is over, nothing is late: there it is only said how things are.

    Args:
        settings: of an installation whose storage is there.

    Returns:
        The findings; and lines that name each asset by the day of its last success.
    """
    is_live = settings.upstream == "live"
    now = datetime.now(UTC)
    declared = build_definitions(settings).assets or ()
    made = [each for each in declared if isinstance(each, dg.AssetsDefinition)]
    with dagster_instance(settings) as instance:
        findings = [
            examine_daemon(instance, now, is_needed=is_live),
            examine_automation(instance),
        ]
        successes = last_successes(instance, made)
        if is_live:
            folder = settings.data / FOLDER
            findings += examine_assets(instance, made, now, folder)
        else:
            count = sum(each.at is not None for each in successes)
            findings.append(Finding("assets", True, f"{count} of {len(successes)} ever made"))
    return findings, by_day(successes)


def examine_daemon(instance: dg.DagsterInstance, now: datetime, *, is_needed: bool) -> Finding:
    """Whether the daemon, which starts all runs that nobody starts by hand, is alive.

    Args:
        instance: Dagster's.
        now: UTC.
        is_needed: whether its absence is a fault.
    """
    beats = instance.get_daemon_heartbeats()
    wanted = instance.get_required_daemon_types()
    silent = [kind for kind in wanted if kind not in beats]
    if len(silent) == len(wanted):
        return Finding("daemon", not is_needed, "never ran here: no run starts by itself", _START)
    ages = {kind: now.timestamp() - beats[kind].timestamp for kind in wanted if kind in beats}
    silent += [kind for kind, age in ages.items() if age > _MOST_SILENT.total_seconds()]
    newest = datetime.fromtimestamp(max(beats[kind].timestamp for kind in ages), UTC)
    if silent:
        found = (
            f"silent: {', '.join(sorted(silent)).lower()}; last heard {newest:%Y-%m-%d %H:%M} UTC"
        )
        return Finding("daemon", not is_needed, found, f"{_START}; see its log")
    return Finding("daemon", True, f"alive, last heard {newest:%Y-%m-%d %H:%M} UTC")


def examine_automation(instance: dg.DagsterInstance) -> Finding:
    """Whether a sensor or schedule was switched off, or failed at its last look."""
    off, failed, count = [], [], 0
    for state in instance.all_instigator_state():
        count += 1
        if state.status.value == "STOPPED":
            off.append(state.name)
            continue
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
        if ticks and ticks[0].status.value == "FAILURE":
            failed.append(state.name)
    if off:
        mend = "switch them on under Automation in the UI"
        return Finding("automation", False, f"switched off: {_some(off)}", mend)
    if failed:
        mend = "look at their ticks under Automation in the UI"
        return Finding("automation", False, f"failed at the last look: {_some(failed)}", mend)
    said = f"{count} sensors and schedules on" if count else "sensors and schedules begin on"
    return Finding("automation", True, said)


def examine_assets(
    instance: dg.DagsterInstance,
    made: Sequence[dg.AssetsDefinition],
    now: datetime,
    folder: Path,
) -> list[Finding]:
    """By family: whether each asset has the newest partition that is due; and what has none.

    Args:
        instance: Dagster's.
        made: definitions of assets.
        now: UTC.
        folder: of the files of backfills.
    """
    partitions = partitions_by_asset(made)
    inventory = take_inventory(instance, now, partitions, folder)
    at = {each.asset: each.at for each in last_successes(instance, made)}
    findings = []
    for name in dict.fromkeys(each.family for each in inventory.standings):
        own = [each for each in inventory.standings if each.family == name]
        findings.append(_family(own, at))
    whole = [name for name in at if name not in {each.asset for each in inventory.standings}]
    never = sorted(name for name in whole if at[name] is None)
    if whole:
        found = f"{len(whole)} assets without partitions"
        found += f", never made: {_some(never)}" if never else ", each made"
        mend = f"{_START}, which ask for them; or materialise them in the UI"
        findings.append(Finding("other assets", not never, found, mend))
    return findings


def _family(own: Sequence[Standing], at: dict[str, datetime | None]) -> Finding:
    """How the assets of one family stand with their newest partition."""
    family, due = own[0].family, max((each.due_to for each in own if each.due_to), default=None)
    name = f"{family} assets"
    lacking = [each for each in own if _lacks_newest(each)]
    asked = [at[each.asset] for each in own if at[each.asset]]
    if not lacking:
        last = f", last success {max(filter(None, asked)):%Y-%m-%d %H:%M} UTC" if asked else ""
        return Finding(name, True, f"{len(own)} assets, newest due {due}: made or asked for{last}")
    named = [f"{each.asset} ({_when(at[each.asset])})" for each in lacking]
    found = f"{len(lacking)} of {len(own)} assets lack {due}, last made: {_some(named)}"
    mend = f"`{BY_NAME[family].mend(due, due)}`" if due else _START
    return Finding(name, False, found, f"{mend}; all that is missing: `make inventory`")


def _lacks_newest(standing: Standing) -> bool:
    """Whether the newest partition that is due failed, is missing, or was never asked for."""
    spans = (*standing.failed, *standing.missing)
    is_never = standing.asked_from is None or (
        standing.due_to is not None and standing.asked_from > standing.due_to
    )
    return standing.due_to is not None and (
        is_never or any(span.last == standing.due_to for span in spans)
    )


def last_successes(
    instance: dg.DagsterInstance, made: Iterable[dg.AssetsDefinition]
) -> list[LastSuccess]:
    """When each asset was last made, by name."""
    keys = [key for each in made if each.is_executable for key in each.keys]
    records = {each.asset_entry.asset_key: each for each in instance.get_asset_records(keys)}
    found = []
    for key in sorted(keys):
        record = records.get(key)
        event = record.asset_entry.last_materialization_record if record else None
        at = datetime.fromtimestamp(event.timestamp, UTC) if event else None
        found.append(LastSuccess(".".join(key.path), at))
    return found


def by_day(successes: Iterable[LastSuccess]) -> list[str]:
    """Lines that name the assets by the UTC day of their last success, the oldest days first."""
    days: dict[date | None, list[str]] = {}
    for each in successes:
        days.setdefault(each.at.date() if each.at else None, []).append(each.asset)
    order = sorted(days, key=lambda day: day or date.min)
    lines = [
        f"  {'never     ' if day is None else day}  {', '.join(days[day])}"
        for day in order[:_MOST_DAYS]
    ]
    if len(order) > _MOST_DAYS:
        lines.append(f"  and {len(order) - _MOST_DAYS} later days")
    return lines


def _when(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else "never"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
