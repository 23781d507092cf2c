"""A weekly zip's XML, read from the front: inflated block by block, bounded, never unpacked.

The reader goes from local header to local header and needs no central directory, so that a zip cut
short gives all that lies before the cut. Format: PKWARE's APPNOTE.TXT, sections 4.3.7 to 4.3.12.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from isal import igzip_lib, isal_zlib

BLOCK_BYTES = 1 << 18
#: A real week has 0.6 to 0.9 GB inside, and a zip's text shrinks to a fifth or a tenth.
MAX_BYTES = 8 << 30
MAX_RATIO = 200
_RATIO_FREE_BYTES = 64 << 20
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_DESCRIPTOR = b"PK\x07\x08"
_HEADER = struct.Struct("<4s5H3I2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _HAS_DESCRIPTOR = 1, 8
_ZIP64, _IN_ZIP64 = 1, 0xFFFFFFFF


class ZipStatus(StrEnum):
    """How the zip as a whole came out; what was read before a defect is kept in every case."""

    COMPLETE = "complete"
    TRUNCATED = "truncated"  # ends before its directory
    CORRUPT = "corrupt"  # a checksum, deflate data or header is wrong, or it is encrypted
    OVERSIZED = "oversized"  # more inside than MAX_BYTES, or than MAX_RATIO times its size
    NOT_ZIP = "not_zip"  # does not begin as a zip: an error page, say
    EMPTY = "empty"  # no byte at all


class _Member(NamedTuple):
    """A local header."""

    name: str
    flags: int
    method: int
    crc: int
    byte_count: int  # compressed; 0 where a descriptor behind the data says it


class _Defect(Exception):
    """The bytes are not, or no longer, those of a zip."""

    def __init__(self, status: ZipStatus) -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True)
class ZipStream:
    """Inflates the `.xml` members of a zip; the counts and `status` are final after the last block.

    Attributes:
        max_bytes: most bytes inflated.
        max_ratio: most bytes inflated for each byte read, once past 64 MiB.
        byte_count: inflated so far, of members of any name.
        read_count: bytes of the zip read so far.
        member_count: `.xml` members begun.
    """

    max_bytes: int = MAX_BYTES
    max_ratio: int = MAX_RATIO
    status: ZipStatus = ZipStatus.EMPTY
    byte_count: int = 0
    read_count: int = 0
    member_count: int = 0
    _source: Iterator[bytes] = field(default_factory=lambda: iter(()), repr=False)
    _pending: bytes = field(default=b"", repr=False)

    def blocks(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Blocks of at most 256 KiB of the XML members, one after the other.

        Never raises for what the bytes are: a defect ends the blocks and sets `status`. What the
        source of the chunks raises passes through.
        """
        self._source = iter(chunks)
        try:
            if not self._fill(4):
                self.status = ZipStatus.NOT_ZIP if self._pending else ZipStatus.EMPTY
                return
            if self._pending[:4] not in (_LOCAL, _END):
                raise _Defect(ZipStatus.NOT_ZIP)
            while self._needed(4) == _LOCAL:
                member = self._header()
                is_xml = member.name.casefold().endswith(".xml")
                self.member_count += is_xml
                for block in self._content(member):
                    if is_xml:
                        yield block
            if self._pending[:4] not in (_CENTRAL, _END):
                raise _Defect(ZipStatus.CORRUPT)
            self.status = ZipStatus.COMPLETE
        except _Defect as defect:
            self.status = defect.status

    def _fill(self, count: int) -> bool:
        """Whether `count` bytes lie ready, after reading as many chunks as that takes."""
        while len(self._pending) < count:
            chunk = next(self._source, None)
            if chunk is None:
                return False
            self.read_count += len(chunk)
            self._pending += chunk
        return True

    def _needed(self, count: int) -> bytes:
        if not self._fill(count):
            raise _Defect(ZipStatus.TRUNCATED)
        return self._pending[:count]

    def _take(self, count: int) -> bytes:
        taken = self._needed(count)
        self._pending = self._pending[count:]
        return taken

    def _header(self) -> _Member:
        fields = _HEADER.unpack(self._take(_HEADER.size))
        _, _, flags, method, _, _, crc, packed, _, name_length, extra_length = fields
        name = self._take(name_length).decode("utf-8", "replace")
        extra = self._take(extra_length)
        if packed == _IN_ZIP64:
            packed = _zip64_packed(extra)
        has_size = not flags & _HAS_DESCRIPTOR
        is_readable = method == _DEFLATED or (method == _STORED and has_size)
        if flags & _ENCRYPTED or not is_readable:
            raise _Defect(ZipStatus.CORRUPT)
        return _Member(name, flags, method, crc, packed if has_size else 0)

    def _content(self, member: _Member) -> Iterator[bytes]:
        parts = self._inflated() if member.method == _DEFLATED else self._stored(member.byte_count)
        crc = 0
        for block in parts:
            crc = isal_zlib.crc32(block, crc)
            self._count(len(block))
            yield block
        if member.flags & _HAS_DESCRIPTOR:
            self._check_descriptor(crc)
        elif crc != member.crc:
            raise _Defect(ZipStatus.CORRUPT)

    def _inflated(self) -> Iterator[bytes]:
        engine = isal_zlib.decompressobj(wbits=-15)
        data, self._pending = self._pending, b""
        while True:
            try:
                block = engine.decompress(data, BLOCK_BYTES)
            except igzip_lib.IsalError as error:  # type: ignore[misc] # its stub has an instance
                raise _Defect(ZipStatus.CORRUPT) from error
            if block:
                yield block
            if engine.eof:
                self._pending = engine.unused_data
                return
            data = engine.unconsumed_tail
            if not data and len(block) < BLOCK_BYTES:
                self._needed(1)
                data, self._pending = self._pending, b""

    def _stored(self, byte_count: int) -> Iterator[bytes]:
        while byte_count:
            self._needed(1)
            block = self._take(min(byte_count, len(self._pending), BLOCK_BYTES))
            byte_count -= len(block)
            yield block

    def _count(self, byte_count: int) -> None:
        self.byte_count += byte_count
        is_bomb = self.byte_count > max(_RATIO_FREE_BYTES, self.max_ratio * self.read_count)
        if is_bomb or self.byte_count > self.max_bytes:
            raise _Defect(ZipStatus.OVERSIZED)

    def _check_descriptor(self, crc: int) -> None:
        """Pass over what stands behind the data: a checksum and two sizes, of four or eight bytes.

        The signature before them is optional, so that the next header decides how long it is.
        """
        self._needed(4 + 4 + 8)
        self._fill(4 + 4 + 16 + 4)
        start = 4 if self._pending[:4] == _DESCRIPTOR else 0
        if struct.unpack_from("<I", self._pending, start)[0] != crc:
            raise _Defect(ZipStatus.CORRUPT)
        for sizes in (8, 16):
            stop = start + 4 + sizes
            if self._pending[stop : stop + 4] in (_LOCAL, _CENTRAL, _END):
                self._pending = self._pending[stop:]
                return
        raise _Defect(ZipStatus.TRUNCATED if not self._fill(start + 24) else ZipStatus.CORRUPT)


def _zip64_packed(extra: bytes) -> int:
    """The compressed size where the header has no room for it: second in the ZIP64 field."""
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == _ZIP64 and length >= 16 and place + 20 <= len(extra):
            return int(struct.unpack_from("<Q", extra, place + 12)[0])
        place += 4 + length
    raise _Defect(ZipStatus.CORRUPT)
