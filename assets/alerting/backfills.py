"""Backfills: their old days are noted, and once over said in one note, with figures revised."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from assets.alerting.notice import Notice, Stage
from assets.figures import spells
from assets.revisions.record import prepare_publications
from assets.revisions.summary import Summary, summarise
from assets.revisions.words import counts_words, largest_words

_RULE = "backfills"
_MOST_SPANS, _MOST_MOVES = 10, 5


@dataclass(frozen=True, slots=True)
class Backfill:
    """Days that one backfill, or one run, made, and publications in which it changed figures.

    Attributes:
        backfill_id: Dagster's, or the run's where it was a run by itself.
        days: UTC, in order: those too old to raise an alert.
        publications: their numbers, in order.
    """

    backfill_id: str
    days: tuple[date, ...]
    publications: tuple[int, ...] = ()


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


def digests(
    connection: duckdb.DuckDBPyConnection, unfinished: Collection[str], now: datetime
) -> list[Notice]:
    """One note of each backfill that is over, of its old days and of what it changed; told then.

    Args:
        connection: to the warehouse, inside the transaction that queues the notes.
        unfinished: ids of backfills and runs that go on.
        now: UTC.
    """
    over = untold(connection, unfinished)
    mark_told(connection, over, now)
    said = [(each, summarise(connection, each.publications)) for each in over]
    return [backfill_notice(each, what, now) for each, what in said if each.days or what.totals]


def untold(
    connection: duckdb.DuckDBPyConnection, unfinished: Collection[str]
) -> tuple[Backfill, ...]:
    """Backfills that are over and of which nothing was said.

    Args:
        connection: to the warehouse.
        unfinished: ids of backfills and runs that go on.
    """
    prepare_publications(connection)
    days: dict[str, list[date]] = defaultdict(list)
    for name, day in connection.execute(
        "SELECT backfill_id, activity_date FROM ops.backfilled_days WHERE told_at IS NULL "
        "ORDER BY ALL"
    ).fetchall():
        days[name].append(day)
    publications: dict[str, list[int]] = defaultdict(list)
    # A run by itself that made no old day says what it changed in its own metadata alone.
    for name, number in connection.execute(
        "SELECT coalesce(backfill_id, run_id) AS name, publication FROM ops.publications "
        "WHERE told_at IS NULL AND (backfill_id IS NOT NULL OR list_contains($noted, run_id)) "
        "ORDER BY publication",
        {"noted": list(days)},
    ).fetchall():
        publications[name].append(number)
    return tuple(
        Backfill(name, tuple(days.get(name, ())), tuple(publications.get(name, ())))
        for name in dict.fromkeys([*days, *publications])
        if name not in unfinished
    )


def mark_told(
    connection: duckdb.DuckDBPyConnection, backfills: Sequence[Backfill], now: datetime
) -> None:
    """Note that it was said what these made."""
    for each in backfills:
        connection.execute(
            "UPDATE ops.backfilled_days SET told_at = ? WHERE backfill_id = ? AND told_at IS NULL",
            [now, each.backfill_id],
        )
        connection.execute(
            "UPDATE ops.publications SET told_at = ? WHERE list_contains(?, publication)",
            [now, list(each.publications)],
        )


def backfill_notice(backfill: Backfill, summary: Summary, now: datetime) -> Notice:
    """The one note of a backfill: its days, how many figures moved, and the largest moves."""
    key = f"{_RULE}:{backfill.backfill_id}:{now:%Y-%m-%dT%H:%M}"
    title = "Published figures were revised"
    if backfill.days:
        count = len(backfill.days)
        title = f"{count} past {'day was' if count == 1 else 'days were'} made or made again"
    return Notice(
        key=key,
        thread=key,
        kind="backfill",
        stage=Stage.NOTE,
        title=title,
        day=backfill.days[-1] if backfill.days else now.date(),
        remarks=(
            *_day_remarks(backfill.days),
            *_moved(summary),
            f"Backfill {backfill.backfill_id}.",
        ),
        asset=("mart", "engagement"),
    )


def _day_remarks(days: Sequence[date]) -> tuple[str, ...]:
    if not days:
        return ()
    spans = spells(days)
    named = [str(a) if a == b else f"{a} to {b}" for a, b in spans[:_MOST_SPANS]]
    more = f" and {len(spans) - _MOST_SPANS} more spans" if len(spans) > _MOST_SPANS else ""
    return (
        f"Days (UTC): {', '.join(named)}{more}.",
        "They are too old to raise alerts: none was changed. Weeks, indices and gaps that they "
        "belong to were made anew; what the rules would have said of them is in a replay.",
    )


def _moved(summary: Summary) -> tuple[str, ...]:
    if not summary.figure_count:
        return ("No figures were published: by how much they moved is not known.",)
    moves = (f"{each}." for each in largest_words(summary, _MOST_MOVES))
    return (counts_words(summary), *moves)
