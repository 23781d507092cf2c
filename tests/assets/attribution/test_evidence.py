"""Rows of evidence from profiles, activity and commits, and the newest of a window."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import assets.attribution
from assets.attribution.domains import DomainMatch
from assets.attribution.evidence import (
    Readers,
    clock_counts,
    domains_of,
    evidence_rows,
    hours,
    offset_numbers,
    triples,
)
from assets.attribution.gazetteer import Gazetteer, PlaceMatch
from assets.attribution.organisations import Organisations
from assets.attribution.tables import ACTOR_EVIDENCE

DAY = date(2024, 12, 15)
FETCHED = datetime(2024, 12, 3, 4, 5, tzinfo=UTC)
END = datetime(2024, 12, 16, tzinfo=UTC)


class TwoPlaces(Gazetteer):
    """Knows two texts, and counts how often it is asked for each."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []

    def locate(self, text: str | None) -> PlaceMatch | None:
        self.asked.append(text)
        return {
            "Beijing": PlaceMatch("CN", "city", "beijing", 0.97),
            "USA": PlaceMatch("US", "country_alias", "usa", 0.99),
        }.get(text or "")


@pytest.fixture(scope="module")
def organisations() -> Organisations:
    return Organisations.load()


def profiles_of(rows: Sequence[tuple[int, str | None, str | None]]) -> pa.Table:
    """Profiles: actor_id, location, company."""
    return pa.table(
        {
            "actor_id": pa.array([row[0] for row in rows], pa.int64()),
            "location": pa.array([row[1] for row in rows], pa.string()),
            "company": pa.array([row[2] for row in rows], pa.string()),
            "fetched_at": pa.array([FETCHED] * len(rows), pa.timestamp("us", tz="UTC")),
        }
    )


def active(rows: Sequence[tuple[date, int | None, Sequence[int]]]) -> pa.Table:
    """What clocks read of core.actor_days: day, account, UTC hours."""
    return pa.table(
        {
            "activity_date": pa.array([row[0] for row in rows], pa.date32()),
            "actor_id": pa.array([row[1] for row in rows], pa.int64()),
            "hour_mask": pa.array([sum(1 << hour for hour in row[2]) for row in rows], pa.int32()),
        }
    )


def test_each_kind_of_evidence_is_a_row(organisations: Organisations) -> None:
    """Account 1 says all, account 2 nothing that is known, account 3 works and no more."""
    clock = [0] * 23 + [4]
    rows = evidence_rows(
        DAY,
        profiles_of([(1, "Beijing", "@alibaba"), (2, "the moon", None), (3, None, "Google")]),
        {1: clock},
        {1: [19_000, 480, 7]},
        {1: DomainMatch("CN", "academic", "pku.edu.cn")},
        Readers(TwoPlaces(), organisations),
    )
    assert rows.schema == ACTOR_EVIDENCE.arrow_schema
    common = {"as_of_date": DAY, "actor_id": 1}
    none = dict.fromkeys(("country_iso2", "rule", "token", "confidence"))
    assert rows.to_pylist() == [
        common
        | {"kind": "location", "country_iso2": "CN", "rule": "city", "token": "beijing"}
        | {"confidence": 0.97, "numbers": [], "observed_at": FETCHED},
        common
        | {"kind": "company", "country_iso2": "CN", "rule": "org_login", "token": "@alibaba"}
        | {"confidence": None, "numbers": [], "observed_at": FETCHED},
        common
        | {"kind": "email_domain", "country_iso2": "CN", "rule": "academic"}
        | {"token": "pku.edu.cn", "confidence": None, "numbers": [], "observed_at": END},
        common | {"kind": "utc_offset", **none, "numbers": [19_000, 480, 7], "observed_at": END},
        common | {"kind": "clock", **none, "numbers": clock, "observed_at": END},
        {
            "as_of_date": DAY,
            "actor_id": 3,
            "kind": "company",
            "country_iso2": "US",
            "rule": "name",
            "token": "google",
            "confidence": None,
            "numbers": [],
            "observed_at": FETCHED,
        },
    ]


def test_evidence_of_accounts_that_are_not_asked_for_is_left_out(
    organisations: Organisations,
) -> None:
    rows = evidence_rows(
        DAY, profiles_of([]), {1: [1] * 24}, {1: [1, 2, 3]}, {}, Readers(TwoPlaces(), organisations)
    )
    assert rows.num_rows == 0
    assert rows.schema == ACTOR_EVIDENCE.arrow_schema


def test_a_text_is_read_once_however_many_accounts_write_it(organisations: Organisations) -> None:
    gazetteer = TwoPlaces()
    profiles = profiles_of([(n, "USA", None) for n in range(5)])
    rows = evidence_rows(DAY, profiles, {}, {}, {}, Readers(gazetteer, organisations))
    assert gazetteer.asked == ["USA"]
    assert rows["actor_id"].to_pylist() == [0, 1, 2, 3, 4]


def test_the_text_itself_goes_no_further_than_what_decided(organisations: Organisations) -> None:
    profiles = profiles_of([(1, "the moon, flat 7", "Google, room 12"), (2, "Beijing", None)])
    rows = evidence_rows(DAY, profiles, {}, {}, {}, Readers(TwoPlaces(), organisations))
    assert not any("flat" in str(row) or "room" in str(row) for row in rows.to_pylist())


def test_a_clock_counts_days_and_not_events() -> None:
    """Account 1: 09:00 on two days, once twice over; 10:00 on one. Account 2 is not wanted."""
    counted = clock_counts(
        DAY,
        active(
            [
                (DAY, 1, [9]),
                (DAY, 1, [9, 10]),
                (DAY - timedelta(days=1), 1, [9]),
                (DAY, 2, [3]),
                (DAY, 3, [0, 23]),
                (DAY, None, [5]),
            ]
        ),
        [1, 3, 4],
    )
    assert counted.keys() == {1, 3}
    assert counted[1] == [0] * 9 + [2, 1] + [0] * 13
    assert counted[3] == [1] + [0] * 22 + [1]


def test_a_clock_is_of_ninety_days_with_the_last_of_them() -> None:
    ages = {0: 0, 1: 89, 2: 90, 3: -1}
    rows = [(DAY - timedelta(days=age), 1, [hour]) for hour, age in ages.items()]
    assert clock_counts(DAY, active(rows), [1])[1][:4] == [1, 1, 0, 0]


def test_no_activity_has_no_clocks() -> None:
    assert clock_counts(DAY, active([]), [1]) == {}
    assert clock_counts(DAY, active([(DAY, 1, [1])]), []) == {}


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(1, 3), st.sets(st.integers(0, 23), min_size=1)),
        max_size=20,
    )
)
def test_a_clock_holds_every_distinct_day_and_hour_once(
    rows: list[tuple[int, int, set[int]]],
) -> None:
    table = active([(DAY - timedelta(days=age), actor, list(each)) for age, actor, each in rows])
    counted = clock_counts(DAY, table, [1, 2, 3])
    distinct = {(age, actor, hour) for age, actor, each in rows for hour in each}
    assert {actor: sum(counts) for actor, counts in counted.items()} == {
        actor: len([each for each in distinct if each[1] == actor])
        for actor in {actor for _, actor, _ in rows}
    }


def offset_counts_of(rows: Sequence[tuple[int, date, int, int]]) -> pa.Table:
    return pa.table(
        {
            "author": pa.array([row[0] for row in rows], pa.int64()),
            "period": pa.array([row[1] for row in rows], pa.date32()),
            "offset_min": pa.array([row[2] for row in rows], pa.int32()),
            "commit_count": pa.array([row[3] for row in rows], pa.int64()),
        }
    )


def test_offsets_of_the_last_year_are_kept_as_triples() -> None:
    """2024-12-01 is 20,058 days after 1970-01-01, and 2023-12-16 is 365 days before the 15th."""
    rows = [
        (1, date(2024, 12, 1), 480, 3),
        (1, date(2024, 12, 1), 540, 1),
        (1, date(2023, 12, 16), 480, 2),
        (1, date(2023, 12, 1), 480, 9),
        (1, date(2024, 12, 16), 480, 9),
        (2, date(2024, 12, 1), 60, 5),
    ]
    found = offset_numbers(DAY, offset_counts_of(rows), [1, 3])
    assert found == {1: [20_058, 480, 3, 20_058, 540, 1, 19_707, 480, 2]}
    assert list(triples(found[1])) == [
        (date(2024, 12, 1), 480, 3),
        (date(2024, 12, 1), 540, 1),
        (date(2023, 12, 16), 480, 2),
    ]
    assert list(triples([])) == []


def test_a_clocks_numbers_become_its_hours() -> None:
    found = hours(list(range(24)))
    assert found.tolist() == list(range(24))
    assert found.dtype == np.int64


def commits_of(rows: Sequence[tuple[int | None, str | None]]) -> pa.Table:
    return pa.table(
        {
            "actor_id": pa.array([row[0] for row in rows], pa.int64()),
            "email_domain": pa.array([row[1] for row in rows], pa.string()),
        }
    )


def test_the_telling_domain_that_is_used_most_is_taken(organisations: Organisations) -> None:
    """Account 1 commits most from a mailbox of the whole world, then from Bonn, once from Peking.

    Account 2's domains are as frequent as each other: the alphabet decides, the same on each run.
    """
    commits = commits_of(
        [
            *[(1, "gmail.com")] * 9,
            *[(1, "uni-bonn.de")] * 3,
            (1, "tsinghua.edu.cn"),
            (2, "uni-bonn.de"),
            (2, "tsinghua.edu.cn"),
            (3, "gmail.com"),
            (4, None),
            (None, "uni-bonn.de"),
            (5, "uni-bonn.de"),
        ]
    )
    found = domains_of(commits, [1, 2, 3, 4], organisations)
    assert {actor: match.country_iso2 for actor, match in found.items()} == {1: "DE", 2: "CN"}
    assert found[1].domain == "uni-bonn.de"


def latest(rows: Sequence[tuple[date, int, str, str]], first: date, last: date) -> list[Any]:
    """(day, account, kind, token) of the evidence that the SQL chooses."""
    folder = Path(str(assets.attribution.__file__)).parent
    evidence = ACTOR_EVIDENCE.arrow(
        [
            {
                "as_of_date": day,
                "actor_id": actor,
                "kind": kind,
                "token": token,
                "numbers": [],
                "observed_at": FETCHED,
            }
            for day, actor, kind, token in rows
        ]
    )
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("evidence", evidence)
        found = connection.execute(
            (folder / "sql" / "latest_evidence.sql").read_text(), {"from": first, "to": last}
        ).to_arrow_table()
    assert found.schema.names == list(ACTOR_EVIDENCE.column_names)
    names = ("as_of_date", "actor_id", "kind", "token")
    return [tuple(row[name] for name in names) for row in found.to_pylist()]


def test_of_each_account_the_rows_of_its_last_day_in_the_window_are_taken() -> None:
    """Account 1 had an employer before its last day and has none now; account 3 comes later."""
    early, late = DAY - timedelta(days=30), DAY
    found = latest(
        [
            (early, 1, "location", "old"),
            (early, 1, "company", "old"),
            (late, 1, "location", "new"),
            (late, 1, "clock", "new"),
            (early, 2, "location", "only"),
            (late + timedelta(days=1), 2, "location", "too late"),
            (late + timedelta(days=1), 3, "location", "too late"),
            (early - timedelta(days=1), 4, "location", "too early"),
        ],
        early,
        late,
    )
    assert found == [
        (late, 1, "clock", "new"),
        (late, 1, "location", "new"),
        (early, 2, "location", "only"),
    ]
