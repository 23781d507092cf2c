"""Pages of an asking under way: what a killed run has got, the next one does not ask for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from assets.papers.works import Quarantined, Work
from assets.spool import JsonSpool

#: What is older belongs to another state of the catalogue, and is asked for anew.
LONGEST_ASKING = timedelta(days=3)
_BEGUN = "asking"
_FORMAT = 1  # of the files; another one is not taken up


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page of a query's answer.

    Attributes:
        total: works that OpenAlex said the query finds.
        document_count: documents on the page.
        next_cursor: of the page after; None after the last.
    """

    works: tuple[Work, ...]
    quarantined: tuple[Quarantined, ...]
    total: int
    document_count: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class KeptGroups:
    """Works that filters find, and of these by group."""

    total: int
    by_key: dict[str, int]


class MonthSpool:
    """The asking of one month that is under way.

    Args:
        folder: of the month.
    """

    def __init__(self, folder: Path) -> None:
        self._files = JsonSpool(folder)

    def begin(self, digest: str, now: datetime) -> datetime:
        """Go on with the asking that was begun, if it asks for the same; when that was.

        One that asks for something else, or is older than three days, is forgotten.
        """
        documents, broken = self._files.kept()
        self._files.set_aside(broken)
        begun = documents.get(_BEGUN)
        same = {"digest": digest, "format": _FORMAT}
        if isinstance(begun, dict) and same.items() <= begun.items():
            asked_at = _moment(begun.get("asked_at"))
            if asked_at and timedelta(0) <= now - asked_at <= LONGEST_ASKING:
                return asked_at
        self.clear()
        self._files.add(_BEGUN, {**same, "asked_at": now})
        return now

    def add_page(self, query: int, number: int, page: KeptPage) -> None:
        """Keep a page of a query."""
        self._files.add(_page_name(query, number), asdict(page))

    def pages(self, query: int) -> list[KeptPage]:
        """The pages of a query that are there and whole, from the first on without a gap."""
        documents, _ = self._files.kept()
        found: list[KeptPage] = []
        while (content := documents.get(_page_name(query, len(found)))) is not None:
            try:
                found.append(_page(content))
            except (ValueError, LookupError, TypeError, AttributeError):
                self._files.set_aside([self._files.path(_page_name(query, len(found)))])
                break
        return found

    def add_groups(self, name: str, groups: KeptGroups) -> None:
        """Keep counts by group, under a name."""
        self._files.add(f"groups-{name}", asdict(groups))

    def groups(self, name: str) -> KeptGroups | None:
        """Counts by group; None where they are still to be asked for."""
        content = self._files.kept()[0].get(f"groups-{name}")
        try:
            return KeptGroups(**content) if isinstance(content, dict) else None
        except TypeError:
            return None

    def clear(self) -> None:
        """Forget everything, the note of what was begun first: nothing half is taken up."""
        documents, _ = self._files.kept()
        self._files.remove([_BEGUN, *(name for name in documents if name != _BEGUN)])


def _moment(value: object) -> datetime | None:
    """A time with its offset; None for what is none."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _page_name(query: int, number: int) -> str:
    return f"page-{query:03d}-{number:05d}"


def _page(content: object) -> KeptPage:
    if not isinstance(content, dict):
        raise TypeError("a page in the spool is no object")
    return KeptPage(
        works=tuple(_work(each) for each in content["works"]),
        quarantined=tuple(Quarantined(**each) for each in content["quarantined"]),
        total=content["total"],
        document_count=content["document_count"],
        next_cursor=content["next_cursor"],
    )


def _work(content: Mapping[str, Any]) -> Work:
    updated_at = content["source_updated_at"]
    return Work(
        **{
            **content,
            "publication_date": date.fromisoformat(content["publication_date"]),
            "institution_countries": tuple(content["institution_countries"]),
            "institution_types": tuple(content["institution_types"]),
            "source_updated_at": datetime.fromisoformat(updated_at) if updated_at else None,
        }
    )
