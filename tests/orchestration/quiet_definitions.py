"""The platform's partitioned assets and jobs as the code server has them, with one sensor alone.

Nothing asks for days by itself: what is made is what a test's backfill asked for.
"""

import dagster as dg

from orchestration.definitions import build_definitions
from orchestration.sensors import dead_runs
from orchestration.settings import load_settings


@dg.definitions
def quiet() -> dg.Definitions:
    """Definitions for the settings of this process."""
    real = build_definitions(load_settings())
    return dg.Definitions(
        assets=[
            each.map_asset_specs(lambda spec: spec.replace_attributes(automation_condition=None))
            for each in real.assets or ()
            if isinstance(each, dg.AssetsDefinition)
        ],
        asset_checks=real.asset_checks,
        resources=real.resources,
        sensors=[
            dg.sensor(
                name="dead_runs",
                minimum_interval_seconds=1,
                default_status=dg.DefaultSensorStatus.RUNNING,
            )(dead_runs)
        ],
        executor=dg.in_process_executor,
    )
