"""Days made too late to raise an alert: noted, and said in one note once their backfill is over."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb

from assets.alerting.notice import Notice, Stage

_RULE = "backfills"
_MOST_SPANS = 10


@dataclass(frozen=True, slots=True)
class Backfill:
    """Days that one backfill, or one run, made.

    Attributes:
        backfill_id: Dagster's, or the run's where it was a run by itself.
        days: UTC, in order.
    """

    backfill_id: str
    days: tuple[date, ...]


def note_days(
    connection: duckdb.DuckDBPyConnection,
    days: Sequence[date],
    *,
    backfill_id: str,
    run_id: str,
    now: datetime,
) -> None:
    """Note that a run made days too old to raise an alert; made again, they are news again."""
    connection.executemany(
        "INSERT OR REPLACE INTO ops.backfilled_days "
        "(backfill_id, activity_date, run_id, made_at, told_at) VALUES (?, ?, ?, ?, NULL)",
        [[backfill_id, day, run_id, now] for day in days],
    )


def untold(
    connection: duckdb.DuckDBPyConnection, unfinished: Collection[str]
) -> tuple[Backfill, ...]:
    """Backfills that are over and of which nothing was said.

    Args:
        connection: to the warehouse.
        unfinished: ids of backfills and runs that go on.
    """
    rows = connection.execute(
        "SELECT backfill_id, activity_date FROM ops.backfilled_days WHERE told_at IS NULL "
        "ORDER BY ALL"
    ).fetchall()
    days: dict[str, list[date]] = defaultdict(list)
    for name, day in rows:
        if name not in unfinished:
            days[name].append(day)
    return tuple(Backfill(name, tuple(found)) for name, found in days.items())


def mark_told(
    connection: duckdb.DuckDBPyConnection, backfills: Sequence[Backfill], now: datetime
) -> None:
    """Note that it was said what these made."""
    for each in backfills:
        connection.execute(
            "UPDATE ops.backfilled_days SET told_at = ? WHERE backfill_id = ? AND told_at IS NULL",
            [now, each.backfill_id],
        )


def backfill_notice(backfill: Backfill, now: datetime) -> Notice:
    """The one note of a backfill."""
    days = backfill.days
    spans = _spans(days)
    named = [str(a) if a == b else f"{a} to {b}" for a, b in spans[:_MOST_SPANS]]
    more = f" and {len(spans) - _MOST_SPANS} more spans" if len(spans) > _MOST_SPANS else ""
    key = f"{_RULE}:{backfill.backfill_id}:{now:%Y-%m-%dT%H:%M}"
    return Notice(
        key=key,
        thread=key,
        kind="backfill",
        stage=Stage.NOTE,
        title=f"{len(days)} past days were made or made again",
        day=days[-1],
        remarks=(
            f"Days (UTC): {', '.join(named)}{more}.",
            "They are too old to raise alerts: none was changed. Weeks, indices and gaps that they "
            "belong to were made anew; what the rules would have said of them is in a replay.",
            f"Backfill {backfill.backfill_id}.",
        ),
        asset=("mart", "engagement"),
    )


def _spans(days: Sequence[date]) -> list[tuple[date, date]]:
    """First and last days of what has no gap."""
    spans: list[tuple[date, date]] = []
    for day in days:
        if spans and day - spans[-1][1] <= timedelta(days=1):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans
