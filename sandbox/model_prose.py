"""Titles, abstracts, claims and descriptions that name given model families, and false friends.

What is planted is really there: a family asked for is spelled in a sentence that gives its role,
and no other family is named. A false friend is a sentence with a word that some family is called
by, in another meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from sandbox.model_words import FALSE_FRIENDS, FAMILIES

Role = Literal["used", "compared", "mentioned", "cited"]


@dataclass(frozen=True, slots=True)
class Plant:
    """A family to name, by its slug in `FAMILIES`, and what the text does with it."""

    family: str
    role: Role = "used"


@dataclass(frozen=True, slots=True)
class Abstract:
    """A work's title and abstract."""

    title: str
    abstract: str


_TOPICS = (
    ("discharge summaries", "clinical"),
    ("radiology reports", "medical"),
    ("contract clauses", "legal"),
    ("court decisions", "legal"),
    ("crop advisories", "agricultural"),
    ("unit tests", "software"),
    ("pull request reviews", "software"),
    ("lesson plans", "educational"),
    ("student essays", "educational"),
    ("tourism reviews", "consumer"),
    ("earnings calls", "financial"),
    ("polymer recipes", "chemical"),
    ("maintenance logs", "industrial"),
    ("customer dialogues", "service"),
    ("low-resource translations", "multilingual"),
    ("news headlines", "media"),
    ("robot task plans", "robotic"),
    ("patient messages", "clinical"),
)
_TITLES = (
    "Large language models for {topic}: a {field} evaluation",
    "Retrieval-augmented generation over {topic}",
    "Toward reliable question answering on {topic}",
    "How well do language models summarise {topic}?",
    "A benchmark of {n} {field} tasks built from {topic}",
    "Parameter-efficient adaptation for {topic}",
    "Prompting strategies for {topic}: evidence from {n} annotators",
)
_TITLES_NAMING = (
    "Fine-tuning {model} on {topic}",
    "{model} as a {field} assistant: lessons from {topic}",
    "Adapting {model} to {topic} with low-rank updates",
    "Can {model} understand {topic}? A {field} study",
    "Evaluating {model} on {n} {topic}",
)
_TITLES_PLAIN = (
    "A field study of {n} sites over two seasons",
    "Notes on sampling, with {n} worked cases",
    "Observations from a {n}-day campaign",
    "Measurements and their errors in {n} laboratories",
)
_OPENERS = (
    "Large language models are increasingly applied to {topic}.",
    "Reading {topic} takes experts hours, and errors are costly.",
    "We study the automatic processing of {topic} in {field} settings.",
    "Progress on {topic} has been held back by a lack of labelled data.",
    "This paper examines whether generated text helps with {topic}.",
    "Instruction tuning has changed how {field} texts are handled.",
)
_FILLERS = (
    "The data hold {n} {topic} labelled by three annotators.",
    "Training took {n} hours on eight accelerators.",
    "Accuracy rises by {n} points over the strongest baseline.",
    "Errors concentrate in long inputs and rare terms.",
    "We release code, prompts and the annotation guideline.",
    "Agreement between annotators was moderate (kappa 0.{n}).",
    "An ablation shows that retrieval matters more than size.",
    "Results hold across {n} random splits of the corpus.",
    "Hallucinated statements fell from {n} percent to a third of that.",
    "We discuss risks of deployment in {field} practice.",
)
_PLAIN = (
    "Samples were taken at {n} sites over two seasons.",
    "Measurements were repeated {n} times and averaged.",
    "Uncertainty was estimated from {n} replicates.",
    "The findings agree with earlier work within {n} percent.",
)
_USED = (
    "We fine-tune {models} with LoRA on {n} {topic}.",
    "Our system builds on {models}, prompted with {n} in-context examples.",
    "Using {models} as the backbone, we train on {n} {topic}.",
    "{models} served as the underlying language model for all {topic}.",
    "All experiments were run with {models}, quantized to four bits.",
    "The pipeline calls {models} to generate candidate answers.",
    "Embeddings and answers were obtained with {models} on local hardware.",
    "We trained a reward model and then aligned {models} with preference data.",
    "We employ {models} for instruction following on {topic}.",
)
_COMPARED = (
    "Our method outperforms {models} on {n} of the {field} tasks.",
    "Compared with {models}, the proposed model gains {n} points.",
    "As baselines we take {models} in a zero-shot setting.",
    "We evaluate against {models} on held-out {topic}.",
    "The smaller model surpasses {models} by {n} percent in accuracy.",
    "Performance was compared to {models} under the same prompts.",
)
_MENTIONED = (
    "Recent large language models such as {models} have drawn wide interest.",
    "Since the release of {models}, {field} applications of language models have multiplied.",
    "Language models like {models} can be called from a few lines of code.",
    "Whether language models such as {models} suit {topic} remains open.",
)
_CITED = (
    "References: [{n}] {models}: technical report. arXiv:2307.{code}, 2023.",
    "[{n}] {models} Technical Report. arXiv preprint arXiv:2309.{code} (2023).",
)
_CHINESE = {
    "used": ("本文使用{models}对{n}条数据进行微调。", "我们基于{models}构建了问答系统。"),
    "compared": ("与{models}相比，本文方法的准确率提高了{n}%。", "实验以{models}作为基线模型。"),
    "mentioned": ("近年来，{models}等大语言模型受到广泛关注。",),
    "cited": ("参考文献：[{n}] {models}技术报告，2023年。",),
}
_ENGLISH = {"used": _USED, "compared": _COMPARED, "mentioned": _MENTIONED, "cited": _CITED}

_CLAIM_STEPS = (
    "receiving, by one or more processors, a plurality of {topic}",
    "generating an embedding for each of the {topic}",
    "retrieving at least one passage from a vector database",
    "providing a prompt to a machine learning model",
    "receiving from the machine learning model an output text",
    "causing display of the output text on a user device",
    "storing the output text in a non-transitory memory",
    "ranking the candidate answers by a confidence score",
)
_CLAIM_NAMING = (
    "The method of claim 1, wherein the machine learning model is a large language model selected "
    "from the group consisting of {models}.",
    "The method of claim 1, wherein the language model comprises {models}.",
    "The system of claim 2, wherein the transformer model is initialised from weights of {models}.",
)
_CLAIM_PLAIN = (
    "The method of claim 1, wherein the confidence score exceeds a threshold of 0.{n}.",
    "The method of claim 1, further comprising {step}.",
    "The method of claim 1, wherein the output text comprises at most {n} tokens.",
    "The system of claim 2, wherein the memory stores at least {n} embeddings.",
)
_DESCRIPTION_NAMING = {
    "used": (
        "In some embodiments, the large language model 1{n} is {models}, fine-tuned on {topic}.",
        "In one implementation, the inference server 2{n} hosts {models} as the language model.",
        "A working prototype was built with {models} and processed {n} {topic}.",
    ),
    "compared": (
        "The disclosed model was compared with {models} and required {n} percent less memory.",
        "In tests, accuracy exceeded that of {models}, a large language model, by {n} points.",
    ),
    "mentioned": (
        "The language model may be any suitable generative model, such as {models}.",
        "Examples of large language models include, without limitation, {models}.",
    ),
    "cited": _CITED,
}
_DESCRIPTION_PLAIN = (
    "The memory 3{n} may comprise volatile or non-volatile storage.",
    "FIG. 2 is a block diagram of a system for processing {topic} according to an embodiment.",
    "The network interface 4{n} may communicate over any suitable protocol.",
    "As used herein, the term model refers to any parameterised function.",
    "The processor 1{n} may perform the steps in any order unless stated otherwise.",
    "Conventional systems for {topic} require manual review and are slow.",
    "Various modifications will be apparent to a person skilled in the art.",
)


def abstract(
    rng: np.random.Generator,
    plants: Sequence[Plant] = (),
    false_friends: int = 0,
    on: date | None = None,
) -> Abstract:
    """A paper's title and abstract.

    Args:
        rng: all choices come from it.
        plants: families named in the abstract, each in a sentence of its role; a family used or
            compared is at times named in the title too.
        false_friends: sentences with a name in another meaning.
        on: day of the text; versions released later are not spelled.

    Raises:
        KeyError: a family is not in `FAMILIES`.
        ValueError: a family was not released on that day.
    """
    scene = _Scene(rng, on)
    about_models = bool(plants) or rng.random() < 0.6
    title = scene.fill(_TITLES if about_models else _TITLES_PLAIN)
    in_title = [plant for plant in plants if plant.role in ("used", "compared")]
    if in_title and rng.random() < 0.3:
        title = scene.fill(_TITLES_NAMING, models=scene.spell(in_title[:1]))
    body = scene.several(_FILLERS if about_models else _PLAIN, int(rng.integers(2, 5)))
    body += scene.several(FALSE_FRIENDS, false_friends)
    named = scene.named(plants, _ENGLISH)
    body += [text for role, text in named if role != "cited"]
    rng.shuffle(body)
    opener = [scene.fill(_OPENERS)] if about_models else []
    references = [text for role, text in named if role == "cited"]
    return Abstract(title, " ".join([*opener, *body, *references]))


def claims(
    rng: np.random.Generator,
    plants: Sequence[Plant] = (),
    false_friends: int = 0,
    on: date | None = None,
) -> list[str]:
    """A patent's claims, one string each, without their numbers; arguments as `abstract`.

    Claims name families they use; whatever role a plant has, it stands in a dependent claim.
    """
    scene = _Scene(rng, on)
    steps = list(rng.permutation(_CLAIM_STEPS)[: rng.integers(3, 6)])
    middle = "; ".join(str(step) for step in steps).format(topic=scene.topic)
    first = f"A computer-implemented method comprising: {middle}."
    second = f"A system comprising one or more processors and a memory, configured for: {middle}."
    rest = scene.several(_CLAIM_PLAIN, int(rng.integers(1, 4)))
    friends = scene.several(FALSE_FRIENDS, false_friends)
    rest += [f"The method of claim 1, with the proviso: {text}" for text in friends]
    if plants:
        rest.append(scene.fill(_CLAIM_NAMING, models=scene.spell(plants)))
    rng.shuffle(rest)
    return [first, second, *rest]


def description(
    rng: np.random.Generator,
    plants: Sequence[Plant] = (),
    false_friends: int = 0,
    on: date | None = None,
    paragraphs: int = 6,
) -> list[str]:
    """A patent's description, a string each paragraph; arguments as `abstract`.

    Args:
        rng: all choices come from it.
        plants: families to name, each in a sentence of its role.
        false_friends: sentences with a name in another meaning.
        on: day of the text.
        paragraphs: paragraphs that name nothing, beside those that are planted.
    """
    scene = _Scene(rng, on)
    body = [
        " ".join(scene.several(_DESCRIPTION_PLAIN, int(rng.integers(1, 4))))
        for _ in range(paragraphs)
    ]
    body += scene.several(FALSE_FRIENDS, false_friends)
    body += [text for _, text in scene.named(plants, _DESCRIPTION_NAMING)]
    rng.shuffle(body)
    return body


class _Scene:
    """One text's topic and day, and the draws for it."""

    def __init__(self, rng: np.random.Generator, on: date | None) -> None:
        self._rng = rng
        self._on = on
        self.topic, self._field = _TOPICS[int(rng.integers(len(_TOPICS)))]

    def fill(self, templates: Sequence[str], models: str = "") -> str:
        """One of the templates with its gaps filled."""
        return self.pick(templates).format(
            model=models,
            models=models,
            topic=self.topic,
            field=self._field,
            n=self._rng.integers(11, 98),
            code=f"{self._rng.integers(10_000):05d}",
            step=str(self.pick(_CLAIM_STEPS)).format(topic=self.topic),
        )

    def pick(self, choices: Sequence[str]) -> str:
        """One of the choices."""
        return choices[int(self._rng.integers(len(choices)))]

    def spell(self, plants: Sequence[Plant]) -> str:
        """The families' names as a list in prose."""
        names = [FAMILIES[plant.family].spell(self._rng, self._on) for plant in plants]
        if len(names) == 1:
            return names[0]
        joint = " and " if self._rng.random() < 0.8 else " or "
        return ", ".join(names[:-1]) + joint + names[-1]

    def several(self, templates: Sequence[str], count: int) -> list[str]:
        """Some of the templates, each at most once, filled."""
        order = self._rng.permutation(len(templates))[:count]
        return [self.fill([templates[int(place)]]) for place in order]

    def named(
        self, plants: Sequence[Plant], templates: dict[str, tuple[str, ...]]
    ) -> list[tuple[Role, str]]:
        """(role, sentence) pairs that name every plant; families of one role at times share one."""
        sentences: list[tuple[Role, str]] = []
        for role in ("used", "compared", "mentioned", "cited"):
            ours = [plant for plant in plants if plant.role == role]
            groups = [ours] if self._rng.random() < 0.6 else [[plant] for plant in ours]
            for group in groups:
                if group:
                    names = self.spell(group)
                    is_chinese = all(ord(letter) > 0x2E80 for letter in names)
                    chosen = _CHINESE[role] if is_chinese else templates[role]
                    sentences.append((role, self.fill(chosen, models=names)))
        return sentences
