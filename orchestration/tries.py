"""Partitions that have failed three times: nobody asks for them again until something changes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from checks.days import PARTITION, RANGE_START
from orchestration.backfill_plan import is_preparation
from orchestration.code_digest import CODE_TAG, code_digest
from orchestration.families import FAMILIES, Family, family_of_run, partitions_of_run
from orchestration.partitions import (
    MAX_DAYS_PER_BACKFILL_RUN,
    MAX_MONTHS_PER_RUN,
    MAX_WEEKS_PER_RUN,
    months_between,
)
from resources.http import TransientUpstreamError

#: So many runs have to fail, for a reason of the partition's own and under the same code.
MOST_TRIES = 3
_LONGEST_RUN = timedelta(days=max(MAX_DAYS_PER_BACKFILL_RUN, 7 * MAX_WEEKS_PER_RUN))
_LONGEST_MONTHS = timedelta(days=31 * MAX_MONTHS_PER_RUN)
# Days, weeks and months of the last two: what the automation may ask for.
_WATCHED = timedelta(days=63)


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A partition that has failed too often.

    Attributes:
        family: of the partition.
        partition: its key.
        run_ids: of the failed runs since it last succeeded, oldest first; of a run and Dagster's
            own repetitions of it one.
        failed_at: when the newest failed (UTC).
    """

    family: Family
    partition: str
    run_ids: tuple[str, ...]
    failed_at: datetime


def watched_partitions(today: date) -> list[str]:
    """Keys of the partitions that the automation may ask for, of any family."""
    first = today - _WATCHED
    return sorted({str(day) for each in FAMILIES for day in each.between(first, today)})


def given_up(
    instance: dg.DagsterInstance,
    known: Mapping[dg.AssetKey, Family],
    partitions: Collection[str],
    family: Family | None = None,
) -> dict[tuple[str, str], GivenUp]:
    """Which of some partitions have failed `MOST_TRIES` times in different runs.

    Counted are runs of one partition each, asked for by the automation, a sensor or a command
    under the code as it is now, that ended after the partition's days were over and after the last
    run that succeeded on it. A run that met nothing but a transient failure of an upstream, such as
    no network or a limit, is not the partition's fault and does not count.

    Args:
        instance: Dagster's.
        known: families of assets.
        partitions: keys, of any family.
        family: only of this one; None for all.

    Returns:
        By name of the family and key.
    """
    if not partitions:
        return {}
    failed = _failures(instance, known, partitions)
    suspects = {
        key: records
        for key, records in failed.items()
        if len(records) >= MOST_TRIES and family in (None, key[0])
    }
    if not suspects:
        return {}
    # Storage may keep whole seconds.
    oldest = min(each[0].create_timestamp for each in suspects.values()) - timedelta(seconds=1)
    succeeded = _successes(instance, known, [key[1] for key in suspects], oldest)
    found = {}
    for (kind, partition), records in suspects.items():
        since = succeeded.get((kind, partition))
        own = [
            each
            for each in records
            if (since is None or each.create_timestamp > since)
            and not _is_transient(instance, each.dagster_run.run_id)
        ]
        if len(own) >= MOST_TRIES:
            found[kind.name, partition] = GivenUp(
                kind,
                partition,
                tuple(each.dagster_run.run_id for each in own),
                own[-1].update_timestamp.astimezone(UTC),
            )
    return found


def _failures(
    instance: dg.DagsterInstance, known: Mapping[dg.AssetKey, Family], partitions: Collection[str]
) -> dict[tuple[Family, str], list[dg.RunRecord]]:
    """Failed runs under this code by partition, oldest first; of repetitions the last."""
    records = [
        record
        for tag in (PARTITION, RANGE_START)
        for record in instance.get_run_records(
            dg.RunsFilter(
                statuses=[dg.DagsterRunStatus.FAILURE],
                tags={CODE_TAG: code_digest(), tag: list(partitions)},
            )
        )
    ]
    by_run: dict[tuple[Family, str], dict[str, dg.RunRecord]] = defaultdict(dict)
    for record in sorted(records, key=lambda each: each.create_timestamp):
        run = record.dagster_run
        kind = family_of_run(run, known)
        keys = partitions_of_run(run, kind) if kind else []
        # A run of many does not say which of them is at fault; its command repeats them one by one.
        if kind is None or len(keys) != 1:
            continue
        if record.create_timestamp.astimezone(UTC) >= kind.over_at(keys[0]):
            by_run[kind, keys[0]][run.root_run_id or run.run_id] = record
    return {key: list(found.values()) for key, found in by_run.items()}


def _successes(
    instance: dg.DagsterInstance,
    known: Mapping[dg.AssetKey, Family],
    partitions: Collection[str],
    since: datetime,
) -> dict[tuple[Family, str], datetime]:
    """When the newest run began that succeeded on each partition."""
    newest: dict[tuple[Family, str], datetime] = {}
    for tags in (
        {PARTITION: sorted(partitions)},
        {RANGE_START: sorted(_starts(partitions))},
    ):
        for record in instance.get_run_records(
            dg.RunsFilter(
                statuses=[dg.DagsterRunStatus.SUCCESS], updated_after=since, tags=dict(tags)
            )
        ):
            if is_preparation(record.dagster_run.tags):
                continue
            kind = family_of_run(record.dagster_run, known)
            for key in partitions_of_run(record.dagster_run, kind) if kind else ():
                began = newest.get((kind, key), record.create_timestamp) if kind else None
                if kind and began is not None:
                    newest[kind, key] = max(began, record.create_timestamp)
    return newest


def _starts(partitions: Iterable[str]) -> Iterator[str]:
    """Where runs over ranges may begin that some partitions are part of."""
    days = sorted(map(date.fromisoformat, partitions))
    first, last = days[0] - _LONGEST_RUN, days[-1]
    yield from (str(first + timedelta(days=n)) for n in range((last - first).days + 1))
    yield from map(str, months_between(days[0] - _LONGEST_MONTHS, last))


def _is_transient(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether all that failed in a run were transient failures of upstreams."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    names = _names_of(TransientUpstreamError)
    failures = [record.event_log_entry.get_dagster_event() for record in records]
    return bool(failures) and all(
        not names.isdisjoint(_chain(each.step_failure_data.error)) for each in failures
    )


def _chain(error: object) -> Iterator[str]:
    """Names of an error's class and of those behind it, as Dagster logged them."""
    while error is not None:
        yield str(getattr(error, "cls_name", ""))
        error = getattr(error, "cause", None)


def _names_of(kind: type[BaseException]) -> frozenset[str]:
    """Names of an error class and of all that derive from it."""
    return frozenset({kind.__name__}).union(*(_names_of(each) for each in kind.__subclasses__()))
