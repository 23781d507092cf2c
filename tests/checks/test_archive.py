"""Losses in the archives: files that are not whole, volumes that fall without a reason."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from assets.activity.tables import ARCHIVE_HOURS, ARCHIVE_TOTALS
from checks.archive import VolumeLoss, archive_checks, volume_losses
from resources.lake import Lake

DAY = date(2024, 12, 15)
RunCheck = Callable[..., dg.ExecuteInProcessResult]
ALL_HOURS = range(24)
SOURCE = "gharchive"
COUNTS = tuple(
    column.name
    for column in ARCHIVE_HOURS.columns
    if column.type in ("BIGINT", "INTEGER") and not column.nullable
)
FILES_WHOLE, VOLUME_AS_USUAL = archive_checks()


def before(days: int) -> date:
    return DAY - timedelta(days=days)


def write_day(
    lake: Lake,
    day: date,
    hourly: Mapping[str, int],
    *,
    damaged: Collection[int] = (),
    damaged_hourly: int = 0,
    hours: Collection[int] = ALL_HOURS,
    changes: Mapping[int, Mapping[str, object]] | None = None,
    source: str = SOURCE,
) -> None:
    """Write a day of raw.archive_hours and raw.archive_totals.

    Args:
        lake: where to.
        day: UTC.
        hourly: events an hour by type; a type with 0 has no row, as in the scan.
        damaged: hours whose file is truncated.
        damaged_hourly: events of each type in those.
        hours: that have a file.
        changes: other columns of raw.archive_hours, by hour; hour 24 is the neighbour's file,
            which has no totals.
        source: of the archive.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    changes = changes or {}
    files: list[dict[str, object]] = []
    totals: list[dict[str, object]] = []
    for hour in [*hours, *(each for each in changes if each not in ALL_HOURS)]:
        place = {
            "source": source,
            "archive_date": day,
            "file_hour": midnight + timedelta(hours=hour),
        }
        row: dict[str, object] = {
            **place,
            **dict.fromkeys(COUNTS, 0),
            "is_neighbour": hour not in ALL_HOURS,
            "status": "truncated" if hour in damaged else "complete",
            "bad_offsets": [],
            "messages": [],
            "scan_fingerprint": "test",
            "fetched_at": midnight,
        }
        files.append({**row, **changes.get(hour, {})})
        for event_type, usual in hourly.items():
            count = damaged_hourly if hour in damaged else usual
            if count and hour in ALL_HOURS:
                totals.append({**place, "event_type": event_type, "event_count": count})
    lake.write(ARCHIVE_HOURS.qualified, str(day), ARCHIVE_HOURS.arrow(files), source)
    lake.write(ARCHIVE_TOTALS.qualified, str(day), ARCHIVE_TOTALS.arrow(totals), source)


def write_past(
    lake: Lake, hourly: int = 100, *, days: int = 28, event_type: str = "WatchEvent"
) -> None:
    """So many days before the day, each as usual; two hours tell as much as 24."""
    for age in range(1, days + 1):
        write_day(lake, before(age), {event_type: hourly}, hours=range(2))


def losses(lake: Lake, hourly: int, event_type: str = "WatchEvent") -> list[VolumeLoss]:
    """What is found on the day when it holds so many events an hour."""
    write_day(lake, DAY, {event_type: hourly})
    return volume_losses(lake, [DAY])


def test_a_loss_is_found_with_what_is_left_of_the_usual(lake: Lake) -> None:
    write_past(lake, 100)
    (loss,) = losses(lake, 40)
    assert loss == VolumeLoss(DAY, SOURCE, "WatchEvent", 40.0, 100.0)
    assert loss.ratio == 0.4


@pytest.mark.parametrize(
    ("hourly", "is_found"),
    [(49, True), (50, False), (60, False), (100, False), (300, False)],
    ids=["under half", "half", "a weekend", "as usual", "a rise"],
)
def test_only_less_than_half_of_the_usual_is_a_loss(
    lake: Lake, hourly: int, is_found: bool
) -> None:
    write_past(lake, 100)
    assert bool(losses(lake, hourly)) is is_found


def test_a_type_that_vanished_is_a_loss(lake: Lake) -> None:
    write_past(lake, 100)
    (loss,) = losses(lake, 0)
    assert loss.hourly_count == 0.0


@pytest.mark.parametrize(("days", "is_found"), [(6, False), (7, True)])
def test_fewer_than_seven_days_before_say_nothing(lake: Lake, days: int, is_found: bool) -> None:
    write_past(lake, 100, days=days)
    assert bool(losses(lake, 0)) is is_found


@pytest.mark.parametrize(("hourly", "is_found"), [(8, False), (9, True)])
def test_a_type_of_under_200_events_a_day_says_nothing(
    lake: Lake, hourly: int, is_found: bool
) -> None:
    """8 an hour are 192 a day, 9 are 216."""
    write_past(lake, hourly)
    assert bool(losses(lake, 0)) is is_found


def test_usual_is_the_median_that_a_few_odd_days_do_not_move(lake: Lake) -> None:
    write_past(lake, 100)
    for age, hourly in ((3, 10_000), (4, 10_000), (5, 0)):
        write_day(lake, before(age), {"WatchEvent": hourly})
    (loss,) = losses(lake, 40)
    assert loss.usual_hourly_count == 100.0


def test_usual_is_of_the_28_days_before(lake: Lake) -> None:
    """Of 40 days the older 12 are ten times larger: they do not count."""
    write_past(lake, 1_000, days=40)
    write_past(lake, 100, days=28)
    assert losses(lake, 60) == []


def test_hours_that_are_not_whole_count_neither_as_events_nor_as_hours(lake: Lake) -> None:
    """12 whole hours of 100 and 12 truncated ones of 5: 100 an hour, not 52.5."""
    write_past(lake, 100)
    write_day(lake, DAY, {"WatchEvent": 100}, damaged=range(12), damaged_hourly=5)
    assert volume_losses(lake, [DAY]) == []


def test_damaged_hours_of_the_days_before_do_not_lower_the_usual(lake: Lake) -> None:
    for age in range(1, 29):
        write_day(lake, before(age), {"WatchEvent": 100}, damaged=range(20), damaged_hourly=1)
    (loss,) = losses(lake, 40)
    assert loss.usual_hourly_count == 100.0


def test_a_day_without_a_whole_hour_says_nothing(lake: Lake) -> None:
    write_past(lake, 100)
    write_day(lake, DAY, {"WatchEvent": 100}, damaged=ALL_HOURS, damaged_hourly=1)
    assert volume_losses(lake, [DAY]) == []


def test_the_neighbours_file_is_no_hour_of_the_day(lake: Lake) -> None:
    """With it the day would have 25 hours, and 52 * 24 / 25 = 49.9 events in each."""
    write_past(lake, 100)
    write_day(lake, DAY, {"WatchEvent": 52}, changes={24: {}})
    assert volume_losses(lake, [DAY]) == []


def test_each_archive_is_compared_with_itself(lake: Lake) -> None:
    write_past(lake, 100)
    for age in range(29):
        write_day(lake, before(age), {"WatchEvent": 10}, source="other", hours=range(2))
    assert losses(lake, 100) == []
    (loss,) = losses(lake, 5)
    assert loss.source == SOURCE


def test_each_event_type_is_compared_with_itself(lake: Lake) -> None:
    for age in range(1, 29):
        write_day(lake, before(age), {"WatchEvent": 100, "PushEvent": 1_000}, hours=range(2))
    write_day(lake, DAY, {"WatchEvent": 10, "PushEvent": 1_000, "NewEvent": 10})
    assert [loss.event_type for loss in volume_losses(lake, [DAY])] == ["WatchEvent"]


def test_a_lasting_loss_is_found_on_each_of_its_days_in_order(lake: Lake) -> None:
    write_past(lake, 100)
    for age in (2, 1, 0):
        write_day(lake, before(age), {"WatchEvent": 10})
    found = volume_losses(lake, [DAY, before(2), before(1)])
    assert [loss.day for loss in found] == [before(2), before(1), DAY]


def test_only_the_days_asked_for_are_judged(lake: Lake) -> None:
    write_past(lake, 100)
    write_day(lake, before(1), {"WatchEvent": 10})
    assert losses(lake, 100) == []


def test_no_days_and_no_archives_have_no_losses(lake: Lake) -> None:
    assert volume_losses(lake, []) == []
    assert volume_losses(lake, [DAY]) == []


def evaluation(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    (found,) = result.get_asset_check_evaluations()
    return found


def test_the_volume_check_names_the_loss_and_blocks_nothing(
    lake: Lake, run_check: RunCheck
) -> None:
    write_past(lake, 100)
    write_day(lake, DAY, {"WatchEvent": 40})
    result = run_check(VOLUME_AS_USUAL, ARCHIVE_TOTALS, DAY)
    found = evaluation(result)
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.WARN
    assert found.description == (
        "1 event types and days under 50% of their usual volume on 2024-12-15 to 2024-12-15."
    )
    assert found.metadata["losses"].value == 1
    table = str(found.metadata["table"].value)
    assert "| 2024-12-15 | gharchive | WatchEvent | 40 | 100 | 40% |" in table
    assert result.success


def test_the_volume_check_passes_as_usual(lake: Lake, run_check: RunCheck) -> None:
    write_past(lake, 100)
    write_day(lake, DAY, {"WatchEvent": 90})
    found = evaluation(run_check(VOLUME_AS_USUAL, ARCHIVE_TOTALS, DAY))
    assert found.passed
    assert found.metadata["table"].value == "None."


def test_whole_files_pass_whatever_becomes_of_the_neighbours(
    lake: Lake, run_check: RunCheck
) -> None:
    write_day(lake, DAY, {}, changes={24: {"status": "missing"}})
    found = evaluation(run_check(FILES_WHOLE, ARCHIVE_HOURS, DAY))
    assert found.passed
    assert found.metadata["faults"].value == "None."


def test_each_file_that_is_not_whole_is_named_and_blocks_nothing(
    lake: Lake, run_check: RunCheck
) -> None:
    write_day(lake, before(1), {}, changes={3: {"status": "missing"}})
    write_day(
        lake,
        DAY,
        {},
        changes={5: {"status": "corrupt", "event_count": 9}, 7: {"bad_line_count": 2}},
    )
    write_day(lake, DAY, {}, source="other")
    result = run_check(FILES_WHOLE, ARCHIVE_HOURS, before(1), DAY)
    found = evaluation(result)
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.WARN
    assert found.description == "3 of 72 files are not whole on 2024-12-14 to 2024-12-15."
    assert found.metadata["files_at_fault"].value == 3
    assert str(found.metadata["faults"].value).splitlines()[2:] == [
        "| 2024-12-14 03:00 | gharchive | missing | 0 | 0 |",
        "| 2024-12-15 05:00 | gharchive | corrupt | 0 | 9 |",
        "| 2024-12-15 07:00 | gharchive | complete | 2 | 0 |",
    ]
    assert result.success


def test_a_long_list_of_faults_is_cut_but_counted(lake: Lake, run_check: RunCheck) -> None:
    for age in range(3):
        write_day(lake, before(age), {}, damaged=ALL_HOURS)
    found = evaluation(run_check(FILES_WHOLE, ARCHIVE_HOURS, before(2), DAY))
    assert found.metadata["files_at_fault"].value == 72
    assert len(str(found.metadata["faults"].value).splitlines()) == 2 + 50
