"""The commands of an installation that runs for years, as an operator gives them."""

from pathlib import Path

import pytest

from orchestration.production import main
from resources.warehouse import Warehouse


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a warehouse, named by the environment."""
    folder = tmp_path / "data"
    monkeypatch.setenv("OBSERVATORY_DATA", str(folder))
    monkeypatch.delenv("OBSERVATORY_DAGSTER_STORAGE", raising=False)  # of a month that is open
    monkeypatch.setenv("OBSERVATORY_BACKUPS", str(tmp_path / "backups"))
    Warehouse(str(folder / "warehouse.duckdb")).ensure(["CREATE TABLE t AS SELECT 7 AS n"])
    return folder


def test_backup_verify_and_restore_say_what_they_did_and_how_to_go_on(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup"]) == 0
    (made,) = (tmp_path / "backups").glob("2*")
    assert f"{made}: 1 files" in capsys.readouterr().out
    assert main(["verify", str(made)]) == 0
    assert main(["restore", str(made)]) == 2
    assert "give REPLACE=1" in capsys.readouterr().err
    assert main(["restore", "--replace", str(made)]) == 0
    assert "lies in" in capsys.readouterr().out
    house = Warehouse(str(data / "warehouse.duckdb"))
    assert house.query("SELECT n FROM t")["n"].to_pylist() == [7]
    (made / "warehouse.duckdb").write_bytes(b"")
    assert main(["verify", str(made)]) == 2
    assert "0 bytes instead of" in capsys.readouterr().err
