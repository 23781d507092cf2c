"""The Innovation Graph's CSV files to rows: checked cell by cell, shares computed."""

import csv
import hashlib
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa

from assets.baseline.tables import INNOVATION_GRAPH

DEVELOPERS = "developers.csv"
GIT_PUSHES = "git_pushes.csv"
#: Aggregates that repeat economies listed beside them.
AGGREGATES = frozenset({"EU"})
# Exact in 64 bits and in a double; an economy is listed from 100 developers, never with none.
_WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,14}")
_YEARS = range(2020, 2100)  # the files begin in 2020
_QUARTERS = range(1, 5)

Quarter = tuple[str, int, int]  # economy, year, quarter


class InnovationGraphError(ValueError):
    """A file is not of the known form; the text names file, line and field."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row left out: the file, its line, and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of one file by economy and quarter, and what was left out of it."""

    values: dict[Quarter, int]
    lines: dict[Quarter, int]
    quarantined: tuple[Quarantined, ...]


def content_digest(developers: bytes, git_pushes: bytes) -> str:
    """SHA-256, in hexadecimal, of both files; the first's length keeps their border."""
    digest = hashlib.sha256(len(developers).to_bytes(8, "big"))
    digest.update(developers)
    digest.update(git_pushes)
    return digest.hexdigest()


def graph_rows(
    developers: bytes, git_pushes: bytes, economies: Collection[str], fetched_at: datetime
) -> tuple[pa.Table, tuple[Quarantined, ...]]:
    """core.innovation_graph, and the rows left out.

    Rows of an economy that is not known are quarantined, and so is a number of pushes without one
    of developers. Neither is counted in the total that shares are of. Aggregates are dropped.

    Args:
        developers: bytes of developers.csv.
        git_pushes: bytes of git_pushes.csv.
        economies: alpha-2 codes that are known.
        fetched_at: UTC, of the table's column.

    Raises:
        InnovationGraphError: a file is not of the known form, lists an economy's quarter twice, or
            has no row that can be used.
    """
    accounts = read_counts(DEVELOPERS, "developers", developers, economies)
    pushes = read_counts(GIT_PUSHES, "git_pushes", git_pushes, economies)
    if not accounts.values:
        raise InnovationGraphError(f"{DEVELOPERS}: has no row of a known economy")
    totals: dict[tuple[int, int], int] = {}
    for (_, year, quarter), count in accounts.values.items():
        totals[year, quarter] = totals.get((year, quarter), 0) + count
    digest = content_digest(developers, git_pushes)
    rows: list[dict[str, object]] = [
        {
            "country_iso2": economy,
            "year": year,
            "quarter": quarter,
            "quarter_start_date": date(year, 3 * quarter - 2, 1),
            "developer_count": count,
            "git_push_count": pushes.values.get((economy, year, quarter)),
            "developer_share": count / totals[year, quarter],
            "fetched_at": fetched_at,
            "content_digest": digest,
        }
        for (economy, year, quarter), count in sorted(accounts.values.items())
    ]
    lone = tuple(
        Quarantined(GIT_PUSHES, pushes.lines[key], f"{DEVELOPERS} has no {key[0]} for the quarter")
        for key in pushes.values
        if key not in accounts.values
    )
    return INNOVATION_GRAPH.arrow(rows), (*accounts.quarantined, *pushes.quarantined, *lone)


def read_counts(file: str, field: str, content: bytes, economies: Collection[str]) -> Counts:
    """One file: `field`, iso2_code, year and quarter; further columns are left alone.

    Raises:
        InnovationGraphError: see `graph_rows`.
    """
    values: dict[Quarter, int] = {}
    lines: dict[Quarter, int] = {}
    quarantined: list[Quarantined] = []
    for line, cells in _records(file, (field, "iso2_code", "year", "quarter"), content):
        code = cells["iso2_code"]
        value = _number(file, line, field, cells[field])
        year = _number(file, line, "year", cells["year"], _YEARS)
        quarter = _number(file, line, "quarter", cells["quarter"], _QUARTERS)
        key = (code, year, quarter)
        if key in lines:
            raise InnovationGraphError(
                f"{file}:{line}: iso2_code: {code[:20]!r} stands in line {lines[key]} for "
                f"{year}Q{quarter} already; take the file anew, or report it upstream"
            )
        lines[key] = line
        if code in economies:
            values[key] = value
        elif code not in AGGREGATES:
            reason = f"iso2_code {code[:20]!r} is unknown; if it is right, add it to economies.csv"
            quarantined.append(Quarantined(file, line, reason))
    return Counts(values, lines, tuple(quarantined))


def _records(
    file: str, fields: tuple[str, ...], content: bytes
) -> Iterator[tuple[int, dict[str, str]]]:
    """The records with the line that each begins on."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InnovationGraphError(f"{file}:{line}: row: is not UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise InnovationGraphError(f"{file}:{line}: row: is not CSV ({error})") from error
        if header is None:
            header = record
            _require_columns(file, line, header, fields)
        elif record and len(record) != len(header):
            raise InnovationGraphError(
                f"{file}:{line}: row: has {len(record)} cells where the header has {len(header)}"
            )
        elif record:
            yield line, dict(zip(header, record, strict=True))
    if header is None:
        raise InnovationGraphError(f"{file}:1: header: the file is empty")


def _require_columns(file: str, line: int, header: list[str], fields: tuple[str, ...]) -> None:
    for name in fields:
        if header.count(name) != 1:
            found = ", ".join(header)[:200]
            raise InnovationGraphError(
                f"{file}:{line}: {name}: the column must stand once in the header, which has "
                f"{found!r}; see whether the upstream changed its form"
            )


def _number(file: str, line: int, field: str, text: str, allowed: range | None = None) -> int:
    if not _WHOLE_NUMBER.fullmatch(text):
        raise InnovationGraphError(
            f"{file}:{line}: {field}: {text[:20]!r} is not a whole number from 1"
        )
    number = int(text)
    if allowed is not None and number not in allowed:
        raise InnovationGraphError(
            f"{file}:{line}: {field}: {number} is not from {allowed.start} to {allowed.stop - 1}"
        )
    return number
