"""A scan keeps exactly what a plain gzip + json loop keeps, on made and on real files."""

import gzip
import json
import tracemalloc
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.activity.inflate import FileStatus
from assets.activity.scan import HourScan, Selection, in_panel, scan_hour
from tests.assets.activity.conftest import SorterOf

RUST, SYMFONY = 724712, 458058


def scan(sorter_of: SorterOf, path: Path, selection: Selection, chunk: int = 70_001) -> HourScan:
    data = path.read_bytes()
    chunks = (data[at : at + chunk] for at in range(0, len(data), chunk))
    return scan_hour(chunks, selection, sorter_of)


def plain_loop(path: Path) -> Iterator[Mapping[str, Any]]:
    """The independent truth: the standard library, line by line."""
    with gzip.open(path, "rb") as file:
        for line in file:
            yield json.loads(line)


def key(event: Mapping[str, Any]) -> tuple[str, str, datetime, int, int]:
    created_at = datetime.fromisoformat(event["created_at"]).astimezone(UTC)
    return (event["type"], event["id"], created_at, event["actor"]["id"], event["repo"]["id"])


def kept_keys(result: HourScan) -> list[tuple[Any, ...]]:
    return [
        (
            k.event.event_type,
            k.event.event_id,
            k.event.created_at,
            k.event.actor_id,
            k.event.repo_id,
        )
        for k in result.kept
    ]


@pytest.mark.parametrize(
    "name",
    [
        "2015-01-01-0.json.gz",
        "2015-01-01-3.json.gz",
        "2015-01-01-4.json.gz",
        "2016-07-07-0.head2000.json.gz",
        "2024-01-01-15.head50.json.gz",
        "2025-01-01-15.head2048.json.gz",
    ],
)
@pytest.mark.parametrize("one_in", [0, 7])
def test_a_real_file_gives_exactly_what_a_plain_loop_finds(
    real_data: Path, sorter_of: SorterOf, name: str, one_in: int
) -> None:
    path = real_data / "gharchive" / name
    events = list(plain_loop(path))
    busiest = Counter(event["repo"]["id"] for event in events).most_common(40)
    tracked = frozenset(repo for repo, _ in busiest)
    expected = {
        key(event): None
        for event in events
        if event["repo"]["id"] in tracked or (one_in and in_panel(event["actor"]["id"], one_in))
    }
    result = scan(sorter_of, path, Selection(tracked, panel_one_in=one_in))
    assert kept_keys(result) == list(expected)
    assert result.totals == Counter(event["type"] for event in events)
    assert result.event_count == result.line_count == len(events)
    assert (result.status, result.bad_line_count) == (FileStatus.COMPLETE, 0)


def test_the_head_of_2025_holds_the_stars_on_deepseek_and_ollama(
    real_data: Path, sorter_of: SorterOf
) -> None:
    path = real_data / "gharchive" / "2025-01-01-15.head2048.json.gz"
    names = ("deepseek-ai/DeepSeek-V3", "deepseek-ai/DeepSeek-Coder", "ollama/ollama")
    ids = {e["repo"]["name"]: e["repo"]["id"] for e in plain_loop(path)}
    result = scan(
        sorter_of, path, Selection(frozenset(ids[name] for name in names), panel_one_in=0)
    )
    stars = {k.event.repo_name for k in result.kept if k.event.event_type == "WatchEvent"}
    assert stars == set(names)


def test_the_schema_before_2015_is_matched_by_name_and_counted_whole(
    real_data: Path, sorter_of: SorterOf
) -> None:
    path = real_data / "gharchive" / "pre2015-one-per-type.json.gz"
    documents = list(plain_loop(path))
    result = scan(sorter_of, path, Selection(frozenset({SYMFONY}), {"symfony/symfony": SYMFONY}))
    expected = [
        (d["type"], datetime.fromisoformat(d["created_at"]).astimezone(UTC))
        for d in documents
        if (d.get("repository") or {}).get("url") == "https://github.com/symfony/symfony"
    ]
    assert [(k.event.event_type, k.event.created_at) for k in result.kept] == expected
    assert expected
    assert result.timeline_count == result.event_count == len(documents) == 15
    assert result.totals == Counter(d["type"] for d in documents)


@pytest.mark.parametrize(
    "name", ["2015-01-01-11.corrupt-header.json.gz", "zip-named-gz.archive.gz"]
)
def test_a_malformed_real_file_is_a_stated_outcome(
    real_data: Path, sorter_of: SorterOf, name: str
) -> None:
    path = real_data / "gharchive" / "malformed" / name
    with pytest.raises(gzip.BadGzipFile):
        list(plain_loop(path))
    result = scan(sorter_of, path, Selection(frozenset({RUST})))
    assert result.status is FileStatus.NOT_GZIP
    assert result.kept == []
    assert result.line_count == 0


def event(number: int, repo: int = 1, actor: int = 5, kind: str = "WatchEvent") -> bytes:
    document = {
        "id": str(number),
        "type": kind,
        "actor": {"id": actor, "login": "a"},
        "repo": {"id": repo, "name": "o/r"},
        "payload": {},
        "created_at": "2024-12-01T05:00:00Z",
    }
    return json.dumps(document).encode() + b"\n"


def test_bad_lines_are_counted_with_their_offsets_and_cost_no_other_line(
    sorter_of: SorterOf,
) -> None:
    body = event(1) + b"garbage\n" + event(2) + event(3)[:50] + event(4) + event(5)
    result = scan_hour([gzip.compress(body)], Selection(frozenset({1}), panel_one_in=0), sorter_of)
    assert [k.event.event_id for k in result.kept] == ["1", "2", "4", "5"]
    first = len(event(1))
    second = first + len(b"garbage\n") + len(event(2))
    assert result.bad_offsets == [first, second]
    assert (result.line_count, result.bad_line_count, result.event_count) == (5, 2, 4)


def test_exact_duplicates_are_dropped_and_counted_but_an_id_of_another_type_is_not(
    sorter_of: SorterOf,
) -> None:
    body = event(1) + event(1) + event(1, kind="ForkEvent")
    result = scan_hour([gzip.compress(body)], Selection(frozenset({1}), panel_one_in=0), sorter_of)
    assert [k.event.event_type for k in result.kept] == ["WatchEvent", "ForkEvent"]
    assert result.duplicate_count == 1
    assert result.totals == {"WatchEvent": 2, "ForkEvent": 1}


def test_a_truncated_file_keeps_the_events_before_the_cut(sorter_of: SorterOf) -> None:
    body = b"".join(event(n, actor=n * 7919) for n in range(5000))
    data = gzip.compress(body)
    selection = Selection(frozenset({1}), panel_one_in=0)
    result = scan_hour([data[: len(data) // 2]], selection, sorter_of)
    assert result.status is FileStatus.TRUNCATED
    assert [int(k.event.event_id) for k in result.kept] == list(range(len(result.kept)))
    assert 1000 < len(result.kept) < 5000
    assert result.bad_line_count <= 1


@given(actor=st.integers(min_value=0, max_value=2**40), one_in=st.sampled_from([2, 10, 500]))
def test_panels_nest(actor: int, one_in: int) -> None:
    if in_panel(actor, one_in * 2):
        assert in_panel(actor, one_in)


def test_the_panel_holds_its_part_of_consecutive_and_of_spread_ids() -> None:
    # 200,000 ids at 1 in 100: 2,000 expected, standard deviation 44.5; five of them either way.
    for step in (1, 97, 1000):
        count = sum(in_panel(actor * step, 100) for actor in range(200_000))
        assert 1777 < count < 2223


def test_of_more_types_than_an_archive_has_the_rest_is_bad(sorter_of: SorterOf) -> None:
    # A file of a stranger's making: 256 are told apart at a glance, 1,000 more remembered.
    body = b"".join(event(n, actor=n, kind=f"K{n}") for n in range(1_500))
    selection = Selection(frozenset(), panel_one_in=0)
    result = scan_hour([gzip.compress(body)], selection, sorter_of)
    assert (len(result.totals), result.bad_line_count) == (1_256, 244)
    assert (result.line_count, result.event_count) == (1_500, 1_256)


def test_an_overlong_line_is_bad_and_said_where(sorter_of: SorterOf) -> None:
    body = event(1) + b"[" * (2 << 20) + b"\n" + event(2)
    result = scan_hour([gzip.compress(body)], Selection(frozenset({1}), panel_one_in=0), sorter_of)
    assert [k.event.event_id for k in result.kept] == ["1", "2"]
    assert (result.bad_line_count, result.bad_offsets) == (1, [len(event(1))])


def test_memory_does_not_grow_with_the_file(sorter_of: SorterOf) -> None:
    # 64 MB inside; a block is 1 MiB, its lines are copied one at a time.
    text = b'"payload": {"body": "' + b"x" * 4000 + b'"}'
    lines = b"".join(event(n, repo=2).replace(b'"payload": {}', text) for n in range(500))
    data = gzip.compress(lines) * 31
    selection = Selection(frozenset({1}), panel_one_in=0)
    tracemalloc.start()
    try:
        chunks = (data[at : at + 65536] for at in range(0, len(data), 65536))
        result = scan_hour(chunks, selection, sorter_of)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.inflated_byte_count == len(lines) * 31 > 64_000_000
    assert result.event_count == 500 * 31
    assert peak < 8 << 20
