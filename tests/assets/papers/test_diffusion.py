"""Counts and shares of works naming open models, by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from assets.diffusion.mention import Mention, Role, Section
from assets.papers.diffusion import diffusion_papers
from assets.papers.mentions import paper_mentions
from assets.papers.tables import PAPER_ASKINGS, PAPER_FIELD_COUNTS, PAPER_MENTIONS, PAPERS

MONTH, EMPTY, UNASKED = date(2024, 10, 1), date(2024, 9, 1), date(2024, 8, 1)
ASKED = datetime(2024, 12, 1, tzinfo=UTC)
US_FIRM, US_SCHOOL = ("US", "company"), ("US", "education")
CN_SCHOOL, DE_FIRM = ("CN", "education"), ("DE", "company")
FAMILIES = pa.table(
    {
        "family": ["qwen", "llama", "gpt", "doubao"],
        "country_iso2": ["CN", "US", "US", "CN"],
        "is_open": [True, True, False, False],
    }
)
#: Affiliations, and (family, role) of the mentions, of each work.
WORKS: list[tuple[list[tuple[str, str]], list[tuple[str, str]]]] = [
    ([US_FIRM], [("qwen", "used"), ("llama", "compared")]),
    ([US_FIRM, US_SCHOOL], [("llama", "used"), ("llama", "cited")]),
    ([US_FIRM, CN_SCHOOL], [("qwen", "mentioned"), ("llama", "used")]),
    # A university beside a German company is no U.S. company.
    ([US_SCHOOL, DE_FIRM], [("qwen", "compared")]),
    ([CN_SCHOOL], [("qwen", "used"), ("qwen", "compared")]),
    ([CN_SCHOOL], [("qwen", "used")]),
    ([CN_SCHOOL], [("llama", "mentioned")]),
    ([CN_SCHOOL], [("qwen", "cited"), ("llama", "used")]),
    ([], [("llama", "used")]),
    ([("ZZ", "company")], [("qwen", "used")]),
    # None of these names an open model.
    ([US_FIRM], [("gpt", "used"), ("doubao", "used")]),
    ([US_FIRM], [("qwen", "cited")]),
    ([US_FIRM], []),
]


def paper(number: int, affiliations: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "month_date": MONTH,
        "work_id": f"W{number}",
        "doi": None,
        "title": "A title",
        "abstract": None,
        "is_text_cut": False,
        "publication_date": MONTH,
        "work_type": "article",
        "language": "en",
        "institution_countries": [country for country, _ in affiliations],
        "institution_types": [kind for _, kind in affiliations],
        "is_authorship_cut": False,
        "source_updated_at": None,
        "first_asked_at": ASKED,
        "asked_at": ASKED,
    }


def asking(month: date, asked_at: datetime, *, final: bool = False) -> dict[str, Any]:
    numbers = [name for name in PAPER_ASKINGS.column_names if name.endswith("_count")]
    return {
        **dict.fromkeys(numbers, 0),
        "month_date": month,
        "asked_at": asked_at,
        "query_digest": "x",
        "is_final": final,
    }


@pytest.fixture(scope="module")
def rows() -> dict[tuple[date, str, str | None], dict[str, Any]]:
    papers = [paper(number, affiliations) for number, (affiliations, _) in enumerate(WORKS)]
    mentions = [
        {
            "month_date": MONTH,
            "work_id": f"W{number}",
            "family": family,
            "alias": family,
            "section": "abstract",
            "start_offset": place,
            "stop_offset": place + 1,
            "rule": "alias",
            "role": role,
        }
        for number, (_, found) in enumerate(WORKS)
        for place, (family, role) in enumerate(found)
    ]
    counts = [
        {
            "month_date": MONTH,
            "user_kind": kind,
            "country_iso2": country,
            "work_count": count,
            "asked_at": ASKED,
        }
        for kind, country, count in (
            ("all", None, 900),
            ("us_all", "US", 300),
            ("country", "CN", 80),
        )
    ]
    askings = [
        asking(MONTH, ASKED),
        asking(MONTH, ASKED.replace(year=2025), final=True),
        asking(EMPTY, ASKED),
    ]
    made = diffusion_papers(
        {
            "papers": PAPERS.arrow(papers),
            "mentions": PAPER_MENTIONS.arrow(mentions),
            "families": FAMILIES,
            "counts": PAPER_FIELD_COUNTS.arrow(counts),
            "askings": PAPER_ASKINGS.arrow(askings),
        },
        [UNASKED, EMPTY, MONTH],
    )
    keyed = {
        (row["month_date"], row["user_kind"], row["country_iso2"]): row for row in made.to_pylist()
    }
    assert len(keyed) == made.num_rows
    return keyed


@pytest.mark.parametrize(
    ("kind", "country", "open_count", "cn_count", "used_open", "used_cn"),
    [
        # Ten works name an open model; of Chinese origin: works 0, 2, 3, 4, 5 and 9.
        ("all", None, 10, 6, 8, 4),
        # Works 0 to 3; used: 0, 1, 2; of Chinese origin used: 0.
        ("us_all", "US", 4, 3, 3, 1),
        ("us_company", "US", 3, 2, 3, 1),
        ("us_education", "US", 2, 1, 1, 0),
        # Works 2 and 4 to 7.
        ("country", "CN", 5, 3, 4, 2),
    ],
)
def test_each_kind_has_the_works_of_its_affiliations(
    rows: dict[tuple[date, str, str | None], dict[str, Any]],
    kind: str,
    country: str | None,
    open_count: int,
    cn_count: int,
    used_open: int,
    used_cn: int,
) -> None:
    row = rows[MONTH, kind, country]
    assert (row["open_work_count"], row["cn_work_count"]) == (open_count, cn_count)
    assert (row["used_open_work_count"], row["used_cn_work_count"]) == (used_open, used_cn)
    assert row["cn_share"] == pytest.approx(cn_count / open_count)
    assert row["used_cn_share"] == pytest.approx(used_cn / used_open)


def test_the_interval_is_wilsons(
    rows: dict[tuple[date, str, str | None], dict[str, Any]],
) -> None:
    """6 of 10: centre (0.6 + 1.92073/10) / 1.384146, half 1.959964/1.384146 × √(0.024 + 0.0096)."""
    row = rows[MONTH, "all", None]
    assert row["cn_share_ci_low"] == pytest.approx(0.3127, abs=1e-4)
    assert row["cn_share_ci_high"] == pytest.approx(0.8318, abs=1e-4)


def test_countries_of_fewer_than_five_works_have_no_row_of_their_own(
    rows: dict[tuple[date, str, str | None], dict[str, Any]],
) -> None:
    assert {country for _, kind, country in rows if kind == "country"} == {"CN"}


def test_a_month_asked_for_has_its_four_kinds_though_it_holds_nothing(
    rows: dict[tuple[date, str, str | None], dict[str, Any]],
) -> None:
    empty = {kind: row for (month, kind, _), row in rows.items() if month == EMPTY}
    assert set(empty) == {"us_company", "us_education", "us_all", "all"}
    for row in empty.values():
        assert (row["open_work_count"], row["cn_share"], row["cn_share_ci_high"]) == (0, None, None)
    assert not any(month == UNASKED for month, _, _ in rows)


def test_denominators_and_completeness_stand_beside(
    rows: dict[tuple[date, str, str | None], dict[str, Any]],
) -> None:
    row = rows[MONTH, "all", None]
    assert (row["field_work_count"], rows[MONTH, "country", "CN"]["field_work_count"]) == (900, 80)
    assert rows[MONTH, "us_company", "US"]["field_work_count"] is None
    assert (row["asking_count"], row["is_final"]) == (2, True)
    assert row["asked_at"] == ASKED.replace(year=2025)
    assert row["unaffiliated_work_count"] == 1
    assert not rows[EMPTY, "all", None]["is_final"]


class Finder:
    """Finds one family wherever its name stands."""

    def find(self, text: str, section: Section) -> list[Mention]:
        start = text.find("Qwen")
        if start < 0:
            return []
        return [Mention("qwen", "Qwen", start, start + 4, section, "alias", Role.USED)]


def test_mentions_are_found_in_titles_and_abstracts_and_nulls_hold_none() -> None:
    papers = [
        {**paper(1, []), "title": "On Qwen", "abstract": "We use Qwen."},
        {**paper(2, []), "title": None, "abstract": None},
        {**paper(3, []), "title": "Nothing"},
    ]
    found = paper_mentions(PAPERS.arrow(papers), Finder()).to_pylist()
    assert [(row["work_id"], row["section"], row["start_offset"]) for row in found] == [
        ("W1", "title", 3),
        ("W1", "abstract", 7),
    ]
    assert {(row["family"], row["role"], row["stop_offset"]) for row in found} == {
        ("qwen", "used", 7),
        ("qwen", "used", 11),
    }
