"""Inflating and framing: whatever the bytes are, the outcome is stated and lines are exact."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.activity.inflate import FileStatus, Inflater, LineFramer


def inflate(data: bytes, chunk: int = 1000) -> tuple[bytes, Inflater]:
    inflater = Inflater()
    chunks = [data[at : at + chunk] for at in range(0, len(data), chunk)]
    return b"".join(inflater.blocks(chunks)), inflater


@given(
    members=st.lists(st.binary(max_size=3000), min_size=1, max_size=4),
    chunk=st.integers(min_value=1, max_value=500),
    padding=st.integers(min_value=0, max_value=3),
)
def test_any_number_of_members_in_any_chunks_inflates_to_their_concatenation(
    members: list[bytes], chunk: int, padding: int
) -> None:
    data = b"".join(gzip.compress(member) + b"\0" * padding for member in members)
    out, inflater = inflate(data, chunk)
    assert out == b"".join(members)
    assert inflater.status is FileStatus.COMPLETE
    assert inflater.member_count == len(members)


def test_a_highly_compressible_file_inflates_in_bounded_blocks() -> None:
    data = gzip.compress(b"a" * 50_000_000)
    inflater = Inflater()
    sizes = [len(block) for block in inflater.blocks([data])]
    assert sum(sizes) == 50_000_000
    assert max(sizes) <= 1 << 18
    assert inflater.status is FileStatus.COMPLETE


def test_a_file_cut_short_gives_what_was_there_and_says_truncated() -> None:
    body = b"".join(b'{"n":%d}\n' % n for n in range(20_000))
    whole = gzip.compress(body)
    out, inflater = inflate(whole[: len(whole) // 2])
    assert body.startswith(out)
    assert len(out) > len(body) // 4
    assert inflater.status is FileStatus.TRUNCATED


def test_overwritten_bytes_in_the_middle_are_corrupt_and_the_part_before_is_kept() -> None:
    body = b"".join(zlib.crc32(b"%d" % n).to_bytes(4, "big").hex().encode() for n in range(50_000))
    whole = bytearray(gzip.compress(body))
    whole[len(whole) // 2 : len(whole) // 2 + 40] = bytes(40)
    out, inflater = inflate(bytes(whole))
    assert len(out) > 10_000
    assert body[:10_000] == out[:10_000]
    assert inflater.status is FileStatus.CORRUPT


def test_a_wrong_checksum_is_corrupt() -> None:
    whole = bytearray(gzip.compress(b"hello\n"))
    whole[-8] ^= 0xFF
    assert inflate(bytes(whole))[1].status is FileStatus.CORRUPT


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", FileStatus.EMPTY),
        (b"P", FileStatus.NOT_GZIP),
        (b"PK\x03\x04 a zip", FileStatus.NOT_GZIP),
        (b"<html>not found</html>", FileStatus.NOT_GZIP),
        (gzip.compress(b"x\n", mtime=0) + b"<html>", FileStatus.TRAILING_GARBAGE),
        (gzip.compress(b"x\n", mtime=0) + b"\0" * 600, FileStatus.COMPLETE),
        (b"\x1f\x8b", FileStatus.TRUNCATED),
    ],
)
def test_what_is_not_one_whole_gzip_file_is_named(data: bytes, status: FileStatus) -> None:
    assert inflate(data)[1].status is status


@given(
    lines=st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=30),
    is_ended=st.booleans(),
    block=st.integers(min_value=1, max_value=64),
)
def test_lines_and_offsets_agree_with_splitting_the_whole(
    lines: list[bytes], is_ended: bool, block: int
) -> None:
    text = b"\n".join(lines) + (b"\n" if is_ended else b"")
    blocks = [text[at : at + block] for at in range(0, len(text), block)]
    expected = text.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    framed = list(LineFramer().lines(blocks))
    assert [line for _, line in framed] == expected
    assert all(text[offset:].startswith(line) for offset, line in framed)


def test_an_overlong_line_is_passed_over_counted_and_costs_no_memory() -> None:
    framer = LineFramer(max_line_bytes=10)
    lines = list(framer.lines([b"short\n", b"x" * 8, b"x" * 8, b"\nafter\n"]))
    assert [line for _, line in lines] == [b"short", b"after"]
    assert framer.overlong_count == 1


@given(
    text=st.binary(max_size=200).map(lambda raw: raw.replace(b"a", b"\n")),
    block=st.integers(min_value=1, max_value=64),
)
def test_runs_are_whole_lines_at_their_offsets_and_blocks_are_not_copied(
    text: bytes, block: int
) -> None:
    blocks = [text[at : at + block] for at in range(0, len(text), block)]
    expected = 0
    for run in LineFramer().runs(blocks):
        begin, end = run.offset + run.start, run.offset + run.stop
        assert begin == expected
        assert run.data[run.start : run.stop] == text[begin:end]
        assert end == len(text) or text[end : end + 1] == b"\n"
        assert any(run.data is each for each in blocks) or (run.start, run.stop) == (
            0,
            len(run.data),
        )
        expected = end + 1
    assert expected >= len(text)


def test_the_largest_block_is_the_callers_to_choose() -> None:
    inflater = Inflater(output_bytes=1000)
    sizes = [len(block) for block in inflater.blocks([gzip.compress(b"a" * 10_500)])]
    assert sizes == [1000] * 10 + [500]
    assert inflater.status is FileStatus.COMPLETE
