"""Rows of tables that are kept source by source, for assets and for work on a cluster alike."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Protocol

import pyarrow as pa

from assets.tables import Table


class Lake(Protocol):
    """Where partitions lie."""

    def read_all(
        self,
        table: str,
        partitions: Sequence[str],
        schema: pa.Schema,
        part: str | None = None,
        columns: Sequence[str] | None = None,
        keep: Callable[[pa.Table], pa.Table] | None = None,
    ) -> pa.Table:
        """The rows of those that are there, and of each those that `keep` gives back."""

    def parts(self, table: str) -> list[str]:
        """The parts that a table is kept in."""


def rows_of_sources(
    lake: Lake,
    table: Table,
    days: Iterable[date],
    keep: Callable[[pa.Table], pa.Table] | None = None,
) -> pa.Table:
    """Rows of those days' partitions that are there, of all sources, in their order.

    Of each partition only what `keep` gives back.
    """
    names = [str(day) for day in days]
    parts = [
        lake.read_all(table.qualified, names, table.arrow_schema, source, keep=keep)
        for source in lake.parts(table.qualified)
    ]
    return pa.concat_tables([table.arrow_schema.empty_table(), *parts])
