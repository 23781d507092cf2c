"""A backup's manifest whose time or number is none is refused before anything is done by it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.manifest import BackupError, Manifest, read_manifest

NOW = datetime(2026, 11, 27, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2026-11-27T01:00:00", "yesterday"),
        ("2026-11-27T01:00:00+00", "0001-01-01T00:00:00+09"),
        ('"number": 4', '"number": []'),
    ],
)
def test_a_time_or_number_that_is_none_is_a_damaged_manifest(
    tmp_path: Path, old: str, new: str
) -> None:
    manifest = Manifest(NOW.isoformat(), "sandbox", "/", "sqlite", {}, {}, (), number=4)
    manifest.write(tmp_path)
    assert read_manifest(tmp_path) == manifest
    path = tmp_path / "manifest.json"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(BackupError, match="is damaged"):
        read_manifest(tmp_path)
