"""PNG files: packed tighter with the same pixels, and damage is told."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.png_file import packed, size

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))


def picture(rows: bytes, *, parts: int = 1, level: int = 0) -> bytes:
    """A picture of 4 by 2 grey pixels, its rows compressed and in so many chunks."""
    data = zlib.compress(rows, level)
    step = -(-len(data) // parts)
    return (
        SIGNATURE
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 2, 8, 0, 0, 0, 0))
        + chunk(b"pHYs", struct.pack(">IIB", 1, 1, 1))
        + b"".join(chunk(b"IDAT", data[at : at + step]) for at in range(0, len(data), step))
        + chunk(b"IEND", b"")
    )


@given(st.binary(min_size=10, max_size=10), st.integers(1, 4))
def test_the_rows_and_the_other_chunks_stay_as_they_are(rows: bytes, parts: int) -> None:
    assert packed(picture(rows, parts=parts)) == picture(rows, level=9)


def test_a_loosely_packed_picture_gets_smaller() -> None:
    loose = picture(bytes(10_000))
    assert len(packed(loose)) < len(loose) / 50


def test_the_size_is_that_of_the_header() -> None:
    assert size(picture(bytes(10))) == (4, 2)


@pytest.mark.parametrize(
    ("damaged", "fault"),
    [
        (b"GIF89a", "the signature is missing"),
        (picture(bytes(10))[:-12], "it ends before its last chunk"),
        (picture(bytes(10)).replace(b"pHYs", b"pHYz"), "chunk b'pHYz' is damaged"),
        (
            SIGNATURE + chunk(b"IHDR", bytes(13)) + chunk(b"IDAT", b"x") + chunk(b"IEND", b""),
            "no PNG",
        ),
    ],
)
def test_damage_is_told(damaged: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        packed(damaged)
