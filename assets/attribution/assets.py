"""Attribution assets: profiles of the accounts seen, and the country that each names."""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from functools import cache
from time import monotonic

import dagster as dg
import pyarrow as pa

from assets.activity.tables import EVENTS
from assets.attribution import tables
from assets.attribution.gazetteer import Gazetteer
from assets.attribution.profiles import (
    REFRESH_DAYS,
    actor_countries,
    batches,
    distinct_actors,
)
from assets.declare import Plan, days_of, prepare, transient_failures_retried
from resources.github import IDS_PER_FIELD, GitHubResource, Profile
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "attribution"
_PROGRESS_EVERY_S = 15.0
_BATCHES_PER_WRITE = 10


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    return [
        plan.daily_asset(
            actor_profiles_table,
            tables.ACTOR_PROFILES,
            group=GROUP,
            kinds={"github", "duckdb"},
            deps=[EVENTS],
        ),
        plan.daily_asset(
            actor_country_table,
            tables.ACTOR_COUNTRY,
            group=GROUP,
            kinds={"python", "duckdb"},
            deps=[tables.ACTOR_PROFILES, EVENTS],
        ),
    ]


def actor_profiles_table(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    warehouse: WarehouseResource,
    github: GitHubResource,
    platform: Platform,
) -> dg.MaterializeResult[None]:
    """Ask GitHub for accounts not asked for yet, or not for 90 days; ten batches a write."""
    house = warehouse.open()
    prepare(house, tables.ACTOR_PROFILES)
    actors = _actors(lake.open(), context)
    due = _due(house, actors, platform.now() - timedelta(days=REFRESH_DAYS))
    context.log.info(f"{len(actors)} accounts active, {len(due)} to ask for")
    if due and not github.token:
        raise dg.Failure(
            "GitHub's GraphQL API needs a token: set OBSERVATORY_GITHUB_TOKEN (no scope needed)"
        )
    absent = asked = 0
    said = monotonic()
    with closing(github.client(on_retry=context.log.info)) as client, transient_failures_retried():
        for share in batches(due, IDS_PER_FIELD * _BATCHES_PER_WRITE):
            found = [
                profile
                for batch in batches(share, IDS_PER_FIELD)
                for profile in client.profiles(batch)
            ]
            house.upsert(tables.ACTOR_PROFILES.qualified, _profile_rows(found, platform.now()))
            absent += sum(profile.actor_type == "absent" for profile in found)
            asked += len(found)
            if monotonic() - said > _PROGRESS_EVERY_S:
                said = monotonic()
                context.log.info(f"{asked} of {len(due)} accounts asked for")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(actors),
            "asked_count": asked,
            "absent_count": absent,
            "cached_count": len(actors) - asked,
        }
    )


def _actors(lake: Lake, context: dg.AssetExecutionContext) -> list[int]:
    days = [str(day) for day in days_of(context)]
    return distinct_actors([lake.read_all(EVENTS.qualified, days, EVENTS.arrow_schema)])


def _due(warehouse: Warehouse, actors: Sequence[int], stale_before: datetime) -> list[int]:
    """Accounts that are not in raw.actor_profiles, or were last asked for before a time."""
    wanted = pa.table({"actor_id": pa.array(actors, pa.int64())})
    with warehouse.transaction() as connection:
        connection.register("wanted", wanted)
        rows = connection.execute(
            "SELECT actor_id FROM wanted ANTI JOIN "
            "(SELECT actor_id FROM raw.actor_profiles WHERE fetched_at >= ?) USING (actor_id) "
            "ORDER BY actor_id",
            [stale_before],
        ).fetchall()
    return [row[0] for row in rows]


def _profile_rows(profiles: Sequence[Profile], now: datetime) -> pa.Table:
    return tables.ACTOR_PROFILES.arrow(
        [
            {
                "actor_id": profile.actor_id,
                "actor_type": profile.actor_type,
                "location": profile.location,
                "company": profile.company,
                "account_created_at": profile.account_created_at,
                "fetched_at": now,
            }
            for profile in profiles
        ]
    )


@cache
def _gazetteer() -> Gazetteer:
    """The gazetteer, built once a process: it takes seconds and never changes."""
    return Gazetteer.load()


def actor_country_table(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """Country of each account active on the days, by its profile's location."""
    house = warehouse.open()
    prepare(house, tables.ACTOR_COUNTRY)
    wanted = pa.table({"actor_id": pa.array(_actors(lake.open(), context), pa.int64())})
    with house.transaction() as connection:
        connection.register("wanted", wanted)
        profiles = connection.execute(
            "SELECT actor_id, actor_type, location, fetched_at FROM raw.actor_profiles "
            "SEMI JOIN wanted USING (actor_id) ORDER BY actor_id"
        ).to_arrow_table()
    rows = actor_countries(profiles, _gazetteer())
    house.upsert(tables.ACTOR_COUNTRY.qualified, rows)
    located = rows.num_rows - rows["country_iso2"].null_count
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows.num_rows,
            "located_count": located,
            "located_share": located / rows.num_rows if rows.num_rows else 0.0,
        }
    )
