"""An asking goes on where it ended, asks for nothing twice, and keeps each work once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from assets.papers.asking import (
    MOST_PAGES,
    FieldCount,
    TooManyWorksError,
    ask_month,
    field_counts,
)
from assets.papers.queries import MonthPlan
from assets.papers.spool import MonthSpool

MONTH = date(2024, 10, 1)
NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
PLAN = MonthPlan(MONTH, "type:article", ("qwen*", "llama*"))


class LineCutError(Exception):
    """The connection is gone."""


@dataclass(frozen=True)
class FakePage:
    documents: tuple[object, ...]
    total: int
    next_cursor: str | None


@dataclass(frozen=True)
class FakeGroups:
    total: int
    by_key: Mapping[str, int]


def document(number: int, **changes: object) -> dict[str, object]:
    return {
        "id": f"https://openalex.org/W{number}",
        "title": f"Work {number}",
        "abstract_inverted_index": {"Qwen": [0]},
        "publication_date": "2024-10-05",
        "authorships": [{"institutions": [{"country_code": "US", "type": "company"}]}],
        **changes,
    }


@dataclass
class FakeSource:
    """Answers by query and cursor; ends after some calls where told."""

    pages: Mapping[str, Sequence[FakePage]]
    calls: list[str] = field(default_factory=list)
    most_calls: int = 10**6

    def works(self, *, filters: str, search: str, cursor: str) -> FakePage:
        self._count(f"{search} {cursor}")
        return self.pages[search][0 if cursor == "*" else int(cursor)]

    def groups(self, *, filters: str, by: str) -> FakeGroups:
        self._count(f"{filters} {by}")
        if by.endswith("type"):
            return FakeGroups(30, {"company": 10, "education": 25, "other": 1})
        return FakeGroups(100, {"US": 30, "CN": 40, "unknown": 7})

    def _count(self, call: str) -> None:
        if len(self.calls) >= self.most_calls:
            raise LineCutError
        self.calls.append(call)


def pages() -> dict[str, list[FakePage]]:
    """Three pages of five works, and one page of two, one of them a work of the other query."""
    return {
        "qwen*": [
            FakePage((document(1), document(2)), 5, "1"),
            FakePage((document(3), document(4)), 5, "2"),
            FakePage((document(5),), 5, None),
        ],
        "llama*": [FakePage((document(5), document(6)), 2, None)],
    }


def test_works_of_several_queries_are_kept_once_and_counted_twice(tmp_path: Path) -> None:
    asked = ask_month(FakeSource(pages()), PLAN, MonthSpool(tmp_path), NOW)
    assert [work.work_id for work in asked.works] == ["W1", "W2", "W3", "W4", "W5", "W6"]
    assert (asked.stated_count, asked.returned_count) == (7, 7)
    assert asked.asked_at == NOW


def test_the_counts_are_of_each_kind_and_country(tmp_path: Path) -> None:
    asked = ask_month(FakeSource(pages()), PLAN, MonthSpool(tmp_path), NOW)
    assert asked.counts == (
        FieldCount("all", None, 100),
        FieldCount("us_all", "US", 30),
        FieldCount("us_company", "US", 10),
        FieldCount("us_education", "US", 25),
        FieldCount("country", "CN", 40),
        FieldCount("country", "US", 30),
    )
    source = FakeSource({})
    field_counts(source, "type:article", MonthSpool(tmp_path / "other"))
    assert source.calls == [
        "type:article authorships.institutions.country_code",
        "type:article,authorships.institutions.country_code:us authorships.institutions.type",
    ]


@pytest.mark.parametrize("cut_after", range(7))
def test_an_asking_cut_anywhere_goes_on_there_and_ends_the_same(
    tmp_path: Path, cut_after: int
) -> None:
    whole = ask_month(FakeSource(pages()), PLAN, MonthSpool(tmp_path / "whole"), NOW)
    first = FakeSource(pages(), most_calls=cut_after)
    if cut_after < 6:
        with pytest.raises(LineCutError):
            ask_month(first, PLAN, MonthSpool(tmp_path / "cut"), NOW)
    else:
        ask_month(first, PLAN, MonthSpool(tmp_path / "cut"), NOW)
    second = FakeSource(pages())
    again = ask_month(second, PLAN, MonthSpool(tmp_path / "cut"), NOW + timedelta(hours=5))
    assert again == whole
    assert len(first.calls) + len(second.calls) == 6
    assert not set(first.calls) & set(second.calls)


@pytest.mark.parametrize(
    ("plan", "later"),
    [
        (MonthPlan(MONTH, "type:article", ("qwen*",)), timedelta(hours=1)),
        (PLAN, timedelta(days=4)),
        (PLAN, -timedelta(hours=1)),
    ],
    ids=["another search", "days later", "a clock set back"],
)
def test_an_asking_of_something_else_or_long_ago_is_begun_anew(
    tmp_path: Path, plan: MonthPlan, later: timedelta
) -> None:
    with pytest.raises(LineCutError):
        ask_month(FakeSource(pages(), most_calls=2), PLAN, MonthSpool(tmp_path), NOW)
    source = FakeSource(pages())
    asked = ask_month(source, plan, MonthSpool(tmp_path), NOW + later)
    assert asked.asked_at == NOW + later
    assert source.calls[0] == "qwen* *"


def test_a_page_that_cannot_be_read_is_set_aside_and_asked_for_again(tmp_path: Path) -> None:
    with pytest.raises(LineCutError):
        ask_month(FakeSource(pages(), most_calls=3), PLAN, MonthSpool(tmp_path), NOW)
    (tmp_path / "page-000-00001.json").write_bytes(b"{torn")
    source = FakeSource(pages())
    assert len(ask_month(source, PLAN, MonthSpool(tmp_path), NOW).works) == 6
    assert source.calls[:2] == ["qwen* 1", "qwen* 2"]
    assert (tmp_path / "page-000-00001.broken").exists()


def test_what_is_set_aside_is_said_once_and_not_where_another_query_gave_it_whole(
    tmp_path: Path,
) -> None:
    bad = document(1, abstract_inverted_index=["x"])
    early = document(3, publication_date="2024-09-01")
    found = {
        "qwen*": [FakePage((bad, document(2)), 2, None)],
        "llama*": [FakePage((bad, early, document(3)), 3, None)],
    }
    asked = ask_month(FakeSource(found), PLAN, MonthSpool(tmp_path), NOW)
    assert [work.work_id for work in asked.works] == ["W2", "W3"]
    assert [each.work_id for each in asked.quarantined] == ["W1"]


def test_a_query_that_finds_more_than_names_explain_ends_and_says_where_to_look(
    tmp_path: Path,
) -> None:
    endless = [
        FakePage((document(number + 1),), 99_999, str(number + 1))
        for number in range(MOST_PAGES + 1)
    ]
    source = FakeSource({"qwen*": endless, "llama*": []})
    with pytest.raises(TooManyWorksError, match="2024-10: query 1 of 2 finds 99999 works") as said:
        ask_month(source, PLAN, MonthSpool(tmp_path), NOW)
    assert "ambiguous_aliases.csv" in str(said.value)
    assert len(source.calls) == MOST_PAGES


def test_a_cleared_spool_is_empty(tmp_path: Path) -> None:
    spool = MonthSpool(tmp_path)
    ask_month(FakeSource(pages()), PLAN, spool, NOW)
    spool.clear()
    assert list(tmp_path.iterdir()) == []
