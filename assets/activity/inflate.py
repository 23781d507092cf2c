"""Compressed bytes of an hour to whole lines: any number of gzip members, bounded memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from isal import igzip_lib, isal_zlib

_GZIP_MAGIC = b"\x1f\x8b"
_OUTPUT_BYTES = 1 << 18
#: The largest real hours have a gigabyte inside, and shrink to a sixth.
MAX_BYTES = 16 << 30
MAX_RATIO = 200
_RATIO_FREE_BYTES = 64 << 20
_GZIP_WINDOW = 31
_FIRST_OFFSETS = 10


class FileStatus(StrEnum):
    """How the file as a whole came out; rows read before a defect are kept in every case."""

    COMPLETE = "complete"
    TRUNCATED = "truncated"  # ends inside a gzip member
    CORRUPT = "corrupt"  # deflate data or checksum is wrong from some byte on
    TRAILING_GARBAGE = "trailing_garbage"  # something that is not gzip follows the last member
    NOT_GZIP = "not_gzip"  # does not begin as gzip: a ZIP, an error page, overwritten bytes
    EMPTY = "empty"  # no byte at all
    OVERSIZED = "oversized"  # more inside than MAX_BYTES, or than MAX_RATIO times its size


@dataclass(slots=True)
class Inflater:
    """Inflates chunks of a gzip file; `status` and `member_count` are final after the last one.

    `byte_count` bytes were inflated so far, of `read_count` bytes of the file.
    """

    output_bytes: int = _OUTPUT_BYTES
    status: FileStatus = FileStatus.EMPTY
    member_count: int = 0
    byte_count: int = 0
    read_count: int = 0
    _pending: bytes = field(default=b"", repr=False)

    def blocks(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Blocks of at most `output_bytes` of the inflated file, in order.

        Never raises for what the bytes are: a defect ends the blocks and sets `status`. What the
        source of the chunks raises passes through.
        """
        source = self._counted(chunks)
        while self._next_member(source):
            yield from self._member(source)
            if self.status is not FileStatus.COMPLETE:
                return

    def _counted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.read_count += len(chunk)
            yield chunk

    @property
    def _is_bomb(self) -> bool:
        most = max(_RATIO_FREE_BYTES, MAX_RATIO * self.read_count)
        return self.byte_count > min(most, MAX_BYTES)

    def _next_member(self, source: Iterator[bytes]) -> bool:
        """Whether another gzip member begins; sets the status where something else does."""
        # Zero bytes pad members on block devices and tapes; gzip itself passes over them.
        self._pending = self._pending.lstrip(b"\0") if self.member_count else self._pending
        while len(self._pending) < len(_GZIP_MAGIC):
            chunk = next(source, None)
            if chunk is None:
                break
            self._pending += chunk
            if self.member_count:
                self._pending = self._pending.lstrip(b"\0")
        if self._pending.startswith(_GZIP_MAGIC):
            self.member_count += 1
            return True
        if self._pending:
            self.status = FileStatus.TRAILING_GARBAGE if self.member_count else FileStatus.NOT_GZIP
        return False

    def _member(self, source: Iterator[bytes]) -> Iterator[bytes]:
        engine = isal_zlib.decompressobj(wbits=_GZIP_WINDOW)
        data = self._pending
        self._pending = b""
        while True:
            try:
                block = engine.decompress(data, self.output_bytes)
            except igzip_lib.IsalError:  # type: ignore[misc] # its stub declares an instance
                self.status = FileStatus.CORRUPT
                return
            self.byte_count += len(block)
            if self._is_bomb:
                self.status = FileStatus.OVERSIZED
                return
            if block:
                yield block
            if engine.eof:
                self._pending = engine.unused_data
                self.status = FileStatus.COMPLETE
                return
            data = engine.unconsumed_tail
            if not data and len(block) < self.output_bytes:
                chunk = next(source, None)
                if chunk is None:
                    self.status = FileStatus.TRUNCATED
                    return
                data = chunk


class Run(NamedTuple):
    """Whole lines of a file: `data[start:stop]`, newlines between them and none at the end.

    Attributes:
        offset: where `data` begins in the inflated file.
    """

    data: bytes
    start: int
    stop: int
    offset: int


@dataclass(slots=True)
class LineFramer:
    """Cuts blocks into lines; keeps each line's offset in the inflated file."""

    max_line_bytes: int = 1 << 20
    byte_count: int = 0
    overlong_count: int = 0
    overlong_offsets: list[int] = field(default_factory=list)
    _tail: bytearray = field(default_factory=bytearray, repr=False)
    _tail_offset: int = 0
    _skipping: bool = False

    def lines(self, blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
        """`(offset, line)` for each line, without its newline, the unended last one included."""
        for run in self.runs(blocks):
            offset = run.offset + run.start
            for line in run.data[run.start : run.stop].split(b"\n"):
                yield offset, line
                offset += len(line) + 1

    def runs(self, blocks: Iterable[bytes]) -> Iterator[Run]:
        """Runs of whole lines: those within a block, uncopied, and each that spans several.

        A spanning line longer than `max_line_bytes` is passed over and counted, with the offsets of
        the first ten: its memory is a stranger's to choose otherwise.
        """
        for block in blocks:
            offset = self.byte_count
            self.byte_count += len(block)
            first = block.find(b"\n")
            if first < 0:
                self._extend(block, offset)
                continue
            self._extend(block[:first], offset)
            if not self._skipping:
                line = bytes(self._tail)
                yield Run(line, 0, len(line), offset + first - len(line))
            self._tail.clear()
            self._skipping = False
            last = block.rfind(b"\n")
            if last > first:
                yield Run(block, first + 1, last, offset)
            self._extend(block[last + 1 :], offset + last + 1)
        if self._tail and not self._skipping:
            line = bytes(self._tail)
            yield Run(line, 0, len(line), self.byte_count - len(line))

    def _extend(self, piece: bytes, offset: int) -> None:
        if self._skipping:
            return
        if not self._tail:
            self._tail_offset = offset
        self._tail += piece
        if len(self._tail) > self.max_line_bytes:
            self.overlong_count += 1
            if len(self.overlong_offsets) < _FIRST_OFFSETS:
                self.overlong_offsets.append(self._tail_offset)
            self._skipping = True
            self._tail.clear()
