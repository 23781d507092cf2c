"""What a text does with a model that it names, by the words around the name.

The sentence is read outward from the name: what is written onto it, then the nearest cue before
it, then its predicate. A cue that is denied ("we did not use") or planned ("future work will use")
makes a mention only, and in claims and descriptions of patents so does one that only may be ("may
use"). What others say of a model ("tweets about") is no use of it either.
"""

import re

from assets.diffusion.cues import Cue, CueFinders, FoundCue, Place, shipped_cues
from assets.diffusion.mention import Role, Section

_BEFORE, _AFTER = 260, 200  # characters that are read on each side
_ENTRY = 220  # characters of a reference entry on each side
_FAR = 110  # characters between a name and the cues before it, but for a list:
_LIST_ITEM = 40  # characters an item of it may have

_SENTENCE_END = re.compile(
    r"[.!?](?<!\bal\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\bcf\.)(?<!\bFig\.)(?<!\bNo\.)"
    r"(?<!\b[A-Z]\.)[\"”’)\]]*\s+(?=[\"“(\[]*[A-Z0-9\u00c0-\u024f\u4e00-\u9fff])|[。！？；]|\n\s*\n"
)
# What stands behind a name and belongs to it: version, size, variant, possessive, brackets.
_TAIL = re.compile(
    r"(?:[-\s_.:]?(?:\d[\w.]*|v\d[\w.]*|[A-Za-z]{1,3}\d[\w.]*|(?i:mini|turbo|pro|ultra|flash|opus"
    r"|sonnet|haiku|large|medium|small|base|chat|instruct|coder|vision|preview|xl|xxl|hf|beta|max"
    r"|plus|nano|tiny|distill|llm|api|it|vl)\b))*"
    r"(?:[’']s)?[®™]?(?:\s?[(（][^()（）]{0,40}[)）])?"
)
# Prepositions count beside a name: behind adjectives, or before other names of the same list.
_BESIDE = re.compile(
    r"\s*(?:(?:the|an?|our|their|its|both|either|one|two|three|open|large|small|language|models?"
    r"|LLMs?|code|base|pre-?trained|fine-?tuned|quanti[sz]ed|open-source|open-weight|multilingual"
    r"|[A-Z]\w+[’']s|such|as|like|including|of)[\s,:(]*){0,6}[“\"'(]?\Z"
)
_IN_LIST = re.compile(r"[^.;:]{0,100}(?:,|\band\b|\bor\b|&|、|和|与)\s*(?:the\s+|and\s+|or\s+)?\Z")
_TO_BE = re.compile(
    r"(?P<modal>\b(?:may|might|could|can|should)\s+(?:also\s+)?)?"
    r"\b(?:is|are|was|were|been|being|be|then|both)\s+"
    r"(?:(?P<general>increasingly|widely|commonly|often|frequently|now|largely|rapidly|mostly)\s+"
    r"|(?P<no>not|never)\s+|(?:\w+ly|also|then|first|further)\s+){0,2}\Z",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    r"[;:]|,\s+(?:which|who|but|while|whereas|although|and\s+(?:we|the|our|a)\b)"
)
_DENIED = re.compile(
    r"(?:\b(?:not(?!\s+only)|no|never|without|neither|nor|rather\s+than|instead\s+of|avoid\w*"
    r"|exclud\w*|refrain\w*|cannot)|n[’']t|未|没有|不)\W*(?:\w+\W+){0,4}\Z",
    re.IGNORECASE,
)
_DENIED_NAME = re.compile(
    r"\b(?:no|without|instead\s+of|rather\s+than|nor|neither)\s+(?:any\s+)?\Z", re.IGNORECASE
)
_LEFT_OUT = re.compile(
    r"\b(?:is|are|was|were|been)\s+(?:\w+\s+)?(?:excluded|removed|omitted|discarded|avoided|forbidden"
    r"|not\s+\w+)\b",
    re.IGNORECASE,
)
# Words behind which a preposition joins no tool to a deed: "beginning with", "together with".
_NO_TOOL = re.compile(
    r"\b(?:beginning|starting|together|along|compatible|associated|familiar|competes?|competition"
    r"|released|published|announced|introduced|developed)\s+\Z",
    re.IGNORECASE,
)
# What is only intended is not done.
_PLANNED = re.compile(
    r"\bfuture\s+(?:work|research|studies|study|versions?|directions?)\s+(?:\w+\s+){0,2}"
    r"(?:will|would|could|may|might|should|can|is\s+to|are\s+to)\b"
    r"|\b(?:we|I|authors|team)\s+(?:\w+\s+)?(?:plan|intend|hope)s?\s+to\b"
    r"|\bleft\s+(?:for|to)\s+future\b|未来工作|我们计划",
    re.IGNORECASE,
)
# Where no cue decides, an abstract tells of its own work in the first person or the past.
_OWN = re.compile(r"\b(?:we|our|us|I)\b|本文|我们|本研究", re.IGNORECASE)
_PAST = re.compile(
    r"\b(?:was|were)\s+(?!(?:first\s+|originally\s+|recently\s+)?(?:released|introduced|announced"
    r"|launched|proposed|published|open-sourced|developed|founded|created|available)\b)\w+(?:ed|en|wn)\b"
)
_PAST_VERB = re.compile(
    r"\s+(?:\w+ly\s+|then\s+|also\s+)?(?!appeared|emerged|attracted|gained|sparked|popularised"
    r"|popularized|changed|moved|released|combined|introduced|narrowed|supported|required)"
    r"(?:[a-z-]+ed|wrote|drew|gave|made|took|found|chose|read|got|did|won|lost|told|said)\b"
)
_COPULA_BEFORE = re.compile(r"\b(?:was|were)\s+(?:the\s+|an?\s+)?\Z")
_HYPOTHETICAL = re.compile(
    r"\b(?:may|might|could|can|such\s+as|for\s+example|e\.g\.|for\s+instance|wherein|compris\w+"
    r"|includ\w+|examples?)\b",
    re.IGNORECASE,
)

_HEADING = re.compile(
    r"\n[ \t]*(?:\d+\.?[ \t]*)?(?:references|bibliography|works[ \t]cited|literature[ \t]cited"
    r"|参考文献|參考文獻)[ \t]*:?[ \t]*\r?\n",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?:\A|\s|：|:)\[\d{1,3}\]\s[^\[\]]{0,120}\Z")
_QUOTED_TITLE = re.compile(r"(?:\bal\.|\b[A-Z]\.|\b[A-Z][a-z]+|\)),?\s*[“\"][^”\"]{0,160}\Z")
_AUTHORS = re.compile(
    r"\bet\s+al\b|\b[A-Z][\w’'-]+,?\s(?:[A-Z]\.\s?-?){1,3}|\b(?:[A-Z]\.\s?){1,3}[A-Z]\w+"
)
_SOURCE = re.compile(
    r"\b(?:arXiv(?:\s+preprint|:\s?\d)|In\s+Proc|Proceedings\s+of|doi[:.]|Technical\s+Report,?\s"
    r"|vol\.\s?\d|pp\.\s?\d)"
)


class RoleReader:
    """Reads roles in one text: what is found once for the text is kept."""

    def __init__(self, text: str, section: Section, cues: CueFinders | None = None) -> None:
        self._text = text
        self._section = section
        self._cues = cues or shipped_cues()
        # The last heading: a table of contents names it too.
        ends = [match.end() for match in _HEADING.finditer(text)]
        self._references = ends[-1] if ends else len(text)

    def role(self, start: int, stop: int) -> Role:
        """The role of a model whose name stands from `start` to `stop`."""
        text = self._text
        if self._section is Section.BIBLIOGRAPHY or start >= self._references:
            return Role.CITED
        if _is_entry(text[max(0, start - _ENTRY) : start], text[stop : stop + _ENTRY]):
            return Role.CITED
        before = _last_sentence(text[max(0, start - _BEFORE) : start])
        after = text[stop : stop + _AFTER]
        end = _SENTENCE_END.search(after)
        after = after[: end.start() + 1] if end else after
        tail = _TAIL.match(after)
        return self._of_sentence(before, after[tail.end() :] if tail else after)

    def _of_sentence(self, before: str, after: str) -> Role:
        onto = self._cues.onto.find(after[:24])
        if onto and onto[0].start <= 1:
            return onto[0].cue.role
        clause = _CLAUSE_END.search(after)
        after = after[: clause.start()] if clause else after
        if _DENIED_NAME.search(before) or _LEFT_OUT.search(after) or _PLANNED.search(before):
            return Role.MENTIONED
        is_patent = self._section in (Section.CLAIMS, Section.DESCRIPTION)
        role = self._by_cue_before(before)
        if role is not None and not (
            is_patent and role is Role.USED and _HYPOTHETICAL.search(before)
        ):
            return role
        if is_patent:
            return Role.MENTIONED
        role = self._by_predicate(after)
        if role is None:
            is_own = _is_own_work(before, after) and self._section is Section.ABSTRACT
            role = Role.USED if is_own else Role.MENTIONED
        return role

    def _by_cue_before(self, before: str) -> Role | None:
        """The role by the last cue that reaches the name; None where there is none."""
        for found in reversed(self._cues.ahead.find(before)):
            between = before[found.stop :]
            if len(between) > _FAR and between.count(",") * _LIST_ITEM < len(between):
                return None
            if found.cue.place is Place.BESIDE and not (
                _BESIDE.match(between) or _IN_LIST.match(between)
            ):
                continue
            if found.cue.place is Place.BESIDE and _is_no_tool(before[: found.start], found.cue):
                continue
            return Role.MENTIONED if _DENIED.search(before[: found.start]) else found.cue.role
        return None

    def _by_predicate(self, after: str) -> Role | None:
        for found in self._cues.behind.find(after):
            ahead = after[: found.start]
            role = _of_done(found, ahead) if found.cue.place is Place.DONE else found.cue.role
            if role is not None:
                return Role.MENTIONED if _DENIED.search(ahead) else role
        return None


def _is_own_work(before: str, after: str) -> bool:
    """Whether a sentence without a cue tells of the work itself."""
    if _DENIED.search(before):
        return False
    return bool(
        _OWN.search(before)
        or _OWN.search(after)
        or _PAST.search(before)
        or _PAST.search(after)
        or _PAST_VERB.match(after)
        or _COPULA_BEFORE.search(before)
    )


def _is_no_tool(ahead: str, cue: Cue) -> bool:
    """Whether a preposition joins no tool: behind some verbs, or "from" at a title's beginning."""
    return bool(_NO_TOOL.search(ahead)) or (cue.text == "from" and not ahead.strip())


def _of_done(found: FoundCue, ahead: str) -> Role | None:
    """The role by a participle; None where it is no predicate."""
    to_be = _TO_BE.search(ahead)
    if to_be is None:
        return None
    if to_be["modal"] or to_be["general"] or to_be["no"]:
        return Role.MENTIONED
    return found.cue.role


def _is_entry(before: str, after: str) -> bool:
    """Whether a name stands in an entry of a list of references."""
    if _QUOTED_TITLE.search(before) and (
        re.search(r"\bet\s+al\b", before) or (_AUTHORS.search(before) and _SOURCE.search(after))
    ):
        return True
    has_source = _SOURCE.search(after[:150]) or "技术报告" in after[:20]
    return bool(has_source and (_AUTHORS.search(before[-150:]) or _NUMBERED.search(before)))


def _last_sentence(before: str) -> str:
    end = 0
    for match in _SENTENCE_END.finditer(before):
        end = match.end()
    return before[end:]
