"""Damaged hours with a known truth: what of it does each contestant read?

Each case is made from the lines of a sound hour, so that the events it still holds whole are known
by construction, not by any reader.
"""

import gzip
import itertools
import json
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import hours, scan_peers
from benchmarks.scan_peers import Answer, Contestant, Row

EVENTS = 3_000
_SEED = 5
_EVERY = 97  # each so manieth line is damaged

Damage = Callable[[list[bytes]], tuple[bytes, list[bytes]]]


def sound_lines(events: int = EVENTS) -> list[bytes]:
    """The lines that the cases are made from."""
    return list(hours.lines(_SEED, events))


def truth(whole: list[bytes], tracked: frozenset[int]) -> Answer:
    """What a perfect reader finds in the lines that a file holds whole."""
    answer = Answer()
    for line in whole:
        event = json.loads(line)
        answer.totals[event["type"]] += 1
        if event["repo"]["id"] in tracked:
            answer.rows.append(scan_peers.row_of(event))
    return answer


def table(folder: Path, contestants: dict[str, Contestant]) -> list[list[str]]:
    """A row for each case: events lost (or invented) by each contestant, or how it gave up.

    `exact` means the same totals and the same rows as the truth.
    """
    tracked = frozenset(hours.repository_ids(_SEED)[:3_000])
    rows = []
    sound = sound_lines()
    for name, damage in DAMAGES.items():
        data, whole = damage(sound)
        path = folder / f"{name.replace(' ', '-')}.json.gz"
        path.write_bytes(data)
        expected = truth(whole, tracked)
        outcomes = [_outcome(read, path, tracked, expected) for read in contestants.values()]
        rows.append([name, str(expected.totals.total()), *outcomes])
    return rows


def _outcome(read: Contestant, path: Path, tracked: frozenset[int], expected: Answer) -> str:
    try:
        found = read([path], tracked)
    except Exception as error:  # how a peer gives up is what is measured
        return f"aborts: {type(error).__name__}"
    if found.totals == expected.totals and _sorted(found.rows) == _sorted(expected.rows):
        return "exact"
    lost = (expected.totals - found.totals).total()
    invented = (found.totals - expected.totals).total()
    parts = [f"loses {lost}" if lost else "", f"invents {invented}" if invented else ""]
    return ", ".join(part for part in parts if part) or "wrong rows"


def _sorted(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=str)


def _torn(sound: list[bytes]) -> tuple[bytes, list[bytes]]:
    """Half an event joined to a whole one: the half is lost, the whole one and all others not."""
    out, whole = [], []
    for at in range(0, len(sound) - 1, 2):
        first, second = sound[at : at + 2]
        if at % _EVERY == 0:
            out += [first[: len(first) // 2], second]
            whole.append(second)
        else:
            out += [first, second]
            whole += [first, second]
    return gzip.compress(b"".join(out)), whole


def _joined(sound: list[bytes]) -> tuple[bytes, list[bytes]]:
    out = [line[:-1] if at % _EVERY == 0 else line for at, line in enumerate(sound)]
    return gzip.compress(b"".join(out)), sound


def _edited(
    sound: list[bytes], edit: Callable[[bytes], bytes], is_lost: bool = False, every: int = _EVERY
) -> tuple[bytes, list[bytes]]:
    out = [edit(line) if at % every == 0 else line for at, line in enumerate(sound)]
    whole = [line for at, line in enumerate(sound) if at % every or not is_lost]
    return gzip.compress(b"".join(out)), whole


def _reordered(line: bytes) -> bytes:
    """The same event, keys in reverse and spelt in escapes, as JSON allows."""
    event = json.loads(line)
    text = json.dumps(dict(reversed(event.items())), ensure_ascii=True)
    escaped = text.replace('"type":', '"\\u0074ype":').replace('"repo":', '"r\\u0065po":')
    return escaped.encode() + b"\n"


def _members(sound: list[bytes]) -> tuple[bytes, list[bytes]]:
    text = b"".join(sound)
    cuts = [len(text) * part // 4 for part in range(5)]  # inside lines, as a mirror's blocks do
    pieces = (text[start:stop] for start, stop in itertools.pairwise(cuts))
    return b"".join(map(gzip.compress, pieces)), sound


def _truncated(sound: list[bytes]) -> tuple[bytes, list[bytes]]:
    data = gzip.compress(b"".join(sound))
    data = data[: len(data) * 2 // 3]
    inside = zlib.decompressobj(wbits=31).decompress(data)
    return data, sound[: inside.count(b"\n")]


def _bad_header(sound: list[bytes]) -> tuple[bytes, list[bytes]]:
    data = gzip.compress(b"".join(sound))
    return bytes(16) + data[16:], []


# Each makes of sound lines a file's bytes, and the lines that it holds whole.
DAMAGES: dict[str, Damage] = {
    "sound": lambda sound: (gzip.compress(b"".join(sound)), sound),
    "torn line joined to a whole": _torn,
    "two objects on a line": _joined,
    "NUL runs": partial(_edited, edit=lambda line: line[:-1] + bytes(512) + b"\n"),
    "CRLF": partial(_edited, edit=lambda line: line[:-1] + b"\r\n", every=1),
    "bad UTF-8": partial(
        _edited, edit=lambda line: line.replace(b'"login":"', b'"login":"\xff\xfe'), is_lost=True
    ),
    "keys reordered and escaped": partial(_edited, edit=_reordered),
    "four members": _members,
    "truncated": _truncated,
    "bad header": _bad_header,
}
