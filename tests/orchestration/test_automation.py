"""The daily automation, evaluated by Dagster itself on a simulated clock."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from orchestration.automation import (
    DAILY_CRON,
    automation_sensor,
    baseline_condition,
    daily_condition,
    gathered_condition,
    hourly_condition,
    monthly_condition,
    snapshot_condition,
    upkeep_condition,
    weekly_condition,
)
from orchestration.partitions import (
    chunks,
    daily_partitions,
    monthly_partitions,
    snapshot_partitions,
    weekly_partitions,
    weeks_between,
)
from tests.orchestration.storages import scratch_instance

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dg.asset(
    partitions_def=daily_partitions(datetime(2026, 1, 1, tzinfo=UTC).date()),
    automation_condition=daily_condition(),
)
def upstream() -> None:
    """Stands in for the first asset of a day."""


@dg.asset(
    partitions_def=daily_partitions(datetime(2026, 1, 1, tzinfo=UTC).date()),
    automation_condition=daily_condition(),
    deps=[upstream],
)
def downstream() -> None:
    """Stands in for the last."""


ASSETS = [upstream, downstream]


class Asking:
    """Evaluates the condition of one asset, moment after moment: whether it is asked for."""

    def __init__(self, instance: dg.DagsterInstance, assets: list[dg.AssetsDefinition]) -> None:
        self.instance = instance
        self.assets = assets
        self.cursor = None

    def __call__(self, moment: datetime) -> bool:
        result = dg.evaluate_automation_conditions(
            defs=self.assets,
            instance=self.instance,
            asset_selection=dg.AssetSelection.all(),
            evaluation_time=moment,
            cursor=self.cursor,
        )
        self.cursor = result.cursor
        return result.total_requested == 1


class Clock:
    """Evaluates the conditions tick by tick, and materialises what they ask for."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.cursor = None

    def tick(self, moment: datetime, *, succeed: bool = True) -> list[str]:
        result = dg.evaluate_automation_conditions(
            defs=ASSETS,
            instance=self.instance,
            asset_selection=dg.AssetSelection.all(),
            evaluation_time=moment,
            cursor=self.cursor,
        )
        self.cursor = result.cursor
        asked = {
            asset.key.to_user_string(): sorted(result.get_requested_partitions(asset.key))
            for asset in ASSETS
        }
        assert asked["upstream"] == asked["downstream"]
        for key in asked["upstream"] if succeed else []:
            dg.materialize(ASSETS, partition_key=key, instance=self.instance)
        return [str(key) for key in asked["upstream"]]


def days(first: str, count: int) -> list[str]:
    start = datetime.fromisoformat(first)
    return [(start + timedelta(days=n)).date().isoformat() for n in range(count)]


@pytest.mark.parametrize("outage", [1, 3, 7])
def test_after_an_outage_of_up_to_seven_days_all_of_it_is_asked_for(outage: int) -> None:
    with scratch_instance() as instance:
        clock = Clock(instance)
        # The first evaluation takes the eight newest closed days.
        assert clock.tick(START) == days("2026-02-21", 8)
        assert clock.tick(START + timedelta(hours=6)) == []
        # The daemon is away, and comes back in the afternoon.
        back = START + timedelta(days=outage, hours=3)
        assert clock.tick(back) == days("2026-03-01", outage)
        assert clock.tick(back + timedelta(minutes=1)) == []


def test_each_day_is_asked_for_once_after_two_in_the_morning() -> None:
    with scratch_instance() as instance:
        clock = Clock(instance)
        clock.tick(START)
        assert clock.tick(datetime(2026, 3, 2, 1, 59, tzinfo=UTC)) == []
        assert clock.tick(datetime(2026, 3, 2, 2, 1, tzinfo=UTC)) == ["2026-03-01"]
        assert clock.tick(datetime(2026, 3, 2, 2, 2, tzinfo=UTC)) == []


def test_a_day_that_failed_is_asked_for_again_the_next_day() -> None:
    with scratch_instance() as instance:
        clock = Clock(instance)
        clock.tick(START)
        morning = datetime(2026, 3, 2, 2, 1, tzinfo=UTC)
        assert clock.tick(morning, succeed=False) == ["2026-03-01"]
        assert clock.tick(morning + timedelta(days=1)) == ["2026-03-01", "2026-03-02"]


def test_the_sensor_is_on_by_default_and_the_cron_is_in_utc_after_the_neighbour_file() -> None:
    assert automation_sensor().default_status is dg.DefaultSensorStatus.RUNNING
    assert DAILY_CRON == "0 2 * * *"


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [(1, 31, [1]), (31, 31, [31]), (32, 31, [31, 1]), (30, 10, [10] * 3)],
)
def test_a_range_is_cut_into_few_runs_that_cover_it_once(
    count: int, size: int, expected: list[int]
) -> None:
    first = START.date()
    ranges = list(chunks(first, first + timedelta(days=count - 1), size))
    assert [(end - start).days + 1 for start, end in ranges] == expected
    covered = [
        start + timedelta(days=n) for start, end in ranges for n in range((end - start).days + 1)
    ]
    assert covered == [first + timedelta(days=n) for n in range(count)]


@dg.asset(automation_condition=baseline_condition())
def monthly() -> None:
    """Stands in for a baseline that others publish."""


def test_a_baseline_is_asked_for_once_a_month_and_daily_while_it_is_missing() -> None:
    with scratch_instance() as instance:
        is_asked = Asking(instance, [monthly])
        # The first try fails, and so is made again next morning, but not every minute.
        assert is_asked(START)
        assert not is_asked(START + timedelta(minutes=1))
        # 2026-03-02: the second of the month is a day like another while nothing is there.
        assert is_asked(datetime(2026, 3, 2, 2, 1, tzinfo=UTC))
        assert is_asked(datetime(2026, 3, 3, 2, 1, tzinfo=UTC))
        dg.materialize([monthly], instance=instance)
        assert not is_asked(datetime(2026, 3, 4, 2, 1, tzinfo=UTC))
        assert not is_asked(datetime(2026, 4, 2, 2, 59, tzinfo=UTC))
        assert is_asked(datetime(2026, 4, 2, 3, 1, tzinfo=UTC))
        assert not is_asked(datetime(2026, 4, 3, 3, 1, tzinfo=UTC))


@dg.asset(
    partitions_def=monthly_partitions(datetime(2024, 1, 15, tzinfo=UTC).date()),
    automation_condition=monthly_condition(),
)
def papers() -> None:
    """Stands in for what is made by month and arrives late."""


def test_months_are_asked_for_when_they_close_daily_while_missing_and_weekly_for_a_year() -> None:
    """2026-03-01 is a Sunday; the months before it are closed."""
    with scratch_instance() as instance:
        cursor = None

        def asked(moment: datetime) -> list[str]:
            nonlocal cursor
            result = dg.evaluate_automation_conditions(
                defs=[papers],
                instance=instance,
                asset_selection=dg.AssetSelection.all(),
                evaluation_time=moment,
                cursor=cursor,
            )
            cursor = result.cursor
            return sorted(str(key) for key in result.get_requested_partitions(papers.key))

        assert asked(START) == ["2026-01-01", "2026-02-01"]
        assert asked(START + timedelta(minutes=1)) == []
        # Nothing was made, as where the credit was spent: the next morning again.
        assert asked(datetime(2026, 3, 2, 2, 1, tzinfo=UTC)) == ["2026-01-01", "2026-02-01"]
        for key in ("2026-01-01", "2026-02-01"):
            dg.materialize([papers], partition_key=key, instance=instance)
        assert asked(datetime(2026, 3, 3, 2, 1, tzinfo=UTC)) == []
        # Saturday, 05:00: the last twelve closed months, made or not.
        year = [f"2025-{month:02d}-01" for month in range(3, 13)] + ["2026-01-01", "2026-02-01"]
        assert asked(datetime(2026, 3, 7, 5, 1, tzinfo=UTC)) == year
        assert asked(datetime(2026, 3, 7, 5, 2, tzinfo=UTC)) == []
        # The Saturdays that the daemon was away for are made up for once.
        assert asked(datetime(2026, 3, 31, 5, 1, tzinfo=UTC)) == year
        assert asked(datetime(2026, 4, 1, 1, 59, tzinfo=UTC)) == []
        assert asked(datetime(2026, 4, 1, 2, 1, tzinfo=UTC)) == ["2026-03-01"]


def test_months_begin_with_that_of_the_first_day() -> None:
    partitions = monthly_partitions(datetime(2022, 5, 17, tzinfo=UTC).date())
    assert partitions.get_first_partition_key() == "2022-05-01"


@dg.asset(
    partitions_def=weekly_partitions(date(2026, 1, 1)), automation_condition=weekly_condition()
)
def weekly() -> None:
    """Stands in for a week of patents."""


@dg.asset(automation_condition=gathered_condition(), deps=[weekly])
def gathered() -> None:
    """Stands in for what is made of all weeks."""


def test_a_week_is_asked_for_once_it_is_over_and_what_gathers_all_weeks_after_each() -> None:
    """Evaluated from Sunday 2026-03-01 on; weeks end on Monday night."""
    with scratch_instance() as instance:
        cursor = None

        def asked(moment: datetime) -> tuple[list[str], bool]:
            nonlocal cursor
            result = dg.evaluate_automation_conditions(
                defs=[weekly, gathered],
                instance=instance,
                asset_selection=dg.AssetSelection.all(),
                evaluation_time=moment,
                cursor=cursor,
            )
            cursor = result.cursor
            keys = sorted(map(str, result.get_requested_partitions(weekly.key)))
            return keys, result.get_num_requested(gathered.key) == 1

        # The first evaluation takes the closed weeks of the last eight.
        keys, is_gathered = asked(START)
        assert not is_gathered
        assert keys == [str(day) for day in weeks_between(date(2026, 1, 6), date(2026, 2, 17))]
        for key in keys:
            dg.materialize([weekly], partition_key=key, instance=instance)
        assert asked(START + timedelta(minutes=1)) == ([], True)
        dg.materialize([gathered], instance=instance)
        assert asked(START + timedelta(minutes=2)) == ([], False)
        # The week of 2026-02-24 is over in the night to Tuesday.
        assert asked(datetime(2026, 3, 2, 2, 1, tzinfo=UTC)) == ([], False)
        assert asked(datetime(2026, 3, 3, 2, 1, tzinfo=UTC)) == (["2026-02-24"], False)
        dg.materialize([weekly], partition_key="2026-02-24", instance=instance)
        assert asked(datetime(2026, 3, 3, 2, 2, tzinfo=UTC)) == ([], True)


def test_weeks_begin_on_the_first_tuesday_on_or_after_a_day() -> None:
    for first, tuesday in ((4, 4), (1, 4), (5, 11), (10, 11)):
        found = weekly_partitions(date(2022, 1, first)).get_first_partition_key()
        assert found == f"2022-01-{tuesday:02d}"
    assert weeks_between(date(2024, 10, 2), date(2024, 10, 7)) == []
    assert weeks_between(date(2024, 10, 1), date(2024, 10, 15)) == [
        date(2024, 10, 1),
        date(2024, 10, 8),
        date(2024, 10, 15),
    ]


@dg.asset(automation_condition=hourly_condition())
def polls() -> None:
    """Stands in for the polls of repositories."""


def test_polls_are_asked_for_at_the_start_and_at_ten_past_each_hour() -> None:
    with scratch_instance() as instance:
        is_asked = Asking(instance, [polls])
        assert is_asked(START)
        minutes = [START + timedelta(minutes=number, seconds=30) for number in range(180)]
        assert [each.strftime("%H:%M") for each in minutes if is_asked(each)] == [
            "12:10", "13:10", "14:10",
        ]  # fmt: skip


@dg.asset(automation_condition=upkeep_condition())
def inventory() -> None:
    """Stands in for the inventory."""


def test_the_inventory_is_taken_three_times_a_day_after_what_is_made_at_night() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        is_asked = Asking(instance, [inventory])
        assert not is_asked(START)
        minutes = [START + timedelta(minutes=10 * number, seconds=30) for number in range(145)]
        assert [each.strftime("%H:%M") for each in minutes if is_asked(each)] == [
            "12:20", "18:20", "06:20",
        ]  # fmt: skip


@dg.asset(
    partitions_def=snapshot_partitions(datetime(2026, 1, 1, tzinfo=UTC).date()),
    automation_condition=snapshot_condition(),
)
def snapshot() -> None:
    """Stands in for what is asked of the Hub."""


def test_todays_snapshot_is_asked_for_each_hour_until_there_is_one_and_missed_days_are_stated() -> (
    None
):
    with scratch_instance() as instance:
        cursor = None

        def asked(moment: datetime) -> list[str]:
            nonlocal cursor
            result = dg.evaluate_automation_conditions(
                defs=[snapshot],
                instance=instance,
                asset_selection=dg.AssetSelection.all(),
                evaluation_time=moment,
                cursor=cursor,
            )
            cursor = result.cursor
            return sorted(map(str, result.get_requested_partitions(snapshot.key)))

        # Today is one of the eight.
        assert asked(START) == days("2026-02-22", 8)
        for day in days("2026-02-22", 7):
            dg.materialize([snapshot], partition_key=day, instance=instance)
        # Today's try failed: it is made again at forty past, and not before.
        assert asked(START + timedelta(minutes=39)) == []
        assert asked(START + timedelta(minutes=41)) == ["2026-03-01"]
        dg.materialize([snapshot], partition_key="2026-03-01", instance=instance)
        assert asked(datetime(2026, 3, 1, 23, 41, tzinfo=UTC)) == []
        assert asked(datetime(2026, 3, 2, 0, 39, tzinfo=UTC)) == []
        assert asked(datetime(2026, 3, 2, 0, 41, tzinfo=UTC)) == ["2026-03-02"]
        # After two days away the one between is asked for too, which states that it is missing.
        dg.materialize([snapshot], partition_key="2026-03-02", instance=instance)
        assert asked(datetime(2026, 3, 4, 9, tzinfo=UTC)) == ["2026-03-03", "2026-03-04"]
