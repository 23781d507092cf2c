"""Organisations and the country of their headquarters, and which of them a company field names.

A headquarters is weak evidence of where somebody is: multinationals employ people in a hundred
countries, and a student's university abroad is a home for some years only. A match is therefore
one observation whose weight is learned from actors of explicit location, never an answer. Former
employers do not count, and a text that names organisations of two countries gives none.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import pycountry

from assets.attribution import company_text
from assets.attribution.company_text import Token
from assets.attribution.elsewhere import countries_named
from assets.attribution.public_suffixes import registrable
from assets.reference.csv_table import ReferenceDataError, Row, Table, read_table

ORGANISATIONS_PATH = Path(__file__).with_name("organisations.csv")
COLUMNS = (
    "organisation",
    "country_iso2",
    "aliases",
    "word_aliases",
    "github_orgs",
    "domains",
    "kind",
    "source",
)
OrganisationKind = Literal["company", "university", "institute", "government", "foundation"]
Rule = Literal["org_login", "name", "name_in_phrase"]
_KINDS = frozenset(get_args(OrganisationKind))
_SOURCES = frozenset({"opendigger", "own"})
_LOGIN = re.compile(r"[a-z0-9](?:-?[a-z0-9])*", re.IGNORECASE)
_RANK: dict[Rule, int] = {"org_login": 0, "name": 1, "name_in_phrase": 2}

# Around a name that fills its segment, and (the first set) enough to tell a firm from a word.
_LEGAL_FORMS = frozenset(
    {"inc", "incorporated", "ltd", "limited", "llc", "gmbh", "corp", "corporation", "plc", "pvt"}
)
_FILLERS = _LEGAL_FORMS | frozenset(
    {"ab", "ag", "as", "at", "bv", "co", "company", "group", "kk", "nv", "oy", "pte", "sa", "sas"}
    | {"se", "spa", "srl", "the"}
)
_AT = frozenset({"at", "chez", "bei"})
# A vendor's community is not its staff: "Google Developer Expert", "Microsoft MVP".
_PROGRAMMES = frozenset(
    {"ambassador", "campus", "certified", "champion", "community", "developer", "developers"}
    | {"expert", "fan", "hero", "mvp", "partner", "student", "students", "summer", "user"}
)


@dataclass(frozen=True, slots=True)
class Organisation:
    """One row of the table.

    Attributes:
        name: display name.
        country_iso2: ISO 3166-1 alpha-2 code of the headquarters.
        aliases: spellings that name it anywhere in a text; the display name is one of them
            unless it is among `word_aliases`.
        word_aliases: spellings that are words as well ("Target"): they need a context.
        github_orgs: logins.
        domains: registrable e-mail domains.
        kind: what it is.
        source: `opendigger` (name, logins and country of X-lab2017/open-digger) or `own`.
    """

    name: str
    country_iso2: str
    aliases: tuple[str, ...]
    word_aliases: tuple[str, ...]
    github_orgs: tuple[str, ...]
    domains: tuple[str, ...]
    kind: str
    source: str


class OrganisationMatch(NamedTuple):
    """What a company field says.

    Attributes:
        organisation: display name.
        country_iso2: country of its headquarters.
        token: the folded words, or the handle, that decided.
        rule: `org_login` (a mention of a known login), `name` (the name stands alone) or
            `name_in_phrase`.
    """

    organisation: str
    country_iso2: str
    token: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class _Alias:
    words: tuple[str, ...]
    organisation: Organisation
    is_word: bool


@dataclass(slots=True)
class _Names:
    """The names of all organisations, by what a text may be looked up with."""

    by_first_word: dict[str, list[_Alias]] = field(default_factory=dict)
    by_words: dict[tuple[str, ...], _Alias] = field(default_factory=dict)
    unspaced: dict[str, _Alias] = field(default_factory=dict)


class Organisations:
    """The table, compiled for look-ups of company fields and of domains.

    Raises:
        ReferenceDataError: a name, login or domain stands for two organisations, or a spelling
            has no letters; `line` is the position in `organisations`, from 2 like in a file.
    """

    def __init__(self, organisations: Sequence[Organisation]) -> None:
        self.organisations = tuple(organisations)
        table = Table(ORGANISATIONS_PATH.name)
        lines = list(enumerate(self.organisations, start=2))
        self._names = _compile_names(lines, table)
        self._logins = _unique(lines, "github_orgs", table)
        self._domains = _unique(lines, "domains", table)
        if table.faults:
            raise ReferenceDataError(table.faults)
        self._unspaced_keys = sorted(self._names.unspaced, key=lambda name: (-len(name), name))
        self._unspaced_number = {name: i for i, name in enumerate(self._unspaced_keys)}
        self._unspaced = re.compile(
            "|".join(r"\s?".join(map(re.escape, name)) for name in self._unspaced_keys) or r"(?!)"
        )

    @classmethod
    def load(cls, path: Path = ORGANISATIONS_PATH) -> "Organisations":
        """Reads and checks the table.

        Raises:
            ReferenceDataError: the file is missing, malformed, or has an unknown country, kind or
                source, an empty name, a malformed login or domain, or one spelling, login or
                domain for two organisations; names file, line and field of all of them.
        """
        table = read_table(path, COLUMNS)
        organisations = [_organisation(row, table) for row in table.rows]
        if table.faults:
            raise ReferenceDataError(table.faults)
        return cls(organisations)

    def of_domain(self, domain: str) -> Organisation | None:
        """The organisation whose e-mail domain this registrable domain is."""
        return self._domains.get(domain)

    def of_company(self, text: str | None) -> OrganisationMatch | None:
        """The organisation that a profile's company field names.

        Args:
            text: free text; its first 200 letters are read.

        Returns:
            None for no organisation, for former ones only, for organisations of two countries,
            and where the text names a place in another country ("Huawei Germany").
        """
        if not text:
            return None
        normal = company_text.normalised(text)
        if not normal.isascii() and company_text.UNSPACED.search(normal):
            normal = self._unspaced.sub(self._numbered, normal)
        tokens = company_text.tokens(normal)
        matches = list(self._matches(tokens))
        if not matches:
            return None
        countries = {match.country_iso2 for match, _, _ in matches}
        if len(countries) > 1:
            return None
        taken = {i for _, start, end in matches for i in range(start, end)}
        others = [token.text for i, token in enumerate(tokens) if i not in taken]
        if countries_named(others) - countries:
            return None
        return min((match for match, _, _ in matches), key=lambda match: _RANK[match.rule])

    def _numbered(self, found: re.Match[str]) -> str:
        name = re.sub(r"\s", "", found[0])
        return company_text.placeholder(self._unspaced_number[name])

    def _matches(self, tokens: list[Token]) -> Iterator[tuple[OrganisationMatch, int, int]]:
        """The present organisations of a text with the span of their tokens."""
        i = 0
        while i < len(tokens):
            match, end = self._match_at(tokens, i)
            if match is not None and not tokens[i].is_former:
                yield match, i, end
            i = end

    def _match_at(self, tokens: list[Token], i: int) -> tuple[OrganisationMatch | None, int]:
        token = tokens[i]
        if token.kind == "handle":
            return self._match_handle(token.text), i + 1
        if token.kind == "found":
            alias = self._names.unspaced[self._unspaced_keys[int(token.text)]]
            return _match_name(alias, tokens, i, i + 1), i + 1
        for alias in self._names.by_first_word.get(token.text, ()):
            end = i + len(alias.words)
            if end <= len(tokens) and all(
                tokens[i + k].text == word and tokens[i + k].kind == "word"
                for k, word in enumerate(alias.words)
            ):
                return _match_name(alias, tokens, i, end), end
        return None, i + 1

    def _match_handle(self, login: str) -> OrganisationMatch | None:
        organisation = self._logins.get(login)
        if organisation is not None:
            return OrganisationMatch(
                organisation.name, organisation.country_iso2, f"@{login}", "org_login"
            )
        alias = self._names.by_words.get(tuple(login.split("-")))
        if alias is None:
            return None
        owner = alias.organisation
        return OrganisationMatch(owner.name, owner.country_iso2, f"@{login}", "name")


def _match_name(
    alias: _Alias, tokens: list[Token], start: int, end: int
) -> OrganisationMatch | None:
    organisation = alias.organisation
    following = tokens[end] if end < len(tokens) else None
    if organisation.kind == "company" and following and following.text in _PROGRAMMES:
        return None
    is_alone = _is_alone(tokens, start, end)
    if alias.is_word and not is_alone and not _has_context(tokens, start, following):
        return None
    rule: Rule = "name" if is_alone else "name_in_phrase"
    return OrganisationMatch(
        organisation.name, organisation.country_iso2, " ".join(alias.words), rule
    )


def _is_alone(tokens: list[Token], start: int, end: int) -> bool:
    """Whether the name fills its segment, but for a legal form, an article and an @."""
    segments = {tokens[start].segment, tokens[end - 1].segment}
    return not any(
        token.segment in segments and token.kind != "at" and token.text not in _FILLERS
        for i, token in enumerate(tokens)
        if not start <= i < end
    )


def _has_context(tokens: list[Token], start: int, following: Token | None) -> bool:
    """Whether "at", an @ or a legal form says that a word is an organisation's name."""
    if following is not None and following.text in _LEGAL_FORMS:
        return True
    before = tokens[start - 1] if start else None
    return before is not None and (before.kind == "at" or before.text in _AT)


def _compile_names(lines: Iterable[tuple[int, Organisation]], table: Table) -> _Names:
    names = _Names()
    for line, organisation in lines:
        for column, is_word in (("aliases", False), ("word_aliases", True)):
            for spelling in getattr(organisation, column):
                _add_name(names, spelling, organisation, is_word, line, column, table)
    for aliases in names.by_first_word.values():
        aliases.sort(key=lambda alias: -len(alias.words))
    return names


def _add_name(
    names: _Names,
    spelling: str,
    organisation: Organisation,
    is_word: bool,
    line: int,
    column: str,
    table: Table,
) -> None:
    normal = company_text.normalised(spelling)
    is_unspaced = bool(company_text.UNSPACED.search(normal))
    words = tuple([re.sub(r"\s", "", normal)] if is_unspaced else company_text.words_of(spelling))
    if not words:
        table.add_fault(line, column, f"{spelling!r} has no letters or speaks of time; remove it")
        return
    alias = _Alias(words, organisation, is_word)
    known = names.by_words.setdefault(words, alias)
    if known.organisation is not organisation:
        table.add_fault(
            line,
            column,
            f"{spelling!r} also names {known.organisation.name!r}; keep it with one of them",
        )
    elif known is alias:
        if is_unspaced:
            names.unspaced[words[0]] = alias
        else:
            names.by_first_word.setdefault(words[0], []).append(alias)


def _unique(
    lines: Iterable[tuple[int, Organisation]], column: str, table: Table
) -> dict[str, Organisation]:
    owners: dict[str, Organisation] = {}
    for line, organisation in lines:
        for value in getattr(organisation, column):
            owner = owners.setdefault(value.lower(), organisation)
            if owner is not organisation:
                message = f"{value!r} also belongs to {owner.name!r}; keep it with one of them"
                table.add_fault(line, column, message)
    return owners


def _organisation(row: Row, table: Table) -> Organisation:
    """Reads one row, noting what is wrong with it."""
    cells = row.cells
    name, iso2 = cells["organisation"].strip(), cells["country_iso2"]
    if not name:
        table.add_fault(row.line, "organisation", "is empty; give the display name")
    if pycountry.countries.get(alpha_2=iso2) is None or iso2 != iso2.upper():
        table.add_fault(row.line, "country_iso2", f"{iso2!r} is no ISO 3166-1 alpha-2 code")
    for column, allowed in (("kind", _KINDS), ("source", _SOURCES)):
        if cells[column] not in allowed:
            message = f"{cells[column]!r} is none of {', '.join(sorted(allowed))}"
            table.add_fault(row.line, column, message)
    lists = {
        column: tuple(_items(row, column, table))
        for column in ("aliases", "word_aliases", "github_orgs", "domains")
    }
    for login in lists["github_orgs"]:
        if not _LOGIN.fullmatch(login):
            table.add_fault(row.line, "github_orgs", f"{login!r} is no GitHub login")
    for domain in lists["domains"]:
        if domain != domain.lower() or registrable(domain) != domain:
            message = f"{domain!r} is no registrable domain in lower case"
            table.add_fault(row.line, "domains", message)
    own_name = () if name in lists["word_aliases"] or not name else (name,)
    return Organisation(
        name=name,
        country_iso2=iso2,
        aliases=(*own_name, *lists["aliases"]),
        word_aliases=lists["word_aliases"],
        github_orgs=lists["github_orgs"],
        domains=lists["domains"],
        kind=cells["kind"],
        source=cells["source"],
    )


def _items(row: Row, column: str, table: Table) -> Iterator[str]:
    """The parts of a cell between bars; none for an empty cell."""
    if not row.cells[column]:
        return
    for item in row.cells[column].split("|"):
        if item.strip():
            yield item.strip()
        else:
            table.add_fault(row.line, column, "has an empty part between bars; remove the bar")
