"""Records of the reference data: what the platform tracks, and what happened around it."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Layer = Literal["model", "training", "inference", "application"]
AliasKind = Literal["name", "person", "term", "word"]


@dataclass(frozen=True, slots=True)
class TrackedRepository:
    """A GitHub repository whose events are measured.

    Attributes:
        github_id: GitHub's numeric id, the repository's identity; None until the API resolves it.
        repository: Current `owner/name`, in GitHub's own capitals.
        previous_names: Earlier `owner/name`, under which old events and dumps know it.
        family: Slug in `model_families.csv`; None for tools that serve many families.
        layer: Place in the stack.
        developer: Organisation, or the person's account name where there is none.
        developer_country: ISO 3166-1 alpha-2 of the developer's headquarters; None where a
            community or an anonymous person has none.
    """

    github_id: int | None
    repository: str
    previous_names: tuple[str, ...]
    family: str | None
    layer: Layer
    developer: str
    developer_country: str | None


@dataclass(frozen=True, slots=True)
class AmbiguousAlias:
    """An alias that means other things too, and what has to speak for the model.

    Attributes:
        alias: The alias, as its family lists it.
        kind: `name` (a proper name), `person` (a given name or surname too), `term` (an
            abbreviation whose capitals count) or `word` (an ordinary word too).
        points: Points of evidence for the model that are needed, 0 or more.
        decisive: Spellings that only the model has, compared with case.
        makers: Names of who makes it, as texts write them beside the model.
        not_after: What stands before it only where something else is meant.
        not_before: What follows it only where something else is meant.
        against: Beginnings of words that speak against the model where they stand near.
        otherwise: What else it means, for the reader.
    """

    alias: str
    kind: AliasKind
    points: int
    decisive: tuple[str, ...]
    makers: tuple[str, ...]
    not_after: tuple[str, ...]
    not_before: tuple[str, ...]
    against: tuple[str, ...]
    otherwise: str


@dataclass(frozen=True, slots=True)
class ModelFamily:
    """A family of models, from one developer.

    Attributes:
        family: Slug, the key.
        name: Display name. Not searched for: only `aliases` are.
        aliases: Spellings to find in text, at least one; none is shared with another family.
        developer: Organisation that trains the family.
        country_iso2: ISO 3166-1 alpha-2 of the developer's headquarters: the family's origin.
        released_on: First day the public could use a model of the family.
        is_open: Whether weights of at least one of its models can be downloaded.
        ambiguous: Those of its aliases that mean other things too, from `ambiguous_aliases.csv`.
    """

    family: str
    name: str
    aliases: tuple[str, ...]
    developer: str
    country_iso2: str
    released_on: dt.date
    is_open: bool
    ambiguous: tuple[AmbiguousAlias, ...] = ()


@dataclass(frozen=True, slots=True)
class HubAuthor:
    """An account on the Hugging Face Hub: where it is, and which of its models are of a family.

    Attributes:
        author: Account name on the Hub.
        country_iso2: ISO 3166-1 alpha-2 of the organisation's headquarters; None where it has none
            or none is stated.
        family: Slug in `model_families.csv`; None for an organisation that only makes derivatives.
        models: Patterns (`*` for any text) of names of the family's models, without regard to
            capitals; none for all that no earlier row of the author takes.
    """

    author: str
    country_iso2: str | None
    family: str | None
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Economy:
    """A country or territory with an ISO 3166-1 code.

    Attributes:
        iso2: Alpha-2 code.
        iso3: Alpha-3 code.
        name: Common English name.
        population: Persons; 0 where nobody lives permanently.
        population_source: Who counted.
    """

    iso2: str
    iso3: str
    name: str
    population: int
    population_source: str


@dataclass(frozen=True, slots=True)
class PolicyEvent:
    """A policy or a model release that may move the measured shares.

    Attributes:
        date: Day on which it took effect, was signed or was made known: see `date_kind`.
        date_kind: What happened on that day.
        actor: ISO 3166-1 alpha-2 of who acted, or `EU`.
        kind: Instrument.
        stance: Direction.
        name: Short title.
        is_paper_shock: Whether it is one of the four shocks of arXiv:2606.15999.
        certainty: How well the date is known.
        source: Who says so.
    """

    date: dt.date
    date_kind: str
    actor: str
    kind: str
    stance: str
    name: str
    is_paper_shock: bool
    certainty: str
    source: str


@dataclass(frozen=True, slots=True)
class UpstreamBreak:
    """Hours in which an upstream is known to have lost or changed data.

    Attributes:
        from_utc: Start of the first affected hour (aware, UTC).
        to_utc: Start of the last affected hour (aware, UTC), itself affected; None while open.
        source: Upstream.
        affects: Event types or records affected; `all` for everything.
        effect: `loss` (less is captured), `layout` (the same, in another form) or `access` (a way
            in was closed or opened).
        what: What is wrong.
    """

    from_utc: dt.datetime
    to_utc: dt.datetime | None
    source: str
    affects: str
    effect: str
    what: str

    def covers(self, moment: dt.datetime) -> bool:
        """Whether an aware moment lies in an affected hour."""
        if moment < self.from_utc:
            return False
        return self.to_utc is None or moment < self.to_utc + dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CountryGrouping:
    """A country's place in a statistical grouping that a reader may switch to.

    Attributes:
        grouping: Identifier of the grouping.
        country_iso2: ISO 3166-1 alpha-2 of the country.
        group_code: Code that stands for its group: that of one of the group's countries.
        label: How the group is called.
    """

    grouping: str
    country_iso2: str
    group_code: str
    label: str


@dataclass(frozen=True, slots=True)
class Reference:
    """All reference data, checked against itself.

    Attributes:
        tracked_repositories: In file order, as are the others.
        model_families: Every family named by a tracked repository, and more.
        hub_authors: Accounts on the Hugging Face Hub.
        economies: Every economy named by the others.
        policy_events: Not necessarily sorted by date.
        upstream_breaks: They may overlap.
        country_groupings: Only the countries that a grouping puts together.
        digest: SHA-256, in hexadecimal, of the bytes of all files read: a data version.
    """

    tracked_repositories: tuple[TrackedRepository, ...]
    model_families: tuple[ModelFamily, ...]
    hub_authors: tuple[HubAuthor, ...]
    economies: tuple[Economy, ...]
    policy_events: tuple[PolicyEvent, ...]
    upstream_breaks: tuple[UpstreamBreak, ...]
    country_groupings: tuple[CountryGrouping, ...]
    digest: str
