"""Zips read from the front: whole, in any pieces, cut, damaged, bombs."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.patents.zip_stream import BLOCK_BYTES, ZipStatus, ZipStream
from tests.assets.patents.conftest import Zip, pieces

RANDOM = random.Random(1).randbytes(700_000)  # noqa: S311 - bytes that do not shrink
TEXT = b"".join(b"<p>paragraph %d of a text that repeats itself</p>\n" % n for n in range(20_000))


def read(data: bytes, size: int = 1 << 16, **bounds: int) -> tuple[bytes, ZipStream]:
    stream = ZipStream(**bounds)
    return b"".join(stream.blocks(pieces(data, size))), stream


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
def test_in_whatever_pieces_it_comes_the_xml_is_what_was_zipped(
    zipped: Zip, size: int, is_streamed: bool
) -> None:
    text = TEXT[: 20_000 if size < 100 else len(TEXT)]
    data = zipped({"ipg241015.xml": text}, is_streamed=is_streamed)
    found, stream = read(data, size)
    assert found == text
    assert stream.status is ZipStatus.COMPLETE
    assert (stream.byte_count, stream.member_count) == (len(text), 1)
    assert stream.read_count <= len(data)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_members_that_are_no_xml_are_passed_over_wherever_they_lie(
    zipped: Zip, method: int
) -> None:
    members = {"a.txt": RANDOM, "b.XML": TEXT, "c/d.html": RANDOM[:99], "e.xml": b"<e/>", "f": b""}
    found, stream = read(zipped(members, method))
    assert found == TEXT + b"<e/>"
    assert stream.status is ZipStatus.COMPLETE
    assert stream.member_count == 2


def test_a_member_of_the_64_bit_form_is_read(zipped: Zip) -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as container,
        container.open("a.xml", "w", force_zip64=True) as member,
    ):
        member.write(TEXT)
    found, stream = read(out.getvalue())
    assert found == TEXT
    assert stream.status is ZipStatus.COMPLETE


def test_a_64_bit_descriptor_behind_the_data_is_passed_over(zipped: Zip) -> None:
    data = zipped({"a.xml": TEXT}, is_streamed=True)
    place = data.index(b"PK\x07\x08")
    signature, crc, packed, size = struct.unpack_from("<4s3I", data, place)
    longer = struct.pack("<4sI2Q", signature, crc, packed, size)
    for descriptor in (longer, longer[4:], data[place + 4 : place + 16]):
        found, stream = read(data[:place] + descriptor + data[place + 16 :])
        assert found == TEXT
        assert stream.status is ZipStatus.COMPLETE


@given(share=st.floats(0, 1))
def test_a_zip_cut_anywhere_gives_what_lies_before_the_cut(share: float) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("a.xml", TEXT)
    data = out.getvalue()
    directory = data.rindex(b"PK\x01\x02")
    cut = int(share * directory)
    found, stream = read(data[:cut])
    assert TEXT.startswith(found)
    assert stream.status is (
        ZipStatus.EMPTY if not cut else ZipStatus.NOT_ZIP if cut < 4 else ZipStatus.TRUNCATED
    )
    if cut > 200:
        # Deflate gives bytes about as they come: a tenth of the zip is about a tenth of the text.
        assert len(found) > (cut / directory - 0.2) * len(TEXT)


def test_without_its_directory_alone_a_zip_is_whole(zipped: Zip) -> None:
    data = zipped({"a.xml": TEXT})
    directory = data.index(b"PK\x01\x02")
    assert read(data[: directory + 4])[1].status is ZipStatus.COMPLETE
    assert read(data[: directory + 3])[1].status is ZipStatus.TRUNCATED


@pytest.mark.parametrize("place", [14, 5_000, 20_000])
def test_a_damaged_byte_is_seen(zipped: Zip, place: int) -> None:
    """Byte 14 is of the checksum, the others of the deflated data."""
    data = bytearray(zipped({"a.xml": RANDOM}))
    data[place] ^= 0x5A
    found, stream = read(bytes(data))
    assert stream.status is ZipStatus.CORRUPT
    assert len(found) <= len(RANDOM)


def test_what_is_no_zip_is_said_to_be_none(zipped: Zip) -> None:
    assert read(b"<html>Forbidden</html>")[1].status is ZipStatus.NOT_ZIP
    assert read(b"PK")[1].status is ZipStatus.NOT_ZIP
    assert read(b"")[1].status is ZipStatus.EMPTY
    assert read(zipped({}))[1].status is ZipStatus.COMPLETE
    garbage = zipped({"a.xml": b"<a/>"})
    assert read(garbage[: garbage.index(b"PK\x01\x02")] + b"!" * 50)[1].status is ZipStatus.CORRUPT


@pytest.mark.parametrize(("offset", "value"), [(6, 1), (8, 12)])
def test_an_encrypted_member_or_another_method_is_refused(
    zipped: Zip, offset: int, value: int
) -> None:
    data = bytearray(zipped({"a.xml": b"<a/>"}))
    struct.pack_into("<H", data, offset, value)
    assert read(bytes(data))[1].status is ZipStatus.CORRUPT


def test_a_bomb_is_stopped_by_its_ratio_and_by_its_size(zipped: Zip) -> None:
    bomb = zipped({"a.xml": bytes(80 << 20)})
    assert len(bomb) < 1 << 20
    found, stream = read(bomb, max_ratio=10)
    assert stream.status is ZipStatus.OVERSIZED
    assert len(found) <= (64 << 20) + BLOCK_BYTES
    found, stream = read(zipped({"a.xml": TEXT}), max_bytes=100_000)
    assert stream.status is ZipStatus.OVERSIZED
    assert len(found) <= 100_000
    # A bomb in a member that is passed over is one too.
    assert read(zipped({"a.txt": bytes(1 << 20)}), max_bytes=1000)[1].status is ZipStatus.OVERSIZED


def test_blocks_are_small_whatever_the_zip(zipped: Zip) -> None:
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        data = zipped({"a.xml": TEXT}, method)
        assert max(len(block) for block in ZipStream().blocks([data])) <= BLOCK_BYTES


def test_what_the_source_raises_passes_through(zipped: Zip) -> None:
    data = zipped({"a.xml": RANDOM})

    def broken() -> Iterator[bytes]:
        yield data[:100_000]
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(ZipStream().blocks(broken()))
