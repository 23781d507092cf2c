"""Evidence of where accounts are: rows of core.actor_evidence, one an account and kind."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, get_args

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assets.attribution.domains import DomainMatch, DomainRule, domain_country
from assets.attribution.gazetteer import Gazetteer
from assets.attribution.organisations import Organisations
from assets.attribution.tables import ACTOR_EVIDENCE

CLOCK_DAYS = 90
COMMIT_DAYS = 365
DOMAIN_RULES: tuple[str, ...] = get_args(DomainRule)
_EPOCH = date(1970, 1, 1)
_HOURS = 24


@dataclass(frozen=True, slots=True)
class Readers:
    """What reads texts: locations, employers and e-mail domains."""

    gazetteer: Gazetteer
    organisations: Organisations


def evidence_rows(
    day: date,
    profiles: pa.Table,
    clocks: Mapping[int, Sequence[int]],
    offsets: Mapping[int, Sequence[int]],
    domains: Mapping[int, DomainMatch],
    readers: Readers,
) -> pa.Table:
    """core.actor_evidence of one day.

    Args:
        day: UTC.
        profiles: actor_id, location, company and fetched_at of the accounts active on the day,
            without bots.
        clocks: `clock_counts` of them.
        offsets: `offset_numbers` of them.
        domains: `domains_of` them.
        readers: read the texts.
    """
    rows: list[dict[str, Any]] = []
    end = datetime.combine(day + timedelta(days=1), time(), UTC)
    places = {
        text: readers.gazetteer.locate(text) for text in set(profiles["location"].to_pylist())
    }
    employers = {
        text: readers.organisations.of_company(text)
        for text in set(profiles["company"].to_pylist())
    }
    for profile in profiles.to_pylist():
        actor_id = profile["actor_id"]
        common = {"as_of_date": day, "actor_id": actor_id, "numbers": []}
        place, employer = places[profile["location"]], employers[profile["company"]]
        if place:
            rows.append(
                common
                | _statement("location", place.country_iso2, place.rule, place.token)
                | {"confidence": place.confidence, "observed_at": profile["fetched_at"]}
            )
        if employer:
            rows.append(
                common
                | _statement("company", employer.country_iso2, employer.rule, employer.token)
                | {"observed_at": profile["fetched_at"]}
            )
        if domain := domains.get(actor_id):
            rows.append(
                common
                | _statement("email_domain", domain.country_iso2, domain.rule, domain.domain)
                | {"observed_at": end}
            )
        for kind, numbers in (("utc_offset", offsets), ("clock", clocks)):
            if actor_id in numbers:
                rows.append(
                    common | {"kind": kind, "numbers": numbers[actor_id], "observed_at": end}
                )
    return ACTOR_EVIDENCE.arrow(rows)


def _statement(kind: str, country_iso2: str, rule: str, token: str) -> dict[str, Any]:
    return {"kind": kind, "country_iso2": country_iso2, "rule": rule, "token": token}


def clock_counts(day: date, actor_days: pa.Table, actors: Iterable[int]) -> dict[int, list[int]]:
    """Days of the last 90 on which accounts were active in each UTC hour, 24 numbers each.

    Args:
        day: last of the 90.
        actor_days: activity_date, actor_id and hour_mask of core.actor_days.
        actors: accounts wanted.
    """
    with duckdb.connect() as connection:
        connection.register("actor_days", actor_days)
        connection.register("wanted", pa.table({"actor_id": pa.array(actors, pa.int64())}))
        columns = connection.execute(
            "SELECT actor_id, bit_or(hour_mask) AS hour_mask FROM actor_days "
            "SEMI JOIN wanted USING (actor_id) WHERE activity_date BETWEEN ? AND ? "
            "GROUP BY actor_id, activity_date",
            [day - timedelta(days=CLOCK_DAYS - 1), day],
        ).fetchnumpy()
    ids, index = np.unique(np.asarray(columns["actor_id"]), return_inverse=True)
    bits = (np.asarray(columns["hour_mask"])[:, None] >> np.arange(_HOURS)) & 1
    counts = np.zeros((len(ids), _HOURS), dtype=np.int64)
    np.add.at(counts, index, bits)
    return dict(zip(ids.tolist(), counts.tolist(), strict=True))


def offset_numbers(
    day: date, offset_counts: pa.Table, actors: Iterable[int]
) -> dict[int, list[int]]:
    """Commits of accounts by half-month and offset in the year up to a day, flattened triples.

    Args:
        day: last of the year.
        offset_counts: author (actor_id), period, offset_min and commit_count.
        actors: accounts wanted.
    """
    first = day - timedelta(days=COMMIT_DAYS)
    wanted = set(actors)
    found: dict[int, list[int]] = {}
    for row in offset_counts.to_pylist():
        if row["author"] in wanted and first <= row["period"] <= day:
            found.setdefault(row["author"], []).extend(
                ((row["period"] - _EPOCH).days, row["offset_min"], row["commit_count"])
            )
    return found


def domains_of(
    commits: pa.Table, actors: Iterable[int], organisations: Organisations
) -> dict[int, DomainMatch]:
    """The telling e-mail domain that each account commits from most.

    Args:
        commits: actor_id and email_domain of raw.commits.
        actors: accounts wanted.
        organisations: with their domains.
    """
    wanted = set(actors)
    counts: Counter[tuple[int, str]] = Counter(
        (actor_id, domain)
        for actor_id, domain in zip(
            commits["actor_id"].to_pylist(), commits["email_domain"].to_pylist(), strict=True
        )
        if actor_id in wanted and domain
    )
    matches = {domain: domain_country(domain, organisations) for _, domain in counts}
    found: dict[int, DomainMatch] = {}
    for (actor_id, domain), _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        match = matches[domain]
        if match and actor_id not in found:
            found[actor_id] = match
    return found


def triples(numbers: Sequence[int]) -> Iterator[tuple[date, int, int]]:
    """Half-month, minutes east of UTC and commits, out of a utc_offset row's numbers."""
    for at in range(0, len(numbers), 3):
        yield _EPOCH + timedelta(days=numbers[at]), numbers[at + 1], numbers[at + 2]


def hours(numbers: Sequence[int]) -> npt.NDArray[np.int64]:
    """(24,) of a clock row's numbers."""
    return np.array(numbers, dtype=np.int64)
