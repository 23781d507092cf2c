"""A model as the Hub lists it: documents of the API or of its Python client to one record."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from assets.storable_text import storable

#: How a model is made of its base, as the Hub classifies it; of several, the first named here.
RELATIONS = ("merge", "adapter", "quantized", "finetune")
UNSTATED = "unstated"
MAX_TEXT = 100
MAX_BASES = 50
_MAX_COUNT = 1 << 53
_TAG = "base_model:"
# The Hub's names: 96 characters a part; the first models have no owner in front.
_MODEL_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,95})?")
_HUB_ID = re.compile(r"[0-9a-f]{24}")


class MalformedModelError(ValueError):
    """A document is no model of the known form; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model.

    Attributes:
        model_id: `owner/name`, which changes when either is renamed.
        hub_id: the Hub's own id, which does not; None where the list does not say.
        created_at: UTC; None where not stated.
        downloads: of the 30 days before; None where not stated.
        downloads_all_time: since it was made, as the Hub counts now; it corrects itself downward.
        likes: None where not stated.
        base_ids: models that it is made of, each once; () for none.
        relation: one of RELATIONS, UNSTATED, or None without a base.
        library: such as transformers; bounded, as is the next.
        pipeline_tag: the task.
        gated: auto, manual or no.
    """

    model_id: str
    hub_id: str | None = None
    created_at: datetime | None = None
    downloads: int | None = None
    downloads_all_time: int | None = None
    likes: int | None = None
    base_ids: tuple[str, ...] = ()
    relation: str | None = None
    library: str | None = None
    pipeline_tag: str | None = None
    gated: str | None = None

    @property
    def author(self) -> str:
        """The account that owns it; empty for the first models, which have no owner."""
        return author_of(self.model_id)


@dataclass(frozen=True, slots=True)
class Listed:
    """Documents as models; `problem` says what the first bad one is."""

    models: tuple[HubModel, ...] = ()
    malformed_count: int = 0
    problem: str | None = None


def author_of(model_id: str) -> str:
    """The owner in `owner/name`; empty where there is none."""
    owner, slash, _ = model_id.partition("/")
    return owner if slash else ""


def read_models(documents: Iterable[object]) -> Listed:
    """The models of a page; what is none is counted and left out."""
    models: list[HubModel] = []
    malformed, problem = 0, None
    for document in documents:
        try:
            models.append(read_model(document))
        except MalformedModelError as error:
            malformed += 1
            problem = problem or str(error)
    return Listed(tuple(models), malformed, problem)


def read_model(document: object) -> HubModel:
    """One model, by the API's names or those of its Python client (`created_at` for `createdAt`).

    Raises:
        MalformedModelError: it is no object, has no usable id, or a count or time is none.
    """
    if not isinstance(document, dict):
        raise MalformedModelError("no object")
    model_id = document.get("id")
    if not isinstance(model_id, str) or not _MODEL_ID.fullmatch(model_id):
        raise MalformedModelError(f"id {str(model_id)[:MAX_TEXT]!r} is no model's")
    hub_id = document.get("_id")
    base_ids, relation = _bases(document, model_id)
    return HubModel(
        model_id=model_id,
        hub_id=hub_id if isinstance(hub_id, str) and _HUB_ID.fullmatch(hub_id) else None,
        created_at=_moment(document, model_id),
        downloads=_count(document, model_id, "downloads"),
        downloads_all_time=_count(document, model_id, "downloadsAllTime", "downloads_all_time"),
        likes=_count(document, model_id, "likes"),
        base_ids=base_ids,
        relation=relation,
        library=_text(document.get("library_name")),
        pipeline_tag=_text(document.get("pipeline_tag")),
        gated=_gated(document.get("gated")),
    )


def _bases(document: Mapping[str, object], model_id: str) -> tuple[tuple[str, ...], str | None]:
    """Base models and the relation to them.

    Tags say both, by names as the author wrote them; `baseModels` has the same with names as they
    are now, but only of models that are still there.
    """
    tags = document.get("tags")
    names: dict[str, str] = {}
    relations: set[str] = set()
    for tag in tags if isinstance(tags, list) else []:
        if not isinstance(tag, str) or not tag.startswith(_TAG):
            continue
        first, colon, rest = tag.removeprefix(_TAG).partition(":")
        name = rest if colon and first in RELATIONS else f"{first}{colon}{rest}"
        if _MODEL_ID.fullmatch(name):
            names.setdefault(name.casefold(), name)
            relations.update({first} if colon and first in RELATIONS else ())
    resolved = document.get("baseModels", document.get("base_models"))
    if isinstance(resolved, dict):
        now = _resolved(resolved.get("models"))
        names = now if len(now) >= len(names) else names
        relations.update({str(resolved.get("relation"))} & set(RELATIONS))
    if len(names) > MAX_BASES:
        raise MalformedModelError(f"{model_id} names {len(names)} base models")
    if not names:
        return (), None
    stated = [each for each in RELATIONS if each in relations]
    return tuple(names.values()), stated[0] if stated else UNSTATED


def _resolved(models: object) -> dict[str, str]:
    named = (
        [each.get("id") for each in models if isinstance(each, dict)]
        if (isinstance(models, list))
        else []
    )
    valid = [each for each in named if isinstance(each, str) and _MODEL_ID.fullmatch(each)]
    return {each.casefold(): each for each in valid}


def _count(document: Mapping[str, object], model_id: str, *names: str) -> int | None:
    value = next((document[name] for name in names if document.get(name) is not None), None)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MAX_COUNT:
        raise MalformedModelError(f"{model_id}: {names[0]} {str(value)[:MAX_TEXT]!r} is no count")
    return value


def _moment(document: Mapping[str, object], model_id: str) -> datetime | None:
    value = document.get("createdAt", document.get("created_at"))
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
        # A time without an offset is of UTC.
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedModelError(
            f"{model_id}: createdAt {str(value)[:MAX_TEXT]!r} is no time"
        ) from error


def _text(value: object) -> str | None:
    """A stranger's text, bounded, and without what no table can hold."""
    if not isinstance(value, str) or not value:
        return None
    return storable(value[:MAX_TEXT])


def _gated(value: object) -> str | None:
    if value is False:
        return "no"
    return value if value in ("auto", "manual") else None
