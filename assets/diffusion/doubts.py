"""What speaks against the model where its name means other things too, in points."""

import re
from functools import cache

from assets.diffusion.evidence import is_attached
from assets.diffusion.scan import Candidate
from assets.reference.model import AmbiguousAlias

REFUSED = 100  # more than any evidence gives
_AGAINST_CHARACTERS = 100
_WINDOW = 60

_SENTENCE_START = re.compile(r"(?:\A|[.!?:;。！？\n•\]]\s*[\"“(]?)\Z")
_AUTHOR_AFTER = re.compile(
    r",?\s+et\s+al\b|\s+and\s+(?:colleagues|co-?workers|co-?authors|collaborators|associates"
    r"|(?:his|her|their)\s+(?:team|group|colleagues))\b|,\s[A-Z]\.(?!\w)|\s[A-Z]\.\s|@"
)
_AUTHOR_BEFORE = re.compile(r"(?:\b[A-Z]\.\s?|@|\b(?:Dr|Prof|Mr|Mrs|Ms|Sir|Lady|Miss)\.?\s)\Z")
_NAME_AFTER = re.compile(r"[\s-](?P<word>[A-Z][^\W\d_]*[a-zà-ÿ][^\W\d_]*)")
_NAME_BEFORE = re.compile(r"(?P<word>[A-Z][^\W\d_]*[a-zà-ÿ])[\s-]\Z")
_NO_NAME = frozenset(
    word
    for line in (
        "Advanced Agent Agents Also Although And Anthropic Are Artificial As Ask Asking",
        "Assistant Audio Base Based Be Because Before Both But By Can Chat Code Coder Cohere",
        "Comparing Desktop Did Do Does Even Evaluating Extended Family Fine Flash For From",
        "Further Google Guard Haiku Has Hence How However If In Instant Instruct Is Language",
        "Large Like Lite Max Medium Meta Microsoft Mini Model Models Moonshot Nano Of On Only",
        "Open Opus Or Our Outperforms Performs Plus Pro Prompting Scope Series Since Small",
        "Sonnet Team Test Testing Than That The Then Thinking Thus To Tuned Tuning Turbo Ultra",
        "Unlike Using Versus Via Vision Was We Were When While With Workspace",
    )
    for word in line.split()
)
# Words of a list are names: they tell nothing of the capitals of others.
_WORD = re.compile(r"(?<![,/;]\s)(?<![,/;])\b[^\W\d_]{4,}\b(?!\s?[,/;])")
# Who presents something names it: "we present Falcon, a scheduler".
_PRESENTED_BEFORE = re.compile(
    r"\b(?:(?:present|propos|introduc|develop|design)(?:e|es|s|ed|ing)?|called|named|termed|dubbed)\s"
    r"(?:this\s\w+\s)?[“\"]?\Z",
    re.IGNORECASE,
)


_PERSON_BEFORE = re.compile(
    r"\b(?:teacher|nurse|student|pupil|patient|girl|boy|woman|man|lady|participant|daughter|son|friend"
    r"|sister|brother|mother|father|grandmother|colleague|doctor|professor|singer|actress|actor"
    r"|player|aunt|uncle|wife|husband|interviewee|respondent)s?,?\s(?:named\s|called\s)?\Z",
    re.IGNORECASE,
)


def doubts(candidate: Candidate, ambiguity: AmbiguousAlias, text: str) -> int:
    """Points that speak against a candidate; `REFUSED` where nothing can speak for it."""
    start, stop = candidate.start, candidate.stop
    before = text[max(0, start - _WINDOW) : start]
    after = text[stop : stop + _WINDOW]
    if _is_beside(ambiguity, before, after):
        return REFUSED
    points = _of_capitals(candidate, ambiguity, text, before)
    if points >= REFUSED:
        return REFUSED
    if ambiguity.kind in ("word", "term") and _PRESENTED_BEFORE.search(before):
        points += 2
    if ambiguity.kind == "person":
        points += _of_names(before, after)
    if _AUTHOR_AFTER.match(after) or _AUTHOR_BEFORE.search(before):
        points += 6
    if ambiguity.against:
        wide = text[max(0, start - _AGAINST_CHARACTERS) : start] + "\n"
        wide += text[stop : stop + _AGAINST_CHARACTERS]
        found = {match[0].casefold() for match in _against(ambiguity.against).finditer(wide)}
        points += min(6, 3 * len(found))
    return points


def _is_beside(ambiguity: AmbiguousAlias, before: str, after: str) -> bool:
    if ambiguity.not_after and _ending(ambiguity.not_after).search(before):
        return True
    return bool(ambiguity.not_before and _beginning(ambiguity.not_before).match(after))


def _of_capitals(candidate: Candidate, ambiguity: AmbiguousAlias, text: str, before: str) -> int:
    """Small letters where the name has capitals, and capitals that any word would have there."""
    form, spelling = candidate.form, text[candidate.start : candidate.stop]
    if not form.has_capitals(spelling):
        if is_attached(text, candidate.stop):
            return 0
        # "llama 2" is written so, "phi-2" too; "step 2" is not a model.
        if spelling[-1].isdigit() and ambiguity.kind in ("name", "term"):
            return 0 if not re.search(r"\s", spelling) and ambiguity.kind == "name" else 2
        return 3 if ambiguity.kind == "name" else REFUSED
    points = 0
    if ambiguity.kind == "term" and not form.has_all_capitals(spelling):
        points += 0 if is_attached(text, candidate.stop) else 2
    if ambiguity.kind == "word" and not form.is_native and not is_attached(text, candidate.stop):
        points += 1 if _SENTENCE_START.search(before) else 0
        points += 1 if _is_title_case(text, candidate) else 0
    return points


def _is_title_case(text: str, candidate: Candidate) -> bool:
    """Whether most longer words around begin with a capital, as in titles and headings."""
    wide = text[max(0, candidate.start - _WINDOW) : candidate.start] + " "
    wide += text[candidate.stop : candidate.stop + _WINDOW]
    words = _WORD.findall(wide)
    return len(words) >= 4 and sum(word[0].isupper() for word in words) > 0.7 * len(words)


def _of_names(before: str, after: str) -> int:
    """A first name before it, a surname behind it, or who bears it."""
    points = 3 if _PERSON_BEFORE.search(before) else 0
    behind = _NAME_AFTER.match(after)
    if behind and behind["word"] not in _NO_NAME:
        points += 5
    ahead = _NAME_BEFORE.search(before)
    if (
        ahead
        and ahead["word"] not in _NO_NAME
        and not _SENTENCE_START.search(before[: ahead.start()])
    ):
        points += 5
    return points


@cache
def _ending(words: tuple[str, ...]) -> re.Pattern[str]:
    spelled = "|".join(map(re.escape, words))
    return re.compile(rf"(?<![a-zA-Z])(?:{spelled})[\s-]*\Z")


@cache
def _beginning(words: tuple[str, ...]) -> re.Pattern[str]:
    spelled = "|".join(map(re.escape, words))
    return re.compile(rf"[\s-]*(?:{spelled})(?![a-zA-Z])")


@cache
def _against(words: tuple[str, ...]) -> re.Pattern[str]:
    spelled = "|".join(map(re.escape, words))
    return re.compile(rf"(?<![a-zA-Z])(?:{spelled})", re.IGNORECASE)
