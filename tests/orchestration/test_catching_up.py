"""After an outage of up to seven days, beginning at any minute, every family catches up alone."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.automation import (
    DAILY_CRON,
    SNAPSHOT_CRON,
    daily_condition,
    monthly_condition,
    snapshot_condition,
    weekly_condition,
)
from orchestration.partitions import (
    daily_partitions,
    monthly_partitions,
    months_between,
    snapshot_partitions,
    weekly_partitions,
    weeks_between,
)

FIRST = date(2026, 1, 1)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPEC = {
    "day": (daily_partitions(FIRST), daily_condition()),
    "week": (weekly_partitions(FIRST), weekly_condition()),
    "month": (monthly_partitions(FIRST), monthly_condition()),
    "snapshot": (snapshot_partitions(FIRST), snapshot_condition()),
}


def stand_in(name: str) -> dg.AssetsDefinition:
    partitions, condition = SPEC[name]

    @dg.asset(name=name, partitions_def=partitions, automation_condition=condition)
    def made() -> None:
        """Stands in for all that is made by such partitions."""

    return made


ASSETS = [stand_in(name) for name in SPEC]


class Platform:
    """The daemon's evaluations on a simulated clock; what is asked for is made at once."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.cursor = None
        self.asked: dict[str, list[str]] = {name: [] for name in SPEC}

    def tick(self, moment: datetime, *, succeeds: bool = True) -> dict[str, list[str]]:
        result = dg.evaluate_automation_conditions(
            defs=ASSETS,
            instance=self.instance,
            asset_selection=dg.AssetSelection.all(),
            evaluation_time=moment,
            cursor=self.cursor,
        )
        self.cursor = result.cursor
        found = {
            name: sorted(map(str, result.get_requested_partitions(dg.AssetKey(name))))
            for name in SPEC
        }
        for name, keys in found.items():
            self.asked[name] += keys
            for key in keys if succeeds else ():
                self.instance.report_runless_asset_event(
                    dg.AssetMaterialization(dg.AssetKey(name), partition=key)
                )
        return found

    def made(self, name: str) -> set[str]:
        return set(self.instance.get_materialized_partitions(dg.AssetKey(name)))


def closed(moment: datetime) -> dict[str, set[str]]:
    """What should be there: closed days, weeks and months of the spans that are looked back on."""
    today = moment.date()
    days = {str(today - timedelta(days=n)) for n in range(1, 9)}
    weeks = [each for each in weeks_between(FIRST, today) if each + timedelta(days=7) <= today]
    months = [each for each in months_between(FIRST, today) if each < today.replace(day=1)]
    return {
        "day": days,
        "week": set(map(str, weeks[-8:])),
        "month": set(map(str, months[-1:])),
        # Today's is asked for on the day; of those of before it is stated that they are missing.
        "snapshot": {str(today - timedelta(days=n)) for n in range(8)},
    }


def next_tick(moment: datetime) -> datetime:
    """The first 02:00 after a moment."""
    tick = moment.replace(hour=2, minute=0)
    return tick if tick > moment else tick + timedelta(days=1)


@settings(max_examples=40, deadline=None)
@given(
    begins=st.integers(0, 3 * 24 * 60),
    lasts=st.sampled_from([1, 3, 7]).flatmap(
        lambda days: st.integers((days - 1) * 24 * 60 + 1, days * 24 * 60)
    ),
)
def test_an_outage_that_begins_at_any_minute_leaves_nothing_out_and_asks_for_nothing_twice(
    begins: int, lasts: int
) -> None:
    dead = START + timedelta(minutes=begins)
    back = dead + timedelta(minutes=lasts)
    with dg.DagsterInstance.ephemeral() as instance:
        platform = Platform(instance)
        platform.tick(START)
        morning = datetime(2026, 3, 2, 2, 1, tzinfo=UTC)
        while morning <= dead:
            platform.tick(morning)
            morning += timedelta(days=1)
        platform.tick(dead)
        platform.tick(back)
        following = back
        if next_tick(dead) > back:
            # No tick passed while it was away, so that nothing was missed: the next one counts.
            following = next_tick(back) + timedelta(minutes=1)
            platform.tick(following)
        expected = closed(following)
        assert [expected[name] - platform.made(name) for name in SPEC] == [set()] * len(SPEC)
        for name, keys in platform.asked.items():
            # Months are asked for again on Saturdays, as their works arrive late.
            assert name == "month" or len(keys) == len(set(keys))


@pytest.mark.parametrize("days", [1, 3, 7])
def test_a_daemon_that_comes_back_in_the_afternoon_does_not_wait_for_the_night(days: int) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        platform = Platform(instance)
        platform.tick(START)
        back = START + timedelta(days=days, hours=2)
        found = platform.tick(back)
        missed = [str(START.date() + timedelta(days=n)) for n in range(days)]
        assert found["day"] == missed
        # That of the first day was taken before; today's is taken at once.
        assert found["snapshot"] == [*missed[1:], str(back.date())]
        assert not any(platform.tick(back + timedelta(minutes=1)).values())


def test_twelve_days_are_more_than_it_catches_up_with_and_the_oldest_are_left_to_a_command() -> (
    None
):
    with dg.DagsterInstance.ephemeral() as instance:
        platform = Platform(instance)
        platform.tick(START)
        back = START + timedelta(days=12)
        assert platform.tick(back)["day"] == [f"2026-03-{day:02d}" for day in range(5, 13)]
        # 2026-03-01 to 04 are for the inventory to name.
        left = {f"2026-03-{day:02d}" for day in range(1, 5)}
        assert not left & platform.made("day")


def test_what_is_being_made_is_not_asked_for_and_what_failed_is_at_the_next_tick() -> None:
    job = dg.Definitions(
        assets=ASSETS, jobs=[dg.define_asset_job("days", selection=["day"])]
    ).resolve_job_def("days")
    with dg.DagsterInstance.ephemeral() as instance:
        platform = Platform(instance)
        platform.tick(START)
        run = instance.create_run_for_job(
            job,
            tags={"dagster/partition": "2026-03-01"},
            status=dg.DagsterRunStatus.STARTED,
            asset_selection=frozenset({dg.AssetKey("day")}),
        )
        assert platform.tick(datetime(2026, 3, 2, 2, 1, tzinfo=UTC))["day"] == []
        instance.report_run_failed(run)
        assert platform.tick(datetime(2026, 3, 2, 9, tzinfo=UTC))["day"] == []
        found = platform.tick(datetime(2026, 3, 3, 2, 1, tzinfo=UTC))
        assert found["day"] == ["2026-03-01", "2026-03-02"]


def test_the_ticks_that_outages_are_measured_by() -> None:
    assert (DAILY_CRON, SNAPSHOT_CRON) == ("0 2 * * *", "40 * * * *")
