"""A small installation for faults to befall, and what has to hold of it afterwards."""

from __future__ import annotations

import csv
import fcntl
import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.definitions import build_definitions
from orchestration.runs import Runner
from orchestration.settings import ROOT, Settings
from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from tests.orchestration.conftest import sandbox_settings

DAY = date(2024, 12, 15)
NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
#: What brings a day's events in and puts them together.
INGEST = ("raw/archive_events", "raw/archive_hours", "raw/archive_totals", "core/events")
EVENTS = "core.events"
#: Columns that say when something was asked, written or shown, by which run and in how many
#: attempts, and what Slack called it: no two runs agree.
_OF_THE_RUN = frozenset(
    {
        *("fetched_at", "asked_at", "observed_at", "run_id", "recorded_at", "published_at"),
        *("publication", "shown_at", "polled_at", "evaluated_at", "loaded_at", "taken_at"),
        *("code_version", "attempted_at", "delivered_at", "attempt_count", "last_error"),
        *("slack_channel", "slack_ts"),
    }
)
#: Has a row for each time that something was done: a run that was killed after it did it does it
#: again, and finds nothing new. What all the rows say together is as undisturbed.
_LOGS = {
    "ops.publications": "min(first_date) AS first_date, max(last_date) AS last_date, "
    "max(figure_count) AS figure_count, sum(new_count) AS new_count, "
    "sum(revised_count) AS revised_count, sum(appeared_count) AS appeared_count, "
    "sum(vanished_count) AS vanished_count"
}
_LEFTOVERS = (
    *("*.tmp", "*.part", "*.unfinished", ".unfinished", "*.new", "*.etag", ".probe-*"),
    *(".current.*", ".index.html.*"),
)
_REPOSITORIES = 8


def tracked(folder: Path) -> Path:
    """A file of the first few of the sandbox's tracked repositories: each costs requests."""
    with (ROOT / "sandbox" / "tracked_repositories.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    path = folder / "tracked_repositories.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows[: 1 + _REPOSITORIES])
    return path


@dataclass(frozen=True)
class Outcome:
    """How an installation differs from an undisturbed one.

    Attributes:
        lost: events that are not there.
        doubled: events that are there more often.
        faults: everything else that does not hold, in words.
    """

    lost: int = 0
    doubled: int = 0
    faults: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.faults)


@dataclass(frozen=True)
class State:
    """What an installation holds: rows by table, Slack's messages by key and text."""

    tables: dict[str, pa.Table]
    messages: tuple[tuple[str, str], ...] = ()

    def outcome(self, found: State) -> Outcome:
        """How another differs from this one."""
        lost = doubled = 0
        faults = []
        for name in sorted(self.tables | found.tables):
            here, there = self.tables.get(name), found.tables.get(name)
            if here is None or there is None:
                faults.append(f"{name} is {'new' if here is None else 'missing'}")
                continue
            if _bytes(here) == _bytes(there):
                continue
            faults.append(f"{name}: {here.num_rows} rows became {there.num_rows}, or others")
            if name == EVENTS:
                before, after = (Counter(map(repr, rows.to_pylist())) for rows in (here, there))
                lost, doubled = (before - after).total(), (after - before).total()
        if self.messages != found.messages:
            faults.append(f"Slack has {found.messages} and not {self.messages}")
        return Outcome(lost, doubled, tuple(faults))


def rows_of(warehouse: Warehouse) -> dict[str, pa.Table]:
    """All rows of all tables and views, in an order of their own, without columns of the run."""
    found: dict[str, pa.Table] = {}
    with warehouse.transaction() as connection:
        columns = connection.execute(
            "SELECT table_schema || '.' || table_name, list(column_name ORDER BY ordinal_position) "
            "FROM information_schema.columns WHERE table_schema <> 'main' GROUP BY ALL"
        ).fetchall()
        for name, names in columns:
            plain = ", ".join(f'"{each}"' for each in names if each not in _OF_THE_RUN)
            chosen = _LOGS.get(name, plain)
            found[name] = connection.execute(
                f"SELECT {chosen} FROM {name} ORDER BY ALL"  # noqa: S608
            ).to_arrow_table()
    return found


def _bytes(rows: pa.Table) -> bytes:
    """The rows as a Parquet file: of equal rows equal bytes, whatever lies below their nulls."""
    sink = pa.BufferOutputStream()
    pq.write_table(rows.combine_chunks(), sink)
    return bytes(sink.getvalue())


def leftovers(data: Path) -> list[str]:
    """Temporary files below a folder that nobody is at work on."""
    found = {path for pattern in _LEFTOVERS for path in data.rglob(pattern)}
    return sorted(str(path.relative_to(data)) for path in found if "dagster" not in path.parts[:-3])


def held_locks(data: Path) -> list[str]:
    """Lock files below a folder that a process still holds."""
    held = []
    for path in sorted(data.rglob("*.lock")):
        with path.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held.append(str(path.relative_to(data)))
    return held


def unfinished_runs(instance: dg.DagsterInstance) -> list[str]:
    """Runs that Dagster holds for being at work: none, when all processes are over."""
    at_work = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]
    runs = instance.get_runs(dg.RunsFilter(statuses=at_work))
    return [f"{run.job_name} {run.run_id} goes on" for run in runs]


@dataclass
class Installation:
    """One that lies at the same place at each try: what holds its path is the same, too.

    Args:
        server: its upstreams.
        data: its folder.
        others: settings beside those of every installation here, by name.
        template: what `begin` puts there; None for nothing.
        number: of the try; its messages go to a channel of its own.
    """

    server: SandboxServer
    data: Path
    others: dict[str, str] = field(default_factory=dict)
    template: Path | None = None
    number: int = 0

    @property
    def channel(self) -> str:
        return f"C0TRY{self.number:05d}"

    @property
    def names(self) -> dict[str, str]:
        """Settings by name, as the environment of a command has them."""
        return {
            "OBSERVATORY_SANDBOX_URL": self.server.url,
            "OBSERVATORY_DATA": str(self.data),
            "OBSERVATORY_NOW": NOW.isoformat(),
            "OBSERVATORY_SLACK_CHANNEL": self.channel,
            **self.others,
        }

    @property
    def settings(self) -> Settings:
        return sandbox_settings(self.server, self.data, **self.names)

    @cached_property
    def definitions(self) -> dg.Definitions:
        return build_definitions(self.settings)

    def begin(self) -> None:
        """Put the template in the place of what is there; a channel without messages."""
        self.number += 1
        self.__dict__.pop("definitions", None)
        shutil.rmtree(self.data, ignore_errors=True)
        if self.template is not None:
            shutil.copytree(self.template, self.data, symlinks=True)

    def keep_as(self, template: Path) -> None:
        """Have later tries begin with what is there now."""
        shutil.copytree(self.data, template, symlinks=True)
        self.template = template

    def runner(self, instance: dg.DagsterInstance) -> Runner:
        return Runner(self.settings, instance, self.definitions)

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(str(self.settings.warehouse))

    def state(self) -> State:
        said = [each for each in self.server.slack_messages() if each["channel"] == self.channel]
        return State(rows_of(self.warehouse), tuple(sorted(map(_said, said))))

    def outcome(self, expected: State, instance: dg.DagsterInstance | None = None) -> Outcome:
        """What does not hold of it, where no process is at work on it."""
        found = expected.outcome(self.state())
        faults = [
            *(f"left over: {name}" for name in leftovers(self.data)),
            *(f"still locked: {name}" for name in held_locks(self.data)),
            *(unfinished_runs(instance) if instance else ()),
        ]
        return Outcome(found.lost, found.doubled, (*found.faults, *faults))


def _said(message: dict[str, object]) -> tuple[str, str]:
    metadata = message.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    key = payload.get("key", "") if isinstance(payload, dict) else ""
    return str(key), str(message.get("text"))
