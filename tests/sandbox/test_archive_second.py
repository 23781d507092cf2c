"""Two archives of the same events: each loses its own, and the world knows which."""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest

from sandbox.events import EVENT_TYPES
from sandbox.faults import (
    ARCHIVES,
    DEFAULT_FAULTS,
    CaptureLoss,
    CutHour,
    Fault,
    FaultCalendar,
    GarbageHour,
    LateDelivery,
    LateHour,
    MissingHour,
    MultiMemberHour,
    TrimmedPayloads,
    loss_2026,
)
from sandbox.world import ObservedEvents, World

Identity = tuple[str, int, int, int, str]
ALWAYS = (date.min, date.max)
HOUR = datetime(2024, 12, 7, 9, tzinfo=UTC)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def read_lines(world: World, hour: datetime, archive: str) -> list[bytes]:
    """Whole lines of a file as a reader gets them, cut or split as it may be; none without one."""
    rest = world.hour_file(hour, archive) or b""
    content = b""
    while rest:
        inflate = zlib.decompressobj(wbits=31)
        content += inflate.decompress(rest)
        rest = inflate.unused_data
    return content.split(b"\n")[:-1]


def read_events(world: World, first: datetime, hours: int, archive: str) -> list[dict[str, object]]:
    """Every line that is one JSON object, of some files in a row."""
    events = []
    for offset in range(hours):
        for line in read_lines(world, first + timedelta(hours=offset), archive):
            try:
                events.append(json.loads(line))
            except ValueError:
                continue
    return events


def identity_of(event: dict[str, object]) -> Identity:
    """Type, id, actor, repository and time of a parsed event."""
    return (
        str(event["type"]),
        int(str(event["id"])),
        event["actor"]["id"],  # type: ignore[index]
        event["repo"]["id"],  # type: ignore[index]
        str(event["created_at"]),
    )


def identities(events: ObservedEvents) -> list[Identity]:
    """The same from the world's columns."""
    times = np.datetime_as_string(events.created_at, unit="s").tolist()
    return list(
        zip(
            events.event_type.tolist(),
            events.event_id.tolist(),
            events.actor_id.tolist(),
            events.repo_id.tolist(),
            (f"{time}Z" for time in times),
            strict=True,
        )
    )


def share_by_type(world: World, days: list[date], archive: str) -> dict[str, float]:
    """Of what happened on some days, the share that an archive recorded."""
    happened, seen = Counter[str](), Counter[str]()
    for day in days:
        happened.update(world.drawn_on(day).event_type.tolist())
        seen.update(world.recorded(day, archive).event_type.tolist())
    return {name: seen[name] / happened[name] for name in EVENT_TYPES}


@pytest.mark.parametrize("archive", ARCHIVES)
@pytest.mark.parametrize(
    "day",
    [
        date(2024, 11, 28),  # an hour is cut
        date(2024, 12, 5),  # two are missing; the second archive is not there yet
        date(2024, 12, 9),  # stars are lost
        date(2025, 6, 3),  # late and stray events
        date(2026, 7, 5),  # and both archives lose
    ],
)
def test_what_the_world_says_was_recorded_is_what_the_files_hold(
    world: World, day: date, archive: str
) -> None:
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    # Stray events lie up to three days later.
    events = [identity_of(each) for each in read_events(world, first, 4 * 24, archive)]
    of_day = {each for each in events if each[-1].startswith(str(day))}
    said = identities(world.recorded(day, archive))
    assert len(said) == len(set(said))
    assert set(said) == of_day
    assert bool(said) == (archive == "gharchive" or day > date(2024, 12, 5))


@pytest.mark.parametrize("order", [ARCHIVES, ARCHIVES[::-1]])
def test_what_is_recorded_hangs_neither_on_the_order_of_questions_nor_on_the_files(
    order: tuple[str, ...],
) -> None:
    day = date(2026, 7, 5)
    asked, fresh = World(2, 100), World(2, 100)
    files = {name: asked.hour_file(datetime(2026, 7, 5, 12, tzinfo=UTC), name) for name in order}
    for name in order:
        assert identities(asked.recorded(day, name)) == identities(fresh.recorded(day, name))
    for name in reversed(order):
        assert fresh.hour_file(datetime(2026, 7, 5, 12, tzinfo=UTC), name) == files[name]


def test_the_world_knows_what_each_events_action_says(world: World) -> None:
    read = {
        identity_of(event): str(event["payload"].get("action", ""))  # type: ignore[attr-defined]
        for event in read_events(world, HOUR.replace(hour=0), 24, "gharchive")
    }
    events = world.recorded(HOUR.date(), "gharchive")
    said = dict(zip(identities(events), events.action.tolist(), strict=True))
    assert said == read
    assert set(said.values()) == {
        "", "started", "opened", "closed", "reopened", "created", "published",
    }  # fmt: skip


def test_an_event_is_the_same_line_in_both_archives() -> None:
    world = World(1, 300, faults=(TrimmedPayloads(HOUR),))
    first, second = (read_lines(world, HOUR, name) for name in ARCHIVES)
    assert first == second
    thinned = World(1, 300, faults=(CaptureLoss("*", *ALWAYS, 0.5, "opendigger"),))
    whole, part = (read_lines(thinned, HOUR, name) for name in ARCHIVES)
    assert 0 < len(part) < len(whole)
    assert set(part) < set(whole)


def test_the_second_archive_begins_when_it_is_said_to_and_the_first_was_always_there() -> None:
    since = datetime(2024, 12, 7, 9, tzinfo=UTC)
    world = World(1, 100, faults=(), second_archive_since=since)
    assert world.hour_file(since - timedelta(hours=1), "opendigger") is None
    assert world.hour_file(since, "opendigger") == world.hour_file(since)
    assert len(world.recorded(date(2024, 12, 6), "opendigger")) == 0
    hours = world.recorded(since.date(), "opendigger").created_at.astype("int64") // 3_600 % 24
    assert set(hours.tolist()) == set(range(9, 24))
    alone = World(1, 100, faults=(), second_archive_since=None)
    assert alone.hour_file(since, "opendigger") is None
    assert alone.hour_file(since) == world.hour_file(since)


def test_what_one_archive_captures_says_nothing_of_what_the_other_does() -> None:
    faults = (
        CaptureLoss("*", *ALWAYS, 0.5),
        CaptureLoss("*", *ALWAYS, 0.4, "opendigger"),
    )
    world = World(1, 1_000, faults=faults)
    cells: Counter[tuple[bool, bool]] = Counter()
    for offset in range(5):
        day = date(2024, 12, 9) + timedelta(days=offset)
        ids = [set(world.recorded(day, name).event_id.tolist()) for name in ARCHIVES]
        cells.update((each in ids[0], each in ids[1]) for each in world.drawn_on(day).event_id)
    total = cells.total()
    assert total > 10_000
    for cell, share in (
        ((True, True), 0.5 * 0.4),
        ((True, False), 0.5 * 0.6),
        ((False, True), 0.5 * 0.4),
        ((False, False), 0.5 * 0.6),
    ):
        # Four standard errors of a binomial share.
        allowed = 4 * math.sqrt(share * (1 - share) / total)
        assert cells[cell] / total == pytest.approx(share, abs=allowed)


def test_a_loss_takes_alike_from_bots_and_people_from_tracked_and_other_repositories() -> None:
    world = World(1, 1_000, faults=(CaptureLoss("*", *ALWAYS, 0.5, "opendigger"),))
    happened, seen = Counter[tuple[str, bool]](), Counter[tuple[str, bool]]()
    for offset in range(5):
        day = date(2024, 12, 9) + timedelta(days=offset)
        for counter, events in (
            (happened, world.drawn_on(day)),
            (seen, world.recorded(day, "opendigger")),
        ):
            counter.update(("bot", flag) for flag in events.is_bot.tolist())
            counter.update(("tracked", flag) for flag in events.is_tracked.tolist())
    assert len(happened) == 4
    for key, count in happened.items():
        assert seen[key] / count == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(count))


def test_losses_of_one_event_multiply() -> None:
    day = date(2024, 12, 9)
    calendar = FaultCalendar(
        (
            CaptureLoss("*", day, day, 0.5),
            CaptureLoss("non-PushEvent", day, date.max, 0.8),
            CaptureLoss("WatchEvent", *ALWAYS, 0.5),
            CaptureLoss("WatchEvent", *ALWAYS, 0.1, "opendigger"),
        )
    )

    def shares(day: date, archive: str = "gharchive") -> tuple[float, float, float]:
        by_type = dict(
            zip(EVENT_TYPES, calendar.recorded_shares(midnight(day), archive), strict=True)
        )
        return by_type["PushEvent"], by_type["ForkEvent"], by_type["WatchEvent"]

    assert shares(day) == pytest.approx((0.5, 0.5 * 0.8, 0.5 * 0.8 * 0.5))
    assert shares(day + timedelta(days=1)) == pytest.approx((1.0, 0.8, 0.8 * 0.5))
    assert shares(day - timedelta(days=1)) == (1.0, 1.0, 0.5)
    assert shares(day, "opendigger") == (1.0, 1.0, 0.1)


def test_a_gradual_loss_falls_by_the_same_step_each_day() -> None:
    first = date(2026, 2, 1)
    loss = CaptureLoss("WatchEvent", first, date(2026, 2, 4), 0.2, is_gradual=True)
    shares = [loss.share_in(midnight(first) + timedelta(days=offset)) for offset in range(-1, 5)]
    # From 1 to 0.2 in four steps of 0.2.
    assert shares == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2, 1.0])


def test_a_loss_of_some_hours_takes_from_those_who_are_awake_then() -> None:
    evening = tuple(range(14, 24))
    day = date(2024, 12, 3)
    loss = CaptureLoss("WatchEvent", day, day, 0.05, hours=evening)
    assert [loss.share_in(midnight(day) + timedelta(hours=n)) for n in (13, 14, 23, 24)] == [
        1.0, 0.05, 0.05, 1.0,
    ]  # fmt: skip
    world = World(1, 1_000, rise=None, faults=(loss,), second_archive_since=None)
    drawn, held = world.drawn_on(day), world.recorded(day, "gharchive")
    assert (held.event_type == "PushEvent").sum() == (drawn.event_type == "PushEvent").sum()
    happened, kept = (
        each.created_at[each.event_type == "WatchEvent"].astype(int) // 3600 % 24
        for each in (drawn, held)
    )
    assert (kept < 14).sum() == (happened < 14).sum()
    # 5 % of the evening's stars, four standard errors of a binomial either way.
    lost_from = int((happened >= 14).sum())
    error = 4 * math.sqrt(lost_from * 0.05 * 0.95)
    assert abs((kept >= 14).sum() - 0.05 * lost_from) <= error
    # Seen through it, the share of the US, awake by then, is smaller by a tenth or more.
    seen, true = (
        world.true_share(day, "attention", "US", captured_only=flag) for flag in (True, False)
    )
    assert seen < 0.9 * true


@pytest.fixture(scope="module")
def town() -> World:
    """The default calendar over enough people to measure rates."""
    return World(1, 1_000)


def week_from(first: date) -> list[date]:
    """Seven days in a row."""
    return [first + timedelta(days=offset) for offset in range(7)]


def test_the_default_calendar_plays_the_losses_of_2025_and_2026(town: World) -> None:
    # A week has about 7,000 pushes, 1,800 pull requests and 4,200 stars; one standard error of a
    # share of 0.6 of 1,800 is 0.012.
    names = ("PushEvent", "PullRequestEvent", "WatchEvent")

    def measured(days: list[date], archive: str = "gharchive") -> list[float]:
        shares = share_by_type(town, days, archive)
        return [shares[name] for name in names]

    assert measured(week_from(date(2025, 9, 1))) == [1.0, 1.0, 1.0]
    near_total = [date(2025, 10, 9) + timedelta(days=offset) for offset in range(5)]
    # Of 9,100 events of these types in five days; one standard error is 0.001.
    seen, happened = (
        sum(np.isin(events(day).event_type, names).sum() for day in near_total)
        for events in (town.events_of, town.drawn_on)
    )
    assert seen / happened == pytest.approx(0.01, abs=0.004)
    assert measured([date(2025, 10, 14), date(2026, 1, 31)]) == [1.0, 1.0, 1.0]
    # 2026-02-01 to 05-31 are 120 days: the middle of the week from 03-29 is the 60th, 1 - 0.8 / 2.
    assert measured(week_from(date(2026, 3, 29))) == pytest.approx([1.0, 1.0, 0.6], abs=0.04)
    assert measured(week_from(date(2026, 6, 1))) == pytest.approx([1.0, 0.3, 0.05], abs=0.04)
    for first in (date(2024, 12, 6), date(2025, 10, 9), date(2026, 6, 1)):
        assert measured(week_from(first), "opendigger") == pytest.approx([0.95, 0.6, 0.6], abs=0.04)


def test_a_loss_as_in_2026_can_begin_and_end_on_any_day() -> None:
    start, end = date(2024, 12, 2), date(2024, 12, 8)
    faults = loss_2026(
        start, star_share=0.1, other_share=0.4, end=end,
        second_since=date(2024, 12, 4), second_star_share=0.7, second_other_share=0.9,
    )  # fmt: skip
    calendar = FaultCalendar(faults)

    def shares(day: date, archive: str) -> tuple[float, float, float]:
        by_type = dict(
            zip(EVENT_TYPES, calendar.recorded_shares(midnight(day), archive), strict=True)
        )
        assert by_type["ForkEvent"] == by_type["IssuesEvent"] == by_type["ReleaseEvent"]
        return by_type["PushEvent"], by_type["ForkEvent"], by_type["WatchEvent"]

    before, after = start - timedelta(days=1), end + timedelta(days=1)
    assert [shares(day, "gharchive") for day in (before, start, end, after)] == [
        (1.0, 1.0, 1.0), (1.0, 0.4, 0.1), (1.0, 0.4, 0.1), (1.0, 1.0, 1.0),
    ]  # fmt: skip
    assert shares(date(2024, 12, 3), "opendigger") == (1.0, 1.0, 1.0)
    assert shares(date(2030, 1, 1), "opendigger") == (0.95, 0.9, 0.7)


@pytest.mark.parametrize(
    "fault",
    [
        MissingHour(HOUR),
        CutHour(HOUR),
        GarbageHour(HOUR),
        MultiMemberHour(HOUR),
        LateDelivery(HOUR, share=0.3),
        CaptureLoss("*", HOUR.date(), HOUR.date(), 0.5),
    ],
)
def test_a_fault_of_one_archive_leaves_the_other_whole(fault: Fault) -> None:
    clean = World(1, 100, faults=()).hour_file(HOUR)
    assert clean is not None
    assert not isinstance(fault, TrimmedPayloads)
    for damaged, whole in (ARCHIVES, ARCHIVES[::-1]):
        world = World(1, 100, faults=(replace(fault, archive=damaged),))
        assert world.hour_file(HOUR, whole) == clean
        assert world.hour_file(HOUR, damaged) != clean


def test_late_events_are_of_the_hours_last_minutes_and_strays_come_days_later() -> None:
    late = LateDelivery(HOUR, share=0.05, stray_share=0.05, stray_days=2)
    world = World(1, 1_000, faults=(late,))
    delays: Counter[int] = Counter()
    for offset in range(4 * 24):
        file_hour = HOUR + timedelta(hours=offset)
        for event in read_events(world, file_hour, 1, "gharchive"):
            created = datetime.fromisoformat(str(event["created_at"]))
            # Whatever was created on the first two days has come by the end of the fourth.
            if HOUR <= created < HOUR + timedelta(days=2):
                hours_late = (file_hour - created.replace(minute=0, second=0)) // timedelta(hours=1)
                delays[hours_late] += 1
                # Seen at most 2 * 0.05 hours after it happened.
                assert hours_late != 1 or created.minute >= 54
    assert set(delays) == {0, 1, 24, 48}
    total = delays.total()
    assert delays[1] / total == pytest.approx(0.05 * 0.95, abs=0.01)
    assert (delays[24] + delays[48]) / total == pytest.approx(0.05, abs=0.015)


def test_payloads_are_trimmed_since_october_2025(world: World) -> None:
    def by_type(day: int) -> dict[str, dict[str, dict[str, object]]]:
        events = read_events(world, datetime(2025, 10, day, tzinfo=UTC), 24, "gharchive")
        # The first files of a day hold the last events of the day before.
        events = [each for each in events if str(each["created_at"])[:10] == f"2025-10-0{day}"]
        assert ("author_association" in json.dumps(events)) == (day == 6)
        return {str(event["type"]): event["payload"] for event in events}  # type: ignore[misc]

    before, after = by_type(6)["PullRequestEvent"], by_type(7)["PullRequestEvent"]
    assert set(before) == set(after) == {"action", "number", "pull_request"}
    assert {"title", "user", "author_association", "merged"} < set(before["pull_request"])
    assert set(after["pull_request"]) == {"url", "id", "number", "head", "base"}
    for end in ("head", "base"):
        assert "repo" in after["pull_request"][end]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (CaptureLoss("StarEvent", *ALWAYS, 0.5), "no such event type: StarEvent"),
        (CaptureLoss("*", *ALWAYS, 1.5), "no share: 1.5"),
        (CaptureLoss("*", *ALWAYS, 0.5, hours=(24,)), r"no hours of a day: \(24,\)"),
        (MissingHour(HOUR, archive="gharchives"), "no such archive: gharchives"),
        (LateHour(HOUR, archive=""), "no such archive: "),
        (LateDelivery(HOUR, share=0.6), "no share of late events"),
    ],
)
def test_a_fault_that_means_nothing_is_refused(fault: Fault, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        FaultCalendar((*DEFAULT_FAULTS, fault))


def test_an_archive_that_is_none_is_refused(world: World) -> None:
    for ask in (
        lambda: world.recorded(HOUR.date(), "archive"),
        lambda: world.hour_file(HOUR, "archive"),
        lambda: world.true_share(HOUR.date(), "attention", "CN", archives=("archive",)),
    ):
        with pytest.raises(ValueError, match="no such archive: archive"):
            ask()
    with pytest.raises(ValueError, match="begins on 2022-01-01"):
        world.recorded(date(2021, 12, 31), "gharchive")
