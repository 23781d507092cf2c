"""Attribution assets: profiles of the accounts seen, evidence of where they are, and countries."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

import dagster as dg
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from threadpoolctl import threadpool_limits

from assets.activity.commit_authors import linked
from assets.activity.commit_offsets import offset_counts
from assets.activity.tables import ACTOR_DAYS, COMMIT_AUTHORS, COMMITS, EVENTS
from assets.attribution import tables
from assets.attribution.countries import day_countries
from assets.attribution.evidence import (
    CLOCK_DAYS,
    COMMIT_DAYS,
    Readers,
    clock_counts,
    domains_of,
    evidence_rows,
    offset_numbers,
)
from assets.attribution.gazetteer import Gazetteer
from assets.attribution.organisations import Organisations
from assets.attribution.profiles import REFRESH_DAYS, batches, distinct_actors
from assets.declare import (
    Plan,
    asset_key,
    beta_accepted,
    days_of,
    prepare,
    show,
    transient_failures_retried,
)
from assets.tables import Table
from resources.github import IDS_PER_FIELD, UNANSWERED, GitHubResource, Profile
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "attribution"
_PROGRESS_EVERY_S = 15.0
_BATCHES_PER_WRITE = 10
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
# On Sundays, the accounts of the weeks that end then get a country too.
_WEEKS_DAYS = 28
_SUNDAY = 7
_COUNTRIES = (tables.ACTOR_COUNTRY, tables.ATTRIBUTION_MODEL, tables.ATTRIBUTION_RELIABILITY)
_LATEST_EVIDENCE = (Path(__file__).parent / "sql" / "latest_evidence.sql").read_text()


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    with beta_accepted():
        countries = dg.multi_asset(
            name="core__actor_country",
            specs=plan.daily_specs(
                _COUNTRIES,
                group=GROUP,
                kinds={"python", "parquet"},
                deps=[tables.ACTOR_EVIDENCE, ACTOR_DAYS],
            ),
            backfill_policy=dg.BackfillPolicy.multi_run(plan.max_days_per_run),
        )(actor_country_tables)
    return [
        plan.daily_asset(
            actor_profiles_table,
            tables.ACTOR_PROFILES,
            group=GROUP,
            kinds={"github", "duckdb"},
            deps=[EVENTS],
        ),
        plan.daily_asset(
            actor_evidence_table,
            tables.ACTOR_EVIDENCE,
            group=GROUP,
            kinds={"python", "parquet"},
            deps=[tables.ACTOR_PROFILES, ACTOR_DAYS, COMMITS, COMMIT_AUTHORS],
        ),
        countries,
    ]


def actor_profiles_table(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    warehouse: WarehouseResource,
    github: GitHubResource,
    platform: Platform,
) -> dg.MaterializeResult[None]:
    """Ask GitHub for accounts it has not answered on, or not for 90 days; ten batches a write."""
    house = warehouse.open()
    prepare(house, tables.ACTOR_PROFILES)
    actors = _actors(lake.open(), days_of(context))
    due = _due(house, actors, platform.now() - timedelta(days=REFRESH_DAYS))
    context.log.info(f"{len(actors)} accounts active, {len(due)} to ask for")
    if due and not github.token:
        raise dg.Failure(
            "GitHub's GraphQL API needs a token: set OBSERVATORY_GITHUB_TOKEN (no scope needed)"
        )
    outcomes = Counter[str]()
    said = monotonic()
    with closing(github.client(on_retry=context.log.info)) as client, transient_failures_retried():
        for share in batches(due, IDS_PER_FIELD * _BATCHES_PER_WRITE):
            found: list[Profile] = []
            try:
                for batch in batches(share, IDS_PER_FIELD):
                    found += client.profiles(batch)
            finally:
                # What was got before a failure stays.
                _write_profiles(house, found, platform.now())
            outcomes.update(profile.actor_type for profile in found)
            if monotonic() - said > _PROGRESS_EVERY_S:
                said = monotonic()
                context.log.info(f"{outcomes.total()} of {len(due)} accounts asked for")
    if outcomes[UNANSWERED]:
        context.log.warning(
            f"GitHub gave no answer on {outcomes[UNANSWERED]} accounts; they are asked for again "
            "by the next run"
        )
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(actors),
            "asked_count": outcomes.total(),
            "absent_count": outcomes["absent"],
            "unanswered_count": outcomes[UNANSWERED],
            "cached_count": len(actors) - outcomes.total(),
        }
    )


def _actors(lake: Lake, days: Iterable[date]) -> list[int]:
    names = [str(day) for day in days]
    return distinct_actors([lake.read_all(EVENTS.qualified, names, EVENTS.arrow_schema)])


def _due(warehouse: Warehouse, actors: Sequence[int], stale_before: datetime) -> list[int]:
    """Accounts on which raw.actor_profiles has no answer since a time, in order."""
    wanted = pa.table({"actor_id": pa.array(actors, pa.int64())})
    with warehouse.transaction() as connection:
        connection.register("wanted", wanted)
        rows = connection.execute(
            "SELECT actor_id FROM wanted ANTI JOIN (SELECT actor_id FROM raw.actor_profiles "
            "WHERE fetched_at >= ? AND actor_type <> ?) USING (actor_id) ORDER BY actor_id",
            [stale_before, UNANSWERED],
        ).fetchall()
    return [row[0] for row in rows]


def _write_profiles(house: Warehouse, found: Sequence[Profile], now: datetime) -> None:
    """Keep answers; that there is none only of accounts of which there never was one."""
    none = [profile.actor_id for profile in found if profile.actor_type == UNANSWERED]
    never = set(_due(house, none, _EVER) if none else ())
    kept = [each for each in found if each.actor_type != UNANSWERED or each.actor_id in never]
    house.upsert(tables.ACTOR_PROFILES.qualified, _profile_rows(kept, now))


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
def readers(folder: Path) -> Readers:
    """What reads texts, loaded once a process: the gazetteer remembers the segments it has read."""
    return Readers(Gazetteer.load(folder), Organisations.load())


def actor_evidence_table(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    warehouse: WarehouseResource,
    platform: Platform,
) -> dg.MaterializeResult[None]:
    """What says where the accounts active on each day are."""
    store, house = lake.open(), warehouse.open()
    days = days_of(context)
    read = readers(platform.cache())
    prepare(house, COMMIT_AUTHORS)
    commits = linked(
        _of_days(store, COMMITS, days[0] - timedelta(days=COMMIT_DAYS), days[-1], "git"),
        house.query(f"SELECT * FROM {COMMIT_AUTHORS.qualified}"),  # noqa: S608
    )
    activity = _of_days(store, ACTOR_DAYS, days[0] - timedelta(days=CLOCK_DAYS - 1), days[-1])
    row_count, kinds = 0, dict[str, int]()
    for day in days:
        profiles = _profiles(house, _active(activity, day, day))
        of_year = _known_by(commits, day)
        people = profiles.filter(pc.not_equal(profiles["actor_type"], "Bot"))
        actors = people["actor_id"].to_pylist()
        rows = evidence_rows(
            day,
            people,
            clock_counts(day, activity, actors),
            offset_numbers(day, offset_counts(of_year), actors),
            domains_of(of_year, actors, read.organisations),
            read,
        )
        store.write(tables.ACTOR_EVIDENCE.qualified, str(day), rows)
        row_count += rows.num_rows
        for kind in rows["kind"].to_pylist():
            kinds[kind] = kinds.get(kind, 0) + 1
    show(house, store, tables.ACTOR_EVIDENCE)
    return dg.MaterializeResult(metadata={"dagster/row_count": row_count, "rows_by_kind": kinds})


def actor_country_tables(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> Any:  # noqa: ANN401 - Dagster reads the annotation of a generator at run time
    """Countries of the accounts active on each day, and what the day's attribution learned."""
    store, house = lake.open(), warehouse.open()
    days = days_of(context)
    first = days[0] - timedelta(days=CLOCK_DAYS - 1)
    evidence = _of_days(store, tables.ACTOR_EVIDENCE, first, days[-1])
    activity = _of_days(store, ACTOR_DAYS, days[0] - timedelta(days=_WEEKS_DAYS - 1), days[-1])
    counts = dict.fromkeys((table.name for table in _COUNTRIES), 0)
    located = 0
    for day in days:
        back = _WEEKS_DAYS - 1 if day.isoweekday() == _SUNDAY else 0
        wanted = _active(activity, day - timedelta(days=back), day)
        bots = _bots(house, wanted)
        with threadpool_limits(1):  # more change the last bits of sums
            made = day_countries(day, _latest(evidence, day), wanted, bots)
        parts = (made.countries, made.model, made.reliability)
        for table, rows in zip(_COUNTRIES, parts, strict=True):
            store.write(table.qualified, str(day), rows)
            counts[table.name] += rows.num_rows
        located += made.countries.num_rows - made.countries["located_iso2"].null_count
        context.log.info(f"{day}: {len(wanted)} accounts, {made.model.num_rows} classes")
    show(house, store, *_COUNTRIES)
    for table in _COUNTRIES:
        metadata: dict[str, Any] = {"dagster/row_count": counts[table.name]}
        if table is tables.ACTOR_COUNTRY:
            metadata["located_share"] = located / max(counts[table.name], 1)
        yield dg.MaterializeResult(asset_key=asset_key(table), metadata=metadata)


def _of_days(
    lake: Lake, table: Table, first: date, last: date, part: str | None = None
) -> pa.Table:
    """Rows of those days' partitions that are there."""
    there = [
        name for name in lake.partitions(table.qualified, part) if str(first) <= name <= str(last)
    ]
    return lake.read_all(table.qualified, there, table.arrow_schema, part)


def _known_by(commits: pa.Table, day: date) -> pa.Table:
    """Commits of the year up to a day: what came after is not known on it."""
    moment = commits["commit_date"]
    first = pa.scalar(day - timedelta(days=COMMIT_DAYS))
    return commits.filter(
        pc.and_(pc.greater_equal(moment, first), pc.less_equal(moment, pa.scalar(day)))
    )


def _active(activity: pa.Table, first: date, last: date) -> list[int]:
    """Accounts active between two days, in order."""
    moment = activity["activity_date"]
    chosen = activity.filter(
        pc.and_(pc.greater_equal(moment, pa.scalar(first)), pc.less_equal(moment, pa.scalar(last)))
    )
    return distinct_actors([chosen])


def _profiles(warehouse: Warehouse, actors: Sequence[int]) -> pa.Table:
    """Profiles of accounts; one that was never asked for has an empty one."""
    with warehouse.transaction() as connection:
        connection.register("wanted", pa.table({"actor_id": pa.array(actors, pa.int64())}))
        return connection.execute(
            "SELECT w.actor_id, coalesce(p.actor_type, 'unknown') AS actor_type, p.location, "
            "p.company, p.fetched_at FROM wanted AS w LEFT JOIN raw.actor_profiles AS p "
            "USING (actor_id) ORDER BY w.actor_id"
        ).to_arrow_table()


def _bots(warehouse: Warehouse, actors: Sequence[int]) -> list[int]:
    profiles = _profiles(warehouse, actors)
    bots: list[int] = profiles.filter(pc.equal(profiles["actor_type"], "Bot"))[
        "actor_id"
    ].to_pylist()
    return bots


def _latest(evidence: pa.Table, day: date) -> pa.Table:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("evidence", evidence)
        window = {"from": day - timedelta(days=CLOCK_DAYS - 1), "to": day}
        return connection.execute(_LATEST_EVIDENCE, window).to_arrow_table()
