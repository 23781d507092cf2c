"""The commands `inventory` and `hub`: what is failed or missing, and the Hub's days made again."""

from datetime import UTC, date, datetime

import dagster as dg

from assets.upkeep.inventory import as_lines
from orchestration.backfill_file import FOLDER
from orchestration.definitions import build_definitions
from orchestration.inventory import partitions_by_asset, take_inventory
from orchestration.materialise import say_failure
from orchestration.runs import Runner, dagster_instance
from orchestration.settings import Settings, SettingsError


def show_inventory(settings: Settings) -> int:
    """Print how all partitions stand now; 1 where one has failed or is missing."""
    now = datetime.fromisoformat(settings.now) if settings.now else datetime.now(UTC)
    declared = build_definitions(settings).assets or ()
    made = [each for each in declared if isinstance(each, dg.AssetsDefinition)]
    with dagster_instance(settings) as instance:
        folder = settings.data / FOLDER
        found = take_inventory(instance, now.astimezone(UTC), partitions_by_asset(made), folder)
    print("\n".join(as_lines(found)))
    return 1 if found.mends else 0


def require_hub_range(settings: Settings, first: date, last: date) -> None:
    """Refuse a range of days that has no snapshots.

    Raises:
        SettingsError: it ends before it begins, or after today.
    """
    if first > last:
        raise SettingsError(f"FROM {first} lies after TO {last}")
    if last > settings.today:
        raise SettingsError(f"TO {last} is to come; today is {settings.today} (UTC)")


def make_hub(settings: Settings, first: date, last: date) -> int:
    """State what became of the snapshots of some days, and make their figures.

    Today's is taken where it is in the range; there is no asking for earlier ones.
    """
    with dagster_instance(settings) as instance:
        runner = Runner(settings, instance)
        runner.reference()
        print(f"snapshots of the Hub, {first} to {last} …", flush=True)
        errors = [runner.hub_snapshots(first, last), runner.hub(first, last)]
    for error in errors:
        say_failure(error)
    return 1 if any(errors) else 0
