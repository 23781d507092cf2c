"""The page as an asset: in the folder of the vintage that it is made of, whole or not at all."""

import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from assets.report.assets import write_page
from tests.assets.report.conftest import Materialize


def test_a_run_writes_the_page_beside_the_files_that_it_shows(
    tmp_path: Path, materialize: Materialize
) -> None:
    """Published of the day are CN 40 of 49 located accounts, and a pool that no chart shows."""
    result = materialize()
    current = tmp_path / "data" / "published" / "current"
    (made,) = result.asset_materializations_for_node("published__page")
    page = current / "index.html"
    assert Path(str(made.metadata["page"].value)) == page
    assert made.metadata["size"].value == page.stat().st_size
    text = page.read_text(encoding="utf-8")
    (row,) = pq.read_table(current / "vintage.parquet").to_pylist()
    assert made.metadata["vintage"].value == row["vintage"]
    assert row["vintage"] in text
    assert "81.6 %" in str(made.metadata["findings"].value)
    assert "81.6\N{NO-BREAK SPACE}%" in text
    assert stat.S_IMODE(page.stat().st_mode) == 0o444
    assert [file.name for file in current.iterdir() if file.name.startswith(".")] == []


def test_what_is_pooled_or_of_one_repository_is_nowhere_on_the_page(
    tmp_path: Path, materialize: Materialize
) -> None:
    """DE has two accounts that day and BR one; US is pooled with them. Of the week BR takes DE."""
    materialize()
    text = (tmp_path / "data" / "published" / "current" / "index.html").read_text(encoding="utf-8")
    assert "2024-12-15,day,attention,CN,China,0.816" in text
    assert "2024-12-15,day,attention,US,United States,,," in text
    assert ",DE,Germany" not in text
    assert "Brazil" not in text


def test_each_vintage_keeps_its_own_page(tmp_path: Path, materialize: Materialize) -> None:
    for _ in range(2):
        assert materialize().success
    for folder in (tmp_path / "data" / "published" / "vintages").iterdir():
        text = (folder / "index.html").read_text(encoding="utf-8")
        assert f"Vintage {folder.name}," in text


def test_a_page_that_cannot_be_written_whole_leaves_the_one_before(tmp_path: Path) -> None:
    write_page(tmp_path, "old", "one")
    with pytest.raises(UnicodeEncodeError):
        write_page(tmp_path, "half \ud800", "two")
    assert (tmp_path / "index.html").read_text() == "old"
    write_page(tmp_path, "new", "two")
    assert (tmp_path / "index.html").read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["index.html"]
