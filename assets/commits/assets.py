"""Commit assets: git histories to raw Parquet, and the accounts of their authors."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic

import dagster as dg
import pyarrow as pa

from assets.activity import commit_authors, tables
from assets.activity import commits as git_commits
from assets.activity.assets import GROUP, tracked_repositories
from assets.declare import Plan, days_of, prepare, show, transient_failures_retried
from assets.markdown_text import as_text
from assets.reference.tables import TRACKED_REPOSITORIES
from resources.git import GitMirrors, GitResource
from resources.github import COMMITS_PER_QUERY, GitHubResource
from resources.http import TransientUpstreamError, UpstreamError
from resources.lake import LakeResource
from resources.platform import Platform
from resources.warehouse import WarehouseResource

_PROGRESS_EVERY_S = 15.0
# A run soon after another finds nothing new that is worth a request to every repository.
_FETCH_EVERY = timedelta(hours=6)


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The assets; they stand in the group of what they feed, core.events."""
    return [
        plan.daily_asset(
            commits_table,
            tables.COMMITS,
            group=GROUP,
            kinds={"git", "parquet"},
            deps=[TRACKED_REPOSITORIES],
        ),
        plan.daily_asset(
            commit_authors_table,
            tables.COMMIT_AUTHORS,
            group=GROUP,
            kinds={"github", "duckdb"},
            deps=[tables.COMMITS],
        ),
    ]


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
    since, until = _midnight(days[0]), _midnight(days[-1] + timedelta(days=1))
    key = git.hash_key.encode()
    there, read = [], []
    for repo_id in names:
        if not mirrors.fetched_at(repo_id):
            continue
        try:
            commits = list(mirrors.commits(repo_id, since, until))
        except UpstreamError as error:
            # One damaged mirror is named and passed over; its commits of before stay.
            context.log.warning(f"{names[repo_id]}: {error}")
            outcomes[repo_id] = ("unreadable", str(error))
            continue
        there.append(repo_id)
        read += [git_commits.commit_row(repo_id, commit, key) for commit in commits]
    found = git_commits.commits_by_day(read, days)
    made = []
    for day, fresh in found.items():
        known = store.read_all(tables.COMMITS.qualified, [str(day)], fresh.schema, "git")
        made.append(git_commits.with_known(fresh, known, there))
        store.write(tables.COMMITS.qualified, str(day), made[-1], "git")
    show(warehouse.open(), store, tables.COMMITS)
    rows = pa.concat_tables(made)
    statuses = [status for status, _ in outcomes.values()]
    missed = [
        f"- {as_text(names[each])}: {as_text(text)}" for each, (_, text) in outcomes.items() if text
    ]
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


def commit_authors_table(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    warehouse: WarehouseResource,
    github: GitHubResource,
    platform: Platform,
) -> dg.MaterializeResult[None]:
    """Link the days' authors to accounts: by the number in the address, else by asking GitHub."""
    store, house = lake.open(), warehouse.open()
    prepare(house, tables.COMMIT_AUTHORS)
    days, now = [str(day) for day in days_of(context)], platform.now()
    commits = store.read_all(tables.COMMITS.qualified, days, tables.COMMITS.arrow_schema, "git")
    names = {row["github_id"]: row["repository"] for row in tracked_repositories(house)}
    fresh = house.query(
        "SELECT author_hash FROM raw.commit_authors WHERE asked_at >= ?",
        [now - timedelta(days=commit_authors.REFRESH_DAYS)],
    )
    due = commit_authors.due_authors(commits, fresh, list(names))
    made = [commit_authors.own_links(due, now)]
    house.upsert(tables.COMMIT_AUTHORS.qualified, made[0])
    unasked = len(due) - made[0].num_rows
    context.log.info(f"{len(due)} authors to link, {unasked} of them by asking GitHub")
    said = monotonic()
    with closing(github.client(on_retry=context.log.info)) as client, transient_failures_retried():
        for rows in commit_authors.asked_links(
            due if github.token else [], names, client.commit_authors, COMMITS_PER_QUERY, now
        ):
            house.upsert(tables.COMMIT_AUTHORS.qualified, rows)
            made.append(rows)
            unasked -= rows.num_rows
            if monotonic() - said > _PROGRESS_EVERY_S:
                said = monotonic()
                context.log.info(f"{unasked} authors left to ask for")
    if unasked:
        context.log.warning(
            f"{unasked} authors stay without an account, as GitHub's GraphQL API needs a token: "
            "set OBSERVATORY_GITHUB_TOKEN (no scope needed), then materialise raw.commit_authors "
            "and core.events again"
        )
    return dg.MaterializeResult(
        metadata={
            "author_count": len(commits["author_hash"].drop_null().unique()),
            "asked_count": sum(rows.num_rows for rows in made[1:]),
            "linked_count": sum(len(rows["actor_id"].drop_null()) for rows in made),
            "unasked_count": unasked,
        }
    )
