"""What a text does with a model that it names, by the words around the name.

The sentence is read outward from the name: what is written onto the name or follows it at once,
then the nearest cue before it, then its predicate, then cues further away. A cue that is denied
("we did not use") makes a mention only.
"""

import re

from assets.diffusion.mention import Role, Section

_BEFORE, _AFTER = 260, 200  # characters of a sentence that are read on each side
_ENTRY = 220  # characters of a reference entry on each side
_FAR = 110  # characters from the name beyond which a cue before it yields to the predicate behind

_SENTENCE_END = re.compile(
    r"(?<!\bal)(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bcf)(?<!\bFig)(?<!\bNo)(?<!\bapprox)(?<!\b[A-Z])"
    r"[.!?](?:[\"”’)\]]*)\s+(?=[\"“(\[]*[A-Z0-9\u00c0-\u024f\u4e00-\u9fff])|[。！？；]|\n\s*\n"
)

# What stands behind a name and belongs to it: version, size, variant, possessive, brackets.
_TAIL = re.compile(
    r"(?:[-\s_.:]?(?:\d[\w.]*|v\d[\w.]*|[A-Za-z]{1,3}\d[\w.]*|(?i:mini|turbo|pro|ultra|flash|opus"
    r"|sonnet|haiku|large|medium|small|base|chat|instruct|coder|vision|preview|xl|xxl|hf|beta|max"
    r"|plus|nano|tiny|distill|llm|api|it|vl)\b))*"
    r"(?:[’']s)?[®™]?(?:\s?[(（][^()（）]{0,40}[)）])?"
)

_COMPARED_BEFORE = (
    r"outperform\w*|surpass\w*|exceed\w*|beat(?:s|en|ing)?\b"
    r"|(?:\w+(?:er|or)|more|less|better|worse|rather\s+close)?\s*\bthan(?:\s+(?:that|those)\s+of)?\b"
    r"|compar(?:ed|able|able\s+in|ing|ison|isons|e|es)\w*(?:\s+(?:\w+\s+){0,3}?(?:to|with|against))?"
    r"|\bversus\b|\bvs\b\.?|\bagainst\b|relative\s+to|on\s+(?:a\s+)?par\s+with|competitive\s+with"
    r"|rival\w*|\bmatch(?:es|ed|ing)?\b(?:\s+the\s+\w+\s+of)?|baselines?(?:\s+\w+){0,2}|\bunlike\b"
    r"|in\s+contrast\s+(?:to|with)|(?:superior|inferior|close|similar)\s+to"
    r"|(?:improvements?|gains?|advantages?|win\s+rates?)\s+(?:of\s+\S+\s+)?(?:over|against)"
    r"|\bas\s+(?:good|well|accurate|fast|accurately)\s+as"
    r"|相比|相较于|优于|超过|超越|对比|比较|基线"
)
_USED_BEFORE = (
    r"\b(?:re)?us(?:e|es|ed|ing)\b|utili[sz]\w+|employ\w*|leverag\w*|adopt\w*|\bappl(?:y|ied|ies|ying)\b"
    r"|fine-?\s?tun\w*|\b(?:re|pre-?)?train(?:s|ed|ing)?\b|\bprompt(?:s|ed|ing)?\b|evaluat\w*"
    r"|\btest(?:s|ed|ing)?\b|assess\w*|benchmark\w*|\bprob(?:e|es|ed|ing)\b|\bbased\s+(?:up)?on\b"
    r"|\bbuil[dt]\w*\s+(?:up)?(?:on|with|around|from|using)|top\s+of|power(?:ed|ing)\b|initiali[sz]\w+"
    r"|start(?:s|ed|ing)?\s+(?:with|from)|distil\w*|quanti[sz]\w+|prun(?:e|es|ed|ing)\b|compress\w*"
    r"|deploy\w*|\brun(?:s|ning)?\b|\bran\b|\bserv(?:e|es|ed|ing)\b|implement\w*|\bask(?:s|ed|ing)?\b"
    r"|\bquer(?:y|ied|ies|ying)\b|instruct(?:s|ed|ing)\b|adapt\w*|extend\w*|experiment\w*"
    r"|\b(?:fed|feed|sends?|sent|routes?|routed|pass|passed|passes|calls?|called|calling)\b"
    r"|\bcho(?:ose|oses|se|sen|osing)\b|select(?:s|ed|ing)?\b|integrat\w*|incorporat\w*"
    r"|\balign(?:s|ed|ing)?\b|analy[sz](?:e|es|ed|ing)\b|examin\w*|investigat\w*|\bstud(?:y|ied|ies)\b"
    r"|explor\w*|reproduc\w*|modif\w*|\bmerg\w+|\btrac(?:e|es|ed|ing)\b|convert\w*|jailbreak\w*"
    r"|attack\w*|steer\w*|\bedit(?:s|ed|ing)?\b|\bcom(?:e|es|ing)\s+from|\bappl(?:ication|ications)\s+of"
    r"|accelerat\w*|interact\w*|\bwith|\bby|\bvia|\bthrough|\bfrom|\bin\s+(?:the\s+)?(?=\Z)"
    r"|使用|采用|利用|基于|调用|微调|训练|部署|借助|通过|选用|应用|評估|评测|评估|測試|测试"
)
_CUE_BEFORE = re.compile(
    rf"(?P<compared>{_COMPARED_BEFORE})|(?P<used>{_USED_BEFORE})", re.IGNORECASE
)
# Prepositions count next to the name only: an adjective or a noun may lie between, no more.
_PREPOSITION = re.compile(r"(?:with|by|via|through|from)\Z|in\b", re.IGNORECASE)
_BESIDE = re.compile(
    r"\s*(?:(?:the|an?|our|their|its|both|either|one|two|three|open|large|small|language|model|models"
    r"|LLMs?|code|base|pre-?trained|fine-?tuned|quanti[sz]ed|open-source|open-weight|multilingual"
    r"|[A-Z]\w+[’']s|such|as|like|including|of)[\s,:(]*){0,6}[“\"'(]?\Z"
)
_IN_LIST = re.compile(
    r"(?:[^.;:]{0,100}(?:,|\band\b|\bor\b|&|、|和|与)\s*(?:the\s+|and\s+|or\s+)?)\Z"
)

_ONTO = re.compile(
    r"[-\s]?(?:(?P<used>(?:based|powered|generated|driven|assisted|written|annotated|labell?ed"
    r"|initiali[sz]ed|as-a-judge|derived|backed|distilled|enabled)\b)"
    r"|(?P<compared>(?:baselines?|counterparts?)\b))",
    re.IGNORECASE,
)
_DONE = (
    r"(?:fine-?tuned|used|employed|(?:re|pre-?)?trained|prompted|evaluated|tested|asked|given|instructed"
    r"|(?:instruction-)?tuned|adapted|quanti[sz]ed|pruned|deployed|applied|chosen|selected|distilled"
    r"|aligned|compressed|extended|probed|merged|fed|queried|loaded|analy[sz]ed|assessed|examined"
    r"|utili[sz]ed|integrated|benchmarked|run|served|studied|investigated|reused|adopted|modified"
    r"|augmented|initiali[sz]ed|translated|leveraged|explored|called|incorporated|attacked)"
)
_DOES = (
    r"(?:answer(?:s|ed)|writes|wrote|generat(?:es|ed)|reads|describ(?:es|ed)|extract(?:s|ed)"
    r"|complet(?:es|ed)|solv(?:es|ed)|(?:re-?)?rank(?:s|ed)|classif(?:ies|ied)|label(?:s|l?ed)"
    r"|annotat(?:es|ed)|translat(?:es|ed)|summari[sz](?:es|ed)|grad(?:es|ed)|scor(?:es|ed)"
    r"|serv(?:es|ed)\s+as|act(?:s|ed)\s+as|runs|ran|fits|perform(?:s|ed)|achiev(?:es?|ed|ing)"
    r"|obtain(?:s|ed)|attain(?:s|ed)|reach(?:es|ed)|outperform(?:s|ed)?|surpass(?:es|ed)"
    r"|provid(?:es|ed)|produc(?:es|ed)|identif(?:ies|ied)|detect(?:s|ed)|predict(?:s|ed)"
    r"|correct(?:s|ed)|pass(?:es|ed)|fail(?:s|ed)|misses|missed|judges|judged|gave|gives|got|was\s+the"
    r"\s+(?:best|weakest|worst|most|strongest)|scored|showed|shows\s+its|demonstrat(?:es|ed)"
    r"|exhibit(?:s|ed)|converts|decides|chooses|replies|replied|re-?writes|proposes|filters)"
)
_PREDICATE = re.compile(
    r"(?P<general>\b(?:is|are|was|were|has\s+been|have\s+been|being)\s+(?:increasingly|widely|commonly"
    r"|often|frequently|now|largely|rapidly|mostly|originally)\s+\w+|\bused\s+by\b"
    r"|\b(?:may|might|could|can|cannot|should)\s+(?:be|also\s+be)\s+\w+)"
    rf"|(?P<compared>\bas\s+(?:\w+\s+){{0,3}}baselines?\b|\b(?:is|are|was|were)\s+compared\b|相比)"
    rf"|(?P<used>\b(?:is|are|was|were|has\s+been|have\s+been|being|then|both)\s+(?:\w+ly\s+|also\s+"
    rf"|then\s+|first\s+|further\s+|not\s+)?{_DONE}\b(?!\s+by\b)|\bto\s+(?:generate|classify|answer"
    r"|extract|translate|write|rank|label|annotate|produce|summari[sz]e|transcribe|simulate|rewrite)\b"
    r"|作为|进行(?:了)?(?:微调|评测|评估|测试|训练))"
    rf"|(?P<does>\b{_DOES}\b)",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    r"[;:]|,\s+(?:which|who|but|while|whereas|although|and\s+(?:we|the|our|a)\b)"
)
_DENIED = re.compile(
    r"(?:\bnot(?!\s+only)|n[’']t|\bno\b|\bnever|\bwithout|\bneither|\bnor|\brather\s+than|\binstead\s+of"
    r"|\bavoid\w*|\bexclud\w*|\brefrain\w*|\bcannot|未|没有|不)\W*(?:\w+\W+){0,4}\Z",
    re.IGNORECASE,
)
_DENIED_NAME = re.compile(
    r"\b(?:no|without|instead\s+of|rather\s+than|nor|neither)\s+(?:any\s+)?\Z", re.I
)
_HYPOTHETICAL = re.compile(
    r"\b(?:may|might|could|can|such\s+as|for\s+example|e\.g\.|for\s+instance|wherein|compris\w+"
    r"|includ\w+|examples?)\b",
    re.IGNORECASE,
)

_HEADING = re.compile(
    r"^[ \t]*(?:\d+\.?\s*)?(?:references|bibliography|works\s+cited|literature\s+cited|参考文献"
    r"|參考文獻)[ \t]*:?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED_TITLE = re.compile(r"(?:\bal\.|\b[A-Z]\.|\b[A-Z][a-z]+|\)),?\s*[“\"][^”\"]{0,160}\Z")
_AUTHORS = re.compile(
    r"\bet\s+al\b|\b[A-Z][\w’'-]+,?\s(?:[A-Z]\.\s?-?){1,3}|\b(?:[A-Z]\.\s?){1,3}[A-Z]\w+"
)
_SOURCE = re.compile(
    r"\barXiv(?:\s+preprint|:\s?\d)|\bIn\s+Proc|\bProceedings\s+of|\bdoi[:.]|\bTechnical\s+Report,?\s"
    r"|\bvol\.\s?\d|\bpp\.\s?\d"
)


class RoleReader:
    """Reads roles in one text: what is found once for the text is kept."""

    def __init__(self, text: str, section: Section) -> None:
        self._text = text
        self._section = section
        heading = None
        for heading in _HEADING.finditer(text):  # the last one: a contents list has one too
            pass
        self._references = heading.end() if heading else len(text)

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
        after = after[tail.end() :] if tail else after
        return _read(before, after, self._section)


def _is_entry(before: str, after: str) -> bool:
    """Whether a name stands in an entry of a list of references."""
    if _QUOTED_TITLE.search(before) and (_AUTHORS.search(before) or _SOURCE.search(after)):
        return bool(_SOURCE.search(after) or re.search(r"\bet\s+al\b", before))
    return bool(_AUTHORS.search(before[-150:]) and _SOURCE.search(after[:150]))


def _last_sentence(before: str) -> str:
    end = 0
    for match in _SENTENCE_END.finditer(before):
        end = match.end()
    return before[end:]


def _read(before: str, after: str, section: Section) -> Role:
    onto = _ONTO.match(after)
    if onto:
        return Role.USED if onto["used"] else Role.COMPARED
    if _DENIED_NAME.search(before):
        return Role.MENTIONED
    patent = section in (Section.CLAIMS, Section.DESCRIPTION)
    near = _cue_before(before, _FAR)
    if near is not None and not (patent and near is Role.USED and _HYPOTHETICAL.search(before)):
        return near
    clause = _CLAUSE_END.search(after)
    predicate = _PREDICATE.search(after[: clause.start()] if clause else after)
    if predicate and not predicate["general"] and not patent:
        if _DENIED.search(after[: predicate.start()]) or " not " in predicate[0]:
            return Role.MENTIONED
        return Role.COMPARED if predicate["compared"] else Role.USED
    return Role.MENTIONED


def _cue_before(before: str, reach: int) -> Role | None:
    """The role by the last cue that reaches the name; None where there is none."""
    for cue in reversed(list(_CUE_BEFORE.finditer(before))):
        between = before[cue.end() :]
        if len(between) > reach:
            return None
        if (
            _PREPOSITION.search(cue[0])
            and not cue["compared"]
            and not (_BESIDE.match(between) or _IN_LIST.match(between))
        ):
            continue
        if _DENIED.search(before[: cue.start()]) or _DENIED_NAME.search(before):
            return Role.MENTIONED
        return Role.COMPARED if cue["compared"] else Role.USED
    return None
