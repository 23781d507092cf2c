"""One document to its record, and what makes it none; nothing fetched, nothing expanded."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from assets.patents.parse import patent_of, tree_of
from assets.patents.record import MalformedDocumentError, Party, Patent
from tests.assets.patents.conftest import Grant

RELATED = """<us-related-documents>
<continuation><relation><parent-doc>
<document-id><country>US</country><doc-number>16695054</doc-number><date>20191125</date>
</document-id><parent-grant-document><document-id><country>US</country>
<doc-number>10916753</doc-number><date>20100101</date></document-id></parent-grant-document>
<parent-pct-document><document-id><country>WO</country><doc-number>PCT/US2018/1</doc-number>
<date>20180301</date></document-id></parent-pct-document>
</parent-doc><child-doc><document-id><country>US</country><doc-number>17248024</doc-number>
<date>20010101</date></document-id></child-doc></relation></continuation>
<us-provisional-application><document-id><country>US</country><doc-number>62763412</doc-number>
<date>20180211</date></document-id></us-provisional-application>
<related-publication><document-id><country>US</country><doc-number>20210210819</doc-number>
<kind>A1</kind><date>20020708</date></document-id></related-publication>
</us-related-documents>"""
PRIORITY = """<priority-claims><priority-claim sequence="01" kind="national"><country>GB</country>
<doc-number>0208877</doc-number><date>20180118</date></priority-claim>
<priority-claim sequence="02" kind="national"><country>GB</country><doc-number>1</doc-number>
<date>20000000</date></priority-claim></priority-claims>"""
PARTIES = """<us-parties><us-applicants>
<us-applicant sequence="001" app-type="applicant" designation="us-only"
applicant-authority-category="assignee"><addressbook><orgname>Sandbox University</orgname>
<address><city>X</city><country>US</country></address></addressbook></us-applicant>
<us-applicant sequence="002" app-type="applicant" designation="us-only"><addressbook>
<last-name>Roe</last-name><first-name>Rae</first-name>
<address><city>X</city><country>KR</country></address></addressbook></us-applicant>
<us-applicant sequence="003" app-type="legal-representative"><addressbook>
<last-name>Poe</last-name></addressbook><residence><country>DE</country></residence>
</us-applicant></us-applicants>
<inventors><inventor sequence="001"><addressbook><last-name>Doe</last-name>
<first-name>Jane</first-name></addressbook></inventor></inventors>
<agents><agent><addressbook><orgname>Weaver LLP</orgname></addressbook></agent></agents>
</us-parties>"""
ASSIGNEES = """<assignees>
<assignee><addressbook><orgname>Acme &#x26; Sons, Inc.</orgname><role>02</role>
<address><city>X</city><country>US</country></address></addressbook></assignee>
<assignee><addressbook><last-name>Doe</last-name><first-name>Jane</first-name><role>05</role>
<address><city>Y</city><country>DE</country></address></addressbook></assignee></assignees>"""
CPC = """<classifications-cpc><main-cpc><classification-cpc><section>H</section>
<class>01</class><subclass>M</subclass><main-group>50</main-group><subgroup>46</subgroup>
</classification-cpc></main-cpc></classifications-cpc>"""


def read(data: bytes) -> Patent:
    return patent_of(tree_of(data))


def test_a_grant_is_read_and_of_persons_only_that_they_are_persons(grant: Grant) -> None:
    found = read(grant(bibliography=CPC + PARTIES + ASSIGNEES))
    assert found == Patent(
        kind="grant",
        publication_number="US12000001B2",
        application_number="17248024",
        application_type="utility",
        publication_date=date(2024, 10, 15),
        filing_date=date(2022, 1, 5),
        priority_date=date(2022, 1, 5),
        cpc_main="H01M50/46",
        parties=(
            Party("company", "US", "Acme & Sons, Inc."),
            Party("individual", "DE", None),
        ),
        party_source="assignee",
    )
    assert (found.is_us_company, found.is_us_education, found.is_us) == (True, False, True)


def test_without_assignees_the_applicants_own_it_and_their_representatives_do_not(
    grant: Grant,
) -> None:
    found = read(grant(bibliography=PARTIES))
    assert found.parties == (
        Party("education", "US", "Sandbox University"),
        Party("individual", "KR", None),
    )
    assert found.party_source == "applicant"
    assert (found.is_us_company, found.is_us_education, found.is_us) == (False, True, True)


def test_an_application_is_read_from_its_own_element(grant: Grant) -> None:
    data = grant(number="20240338799").replace(b"B2", b"A1")
    data = data.replace(b"us-patent-grant", b"us-patent-application")
    data = data.replace(b"bibliographic-data-grant", b"bibliographic-data-application")
    found = read(data)
    assert (found.kind, found.publication_number) == ("application", "US20240338799A1")
    assert (found.parties, found.party_source, found.cpc_main) == ((), "none", None)
    assert not found.is_us


def test_the_priority_is_the_earliest_filing_and_neither_grant_nor_publication(
    grant: Grant,
) -> None:
    """The parent was granted in 2010 and published in 2002; its child is this application."""
    assert read(grant(bibliography=RELATED)).priority_date == date(2018, 2, 11)
    assert read(grant(bibliography=PRIORITY)).priority_date == date(2018, 1, 18)
    both = read(grant(bibliography=PRIORITY + RELATED))
    assert (both.priority_date, both.filing_date) == (date(2018, 1, 18), date(2022, 1, 5))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"<doc-number>12000001</doc-number>", b"", "<publication-reference>: <doc-number> is ''"),
        (b"<kind>B2</kind>", b"<kind>B 2</kind>", "<kind> is 'B 2'"),
        (b"<date>20241015</date>", b"<date>20241315</date>", "<date> is '20241315'"),
        (b"<date>20220105</date>", b"<date/>", "<application-reference>: <date> is ''"),
        (b"<doc-number>17248024</doc-number>", b"", "<application-reference>: <doc-number>"),
        (b"application-reference", b"elsewhere", "no <application-reference>/<document-id>"),
        (b"us-bibliographic-data-grant", b"x", "no <us-bibliographic-data-grant>"),
        (b"us-patent-grant", b"PATDOC", "the root element is <PATDOC>"),
        (b"</abstract>", b"", "tag mismatch"),
        (b"A device is", b"A \x00 device is", "Char 0x0"),
        (b"A device is", b"A \xff device is", "character encoding"),
    ],
)
def test_what_every_patent_has_and_this_does_not_is_named(
    grant: Grant, old: bytes, new: bytes, reason: str
) -> None:
    data = grant()
    assert old in data
    with pytest.raises(MalformedDocumentError) as caught:
        read(data.replace(old, new))
    assert reason in str(caught.value)
    assert len(str(caught.value)) <= 200


def test_no_file_is_read_that_a_document_asks_for(tmp_path: Path, grant: Grant) -> None:
    """Neither as its DTD, nor as an entity, nor through a parameter entity."""
    secret = tmp_path / "secret.dtd"
    secret.write_text('<!ENTITY stolen "a secret">')
    head = f"""<?xml version="1.0"?><!DOCTYPE us-patent-grant SYSTEM "{secret.as_uri()}" [
    <!ENTITY file SYSTEM "{secret.as_uri()}"> <!ENTITY % p SYSTEM "{secret.as_uri()}"> %p;
    ]>"""
    body = grant(abstract="A &stolen; B &file; C").partition(b"]>\n")[2]
    root = tree_of(head.encode() + body)
    assert b"secret" not in etree.tostring(root)
    assert root.findtext("abstract/p").split() == ["A", "B", "C"]


def test_a_missing_dtd_beside_the_process_is_not_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grant: Grant
) -> None:
    """Each real document names one; a broken one in the working folder would break them all."""
    monkeypatch.chdir(tmp_path)
    Path("us-patent-grant-v47-2022-02-17.dtd").write_text("this is no DTD")
    assert read(grant()).kind == "grant"


def test_entities_are_not_expanded_and_named_characters_stand_for_themselves(
    grant: Grant,
) -> None:
    head = b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "a.dtd" [<!ENTITY x "boom">]>'
    data = head + b"<us-patent-grant><p>a&mdash;b&x;c<b>d</b>&nbsp;e</p></us-patent-grant>"
    root = tree_of(data)
    assert "".join(root.itertext()) == "a—b cd\xa0e"


def test_more_entities_by_name_than_a_text_has_are_refused() -> None:
    head = b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "a.dtd"><us-patent-grant>'
    with pytest.raises(MalformedDocumentError, match="more than 20,000 entities by name"):
        tree_of(head + b"a&foo;" * 20_001 + b"</us-patent-grant>")


def test_what_multiplies_itself_is_refused(grant: Grant) -> None:
    entities = (
        '<!ENTITY e0 "'
        + "x" * 50_000
        + '">'
        + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    )
    data = f'<?xml version="1.0"?><!DOCTYPE a [{entities}]><us-patent-grant a="&e8;"/>'
    with pytest.raises(MalformedDocumentError, match="amplification"):
        tree_of(data.encode())
    deep = b'<?xml version="1.0"?>' + b"<a>" * 300 + b"</a>" * 300
    with pytest.raises(MalformedDocumentError, match="depth"):
        tree_of(deep)
    long = b'<?xml version="1.0"?><a>' + b"x" * 10_100_000 + b"</a>"
    with pytest.raises(MalformedDocumentError, match="too long"):
        tree_of(long)


def test_an_entity_that_an_encoding_hides_is_a_blank_like_any_other() -> None:
    document = (
        b'<?xml version="1.0" encoding="UTF-7"?><!DOCTYPE us-patent-grant [<!ENTITY x "y">]>'
        b"<us-patent-grant><a>b+ACY-x;c</a></us-patent-grant>"
    )
    assert etree.tostring(tree_of(document)) == b"<us-patent-grant><a>b c</a></us-patent-grant>"
