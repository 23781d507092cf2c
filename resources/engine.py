"""Where days are worked on: one after the other in this process, or as tasks on a cluster.

Work is a function of a day that can be pickled. It reads and writes the lake itself and returns a
small record, so that no rows pass through a scheduler. One day's failure is that day's outcome.
"""

import re
import traceback
import uuid
from collections.abc import Callable, Generator, Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from typing import Generic, Protocol, TypeVar

import dagster as dg
import pyarrow as pa
from pydantic import PrivateAttr, field_validator

from resources.http import TransientUpstreamError
from resources.lake import Lake

LOCAL = "local"
_MOST_TEXT = 600
_MOST_TRACE = 6_000
_HANDED = "handed"
_WORKERS = re.compile(r"0*[1-9][0-9]{0,5}")
_HANDED_DAYS = 7

V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)
Say = Callable[[str], None]


class EngineError(Exception):
    """An engine cannot be used; the text says what to do."""


class EngineLostError(EngineError):
    """An engine went away in the middle of its work; what it finished stays. Worth another try."""


class Work(Protocol[V_co]):
    """What is done for a day."""

    def __call__(self, day: date, say: Say) -> V_co:
        """Do it; `say` takes lines for the log."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with a day, as plain values.

    Attributes:
        error: type and text, at most 600 characters.
        trace: the traceback; empty where the worker died.
        is_transient: whether another try may go well.
        retry_after_s: how long an upstream asked to be left alone.
    """

    error: str
    trace: str = ""
    is_transient: bool = False
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome(Generic[V]):
    """What became of a day: a value, or a failure.

    `seconds` is the time that the work itself took; `worker` says where, empty for here.
    """

    day: date
    value: V | None
    failure: Failure | None = None
    seconds: float = 0.0
    worker: str = ""


class Shared(Hashable, Protocol):
    """Rows that all days read, such as a dimension of the warehouse."""

    def rows(self) -> pa.Table:
        """The rows."""


class Engine(Protocol):
    """Does work for days.

    Attributes:
        name: for people.
        slots: days that are worked on at the same time.
        hosts: machines that this happens on.
        dashboard_url: where its state can be seen; empty for nowhere.
        is_lost: whether it went away; another has to be opened.
    """

    name: str
    slots: int
    hosts: int
    dashboard_url: str
    is_lost: bool

    def map(
        self, work: Work[V], days: Iterable[date], say: Say, most: int | None = None
    ) -> Generator[Outcome[V], None, None]:
        """Outcomes in the order of completion.

        Args:
            work: what is done for each day; pickled for a cluster.
            days: in the order in which they are begun.
            say: takes the lines that the work says.
            most: most days at the same time; None for as many as there are slots.

        Raises:
            EngineLostError: the engine went away; days without an outcome are not known to be done.
        """

    def share(self, lake: Lake, name: str, rows: pa.Table) -> Shared:
        """Rows for the work of all days, handed over once and not with each day."""

    def close(self) -> None:
        """End what was started for this engine, and take back what was handed over."""


def attempt(work: Work[V], day: date, say: Say) -> Outcome[V]:
    """Do a day's work here; what it raises is its outcome."""
    began = monotonic()
    try:
        value = work(day, say)
    except Exception as error:
        return Outcome(day, None, failure_of(error), monotonic() - began)
    return Outcome(day, value, None, monotonic() - began)


def failure_of(error: BaseException) -> Failure:
    """An exception as plain values."""
    is_transient = isinstance(error, TransientUpstreamError | ConnectionError | TimeoutError)
    asked = error.retry_after_s if isinstance(error, TransientUpstreamError) else None
    trace = "".join(traceback.format_exception(error))
    return Failure(
        error=f"{type(error).__name__}: {error}"[:_MOST_TEXT],
        trace=trace[-_MOST_TRACE:],
        is_transient=is_transient,
        retry_after_s=asked or 0.0,
    )


@dataclass(frozen=True, slots=True, eq=False)
class SharedHere:
    """Rows in this process's memory."""

    table: pa.Table

    def rows(self) -> pa.Table:
        """The rows."""
        return self.table


class LocalEngine:
    """Days one after the other in this process; each may use threads of its own."""

    name = LOCAL
    slots = 1
    hosts = 1
    dashboard_url = ""
    is_lost = False

    def map(
        self, work: Work[V], days: Iterable[date], say: Say, most: int | None = None
    ) -> Generator[Outcome[V], None, None]:
        """See `Engine`."""
        del most
        for day in days:
            yield attempt(work, day, say)

    def share(self, lake: Lake, name: str, rows: pa.Table) -> Shared:
        """See `Engine`."""
        del lake, name
        return SharedHere(rows)

    def close(self) -> None:
        """Nothing was started."""


@dataclass(frozen=True, slots=True)
class SharedInLake:
    """Rows in a file of the lake, which every worker reads for itself."""

    lake: Lake
    table: str
    partition: str

    def rows(self) -> pa.Table:
        """The rows.

        Raises:
            EngineError: the file is gone: its run is over.
        """
        found = self.lake.read(self.table, self.partition)
        if found is None:
            raise EngineError(f"{self.table}/{self.partition} is gone: the run that made it ended")
        return found


def hand_over(lake: Lake, name: str, rows: pa.Table) -> SharedInLake:
    """Write rows into the lake for workers, and remove what runs killed a week ago left there."""
    table, today = f"{_HANDED}.{name}", datetime.now(UTC).date()
    for partition in lake.partitions(table):
        if partition < str(today - timedelta(days=_HANDED_DAYS)):
            lake.remove(table, partition)
    shared = SharedInLake(lake, table, f"{today}-{uuid.uuid4().hex}")
    lake.write(table, shared.partition, rows)
    return shared


class EngineResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The engine that days are worked on by; a cluster of its own lasts as long as the run.

    Attributes:
        address: `local`; `dask` or `dask:N` for N worker processes started for the run, by default
            one for each core; or the address of a Dask scheduler, `tcp://host:8786`.
    """

    address: str = LOCAL
    _engine: Engine | None = PrivateAttr(default=None)

    @field_validator("address")
    @classmethod
    def _known(cls, value: str) -> str:
        return checked_address(value)

    def open(self, say: Say) -> Engine:
        """The engine, started where it has to be; the same again until the run ends or it is lost.

        Raises:
            EngineLostError: it does not answer now.
            EngineError: it cannot be used; the text says what to do.
        """
        if self._engine is not None and self._engine.is_lost:
            self.close()
        if self._engine is None:
            self._engine = open_engine(self.address, say)
        return self._engine

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """End what was started for the run."""
        del context
        self.close()

    def close(self) -> None:
        """End what was started; the next `open` starts anew."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()


def checked_address(text: str) -> str:
    """The text, where it names an engine.

    Raises:
        ValueError: it does not.
    """
    kind, _, count = text.partition(":")
    is_ours = text in (LOCAL, "dask") or (kind == "dask" and bool(_WORKERS.fullmatch(count)))
    is_address = text.startswith(("tcp://", "tls://")) and "@" not in text
    if not (is_ours or is_address):
        raise ValueError(f"{text!r} is no engine; give local, dask, dask:2 or tcp://host:8786")
    return text


def open_engine(address: str, say: Say) -> Engine:
    """The engine of an address.

    Raises:
        EngineError: its packages are not installed, or it cannot be reached or used.
    """
    if address == LOCAL:
        return LocalEngine()
    try:
        from resources.dask_engine import open_dask
    except ModuleNotFoundError as error:
        raise EngineError(
            f"OBSERVATORY_ENGINE is {address}, and {error.name} is not installed: install the "
            "extra `cluster`, or set OBSERVATORY_ENGINE=local"
        ) from error
    return open_dask(address, say)
