"""Poll assets: repositories' events to raw Parquet, the state of the polls, and star history."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.activity.assets import tracked_repositories
from assets.activity.tables import EVENTS
from assets.declare import (
    Plan,
    asset_key,
    code_version,
    documentation,
    prepare,
    show,
    transient_failures_retried,
)
from assets.markdown_text import as_text
from assets.polls import stars
from assets.polls.events import by_day, event_rows, merged
from assets.polls.outage import outage
from assets.polls.pause import Pause
from assets.polls.plan import Round, hot_due, hourly_budget, plan_round, spent_lately
from assets.polls.polling import Failures, Polled, poll_repositories
from assets.polls.spans import span_rows
from assets.polls.spool import Spool
from assets.polls.state import PollState
from assets.polls.tables import (
    REPOSITORY_EVENTS,
    REPOSITORY_POLLS,
    REPOSITORY_SPANS,
    SOURCE,
    STAR_HISTORY,
)
from assets.reference.tables import TRACKED_REPOSITORIES
from resources.github import GitHubResource
from resources.github_repositories import RepositoryClient
from resources.http import RateLimitedError, UpstreamError
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "activity"
FIRST_DAY_TAG = "observatory/first_day"  # of a run: the oldest day that is made after it
BATCH = 50
_PROGRESS_EVERY_S = 15.0
# A round ends at a longer limit: what is left is due in the next one.
_PATIENCE_S = 300.0
_STAR_DAYS = timedelta(days=56)
_FAILURES = Failures(limited=RateLimitedError, failed=UpstreamError)
_TABLES = (REPOSITORY_EVENTS, REPOSITORY_POLLS)


def build(
    plan: Plan,
    automation: dg.AutomationCondition[Any] | None = None,
    star_automation: dg.AutomationCondition[Any] | None = None,
) -> list[dg.AssetsDefinition]:
    """The domain's assets.

    Args:
        plan: its first day is how far star history goes back at most.
        automation: when repositories are polled; an hour is a good step, for those that cannot
            wait so long `hot_repositories` says when.
        star_automation: when star histories are asked for.
    """
    polls = dg.multi_asset(
        name="raw__polls",
        specs=[
            dg.AssetSpec(
                **documentation(table, GROUP, {"github", kind}),
                code_version=code_version(None, table),
                deps=[asset_key(TRACKED_REPOSITORIES)],
                automation_condition=automation,
            )
            for table, kind in zip(_TABLES, ("parquet", "duckdb"), strict=True)
        ],
    )(repository_events)
    history: dg.AssetsDefinition = dg.asset(
        **documentation(STAR_HISTORY, GROUP, {"github", "duckdb"}),
        code_version=code_version(star_history_table, STAR_HISTORY),
        deps=[asset_key(TRACKED_REPOSITORIES), asset_key(REPOSITORY_POLLS)],
        automation_condition=star_automation,
    )(star_history_since(plan.daily.start.date()))
    return [polls, history]


def repository_events(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    warehouse: WarehouseResource,
    github: GitHubResource,
    platform: Platform,
) -> Iterator[dg.MaterializeResult[None]]:
    """Poll the repositories that are due, and keep what each gave before the next is asked."""
    store, house = lake.open(), warehouse.open()
    prepare(house, REPOSITORY_POLLS, REPOSITORY_SPANS)
    # Those of polls of before spans were kept: a gap would end them without a trace.
    house.upsert(REPOSITORY_SPANS.qualified, span_rows(poll_states(house)))
    tracked = [(row["github_id"], row["repository"]) for row in tracked_repositories(house)]
    spool = Spool(platform.data("polls"))
    kept = taken_up(context, spool, store, house, platform.panel_one_in)
    states = poll_states(house)
    budget = hourly_budget(github.token_count)
    now = platform.now()
    pause = Pause(platform.data("polls"))
    forbidden = pause.until()
    planned = plan_round([] if forbidden else tracked, states, now, calls_per_hour=budget)
    client = github.repositories(context.log.info, patience_s=_PATIENCE_S)
    with closing(client):
        polls = poll_repositories(
            client,
            planned.asked,
            _FAILURES,
            platform.now,
            stretch=planned.stretch,
            overlap=planned.overlap,
            most_calls=max(0, budget - spent_lately(states, now)),
        )
        done, limit = run_round(
            context, polls, spool, store, house, platform.panel_one_in, len(planned.asked)
        )
    if limit:
        pause.keep(limit.resume_at)
    if problem := outage([each.state for each in done], len(tracked)):
        raise dg.Failure(problem)
    report = {
        **budget_report(client, planned, budget),
        **outcome_report(done),
        "taken_up_count": kept,
        "ended_by_limit": _limit_said(limit, forbidden),
    }
    show(house, store, REPOSITORY_EVENTS)
    yield dg.MaterializeResult(
        asset_key=asset_key(REPOSITORY_EVENTS),
        metadata={"event_count": sum(len(each.events) for each in done), **report},
    )
    yield dg.MaterializeResult(
        asset_key=asset_key(REPOSITORY_POLLS),
        metadata={"dagster/row_count": len(poll_states(house)), **report},
    )


def run_round(
    context: dg.AssetExecutionContext,
    polls: Iterator[Polled],
    spool: Spool,
    store: Lake,
    house: Warehouse,
    panel_one_in: int,
    total: int,
) -> tuple[list[Polled], RateLimitedError | None]:
    """Take polls as they come: each into the spool, a batch of them into the tables."""
    done: list[Polled] = []
    batch: list[Polled] = []
    limit: RateLimitedError | None = None
    said = monotonic()
    while True:
        try:
            polled = next(polls, None)
        except RateLimitedError as error:
            context.log.warning(f"the round ends early: {error}")
            limit, polled = error, None
        if polled:
            spool.add(polled)
            batch.append(polled)
            done.append(polled)
        if batch and (polled is None or len(batch) >= BATCH):
            write_polls(batch, store, house, panel_one_in)
            spool.remove(batch)
            batch = []
        if polled is None:
            return done, limit
        if monotonic() - said > _PROGRESS_EVERY_S:
            said = monotonic()
            context.log.info(f"{len(done)} of {total} repositories polled")


def taken_up(
    context: dg.AssetExecutionContext,
    spool: Spool,
    store: Lake,
    house: Warehouse,
    panel_one_in: int,
) -> int:
    """Bring into the tables what a killed run left in the spool; how many polls that were."""
    kept, broken = spool.kept()
    if broken:
        context.log.warning(f"{len(broken)} polls of a killed run cannot be read: set aside")
        spool.set_aside(broken)
    if kept:
        write_polls(kept, store, house, panel_one_in)
        spool.remove(kept)
    return len(kept)


def write_polls(polls: Sequence[Polled], store: Lake, house: Warehouse, panel_one_in: int) -> None:
    """Merge the events of polls into their days, then say in the warehouse that they are there."""
    rows = [
        row for each in polls for row in event_rows(each.events, panel_one_in, each.state.polled_at)
    ]
    for day, fresh in by_day(rows).items():
        known = store.read(REPOSITORY_EVENTS.qualified, str(day), SOURCE)
        made = merged(known, fresh)
        if known is None or made != known:
            store.write(REPOSITORY_EVENTS.qualified, str(day), made, SOURCE)
    newest = {each.state.repo_id: each.state for each in polls}
    house.upsert(REPOSITORY_SPANS.qualified, span_rows(each.state for each in polls))
    house.upsert(
        REPOSITORY_POLLS.qualified,
        REPOSITORY_POLLS.arrow([state.row() for state in newest.values()]),
    )


def poll_states(house: Warehouse) -> list[PollState]:
    """The last poll of each repository."""
    rows = house.query(f"SELECT * FROM {REPOSITORY_POLLS.qualified} ORDER BY repo_id")  # noqa: S608
    return [PollState.from_row(row) for row in rows.to_pylist()]


def hot_repositories(house: Warehouse, platform: Platform) -> int:
    """How many tracked repositories are due and cannot wait for the hour; 0 under a limit."""
    if Pause(platform.data("polls")).until():
        return 0
    prepare(house, TRACKED_REPOSITORIES, REPOSITORY_POLLS)
    rows = house.query(
        "SELECT p.* FROM raw.repository_polls AS p "
        "SEMI JOIN core.tracked_repositories AS t ON t.github_id = p.repo_id"
    ).to_pylist()
    return len(hot_due([PollState.from_row(row) for row in rows], platform.now()))


def budget_report(client: RepositoryClient, planned: Round, budget: int) -> dict[str, Any]:
    """What the round cost, and what is left, as metadata."""
    calls = client.call_count
    return {
        "call_count": calls,
        "unchanged_share": client.unchanged_count / calls if calls else 0.0,
        "calls_per_hour_budget": budget,
        "calls_remaining": -1 if client.remaining is None else client.remaining,
        "hours_until_reset": round((client.resets_in_s or 0.0) / 3_600, 3),
        "left_out_count": planned.left_out_count,
        "interval_stretch": min(planned.stretch, 1e6),
        "overlap_hours": planned.overlap / timedelta(hours=1),
    }


def outcome_report(done: Sequence[Polled]) -> dict[str, Any]:
    """What came of the polls, as metadata."""
    return {
        "repositories_by_outcome": dict(Counter(each.state.outcome for each in done)),
        "failed": _list_of(each for each in done if each.state.outcome == "failed"),
        "malformed_count": sum(each.state.malformed_count for each in done),
    }


def _limit_said(limit: RateLimitedError | None, forbidden: datetime | None) -> str:
    if forbidden:
        return f"GitHub's limits forbid polls until {forbidden:%Y-%m-%d %H:%M:%S} UTC"
    return str(limit or "no")


def _list_of(polls: Iterable[Polled]) -> dg.MetadataValue:
    lines = [f"- {as_text(each.state.repo_name)}: {as_text(each.state.problem)}" for each in polls]
    return dg.MetadataValue.md("\n".join(lines[:50]) or "none")


def star_history_since(first: date) -> Callable[..., dg.MaterializeResult[None]]:
    """The function of raw.star_history for a platform whose first day this is."""

    def star_history(
        context: dg.AssetExecutionContext,
        lake: LakeResource,
        warehouse: WarehouseResource,
        github: GitHubResource,
        platform: Platform,
    ) -> dg.MaterializeResult[None]:
        wanted = context.run.tags.get(FIRST_DAY_TAG)
        back = max(first, stars_since(lake.open(), platform.today(), wanted))
        return star_history_table(context, warehouse, github, platform, back)

    return star_history


def stars_since(store: Lake, today: date, wanted: str | None) -> date:
    """From when on stars are wanted: the oldest day with events, or eight weeks ago.

    Args:
        store: the lake.
        today: the day that is not over yet.
        wanted: ISO date of the oldest day that is about to be made; None where nobody says.
    """
    oldest = [*store.partitions(EVENTS.qualified)[:1], *([wanted] if wanted else [])]
    return min([today - _STAR_DAYS, *map(date.fromisoformat, oldest)])


def star_history_table(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    github: GitHubResource,
    platform: Platform,
    first: date,
) -> dg.MaterializeResult[None]:
    """Ask for the stars of each repository, at most once in 20 hours: all days, then the newest.

    Once older days have events, their stars are asked for at once.
    """
    house, now = warehouse.open(), platform.now()
    prepare(house, REPOSITORY_POLLS, STAR_HISTORY)
    due = stars_due(house, now, first)
    outcomes = Counter[str]()
    malformed = 0
    said = monotonic()
    client = github.repositories(context.log.info, patience_s=_PATIENCE_S)
    with closing(client), transient_failures_retried():
        for number, (repo_id, name, known_until) in enumerate(due, start=1):
            wanted = max(first, known_until - timedelta(days=7)) if known_until else first
            try:
                rows, status, bad = ask_stars(client, repo_id, wanted, first, now)
            except RateLimitedError:
                if not outcomes["found"]:
                    raise
                # What was got is kept; the rest is due when the limit is over.
                context.log.warning(f"{len(due) - number + 1} repositories wait for GitHub's limit")
                break
            except UpstreamError as error:
                context.log.warning(f"{name}: {error}")
                outcomes["failed"] += 1
                continue
            outcomes[status] += 1
            malformed += bad
            if rows is not None:
                house.upsert(STAR_HISTORY.qualified, rows)
            if monotonic() - said > _PROGRESS_EVERY_S:
                said = monotonic()
                context.log.info(f"{number} of {len(due)} repositories asked for their stars")
    return dg.MaterializeResult(
        metadata={
            "repositories_by_outcome": dict(outcomes),
            "waiting_count": len(due) - outcomes.total(),
            "malformed_count": malformed,
            "call_count": client.call_count,
            "calls_remaining": -1 if client.remaining is None else client.remaining,
            "hours_until_reset": round((client.resets_in_s or 0.0) / 3_600, 3),
        }
    )


def stars_due(house: Warehouse, now: datetime, first: date) -> list[tuple[int, str, date | None]]:
    """Repositories whose stars are to be asked for now: id, name, and newest day if the rest is in.

    Args:
        house: the warehouse.
        now: the time.
        first: oldest day that is wanted.
    """
    names = {row["github_id"]: row["repository"] for row in tracked_repositories(house)}
    polls = {state.repo_id: state for state in poll_states(house)}
    rows = house.query(
        "SELECT repo_id, min(star_date) AS oldest, max(star_date) AS newest, "
        "max(asked_at) AS asked_at "
        "FROM raw.star_history GROUP BY repo_id"
    ).to_pylist()
    known = {row["repo_id"]: row for row in rows}
    due = []
    for repo_id, name in names.items():
        poll, row = polls.get(repo_id), known.get(repo_id)
        if row and row["oldest"] > first:
            row = None  # what is there does not go back far enough: as if nothing were
        # What a clock that was ahead has written is not known.
        is_fresh = row and timedelta() <= now - row["asked_at"].astimezone(UTC) < stars.ASK_EVERY
        is_lost = poll and poll.outcome in ("gone", "blocked")
        if not is_fresh and not is_lost:
            due.append((repo_id, poll.repo_name if poll else name, row["newest"] if row else None))
    return due


def ask_stars(
    client: RepositoryClient,
    repo_id: int,
    wanted: date,
    first: date,
    now: datetime,
) -> tuple[pa.Table | None, str, int]:
    """The rows of one repository back to a wanted day, what came of asking, and bad weeks."""
    listing = client.star_history(repo_id, is_enough=lambda page: stars.reaches(page, wanted))
    if listing.status != "found":
        return None, listing.status, 0
    days = stars.star_days(listing.documents)
    rows = stars.star_rows(repo_id, days, first, now, wanted=wanted)
    return rows, "found", days.malformed_count
