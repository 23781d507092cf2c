"""What OpenAlex is asked for a month: works whose title or abstract may name an open model.

OpenAlex matches whole words and limits a request's URL to 4,094 bytes, so that the aliases are
cut into several queries. A query finds candidates; the matcher decides.

- A name that stands for nothing else (`Qwen`) is asked for with every ending: `qwen*` finds
  Qwen2.5 and versions to come. Endings want OpenAlex's search without stemming.
- A name that means other things too (`Llama`, `Step`) is asked for beside words of the field.
- A name of several words is asked for as a phrase.
"""

import calendar
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote_plus

from assets.reference.model import ModelFamily

#: OpenAlex's fields of study in which models are studied or used, by number. Left out are the
#: fields of plants, animals, earth and their care, where names of models are names of creatures.
FIELDS = {
    12: "Arts and Humanities",
    13: "Biochemistry, Genetics and Molecular Biology",
    14: "Business, Management and Accounting",
    16: "Chemistry",
    17: "Computer Science",
    18: "Decision Sciences",
    20: "Economics, Econometrics and Finance",
    22: "Engineering",
    25: "Materials Science",
    26: "Mathematics",
    27: "Medicine",
    28: "Neuroscience",
    31: "Physics and Astronomy",
    32: "Psychology",
    33: "Social Sciences",
    36: "Health Professions",
}
#: OpenAlex's types of works that are papers; conference papers are articles there.
WORK_TYPES = ("article", "preprint", "review", "book-chapter", "dissertation", "report")
#: Papers may name a model that they announce some weeks before its weights are there.
BEFORE_RELEASE = timedelta(days=31)
#: Bytes of a query, as a URL has it; the rest of the URL takes under 1,000.
MAX_QUERY_BYTES = 2_900
_SHORTEST_STEM = 4
_OR = " OR "

#: Words beside which a name that means other things too may be a model.
CONTEXT = (
    "language model", "language models", "LLM", "LLMs", "VLMs", "MLLMs", "gpt*", "ChatGPT",
    "chatbot*", "foundation model", "foundation models", "generative AI", "fine-tune",
    "fine-tuned", "fine-tuning", "finetun*", "instruction tuned", "instruction tuning", "LoRA",
    "QLoRA", "open-source model", "open-source models", "open-weight", "text-to-image",
    "text-to-video", "diffusion model", "diffusion models", "vision-language",
    "retrieval-augmented", "zero-shot", "few-shot", "prompt engineering", "大模型", "语言模型",
)  # fmt: skip
_SIZE = re.compile(r"\d+(\.\d+)?(x\d+)?[bm]\b", re.IGNORECASE)
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:\.\d[^\W_]*)*")
_PLAIN = re.compile(r"[A-Za-zÀ-ÿ]+")
_STEM = re.compile(r"[A-Za-zÀ-ÿ]{3,}[0-9]*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_VERSIONED = re.compile(r"([A-Za-z]+)[ -]([0-9]+(?:\.[0-9]+)?)")


@dataclass(frozen=True, slots=True)
class MonthPlan:
    """What is asked for one month.

    Attributes:
        month: first day.
        filters: of every call, as OpenAlex writes them.
        queries: Boolean searches over title and abstract, whose answers are united.
    """

    month: date
    filters: str
    queries: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (first 16 digits) of all that is asked: another one, another universe."""
        content = "\n".join((self.filters, *self.queries))
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def last_day(month: date) -> date:
    """The last day of the month that a day lies in."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def plan_month(families: Sequence[ModelFamily], month: date) -> MonthPlan:
    """What to ask for a month: aliases of the open families that papers could name by then.

    Args:
        families: all that are known; those without open weights are not asked for.
        month: first day of the month.
    """
    end = last_day(month)
    aliases = [
        alias
        for family in families
        if family.is_open and family.released_on <= end + BEFORE_RELEASE
        for alias in family.aliases
    ]
    ambiguous = [each.alias for family in families for each in family.ambiguous]
    return MonthPlan(month, month_filters(month), tuple(search_queries(aliases, ambiguous)))


def month_filters(month: date) -> str:
    """The filters of a month: its days, the fields of study, and papers only."""
    fields = "|".join(str(number) for number in FIELDS)
    return (
        f"from_publication_date:{month},to_publication_date:{last_day(month)},"
        f"primary_topic.field.id:{fields},type:{'|'.join(WORK_TYPES)}"
    )


def search_queries(
    aliases: Sequence[str], ambiguous: Sequence[str], most_bytes: int = MAX_QUERY_BYTES
) -> list[str]:
    """Boolean queries that together find every text with one of the aliases as a word.

    Args:
        aliases: as `model_families.csv` has them.
        ambiguous: aliases that mean other things too, as `ambiguous_aliases.csv` has them.
        most_bytes: of a query as a URL has it.

    Raises:
        ValueError: one alias alone is too long.
    """
    # Of versions, as of Phi-3, search engines take Phi3 to be another word.
    joined = [match.expand(r"\1\2") for each in aliases if (match := _VERSIONED.fullmatch(each))]
    ordered = sorted({*aliases, *joined}, key=lambda alias: (alias.casefold(), alias))
    everyday = _everyday(ordered, ambiguous)
    plain = [each for each in ordered if each not in everyday]
    context = f" AND ({_OR.join(each if '*' in each else _quoted(each) for each in CONTEXT)})"
    queries = [*_packed(_terms(plain, has_endings=True), "", most_bytes)]
    beside = [each for each in ordered if each in everyday]
    return [*queries, *_packed(_terms(beside, has_endings=False), context, most_bytes)]


def _everyday(aliases: Sequence[str], ambiguous: Sequence[str]) -> frozenset[str]:
    """Aliases that alone say too little: ambiguous ones, or such a word with more behind it.

    `Falcon` and `Falcon 2` are; the number of parameters in `Falcon-7B` says that it is a model.
    Han names are rare enough in abstracts.
    """
    words = {words_of(each)[:1] for each in ambiguous if len(words_of(each)) == 1}
    return frozenset(
        alias
        for alias in aliases
        if (alias in ambiguous or words_of(alias)[:1] in words)
        and not _SIZE.search(alias)
        and not _HAN.search(alias)
    )


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in lower case, about as a search engine cuts them: Han ones singly."""
    return tuple(word.casefold() for word in _WORD.findall(text))


def _terms(aliases: Sequence[str], *, has_endings: bool) -> list[str]:
    """Terms of a query; what another term finds anyway is left out."""
    stems = _prefixes(
        alias.casefold()
        for alias in aliases
        if has_endings and _STEM.fullmatch(alias) and len(alias) >= _SHORTEST_STEM
    )
    phrases = {
        words_of(alias): alias
        for alias in reversed(aliases)
        if not any(word.startswith(stems) for word in words_of(alias))
    }
    kept = [
        alias
        for words, alias in phrases.items()
        if not any(part in phrases for part in _parts(words))
    ]
    return [*(f"{stem}*" for stem in stems), *(_quoted(alias) for alias in reversed(kept))]


def _prefixes(words: Iterable[str]) -> tuple[str, ...]:
    """The words that no other one is the beginning of, in order."""
    found: list[str] = []
    for word in sorted(set(words)):
        if not found or not word.startswith(found[-1]):
            found.append(word)
    return tuple(found)


def _parts(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """What stands in `words`, word after word, and is shorter."""
    for length in range(1, len(words)):
        for place in range(len(words) - length + 1):
            yield words[place : place + length]


def _quoted(alias: str) -> str:
    """One plain word as it is; anything else as a phrase, which the search engine cuts itself."""
    return alias if _PLAIN.fullmatch(alias) else '"' + re.sub(r'["\\]', " ", alias) + '"'


def _packed(terms: Sequence[str], tail: str, most_bytes: int) -> list[str]:
    """As few `(a OR b …) tail` as fit the bound, terms in order."""
    frame = _size("()") + _size(tail)
    queries: list[str] = []
    packed: list[str] = []
    size = frame
    for term in terms:
        more = _size(_OR + term)
        if frame + more > most_bytes:
            raise ValueError(f"{term} alone makes a query of more than {most_bytes} bytes")
        if size + more > most_bytes:
            queries.append(_joined(packed, tail))
            packed, size = [], frame
        packed.append(term)
        size += more
    return [*queries, _joined(packed, tail)] if packed else queries


def _joined(terms: Sequence[str], tail: str) -> str:
    return f"({_OR.join(terms)}){tail}"


def _size(text: str) -> int:
    """Bytes of a text in a URL."""
    return len(quote_plus(text))
