"""The inventory counts every partition that was asked for, and its commands mend what is left."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.upkeep.inventory import Inventory, Standing
from orchestration.backfill_file import Begun, only_one, write
from orchestration.code_digest import CODE_TAG, code_digest
from orchestration.inventory import partitions_by_asset, take_inventory
from orchestration.partitions import (
    daily_partitions,
    monthly_partitions,
    snapshot_partitions,
    weekly_partitions,
)

FIRST = date(2026, 1, 1)
NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)
POISON = {"2026-03-04", "2026-03-05"}
SPAN = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


def asset(
    name: str, partitions: dg.PartitionsDefinition, bad: Iterable[str] = (), **others: object
) -> dg.AssetsDefinition:
    """One that cannot make some partitions."""

    @dg.asset(key=["mart", name], partitions_def=partitions, **others)  # type: ignore[arg-type]
    def made(context: dg.AssetExecutionContext) -> None:
        if not bad_now.isdisjoint(context.partition_keys):
            raise ValueError("cannot be made")

    bad_now = set(bad)
    return made


def days(first: str, last: str) -> list[str]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [str(start + timedelta(days=n)) for n in range((end - start).days + 1)]


def make(
    instance: dg.DagsterInstance, made: list[dg.AssetsDefinition], keys: Iterable[str]
) -> None:
    job = dg.Definitions(assets=made).resolve_implicit_global_asset_job_def()
    for key in keys:
        job.execute_in_process(
            instance=instance,
            partition_key=key,
            asset_selection=[each.key for each in made],
            raise_on_error=False,
            tags={CODE_TAG: code_digest()},
        )


Take = Callable[..., Inventory]


@pytest.fixture
def take(instance: dg.DagsterInstance, tmp_path: Path) -> Take:
    def of(made: list[dg.AssetsDefinition], now: datetime = NOW) -> Inventory:
        return take_inventory(instance, now, partitions_by_asset(made), tmp_path)

    return of


def only(found: Inventory) -> Standing:
    (standing,) = found.standings
    return standing


def test_what_a_command_is_at_work_on_is_not_left(
    instance: dg.DagsterInstance, take: Take, tmp_path: Path
) -> None:
    made = [asset("a", daily_partitions(FIRST))]
    make(instance, made, ["2026-02-01", *days("2026-02-20", "2026-03-09")])
    assert only(take(made)).left == 18
    first, last = date(2026, 2, 1), date(2026, 2, 19)
    with only_one(tmp_path, first, last) as path:
        write(path, Begun("2026-02-01..2026-02-19, now", [], is_newest_first=True))
        standing = only(take(made))
        assert (standing.left, standing.in_progress, standing.missing) == (0, 18, ())
    assert only(take(made)).left == 18


def test_each_partition_is_counted_once_as_what_it_is(
    instance: dg.DagsterInstance, take: Take
) -> None:
    """Of 68 days to 9 March 50 lie before the first that was asked for, 20 February.

    20 to 22 February are made, 23 to 28 were not asked for; 1 to 3 March are made, 4 and 5 failed,
    6 and 7 are made, 8 and 9 missing.
    """
    partitions = daily_partitions(FIRST)
    first, second = asset("first", partitions), asset("second", partitions, POISON)
    both = [first, second]
    make(instance, both, [*days("2026-02-20", "2026-02-22"), *days("2026-03-01", "2026-03-07")])
    found = take(both)
    of_first, of_second = found.standings
    assert (of_first.made, of_first.failed_count, of_first.missing_count) == (10, 0, 8)
    assert (of_second.made, of_second.failed_count, of_second.missing_count) == (8, 2, 8)
    for each in found.standings:
        counts = (each.made, each.failed_count, each.missing_count, each.in_progress)
        assert sum(counts) + each.never_asked == 68
        assert (each.never_asked, each.first, each.due_to) == (50, FIRST, date(2026, 3, 9))
        assert each.asked_from == date(2026, 2, 20)
    assert list(map(str, of_second.failed)) == ["2026-03-04 to 2026-03-05"]
    assert list(map(str, of_first.missing)) == [
        "2026-02-23 to 2026-02-28", "2026-03-08 to 2026-03-09",
    ]  # fmt: skip
    # 23 to 28 February were over eight days and one ago: no condition asks for them any more.
    assert (of_first.left, of_second.left, of_second.given_up) == (6, 6, 0)
    assert [each.command for each in found.mends] == [
        "make backfill FROM=2026-02-23 TO=2026-02-28",
        "make backfill FROM=2026-03-04 TO=2026-03-05",
        "make backfill FROM=2026-03-08 TO=2026-03-09",
    ]
    assert (found.failed_count, found.missing_count) == (2, 16)


def test_what_its_commands_name_is_whole_once_they_were_given(
    instance: dg.DagsterInstance, take: Take
) -> None:
    partitions = daily_partitions(FIRST)
    broken = asset("table", partitions, POISON)
    make(instance, [broken], days("2026-03-01", "2026-03-05"))
    mends = take([broken]).mends
    assert len(mends) == 1
    mended = asset("table", partitions)
    make(instance, [mended], days(str(mends[0].span.first), str(mends[0].span.last)))
    found = take([mended])
    assert only(found).is_whole
    assert found.mends == ()


def test_a_day_is_due_six_hours_after_it_is_over(instance: dg.DagsterInstance, take: Take) -> None:
    table = asset("table", daily_partitions(FIRST))
    make(instance, [table], ["2026-03-08"])
    assert only(take([table], NOW - timedelta(seconds=1))).is_whole
    assert only(take([table])).missing_count == 1


def test_what_is_given_up_is_counted_and_not_left_to_be_said_again(
    instance: dg.DagsterInstance, take: Take
) -> None:
    table = asset("table", daily_partitions(FIRST), {"2026-02-10"})
    for _ in range(3):
        make(instance, [table], days("2026-02-10", "2026-02-10"))
    standing = only(take([table]))
    assert (standing.failed_count, standing.given_up) == (1, 1)
    # 11 to 28 February; 1 to 9 March is asked for still, or was until today.
    assert standing.left == 18


def test_what_waits_or_runs_is_in_progress_and_no_defect(
    instance: dg.DagsterInstance, take: Take
) -> None:
    table = asset("table", daily_partitions(FIRST), POISON)
    other = asset("other", daily_partitions(FIRST))
    make(instance, [table, other], days("2026-03-01", "2026-03-05"))
    job = dg.Definitions(
        assets=[table, other], jobs=[dg.define_asset_job("daily", selection="*")]
    ).resolve_job_def("daily")
    instance.create_run_for_job(
        job,
        tags={SPAN[0]: "2026-03-05", SPAN[1]: "2026-03-08"},
        status=dg.DagsterRunStatus.NOT_STARTED,
        asset_selection=frozenset({table.key}),
    )
    of_other, of_table = take([table, other]).standings
    # Of the table 5 (failed before) to 8 March are on their way; 4 failed, 9 is missing.
    assert (of_table.in_progress, of_table.failed_count, of_table.missing_count) == (4, 1, 1)
    assert (of_other.in_progress, of_other.failed_count, of_other.missing_count) == (0, 0, 4)


def test_weeks_months_and_snapshots_are_counted_as_such_and_mended_by_their_own_commands(
    instance: dg.DagsterInstance, take: Take
) -> None:
    week = asset("patents", weekly_partitions(FIRST))
    month = asset("papers", monthly_partitions(date(2025, 6, 1)))
    snapshot = asset("hub", snapshot_partitions(FIRST))
    make(instance, [week], ["2026-01-06", "2026-02-24"])
    make(instance, [month], ["2025-10-01", "2026-02-01"])
    make(instance, [snapshot], ["2026-03-01", "2026-03-08"])
    found = take([week, month, snapshot])
    assert {each.family: each.missing_count for each in found.standings} == {
        # 2 to 7 and 9 March: the day that is not over is no defect yet.
        "hub": 7,
        # 13 January to 17 February, and that of 3 March, which ended this morning.
        "patents": 7,
        # November to January.
        "papers": 3,
    }
    assert [(each.command, each.unit) for each in found.mends] == [
        ("make hub FROM=2026-03-02 TO=2026-03-07", "snapshot"),
        ("make hub FROM=2026-03-09 TO=2026-03-09", "snapshot"),
        ("make patents FROM=2026-01-13 TO=2026-02-17", "week"),
        ("make patents FROM=2026-03-03 TO=2026-03-03", "week"),
        ("make papers FROM=2025-11 TO=2026-01", "month"),
    ]


def test_an_asset_without_partitions_is_none_of_its_business(take: Take) -> None:
    @dg.asset
    def gathered() -> None:
        pass

    assert take([gathered]).standings == ()


def test_what_was_never_asked_for_is_no_defect(take: Take) -> None:
    standing = only(take([asset("table", daily_partitions(FIRST))]))
    assert standing.is_whole
    assert (standing.asked_from, standing.never_asked) == (None, 68)
