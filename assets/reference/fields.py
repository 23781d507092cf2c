"""Typed readers of single cells.

A reader that finds a fault notes it and returns a placeholder of the right type. Placeholders
never leave the package: data with a fault are not returned.
"""

import datetime as dt
import re
from collections.abc import Collection
from typing import TypeVar

from assets.reference.csv_table import Row, Table

Choice = TypeVar("Choice", bound=str)

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
ISO2 = re.compile(r"[A-Z]{2}")
ISO3 = re.compile(r"[A-Z]{3}")

# The Hub's account names: letters, digits, and single inner dots, hyphens or underscores.
HUB_AUTHOR = re.compile(r"(?=.{1,96}\Z)[A-Za-z0-9]+([._-]+[A-Za-z0-9]+)*")

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOUR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}")
# GitHub's rules: an owner has letters, digits and single inner hyphens, 39 characters at most; a
# repository has letters, digits, dots, hyphens and underscores, 100 at most.
_OWNER = re.compile(r"(?=.{1,39}\Z)[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}")
_LARGEST_INTEGER = 2**63 - 1


class RowReader:
    """Reads the cells of one row and notes their faults in its table."""

    def __init__(self, table: Table, row: Row) -> None:
        self._table = table
        self._row = row

    @property
    def line(self) -> int:
        """Line of the file on which the row starts."""
        return self._row.line

    def fault(self, column: str, message: str) -> None:
        """Note a fault of one cell of this row."""
        self._table.add_fault(self._row.line, column, message)

    def optional_text(self, column: str) -> str | None:
        """The cell, or None when empty."""
        return self._row.cells[column] or None

    def text(self, column: str) -> str:
        """The cell, which must not be empty."""
        cell = self._row.cells[column]
        if not cell:
            self.fault(column, "is empty: fill it in")
        return cell

    def matching(self, column: str, pattern: re.Pattern[str], form: str) -> str:
        """The cell, which must match the whole of `pattern`, described by `form`."""
        cell = self.text(column)
        if cell and not pattern.fullmatch(cell):
            self.fault(column, f"{cell!r} is not {form}")
            return ""
        return cell

    def member(self, column: str, allowed: Collection[str] | None, remedy: str) -> str:
        """The cell, which must be one of `allowed`; None allows everything."""
        cell = self.text(column)
        self._require_member(column, cell, allowed, remedy)
        return cell

    def optional_member(
        self, column: str, allowed: Collection[str] | None, remedy: str
    ) -> str | None:
        """The cell, one of `allowed`, or None when empty."""
        cell = self.optional_text(column)
        self._require_member(column, cell or "", allowed, remedy)
        return cell

    def choice(self, column: str, allowed: Collection[Choice]) -> Choice:
        """The cell, one of a fixed list."""
        cell = self.text(column)
        for option in allowed:
            if cell == option:
                return option
        self._require_member(column, cell, allowed, f"use one of {', '.join(sorted(allowed))}")
        return next(iter(allowed))

    def _require_member(
        self, column: str, cell: str, allowed: Collection[str] | None, remedy: str
    ) -> None:
        if cell and allowed is not None and cell not in allowed:
            self.fault(column, f"{cell!r} is unknown: {remedy}")

    def integer(self, column: str, *, minimum: int) -> int:
        """A whole number in ASCII digits, from `minimum` to what 64 bits hold."""
        cell = self.text(column)
        if not cell:
            return minimum
        # Longer digit strings would make int() itself fail; none of them fits 64 bits.
        if not _INTEGER.fullmatch(cell) or len(cell) > 20:
            self.fault(column, f"{cell!r} is not a whole number: write digits only")
            return minimum
        number = int(cell)
        if not minimum <= number <= _LARGEST_INTEGER:
            self.fault(column, f"{number} is out of range: use {minimum} or more, within 64 bits")
            return minimum
        return number

    def optional_integer(self, column: str, *, minimum: int) -> int | None:
        """As `integer`, or None when the cell is empty or faulty."""
        if not self._row.cells[column]:
            return None
        number_of_faults = len(self._table.faults)
        number = self.integer(column, minimum=minimum)
        return number if len(self._table.faults) == number_of_faults else None

    def boolean(self, column: str) -> bool:
        """`true` or `false`."""
        return self.choice(column, ("false", "true")) == "true"

    def date(self, column: str) -> dt.date:
        """A calendar day, YYYY-MM-DD."""
        cell = self.text(column)
        if cell:
            try:
                if _DATE.fullmatch(cell):
                    return dt.date.fromisoformat(cell)
            except ValueError:
                pass
            self.fault(column, f"{cell!r} is not a day: write YYYY-MM-DD")
        return dt.date.min

    def hour(self, column: str) -> dt.datetime | None:
        """Start of an hour, YYYY-MM-DDTHH, as an aware UTC time; None when the cell is faulty."""
        cell = self.text(column)
        if cell:
            try:
                if _HOUR.fullmatch(cell):
                    return dt.datetime.fromisoformat(f"{cell}:00:00+00:00")
            except ValueError:
                pass
            self.fault(column, f"{cell!r} is not an hour in UTC: write YYYY-MM-DDTHH")
        return None

    def optional_hour(self, column: str) -> dt.datetime | None:
        """As `hour`, or None when the cell is empty."""
        return self.hour(column) if self._row.cells[column] else None

    def parts(self, column: str) -> tuple[str, ...]:
        """The parts of a cell separated by `|`, none of them empty or surrounded by space."""
        cell = self._row.cells[column]
        parts = cell.split("|") if cell else []
        for part in parts:
            if not part.strip():
                self.fault(column, "has an empty part: remove the extra |")
            elif part != part.strip():
                self.fault(column, f"part {part!r} has space around it: remove it")
        return tuple(part.strip() for part in parts if part.strip())

    def repository(self, column: str) -> str:
        """An `owner/name` that GitHub would accept; empty when it would not."""
        cell = self.text(column)
        return cell if cell and self._is_repository(column, cell) else ""

    def repositories(self, column: str) -> tuple[str, ...]:
        """Repositories separated by `|`; those that GitHub would not accept are left out."""
        return tuple(part for part in self.parts(column) if self._is_repository(column, part))

    def _is_repository(self, column: str, name: str) -> bool:
        owner, _, repository = name.partition("/")
        reserved = repository in {".", ".."} or repository.lower().endswith((".git", ".wiki"))
        if _OWNER.fullmatch(owner) and _REPOSITORY.fullmatch(repository) and not reserved:
            return True
        self.fault(column, f"{name!r} is not a GitHub repository: write owner/name")
        return False
