"""A spool keeps what was written whole, and sweeps away what killed writers left."""

import fcntl
from pathlib import Path

from assets.spool import JsonSpool


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_writer_left_is_swept_away_and_what_was_written_stays(tmp_path: Path) -> None:
    spool = JsonSpool(tmp_path)
    spool.add("a", [1])
    (tmp_path / "b.json.0123.tmp").write_bytes(b"[1, 2")
    (tmp_path / "c.tmp").write_bytes(b"")  # as earlier versions named them
    assert spool.kept() == ({"a": [1]}, [])
    assert names(tmp_path) == ["a.json"]


def test_what_a_living_writer_is_at_is_left_alone(tmp_path: Path) -> None:
    spool = JsonSpool(tmp_path)
    with (tmp_path / "b.json.0123.tmp").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        spool.sweep()
        assert names(tmp_path) == ["b.json.0123.tmp"]
    spool.sweep()
    assert names(tmp_path) == []
