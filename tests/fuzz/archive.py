"""Fuzz targets of the hourly archives: a line, the two engines of the scan, and a gzip body."""

import ctypes
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from assets.activity.ingest import HourOutcome
from assets.activity.lines import MalformedLineError, parse_line
from assets.activity.rows import day_rows
from assets.activity.scan import HourScan, scan_hour
from assets.activity.scan_compile import library_path
from assets.activity.scan_compiled import CompiledGlance, load
from assets.activity.scan_glance import Glance
from assets.activity.scan_selection import Selection
from tests.fuzz.fits import fits_a_table
from tests.fuzz.sandboxed import sandbox

_NOW = datetime(2024, 12, 17, tzinfo=UTC)
_DAY = date(2024, 12, 10)
_SELECTION = Selection(frozenset({7, 8}), {"owner/name": 7}, panel_one_in=3)
#: More than the 256 KiB of which a line is built whole.
_BLANKS = b" " * (1 << 18)
_LINES = (
    b'{"id":"1","type":"WatchEvent","actor":{"id":1,"login":"a[bot]"},"repo":{"id":7,"name":"o/r"},'
    b'"payload":{"action":"started"},"public":true,"created_at":"2024-12-10T05:00:00Z"}',
    b'{"id":"2","type":"PushEvent","actor":{"id":2},"repo":{"id":9},'
    b'"created_at":"2024-12-10T05:59:59Z"}',
    b'{"type":"ForkEvent","actor":"someone","actor_attributes":{"login":"someone"},"payload":{},'
    b'"repository":{"owner":"Owner","name":"name"},"created_at":"2012/03/11 00:00:00 -0700"}',
    b'\0\0{"id":3,"type":"WatchEvent","actor":{"id":1},"repo":{"id":8,"name":"\\ud800"},'
    b'"created_at":"2024-12-10T07:00:00+02:00"} {"id":"4","type":"\xc3\xa9","actor":{"id":5},'
    b'"repo":{"id":8},"created_at":"2024-12-10T05:00:00Z"}',
    b'{"id":"5","type":"Wat{"id":"6","type":"WatchEvent","actor":{"id":4},"repo":{"id":7},'
    b'"created_at":"2024-12-10T05:00:01Z"}',
)


def archive_line(data: bytes) -> None:
    """One line, whatever it holds."""
    try:
        parsed = parse_line(data, _SELECTION.names)
    except MalformedLineError:
        return
    for event in parsed.events:
        fits_a_table(*event)


def archive_line_seeds() -> list[bytes]:
    """Lines of the sandbox, and of the schemas and defects that it does not have."""
    return [*_LINES, *gzip.decompress(_an_hour()).splitlines()[:20]]


def archive_long_line(data: bytes) -> None:
    """A line that is too long to be built whole: its first bracket is followed by many blanks."""
    archive_line(data.replace(b"{", b"{" + _BLANKS, 1))


def archive_long_line_seeds() -> list[bytes]:
    """The same lines."""
    return archive_line_seeds()


def archive_engines(data: bytes) -> None:
    """Whole lines through both engines: they hand back the same ones, and count the same.

    What is counted as ordinary is, read with care, one event that no selection asks for.
    """
    plain = Glance(_SELECTION)
    others = plain.others(data, 0, len(data))
    library = _library()
    if library is not None:
        compiled = CompiledGlance(library, _SELECTION)
        found = compiled.others(data, 0, len(data))
        assert found == others, f"compiled {found}, plain {others}"
        assert compiled.counts == plain.counts
        assert (compiled.first_at, compiled.last_at) == (plain.first_at, plain.last_at)
    counts: dict[str, int] = {}
    for line in _ordinary(data, others):
        if _repeats_a_key(line):
            # Which of two equal keys is meant nobody can say.
            return
        (event,) = parse_line(line, _SELECTION.names).events
        assert not _SELECTION.is_tracked(event)
        assert not _SELECTION.is_panel(event)
        counts[event.event_type] = counts.get(event.event_type, 0) + 1
    assert counts == plain.counts


def _ordinary(data: bytes, others: list[tuple[int, int]]) -> Iterator[bytes]:
    handed_back = set(others)
    at = 0
    for line in data.split(b"\n"):
        if (at, at + len(line)) not in handed_back:
            yield line
        at += len(line) + 1


def _repeats_a_key(line: bytes) -> bool:
    is_repeated = False

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal is_repeated
        is_repeated |= len(dict(pairs)) < len(pairs)
        return dict(pairs)

    json.loads(line, object_pairs_hook=unique)
    return is_repeated


def archive_engines_seeds() -> list[bytes]:
    """Runs of lines."""
    lines = gzip.decompress(_an_hour()).splitlines()
    return [
        *_LINES,
        b"\n".join(_LINES),
        b"\n".join(lines[:5]),
        b"\n".join([lines[0], b"", *_LINES]),
    ]


def archive_hour(data: bytes) -> None:
    """A file's bytes to rows, by both engines alike.

    An input that begins with `+` is the inflated file, so that a fuzzer gets past the checksum;
    any other is the file. The second byte cuts it into chunks.
    """
    size = data[1] + 1 if len(data) > 1 else 1
    body = gzip.compress(data[2:], 1, mtime=0) if data[:1] == b"+" else data[2:]
    chunks = [body[at : at + size * 16] for at in range(0, len(body), size * 16)]
    plain = scan_hour(chunks, _SELECTION, Glance)
    scan = scan_hour(chunks, _SELECTION)
    assert scan == plain
    assert scan.event_count >= scan.totals.total() == sum(scan.totals.values())
    _require_rows(scan)


def _require_rows(scan: HourScan) -> None:
    hour = datetime(2024, 12, 10, 5, tzinfo=UTC)
    outcome = HourOutcome(hour, scan.status, scan, "mirror", scan.inflated_byte_count)
    rows = day_rows([outcome], source="gharchive", day=_DAY, selection=_SELECTION, now=_NOW)
    assert rows.events.num_rows == len(scan.kept)


def archive_hour_seeds() -> list[bytes]:
    """A file, members one after the other, padding, a torn end, and the lines themselves."""
    lines = gzip.decompress(_an_hour()).splitlines()
    small = b"\n".join([*lines[:3], *_LINES])
    whole = gzip.compress(small, mtime=0)
    return [
        b"-\xff" + whole,
        b"-\x00" + whole + b"\0\0" + gzip.compress(_LINES[0], mtime=0),
        b"-\x10" + whole[:-12],
        b"-\x10" + whole + b"<html>",
        b"+\xff" + small,
        *(b"+\x03" + line for line in _LINES),
    ]


@cache
def _library() -> ctypes.CDLL | None:
    return load(library_path())


@cache
def _an_hour() -> bytes:
    return sandbox().get("/2024-12-10-5.json.gz").body
