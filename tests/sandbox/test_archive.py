"""Hour files read like the real ones, and each planted fault is really in them."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from sandbox.faults import LateDelivery
from sandbox.world import World

TOP_LEVEL_KEYS = ["id", "type", "actor", "repo", "payload", "public", "created_at"]


def at(text: str) -> datetime:
    """A UTC time from its ISO form without an offset."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def lines_of(world: World, hour: datetime) -> list[bytes]:
    """The hour's lines, without their line feeds."""
    body = world.hour_file(hour)
    assert body is not None
    return gzip.decompress(body).split(b"\n")[:-1]


def parsed(lines: Iterable[bytes]) -> list[dict[str, object]]:
    """The lines that are one JSON object each."""
    events = []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        events.append(event)
    return events


def identities(world: World, day: date, hour: int) -> set[tuple[int, str, int, int, str]]:
    """What the generator says an hour holds: id, type, actor, repository and time."""
    events = world.events_of(day)
    times = np.datetime_as_string(events.created_at, unit="s").tolist()
    rows = zip(
        events.event_id.tolist(),
        events.event_type.tolist(),
        events.actor_id.tolist(),
        events.repo_id.tolist(),
        (f"{time}Z" for time in times),
        strict=True,
    )
    return {row for row in rows if int(row[4][11:13]) == hour}


def read_identities(events: Iterable[dict[str, object]]) -> set[tuple[int, str, int, int, str]]:
    """The same from parsed lines."""
    return {
        (
            int(str(event["id"])),
            str(event["type"]),
            event["actor"]["id"],  # type: ignore[index]
            event["repo"]["id"],  # type: ignore[index]
            str(event["created_at"]),
        )
        for event in events
    }


@pytest.mark.parametrize("hour", ["2022-01-01T00", "2024-11-20T14", "2026-10-31T22"])
def test_a_file_holds_the_generators_events_in_the_real_key_order(hour: str) -> None:
    world = World(1, 300, faults=())
    moment = at(hour)
    lines = lines_of(world, moment)
    events = parsed(lines)
    assert len(events) == len(lines) > 10
    assert read_identities(events) == identities(world, moment.date(), moment.hour)
    assert all(list(event)[:7] == TOP_LEVEL_KEYS for event in events)
    assert {tuple(event)[7:] for event in events} <= {(), ("org",)}
    ids = [int(str(event["id"])) for event in events]
    assert ids == sorted(set(ids))


def test_payloads_nest_as_the_real_ones_do_and_stay_small(world: World) -> None:
    lines = [line for hour in range(24) for line in lines_of(world, at(f"2024-11-20T{hour:02}"))]
    by_type = {str(event["type"]): event for event in parsed(lines)}
    assert len(by_type) == 12
    pull_request = by_type["PullRequestEvent"]["payload"]["pull_request"]  # type: ignore[index]
    assert "repo" in pull_request["head"]
    assert "repo" in pull_request["base"]
    forkee = by_type["ForkEvent"]["payload"]["forkee"]  # type: ignore[index]
    assert forkee["owner"]["id"] == by_type["ForkEvent"]["actor"]["id"]  # type: ignore[index]
    assert max(map(len, lines)) < 4_000
    assert np.mean([len(line) for line in lines]) < 2_000


def test_text_fields_hold_hostile_text(world: World) -> None:
    text = b"\n".join(
        line for hour in range(8, 16) for line in lines_of(world, at(f"2024-11-20T{hour:02}"))
    )
    assert rb"\"repo\":{\"id\":1" in text
    assert b"<script>" in text
    assert b"\\u0000" in text


def test_a_missing_hour_has_no_file_and_no_events(world: World) -> None:
    for hour in (3, 4):
        assert world.hour_file(at(f"2024-12-05T0{hour}")) is None
        assert identities(world, date(2024, 12, 5), hour) == set()
    assert world.hour_file(at("2024-12-05T05")) is not None


def test_a_cut_hour_ends_in_the_middle_and_the_generator_knows_where(world: World) -> None:
    hour = at("2024-11-28T14")
    body = world.hour_file(hour)
    whole = World(1, 300, faults=()).hour_file(hour)
    assert body is not None
    assert whole is not None
    assert body == whole[: int(len(whole) * 0.6)]
    with pytest.raises(EOFError):
        gzip.decompress(body)
    readable = zlib.decompressobj(wbits=31).decompress(body).split(b"\n")[:-1]
    assert read_identities(parsed(readable)) == identities(world, hour.date(), 14)
    assert len(readable) < gzip.decompress(whole).count(b"\n")


def test_a_garbage_hour_has_all_its_events_and_lines_that_are_none(world: World) -> None:
    hour = at("2024-11-25T09")
    lines = lines_of(world, hour)
    sound = parsed(lines)
    assert read_identities(sound) == identities(world, hour.date(), 9)
    clean = lines_of(World(1, 300, faults=()), hour)
    damaged = [line for line in lines if line not in clean]
    # Half an event joined to a whole one, NULs, bad UTF-8, empty, two objects, and CRLF.
    assert len(damaged) == 6
    assert b"" in damaged
    assert sum(line.endswith(b"\r") for line in damaged) == 1
    assert sum(set(line) == {0} for line in damaged) == 1
    assert sum(b"\xff" in line for line in damaged) == 1
    assert sum(line.startswith(b'{"id":') and b'}{"id":' in line for line in damaged) == 1
    assert len(lines) - len(sound) == 5


def test_a_multi_member_hour_repeats_fifteen_lines(world: World) -> None:
    hour = at("2024-11-30T20")
    body = world.hour_file(hour)
    assert body is not None
    first_member = zlib.decompressobj(wbits=31)
    first_member.decompress(body)
    assert first_member.unused_data.startswith(b"\x1f\x8b")
    lines = lines_of(world, hour)
    repeats = Counter(lines)
    assert sum(count - 1 for count in repeats.values()) == 15
    assert read_identities(parsed(lines)) == identities(world, hour.date(), 20)
    assert len(repeats) == len(identities(world, hour.date(), 20))


def test_only_stars_are_lost_on_two_days_and_about_seven_in_ten_of_them(world: World) -> None:
    clean = World(1, 300, faults=())
    for day in (date(2024, 12, 9), date(2024, 12, 10)):
        kept, all_of = (Counter(each.events_of(day).event_type.tolist()) for each in (world, clean))
        assert kept["WatchEvent"] / all_of["WatchEvent"] == pytest.approx(0.30, abs=0.10)
        del kept["WatchEvent"], all_of["WatchEvent"]
        assert kept == all_of
    assert Counter(world.events_of(date(2024, 12, 11)).event_type.tolist()) == Counter(
        clean.events_of(date(2024, 12, 11)).event_type.tolist()
    )


def test_late_events_lie_in_the_next_file_and_keep_their_time() -> None:
    since = at("2025-05-25T00")
    world = World(1, 300, faults=(LateDelivery(since, share=0.5),))
    events = parsed(lines_of(world, since + timedelta(hours=1)))
    hours = Counter(str(event["created_at"])[11:13] for event in events)
    assert set(hours) == {"00", "01"}
    first = parsed(lines_of(world, since))
    assert {str(event["created_at"])[11:13] for event in first} == {"00"}
    # Nothing is lost, also not across midnight.
    clean = World(1, 300, faults=())
    late_day, clean_day = (each.events_of(since.date()) for each in (world, clean))
    assert set(late_day.event_id.tolist()) == set(clean_day.event_id.tolist())


def test_about_two_in_a_hundred_are_late_since_may_2025(world: World) -> None:
    late = total = 0
    for hour in range(1, 24):
        created = [
            str(e["created_at"]) for e in parsed(lines_of(world, at(f"2025-06-01T{hour:02}")))
        ]
        late += sum(int(time[11:13]) == hour - 1 for time in created)
        total += len(created)
    assert late / total == pytest.approx(0.02, abs=0.012)


def test_pushes_are_trimmed_since_october_2025(world: World) -> None:
    def push_keys(hour: str) -> set[tuple[str, ...]]:
        events = parsed(lines_of(world, at(hour)))
        return {
            tuple(event["payload"])  # type: ignore[arg-type]
            for event in events
            if event["type"] == "PushEvent"
        }

    (before,) = push_keys("2025-10-06T12")
    (after,) = push_keys("2025-10-07T12")
    assert before[-1] == "commits"
    assert after == ("repository_id", "push_id", "ref", "head", "before")


def test_a_renamed_repository_keeps_its_id_and_changes_its_name_at_the_hour(world: World) -> None:
    renamed = next(r for r in world.tracked_repositories if r.name == "sandbox-glm/glm-model")
    assert renamed.renamed_at is not None

    def names(first: datetime, hours: int) -> set[str]:
        return {
            str(event["repo"]["name"])  # type: ignore[index]
            for offset in range(hours)
            for event in parsed(lines_of(world, first + timedelta(hours=offset)))
            if event["repo"]["id"] == renamed.github_id  # type: ignore[index]
        }

    assert names(renamed.renamed_at - timedelta(hours=12), 12) == {"sandbox-glm/chatglm-model"}
    assert names(renamed.renamed_at, 12) == {"sandbox-glm/glm-model"}
