"""A PNG picture's file: packed as tightly as its format allows, with the same pixels."""

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DATA = b"IDAT"


def packed(picture: bytes) -> bytes:
    """The same picture in a smaller file: who draws it compresses for speed.

    The rows' filters stay as they are, so nothing is decoded but the compression of the whole.

    Raises:
        ValueError: it is no PNG, or one whose data is damaged.
    """
    chunks = list(_chunks(picture))
    try:
        rows = zlib.decompress(b"".join(body for kind, body in chunks if kind == _DATA))
    except zlib.error as error:
        raise ValueError(f"no PNG: {error}") from error
    first = next(position for position, (kind, _) in enumerate(chunks) if kind == _DATA)
    others = [(kind, body) for kind, body in chunks if kind != _DATA]
    others.insert(first, (_DATA, zlib.compress(rows, 9)))
    return _SIGNATURE + b"".join(_chunk(kind, body) for kind, body in others)


def size(picture: bytes) -> tuple[int, int]:
    """Width and height in pixels.

    Raises:
        ValueError: it is no PNG.
    """
    kind, head = next(_chunks(picture))
    if kind != b"IHDR":
        raise ValueError("no PNG: it does not begin with its header")
    width, height = struct.unpack(">II", head[:8])
    return width, height


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of each chunk, in order."""
    if not picture.startswith(_SIGNATURE):
        raise ValueError("no PNG: the signature is missing")
    position, kind = len(_SIGNATURE), b""
    while kind != b"IEND":
        head = picture[position : position + 8]
        if len(head) < 8:
            raise ValueError("no PNG: it ends before its last chunk")
        length, kind = struct.unpack(">I4s", head)
        body = picture[position + 8 : position + 8 + length]
        checksum = picture[position + 8 + length : position + 12 + length]
        if checksum != struct.pack(">I", zlib.crc32(kind + body)):
            raise ValueError(f"no PNG: chunk {kind!r} is damaged")
        yield kind, body
        position += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", checksum)
