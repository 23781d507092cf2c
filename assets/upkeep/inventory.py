"""The inventory of partitions in figures: rows, totals, and commands that mend what is left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

_MOST_SPANS = 40
_MOST_MENDS = 100


@dataclass(frozen=True, slots=True)
class Span:
    """Partitions without a gap between them, by the first days of the first and the last."""

    first: date
    last: date
    count: int

    def __str__(self) -> str:
        return str(self.first) if self.count == 1 else f"{self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one asset's partitions stand; counts are of those that are due.

    Attributes:
        asset: `schema.table`.
        family: job that makes its partitions.
        unit: what one is.
        first: first partition that there can be.
        asked_from: first ever made, failed or begun; None where none was.
        due_to: newest that is due; None where none is.
        made: how many are made.
        failed: whose newest run failed, as spans.
        given_up: how many of these nobody asks for any more.
        in_progress: how many a run makes.
        missing: without anything, after `asked_from`, as spans.
        never_asked: how many lie before `asked_from`.
        left: how many of the failed and missing nobody asks for any more, though they are recent,
            and were not given up, which is said of each.
        commands: that make what failed or is missing, one a span.
    """

    asset: str
    family: str
    unit: str
    first: date
    asked_from: date | None
    due_to: date | None
    made: int
    failed: tuple[Span, ...]
    given_up: int
    in_progress: int
    missing: tuple[Span, ...]
    never_asked: int
    left: int
    commands: tuple[str, ...]

    @property
    def failed_count(self) -> int:
        """Partitions whose newest run failed."""
        return sum(span.count for span in self.failed)

    @property
    def missing_count(self) -> int:
        """Partitions of which there is nothing."""
        return sum(span.count for span in self.missing)

    @property
    def is_whole(self) -> bool:
        """Whether nothing failed or is missing."""
        return not self.failed and not self.missing


@dataclass(frozen=True, slots=True)
class Mend:
    """A span of partitions of which something failed or is missing, and what makes it again."""

    family: str
    unit: str
    span: Span
    command: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """How all partitions stand, and what mends them; in order of family and asset."""

    taken_at: datetime
    standings: tuple[Standing, ...]
    mends: tuple[Mend, ...]

    @property
    def failed_count(self) -> int:
        """Partitions of assets that failed."""
        return sum(each.failed_count for each in self.standings)

    @property
    def missing_count(self) -> int:
        """Partitions of assets that are missing."""
        return sum(each.missing_count for each in self.standings)

    def rows(self) -> list[dict[str, object]]:
        """Rows of ops.inventory."""
        return [
            {
                "asset": each.asset,
                "family": each.family,
                "unit": each.unit,
                "first_date": each.first,
                "asked_from_date": each.asked_from,
                "due_to_date": each.due_to,
                "made_count": each.made,
                "failed_count": each.failed_count,
                "given_up_count": each.given_up,
                "in_progress_count": each.in_progress,
                "missing_count": each.missing_count,
                "never_asked_count": each.never_asked,
                "left_count": each.left,
                "failed_spans": in_words(each.failed),
                "missing_spans": in_words(each.missing),
                "mend_commands": list(each.commands[:_MOST_SPANS]),
                "taken_at": self.taken_at,
            }
            for each in self.standings
        ]


def in_words(spans: Sequence[Span]) -> str:
    """Spans, the first forty; empty for none."""
    more = f" and {len(spans) - _MOST_SPANS} more spans" if len(spans) > _MOST_SPANS else ""
    return ", ".join(map(str, spans[:_MOST_SPANS])) + more


def totals(inventory: Inventory) -> list[tuple[str, ...]]:
    """A row a family: its name, assets, range, and counts of partitions of assets; with a head."""
    rows: list[tuple[str, ...]] = [
        ("family", "assets", "asked from", "due to", "made", "failed", "given up", "in progress",
         "missing", "never asked"),
    ]  # fmt: skip
    for family in dict.fromkeys(each.family for each in inventory.standings):
        own = [each for each in inventory.standings if each.family == family]
        asked = [each.asked_from for each in own if each.asked_from]
        due = [each.due_to for each in own if each.due_to]
        counts = (
            sum(each.made for each in own),
            sum(each.failed_count for each in own),
            sum(each.given_up for each in own),
            sum(each.in_progress for each in own),
            sum(each.missing_count for each in own),
            sum(each.never_asked for each in own),
        )
        rows.append(
            (
                family,
                str(len(own)),
                str(min(asked, default="never")),
                str(max(due, default="none")),
                *(f"{count:,}" for count in counts),
            )
        )
    return rows


def as_lines(inventory: Inventory) -> list[str]:
    """The inventory for a terminal."""
    lines = _columns(totals(inventory))
    lines += ["counts are of partitions of assets: a day of ten assets is ten", ""]
    for each in inventory.standings:
        for what, spans in (("failed", each.failed), ("missing", each.missing)):
            if spans:
                lines.append(f"{each.asset}: {_count(spans)} {what}: {in_words(spans)}")
    if not inventory.mends:
        return [*lines, "No partition that was ever asked for has failed or is missing."]
    lines += ["", "To mend, once the cause is gone (what is made already is made again):"]
    lines += [
        f"  {each.command}    # {each.span.count} {each.unit}{'s' if each.span.count > 1 else ''}"
        for each in inventory.mends[:_MOST_MENDS]
    ]
    if len(inventory.mends) > _MOST_MENDS:
        lines.append(f"  and {len(inventory.mends) - _MOST_MENDS} more spans")
    return lines


def as_markdown(inventory: Inventory) -> str:
    """The inventory for a run's metadata."""
    defects: list[tuple[str, ...]] = [
        ("asset", "failed", "which", "missing", "which"),
        *(
            (each.asset, f"{each.failed_count:,}", in_words(each.failed),
             f"{each.missing_count:,}", in_words(each.missing))
            for each in inventory.standings
            if not each.is_whole
        ),
    ]  # fmt: skip
    mends = "\n".join(
        f"- `{each.command}` ({each.span.count:,} {each.unit}{'s' if each.span.count > 1 else ''})"
        for each in inventory.mends[:_MOST_MENDS]
    )
    if len(inventory.mends) > _MOST_MENDS:
        mends += f"\n- and {len(inventory.mends) - _MOST_MENDS} more spans"
    parts = [
        f"Taken {inventory.taken_at:%Y-%m-%d %H:%M} UTC; counts are of partitions of assets.",
        _table(totals(inventory)),
    ]
    if len(defects) > 1:
        parts += [_table(defects), f"To mend, once the cause is gone:\n\n{mends}"]
    return "\n\n".join(parts)


def _count(spans: Iterable[Span]) -> int:
    return sum(span.count for span in spans)


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows with their cells below each other: the first column to the left, others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, the first row its head."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines)
