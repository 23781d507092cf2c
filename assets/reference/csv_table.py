"""Reads one CSV file into rows that know their line, and notes what is wrong with its form."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in a reference file.

    Attributes:
        file: Name of the file, without its folder.
        line: Line in the file, from 1; 0 when the fault is of the file as a whole.
        field: Column, or `file`, `header` or `row` when it is not of one cell.
        message: What is wrong and what to do.
    """

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


class ReferenceDataError(ValueError):
    """Reference data cannot be used; `faults` holds everything that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type["ReferenceDataError"], tuple[tuple[Fault, ...]]]:
        # The default would rebuild the error from its text; runs cross process borders by pickle.
        return type(self), (self.faults,)


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the line it starts on, and its cells by column."""

    line: int
    cells: dict[str, str]


@dataclass(slots=True)
class Table:
    """What could be read of one file.

    Attributes:
        file: Name of the file, without its folder.
        content: Its bytes; empty when it could not be read.
        rows: Records with the right number of cells.
        faults: What is wrong with the file, to which readers of its cells add.
        is_complete: False when rows are missing, so that other files cannot be checked against it.
    """

    file: str
    content: bytes = b""
    rows: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    is_complete: bool = True

    def add_fault(self, line: int, column: str, message: str) -> None:
        """Note a fault of this file."""
        self.faults.append(Fault(self.file, line, column, message))


def read_table(path: Path, columns: Sequence[str]) -> Table:
    """Read a UTF-8 CSV file with a header of exactly `columns`, in any order.

    Args:
        path: The file.
        columns: Names of the columns it must have.

    Returns:
        The table, with faults of form noted: missing file, bad encoding, bad header, broken
        quoting, wrong number of cells, blank lines, no rows. Nothing is raised for them.
    """
    table = Table(path.name)
    try:
        table.content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        table.add_fault(0, "file", f"cannot be read ({reason}): restore it or correct the path")
        table.is_complete = False
        return table
    records = _numbered_records(table, _decode(table))
    header_line, header = next(records, (1, []))
    if not _is_usable_header(table, header_line, header, columns):
        table.is_complete = False
        return table
    for line, cells in records:
        _append_row(table, line, header, cells)
    if not table.rows and not table.faults:
        table.add_fault(1, "file", "has a header and no rows: add at least one row")
    return table


def _decode(table: Table) -> str:
    """Text of the table; lines that are not UTF-8 are noted and read with replacement marks."""
    try:
        return table.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        for line, content in enumerate(table.content.split(b"\n"), start=1):
            try:
                content.decode("utf-8")
            except UnicodeDecodeError as error:
                table.add_fault(
                    line,
                    "row",
                    f"byte {error.start + 1} of the line is not UTF-8: save the file as UTF-8",
                )
        return table.content.decode("utf-8-sig", errors="replace")


def _numbered_records(table: Table, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line it starts on, also after cells that span lines."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            table.add_fault(
                line,
                "row",
                f"is not CSV ({error}): close the quotes and double those inside a cell",
            )
            table.is_complete = False
            return
        yield line, record


def _is_usable_header(table: Table, line: int, header: list[str], columns: Sequence[str]) -> bool:
    """Note what is wrong with the header; true when rows can still be read by it."""
    if not header:
        if not table.faults:
            table.add_fault(line, "header", f"is missing: begin with {','.join(columns)}")
        return False
    missing = [column for column in columns if column not in header]
    repeated = sorted({column for column in columns if header.count(column) > 1})
    for column in missing:
        table.add_fault(line, column, "column is missing from the header: add it")
    for column in repeated:
        table.add_fault(line, column, "column stands twice in the header: keep one")
    for column in header:
        if column not in columns:
            name = column or "(empty)"
            table.add_fault(line, name, f"unknown column: use only {', '.join(columns)}")
    return not missing and not repeated


def _append_row(table: Table, line: int, header: list[str], cells: list[str]) -> None:
    """Keep a record of the right length, its cells stripped of spaces that do not belong."""
    if not cells:
        table.add_fault(line, "row", "is blank: remove the line")
        return
    if len(cells) != len(header):
        table.is_complete = False
        table.add_fault(
            line,
            "row",
            f"has {len(cells)} cells where the header has {len(header)}: "
            "add or remove commas, and quote cells that contain one",
        )
        return
    for column, cell in zip(header, cells, strict=True):
        if cell != cell.strip():
            table.add_fault(line, column, f"{cell!r} has space around it: remove it")
    stripped = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
    table.rows.append(Row(line, stripped))
