"""Cohorts: golden numbers by hand, and any patents counted as a plain reading of the rule does."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.patents import tables
from assets.patents.cohorts import COUNTED, FILED, NAMED, cohort_rows

WEEK = date(2024, 10, 15)
FAMILIES = pa.Table.from_pylist(
    [
        {"family": "qwen", "country_iso2": "CN", "is_open": True},
        {"family": "llama", "country_iso2": "US", "is_open": True},
        {"family": "gpt", "country_iso2": "US", "is_open": False},
        {"family": "doubao", "country_iso2": "CN", "is_open": False},
    ]
)
Rows = list[dict[str, Any]]


def patent(number: str, application: str, kind: str = "grant", **others: object) -> dict[str, Any]:
    return {
        "week_start_date": WEEK,
        "publication_number": number,
        "document_kind": kind,
        "application_number": application,
        "publication_date": date(2024, 10, 15) if kind == "grant" else date(2024, 10, 17),
        "filing_date": date(2022, 3, 9),
        "is_us_company": False,
        "is_us_education": False,
        "is_us": False,
        **others,
    }


def mention(
    number: str, family: str, section: str = "description", role: str = "used"
) -> dict[str, Any]:
    return {
        "week_start_date": WEEK,
        "publication_number": number,
        "section": section,
        "family": family,
        "role": role,
    }


def cohorts(patents: Rows, mentions: Rows, files: Rows | None = None) -> Rows:
    def table(of: tables.Table, columns: tuple[str, ...], rows: Rows) -> pa.Table:
        schema = pa.schema([of.arrow_schema.field(name) for name in columns])
        return pa.Table.from_pylist(rows, schema=schema)

    found: Rows = cohort_rows(
        table(tables.PATENTS, COUNTED, patents),
        table(tables.PATENT_MENTIONS, NAMED, mentions),
        table(tables.PATENT_FILES, FILED, files or []),
        FAMILIES,
    ).to_pylist()
    return found


def cell(rows: Rows, basis: str, month: date, kind: str, user: str) -> dict[str, Any]:
    (found,) = [
        row
        for row in rows
        if (row["basis"], row["cohort_month"], row["document_kind"], row["user_kind"])
        == (basis, month, kind, user)
    ]
    return found


def counts(row: dict[str, Any]) -> tuple[int, ...]:
    return tuple(
        row[name]
        for name in (
            "patent_count",
            "open_model_count",
            "chinese_open_model_count",
            "claimed_open_model_count",
            "claimed_chinese_open_model_count",
        )
    )


def test_an_invention_published_and_granted_counts_once_and_in_either_kind() -> None:
    """Published in April 2024 naming nothing, granted in October with a claim naming Qwen."""
    rows = cohorts(
        [
            patent("A1", "17/1", "application", publication_date=date(2024, 4, 4)),
            patent("B2", "17/1", is_us_company=True, is_us=True),
        ],
        [mention("B2", "qwen", "claims"), mention("B2", "qwen")],
    )
    filed, april, october = date(2022, 3, 1), date(2024, 4, 1), date(2024, 10, 1)
    assert counts(cell(rows, "filing", filed, "any", "all")) == (1, 1, 1, 1, 1)
    assert counts(cell(rows, "filing", filed, "grant", "all")) == (1, 1, 1, 1, 1)
    assert counts(cell(rows, "filing", filed, "application", "all")) == (1, 0, 0, 0, 0)
    # By publication it is an invention of April, when it was first seen.
    assert counts(cell(rows, "publication", april, "any", "all")) == (1, 1, 1, 1, 1)
    assert counts(cell(rows, "publication", october, "any", "all")) == (0, 0, 0, 0, 0)
    assert counts(cell(rows, "publication", october, "grant", "all")) == (1, 1, 1, 1, 1)
    # Owned by an American company, says one of its documents.
    assert counts(cell(rows, "filing", filed, "any", "us_company")) == (1, 1, 1, 1, 1)
    assert counts(cell(rows, "filing", filed, "application", "us_company")) == (0, 0, 0, 0, 0)


def test_user_kinds_overlap_as_owners_do() -> None:
    rows = cohorts(
        [
            patent("1", "1", is_us=True),
            patent("2", "2", is_us=True, is_us_company=True),
            patent("3", "3", is_us=True, is_us_company=True, is_us_education=True),
            patent("4", "4"),
        ],
        [],
    )
    found = {
        user: cell(rows, "filing", date(2022, 3, 1), "any", user)["patent_count"]
        for user in ("us_company", "us_education", "us_all", "all")
    }
    assert found == {"us_company": 2, "us_education": 1, "us_all": 3, "all": 4}


@pytest.mark.parametrize(
    ("family", "role", "section", "expected"),
    [
        ("qwen", "used", "description", (1, 1, 0, 0)),
        ("qwen", "compared", "abstract", (1, 1, 0, 0)),
        ("qwen", "mentioned", "claims", (1, 1, 1, 1)),
        ("llama", "used", "claims", (1, 0, 1, 0)),
        ("qwen", "cited", "bibliography", (0, 0, 0, 0)),
        ("qwen", "cited", "description", (0, 0, 0, 0)),
        ("gpt", "used", "claims", (0, 0, 0, 0)),
        ("doubao", "used", "claims", (0, 0, 0, 0)),
    ],
)
def test_a_patent_names_what_it_uses_compares_with_or_mentions(
    family: str, role: str, section: str, expected: tuple[int, ...]
) -> None:
    rows = cohorts([patent("1", "1")], [mention("1", family, section, role)])
    assert counts(cell(rows, "filing", date(2022, 3, 1), "any", "all"))[1:] == expected


def test_months_of_publication_say_how_many_of_their_files_were_whole() -> None:
    """October 2024 has five Tuesdays and five Thursdays; one file of four is not whole."""
    files = [
        {"publication_date": date(2024, 10, day), "product": product, "status": status}
        for day, product, status in (
            (1, "grants", "complete"),
            (8, "grants", "truncated"),
            (3, "applications", "complete"),
            (10, "applications", "complete"),
        )
    ]
    rows = cohorts([patent("1", "1")], [], files)
    found = {
        kind: (row["complete_file_count"], row["expected_file_count"])
        for kind in ("grant", "application", "any")
        for row in [cell(rows, "publication", date(2024, 10, 1), kind, "all")]
    }
    assert found == {"grant": (1, 5), "application": (2, 5), "any": (3, 10)}
    filed = cell(rows, "filing", date(2022, 3, 1), "any", "all")
    assert (filed["complete_file_count"], filed["expected_file_count"]) == (None, None)
    assert {row["newest_publication_date"] for row in rows} == {date(2024, 10, 15)}


def test_without_patents_there_are_no_cohorts() -> None:
    assert cohorts([], []) == []


days = st.dates(date(2022, 1, 1), date(2022, 4, 30))
documents = st.builds(
    lambda number, application, kind, filed, published, flags, named: (
        patent(
            f"{kind}{number}",
            str(application),
            kind,
            filing_date=filed,
            publication_date=published,
            is_us=flags > 0,
            is_us_company=flags > 1,
            is_us_education=flags == 3,
        ),
        named,
    ),
    number=st.integers(0, 10_000),
    application=st.integers(0, 6),
    kind=st.sampled_from(["grant", "application"]),
    filed=days,
    published=days,
    flags=st.integers(0, 3),
    named=st.sets(
        st.tuples(
            st.sampled_from(["qwen", "llama", "gpt"]),
            st.sampled_from(["claims", "description"]),
            st.sampled_from(["used", "cited"]),
        )
    ),
)


@settings(max_examples=40)
@given(given=st.lists(documents, max_size=12, unique_by=lambda each: each[0]["publication_number"]))
def test_any_patents_are_counted_as_the_rule_says(
    given: list[tuple[dict[str, Any], set[Any]]],
) -> None:
    rows = cohorts(
        [each for each, _ in given],
        [mention(each["publication_number"], *m) for each, named in given for m in sorted(named)],
    )
    expected: dict[tuple[str, date, str, str], set[str]] = defaultdict(set)
    naming: dict[tuple[str, date, str, str], set[str]] = defaultdict(set)
    for kind in ("grant", "application", "any"):
        by_application: dict[str, list[tuple[dict[str, Any], set[Any]]]] = defaultdict(list)
        for each, named in given:
            if kind in (each["document_kind"], "any"):
                by_application[each["application_number"]].append((each, named))
        for application, group in by_application.items():
            names_open = any(
                family in ("qwen", "llama") and role != "cited"
                for _, named in group
                for family, _, role in named
            )
            users = {"all"}
            for each, _ in group:
                users |= {
                    user
                    for user, flag in (
                        ("us_all", "is_us"),
                        ("us_company", "is_us_company"),
                        ("us_education", "is_us_education"),
                    )
                    if each[flag]
                }
            for basis in ("filing", "publication"):
                first = min(each[f"{basis}_date"] for each, _ in group).replace(day=1)
                for user in users:
                    expected[basis, first, kind, user].add(application)
                    if names_open:
                        naming[basis, first, kind, user].add(application)
    found = {
        (row["basis"], row["cohort_month"], row["document_kind"], row["user_kind"]): (
            row["patent_count"],
            row["open_model_count"],
        )
        for row in rows
        if row["patent_count"]
    }
    assert found == {key: (len(value), len(naming[key])) for key, value in expected.items()}
