"""The fast half of a scan counts only what the careful half would, and hands back the rest."""

import gzip
import json
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.activity.lines import MalformedLineError, parse_line
from assets.activity.scan import Selection, scan_hour
from assets.activity.scan_glance import LineSorter
from benchmarks import scan_damage
from benchmarks.scan_peers import Answer
from tests.assets.activity.conftest import SorterOf

TRACKED = 7
EVENT: dict[str, Any] = {
    "id": "45193146633",
    "type": "WatchEvent",
    "actor": {"id": 20070526, "login": "someone"},
    "repo": {"id": 311594993, "name": "owner/name"},
    "payload": {"action": "started"},
    "public": True,
    "created_at": "2025-01-01T15:00:00Z",
}
SELECTION = Selection(frozenset({TRACKED}), panel_one_in=0)


def line(document: object) -> bytes:
    return json.dumps(document).encode()


def glance(
    sorter_of: SorterOf, data: bytes, selection: Selection = SELECTION
) -> tuple[LineSorter, list[bytes]]:
    found = sorter_of(selection)
    return found, [data[a:b] for a, b in found.others(data, 0, len(data))]


def test_an_ordinary_event_is_counted_and_not_handed_back(sorter_of: SorterOf) -> None:
    found, others = glance(sorter_of, line(EVENT) + b"\n" + line({**EVENT, "type": "ForkEvent"}))
    assert others == []
    assert found.counts == {"WatchEvent": 1, "ForkEvent": 1}
    assert found.first_at == found.last_at == datetime(2025, 1, 1, 15, tzinfo=UTC)


def test_the_event_of_a_tracked_repository_is_handed_back_uncounted(sorter_of: SorterOf) -> None:
    wanted = line({**EVENT, "repo": {"id": TRACKED, "name": "o/r"}})
    found, others = glance(sorter_of, line(EVENT) + b"\n" + wanted + b"\n" + line(EVENT))
    assert others == [wanted]
    assert found.counts == {"WatchEvent": 2}


def test_a_handed_back_line_does_not_widen_the_times(sorter_of: SorterOf) -> None:
    early = {**EVENT, "created_at": "2024-01-01T00:00:00Z", "actor": {"id": -1}}
    found, others = glance(sorter_of, line(EVENT) + b"\n" + line(early))
    assert others == [line(early)]
    assert found.first_at == datetime(2025, 1, 1, 15, tzinfo=UTC)


def test_everybody_in_the_panel_is_handed_back_each_time(sorter_of: SorterOf) -> None:
    found, others = glance(
        sorter_of, b"\n".join([line(EVENT)] * 3), Selection(frozenset(), panel_one_in=1)
    )
    assert others == [line(EVENT)] * 3
    assert not found.counts


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"garbage",
        line(EVENT) + line(EVENT),
        line(EVENT) + b"\0" * 40,
        b"\xef\xbb\xbf" + line(EVENT),
        line(EVENT).replace(b"owner", b"\xff\xfe"),
        line(EVENT)[:-1],
        line({**EVENT, "id": 12}),
        line({**EVENT, "id": ""}),
        line({**EVENT, "type": ""}),
        line({**EVENT, "type": 3}),
        line({**EVENT, "type": "W" * 61}),
        line({**EVENT, "actor": {"id": True}}),
        line({**EVENT, "actor": {"id": 1.0}}),
        line({**EVENT, "actor": {"id": 1 << 63}}),
        line({**EVENT, "actor": [1]}),
        line({**EVENT, "actor": "someone"}),
        line({**EVENT, "repo": {"id": -1}}),
        line({**EVENT, "repo": {"id": True}}),
        line({**EVENT, "repo": None}),
        line({**EVENT, "created_at": "2025-99-01T15:00:00Z"}),
        line({**EVENT, "created_at": "2025-01-01T15:00:00"}),
        line({**EVENT, "created_at": 5}),
        line({**EVENT, "created_at": "2025-01-01T15:00:00+00:00"}),
        line({**EVENT, "type": "Wätch"}),
        line([EVENT]),
        line({**EVENT, "payload": {"body": "x" * (1 << 20)}}),
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
    ],
)
def test_whatever_is_odd_is_left_to_the_careful_path_and_costs_no_other_line(
    sorter_of: SorterOf, odd: bytes
) -> None:
    found, others = glance(sorter_of, line(EVENT) + b"\n" + odd + b"\n" + line(EVENT))
    assert others == [odd]
    assert found.counts == {"WatchEvent": 2}


def test_a_type_known_as_text_is_not_confused_with_a_number_equal_to_an_id(
    sorter_of: SorterOf,
) -> None:
    one, true = {**EVENT, "actor": {"id": 1}}, {**EVENT, "actor": {"id": True}}
    found, others = glance(sorter_of, line(one) + b"\n" + line(true))
    assert others == [line(true)]  # True equals 1, and 1 is known as an outsider by now
    assert found.counts == {"WatchEvent": 1}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**66), 2**66) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON | st.just("9"),
        "type": JSON | st.sampled_from(["WatchEvent", "PushEvent"]),
        "actor": JSON | st.builds(lambda n: {"id": n, "login": "x"}, st.integers(-2, 50)),
        "repo": JSON | st.builds(lambda n: {"id": n, "name": "o/r"}, st.integers(-2, 9)),
        "payload": JSON,
        "created_at": JSON
        | st.sampled_from(
            ["2025-01-01T15:00:00Z", "2025-01-01T17:30:00+02:00", "2025-13-01T00:00:00Z"]
        ),
    },
)


@given(
    documents=st.lists(FIELDS, max_size=8),
    order=st.randoms(use_true_random=False),
    noise=st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\n", b"")), max_size=3),
)
def test_a_scan_counts_what_the_careful_path_alone_would_count(
    sorter_of: SorterOf, documents: list[dict[str, Any]], order: random.Random, noise: list[bytes]
) -> None:
    """The careful path reads each line by itself here: an independent sum of its verdicts."""
    lines = [line({**EVENT, **document}) for document in documents] + noise
    order.shuffle(lines)
    selection = Selection(frozenset({TRACKED}), panel_one_in=5)
    totals: Counter[str] = Counter()
    times, bad = [], 0
    kept: dict[tuple[object, ...], None] = {}
    for each in lines:
        try:
            parsed = parse_line(each, {})
        except MalformedLineError:
            bad += 1
            continue
        bad += parsed.is_torn
        for event in parsed.events:
            totals[event.event_type] += 1
            times.append(event.created_at)
            if selection.is_tracked(event) or selection.is_panel(event):
                kept[event] = None
    result = scan_hour([gzip.compress(b"\n".join(lines))], selection, sorter_of)
    assert result.totals == totals
    assert (result.bad_line_count, result.event_count) == (bad, totals.total())
    assert result.first_event_at == min(times, default=None)
    assert result.last_event_at == max(times, default=None)
    keys = {(e.event_type, e.event_id, e.created_at) for e in kept}  # type: ignore[attr-defined]
    assert {(k.event.event_type, k.event.event_id, k.event.created_at) for k in result.kept} == keys


@pytest.fixture(scope="module")
def sound() -> list[bytes]:
    return scan_damage.sound_lines(events=400)


@pytest.mark.parametrize("name", list(scan_damage.DAMAGES))
def test_of_a_damaged_hour_every_event_it_holds_whole_is_found_and_no_other(
    sorter_of: SorterOf, sound: list[bytes], name: str
) -> None:
    data, whole = scan_damage.DAMAGES[name](sound)
    repositories = Counter(json.loads(each)["repo"]["id"] for each in whole)
    tracked = frozenset(repo for repo, _ in repositories.most_common(200))
    expected = scan_damage.truth(whole, tracked)
    result = scan_hour([data], Selection(tracked, panel_one_in=0), sorter_of)
    found = Answer(
        result.totals,
        [
            (
                k.event.event_type,
                k.event.event_id,
                k.event.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                k.event.actor_id or 0,
                k.event.repo_id or 0,
                k.event.repo_name or "",
                k.event.action,
            )
            for k in result.kept
        ],
    )
    assert found.totals == expected.totals
    assert sorted(found.rows, key=str) == sorted(expected.rows, key=str)
    assert bool(found.rows) == bool(whole)
