"""Months of papers through the real jobs: planted truth, published cells, and a spent credit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from orchestration.runs import RangeResult, Runner, dagster_instance
from orchestration.settings import Settings
from resources.warehouse import Warehouse
from sandbox.openalex_works import USER_KINDS, PaperWorld, PlantedWork
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.world import World
from tests.orchestration.conftest import NOW, sandbox_settings

FIRST, LAST = date(2023, 9, 5), date(2023, 11, 30)
MONTHS = [date(2023, 9, 1), date(2023, 10, 1), date(2023, 11, 1)]
#: Roles by which a work names a family.
NAMING = ("used", "compared", "mentioned")


@dataclass
class Made:
    """What the papers job made of three months."""

    server: SandboxServer
    settings: Settings
    result: RangeResult
    runner: Runner

    @property
    def house(self) -> Warehouse:
        return Warehouse(str(self.settings.warehouse))

    @property
    def papers(self) -> PaperWorld:
        return self.server.openalex.papers

    def works(self) -> dict[str, PlantedWork]:
        """Planted works that a careful reader keeps."""
        return {
            work.work_id: work
            for month in MONTHS
            for work in self.papers.works_of(month)
            if work.is_kept and work.is_there(NOW)
        }

    def rows(self) -> list[dict[str, Any]]:
        sql = "FROM mart.diffusion_papers ORDER BY month_date, user_kind, country_iso2"
        rows: list[dict[str, Any]] = self.house.query(sql).to_pylist()
        return rows


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with SandboxServer(World(seed=1, developers=300), clock=lambda: NOW) as server:
        settings = sandbox_settings(server, tmp_path_factory.mktemp("papers"))
        with dagster_instance(settings) as instance:
            runner = Runner(settings, instance)
            runner.reference()
            yield Made(server, settings, runner.papers(FIRST, LAST), runner)


def test_the_months_of_a_range_of_days_are_made_and_checked(made: Made) -> None:
    assert made.result.error == ""
    assert sorted({row["month_date"] for row in made.rows()}) == MONTHS
    assert made.server.openalex.limits.violations == 0
    statuses = {each.status for each in made.server.requests() if each.path.startswith("/works")}
    assert statuses == {200}


def test_families_named_are_those_planted(made: Made) -> None:
    """By work and family, at least 97 % of either; a citation alone names nothing."""
    rows = made.house.query("SELECT work_id, family, role FROM core.paper_mentions").to_pylist()
    found = {(row["work_id"], row["family"]) for row in rows if row["role"] in NAMING}
    planted = {
        (work.work_id, plant.family)
        for work in made.works().values()
        for plant in work.plants
        if plant.role in NAMING and work.names()
    }
    asked = {row["work_id"] for row in made.house.query("FROM raw.papers").to_pylist()}
    assert {work_id for work_id, _ in planted} <= asked
    unplanted = {
        (work_id, family)
        for work_id, family in found
        if family not in {plant.family for plant in made.papers.by_id[work_id].plants}
    }
    assert len(planted) > 300
    assert len(planted - found) <= 0.03 * len(planted)
    assert len(unplanted) <= 0.03 * len(found)


@pytest.mark.parametrize("kind", USER_KINDS)
def test_counts_are_those_of_the_mentions_and_affiliations(made: Made, kind: str) -> None:
    """Counted again from the mentions and the planted affiliations, without SQL."""
    rows = made.house.query(
        "SELECT work_id, country_iso2, role FROM core.paper_mentions "
        "JOIN core.model_families USING (family) WHERE is_open"
    ).to_pylist()
    by_work: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        by_work.setdefault(row["work_id"], set()).add((row["country_iso2"], row["role"]))
    for month in MONTHS:
        (cell,) = (
            row for row in made.rows() if row["user_kind"] == kind and row["month_date"] == month
        )
        named = [
            {(country, role) for country, role in found if role in NAMING}
            for work_id, found in by_work.items()
            if (work := made.papers.by_id[work_id]).published.replace(day=1) == month
            and work.is_of(kind, NOW)
        ]
        assert cell["open_work_count"] == sum(bool(found) for found in named)
        chinese = sum(any(country == "CN" for country, _ in found) for found in named)
        assert cell["cn_work_count"] == chinese
        used = sum(("CN", "used") in found for found in named)
        assert cell["used_cn_work_count"] == used
        assert cell["used_open_work_count"] == sum(
            any(role == "used" for _, role in found) for found in named
        )


def test_the_interval_of_the_three_months_covers_the_planted_share(made: Made) -> None:
    """Of all works and of U.S. companies; the matcher may miss a few works of a hundred."""
    for kind in ("all", "us_company"):
        for row in (each for each in made.rows() if each["user_kind"] == kind):
            cn, total = made.papers.truth(row["month_date"], kind, NOW)
            assert row["cn_share_ci_low"] <= cn / total <= row["cn_share_ci_high"]


def test_countries_with_works_enough_have_rows_and_months_of_a_year_ago_are_final(
    made: Made,
) -> None:
    """October 2023 ended 413 days before the clock, November 382, and September earlier."""
    rows = made.rows()
    countries = {row["country_iso2"] for row in rows if row["user_kind"] == "country"}
    assert {"CN", "US"} <= countries
    assert "ZZ" not in countries
    assert all(row["open_work_count"] >= 5 for row in rows if row["user_kind"] == "country")
    assert all(row["is_final"] and row["asking_count"] == 1 for row in rows)


def test_a_run_again_the_same_day_asks_for_nothing_and_gives_the_same_rows(made: Made) -> None:
    before = (len(made.server.requests()), made.rows())
    assert made.runner.papers(FIRST, LAST).error == ""
    assert (len(made.server.requests()), made.rows()) == before


def test_a_refusal_is_said_in_one_line_and_what_is_there_stays(made: Made) -> None:
    before = made.rows()
    made.server.add_fault(Trouble(path_prefix="/works", status=403))
    error = made.runner.papers(date(2023, 8, 1), date(2023, 8, 31)).error
    assert "raw__papers" in error
    assert "OBSERVATORY_OPENALEX_KEY" in error
    assert made.rows() == before
