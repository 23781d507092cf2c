"""The baseline job as the commands run it: after the reference tables, and never in their way."""

from orchestration.runs import Runner, dagster_instance
from orchestration.settings import Settings
from resources.warehouse import Warehouse
from sandbox.innovation_graph import QUARTERS
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble


def test_a_baseline_that_cannot_be_fetched_is_said_and_what_was_fetched_stays(
    small_settings: Settings, small_server: SandboxServer
) -> None:
    def row_count() -> int:
        return Warehouse(str(small_settings.warehouse)).query("FROM core.innovation_graph").num_rows

    with dagster_instance(small_settings) as instance:
        runner = Runner(small_settings, instance)
        runner.reference()
        assert runner.baseline() == ""
        assert row_count() == len(QUARTERS) * len(small_server.world.countries)
        small_server.add_fault(Trouble(path_prefix="/innovationgraph/", status=403, times=1))
        assert "core__innovation_graph" in (error := runner.baseline())
        assert "answered 403" in error
        assert row_count() == len(QUARTERS) * len(small_server.world.countries)
