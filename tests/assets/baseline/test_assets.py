"""core.innovation_graph materialised: from a folder, over HTTP, again, and when it is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.baseline.assets import build, known_economies
from assets.baseline.innovation_graph import InnovationGraphError
from assets.baseline.tables import INNOVATION_GRAPH
from assets.declare import Plan
from assets.reference import rows as reference
from assets.reference.loader import load_reference
from assets.reference.rows import reference_rows
from assets.reference.tables import ECONOMIES
from resources.innovation_graph import InnovationGraphResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource
from sandbox.innovation_graph import QUARTERS, SEEN_BY_IP, accounts
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.world import World

NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
DAILY = dg.DailyPartitionsDefinition(start_date="2022-01-01")


class Baseline:
    """A warehouse with the economies, and the asset over it."""

    def __init__(self, folder: Path) -> None:
        self.house = Warehouse(str(folder / "warehouse.duckdb"))
        self.house.ensure(["CREATE SCHEMA core", ECONOMIES.ddl])
        shipped = reference_rows(load_reference(Path(reference.__file__).parent))
        self.house.replace_all(ECONOMIES.qualified, shipped[ECONOMIES])

    def fetch(self, base_url: str, now: datetime = NOW) -> dict[str, object]:
        """Materialise; the metadata."""
        result = dg.materialize(
            build(Plan(daily=DAILY)),
            resources={
                "innovation_graph": InnovationGraphResource(base_url=base_url, attempts=2),
                "warehouse": WarehouseResource(database=str(self.house.database)),
                "platform": Platform(
                    world="sandbox",
                    data_dir="",
                    reference_dir="",
                    tracked_repositories="",
                    rules="",
                    fixed_now=now.isoformat(),
                ),
            },
        )
        made = result.asset_materializations_for_node("core__innovation_graph")[0]
        return {name: value.value for name, value in made.metadata.items()}

    def rows(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = self.house.query(
            f"FROM {INNOVATION_GRAPH.qualified} ORDER BY ALL"
        ).to_pylist()
        return found


@pytest.fixture
def baseline(tmp_path: Path) -> Baseline:
    return Baseline(tmp_path)


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(World(seed=1, developers=20)) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "innovation graph"
    made.mkdir()
    (made / "developers.csv").write_text(
        "developers,iso2_code,year,quarter\n300,CN,2024,3\n700,US,2024,3\n500,XQ,2024,3\n"
    )
    (made / "git_pushes.csv").write_text("git_pushes,iso2_code,year,quarter\n9,US,2024,3\n")
    return made


def test_from_the_sandbox_it_has_every_quarter_and_country_and_no_eu(
    baseline: Baseline, server: SandboxServer
) -> None:
    metadata = baseline.fetch(f"{server.url}/innovationgraph")
    assert metadata["newest_quarter"] == "2024Q3"
    assert metadata["quarantined_count"] == 0
    rows = baseline.rows()
    countries = server.world.countries
    assert metadata["dagster/row_count"] == len(rows) == len(QUARTERS) * len(countries)
    assert {row["country_iso2"] for row in rows} == set(countries)
    china = next(r for r in rows if (r["country_iso2"], r["year"], r["quarter"]) == ("CN", 2024, 3))
    total = sum(accounts(code, 2024, 3) for code in countries)
    assert china["developer_share"] == pytest.approx(accounts("CN", 2024, 3) / total)
    # A fifth of all developers, half of it seen: 0.1 of 0.9.
    assert SEEN_BY_IP == {"CN": 0.5}
    assert china["developer_share"] == pytest.approx(0.1 / 0.9, abs=1e-6)


def test_the_same_bytes_fetched_again_are_the_same_rows_of_the_same_vintage(
    baseline: Baseline, folder: Path
) -> None:
    assert baseline.fetch(f"file:{folder}")["is_new_vintage"]
    first = baseline.rows()
    assert [row["fetched_at"] for row in first] == [NOW, NOW]
    assert not baseline.fetch(f"file:{folder}", NOW + timedelta(days=31))["is_new_vintage"]
    assert baseline.rows() == first


def test_a_revised_file_is_another_vintage_and_replaces_the_table(
    baseline: Baseline, folder: Path
) -> None:
    before = baseline.fetch(f"file:{folder}")["content_digest"]
    path = folder / "developers.csv"
    path.write_text(path.read_text().replace("300,CN", "400,CN"))
    after = baseline.fetch(f"file:{folder}", NOW + timedelta(days=31))
    assert after["is_new_vintage"]
    assert after["content_digest"] != before
    china = baseline.rows()[0]
    assert (china["developer_count"], china["fetched_at"]) == (400, NOW + timedelta(days=31))


def test_what_is_left_out_is_counted_and_shown(baseline: Baseline, folder: Path) -> None:
    metadata = baseline.fetch(f"file:{folder}")
    assert metadata["quarantined_count"] == 1
    assert "developers.csv\\:4: iso2_code 'XQ' is unknown" in str(metadata["quarantined"])
    assert {row["country_iso2"]: row["developer_share"] for row in baseline.rows()} == {
        "CN": 0.3,
        "US": 0.7,
    }


def test_a_defective_file_fails_the_run_and_leaves_the_old_table(
    baseline: Baseline, folder: Path
) -> None:
    baseline.fetch(f"file:{folder}")
    before = baseline.rows()
    path = folder / "developers.csv"
    path.write_text(path.read_text().replace("300,CN", "-300,CN"))
    with pytest.raises(InnovationGraphError, match=r"developers\.csv:2: developers: '-300'"):
        baseline.fetch(f"file:{folder}")
    assert baseline.rows() == before


def test_an_answer_cut_short_is_asked_for_again(baseline: Baseline, server: SandboxServer) -> None:
    server.add_fault(Trouble(path_prefix="/innovationgraph/", kind="cut", times=1))
    assert baseline.fetch(f"{server.url}/innovationgraph")["dagster/row_count"] == 275
    paths = [entry.path for entry in server.requests()]
    assert paths.count("/innovationgraph/developers.csv") == 2


def test_on_a_new_instance_it_waits_for_the_reference_tables(tmp_path: Path) -> None:
    with pytest.raises(dg.RetryRequested):
        known_economies(Warehouse(str(tmp_path / "new.duckdb")))


def test_the_real_files_serve_as_an_upstream(baseline: Baseline, real_data: Path) -> None:
    metadata = baseline.fetch(f"file:{real_data / 'innovationgraph'}")
    assert metadata["dagster/row_count"] == 5174
    assert metadata["quarantined_count"] == 0
