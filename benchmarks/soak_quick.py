"""The platform's definitions with functions that do nothing: what is Dagster's alone.

Assets, partitions, conditions, dependencies, checks, jobs, schedules, sensors and resources are the
real ones, and each run records as many materialisations and verdicts as a real one, about as large.
What is made together is one step, so that a run has fewer events about steps.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from orchestration.definitions import build_definitions
from orchestration.settings import Settings, load_settings

# With what Dagster adds: 5.7 and 2.2 kB, the means of a week of real runs.
_MADE = {"figure": dg.MetadataValue.md("x" * 4_400)}
_JUDGED = {"findings": dg.MetadataValue.md("x" * 700)}


def quick_definitions(settings: Settings) -> dg.Definitions:
    """The definitions of some settings with other functions."""
    real = build_definitions(settings)
    checks: dict[dg.AssetKey, list[dg.AssetCheckSpec]] = defaultdict(list)
    for check in real.asset_checks or ():
        for spec in check.check_specs:
            checks[spec.asset_key].append(spec)
    groups: dict[object, list[dg.AssetSpec]] = defaultdict(list)
    for each in real.assets or ():
        if isinstance(each, dg.AssetsDefinition):
            for asset in each.specs:
                partitions = asset.partitions_def
                shape = partitions.get_serializable_unique_identifier() if partitions else ""
                groups[shape, asset.group_name, asset.automation_condition].append(asset)
    made = [
        _step(f"step_{number}", specs, [check for spec in specs for check in checks[spec.key]])
        for number, specs in enumerate(groups.values())
    ]
    return dg.Definitions(
        assets=made,
        jobs=real.jobs,
        schedules=real.schedules,
        sensors=real.sensors,
        resources=real.resources,
        executor=dg.in_process_executor,
    )


def _step(
    name: str, specs: Sequence[dg.AssetSpec], checks: Sequence[dg.AssetCheckSpec]
) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=name,
        specs=specs,
        check_specs=checks,
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.multi_run(1) if specs[0].partitions_def else None,
    )
    def step(context: dg.AssetExecutionContext) -> Iterator[Any]:
        selected = context.selected_asset_keys
        for spec in specs:
            if spec.key in selected:
                yield dg.MaterializeResult[None](asset_key=spec.key, metadata=_MADE)
        for check in context.selected_asset_check_keys:
            yield dg.AssetCheckResult(
                asset_key=check.asset_key, check_name=check.name, passed=True, metadata=_JUDGED
            )

    return step


@dg.definitions
def defs() -> dg.Definitions:
    """Definitions for the settings of this process."""
    return quick_definitions(load_settings())
