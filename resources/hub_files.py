"""Saved lists of the Hub's models: a folder of `*.models.json` that answers as the Hub does."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from resources.http import NotFoundError, PermanentUpstreamError
from resources.hub_page import HubPage

PATTERN = "*.models.json"


@dataclass(slots=True)
class HubFolder:
    """Answers from files, each a JSON list of models as the Hub or its Python client gives them."""

    folder: Path
    call_count: int = 0
    _documents: list[object] = field(default_factory=list, repr=False)

    def close(self) -> None:
        """Nothing is open."""

    def by_author(self, author: str, cursor: str | None = None) -> HubPage:
        """All of an author's models.

        Raises:
            NotFoundError: the folder has no list.
            PermanentUpstreamError: a file is no JSON list.
        """
        del cursor
        return HubPage([each for each in self._all() if _author(each) == author.casefold()])

    def by_base(self, model_id: str, cursor: str | None = None) -> HubPage:
        """All models that name another as their base; raises as `by_author`."""
        del cursor
        wanted = f"base_model:{model_id}".casefold()
        return HubPage([each for each in self._all() if wanted in _tags(each)])

    def ping(self) -> None:
        """See whether the lists can be read; raises as `by_author`."""
        self._all()

    def _all(self) -> list[object]:
        if self._documents:
            return self._documents
        paths = sorted(self.folder.glob(PATTERN))
        if not paths:
            raise NotFoundError(f"{self.folder} has no {PATTERN}")
        for path in paths:
            try:
                content = json.loads(path.read_bytes())
            except (ValueError, RecursionError) as error:
                raise PermanentUpstreamError(f"{path} is no JSON ({error})") from error
            if not isinstance(content, list):
                raise PermanentUpstreamError(f"{path} is no JSON list")
            self._documents += content
        return self._documents


def _author(document: object) -> str:
    name = document.get("id") if isinstance(document, dict) else None
    return name.partition("/")[0].casefold() if isinstance(name, str) else ""


def _tags(document: object) -> set[str]:
    tags = document.get("tags") if isinstance(document, dict) else None
    return {str(tag).casefold() for tag in tags} if isinstance(tags, list) else set()
