"""A weekly file read and searched: what is found, counted and set aside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.diffusion.mention import Role, Section
from assets.patents.scan import Scan, scan_file
from assets.patents.zip_stream import ZipStatus
from tests.assets.patents.conftest import (
    Grant,
    TwoWords,
    Zip,
    made_grant,
    made_zip,
    pieces,
)

LISTING = (
    b'<?xml version="1.0"?>\n<!DOCTYPE sequence-cwu SYSTEM "us-sequence-listing.dtd" [ ]>\n'
    b"<sequence-cwu><s>Qwen Llama</s></sequence-cwu>\n"
)
CITED = (
    "<us-references-cited><us-citation><nplcit num='1'><othercit>Llama Llama</othercit></nplcit>"
    "</us-citation></us-references-cited>"
)


def scan(data: bytes, namer: TwoWords, most: int = 1 << 20) -> Scan:
    return scan_file(pieces(data, 1000), namer, max_document_bytes=most)


def test_mentions_alike_are_one_with_their_number_and_the_place_of_the_first(
    zipped: Zip, grant: Grant, namer: TwoWords
) -> None:
    data = grant(
        description="<p>a Llama and a Qwen</p><p>Llama</p>", claims="Qwen", references=CITED
    )
    found = scan(zipped({"a.xml": data}), namer)
    rows = [
        (each.first.section, each.first.family, each.first.role, each.count, each.first.start)
        for each in found.mentions
    ]
    assert rows == [
        (Section.CLAIMS, "qwen", Role.USED, 1, 3),
        (Section.DESCRIPTION, "llama", Role.USED, 2, 2),
        (Section.DESCRIPTION, "qwen", Role.USED, 1, 14),
        (Section.BIBLIOGRAPHY, "llama", Role.CITED, 2, 0),
    ]
    assert {each.publication_number for each in found.mentions} == {"US12000001B2"}


def test_what_cannot_be_read_is_set_aside_with_its_place_and_costs_nothing_else(
    zipped: Zip, grant: Grant, namer: TwoWords
) -> None:
    first, last = grant(number="12000001"), grant(number="12000004")
    torn = grant(number="12000002")[:700]
    dateless = grant(number="12000003").replace(b"<date>20220105</date>", b"")
    long = grant(number="12000005", description=f"<p>{'x' * 5_000}</p>")
    data = b"<junk/>" + first + torn + dateless + LISTING + long + last
    found = scan(zipped({"a.xml": data}), namer, most=5_000)
    assert found.status is ZipStatus.COMPLETE
    assert [(each.document_number, each.patent.publication_number) for each in found.patents] == [
        (1, "US12000001B2"),
        (6, "US12000004B2"),
    ]
    places = [
        (each.document_number, each.byte_offset, each.byte_count) for each in found.quarantined
    ]
    start = len(b"<junk/>")
    assert places == [
        (0, 0, start),
        (2, start + len(first), len(torn)),
        (3, start + len(first) + len(torn), len(dateless)),
        (5, data.index(long), len(long)),
    ]
    reasons = [each.reason for each in found.quarantined]
    assert reasons[0] == "bytes before the first prolog"
    assert "line 13" in reasons[1]
    assert reasons[2] == "<application-reference>: <date> is ''"
    assert reasons[3] == "the document is longer than may be read"
    assert found.other_counts == {"sequence-cwu": 1}
    assert found.document_count == 7
    # Nothing of what was set aside or passed over was searched.
    assert all("Qwen" not in text for _, text in namer.read)


def test_a_document_that_comes_twice_counts_once(
    zipped: Zip, grant: Grant, namer: TwoWords
) -> None:
    """As D0967598 does in the real file of 2022-10-25."""
    data = grant(title="Qwen") + grant(title="Qwen") + grant(number="12000002")
    found = scan(zipped({"a.xml": data}), namer)
    assert [each.document_number for each in found.patents] == [1, 3]
    assert (found.duplicate_count, found.document_count) == (1, 3)
    assert [each.count for each in found.mentions] == [1]


def test_of_a_zip_cut_short_all_that_lies_before_the_cut_is_there(
    zipped: Zip, grant: Grant, namer: TwoWords
) -> None:
    documents = [grant(number=f"1200{n:04d}", description=f"<p>{n} Qwen</p>") for n in range(500)]
    data = zipped({"a.xml": b"".join(documents)})
    found = scan(data[: len(data) // 2], namer)
    assert found.status is ZipStatus.TRUNCATED
    assert 150 < len(found.patents) < 350
    assert len(found.mentions) == len(found.patents)
    assert len(found.quarantined) == 1
    assert found.byte_count == len(data) // 2


@pytest.mark.parametrize("data", [b"", b"<html>Forbidden</html>"])
def test_what_is_no_zip_gives_nothing_and_says_so(data: bytes, namer: TwoWords) -> None:
    found = scan(data, namer)
    assert found.status in (ZipStatus.EMPTY, ZipStatus.NOT_ZIP)
    assert found.document_count == 0


@given(
    place=st.integers(0, 4),
    changes=st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=12)), max_size=4),
)
def test_whatever_befalls_one_document_the_others_are_read(
    place: int, changes: list[tuple[float, bytes]]
) -> None:
    """Bytes of one document are overwritten, left out or put in, anywhere but in its prolog."""
    bodies = [made_grant(number=f"1200000{n}", description=f"<p>{n} Qwen</p>") for n in range(5)]
    prolog = bodies[place].index(b"<!DOCTYPE")
    broken = bytearray(bodies[place])
    for share, new in changes:
        start = prolog + int(share * (len(broken) - prolog))
        broken[start : start + len(new) // 2] = new.replace(b"<?xml", b"")
    whole = [body for number, body in enumerate(bodies) if number != place]
    stream = b"".join([*bodies[:place], bytes(broken), *bodies[place + 1 :]])
    found = scan_file([made_zip({"a.xml": stream})], TwoWords())
    numbers = {each.patent.publication_number for each in found.patents}
    assert {f"US1200000{n}B2" for n in range(5) if n != place} <= numbers
    assert found.document_count == 5
    assert (
        len(found.patents)
        + found.duplicate_count
        + len(found.quarantined)
        + (found.other_counts.total())
        == len(whole) + 1
    )
