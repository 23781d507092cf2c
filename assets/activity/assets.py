"""Activity assets: archive hours and git commits to raw Parquet, raw Parquet to core.events."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.activity import commits as git_commits
from assets.activity import ingest, tables
from assets.activity.actor_days import actor_days
from assets.activity.events import day_events
from assets.activity.ingest import HourOutcome
from assets.activity.rows import EMPTY_DAY, DayRows, day_rows, settled_hours, split_by_worth
from assets.activity.scan import Selection
from assets.declare import (
    Plan,
    asset_key,
    beta_accepted,
    days_of,
    require_approved,
    show,
    transient_failures_retried,
)
from assets.reference.tables import MODEL_FAMILIES, TRACKED_REPOSITORIES
from resources.archive import ArchiveSource
from resources.git import GitMirrors, GitResource
from resources.http import NotFoundError, TransientUpstreamError, UpstreamError
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "activity"
_RAW = (tables.ARCHIVE_EVENTS, tables.ARCHIVE_HOURS, tables.ARCHIVE_TOTALS)
_FAILURES = ingest.HourFailures(not_found=NotFoundError, unreachable=UpstreamError)
_PROGRESS_EVERY_S = 15.0
LATE_DAYS = 7
_REPOSITORY_KINDS = """
SELECT
    r.github_id,
    any_value(r.layer) AS layer,
    any_value(
        CASE WHEN f.country_iso2 IN ('CN', 'US') THEN lower(f.country_iso2)
             WHEN f.country_iso2 IS NOT NULL THEN 'other' END
    ) AS origin
FROM core.tracked_repositories AS r
LEFT JOIN core.model_families AS f USING (family)
WHERE r.github_id IS NOT NULL
GROUP BY r.github_id
"""
# A run soon after another finds nothing new that is worth a request to every repository.
_FETCH_EVERY = timedelta(hours=6)


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    with beta_accepted():
        archive = dg.multi_asset(
            name="raw__archive",
            specs=plan.daily_specs(
                _RAW, group=GROUP, kinds={"python", "parquet"}, deps=[TRACKED_REPOSITORIES]
            ),
            backfill_policy=dg.BackfillPolicy.multi_run(plan.max_days_per_run),
        )(archive_files)
    commits = plan.daily_asset(
        commits_table,
        tables.COMMITS,
        group=GROUP,
        kinds={"git", "parquet"},
        deps=[TRACKED_REPOSITORIES],
    )
    events = plan.daily_asset(
        events_table,
        tables.EVENTS,
        group=GROUP,
        kinds={"duckdb", "parquet"},
        deps=[tables.ARCHIVE_EVENTS, tables.COMMITS],
    )
    actors = plan.daily_asset(
        actor_days_table,
        tables.ACTOR_DAYS,
        group=GROUP,
        kinds={"duckdb", "parquet"},
        deps=[tables.EVENTS, TRACKED_REPOSITORIES, MODEL_FAMILIES],
    )
    return [archive, commits, events, actors]


def archive_files(
    context: dg.AssetExecutionContext,
    archive: ArchiveSource,
    lake: LakeResource,
    warehouse: WarehouseResource,
    platform: Platform,
) -> Any:  # noqa: ANN401 - Dagster reads the annotation of a generator at run time
    """Fetch and scan the days' hourly files; what an earlier run settled is not asked again."""
    store = lake.open()
    selection = tracked_selection(warehouse.open(), platform.panel_one_in)
    counts = dict.fromkeys((table.name for table in _RAW), 0)
    statuses: dict[str, int] = {}
    days = days_of(context)
    for number, day in enumerate(days, start=1):
        rows = _scan_day(context, archive, store, selection, platform, day)
        for table, part in zip(_RAW, (rows.events, rows.hours, rows.totals), strict=True):
            counts[table.name] += part.num_rows
        for status in rows.hours["status"].to_pylist():
            statuses[status] = statuses.get(status, 0) + 1
        context.log.info(
            f"{day} ({number} of {len(days)} days): {rows.events.num_rows} events kept of "
            f"{sum(rows.hours['event_count'].to_pylist())} in {rows.hours.num_rows} files"
        )
    show(warehouse.open(), store, *_RAW)
    for table in _RAW:
        yield dg.MaterializeResult(
            asset_key=asset_key(table),
            metadata={
                "dagster/row_count": counts[table.name],
                "files_by_status": statuses,
                "tracked_repositories": len(selection.repository_ids),
            },
        )


def tracked_selection(warehouse: Warehouse, panel_one_in: int) -> Selection:
    """What the scan keeps, from core.tracked_repositories."""
    rows = tracked_repositories(warehouse)
    names = {
        name.lower(): row["github_id"]
        for row in rows
        for name in (row["repository"], *row["previous_names"])
    }
    return Selection(frozenset(row["github_id"] for row in rows), names, panel_one_in)


def tracked_repositories(warehouse: Warehouse) -> list[dict[str, Any]]:
    """github_id, repository and previous_names of core.tracked_repositories, where the id is known.

    Raises:
        dg.RetryRequested: the table is not there yet.
        dg.Failure: it holds no id.
    """
    if not warehouse.has_table(TRACKED_REPOSITORIES.qualified):
        # On a new instance the reference tables are being made by a run beside this one.
        raise dg.RetryRequested(max_retries=10, seconds_to_wait=15)
    rows: list[dict[str, Any]] = warehouse.query(
        "SELECT github_id, repository, previous_names FROM core.tracked_repositories "
        "WHERE github_id IS NOT NULL"
    ).to_pylist()
    if not rows:
        raise dg.Failure("core.tracked_repositories holds no id; materialise it first")
    return rows


def _scan_day(
    context: dg.AssetExecutionContext,
    archive: ArchiveSource,
    lake: Lake,
    selection: Selection,
    platform: Platform,
    day: date,
) -> DayRows:
    known = _known_rows(lake, archive.name, day)
    settled = settled_hours(known.hours, selection, day, platform.today())
    wanted = [hour for hour in ingest.files_of_day(day) if hour not in set(settled)]
    kept = known.of_hours(settled)
    if not wanted:
        return kept
    outcomes = _fetch(context, archive, wanted, selection, day)
    if not known.hours.num_rows and all(each.status == "unreachable" for each in outcomes):
        with transient_failures_retried():
            raise TransientUpstreamError(
                f"{day}: none of {len(outcomes)} files could be reached: {outcomes[0].messages}"
            )
    # An outage or a worse copy must not replace what an earlier run had.
    better, worse = split_by_worth(outcomes, known.hours)
    if worse:
        context.log.warning(f"{day}: {len(worse)} files came worse than before; the old rows stay")
        kept = kept.plus(known.of_hours(worse))
    fresh = day_rows(better, source=archive.name, day=day, selection=selection, now=platform.now())
    rows = kept.plus(fresh)
    # The hours come last: they are what says that the other two are there.
    lake.write("raw.archive_events", str(day), rows.events, archive.name)
    lake.write("raw.archive_totals", str(day), rows.totals, archive.name)
    lake.write("raw.archive_hours", str(day), rows.hours, archive.name)
    return rows


def _known_rows(lake: Lake, source: str, day: date) -> DayRows:
    found = [lake.read(table.qualified, str(day), source) for table in _RAW]
    if any(part is None for part in found):
        return EMPTY_DAY
    return DayRows(*found)


def _fetch(
    context: dg.AssetExecutionContext,
    archive: ArchiveSource,
    hours: list[datetime],
    selection: Selection,
    day: date,
) -> list[HourOutcome]:
    """Fetch and scan files side by side, so that waiting and computing overlap."""
    said = monotonic()

    def collect(hour: datetime) -> HourOutcome:
        with closing(archive.client(on_retry=context.log.info)) as client:
            outcome = ingest.collect_hour(client, hour, selection, _FAILURES)
        return ingest.own_events(outcome, day)

    outcomes = []
    with ThreadPoolExecutor(max_workers=archive.workers) as pool:
        for outcome in pool.map(collect, hours):
            outcomes.append(outcome)
            if monotonic() - said > _PROGRESS_EVERY_S:
                said = monotonic()
                context.log.info(f"{day}: {len(outcomes)} of {len(hours)} files")
    return outcomes


def commits_table(
    context: dg.AssetExecutionContext,
    git: GitResource,
    lake: LakeResource,
    warehouse: WarehouseResource,
    platform: Platform,
) -> dg.MaterializeResult[None]:
    """Commits of the tracked repositories by committer day; a run fetches each repository once.

    A repository that cannot be fetched now is named, and gives what was fetched of it before.
    """
    store, days = lake.open(), days_of(context)
    if not git.hash_key:
        return _no_commits(context)
    mirrors = git.mirrors(platform.data("mirrors"), on_retry=context.log.info)
    names = {row["github_id"]: row["repository"] for row in tracked_repositories(warehouse.open())}
    outcomes = _fetch_mirrors(context, mirrors, git.workers, names, days[-1], platform.now())
    there = [repo_id for repo_id in names if mirrors.fetched_at(repo_id)]
    since, until = _midnight(days[0]), _midnight(days[-1] + timedelta(days=1))
    key = git.hash_key.encode()
    found = git_commits.commits_by_day(
        (
            git_commits.commit_row(repo_id, commit, key)
            for repo_id in there
            for commit in mirrors.commits(repo_id, since, until)
        ),
        days,
    )
    made = []
    for day, fresh in found.items():
        known = store.read_all(tables.COMMITS.qualified, [str(day)], fresh.schema, "git")
        made.append(git_commits.with_known(fresh, known, there))
        store.write(tables.COMMITS.qualified, str(day), made[-1], "git")
    show(warehouse.open(), store, tables.COMMITS)
    rows = pa.concat_tables(made)
    statuses = [status for status, _ in outcomes.values()]
    missed = [f"- {names[each]}: {text}" for each, (_, text) in outcomes.items() if text]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows.num_rows,
            "author_count": len(rows["author_hash"].drop_null().unique()),
            "repositories_by_status": {each: statuses.count(each) for each in set(statuses)},
            "repositories_not_fetched": dg.MetadataValue.md("\n".join(missed) or "none"),
        }
    )


def _no_commits(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Say what is missing, and let the archives' events go on."""
    message = (
        "No commits are read without a key that hides their authors' addresses: set "
        "OBSERVATORY_HASH_KEY in .env, then materialise raw.commits and core.events again."
    )
    context.log.warning(message)
    return dg.MaterializeResult(metadata={"dagster/row_count": 0, "hash_key": message})


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _fetch_mirrors(
    context: dg.AssetExecutionContext,
    mirrors: GitMirrors,
    workers: int,
    names: dict[int, str],
    last_day: date,
    now: datetime,
) -> dict[int, tuple[str, str]]:
    """Bring every mirror up, a few side by side: (status, what went wrong) by repository id.

    Raises:
        dg.RetryRequested: not one repository could be reached.
    """
    fresh_since = max(_midnight(last_day + timedelta(days=1)), now - _FETCH_EVERY)

    def bring(repo_id: int) -> tuple[str, str]:
        try:
            state = mirrors.update(names[repo_id], repo_id, now=now, fresh_since=fresh_since)
        except UpstreamError as error:
            context.log.warning(f"{names[repo_id]}: {error}")
            return "failed", str(error)
        return state.status, "no such repository" if state.status == "absent" else ""

    with ThreadPoolExecutor(max_workers=workers) as pool:
        outcomes = dict(zip(names, pool.map(bring, names), strict=True))
    if all(status == "failed" for status, _ in outcomes.values()):
        with transient_failures_retried():
            raise TransientUpstreamError(
                f"none of {len(names)} repositories could be fetched: {outcomes.popitem()[1][1]}"
            )
    context.log.info(f"mirrors of {len(names)} repositories looked at")
    return outcomes


def events_table(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    warehouse: WarehouseResource,
    platform: Platform,
) -> dg.MaterializeResult[None]:
    """One row an event on the day it happened, from the day's files and those of a week after."""
    store = lake.open()
    row_count = bot_count = duplicate_count = 0
    commit_schema = tables.COMMITS.arrow_schema
    for day in days_of(context):
        nearby = [str(day + timedelta(days=offset)) for offset in range(LATE_DAYS + 1)]
        result = day_events(
            day,
            [
                rows
                for source in store.parts(tables.ARCHIVE_EVENTS.qualified)
                for name in nearby
                if (rows := store.read("raw.archive_events", name, source)) is not None
            ],
            [store.read_all(tables.COMMITS.qualified, [str(day)], commit_schema, "git")],
            platform.panel_one_in,
        )
        store.write(tables.EVENTS.qualified, str(day), result.events)
        row_count += result.events.num_rows
        bot_count += result.bot_event_count
        duplicate_count += result.duplicate_count
    show(warehouse.open(), store, tables.EVENTS)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": row_count,
            "bot_event_count": bot_count,
            "duplicate_count": duplicate_count,
        }
    )


def actor_days_table(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """What each account did, by event group and kind of repository."""
    store, house = lake.open(), warehouse.open()
    days = days_of(context)
    require_approved(store, tables.EVENTS, days)
    repositories = house.query(_REPOSITORY_KINDS)
    row_count = 0
    for day in days:
        events = store.read_all(tables.EVENTS.qualified, [str(day)], tables.EVENTS.arrow_schema)
        rows = actor_days(day, events, repositories)
        store.write(tables.ACTOR_DAYS.qualified, str(day), rows)
        row_count += rows.num_rows
    show(house, store, tables.ACTOR_DAYS)
    return dg.MaterializeResult(metadata={"dagster/row_count": row_count})
