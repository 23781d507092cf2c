"""Weeks as the USPTO publishes: grants on Tuesday, applications on Thursday, and their files.

A week begins on Tuesday. It then holds one file of each product, carries the date of its grants,
and is over five days after its applications are out, when corrected files have mostly replaced the
first ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Protocol, TypeVar

Product = Literal["grants", "applications"]
PRODUCTS: tuple[Product, ...] = ("grants", "applications")
TUESDAY = 2  # of ISO weekdays
#: A file that is not there is waited for so long, then is missing.
PATIENCE = timedelta(days=14)
#: A file that is missing or not whole is asked for again each day until its week is so old.
REASKED = timedelta(days=56)
_DUE = {"grants": timedelta(0), "applications": timedelta(days=2)}
_WHOLE = "complete"


class ListedFile(Protocol):
    """A file as an upstream lists it."""

    @property
    def name(self) -> str:
        """File name."""

    @property
    def day(self) -> date:
        """Day of publication of what is in it."""

    @property
    def revision(self) -> int:
        """0 for the first version."""


F = TypeVar("F", bound=ListedFile)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What an earlier run made of a week's file.

    Attributes:
        name: Of the version read; None where there was none.
        status: Of `raw.patent_files`.
        families_digest: What it was searched for.
        patent_count: Patents that it gave.
    """

    name: str | None
    status: str
    families_digest: str
    patent_count: int


def due_day(week: date, product: Product) -> date:
    """Day on which a week's file of a product is published.

    Raises:
        ValueError: the week does not begin on a Tuesday.
    """
    if week.isoweekday() != TUESDAY:
        raise ValueError(f"{week} is no Tuesday: weeks of patents begin on Tuesday")
    return week + _DUE[product]


def newest_version(files: Iterable[F], day: date) -> F | None:
    """The last revision of a day's file; None where none is listed."""
    return max((each for each in files if each.day == day), key=lambda e: e.revision, default=None)


def recent_weeks(today: date) -> list[date]:
    """Tuesdays of the closed weeks whose files are still asked for again, oldest first."""
    days = [today - timedelta(days=age) for age in range(REASKED.days, 6, -1)]
    return [day for day in days if day.isoweekday() == TUESDAY]


def absence(day: date, today: date) -> str:
    """Status of a file that is not listed: `not_yet` or `missing`."""
    return "not_yet" if today - day <= PATIENCE else "missing"


def is_settled(known: KnownFile | None, newest: str | None, families_digest: str) -> bool:
    """Whether what is there need not be made again: whole, of the newest version, searched alike.

    A whole file that is listed no longer stays.
    """
    if known is None or known.status != _WHOLE or known.families_digest != families_digest:
        return False
    return newest in (None, known.name)


def is_better(status: str, patent_count: int, known: KnownFile | None) -> bool:
    """Whether a new outcome may replace an earlier one: never a whole file by one that is not."""
    if known is None or status == _WHOLE:
        return True
    return known.status != _WHOLE and patent_count >= known.patent_count
