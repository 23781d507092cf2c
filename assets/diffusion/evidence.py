"""What speaks for the model where its name means other things too, in points.

Each kind of evidence gives its points once. What they add up to, less the doubts, is held against
the points that the alias needs; the kind that gave most is the rule that accepted it.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from assets.diffusion.context_terms import Weight
from assets.diffusion.scan import Candidate, Scan
from assets.diffusion.writing import SEPARATOR

_CLOSE, _NEAR, _BESIDE = 150, 400, 60  # characters
_MOST_NEAR_POINTS = 3
_WINDOW = 80
_MOST_GAP = 64
_MOST_WITHOUT_MAKER, _MOST_BY_WEAK = 6, 3  # points that an alias may need
_LONGEST_RUN = 4  # names to each side

# Versions and sizes stand on the line of their name.
_APART = SEPARATOR.replace(r"\s", " \u00a0\u2009")
_VERSION = rf"{_APART}{{0,2}}[vV]?\d{{1,2}}(?:\.\d{{1,2}}){{0,2}}"
_VARIANT = (
    r"(?:mini|nano|tiny|small|medium|large|base|plus|pro|max|chat|instruct|coder|code|math|vision"
    r"|vl|moe|next)"
)
_SIZE = re.compile(
    rf"(?:{_VERSION}(?![\d.]|{_APART}?[bx]))?(?:{_APART}{{1,2}}{_VARIANT}){{0,2}}"
    rf"(?::|{_APART}{{0,2}}\(?)(?:\d{{1,2}}x)?\d{{1,4}}(?:\.\d{{1,2}})?"
    rf"(?:\s?b|[\s-]?billion|(?<=\d\d)m)(?![^\W_])",
    re.IGNORECASE,
)
_HAS_VERSION = re.compile(rf"{_VERSION}(?!\.?\d|\s?(?:%|percent|kg|mm|cm|km|ms|years))")
_SUFFIX = re.compile(
    rf"(?:{_VERSION})?(?:{_APART}{{1,2}}(?:chat|instruct|coder|guard)(?![^\W_])"
    r"|[-_:](?:latest|base|it|hf|small|medium|large|xl|xxl|mini|nano|tiny|tuned|finetuned|fine-tuned|lora"
    r"|vision|vl|math|code|moe|gguf|gptq|awq|turbo|generated|based|style|like|powered|family"
    r"|series)(?![^\W_])"
    r"|(?-i:Chat|Instruct|Coder|Guard|VL)(?![a-z]))",
    re.IGNORECASE,
)
_BETWEEN_NOUNS = (
    r"(?:(?:large|small|open|open-source|open-weight|generative|vision|speech|audio|code|chat"
    r"|reward|multilingual|multimodal|pre-?trained|fine-?tuned|instruction-tuned|foundation|AI"
    r"|embedding|text-to-image|image|text|visual|diffusion|translation|recognition|base)\s+){0,4}"
)
_STRONG_NOUN = (
    r"(?:LLMs?|MLLMs?|VLMs?|LMs?|language\s+models?|chatbots?|foundation\s+models?|AI\s+models?"
    r"|AI\s+assistants?|AI\s+chatbots?|diffusion\s+models?|speech\s+recogni[sz]er"
    r"|speech\s+recognition|state[\s-]space\s+models?|ASR|tokeni[sz]ers?|checkpoints?|pre-?trained\s+models?"
    r"|technical\s+report"
    r"|大?(?:语言)?模型|言語モデル)"
)
_WEAK_NOUN = (
    r"(?:models?|famil(?:y|ies)|series|architectures?|backbones?|embeddings?|encoders?|decoders?"
    r"|API|weights|variants?|suite|features|outputs?|generations?|responses?|agents?)"
)
_TAIL = r"[\w.\-+]{0,24}(?:[’']s)?[®™]?"  # version and size, possessive, mark
_SUCH_AS = (
    r"\s*(?:,?\s*\(?\s*(?:such\s+as|like|including|e\.g\.,?|namely|called|named|known\s+as|from"
    r"|如|：|即)|:|\(|（)"
)
_STRONG_AFTER = re.compile(
    rf"{_TAIL}(?:\s+{_BETWEEN_NOUNS}|\s*)(?<![a-z]){_STRONG_NOUN}(?![A-Za-z0-9_-])",
    re.IGNORECASE,
)
# "Yi, the base model". Behind a number, "in Step 2, the language model", it tells nothing.
_APPOSITION = re.compile(
    rf"{_TAIL}\s*,\s+(?:the|an?)\s+{_BETWEEN_NOUNS}{_STRONG_NOUN}(?![A-Za-z0-9_-])", re.IGNORECASE
)
_WEAK_AFTER = re.compile(rf"{_TAIL}\s+{_BETWEEN_NOUNS}{_WEAK_NOUN}(?![A-Za-z0-9_-])", re.IGNORECASE)
_STRONG_BEFORE = re.compile(rf"(?<![a-z]){_STRONG_NOUN}(?:{_SUCH_AS})?[\s,“\"']*\Z", re.IGNORECASE)
_WEAK_BEFORE = re.compile(
    rf"(?<![a-z]){_WEAK_NOUN}(?:{_SUCH_AS})[\s“\"']*(?:the\s+)?\Z", re.IGNORECASE
)
_VERB_BEFORE = re.compile(
    r"(?:fine-?tun\w+|prompt\w*|prob(?:e|es|ed|ing)|(?:pre-?)?train\w*|quanti[sz]\w+|distil\w+|quer(?:y|ied|ying)"
    r"|jailbr\w+|instruction-tun\w+|ask(?:ed|ing)?|微调|调用)\s*(?:(?:the|on|an?|with|from|of|our|both)\s+)*\Z",
    re.IGNORECASE,
)
# What a text is had from: "Command R generated an answer".
_VERB_AFTER = re.compile(
    rf"{_TAIL}\s+(?:correctly\s+|then\s+|also\s+)?(?:generat(?:ed|es)|hallucinat(?:ed|es)"
    r"|paraphras(?:ed|es)|summari[sz](?:ed|es)|transcrib(?:ed|es)|segment(?:ed|s)"
    r"|answered\s+(?:\d|all|every|the\s+questions?))\b",
    re.IGNORECASE,
)
_COMPARISON_BEFORE = re.compile(
    r"(?:compared?\s+(?:with|to|against)|outperform\w*|surpass\w*|exceed\w*|than)\s+\Z",
    re.IGNORECASE,
)
# Between two names of a list: the first one's version, a bracket, a comma or a conjunction, and
# the second one's maker.
# A version takes all that can belong to it (`*+`): split in every way, a run of digits would take
# minutes.
_LIST_GAP = re.compile(
    r"(?:[-\s_]?(?:\d[\w.\-:]*+\+?|[A-Za-z]{1,8}\d[\w.\-]*+|(?i:mini|turbo|pro|ultra|flash|opus|sonnet"
    r"|haiku|large|small|base|chat|instruct|vision|models?|families|family))){0,5}"
    r"(?:[’']s)?[”\"’*®™]?(?:\s?[(（][^()（）]{0,30}[)）])?"
    r"\s*(?:[,;/、，&+]|\b(?:and|or|nor|vs\.?|versus|than|over|with|to|against|und|et|y|e)\b"
    r"|和|与|及|或)\s*(?:(?:and|or|nor|as\s+well\s+as|both|the|also)\s+){0,2}"
    r"(?:[A-Z]\w{1,14}(?:[’']s)?\s){0,2}[“\"(]?"
)
_COMPOUND_GAP = re.compile(r"[\w.+]*[-/_][\w.\-/+]*")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known about a text while its candidates are weighed.

    Attributes:
        text: The text.
        scan: Where context words stand.
        sure: Mentions accepted so far, by start.
        starts: Their starts.
        unsure: Candidates not accepted so far, by start.
        unsure_starts: Their starts.
        families: Families of the accepted.
    """

    text: str
    scan: Scan
    sure: Sequence[Candidate]
    starts: Sequence[int]
    unsure: Sequence[Candidate]
    unsure_starts: Sequence[int]
    families: frozenset[str]


def evidence(candidate: Candidate, around: Surroundings) -> Iterator[tuple[str, int]]:
    """What speaks for a candidate: names of rules, each at most once, and their points."""
    text, start, stop = around.text, candidate.start, candidate.stop
    after = text[stop : stop + _WINDOW]
    before = text[max(0, start - _WINDOW) : start]
    yield from _attached(candidate, after)
    yield from _nouns(candidate, before, after)
    if candidate.form.ambiguity is not None:
        yield from _maker(candidate, around)
    if candidate.form.family in around.families:
        spelling = text[start:stop]
        yield "established", 4 if candidate.form.has_capitals(spelling) else 1
    if _VERB_BEFORE.search(before):
        yield "verb", 2
    elif _VERB_AFTER.match(after) or _COMPARISON_BEFORE.search(before):
        yield "verb", 1
    if candidate.is_written_on:
        yield "written on", 3
    yield from _neighbours(candidate, around)
    yield from _near(candidate, around)


def is_hopeless(candidate: Candidate, around: Surroundings) -> bool:
    """Whether nothing near can speak for a candidate: what most ordinary words are spared by.

    Without a maker near, an alias that needs as many points as a maker and the subject together
    give is out. Others need a word of the subject, a name near, a maker or a size; those that need
    few points, one of a wider field ("model") or a verb at least.
    """
    ambiguity = candidate.form.ambiguity
    if ambiguity is None or not ambiguity.points or candidate.form.family in around.families:
        return False
    start, stop = candidate.start, candidate.stop
    if ambiguity.points > _MOST_WITHOUT_MAKER:
        return not any(_maker(candidate, around))
    low, high = start - _NEAR, stop + _NEAR
    weights: tuple[Weight, ...] = (Weight.STRONG, Weight.PEER)
    if ambiguity.points <= _MOST_BY_WEAK:
        weights = (*weights, Weight.WEAK)
    return not (
        any(around.scan.count(weight, low, high) for weight in weights)
        or _count(around.starts, low, high)
        or _count(around.unsure_starts, start - _MOST_GAP, stop + _MOST_GAP) > 1
        or candidate.is_written_on
        or any(_attached(candidate, around.text[stop : stop + _WINDOW]))
        or any(_maker(candidate, around))
        or (
            ambiguity.points <= _MOST_BY_WEAK
            and _VERB_BEFORE.search(around.text[max(0, start - _WINDOW) : start])
        )
    )


def is_attached(text: str, stop: int) -> bool:
    """Whether a size or a variant of a model is written onto what ends at `stop`.

    A low line joins the words of identifiers in programs, "clip_8b": it does not count.
    """
    after = text[stop : stop + _WINDOW]
    return not after.startswith("_") and bool(_SIZE.match(after) or _SUFFIX.match(after))


def _attached(candidate: Candidate, after: str) -> Iterator[tuple[str, int]]:
    if _SIZE.match(after):
        yield "size", 4
    elif _SUFFIX.match(after):
        yield "variant", 3
    elif not candidate.form.alias[-1].isdigit() and _HAS_VERSION.match(after):
        yield "version", 2


def _nouns(candidate: Candidate, before: str, after: str) -> Iterator[tuple[str, int]]:
    is_apposed = not candidate.form.alias[-1].isdigit() and _APPOSITION.match(after)
    if is_apposed or _STRONG_AFTER.match(after) or _STRONG_BEFORE.search(before):
        yield "noun", 3
    elif _WEAK_AFTER.match(after) or _WEAK_BEFORE.search(before):
        yield "noun", 2


def _maker(candidate: Candidate, around: Surroundings) -> Iterator[tuple[str, int]]:
    makers = candidate.form.ambiguity.makers if candidate.form.ambiguity else ()
    if not makers:
        return
    pattern = _makers(makers)
    before = around.text[max(0, candidate.start - _CLOSE) : candidate.start]
    after = around.text[candidate.stop : candidate.stop + _CLOSE]
    places = [len(before) - match.end() for match in pattern.finditer(before)]
    places += [match.start() for match in pattern.finditer(after)]
    if not places:
        return
    if before.endswith("/") and pattern.search(before[-40:]):
        yield "repository", 4
    else:
        yield "maker", 4 if min(places) <= _WINDOW // 2 else 2


@cache
def _makers(makers: tuple[str, ...]) -> re.Pattern[str]:
    spelled = "|".join(map(re.escape, makers))
    return re.compile(rf"(?<![^\W_])(?:{spelled})(?![a-z]|-[a-z])")


def _neighbours(candidate: Candidate, around: Surroundings) -> Iterator[tuple[str, int]]:
    """Names that stand beside it in a list or in one compound."""
    start, stop, text = candidate.start, candidate.stop, around.text
    place = bisect_left(around.starts, start)
    gaps = [text[each.stop : start] for each in around.sure[max(0, place - 1) : place]]
    gaps += [text[stop : each.start] for each in around.sure[place : place + 1]]
    peers = around.scan.terms[Weight.PEER]
    peer = bisect_left(peers, start)
    listed = [text[at:start] for at in peers[max(0, peer - 1) : peer]]
    listed = [re.sub(r"\A[\w.\-]+", "", gap) for gap in listed if len(gap) <= _MOST_GAP]
    listed += [text[stop:at] for at in peers[peer : peer + 1]]
    if any(len(gap) <= _MOST_GAP and _COMPOUND_GAP.fullmatch(gap) for gap in gaps):
        yield "compound", 4
    elif any(len(gap) <= _MOST_GAP and _LIST_GAP.fullmatch(gap) for gap in (*gaps, *listed)):
        yield "list", 3
    else:
        yield from _listed_unsure(candidate, around)


def _listed_unsure(candidate: Candidate, around: Surroundings) -> Iterator[tuple[str, int]]:
    """Other ambiguous names in the same list: of three families, they hardly mean all else.

    Given names are listed with each other too ("Gemma, Claude and Kimi").
    """
    place = bisect_left(around.unsure_starts, candidate.start)
    run = {candidate.form.family: candidate.form}
    for step in (-1, 1):
        last, at = candidate, place + step
        while 0 <= at < len(around.unsure) and abs(at - place) <= _LONGEST_RUN:
            other = around.unsure[at]
            first, second = (last, other) if step > 0 else (other, last)
            gap = around.text[first.stop : second.start]
            if len(gap) > _MOST_GAP or not _LIST_GAP.fullmatch(gap):
                break
            run[other.form.family] = other.form
            last, at = other, at + step
    if len(run) > 1:
        are_persons = all(
            form.ambiguity is not None and form.ambiguity.kind == "person" for form in run.values()
        )
        yield "list", 1 if len(run) == 2 or are_persons else 2


def _near(candidate: Candidate, around: Surroundings) -> Iterator[tuple[str, int]]:
    start, stop, scan = candidate.start, candidate.stop, around.scan
    strong = scan.count(Weight.STRONG, start - _CLOSE, stop + _CLOSE)
    peers = scan.count(Weight.PEER, start - _CLOSE, stop + _CLOSE)
    peers += _count(around.starts, start - _CLOSE, stop + _CLOSE)
    terms = min(3, 1 + strong) if strong else 0
    is_beside = scan.count(Weight.WEAK, start - _BESIDE, stop + _BESIDE) > 0
    if not terms and scan.count(Weight.STRONG, start - _NEAR, stop + _NEAR):
        terms = 1 + is_beside
    names = 2 if peers else 0
    if not names and (
        scan.count(Weight.PEER, start - _NEAR, stop + _NEAR)
        or _count(around.starts, start - _NEAR, stop + _NEAR)
    ):
        names = 1
    points = min(_MOST_NEAR_POINTS, max(terms, names) + (1 if terms and names else 0))
    if points:
        yield ("near term" if terms >= names else "near name"), points
    elif is_beside:
        yield "near term", 1


def _count(places: Sequence[int], start: int, stop: int) -> int:
    return bisect_left(places, stop) - bisect_left(places, start)
