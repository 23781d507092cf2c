"""The Hugging Face Hub's list of models over HTTP: by author or base, in pages, within limits."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode

import orjson

from sandbox.exchange import Request, Response, json_response
from sandbox.hub_limits import HubCounter, HubLimits
from sandbox.hub_models import HubModels, PlantedModel

PATH = "/api/models"
MOST_A_PAGE = 1_000
#: What a list can state of a model, beside both ids; another name is refused.
FIELDS = frozenset(
    {
        "author", "baseModels", "createdAt", "downloads", "downloadsAllTime", "gated",
        "lastModified", "library_name", "likes", "pipeline_tag", "private", "sha", "tags",
    }
)  # fmt: skip
_SHOWN_WITHOUT_EXPAND = (
    "createdAt", "downloads", "library_name", "likes", "pipeline_tag", "private", "tags",
)  # fmt: skip
_SORTS: Mapping[str, Callable[[PlantedModel, datetime], float]] = {
    "downloads": lambda model, now: model.downloads(now),
    "createdAt": lambda model, _now: model.created_at.timestamp(),
}
_GARBAGE_OF = "sandbox-mistral"


class HubPaths:
    """Answers `/api/models`.

    Args:
        models: what there is.
        clock: now.
        limits: on calls.
        most_a_page: models on a page, whatever is asked.
    """

    def __init__(
        self,
        models: HubModels,
        clock: Callable[[], datetime],
        limits: HubLimits = HubLimits(),  # noqa: B008 - a frozen record
        most_a_page: int = MOST_A_PAGE,
    ) -> None:
        self.models = models
        self._clock = clock
        self._counter = HubCounter(clock, limits)
        self._most_a_page = most_a_page
        self._by_tag: dict[str, list[PlantedModel]] = {}
        for model in models.all:
            for tag in self._tags(model):
                self._by_tag.setdefault(tag, []).append(model)

    def answer(self, request: Request) -> Response | None:
        """The answer, or None when the path is not the list of models."""
        if request.path != PATH:
            return None
        if request.method not in {"GET", "HEAD"}:
            return Response(405, headers={"Allow": "GET, HEAD"})
        token = request.bearer_token
        if token is not None and not token.startswith("hf_"):
            return json_response({"error": "Invalid credentials in Authorization header"}, 401)
        headers, refusal = self._counter.spend(token)
        return refusal or self._list(request, headers)

    def _list(self, request: Request, headers: dict[str, str]) -> Response:
        fields = [value for name, value in request.parameters if name == "expand[]"]
        unknown = [field for field in fields if field not in FIELDS]
        limit = request.query.get("limit", str(MOST_A_PAGE))
        sort = request.query.get("sort", "createdAt")
        if unknown or sort not in _SORTS or not limit.isdecimal():
            return json_response(
                {"error": f"bad parameter: {[*unknown, sort, limit]}"}, 400, headers
            )
        now = self._clock()
        documents = self._documents(request.query, sort, now)
        size = min(int(limit), self._most_a_page)
        start = _offset(request.query.get("cursor", ""))
        shown = fields or _SHOWN_WITHOUT_EXPAND
        page = [
            {name: value for name, value in each.items() if name in ("_id", "id", *shown)}
            for each in documents[start : start + size]
        ]
        if start + size < len(documents):
            query = [pair for pair in request.parameters if pair[0] != "cursor"]
            query.append(("cursor", _cursor(start + size)))
            link = f'<{request.base_url}{PATH}?{urlencode(query)}>; rel="next"'
            headers = {**headers, "Link": link}
        return json_response(page, headers=headers)

    def _documents(
        self, query: Mapping[str, str], sort: str, now: datetime
    ) -> list[dict[str, object]]:
        """The models of an author or with a tag, sorted; one author also has what is none."""
        author, tag = query.get("author"), query.get("filter")
        chosen = [
            each
            for each in (self.models.all if tag is None else self._by_tag.get(tag, []))
            if each.is_listed(now)
            and (author is None or each.name_at(now).partition("/")[0] == author)
        ]
        order = _SORTS[sort]
        chosen.sort(key=lambda each: (-order(each, now), each.name))
        documents = [self._document(each, now) for each in chosen]
        if author == _GARBAGE_OF:
            documents += [
                {"id": f"{author}/", "downloads": 1},
                {"id": f"{author}/x", "downloads": -1},
            ]
        return documents

    def _document(self, model: PlantedModel, now: datetime) -> dict[str, object]:
        name = model.name_at(now)
        bases = [self.models.get(base) for base in model.base_ids]
        there = [base for base in bases if base and base.is_listed(now)]
        return {
            "_id": model.hub_id,
            "id": name,
            "author": name.partition("/")[0],
            "createdAt": f"{model.created_at:%Y-%m-%dT%H:%M:%S}.000Z",
            "lastModified": f"{model.created_at:%Y-%m-%dT%H:%M:%S}.000Z",
            "downloads": model.downloads(now),
            "downloadsAllTime": model.downloads_all_time(now),
            "likes": model.downloads_all_time(now) // 5_000,
            "library_name": "peft" if model.relation == "adapter" else "transformers",
            "pipeline_tag": "text-generation",
            "gated": model.gated,
            "private": False,
            "sha": model.hub_id,
            "tags": self._tags(model),
            "baseModels": {
                "relation": model.relation,
                "models": [{"_id": base.hub_id, "id": base.name_at(now)} for base in there],
            }
            if there
            else None,
        }

    def _tags(self, model: PlantedModel) -> list[str]:
        """A model's tags; authors wrote the names of their day, which tags keep."""
        tags = ["safetensors", "text-generation", "region:us"]
        for identifier in model.base_ids:
            base = self.models.get(identifier)
            name = base.name_at(model.created_at) if base else identifier
            tags += [f"base_model:{name}", f"base_model:{model.relation}:{name}"]
        return tags


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps({"offset": offset})).decode()


def _offset(cursor: str) -> int:
    return int(orjson.loads(base64.urlsafe_b64decode(cursor))["offset"]) if cursor else 0
