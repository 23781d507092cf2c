"""Makes the days of a step by an engine: progress, days that fail alone, and what the UI shows."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

import dagster as dg

from assets.declare import RETRIES, RETRY_WAIT_S, asset_key, days_of
from assets.markdown_text import as_text
from assets.tables import Table
from resources.engine import (
    Engine,
    EngineError,
    EngineLostError,
    EngineResource,
    Failure,
    Outcome,
    Work,
)
from resources.http import TransientUpstreamError

_SAY_EVERY_S = 15.0
_EACH_DAY_UP_TO = 31
#: Transient failures in a row after which an upstream is taken to be down.
_OUTAGE_AFTER = 3
_MOST_NAMED = 20


class DayRecord(Protocol):
    """What the work of a day returns."""

    @property
    def row_counts(self) -> Mapping[str, int]:
        """Rows of the day's partitions by table name."""

    @property
    def lines(self) -> Sequence[str]:
        """What the log says of it."""


R = TypeVar("R", bound=DayRecord)


@dataclass
class DaysMade(Generic[R]):
    """What a step made.

    Attributes:
        records: by day, oldest first.
        failures: by day.
        earlier: row counts by day and table of days that an earlier try of this step made.
    """

    engine: Engine
    records: dict[date, R] = field(default_factory=dict)
    failures: dict[date, Failure] = field(default_factory=dict)
    earlier: dict[date, dict[str, int]] = field(default_factory=dict)

    def row_count(self, table: Table) -> int:
        """Rows of a table's partitions of all days, those of earlier tries included."""
        made = sum(each.row_counts[table.name] for each in self.records.values())
        return made + sum(each.get(table.name, 0) for each in self.earlier.values())

    def metadata(self) -> dict[str, Any]:
        """Which engine made the days, and where it can be looked at."""
        found: dict[str, Any] = {"engine": self.engine.name}
        if self.engine.dashboard_url:
            found["engine_dashboard"] = dg.MetadataValue.url(self.engine.dashboard_url)
        return found


def opened(context: dg.AssetExecutionContext, source: EngineResource) -> Engine:
    """The engine of a step.

    Raises:
        dg.RetryRequested: it does not answer, and may a little later.
        dg.Failure: it cannot be used; the text says what to do.
    """
    try:
        return source.open(context.log.info)
    except EngineLostError as error:
        if context.retry_number < RETRIES:
            raise dg.RetryRequested(RETRIES, seconds_to_wait=RETRY_WAIT_S) from error
        raise dg.Failure(str(error), allow_retries=False) from error
    except EngineError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def make_days(
    context: dg.AssetExecutionContext,
    engine: Engine,
    work: Work[R],
    tables: Sequence[Table],
    most: int | None = None,
) -> Generator[dg.AssetMaterialization, None, DaysMade[R]]:
    """Do the work for each day of the step; a day that fails takes no other with it.

    Where days fail, those that are made are recorded as materialised, one by one, before the step
    fails: a later run makes only what is missing, and so does Dagster's own retry of the step.

    Args:
        context: of the step.
        engine: does the work.
        work: of one day.
        tables: that it writes a partition of.
        most: most days at the same time; None for what the engine can.

    Yields:
        Materialisations of the days made, where others failed.

    Raises:
        dg.RetryRequested: what failed may go well a little later.
        dg.Failure: names the days that failed, and what of.
    """
    days = days_of(context)
    made: DaysMade[R] = DaysMade(engine)
    if context.retry_number:
        made.earlier = _made_before(context, tables, days)
    wanted = [day for day in days if day not in made.earlier]
    progress = _Progress(context, len(wanted))
    lost = ""
    try:
        with closing(engine.map(work, wanted, context.log.info, most)) as outcomes:
            for outcome in outcomes:
                _note(made, outcome)
                progress.say(outcome)
                if progress.is_outage:
                    break
    except EngineLostError as error:
        lost = str(error)
        context.log.error(lost)
    made.records = dict(sorted(made.records.items()))
    missing = [day for day in wanted if day not in made.records]
    if missing:
        yield from _recorded(made, tables)
        raise _stop(context, made, missing, lost)
    return made


def _note(made: DaysMade[R], outcome: Outcome[R]) -> None:
    if outcome.failure is not None:
        made.failures[outcome.day] = outcome.failure
    elif outcome.value is not None:
        made.records[outcome.day] = outcome.value


class _Progress:
    """Says how far a step is, and sees when one day after the other fails for the time being."""

    def __init__(self, context: dg.AssetExecutionContext, count: int) -> None:
        self._log = context.log
        self._count = count
        self._began = self._said = monotonic()
        self._done = self._failed = self._transient_in_a_row = 0

    @property
    def is_outage(self) -> bool:
        """Whether what the days are made of is taken to be down."""
        return self._transient_in_a_row >= _OUTAGE_AFTER

    def say(self, outcome: Outcome[Any]) -> None:
        """Count a day; say its lines where days are few, and the rate from time to time."""
        self._done += 1
        place = f"{outcome.day} ({self._done} of {self._count} days)"
        failure = outcome.failure
        if failure:
            self._failed += 1
            in_a_row = self._transient_in_a_row + 1
            self._transient_in_a_row = in_a_row if failure.is_transient else 0
            self._log.error(f"{place}: {failure.error}\n{failure.trace}".rstrip())
        elif outcome.value is not None:
            self._transient_in_a_row = 0
            if self._count <= _EACH_DAY_UP_TO:
                for line in outcome.value.lines:
                    self._log.info(f"{place}, {line}")
        now = monotonic()
        if now - self._said > _SAY_EVERY_S and self._done < self._count:
            self._said = now
            pace = (now - self._began) / self._done
            failed = f", {self._failed} of them failed" if self._failed else ""
            self._log.info(
                f"{self._done} of {self._count} days done{failed}; {60 / pace:.1f} days a minute, "
                f"about {pace * (self._count - self._done):.0f} s left"
            )


def _recorded(
    made: DaysMade[R], tables: Sequence[Table]
) -> Generator[dg.AssetMaterialization, None, None]:
    """Each day made, as a materialisation of its own."""
    for day, record in made.records.items():
        for table in tables:
            yield dg.AssetMaterialization(
                asset_key=asset_key(table),
                partition=str(day),
                metadata={"dagster/row_count": record.row_counts[table.name], **made.metadata()},
            )


def _made_before(
    context: dg.AssetExecutionContext, tables: Sequence[Table], days: Sequence[date]
) -> dict[date, dict[str, int]]:
    """Row counts of the days that an earlier try of this step recorded, of all of its tables."""
    counts: dict[date, dict[str, int]] = {}
    for table in tables:
        wanted = dg.AssetRecordsFilter(
            asset_key=asset_key(table), asset_partitions=[str(day) for day in days]
        )
        found = context.instance.fetch_materializations(wanted, limit=10 * len(days)).records
        for record in found:
            event = record.asset_materialization
            if record.run_id != context.run.run_id or event is None or event.partition is None:
                continue
            value = event.metadata["dagster/row_count"].value
            counts.setdefault(date.fromisoformat(event.partition), {})[table.name] = int(str(value))
    return {day: each for day, each in sorted(counts.items()) if len(each) == len(tables)}


def _stop(
    context: dg.AssetExecutionContext, made: DaysMade[R], missing: Sequence[date], lost: str
) -> Exception:
    """The exception that a step with missing days ends by."""
    failures = dict(sorted(made.failures.items()))
    named = [f"{day}: {failure.error}" for day, failure in failures.items()]
    untried = [str(day) for day in missing if day not in failures]
    text = f"{len(missing)} of {len(missing) + len(made.records)} days were not made"
    if lost:
        text += f", {lost}"
    if failures:
        text += f". Failed: {'; '.join(named[:_MOST_NAMED])}"
    if untried:
        text += f". Not done: {_few(untried)}"
    transient = [each for each in failures.values() if each.is_transient]
    if (transient or lost) and context.retry_number < RETRIES:
        wait = max(RETRY_WAIT_S, *(each.retry_after_s for each in transient), 0.0)
        request = dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=wait)
        request.__cause__ = TransientUpstreamError(text)
        return request
    return dg.Failure(
        text,
        metadata={
            "days_made": len(made.records) + len(made.earlier),
            "days_failed": len(failures),
            "failures_by_day": dg.MetadataValue.md(_table(failures)),
            **made.metadata(),
        },
        allow_retries=False,
    )


def _few(days: Sequence[str]) -> str:
    return ", ".join(days[:_MOST_NAMED]) + (" …" if len(days) > _MOST_NAMED else "")


def _table(failures: Mapping[date, Failure]) -> str:
    """Failures as a Markdown table; a text of others ends no cell."""
    rows = [f"| {day} | {as_text(failure.error)} |" for day, failure in failures.items()]
    return "\n".join(["| day | error |", "|---|---|", *rows])
