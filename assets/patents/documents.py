"""Cuts a stream of concatenated XML documents at their prologs, in bounded memory."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: The largest real documents hold tens of megabytes of tables.
MAX_DOCUMENT_BYTES = 64 << 20
#: The document types that are patents; others (sequence listings) are passed over and counted.
WANTED = frozenset({"us-patent-grant", "us-patent-application"})
_PROLOG = re.compile(rb"<\?xml\s")
_LONGEST_PROLOG = len(b"<?xml ")
_HEAD_BYTES = 4096
_DOCTYPE = re.compile(rb"<!DOCTYPE\s+([\w.:-]+)")
_ELEMENT = re.compile(rb"<([A-Za-z_][\w.:-]*)")


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the stream.

    Attributes:
        number: Place in the stream, from 1; 0 for what stands before the first prolog.
        offset: Its first byte's place in the stream.
        byte_count: Its length.
        kind: Name in its DOCTYPE, or of its first element; empty where neither is found.
        data: Its bytes; None where it is passed over, as is what has number 0.
        is_oversized: Whether it is passed over for its length.
    """

    number: int
    offset: int
    byte_count: int
    kind: str
    data: bytes | None
    is_oversized: bool = False


def documents(
    blocks: Iterable[bytes], *, max_bytes: int = MAX_DOCUMENT_BYTES
) -> Iterator[Document]:
    """The documents of a stream, in order.

    A prolog ends whatever stands before it, so that a torn document costs no other. Blank bytes
    before the first prolog are nothing; others are a document of number 0. A document of another
    type than `WANTED`, or longer than `max_bytes`, is passed over without being kept.
    """
    cutter = _Cutter(max_bytes)
    for block in blocks:
        yield from cutter.take(block)
    yield from cutter.rest()


class _Cutter:
    """What is kept of the document that is being read."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._searched = 0
        self._passed_count = 0  # bytes of the document that are no longer in the buffer
        self._number = 0
        self._offset = 0
        self._kind: str | None = None
        self._is_oversized = False

    def take(self, block: bytes) -> Iterator[Document]:
        self._buffer += block
        while match := _PROLOG.search(self._buffer, self._searched):
            start = match.start()
            yield from self._cut(start)
            self._number += 1
            # Past this prolog's own first letters: the next one is looked for behind them.
            self._searched = 1
        self._searched = max(self._searched, len(self._buffer) - _LONGEST_PROLOG)
        self._pass_over()

    def rest(self) -> Iterator[Document]:
        yield from self._cut(len(self._buffer))

    def _cut(self, stop: int) -> Iterator[Document]:
        byte_count = self._passed_count + stop
        is_kept = not self._passed_count
        data = bytes(self._buffer[:stop]) if is_kept else None
        del self._buffer[:stop]
        kind = self._kind if self._kind is not None else _kind_of(data or b"")
        if data is not None and len(data) > self._max_bytes:
            data, self._is_oversized = None, True
        if self._number or (byte_count and not (is_kept and _is_blank(data))):
            is_wanted = bool(self._number) and (kind in WANTED or not kind)
            yield Document(
                number=self._number,
                offset=self._offset,
                byte_count=byte_count,
                kind=kind,
                data=data if is_wanted else None,
                is_oversized=self._is_oversized and is_wanted,
            )
        self._offset += byte_count
        self._passed_count, self._searched = 0, 0
        self._kind, self._is_oversized = None, False

    def _pass_over(self) -> None:
        """Let go of what is not wanted, but for the bytes that may begin the next prolog."""
        if self._kind is None and len(self._buffer) >= _HEAD_BYTES:
            self._kind = _kind_of(self._buffer[:_HEAD_BYTES])
        is_other = bool(self._kind) and self._kind not in WANTED
        is_oversized = self._passed_count + len(self._buffer) > self._max_bytes
        if not (is_other or is_oversized or self._passed_count):
            return
        self._is_oversized |= is_oversized
        if self._kind is None:
            self._kind = _kind_of(bytes(self._buffer[:_HEAD_BYTES]))
        count = max(0, len(self._buffer) - _LONGEST_PROLOG)
        del self._buffer[:count]
        self._passed_count += count
        self._searched = max(0, self._searched - count)


def _kind_of(head: bytes | bytearray) -> str:
    match = _DOCTYPE.search(head, 0, _HEAD_BYTES) or _ELEMENT.search(head, 0, _HEAD_BYTES)
    return match[1].decode("ascii", "replace") if match else ""


def _is_blank(data: bytes | None) -> bool:
    return data is not None and not data.removeprefix(b"\xef\xbb\xbf").strip()
