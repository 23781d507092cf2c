"""Ask for some months as a process of its own: `python ask_once.py URL FOLDER NOW FIRST LAST`."""

import sys
from datetime import date, datetime
from pathlib import Path

import dagster as dg

from tests.assets.papers.conftest import asset_of, resources


def main(url: str, folder: str, now: str, first: str, last: str) -> int:
    """Run the asset; 0 where it succeeded."""
    definitions = dg.Definitions(
        assets=[asset_of("raw/papers")],
        jobs=[dg.define_asset_job("ask")],
        resources=resources(url, Path(folder), datetime.fromisoformat(now)),
        executor=dg.in_process_executor,
    )
    tags = {
        "dagster/asset_partition_range_start": str(date.fromisoformat(first)),
        "dagster/asset_partition_range_end": str(date.fromisoformat(last)),
    }
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_job_def("ask")
        result = job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)
    return 0 if result.success else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
