"""Loads the reference files, checks all of them against each other, and reports every fault."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from assets.reference.csv_table import Fault, ReferenceDataError, Table, read_table
from assets.reference.fields import HUB_AUTHOR, IDENTIFIER, ISO2, ISO3, SLUG, RowReader
from assets.reference.files import FILES, HUB_AUTHORS, REPOSITORIES
from assets.reference.model import (
    AliasKind,
    AmbiguousAlias,
    CountryGrouping,
    Economy,
    HubAuthor,
    Layer,
    ModelFamily,
    PolicyEvent,
    Reference,
    TrackedRepository,
    UpstreamBreak,
)

__all__ = ["Fault", "ReferenceDataError", "load_reference"]

LAYERS: tuple[Layer, ...] = get_args(Layer)
ALIAS_KINDS: tuple[AliasKind, ...] = get_args(AliasKind)
DATE_KINDS = ("announced", "effective", "letter", "published", "released", "signed")
KINDS = (
    "entity_list",
    "export_control",
    "guidance",
    "legislation",
    "model_release",
    "outbound_investment",
    "procurement",
    "regulation",
    "strategy",
)
STANCES = ("loosen", "mixed", "promote", "release", "tighten")
BREAK_EFFECTS = ("access", "layout", "loss")
CERTAINTIES = ("day to verify", "month only", "secondary", "sourced")

_ADD_ECONOMY = "use an iso2 of economies.csv"
APART = "apart"  # every country is a group of its own: needs no rows
_ADD_FAMILY = "use a family of model_families.csv, or add it there"


def load_reference(
    directory: Path,
    *,
    tracked_repositories: Path | None = None,
    hub_authors: Path | None = None,
) -> Reference:
    """Load and check all reference files.

    Args:
        directory: Folder of `tracked_repositories.csv`, `model_families.csv`, `hub_authors.csv`,
            `economies.csv`, `policy_events.csv`, `upstream_breaks.csv`,
            `country_groupings.csv` and `ambiguous_aliases.csv`.
        tracked_repositories: File to read the tracked repositories from instead, in the same form.
        hub_authors: File to read the Hub's authors from instead, in the same form.

    Returns:
        The reference data, in file order, with a digest of the bytes read.

    Raises:
        ReferenceDataError: Something is wrong; the error lists every fault of every file.
    """
    paths = {file: directory / file for file in FILES}
    if tracked_repositories is not None:
        paths[REPOSITORIES] = tracked_repositories
    if hub_authors is not None:
        paths[HUB_AUTHORS] = hub_authors
    tables = [read_table(paths[file], columns) for file, columns in FILES.items()]
    (
        repository_table,
        family_table,
        author_table,
        economy_table,
        event_table,
        break_table,
        grouping_table,
        ambiguous_table,
    ) = tables

    economies = _read_economies(economy_table)
    countries = _keys(economy_table, [economy.iso2 for economy in economies])
    families = _read_families(family_table, countries)
    slugs = _keys(family_table, [family.family for family in families])
    repositories = _read_repositories(repository_table, slugs, countries)
    authors = _read_hub_authors(author_table, slugs, countries)
    events = _read_events(event_table, countries)
    breaks = _read_breaks(break_table)
    groupings = _read_groupings(grouping_table, countries)
    families = _with_ambiguous(ambiguous_table, families, family_table.is_complete)

    faults = [fault for table in tables for fault in sorted(table.faults)]
    if faults:
        raise ReferenceDataError(faults)
    return Reference(
        tracked_repositories=repositories,
        model_families=families,
        hub_authors=authors,
        economies=economies,
        policy_events=events,
        upstream_breaks=breaks,
        country_groupings=groupings,
        digest=_digest(tables),
    )


def _digest(tables: Sequence[Table]) -> str:
    """SHA-256 over the files in a fixed order; lengths keep bytes from moving between files."""
    digest = hashlib.sha256()
    for table in tables:
        digest.update(len(table.content).to_bytes(8, "big"))
        digest.update(table.content)
    return digest.hexdigest()


def _keys(table: Table, keys: Sequence[str]) -> frozenset[str] | None:
    """The keys that others may refer to; None when some are missing or faulty.

    With a key missing, one fault would become one more for every row that refers to it.
    """
    return frozenset(keys) if table.is_complete and all(keys) else None


def _readers(table: Table) -> Iterator[RowReader]:
    return (RowReader(table, row) for row in table.rows)


class _Taken:
    """Values that may stand once in a file, without regard to capitals, and where each stands."""

    def __init__(self, noun: str, remedy: str) -> None:
        self._noun = noun
        self._remedy = remedy
        self._lines: dict[str, int] = {}

    def claim(self, reader: RowReader, column: str, value: str | int | None) -> None:
        """Take a value for a row, or note that it is taken; nothing is done for empty values."""
        key = str(value or "").casefold()
        if not key:
            return
        first = self._lines.setdefault(key, reader.line)
        if first != reader.line:
            reader.fault(column, f"{self._noun} {value!r} is taken by line {first}: {self._remedy}")

    def claim_once(self, reader: RowReader, column: str, values: Sequence[str]) -> None:
        """Take several values for a row, none of which may stand twice in it."""
        seen: set[str] = set()
        for value in values:
            if value.casefold() in seen:
                reader.fault(column, f"{self._noun} {value!r} stands twice in the row: keep one")
                continue
            seen.add(value.casefold())
            self.claim(reader, column, value)


def _read_economies(table: Table) -> tuple[Economy, ...]:
    taken = {
        column: _Taken(column, "remove or correct one of the rows")
        for column in ("iso2", "iso3", "name")
    }
    economies = []
    for reader in _readers(table):
        economy = Economy(
            iso2=reader.matching("iso2", ISO2, "an alpha-2 code: write two capital letters"),
            iso3=reader.matching("iso3", ISO3, "an alpha-3 code: write three capital letters"),
            name=reader.text("name"),
            population=reader.integer("population", minimum=0),
            population_source=reader.text("population_source"),
        )
        taken["iso2"].claim(reader, "iso2", economy.iso2)
        taken["iso3"].claim(reader, "iso3", economy.iso3)
        taken["name"].claim(reader, "name", economy.name)
        economies.append(economy)
    return tuple(economies)


def _read_families(table: Table, countries: Collection[str] | None) -> tuple[ModelFamily, ...]:
    slugs = _Taken("family", "remove or rename one of them")
    spellings = _Taken("alias", "a spelling can mean one family only, remove it from the other")
    families = []
    for reader in _readers(table):
        reader.text("aliases")
        family = ModelFamily(
            family=reader.matching(
                "family", SLUG, "a slug: write lower-case letters and digits joined by hyphens"
            ),
            name=reader.text("name"),
            aliases=reader.parts("aliases"),
            developer=reader.text("developer"),
            country_iso2=reader.member("country_iso2", countries, _ADD_ECONOMY),
            released_on=reader.date("released_on"),
            is_open=reader.boolean("is_open"),
        )
        slugs.claim(reader, "family", family.family)
        spellings.claim(reader, "name", family.name)
        spellings.claim_once(reader, "aliases", family.aliases)
        families.append(family)
    return tuple(families)


def _with_ambiguous(
    table: Table, families: Sequence[ModelFamily], is_complete: bool
) -> tuple[ModelFamily, ...]:
    """The families with their ambiguous aliases; `is_complete` tells that none is missing."""
    known = {alias for family in families for alias in family.aliases} if is_complete else None
    taken = _Taken("alias", "an alias stands once, remove one of the rows")
    rows: dict[str, AmbiguousAlias] = {}
    for reader in _readers(table):
        row = AmbiguousAlias(
            alias=reader.member("alias", known, "write an alias of model_families.csv, as there"),
            kind=reader.choice("kind", ALIAS_KINDS),
            points=reader.integer("points", minimum=0),
            decisive=reader.parts("decisive"),
            makers=reader.parts("makers"),
            not_after=reader.parts("not_after"),
            not_before=reader.parts("not_before"),
            against=reader.parts("against"),
            otherwise=reader.text("otherwise"),
        )
        taken.claim(reader, "alias", row.alias)
        for spelling in row.decisive:
            if _letters(spelling) != _letters(row.alias):
                reader.fault("decisive", f"{spelling!r} is no spelling of {row.alias!r}: remove it")
        rows[row.alias] = row
    return tuple(
        replace(family, ambiguous=tuple(rows[each] for each in family.aliases if each in rows))
        for family in families
    )


def _letters(alias: str) -> str:
    return "".join(filter(str.isalnum, alias)).casefold()


def _read_repositories(
    table: Table, families: Collection[str] | None, countries: Collection[str] | None
) -> tuple[TrackedRepository, ...]:
    ids = _Taken("id", "a repository stands once, put its other name into previous_names")
    names = _Taken("repository", "a repository stands once, under its current name")
    repositories = []
    for reader in _readers(table):
        repository = TrackedRepository(
            github_id=reader.optional_integer("github_id", minimum=1),
            repository=reader.repository("repository"),
            previous_names=reader.repositories("previous_names"),
            family=reader.optional_member("family", families, _ADD_FAMILY),
            layer=reader.choice("layer", LAYERS),
            developer=reader.text("developer"),
            developer_country=reader.optional_member("developer_country", countries, _ADD_ECONOMY),
        )
        ids.claim(reader, "github_id", repository.github_id)
        names.claim(reader, "repository", repository.repository)
        current = repository.repository.casefold()
        if current and current in {name.casefold() for name in repository.previous_names}:
            reader.fault("previous_names", "holds the current name: remove it")
        names.claim_once(reader, "previous_names", repository.previous_names)
        repositories.append(repository)
    return tuple(repositories)


def _read_hub_authors(
    table: Table, families: Collection[str] | None, countries: Collection[str] | None
) -> tuple[HubAuthor, ...]:
    taken = _Taken("family of an author", "a family stands once for an author, join its patterns")
    countries_of: dict[str, tuple[int, str | None]] = {}
    complete_at: dict[str, int] = {}
    authors = []
    for reader in _readers(table):
        each = HubAuthor(
            author=reader.matching("author", HUB_AUTHOR, "an account name of the Hub"),
            country_iso2=reader.optional_member("country_iso2", countries, _ADD_ECONOMY),
            family=reader.optional_member("family", families, _ADD_FAMILY),
            models=reader.parts("models"),
        )
        key = each.author.casefold()
        if not each.family and (each.models or not each.country_iso2):
            reader.fault("family", "is empty: name one, or leave models empty and state a country")
        line, country = countries_of.setdefault(key, (reader.line, each.country_iso2))
        if country != each.country_iso2:
            reader.fault("country_iso2", f"differs from line {line}: an author has one country")
        if key in complete_at:
            reader.fault("author", f"line {complete_at[key]} takes all its models: move it below")
        if not each.models:
            complete_at[key] = reader.line
        if each.family:
            taken.claim(reader, "family", f"{each.author} {each.family}")
        authors.append(each)
    return tuple(authors)


def _read_events(table: Table, countries: Collection[str] | None) -> tuple[PolicyEvent, ...]:
    actors = None if countries is None else {*countries, "EU"}
    taken = _Taken("event", "an event stands once, remove one of the rows")
    events = []
    for reader in _readers(table):
        event = PolicyEvent(
            date=reader.date("date"),
            date_kind=reader.choice("date_kind", DATE_KINDS),
            actor=reader.member("actor", actors, f"{_ADD_ECONOMY}, or EU"),
            kind=reader.choice("kind", KINDS),
            stance=reader.choice("stance", STANCES),
            name=reader.text("name"),
            is_paper_shock=reader.boolean("paper_shock"),
            certainty=reader.choice("certainty", CERTAINTIES),
            source=reader.text("source"),
        )
        if event.name:
            taken.claim(reader, "name", f"{event.date} {event.name}")
        events.append(event)
    return tuple(events)


def _read_breaks(table: Table) -> tuple[UpstreamBreak, ...]:
    breaks = []
    for reader in _readers(table):
        first, last = reader.hour("from_utc"), reader.optional_hour("to_utc")
        if first is not None and last is not None and first > last:
            reader.fault("to_utc", "lies before from_utc: swap or correct the hours")
        source = reader.matching(
            "source", IDENTIFIER, "an upstream: write lower-case letters, digits and underscores"
        )
        affects, what = reader.text("affects"), reader.text("what")
        effect = reader.choice("effect", BREAK_EFFECTS)
        if first is not None:
            breaks.append(UpstreamBreak(first, last, source, affects, effect, what))
    return tuple(breaks)


def _read_groupings(table: Table, countries: Collection[str] | None) -> tuple[CountryGrouping, ...]:
    taken = _Taken("country of a grouping", "a country stands once in a grouping")
    groupings: list[CountryGrouping] = []
    readers = list(_readers(table))
    for reader in readers:
        each = CountryGrouping(
            grouping=reader.matching(
                "grouping",
                IDENTIFIER,
                "an identifier: write lower-case letters, digits and underscores",
            ),
            country_iso2=reader.member("country_iso2", countries, _ADD_ECONOMY),
            group_code=reader.member("group_code", countries, _ADD_ECONOMY),
            label=reader.text("label"),
        )
        if each.grouping == APART:
            reader.fault("grouping", f"{APART!r} is every country by itself: use another name")
        if each.grouping and each.country_iso2:
            taken.claim(reader, "country_iso2", f"{each.grouping} {each.country_iso2}")
        groupings.append(each)
    heads = {
        (each.grouping, each.group_code): each.label
        for each in groupings
        if each.country_iso2 == each.group_code
    }
    for reader, each in zip(readers, groupings, strict=True):
        label = heads.get((each.grouping, each.group_code))
        if not each.group_code or not table.is_complete:
            continue
        if label is None:
            reader.fault(
                "group_code",
                f"{each.group_code!r} is in another group or in none: take the code of a country "
                "that has a row with this group_code itself",
            )
        elif each.label and each.label != label:
            reader.fault("label", f"{each.label!r} is {label!r} elsewhere: a group has one label")
    return tuple(groupings)
