"""Concatenated documents cut at their prologs: any block size, torn, other types, too long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.patents.documents import Document, documents
from tests.assets.patents.conftest import pieces

PROLOG = b'<?xml version="1.0" encoding="UTF-8"?>\n'
TYPES = {
    "us-patent-grant": b'<!DOCTYPE us-patent-grant SYSTEM "us-patent-grant-v47.dtd" [ ]>\n',
    "us-patent-application": b"<!DOCTYPE us-patent-application>\n",
    "sequence-cwu": b'<!DOCTYPE sequence-cwu SYSTEM "us-sequence-listing.dtd" [ ]>\n',
}


def document(kind: str, body: bytes = b"x") -> bytes:
    return PROLOG + TYPES[kind] + f"<{kind}>".encode() + body + f"</{kind}>\n".encode()


def cut(stream: bytes, size: int, max_bytes: int = 1 << 20) -> list[Document]:
    return list(documents(pieces(stream, size), max_bytes=max_bytes))


bodies = st.binary(max_size=6_000).filter(lambda body: b"<?xml" not in body)


@given(
    parts=st.lists(st.tuples(st.sampled_from(sorted(TYPES)), bodies), max_size=6),
    size=st.sampled_from([1, 3, 5, 6, 7, 100, 4_095, 4_096, 1 << 16]),
)
def test_each_document_comes_once_whole_and_in_its_place(
    parts: list[tuple[str, bytes]], size: int
) -> None:
    written = [document(kind, body) for kind, body in parts]
    found = cut(b"".join(written), size)
    assert [each.number for each in found] == list(range(1, len(parts) + 1))
    assert [each.kind for each in found] == [kind for kind, _ in parts]
    assert [each.byte_count for each in found] == [len(each) for each in written]
    assert [each.offset for each in found] == [
        sum(map(len, written[:place])) for place in range(len(written))
    ]
    for each, whole in zip(found, written, strict=True):
        assert each.data == (None if each.kind == "sequence-cwu" else whole)
        assert not each.is_oversized


def test_a_torn_document_ends_where_the_next_prolog_begins_though_on_the_same_line() -> None:
    whole = document("us-patent-grant", b"<p>text</p>")
    torn = whole[:-30]
    found = cut(torn + whole + torn, 64)
    assert [each.data for each in found] == [torn, whole, torn]


@pytest.mark.parametrize("size", [1, 10, 1_000, 1 << 16])
def test_a_document_too_long_is_passed_over_and_costs_no_other(size: int) -> None:
    short, long = document("us-patent-grant"), document("us-patent-application", b"y" * 9_000)
    found = cut(short + long + short, size, max_bytes=5_000)
    assert [each.data for each in found] == [short, None, short]
    assert [each.is_oversized for each in found] == [False, True, False]
    assert (found[1].kind, found[1].byte_count) == ("us-patent-application", len(long))
    assert found[2].offset == len(short) + len(long)
    assert cut(long, size, max_bytes=len(long))[0].data == long


def test_a_long_document_of_another_type_is_no_patent_that_was_too_long() -> None:
    listing = document("sequence-cwu", b"acgt" * 10_000)
    (found,) = cut(listing, 1_000, max_bytes=5_000)
    assert (found.kind, found.data, found.is_oversized) == ("sequence-cwu", None, False)


def test_no_more_is_kept_of_a_long_document_than_its_head_and_a_block() -> None:
    """A document of a gigabyte: were it kept, this would need that much memory."""
    block = b"z" * (1 << 20)

    def stream() -> Iterator[bytes]:
        yield document("us-patent-grant")[:-20]
        for _ in range(1024):
            yield block
        yield document("us-patent-grant")

    found = list(documents(stream(), max_bytes=1 << 21))
    assert [each.is_oversized for each in found] == [True, False]
    assert found[0].byte_count > 1 << 30


def test_bytes_before_the_first_prolog_are_a_document_of_number_0_unless_blank() -> None:
    whole = document("us-patent-grant")
    assert [each.number for each in cut(b"\xef\xbb\xbf \r\n" + whole, 16)] == [1]
    found = cut(b"<html>" + whole, 16)
    assert [(each.number, each.data) for each in found] == [(0, None), (1, whole)]
    assert (found[0].byte_count, found[0].is_oversized) == (6, False)
    assert cut(b" \n", 16) == []
    assert cut(b"", 16) == []


def test_a_document_without_a_doctype_is_of_its_first_element() -> None:
    found = cut(PROLOG + b"<!-- c --><us-patent-grant/>" + PROLOG + b"<PATDOC/>" + PROLOG, 8)
    assert [each.kind for each in found] == ["us-patent-grant", "PATDOC", ""]
    assert [each.data is None for each in found] == [False, True, False]


def test_a_stylesheet_instruction_is_no_prolog() -> None:
    whole = PROLOG + b'<?xml-stylesheet href="x"?><us-patent-grant/>'
    assert [each.data for each in cut(whole, 5)] == [whole]
