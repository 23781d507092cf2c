"""Queries: together they find whatever names an open model, and each fits a request."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote_plus

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.papers.queries import (
    MAX_QUERY_BYTES,
    last_day,
    month_filters,
    plan_month,
    search_queries,
)
from assets.reference.loader import load_reference
from assets.reference.model import ModelFamily
from sandbox.boolean_search import Query, searchable
from sandbox.model_prose import Plant, abstract
from sandbox.model_words import FAMILIES
from tests.conftest import ROOT

MONTH = date(2026, 10, 1)


@pytest.fixture(scope="module")
def families() -> tuple[ModelFamily, ...]:
    return load_reference(ROOT / "assets" / "reference").model_families


def finds(queries: tuple[str, ...] | list[str], text: str) -> bool:
    words = searchable(text)
    return any(Query.parse(query).matches(words) for query in queries)


def test_every_alias_of_every_open_family_is_found_in_a_text_of_the_field(
    families: tuple[ModelFamily, ...],
) -> None:
    queries = [Query.parse(query) for query in plan_month(families, MONTH).queries]
    for family in families:
        for alias in family.aliases if family.is_open else ():
            words = searchable(f"We prompt {alias} and other large language models.")
            assert any(query.matches(words) for query in queries), alias


@pytest.mark.parametrize("slug", sorted(slug for slug in FAMILIES if FAMILIES[slug].is_open))
def test_every_spelling_that_papers_use_is_found(
    families: tuple[ModelFamily, ...], slug: str
) -> None:
    queries = plan_month(families, date(2024, 11, 1)).queries
    for seed in range(12):
        rng = np.random.default_rng(seed)
        text = abstract(rng, [Plant(slug)], on=date(2024, 11, 1)).abstract
        assert finds(queries, text), text


@pytest.mark.parametrize(
    "text",
    [
        "We use Qwen7-900B-Turbo.",
        "Qwen-VL-Max sees.",
        "DeepSeek-V9 reasons.",
        "Llama3.3 and Phi3.5 as language models",
        "通义千问在医疗领域的应用",
    ],
)
def test_versions_to_come_and_other_ways_to_join_them_are_found(
    families: tuple[ModelFamily, ...], text: str
) -> None:
    assert finds(plan_month(families, MONTH).queries, text)


@pytest.mark.parametrize(
    "text",
    [
        "Nanobodies were raised in two llamas.",
        "Each step of the protocol was repeated; seeds were sown.",
        "A falcon dives. The command line. Strong mistral gusts.",
        "GPT-4 and Claude are language models.",
    ],
)
def test_what_names_no_open_model_costs_nothing(
    families: tuple[ModelFamily, ...], text: str
) -> None:
    assert not finds(plan_month(families, MONTH).queries, text)


@pytest.mark.parametrize("month", [date(2022, 5, 1), date(2024, 11, 1), MONTH])
def test_every_request_fits_what_openalex_takes(
    families: tuple[ModelFamily, ...], month: date
) -> None:
    plan = plan_month(families, month)
    longest = max(len(quote_plus(query)) for query in plan.queries)
    assert longest <= MAX_QUERY_BYTES
    # Base, filters, fields, sorting and a cursor of 300 bytes.
    assert longest + len(quote_plus(plan.filters)) + 700 < 4_094


def test_a_family_is_asked_for_from_the_month_before_its_release(
    families: tuple[ModelFamily, ...],
) -> None:
    """Qwen was released on 2023-08-03."""
    assert not finds(plan_month(families, date(2023, 6, 1)).queries, "Qwen")
    assert finds(plan_month(families, date(2023, 7, 1)).queries, "Qwen")


@given(
    st.lists(
        st.from_regex(r"[A-Za-z]{1,9}([ -][A-Za-z0-9.]{1,8}){0,3}", fullmatch=True), max_size=40
    ),
    st.integers(1, 9),
)
def test_queries_find_every_alias_however_they_are_cut(aliases: list[str], tenth: int) -> None:
    kept = [each for each in aliases if searchable(each).strip()]
    ambiguous = kept[:tenth]
    queries = search_queries(kept, ambiguous, most_bytes=1_400)
    for alias in kept:
        assert finds(queries, f"the language model {alias} here"), (alias, queries)


def test_an_alias_too_long_for_any_query_is_named() -> None:
    with pytest.raises(ValueError, match="alone makes a query"):
        search_queries(["word " * 800], [])


def test_the_filters_hold_the_month_from_its_first_to_its_last_day() -> None:
    filters = month_filters(date(2024, 2, 1))
    assert filters.startswith("from_publication_date:2024-02-01,to_publication_date:2024-02-29,")
    assert "|17|" in filters
    assert "|11|" not in filters
    assert last_day(date(2023, 12, 5)) == date(2023, 12, 31)


def test_another_search_has_another_digest(families: tuple[ModelFamily, ...]) -> None:
    plan = plan_month(families, MONTH)
    assert plan.digest == plan_month(families, MONTH).digest
    fewer = [family for family in families if family.family != "qwen"]
    assert plan.digest != plan_month(fewer, MONTH).digest
