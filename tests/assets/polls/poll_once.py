"""Materialise the polls once, as a process of its own: `python poll_once.py URL FOLDER NOW`."""

import sys

import dagster as dg

from assets.declare import Plan, asset_key
from assets.polls.assets import build
from assets.polls.tables import REPOSITORY_POLLS
from resources.github import GitHubResource
from resources.lake import LakeResource
from resources.platform import Platform
from resources.warehouse import WarehouseResource


def main(url: str, folder: str, now: str) -> int:
    """Run the asset; 0 where it succeeded."""
    plan = Plan(dg.DailyPartitionsDefinition(start_date="2022-01-01", timezone="UTC"))
    asset = next(each for each in build(plan) if asset_key(REPOSITORY_POLLS) in each.keys)
    result = dg.materialize(
        [asset],
        resources={
            "github": GitHubResource(api_url=url, token="one"),  # noqa: S106 - made up
            "lake": LakeResource(base_path=f"{folder}/lake"),
            "warehouse": WarehouseResource(database=f"{folder}/warehouse.duckdb"),
            "platform": Platform(
                world="sandbox",
                data_dir=folder,
                reference_dir="",
                tracked_repositories="",
                rules="",
                fixed_now=now,
            ),
        },
        raise_on_error=False,
    )
    return 0 if result.success else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
