"""An archive that was asked for a day and had no complete file of it."""

from datetime import date, datetime, timedelta
from pathlib import Path

from assets.activity.tables import ARCHIVE_HOURS
from assets.coverage.assets import Past
from assets.coverage.cells import GROUP_OF_TYPE
from assets.coverage.coverage import without_files
from resources.lake import Lake

DAY = date(2024, 12, 5)


def hour(source: str, status: str) -> dict[str, object]:
    of_type = {"BIGINT": 0, "INTEGER": 0, "BOOLEAN": False, "VARCHAR": "", "BIGINT[]": []}
    row: dict[str, object] = {
        column.name: of_type.get(column.type) for column in ARCHIVE_HOURS.columns
    }
    moment = f"{DAY}T03:00:00+00:00"
    at = datetime.fromisoformat(moment)
    return {
        **row,
        "source": source,
        "archive_date": DAY,
        "file_hour": at,
        "status": status,
        "messages": [],
        "fetched_at": at,
    }


def test_everything_of_the_day_is_lost_by_its_past() -> None:
    rows = without_files(DAY, ["gharchive"]).to_pylist()
    tracked = [row for row in rows if row["scope"] == "tracked"]
    assert {row["event_type"] for row in tracked} == {None, *GROUP_OF_TYPE}
    assert {(row["capture_rate"], row["status"], row["yardstick"]) for row in rows} == {
        (0.0, "degraded", "volume")
    }
    assert {row["estimated_events"] for row in rows} == {None}
    assert without_files(DAY, []).num_rows == 0


def test_it_is_told_from_an_archive_that_was_never_asked(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    for source, status in (("gharchive", "missing"), ("opendigger", "complete")):
        rows = ARCHIVE_HOURS.arrow([hour(source, status)])
        lake.write(ARCHIVE_HOURS.qualified, str(DAY), rows, source)
    past = Past(lake, [DAY])
    assert past.empty_archives(DAY) == ["gharchive"]
    assert past.complete_hours(DAY) == {"opendigger": 1}
    assert past.empty_archives(DAY - timedelta(days=1)) == []
