"""Works as OpenAlex has them: rebuilt, bounded, without names, set aside where they are none."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.papers.abstracts import MalformedIndexError, rebuilt_abstract
from assets.papers.works import (
    MAX_ABSTRACT,
    MalformedWorkError,
    Quarantined,
    read_work,
    read_works,
)

MONTH = date(2024, 10, 1)
words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1)


def document(**changes: object) -> dict[str, Any]:
    """A sound work of October 2024."""
    return {
        "id": "https://openalex.org/W4900000001",
        "doi": "https://doi.org/10.1/x",
        "title": "Fine-tuning Qwen",
        "abstract_inverted_index": {"We": [0, 3], "use": [1], "Qwen.": [2]},
        "publication_date": "2024-10-31",
        "type": "article",
        "language": "en",
        "authorships": [
            {
                "author": {"display_name": "Secret Person", "orcid": "https://orcid.org/0"},
                "raw_author_name": "Secret Person",
                "institutions": [
                    {"display_name": "Secret Firm", "country_code": "US", "type": "company"},
                    {"display_name": "Secret School", "country_code": "us", "type": "education"},
                ],
            },
            {"institutions": [{"country_code": "US", "type": "company"}]},
        ],
        "updated_date": "2024-11-02T10:11:12.123456",
        **changes,
    }


def test_a_work_keeps_what_figures_rest_on_and_no_name() -> None:
    work = read_work(document(), MONTH)
    assert work.work_id == "W4900000001"
    assert work.abstract == "We use Qwen. We"
    assert work.institution_countries == ("US", "US")
    assert work.institution_types == ("company", "education")
    assert work.source_updated_at == datetime(2024, 11, 2, 10, 11, 12, 123456, tzinfo=UTC)
    assert "Secret" not in repr(work)


def test_the_real_works_read_as_their_files_say(real_data: Path) -> None:
    """Read by eye: institutions of both papers, of which the catalogue has no abstract."""
    documents = json.loads((real_data / "papers" / "openalex_works.json").read_text())["results"]
    works, quarantined = read_works(documents)
    assert quarantined == []
    assert [work.work_id for work in works] == ["W3161425918", "W3035764705"]
    assert works[0].title is not None
    assert works[0].title.startswith("In vivo CRISPR base editing of PCSK9")
    assert works[0].publication_date == date(2021, 5, 19)
    pairs = set(zip(works[0].institution_countries, works[0].institution_types, strict=True))
    assert pairs == {("US", "education"), ("US", "company"), ("CA", "company"), ("US", "other")}
    assert all(work.abstract is None for work in works)
    names = {
        authorship["author"]["display_name"]
        for each in documents
        for authorship in each["authorships"]
    }
    assert len(names) == 45
    assert not any(name in repr(works) for name in names)


@given(st.lists(words, min_size=1, max_size=60))
def test_an_inverted_abstract_comes_back_word_for_word(text: list[str]) -> None:
    index: dict[str, list[int]] = {}
    for position, word in enumerate(text):
        index.setdefault(word, []).append(position)
    assert rebuilt_abstract(index) == " ".join(text)
    assert rebuilt_abstract(dict(reversed(index.items()))) == " ".join(text)


@pytest.mark.parametrize("index", [None, {}])
def test_without_an_index_there_is_no_abstract(index: object) -> None:
    assert rebuilt_abstract(index) is None


def test_a_position_far_away_costs_no_memory_and_a_missing_one_no_word() -> None:
    assert rebuilt_abstract({"first": [0], "last": [10**15]}) == "first last"


def test_only_the_first_words_are_kept() -> None:
    assert rebuilt_abstract({"a": [2, 0], "b": [1]}, most_words=2) == "a b"


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (["We", "use"], "a list, no object"),
        ("We use", "a str, no object"),
        ({"We": 0}, "positions of a word are a int"),
        ({"We": ["0"]}, "'0', no whole number"),
        ({"We": [-1]}, "'-1', no whole number"),
        ({"We": [True]}, "'True', no whole number"),
        ({"We": [0.0]}, "'0.0', no whole number"),
        ({"We": [0], "use": [0]}, "two words claim position 0"),
        ({"We": [0, 0]}, "two words claim position 0"),
    ],
)
def test_an_index_that_is_none_says_how(index: object, words: str) -> None:
    with pytest.raises(MalformedIndexError) as failed:
        rebuilt_abstract(index)
    assert words in str(failed.value)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": None}, "id"),
        ({"id": "https://openalex.org/A5"}, "id"),
        ({"id": "https://openalex.org/W1/../../x"}, "id"),
        ({"publication_date": None}, "publication_date"),
        ({"publication_date": "soon"}, "publication_date"),
        ({"publication_date": "2024-11-01"}, "publication_date"),
        ({"publication_date": "2024-09-30"}, "publication_date"),
        ({"authorships": "none"}, "authorships"),
    ],
)
def test_a_document_that_is_no_work_of_the_month_names_the_field(
    changes: dict[str, object], field: str
) -> None:
    with pytest.raises(MalformedWorkError, match=f"^{field}: "):
        read_work(document(**changes), MONTH)


def test_what_is_set_aside_loses_nothing_else() -> None:
    bad = document(id="https://openalex.org/W7", abstract_inverted_index=["x"])
    works, quarantined = read_works([document(), bad, "text", None, document(id=None)], MONTH)
    assert [work.work_id for work in works] == ["W4900000001"]
    assert [each.work_id for each in quarantined] == [
        "W7",
        "without id",
        "without id",
        "without id",
    ]
    assert quarantined[0] == Quarantined("W7", "the abstract's index is a list, no object")


def test_a_strangers_texts_are_bounded_and_can_be_stored() -> None:
    index = {f"word{number}\ud800\x00": [number] for number in range(6_000)}
    work = read_work(document(title="t" * 5_000, abstract_inverted_index=index), MONTH)
    assert work.title is not None
    assert work.abstract is not None
    assert (len(work.title), work.is_text_cut) == (1_000, True)
    assert len(work.abstract) <= MAX_ABSTRACT
    work.abstract.encode()
    assert "\x00" not in work.abstract
    assert not read_work(document(), MONTH).is_text_cut


@pytest.mark.parametrize(
    ("institution", "pair"),
    [
        ({"country_code": None, "type": "company"}, ("ZZ", "company")),
        ({"country_code": "Atlantis", "type": "company"}, ("ZZ", "company")),
        ({"country_code": "DE", "type": None}, ("DE", "unknown")),
        ({"country_code": "DE", "type": "<script>"}, ("DE", "unknown")),
    ],
)
def test_an_affiliation_that_says_half_keeps_its_half(
    institution: dict[str, object], pair: tuple[str, str]
) -> None:
    work = read_work(document(authorships=[{"institutions": [institution]}]), MONTH)
    assert (work.institution_countries, work.institution_types) == ((pair[0],), (pair[1],))


@pytest.mark.parametrize(
    "authorships", [None, [], [{}], [{"institutions": None}], ["x"], [{"institutions": ["x"]}]]
)
def test_a_work_without_affiliation_is_a_work(authorships: object) -> None:
    assert read_work(document(authorships=authorships), MONTH).institution_countries == ()


def test_a_list_of_a_hundred_authors_is_said_to_be_cut() -> None:
    assert read_work(document(authorships=[{}] * 100), MONTH).is_authorship_cut
    assert not read_work(document(authorships=[{}] * 99), MONTH).is_authorship_cut
