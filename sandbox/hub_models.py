"""Models of the sandbox's Hub: who made them of what, how often they are downloaded, what is true.

Everything follows from the seed and the moment. A model belongs to the families of its roots in
known shares; downloads are a steady stream from the day it was made, whole numbers only by rounding
down, so that a reader's differences are exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

Relation = Literal["finetune", "quantized", "adapter", "merge"]
UNKNOWN = "ZZ"
RISE_ON = datetime(2024, 12, 2, tzinfo=UTC)
#: From then on models of Chinese origin are downloaded so many times as often.
RISE_FACTOR = 2.0
RENAMED_AT = datetime(2024, 11, 27, 12, tzinfo=UTC)
DELETED_AT = datetime(2024, 12, 8, tzinfo=UTC)
CORRECTED_AT = datetime(2024, 12, 5, tzinfo=UTC)
NEVER_WAS = "person-sbx98/never-was"
_RELEASES = {
    # family: (country, author, models, thousands of downloads a day of the first)
    "qwen": ("CN", "sandbox-qwen", ("qwen-7b", "qwen-72b", "qwen-coder"), 24),
    "deepseek": ("CN", "sandbox-deepseek", ("deepseek-v2", "deepseek-coder"), 14),
    "glm": ("CN", "sandbox-glm", ("chatglm-6b", "glm-4"), 8),
    "yi": ("CN", "sandbox-yi", ("yi-6b", "yi-34b"), 6),
    "internlm": ("CN", "sandbox-internlm", ("internlm-7b",), 4),
    "baichuan": ("CN", "sandbox-baichuan", ("baichuan-13b",), 3),
    "llama": ("US", "sandbox-llama", ("llama-8b", "llama-70b", "llama-guard"), 40),
    "gemma": ("US", "sandbox-gemma", ("gemma-2b", "gemma-9b"), 16),
    "phi": ("US", "sandbox-phi", ("phi-mini", "phi-small"), 12),
    "olmo": ("US", "sandbox-olmo", ("olmo-7b",), 2),
    "mistral": ("FR", "sandbox-mistral", ("mistral-7b", "mixtral-8x7b"), 18),
    "falcon": ("AE", "sandbox-falcon", ("falcon-7b", "falcon-40b"), 5),
}
ORIGINS = {family: country for family, (country, *_) in _RELEASES.items()}
_FORMER_AUTHOR = {"sandbox-glm": "sandbox-chatglm"}
_ORGANISATIONS = {"sandbox-tunehouse": "US", "sandbox-quantworks": "DE", "sandbox-weightlab": "CN"}
_FIRST = datetime(2023, 7, 1, tzinfo=UTC)
_LAST = datetime(2025, 1, 10, tzinfo=UTC)
_COUNT = 140
_RELATIONS: tuple[Relation, ...] = ("finetune", "quantized", "adapter", "merge")
_CHANCES = (0.35, 0.30, 0.25, 0.10)
_SUFFIXES = {"finetune": "tuned", "quantized": "gguf", "adapter": "lora", "merge": "merged"}
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class PlantedModel:
    """A model of the sandbox's Hub, and what is true of it.

    Attributes:
        hub_id: the Hub's own id.
        name: `owner/name` now; `former_name` before it was renamed.
        base_ids: ids of the models that it is made of; of models that never were, their names.
        relation: None for a release without a base.
        roots: family (ZZ unknown) and share, while all that it is made of is there; shares add up
            to 1.
        release_of: the family that it is a release of; None for derivatives.
        author_country: ZZ where nobody states it.
        daily_downloads: before the rise.
        deleted_at: None while it is there.
        corrected_at: when the Hub takes `correction` off its all-time downloads.
    """

    hub_id: str
    name: str
    created_at: datetime
    base_ids: tuple[str, ...] = ()
    relation: Relation | None = None
    roots: tuple[tuple[str, float], ...] = ()
    release_of: str | None = None
    author_country: str = UNKNOWN
    daily_downloads: float = 0.0
    former_name: str | None = None
    deleted_at: datetime | None = None
    corrected_at: datetime | None = None
    correction: int = 0
    gated: str | bool = False

    def name_at(self, moment: datetime) -> str:
        """The name it carries at a moment."""
        return self.former_name if self.former_name and moment < RENAMED_AT else self.name

    def is_listed(self, moment: datetime) -> bool:
        """Whether it is there at a moment."""
        return self.created_at <= moment and not (self.deleted_at and self.deleted_at <= moment)

    def downloads_all_time(self, moment: datetime) -> int:
        """All downloads up to a moment, as the Hub counts them then."""
        is_corrected = self.corrected_at is not None and self.corrected_at <= moment
        return self._drawn(moment) - (self.correction if is_corrected else 0)

    def downloads(self, moment: datetime) -> int:
        """Downloads of the 30 days before a moment."""
        return self._drawn(moment) - self._drawn(moment - timedelta(days=30))

    def _drawn(self, moment: datetime) -> int:
        days = max(0.0, (moment - self.created_at) / timedelta(days=1))
        risen = max(0.0, (moment - max(self.created_at, RISE_ON)) / timedelta(days=1))
        chinese = sum(share for family, share in self.roots if ORIGINS.get(family) == "CN")
        return int(self.daily_downloads * (days + (RISE_FACTOR - 1.0) * chinese * risen))


class HubModels:
    """All models of a sandbox's Hub."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 9])
        self._made: dict[str, PlantedModel] = {}
        for model in self._releases():
            self._add(model)
        for _ in range(_COUNT):
            self._add(self._derivative())
        for model in self._oddities():
            self._add(model)

    @property
    def all(self) -> tuple[PlantedModel, ...]:
        """Every model that is, was or will be."""
        return tuple(self._made.values())

    def listed(self, moment: datetime) -> list[PlantedModel]:
        """The models that are there at a moment."""
        return [each for each in self._made.values() if each.is_listed(moment)]

    def get(self, hub_id: str) -> PlantedModel | None:
        """A model by its id; None for what never was."""
        return self._made.get(hub_id)

    def named(self, name: str) -> PlantedModel:
        """A model by its last name.

        Raises:
            KeyError: there never was one.
        """
        for each in self._made.values():
            if each.name == name:
                return each
        raise KeyError(name)

    def roots(self, model: PlantedModel, moment: datetime) -> dict[str, float]:
        """Share of each family (ZZ unknown) in a model, as a reader can tell at a moment.

        A derivative that is gone leaves those made of it without a root; a release does not, as
        its name says what it was.
        """
        bases = [self._made.get(base) for base in model.base_ids]
        lost = [
            base is not None and base.release_of is None and not base.is_listed(moment)
            for base in bases
        ]
        if not any(lost):
            return dict(model.roots)
        share = sum(lost) / len(bases)
        kept = {family: part * (1.0 - share) for family, part in model.roots if part * (1 - share)}
        return {**kept, UNKNOWN: kept.get(UNKNOWN, 0.0) + share}

    def _add(self, model: PlantedModel) -> None:
        self._made[model.hub_id] = model

    def _id(self) -> str:
        return f"{len(self._made) + 1:04d}{int(self._rng.integers(0, 1 << 62)):020x}"[:24]

    def _releases(self) -> Iterator[PlantedModel]:
        for family, (country, author, names, thousands) in _RELEASES.items():
            for number, name in enumerate(names):
                former = _FORMER_AUTHOR.get(author)
                yield PlantedModel(
                    hub_id=self._id(),
                    name=f"{author}/{name}",
                    created_at=_FIRST - _WEEK * (number + 1),
                    roots=((family, 1.0),),
                    release_of=family,
                    author_country=country,
                    daily_downloads=1_000.0 * thousands / (number + 1),
                    former_name=f"{former}/{name}" if former else None,
                    gated="manual" if family == "llama" else False,
                )
        # A later release of the same developer, made of an earlier one, is no derivative.
        base = self.named("sandbox-qwen/qwen-7b")
        yield PlantedModel(
            self._id(), "sandbox-qwen/qwen-7b-chat", _FIRST, (base.hub_id,), "finetune",
            base.roots, "qwen", "CN", 30_000.0,
        )  # fmt: skip

    def _derivative(self) -> PlantedModel:
        relation = _RELATIONS[int(self._rng.choice(len(_RELATIONS), p=_CHANCES))]
        created = _FIRST + (_LAST - _FIRST) * float(self._rng.uniform() ** 0.6)
        bases = self._bases(created, 2 if relation == "merge" else 1)
        author, country = self._author()
        return PlantedModel(
            hub_id=self._id(),
            name=f"{author}/{bases[0].name.partition('/')[2]}-{_SUFFIXES[relation]}-"
            f"{len(self._made)}",
            created_at=created,
            base_ids=tuple(base.hub_id for base in bases),
            relation=relation,
            roots=_mixed([base.roots for base in bases]),
            author_country=country,
            daily_downloads=float(self._rng.lognormal(4.5, 1.5)),
        )

    def _bases(self, created: datetime, count: int) -> list[PlantedModel]:
        """What a model made at a moment can be made of: releases above all, adapters never."""
        there = [each for each in self._made.values() if each.created_at < created]
        usable = [each for each in there if each.relation != "adapter"]
        weights = np.array([6.0 if each.release_of else 1.0 for each in usable])
        chosen = self._rng.choice(len(usable), count, replace=False, p=weights / weights.sum())
        return [usable[int(index)] for index in chosen]

    def _author(self) -> tuple[str, str]:
        if self._rng.uniform() < 0.35:
            names = list(_ORGANISATIONS)
            name = names[int(self._rng.integers(len(names)))]
            return name, _ORGANISATIONS[name]
        return f"person-sbx{int(self._rng.integers(40)):02d}", UNKNOWN

    def _oddities(self) -> Iterator[PlantedModel]:
        """What a reader has to be ready for; the sandbox's README tells of each."""
        qwen, llama = self.named("sandbox-qwen/qwen-7b"), self.named("sandbox-llama/llama-8b")
        yi, yi_34b = self.named("sandbox-yi/yi-6b"), self.named("sandbox-yi/yi-34b")
        head, tail, own, gone = (f"{number:024x}" for number in range(1, 5))
        lost = ((UNKNOWN, 1.0),)
        # A circle that one of its members leaves, the other does not.
        yield _odd(head, "circle-head", (llama.hub_id, tail), "merge", llama.roots)
        yield _odd(tail, "circle-tail", (head,), "finetune", lost)
        yield _odd(self._id(), "circle-child", (tail,), "quantized", lost)
        yield _odd(own, "names-itself", (own, qwen.hub_id), "finetune", qwen.roots)
        half = (("qwen", 0.5), (UNKNOWN, 0.5))
        yield _odd(self._id(), "half-known", (qwen.hub_id, NEVER_WAS), "merge", half)
        parent = _odd(gone, "soon-gone", (yi.hub_id,), "finetune", yi.roots)
        yield replace(parent, deleted_at=DELETED_AT)
        yield _odd(self._id(), "child-of-soon-gone", (gone,), "adapter", yi.roots)
        much = _odd(self._id(), "much-corrected", (qwen.hub_id,), "quantized", qwen.roots)
        yield replace(much, daily_downloads=5_000.0, corrected_at=CORRECTED_AT, correction=400_000)
        yield replace(yi_34b, deleted_at=DELETED_AT)
        yield _odd(self._id(), "of-withdrawn", (yi_34b.hub_id,), "quantized", yi_34b.roots)


def _odd(
    hub_id: str,
    name: str,
    base_ids: tuple[str, ...],
    relation: Relation,
    roots: tuple[tuple[str, float], ...],
) -> PlantedModel:
    return PlantedModel(
        hub_id, f"person-sbx99/{name}", datetime(2024, 9, 1, tzinfo=UTC), base_ids, relation, roots,
        daily_downloads=200.0,
    )  # fmt: skip


def _mixed(parts: list[tuple[tuple[str, float], ...]]) -> tuple[tuple[str, float], ...]:
    """The roots of what is made of several models in equal shares."""
    shares: dict[str, float] = {}
    for roots in parts:
        for family, share in roots:
            shares[family] = shares.get(family, 0.0) + share / len(parts)
    return tuple(sorted(shares.items()))
