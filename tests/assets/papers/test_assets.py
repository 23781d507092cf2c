"""Months asked through Dagster from the sandbox: planted truth, late arrivals, credit, refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from assets.declare import prepare
from assets.papers import tables
from assets.papers.asking import Asked, FieldCount
from assets.papers.assets import ASK_EVERY, Spent, due_months, write_month
from assets.papers.queries import MonthPlan
from assets.papers.revisions import Revision
from assets.papers.works import Work
from resources.lake import Lake
from resources.warehouse import Warehouse
from sandbox.openalex_works import PlantedWork
from sandbox.trouble import Trouble
from tests.assets.papers.conftest import KEY, NOW, Catalogue, Place

OCTOBER, NOVEMBER = date(2024, 10, 1), date(2024, 11, 1)


def planted(server: Catalogue, month: date) -> dict[str, PlantedWork]:
    """Works of a month that the catalogue has now, in the fields and types searched."""
    works = server.openalex.papers.works_of(month)
    return {work.work_id: work for work in works if work.is_there(server.now) and work.is_searched}


def test_a_month_holds_every_work_that_names_an_open_model_and_sets_the_malformed_aside(
    place: Place, server: Catalogue
) -> None:
    months = (date(2024, 7, 1), date(2024, 8, 1), date(2024, 9, 1))
    assert place.ask(*months).success
    malformed = 0
    for month in months:
        there = planted(server, month)
        kept = place.works(month)
        naming = {key for key, work in there.items() if work.names() and work.is_kept}
        assert naming <= set(kept)
        assert set(kept) <= {key for key, work in there.items() if work.is_kept}
        for key, row in kept.items():
            work = there[key]
            assert row["title"] == work.text.title
            assert row["abstract"] == (work.text.abstract or None)
            pairs = zip(row["institution_countries"], row["institution_types"], strict=True)
            known = work.affiliations_at(NOW)
            assert set(pairs) == {(each.country or "ZZ", each.kind) for each in known}
        faulty = {key for key, work in there.items() if work.index_fault and work.names()}
        rows = place.house.query("FROM ops.paper_quarantine WHERE month_date = ?", [month])
        assert faulty <= set(rows["work_id"].to_pylist())
        malformed += len(faulty)
    assert malformed > 0
    assert all(row["stated_count"] == row["returned_count"] > 0 for row in place.askings())


def test_nothing_that_is_kept_names_a_person_or_an_institution(place: Place) -> None:
    assert place.ask(NOVEMBER).success
    files = [file for file in place.folder.rglob("*") if file.is_file()]
    assert len(files) > 3
    for file in files:
        content = file.read_bytes()
        assert b"Sandbox Author" not in content, file
        assert b"Sandbox company" not in content, file
    rows = "".join(str(row) for row in place.works(NOVEMBER).values())
    assert "Sandbox Author" not in rows
    assert "Sandbox company" not in rows


def test_a_later_asking_records_what_came_late_what_changed_and_what_went(
    place: Place, server: Catalogue
) -> None:
    assert place.ask(OCTOBER).success
    first = place.works(OCTOBER)
    server.now = NOW + timedelta(days=150)
    assert place.ask(OCTOBER).success
    second = place.works(OCTOBER)
    works = server.openalex.papers.by_id
    came = {key for key in second if works[key].seen_from > NOW}
    went = {key for key in first if not works[key].is_there(server.now)}
    changed = {
        key
        for key in first.keys() & second.keys()
        if (at := works[key].revised_at) and NOW < at <= server.now and works[key].affiliations
    }
    assert came
    assert changed
    before, after = place.askings()
    assert (before["added_count"], before["gone_count"]) == (len(first), 0)
    assert after["added_count"] == len(came) == len(second.keys() - first.keys())
    assert after["changed_count"] == len(changed)
    assert after["gone_count"] == len(went) == len(first.keys() - second.keys())
    for key, row in second.items():
        assert row["first_asked_at"] == (server.now if key in came else NOW)
    assert not before["is_final"]
    assert not after["is_final"]
    server.now = NOW + timedelta(days=330)
    assert place.ask(OCTOBER).success
    assert place.askings()[-1]["is_final"]


def test_a_month_asked_for_lately_costs_nothing_until_a_week_is_over(
    place: Place, server: Catalogue
) -> None:
    assert place.ask(OCTOBER, NOVEMBER).success
    count = len(server.calls)
    server.now = NOW + ASK_EVERY - timedelta(hours=1)
    assert place.ask(OCTOBER, NOVEMBER).success
    assert len(server.calls) == count
    server.now = NOW + ASK_EVERY
    assert place.ask(OCTOBER, NOVEMBER).success
    assert len(server.calls) == 2 * count
    assert len(place.askings()) == 4


def test_months_asked_longest_ago_come_first_and_of_those_never_asked_the_newest(
    tmp_path: Path,
) -> None:
    store, house = Lake(str(tmp_path / "lake")), Warehouse(str(tmp_path / "warehouse.duckdb"))
    prepare(house, tables.PAPER_ASKINGS, tables.PAPER_FIELD_COUNTS, tables.PAPER_QUARANTINE)
    plans = [MonthPlan(date(2024, number, 1), "type:article", ("qwen*",)) for number in range(1, 7)]
    ago = {1: 30, 2: 40, 3: 2, 4: 2}
    for plan in plans:
        if plan.month.month in ago:
            asked = Asked(NOW - timedelta(days=ago[plan.month.month]), (), (), (), 0, 0)
            write_month(store, house, plan, asked, Spent(0, 0))
    # April was asked lately, too, but for something else.
    plans[3] = replace(plans[3], queries=("llama*",))
    due = due_months(store, house, plans, NOW)
    assert [plan.month.month for plan in due] == [6, 5, 2, 1, 4]


def test_denominators_are_what_the_catalogue_counts(place: Place, server: Catalogue) -> None:
    """Of companies and schools an upper bound: filters do not join country and type."""
    assert place.ask(OCTOBER).success
    rows = place.house.query("FROM raw.paper_field_counts").to_pylist()
    counts = {(row["user_kind"], row["country_iso2"]): row["work_count"] for row in rows}
    openalex = server.openalex
    for kind, country in (("all", None), ("us_all", "US")):
        assert counts[kind, country] == openalex.field_count(OCTOBER, kind, NOW)
    for code in ("CN", "DE", "US", "JP"):
        assert counts["country", code] == openalex.field_count(OCTOBER, code, NOW)
    assert counts["us_company", "US"] > openalex.field_count(OCTOBER, "us_company", NOW)
    assert counts["us_education", "US"] == openalex.field_count(OCTOBER, "us_education", NOW)


def test_a_day_without_credit_ends_the_run_keeps_what_came_and_calls_no_more(
    place: Place, server: Catalogue
) -> None:
    """100 credits are ten searches; two months take some twelve and two counts each."""
    server.limit_to(100)
    failed = place.ask(OCTOBER, NOVEMBER)
    assert not failed.success
    assert "today's credit is spent" in place.error_of(failed)
    assert "materialise again" in place.error_of(failed)
    first = list(server.calls)
    assert place.works(NOVEMBER)
    assert not place.works(OCTOBER)
    # The same day again: nobody calls.
    assert not place.ask(OCTOBER, NOVEMBER).success
    assert server.calls == first
    # The day is over for OpenAlex and, in the ledger, for us.
    server.now = NOW + timedelta(days=1)
    (state,) = (place.folder / "openalex").glob("credit-*.json")
    state.write_text(json.dumps({**json.loads(state.read_text()), "resets_at": 0.0}))
    assert place.ask(OCTOBER, NOVEMBER).success
    assert place.works(OCTOBER)
    queries = [call.query for call in server.calls]
    assert len(queries) == len(set(queries)), "asked twice"
    assert {call.status for call in server.calls} == {200}
    assert server.openalex.limits.violations == 0
    assert server.openalex.limits.used(KEY) <= 100


def test_without_a_key_the_run_says_what_to_set_after_one_call(
    place: Place, server: Catalogue
) -> None:
    failed = place.ask(NOVEMBER, key="")
    assert not failed.success
    assert "OBSERVATORY_OPENALEX_KEY" in place.error_of(failed)
    assert [call.status for call in server.calls] == [401]


def test_no_key_is_in_what_a_failed_run_says(place: Place, server: Catalogue) -> None:
    server.add_fault(Trouble(path_prefix="/works", status=403))
    failed = place.ask(NOVEMBER)
    assert not failed.success
    assert "answered 403" in place.error_of(failed)
    assert KEY not in "".join(str(event) for event in failed.all_events)


def test_an_asking_written_twice_is_recorded_as_it_was_the_first_time(tmp_path: Path) -> None:
    """A process that dies before it forgets its pages writes them again: nothing is new then."""
    store, house = Lake(str(tmp_path / "lake")), Warehouse(str(tmp_path / "warehouse.duckdb"))
    prepare(house, tables.PAPER_ASKINGS, tables.PAPER_FIELD_COUNTS, tables.PAPER_QUARANTINE)
    plan = MonthPlan(OCTOBER, "type:article", ("qwen*",))
    work = Work(
        "W1", None, "On Qwen", None, False, OCTOBER, None, None, ("US",), ("company",), False, None
    )
    asked = Asked(NOW, (work,), (), (FieldCount("all", None, 9),), 1, 1)
    write_month(store, house, plan, asked, Spent(3, 12))
    kept = store.read(tables.PAPERS.qualified, str(OCTOBER))
    assert write_month(store, house, plan, asked, Spent(0, 0)) == Revision(0, 0, 0)
    (row,) = house.query("FROM ops.paper_askings").to_pylist()
    assert (row["added_count"], row["call_count"], row["credit_count"]) == (1, 3, 12)
    assert store.read(tables.PAPERS.qualified, str(OCTOBER)) == kept
    later = replace(asked, asked_at=NOW + timedelta(days=7), works=())
    assert write_month(store, house, plan, later, Spent(1, 1)) == Revision(0, 0, 1)
    assert house.query("FROM ops.paper_askings").num_rows == 2
    assert house.query("FROM raw.paper_field_counts").num_rows == 1
