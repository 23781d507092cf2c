"""Pages of a day's snapshot that were got and are in no table yet, so that none is asked twice."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from assets.hub.crawl import Listing, Page
from assets.hub.records import HubModel, Listed
from assets.spool import JsonSpool

_LIMIT = "limit"
_LOCK = ".lock"


class SpoolBusyError(RuntimeError):
    """Another process is taking the same snapshot."""


class PageSpool:
    """Pages of one day in a folder of their own, and what the Hub's limit said last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept = JsonSpool(folder)

    def get(self, listing: Listing, number: int) -> Page | None:
        """A page that is kept; None where there is none, or where its file is broken."""
        path = self._kept.path(_name(listing, number))
        if not path.exists():
            return None
        try:
            return _page(listing, number, orjson.loads(path.read_bytes()))
        except (ValueError, KeyError, TypeError):
            self._kept.set_aside([path])
            return None

    def put(self, page: Page) -> None:
        """Keep a page."""
        self._kept.add(
            _name(page.listing, page.number),
            {
                "list": page.listing.key,
                "asked_at": page.asked_at,
                "cursor": page.cursor,
                "malformed_count": page.listed.malformed_count,
                "problem": page.listed.problem,
                "models": page.listed.models,
            },
        )

    @property
    def has_pages(self) -> bool:
        """Whether any page is kept."""
        return any(path.stem != _LIMIT for path in self._folder.glob("*.json"))

    @property
    def forbidden_until(self) -> datetime | None:
        """UTC; when the Hub said that calls are allowed again; None where it did not."""
        path = self._kept.path(_LIMIT)
        if not path.exists():
            return None
        try:
            until = datetime.fromisoformat(orjson.loads(path.read_bytes())["until"])
        except (ValueError, KeyError, TypeError):
            # The Hub will say so again.
            return None
        return until if until.tzinfo else None

    def forbid(self, until: datetime) -> None:
        """Keep what the Hub said of its limit, so that a process started anew honours it."""
        self._kept.add(_LIMIT, {"until": until})

    @contextmanager
    def only_user(self) -> Iterator[None]:
        """Keep other processes out while the Hub is asked: they share its limit.

        Raises:
            SpoolBusyError: another process is at it.
        """
        with (self._folder / _LOCK).open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SpoolBusyError(
                    f"{self._folder}: another process is taking this snapshot; let it end"
                ) from None
            yield

    def clear(self) -> None:
        """Forget the day's pages: they are in the tables. Files set aside stay."""
        self._kept.remove([path.stem for path in self._folder.glob("*.json")])
        self._kept.sweep()
        (self._folder / _LOCK).unlink(missing_ok=True)
        if not any(self._folder.iterdir()):
            self._folder.rmdir()


def _name(listing: Listing, number: int) -> str:
    # A model's name is a stranger's, and may differ from another by capitals only.
    digest = hashlib.sha256(listing.key.encode()).hexdigest()[:32]
    return f"{digest}-{number}"


def _page(listing: Listing, number: int, content: dict[str, Any]) -> Page:
    if content["list"] != listing.key:
        raise ValueError("another list's page")
    models = tuple(
        HubModel(
            **{
                **each,
                "created_at": datetime.fromisoformat(each["created_at"])
                if each["created_at"]
                else None,
                "base_ids": tuple(each["base_ids"]),
            }
        )
        for each in content["models"]
    )
    listed = Listed(models, content["malformed_count"], content["problem"])
    asked_at = datetime.fromisoformat(content["asked_at"])
    return Page(listing, number, asked_at, listed, content["cursor"])
