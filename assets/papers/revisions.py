"""What an asking changed: works that came, changed and went, against the asking before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from assets.papers.queries import last_day
from assets.papers.tables import PAPERS
from assets.papers.works import Work

#: For so long after its end a month is asked for again.
REVISED_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Revision:
    """How an asking's works differ from those before; all that it has are added to nothing."""

    added: int
    changed: int
    gone: int


def is_final(month: date, asked_at: datetime) -> bool:
    """Whether an asking came twelve months or more after the month's last day."""
    end = last_day(month) + timedelta(days=1)
    return asked_at - datetime(end.year, end.month, end.day, tzinfo=UTC) >= REVISED_FOR


def revised(
    known: pa.Table | None, works: Sequence[Work], month: date, asked_at: datetime
) -> tuple[pa.Table, Revision]:
    """The month's rows of raw.papers after an asking, and what that changed.

    Args:
        known: the rows before; None where the month was never asked for.
        works: of the asking, each once.
        month: first day.
        asked_at: of the asking.
    """
    before = {row["work_id"]: row for row in known.to_pylist()} if known is not None else {}
    rows: list[dict[str, Any]] = []
    added = changed = 0
    for work in works:
        row = before.get(work.work_id)
        added += row is None
        changed += row is not None and _work_of(row).content != work.content
        first = row["first_asked_at"] if row else asked_at
        rows.append(_row(work, month, first, asked_at))
    gone = len(before.keys() - {work.work_id for work in works})
    return PAPERS.arrow(rows), Revision(added, changed, gone)


def _row(work: Work, month: date, first_asked_at: datetime, asked_at: datetime) -> dict[str, Any]:
    return {
        "month_date": month,
        **{field.name: getattr(work, field.name) for field in fields(Work)},
        "institution_countries": list(work.institution_countries),
        "institution_types": list(work.institution_types),
        "first_asked_at": first_asked_at,
        "asked_at": asked_at,
    }


def _work_of(row: Mapping[str, Any]) -> Work:
    values = {field.name: row[field.name] for field in fields(Work)}
    for name in ("institution_countries", "institution_types"):
        values[name] = tuple(values[name])
    return Work(**values)
