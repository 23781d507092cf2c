"""What the archive scan is measured against: each does the whole job on one file or several.

The job: events by type, and of the tracked repositories each event's type, id, time, actor,
repository, its name and the action. A peer that is not installed is left out by the caller.
"""

import gzip
import importlib
import importlib.util
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from isal import isal_zlib

from assets.activity.scan import Selection, scan_hour
from assets.activity.scan_compiled import fastest_sorter
from assets.activity.scan_glance import Glance, LineSorter

_CHUNK_BYTES = 1 << 18
_FLOOR_BYTES = 1 << 20  # the size of output at which ISA-L alone is fastest here
_GZIP_WINDOW = 31
_CHDB_SCHEMA = (
    "type String, id String, created_at String, actor Tuple(id Int64), "
    "repo Tuple(id Int64, name String), payload Tuple(action Nullable(String))"
)

Row = tuple[str, str, str, int, int, str, str | None]


@dataclass(slots=True)
class Answer:
    """What one contestant found.

    Attributes:
        totals: events by type.
        rows: the tracked repositories' events, in no particular order.
    """

    totals: Counter[str] = field(default_factory=Counter)
    rows: list[Row] = field(default_factory=list)

    def add(self, other: "Answer") -> None:
        """Add what another file held."""
        self.totals.update(other.totals)
        self.rows += other.rows


Contestant = Callable[[list[Path], frozenset[int]], Answer]


def by_inflating(paths: list[Path], _tracked: frozenset[int]) -> Answer:
    """ISA-L alone, output bounded so that it costs no page faults: the floor of any scan."""
    for path in paths:
        engine = isal_zlib.decompressobj(wbits=_GZIP_WINDOW)
        for chunk in _chunks(path):
            data = chunk
            while len(engine.decompress(data, _FLOOR_BYTES)) == _FLOOR_BYTES:
                data = engine.unconsumed_tail
    return Answer()


def by_scan(
    paths: list[Path],
    tracked: frozenset[int],
    panel_one_in: int = 0,
    sorter_of: Callable[[Selection], LineSorter] = fastest_sorter,
) -> Answer:
    """This project's scan, with its compiled part where the machine has it."""
    answer = Answer()
    for path in paths:
        selection = Selection(tracked, panel_one_in=panel_one_in)
        scan = scan_hour(_chunks(path), selection, sorter_of)
        answer.totals.update(scan.totals)
        answer.rows += [
            (
                event.event_type,
                event.event_id,
                f"{event.created_at:%Y-%m-%dT%H:%M:%SZ}",
                event.actor_id or 0,
                event.repo_id or 0,
                event.repo_name or "",
                event.action,
            )
            for event in (kept.event for kept in scan.kept)
        ]
    return answer


def by_scan_of_wheels(paths: list[Path], tracked: frozenset[int]) -> Answer:
    """This project's scan as a machine without a compiler runs it."""
    return by_scan(paths, tracked, sorter_of=Glance)


def by_scan_in_two(paths: list[Path], tracked: frozenset[int]) -> Answer:
    """This project's scan in two processes, as a backfill runs it."""
    answer = Answer()
    with ProcessPoolExecutor(2) as pool:
        for part in pool.map(partial(by_scan, tracked=tracked), [[path] for path in paths]):
            answer.add(part)
    return answer


def by_plain_loop(paths: list[Path], tracked: frozenset[int]) -> Answer:
    """The standard library, line by line."""
    answer = Answer()
    for path in paths:
        with gzip.open(path, "rb") as file:
            for line in file:
                event = json.loads(line)
                answer.totals[event["type"]] += 1
                if event["repo"]["id"] in tracked:
                    answer.rows.append(row_of(event))
    return answer


def by_duckdb(
    paths: list[Path], tracked: frozenset[int], threads: int = 1, is_lenient: bool = False
) -> Answer:
    """DuckDB's `read_json` with an explicit schema, in one pass."""
    duckdb: Any = importlib.import_module("duckdb")
    connection = duckdb.connect(config={"threads": threads})
    # As literals: bound paths and a bound list cost DuckDB two thirds more time.
    wanted = "(" + ",".join(map(str, sorted(tracked))) + ")"
    files = [str(path) for path in paths]
    found = connection.execute(
        f"""
        select type, count(*), list((type, id, created_at, actor.id, repo.id, repo.name,
            payload.action)) filter (where repo.id in {wanted})
        from read_json({files}, format = 'newline_delimited', compression = 'gzip',
            ignore_errors = {is_lenient}, maximum_object_size = 67108864, columns = {{
                type: 'VARCHAR', id: 'VARCHAR', created_at: 'VARCHAR',
                actor: 'STRUCT(id BIGINT)', repo: 'STRUCT(id BIGINT, name VARCHAR)',
                payload: 'STRUCT(action VARCHAR)'}})
        group by type
        """  # noqa: S608 # numbers and paths of our own
    ).fetchall()
    return _from_groups(found)


def by_duckdb_objects(
    paths: list[Path], tracked: frozenset[int], threads: int = 1, is_lenient: bool = False
) -> Answer:
    """DuckDB's `read_ndjson_objects` and JSON paths: its other form."""
    duckdb: Any = importlib.import_module("duckdb")
    connection = duckdb.connect(config={"threads": threads})
    # As literals: bound paths and a bound list cost DuckDB two thirds more time.
    wanted = "(" + ",".join(map(str, sorted(tracked))) + ")"
    files = [str(path) for path in paths]
    found = connection.execute(
        f"""
        with events as (
            select json_extract_string(json, ['$.type', '$.id', '$.created_at', '$.actor.id',
                '$.repo.id', '$.repo.name', '$.payload.action']) as f
            from read_ndjson_objects({files}, compression = 'gzip', ignore_errors = {is_lenient},
                maximum_object_size = 67108864)
        )
        select f[1], count(*), list((f[1], f[2], f[3], f[4]::bigint, f[5]::bigint, f[6], f[7]))
            filter (where f[5]::bigint in {wanted})
        from events group by f[1]
        """  # noqa: S608 # numbers and paths of our own
    ).fetchall()
    return _from_groups(found)


def by_chdb(paths: list[Path], tracked: frozenset[int], is_lenient: bool = False) -> Answer:
    """The `JSONEachRow` reader of chDB with an explicit schema, all threads."""
    chdb: Any = importlib.import_module("chdb")
    wanted = ",".join(map(str, sorted(tracked)))
    errors = ", input_format_allow_errors_ratio = 1" if is_lenient else ""
    files = " union all ".join(
        f"select * from file('{path}', 'JSONEachRow', '{_CHDB_SCHEMA}')"  # noqa: S608 # our own
        for path in paths
    )
    query = f"""
        select type, count(), groupArrayIf((type, id, created_at, actor.id, repo.id, repo.name,
            payload.action), repo.id in ({wanted}))
        from ({files})
        group by type
        settings input_format_skip_unknown_fields = 1,
            input_format_json_ignore_unknown_keys_in_named_tuple = 1 {errors}
        """  # noqa: S608 # numbers and names of our own
    lines = str(chdb.query(query, "JSONCompactEachRow")).splitlines()
    return _from_groups(json.loads(line) for line in lines)


def by_polars(paths: list[Path], tracked: frozenset[int], is_lenient: bool = False) -> Answer:
    """Polars' lazy reader of JSON lines with an explicit schema, all threads."""
    pl: Any = importlib.import_module("polars")
    schema = {
        "type": pl.String,
        "id": pl.String,
        "created_at": pl.String,
        "actor": pl.Struct({"id": pl.Int64}),
        "repo": pl.Struct({"id": pl.Int64, "name": pl.String}),
        "payload": pl.Struct({"action": pl.String}),
    }
    answer = Answer()
    for path in paths:
        frame = pl.scan_ndjson(path, schema=schema, ignore_errors=is_lenient)
        flat = frame.select(
            "type",
            "id",
            "created_at",
            pl.col("actor").struct.field("id").alias("actor_id"),
            pl.col("repo").struct.field("id").alias("repo_id"),
            pl.col("repo").struct.field("name"),
            pl.col("payload").struct.field("action"),
        ).collect()
        answer.totals.update(dict(flat.group_by("type").len().iter_rows()))
        answer.rows += flat.filter(pl.col("repo_id").is_in(sorted(tracked))).rows()
    return answer


def is_installed(module: str) -> bool:
    """Whether a peer can be imported, without importing it."""
    return importlib.util.find_spec(module) is not None


def _from_groups(groups: Iterable[Any]) -> Answer:
    answer = Answer()
    for kind, count, rows in groups:
        if not kind:  # what a lenient reader leaves of a line it cannot read
            continue
        answer.totals[kind] += int(count)
        answer.rows += [
            (row[0], row[1], row[2], int(row[3]), int(row[4]), row[5], row[6])
            for row in (tuple(each) for each in rows or [])
        ]
    return answer


def row_of(event: dict[str, Any]) -> Row:
    """A tracked event as every contestant gives it."""
    return (
        event["type"],
        event["id"],
        event["created_at"],
        event["actor"]["id"],
        event["repo"]["id"],
        event["repo"]["name"],
        event["payload"].get("action"),
    )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
