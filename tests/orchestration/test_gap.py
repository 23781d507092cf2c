"""The visibility gap from upstreams to the page, against what the sandbox planted.

The demonstration's own steps over a smaller world: papers of 31 months, patents of 85 weeks, the
Hub on five days, accounts of four weeks and one day of figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import dagster as dg
import pyarrow.parquet as pq
import pytest

from orchestration import cli
from orchestration.materialise import Before, make_days, materialise
from orchestration.partitions import weeks_between
from orchestration.runs import Runner
from orchestration.settings import Settings
from orchestration.summary import print_summary
from resources.warehouse import Warehouse
from sandbox.clock import WorldClock
from sandbox.hub_models import ORIGINS
from sandbox.hub_truth import ANY, true_cells
from sandbox.server import SandboxServer
from sandbox.uspto import readable
from sandbox.uspto_records import cohort_truth
from sandbox.world import World
from tests.orchestration.conftest import NOW, sandbox_settings
from tests.orchestration.tour import asked, questions

SUNDAY = date(2024, 11, 24)
NOVEMBER, DECEMBER = date(2024, 11, 1), date(2024, 12, 1)
MAY_2023 = date(2023, 5, 1)
USER_KINDS = ("us_company", "us_education", "us_all", "all")
LAGS = (0, 6, 12)
#: Last snapshot of the Hub in each month that it was asked in.
SNAPSHOTS = {
    date(2023, 11, 1): date(2023, 11, 30),
    date(2024, 5, 1): date(2024, 5, 31),
    NOVEMBER: date(2024, 11, 26),
    DECEMBER: NOW.date(),
}


@dataclass
class Made:
    """What the demonstration's steps made."""

    server: SandboxServer
    settings: Settings

    def rows(self, measure: str) -> list[dict[str, Any]]:
        house = Warehouse(str(self.settings.warehouse))
        rows: list[dict[str, Any]] = house.query(
            "SELECT * FROM mart.visibility_gap WHERE use_measure = ? "
            "ORDER BY basis, cohort_month, user_kind, lag_months",
            [measure],
        ).to_pylist()
        return rows


def make_sunday(runner: Runner, _: dg.DagsterInstance) -> int:
    return make_days(runner, SUNDAY, SUNDAY, 1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with pytest.MonkeyPatch.context() as patch:
        # Fewer snapshots, each month's last of the demonstration among them.
        patch.setattr("orchestration.materialise._DEMO_HUB_DAYS", (28, 21))
        clock = WorldClock(NOW)
        with SandboxServer(World(seed=3, developers=300), clock=clock) as server:
            settings = sandbox_settings(server, tmp_path_factory.mktemp("gap"))
            before = Before(
                cli._DEMO_PAPERS, cli._DEMO_PATENTS, cli._DEMO_ACCOUNTS, takes_snapshot=True
            )
            assert materialise(settings, SUNDAY, SUNDAY, make_sunday, before) == 0
            yield Made(server, settings)


def month_before(month: date, lag: int) -> date:
    years, months = divmod(month.year * 12 + month.month - 1 - lag, 12)
    return date(years, months + 1, 1)


def complete(rows: list[dict[str, Any]], basis: str) -> set[tuple[date, int]]:
    """Month and lag of the complete cohorts of a basis."""
    return {
        (row["cohort_month"], row["lag_months"])
        for row in rows
        if row["basis"] == basis and row["status"] == "complete"
    }


def test_each_measure_meets_a_complete_cohort_at_the_lags_that_its_months_allow(
    made: Made,
) -> None:
    papers, hub, engagement = map(made.rows, ("papers", "hub_downloads", "engagement"))
    assert complete(papers, "filing") == {(MAY_2023, lag) for lag in LAGS}
    assert {(NOVEMBER, lag) for lag in LAGS} <= complete(papers, "publication")
    assert complete(hub, "publication") == {
        (date(2023, 11, 1), 0), (date(2024, 5, 1), 0), (date(2024, 5, 1), 6),
        (NOVEMBER, 0), (NOVEMBER, 6), (NOVEMBER, 12),
    }  # fmt: skip
    assert complete(engagement, "publication") == {(NOVEMBER, 0)}
    # By month of filing neither reaches back to what is public: it is censored, or not there.
    assert {row["status"] for row in hub if row["basis"] == "filing"} == {"censored"}
    assert {row["basis"] for row in engagement} == {"publication"}


@pytest.mark.parametrize("measure", ["papers", "hub_downloads", "engagement"])
def test_use_is_of_the_months_that_the_lag_says_and_figures_follow_from_counts(
    made: Made, measure: str
) -> None:
    for row in made.rows(measure):
        assert row["use_month"] == month_before(row["cohort_month"], row["lag_months"])
        if row["patent_count"]:
            patents = row["patent_chinese_count"] / row["patent_count"]
            assert row["gap_pp"] == pytest.approx(100 * (row["use_share"] - patents))
            assert row["gap_pp_ci_low"] <= row["gap_pp"] <= row["gap_pp_ci_high"]


def test_use_in_papers_is_what_was_planted(made: Made) -> None:
    """In each month, kind and lag up to what the matcher misses: 3 % of the works."""
    planted_total = wrong = 0
    rows = [row for row in made.rows("papers") if row["status"] == "complete"]
    for row in rows:
        chinese, named = made.server.openalex.papers.truth(row["use_month"], row["user_kind"], NOW)
        wrong += abs(row["use_count"] - named) + abs(row["use_chinese_count"] - chinese)
        planted_total += named + chinese
    assert {row["user_kind"] for row in rows} == set(USER_KINDS)
    assert planted_total > 5_000
    assert wrong <= 0.03 * planted_total


def test_patents_are_those_planted_each_invention_once(made: Made) -> None:
    weeks = weeks_between(*cli._DEMO_PATENTS)
    truth = cohort_truth(readable(made.server.world.seed, weeks))
    planted_total = wrong = 0
    for row in made.rows("papers"):
        key = (row["basis"], row["cohort_month"], "any", row["user_kind"])
        _, named, chinese = truth.get(key, (0, 0, 0))
        wrong += abs(row["patent_count"] - named) + abs(row["patent_chinese_count"] - chinese)
        planted_total += named + chinese
    assert planted_total > 2_000
    assert wrong <= 0.02 * planted_total


def test_the_share_of_downloads_is_that_of_the_months_last_snapshot(made: Made) -> None:
    rows = made.rows("hub_downloads")
    assert {row["use_month"] for row in rows} == set(SNAPSHOTS)
    for row in rows:
        day = SNAPSHOTS[row["use_month"]]
        moment = datetime.combine(day, NOW.timetz())
        cells = true_cells(made.server.hub.models, moment, None)
        by_origin = {
            origin: cells.get(("downloads_30d", ANY, origin, ANY, ANY), 0.0)
            for origin in set(ORIGINS.values())
        }
        share = by_origin["CN"] / sum(by_origin.values())
        assert row["use_share"] == pytest.approx(share, abs=1e-4)
        assert row["is_use_final"] == (day + timedelta(days=2) > month_before(day, -1))
        assert (row["user_kind"], row["use_count"], row["use_hours_share"]) == ("all", None, None)


def test_engagement_is_of_those_active_in_the_four_weeks_an_account_once_for_each_origin(
    made: Made,
) -> None:
    world = made.server.world
    origin = {row.github_id: row.developer_country for row in world.tracked_repositories}
    active: dict[str, set[int]] = {"CN": set(), "other": set(), "US": set()}
    for back in range(28):
        events = world.events_of(SUNDAY - timedelta(days=back))
        for actor, repository in zip(
            events.actor_id[~events.is_bot & events.is_tracked].tolist(),
            events.repo_id[~events.is_bot & events.is_tracked].tolist(),
            strict=True,
        ):
            if country := origin[repository]:
                active[country if country in active else "other"].add(actor)
    rows = {row["user_kind"]: row for row in made.rows("engagement")}
    assert set(rows) == {"us_all", "all"}
    everybody = rows["all"]
    assert everybody["use_count"] == sum(len(actors) for actors in active.values())
    assert everybody["use_chinese_count"] == len(active["CN"])
    americans = {
        person.github_id
        for person in world.developers
        if person.country == "US" and person.is_located and not person.is_deleted
    }
    of_us = {name: len(actors & americans) for name, actors in active.items()}
    found = rows["us_all"]
    assert found["use_count"] == pytest.approx(sum(of_us.values()), abs=3)
    assert found["use_chinese_count"] == pytest.approx(of_us["CN"], abs=1)
    for row in rows.values():
        assert (row["use_month"], row["use_hours_share"], row["is_use_final"]) == (
            NOVEMBER, 1.0, True,
        )  # fmt: skip


def test_the_command_ends_with_the_newest_complete_cohorts(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    print_summary(made.settings, SUNDAY, 1)
    printed = capsys.readouterr().out
    assert "patents filed in 2023-05, the newest complete cohort" in printed
    for measure, words in (
        ("papers", "papers"),
        ("hub_downloads", "Hub downloads"),
        ("engagement", "developers' engagement"),
    ):
        (row,) = (
            row
            for row in made.rows(measure)
            if (row["basis"], row["cohort_month"], row["user_kind"], row["lag_months"])
            == ("publication", NOVEMBER, "all", 0)
        )
        gap = f"{row['gap_pp']:.1f} ({row['gap_pp_ci_low']:.1f} to {row['gap_pp_ci_high']:.1f})"
        assert f"published in 2024-11, all users, use by {words}: {gap}" in printed


def test_a_censored_cohort_moves_no_rule_and_the_page_has_all_of_it(made: Made) -> None:
    house = Warehouse(str(made.settings.warehouse))
    states = house.query("SELECT * FROM ops.alerts WHERE rule_id LIKE 'gap-%'").to_pylist()
    assert {row["evaluated_through"] for row in states} <= {MAY_2023}
    current = made.settings.data / "published" / "current"
    published = pq.read_table(current / "visibility_gap.parquet").to_pylist()
    shown = {(row["use_measure"], row["status"]) for row in published}
    assert {("hub_downloads", "censored"), ("hub_downloads", "complete")} <= shown
    assert {("engagement", "complete"), ("papers", "complete")} <= shown
    page = (current / "index.html").read_text()
    for words in ("Hub downloads than in patents published", "no cohort yet whose use 12 months"):
        assert words in page


def test_effects_of_shocks_are_published_by_the_command_that_made_them(made: Made) -> None:
    house = Warehouse(str(made.settings.warehouse))
    effects = house.query("SELECT * FROM mart.shock_effects ORDER BY ALL").to_pylist()
    assert effects
    current = made.settings.data / "published" / "current"
    published = pq.read_table(current / "shock_effects.parquet").to_pylist()
    assert published == effects
    assert (current / "index.html").is_file()


@pytest.mark.parametrize("number", [9, 10])
def test_the_tours_questions_of_gap_and_shocks_have_answers(made: Made, number: int) -> None:
    """As the others have in test_month_tour.py."""
    question = {each.number: each for each in questions()}[number]
    rows = asked(question, made.settings.data / "published" / "current")
    assert rows
    if number == 9:
        assert {row["status"] for row in rows} >= {"complete", "censored"}
        months = [row["cohort_month"] for row in rows]
        assert months == sorted(set(months))
    else:
        # One day of figures: no shock has sound weeks on both of its sides.
        assert {row["status"] for row in rows} == {"too_few_weeks"}
        assert {row["effect_pct"] for row in rows} == {None}
