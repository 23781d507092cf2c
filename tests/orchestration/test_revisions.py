"""A day of the sandbox whose files come late: what that revises is recorded, shown and said."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import numpy as np
import pyarrow.parquet as pq
import pytest

from orchestration.operations import say_backfills
from orchestration.runs import Runner, dagster_instance
from resources.warehouse import Warehouse
from sandbox.faults import LateHour
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.orchestration.conftest import NOW, sandbox_settings
from tests.orchestration.test_month_figures import attention

FIRST, LATE_DAY, LAST = date(2024, 12, 12), date(2024, 12, 13), date(2024, 12, 14)
LATE_HOURS = (12, 13, 14)
#: Key and values of published tables, as their documentation has them.
READ = {
    "engagement": (
        ("activity_date", "period", "scope", "event_group", "grouping", "country_iso2"),
        ("share", "located_share", "share_low", "share_high", "actor_count"),
    ),
    "concentration": (
        ("activity_date", "period", "scope", "event_group", "grouping"),
        ("herfindahl", "effective_countries"),
    ),
    "country_activity": (
        ("activity_date", "scope", "event_group", "country_iso2"),
        ("actor_count", "event_count"),
    ),
}
#: A table's figures, each value by key and column.
Values = dict[tuple[str, ...], float | None]


@dataclass
class Late:
    """Both publications, and what the second run said and stored."""

    world: World
    server: SandboxServer
    house: Warehouse
    instance: dg.DagsterInstance
    run_ids: tuple[str, str]
    before: Mapping[str, Values]
    after: Mapping[str, Values]

    def metadata(self, run: int, asset: str) -> Mapping[str, dg.MetadataValue]:
        events = self.instance.all_logs(
            self.run_ids[run], of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        found = [
            made.metadata
            for event in events
            if (made := event.asset_materialization) and made.asset_key.path[-1] == asset
        ]
        # Dagster writes one event for each partition of a run, all of them alike.
        assert all(each == found[0] for each in found)
        return found[0]


def read_values(folder: Path) -> dict[str, Values]:
    """Figures of published files that are of a country by name, and of no grouping."""
    found: dict[str, Values] = {}
    for table, (key, columns) in READ.items():
        found[table] = {}
        for row in pq.read_table(folder / f"{table}.parquet").to_pylist():
            if row.get("country_iso2") == "XX":
                continue
            if row.get("grouping", "apart") != "apart" and "country_iso2" in row:
                continue
            for column in columns:
                found[table][*(str(row[name]) for name in key), column] = row[column]
    return found


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Late]:
    """Three days, one without three of its files; then that day alone, when they are there."""
    world = World(
        seed=3,
        developers=800,
        rise=None,
        faults=tuple(LateHour(datetime(2024, 12, 13, hour, tzinfo=UTC)) for hour in LATE_HOURS),
        second_archive_since=None,
    )
    with SandboxServer(world, clock=lambda: NOW) as server:
        data = tmp_path_factory.mktemp("late")
        settings = sandbox_settings(server, data, OBSERVATORY_ALERT_MAX_AGE_DAYS="2")
        with dagster_instance(settings) as instance:
            runner = Runner(settings, instance)
            runner.reference()
            runs, read = [], []
            for first, last in ((FIRST, LAST), (LATE_DAY, LATE_DAY)):
                (made,) = runner.range(first, last, 3)
                assert made.error == ""
                runs.append(made.run_id)
                read.append(read_values(data / "published" / "current"))
                say_backfills(settings, frozenset())
            house = Warehouse(str(settings.warehouse))
            yield Late(world, server, house, instance, (runs[0], runs[1]), read[0], read[1])


def test_the_first_publication_revises_nothing(late: Late) -> None:
    rows = late.house.query("SELECT count(*) AS n FROM ops.revisions WHERE publication = 1")
    assert rows["n"].to_pylist() == [0]
    made = late.metadata(0, "revisions")
    assert made["dagster/row_count"].value == 0
    assert int(str(made["new_figures"].value)) > 300


@pytest.mark.parametrize("table", READ)
def test_revisions_are_the_differences_of_the_published_files(late: Late, table: str) -> None:
    """Every value that differs between the two, with its difference, and no other."""
    key, columns = READ[table]
    before, after = late.before[table], late.after[table]
    expected = {
        place: (before.get(place), after.get(place))
        for place in before.keys() | after.keys()
        if not same(before.get(place), after.get(place))
    }
    scale = {name: 100.0 for name in columns if "share" in name}
    rows = late.house.query(
        "SELECT figure, measure, value_before, value_after, difference FROM ops.revisions "
        "WHERE table_name = ? AND list_contains(?, measure) AND figure NOT LIKE '%cn_hk_mo_tw%' "
        if "country_iso2" in key and "grouping" in key
        else "SELECT figure, measure, value_before, value_after, difference FROM ops.revisions "
        "WHERE table_name = ? AND list_contains(?, measure)",
        [f"mart.{table}", list(columns)],
    ).to_pylist()
    found = {
        (*row["figure"].split(", "), row["measure"]): (row["value_before"], row["value_after"])
        for row in rows
    }
    assert found == expected
    assert len(found) == len(rows) > 10
    for row in rows:
        old, new = row["value_before"], row["value_after"]
        if old is None or new is None:
            assert row["difference"] is None
        else:
            wanted = (new - old) * scale.get(row["measure"], 1.0)
            assert row["difference"] == pytest.approx(wanted, abs=1e-12)


def same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def test_accounts_that_were_seen_late_are_those_of_the_world(late: Late) -> None:
    """Who starred or forked on that day in those hours alone: counted from the world's events."""
    events = late.world.events_of(LATE_DAY)
    hours = events.created_at.astype("datetime64[h]").astype(int) % 24
    in_time = attention(events) & ~np.isin(hours, LATE_HOURS)
    counts = [len(set(events.actor_id[chosen].tolist())) for chosen in (in_time, attention(events))]
    (row,) = late.house.query(
        "SELECT * FROM ops.revisions WHERE measure = 'total_actor_count' AND figure = ?",
        [f"{LATE_DAY}, day, tracked, attention"],
    ).to_pylist()
    assert (row["value_before"], row["value_after"]) == tuple(map(float, counts))
    assert row["difference"] == counts[1] - counts[0] > 0
    assert (row["reason"], row["run_id"]) == ("files", late.run_ids[1])
    assert row["backfill_id"].startswith("2024-12-13..2024-12-13")


def test_no_revision_is_of_a_small_cell(late: Late) -> None:
    """Counts of accounts before and after are of five or more, as in the files."""
    (row,) = late.house.query(
        "SELECT min(least(coalesce(value_before, 5), coalesce(value_after, 5))) AS n, "
        "count(*) FILTER (country_iso2 = 'XX') AS pooled FROM ops.revisions "
        "WHERE measure = 'actor_count'"
    ).to_pylist()
    assert row["n"] >= 5
    assert row["pooled"] == 0


def test_other_days_than_those_that_depend_on_it_stand(late: Late) -> None:
    days = late.house.query("SELECT DISTINCT figure_date FROM ops.revisions")
    assert LATE_DAY in days["figure_date"].to_pylist()
    assert FIRST not in days["figure_date"].to_pylist()


def test_the_runs_metadata_shows_the_revisions_as_a_table(late: Late) -> None:
    made = late.metadata(1, "revisions")
    (stored,) = late.house.query("SELECT count(*) AS n FROM ops.revisions").to_pylist()
    assert made["dagster/row_count"].value == stored["n"]
    said = str(made["revisions"].value)
    assert "published figures changed (" in said.splitlines()[0]
    assert "| mart.engagement | accounts | " in said
    assert " pp | files |" in said
    assert len(said) < 20_000


def test_the_backfill_posts_one_digest_with_how_many_figures_moved_and_by_how_much(
    late: Late,
) -> None:
    posts = [str(post["blocks"]) for post in late.server.slack_messages()]
    first, second = [each for each in posts if "Days (UTC)" in each]
    assert "No published figure changed" in first
    assert "published figures changed (" in second
    assert " pp" in second
    assert "Days (UTC): 2024-12-13." in second


def test_both_checks_of_revisions_pass(late: Late) -> None:
    for run_id in late.run_ids:
        events = late.instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        verdicts = {
            each.check_name: each.passed
            for event in events
            if event.dagster_event
            and (each := event.dagster_event.asset_check_evaluation_data)
            and each.asset_key.path == ["ops", "revisions"]
        }
        assert verdicts == {"revisions_add_up": True, "old_figures_stand": True}


def test_the_first_publication_can_still_be_read(late: Late) -> None:
    rows = late.house.query(
        "SELECT activity_date, period, scope, event_group, grouping, country_iso2, share "
        "FROM vintage.engagement WHERE from_publication = 1 AND grouping = 'apart'"
    ).to_pylist()
    key = READ["engagement"][0]
    found = {(*(str(row[name]) for name in key), "share"): row["share"] for row in rows}
    assert found == {
        place: value for place, value in late.before["engagement"].items() if place[-1] == "share"
    }
