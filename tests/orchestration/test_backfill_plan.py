"""The order of a backfill's runs: what each reads is there, nothing is made twice."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.figures import spells
from orchestration.backfill import stages_of
from orchestration.backfill_plan import (
    Need,
    Plan,
    Progress,
    Stage,
    Work,
    next_work,
    time_left,
)
from orchestration.partitions import MAX_DAYS_PER_BACKFILL_RUN

FIRST = date(2022, 1, 1)
STAGES = (
    Stage("files", frozenset({"a", "b"})),
    Stage("accounts", frozenset({"c"}), (Need("files", ahead=2),)),
    Stage("figures", frozenset({"d", "e"}), (Need("accounts", back=5), Need("files", back=9))),
)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def plan(days: int, most: int, *, newest: bool = True, later: int = 0) -> Plan:
    after = tuple(day(days + n) for n in range(later))
    return Plan(FIRST, day(days - 1), after, STAGES, most, newest)


def works(chosen: Plan, progress: Progress, poison: frozenset[tuple[str, date]]) -> Iterator[Work]:
    """Run all, as a runner would; a run over a poisoned day of its stage fails."""
    while (work := next_work(chosen, progress)) is not None:
        yield work
        if any((work.stage, each) in poison for each in work.days):
            progress.fail(work, "poison")
        else:
            progress.add(chosen, work.days, work.assets)


@given(st.integers(1, 60), st.integers(1, 20), st.booleans(), st.integers(0, 8))
@settings(deadline=None)
def test_each_stage_of_each_day_is_made_once_when_all_it_reads_is_there(
    days: int, most: int, newest: bool, later: int
) -> None:
    chosen, progress = plan(days, most, newest=newest, later=later), Progress()
    made: Counter[tuple[str, date]] = Counter()
    for work in works(chosen, progress, frozenset()):
        assert work.day_count <= most
        for need in chosen.stage(work.stage).needs:
            low, high = work.first - timedelta(need.back), work.last + timedelta(need.ahead)
            for each in chosen.days_of(need.stage):
                assert not low <= each <= high or made[need.stage, each]
        made.update((work.stage, each) for each in work.days)
    everything = [(stage.name, each) for stage in STAGES for each in chosen.days_of(stage.name)]
    assert made == Counter(everything)


@given(st.integers(1, 40), st.integers(1, 20), st.data())
@settings(deadline=None)
def test_a_day_that_fails_takes_only_what_is_made_of_itself_with_it(
    days: int, most: int, data: st.DataObject
) -> None:
    chosen, progress = plan(days, most), Progress()
    names, numbers = st.sampled_from([each.name for each in STAGES]), st.integers(0, days - 1)
    bad = data.draw(st.frozensets(st.tuples(names, numbers.map(day)), max_size=3))
    count = sum(1 for _ in works(chosen, progress, bad))
    later = {"files": ("files", "accounts", "figures"), "accounts": ("accounts", "figures")}
    assert set(progress.failed) == {
        (stage, each) for name, each in bad for stage in later.get(name, ("figures",))
    }
    for stage in STAGES:
        for each in chosen.days_of(stage.name):
            assert progress.is_made(stage, each) or (stage.name, each) in progress.failed
    # A failure costs a run for each halving, and one for the other half.
    assert count <= 3 * (days // most + 1) + len(bad) * (2 * most.bit_length() + 6)


@pytest.mark.parametrize("newest", [True, False])
def test_figures_come_in_the_asked_order(newest: bool) -> None:
    done = [
        work.first
        for work in works(plan(30, 4, newest=newest), Progress(), frozenset())
        if work.stage == "figures"
    ]
    assert done == sorted(done, reverse=newest)
    assert len(done) == 8


def test_the_newest_figures_wait_for_no_more_than_they_read() -> None:
    runs = list(works(plan(60, 4), Progress(), frozenset()))
    before = runs[: [each.stage for each in runs].index("figures")]
    # Days 56 to 59 read accounts from 51 on, of which files are read from 51 on, and files from 47.
    assert min(work.first for work in before if work.stage == "files") == day(44)
    assert min(work.first for work in before if work.stage == "accounts") == day(48)


def test_what_an_earlier_try_made_is_not_made_again() -> None:
    chosen, progress = plan(10, 20), Progress()
    progress.add(chosen, [day(n) for n in range(10)], ["a", "b", "c", "d"])
    progress.add(chosen, [day(9)], ["e"])
    assert list(works(chosen, progress, frozenset())) == [
        Work("figures", day(0), day(8), frozenset({"e"}))
    ]


def test_what_looks_on_a_day_that_is_mended_is_made_anew() -> None:
    chosen, progress = plan(20, 20), Progress()
    bad = frozenset({("files", day(10))})
    assert len(list(works(chosen, progress, bad))) > 3
    resumed = Progress()
    # As a later command reads it: all that was made, in order, and no failures.
    for stage in STAGES:
        made = [each for each in chosen.days_of(stage.name) if progress.is_made(stage, each)]
        resumed.add(chosen, made, stage.assets)
    runs = list(works(chosen, resumed, frozenset()))
    assert [(run.stage, run.first, run.last) for run in runs] == [
        ("files", day(10), day(10)),
        # Accounts read files of two days ahead, and figures accounts of five days before.
        ("accounts", day(8), day(10)),
        ("figures", day(8), day(19)),
    ]


def test_days_after_the_range_only_get_new_figures() -> None:
    runs = list(works(plan(4, 20, later=3), Progress(), frozenset()))
    assert [(run.stage, run.first, run.last) for run in runs] == [
        ("files", day(0), day(3)),
        ("accounts", day(0), day(3)),
        ("figures", day(0), day(6)),
    ]


def test_four_years_are_a_few_dozen_runs_of_the_real_stages() -> None:
    stages = stages_of(frozenset({"mart/engagement", "core/events", "raw/commits"}))
    assert stages[-1].assets == {"mart/engagement"}
    chosen = Plan(FIRST, day(1699), (), stages, MAX_DAYS_PER_BACKFILL_RUN)
    runs = list(works(chosen, Progress(), frozenset()))
    assert len(runs) == 50
    first_figures = next(n for n, run in enumerate(runs) if run.stage == "figures")
    files = [run for run in runs[:first_figures] if run.stage == "files"]
    assert sum(run.day_count for run in files) == 3 * MAX_DAYS_PER_BACKFILL_RUN


def test_time_left_is_by_stage_and_by_the_mean_where_nothing_was_run_yet() -> None:
    chosen, progress = plan(10, 5), Progress()
    assert time_left(chosen, progress, {}) is None
    progress.add(chosen, [day(n) for n in range(5, 10)], ["a", "b"])
    assert time_left(chosen, progress, {"files": (10.0, 5)}) == 5 * 2.0 + 10 * 2.0 + 10 * 2.0
    spent = {"files": (10.0, 5), "accounts": (4.0, 1)}
    assert time_left(chosen, progress, spent) == 5 * 2.0 + 10 * 4.0 + 10 * 3.0


def test_days_are_put_together_where_they_follow_each_other() -> None:
    assert list(spells([day(0), day(1), day(3), day(5), day(6)])) == [
        (day(0), day(1)),
        (day(3), day(3)),
        (day(5), day(6)),
    ]
    assert list(spells([])) == []
