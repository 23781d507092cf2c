"""Real grants, through the same code: values read by eye in the files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from assets.diffusion.mention import Section
from assets.patents.parse import patent_of, tree_of
from assets.patents.scan import scan_file
from assets.patents.text import sections
from assets.patents.zip_stream import ZipStatus
from tests.assets.patents.conftest import TwoWords

#: Number, application, type, published, filed, earliest priority, CPC, owners, source.
WEEK_43 = [
    ("US11617522B2", "16533534", "utility", date(2023, 4, 4), date(2019, 8, 6), date(2019, 8, 6),
     "A61B5/14532", [("company", "US", "MEDTRONIC MINIMED, INC.")], "assignee"),
    ("USD0967598S1", "29793013", "design", date(2022, 10, 25), date(2018, 12, 21),
     date(2018, 12, 21), "A23L35/00", [("individual", "US", None)], "applicant"),
    ("USPP034694P2", "17571093", "plant", date(2022, 10, 25), date(2022, 1, 7), date(2021, 5, 13),
     "A01H6/00", [("company", "IL", "Danziger “Dan” Flower Farm")], "assignee"),
    ("USRE049257E1", "17096946", "reissue", date(2022, 10, 25), date(2020, 11, 12),
     date(2015, 5, 29), "A63B21/4035",
     [("company", "CA", "ORBITAL ROTATION ACCESSORY INTERNATIONAL INC.")], "assignee"),
    ("USRE049258E1", "15949385", "reissue", date(2022, 10, 25), date(2018, 4, 10),
     date(2002, 4, 18), "B60W10/11", [("company", "GB", "JAGUAR LAND ROVER LIMITED")], "assignee"),
    ("USRE049259E1", "16912538", "reissue", date(2022, 10, 25), date(2020, 11, 30),
     date(2011, 12, 29), "F02F1/18", [("company", "US", "Mainspring Energy, Inc.")], "assignee"),
    ("US11477944B2", "17704932", "utility", date(2022, 10, 25), date(2022, 3, 25),
     date(2021, 3, 26), "A01F15/145", [("individual", "US", None)], "applicant"),
    ("US11477945B2", "16816623", "utility", date(2022, 10, 25), date(2020, 3, 12),
     date(2019, 3, 13), "A01G7/045",
     [("company", "US", "CURRENT LIGHTING SOLUTIONS, LLC")], "assignee"),
    ("US11477946B2", "16964182", "utility", date(2022, 10, 25), date(2019, 1, 22),
     date(2018, 1, 23), "A01G9/027",
     [("company", "GB", "INTERNATIONAL PLANT PROPAGATION TECHNOLOGY LTD")], "assignee"),
    ("US11477947B2", "16614300", "utility", date(2022, 10, 25), date(2018, 6, 13),
     date(2017, 6, 13), "A01G9/0295",
     [("company", "GB", "INTERNATIONAL PLANT PROPAGATION TECHNOLOGY LTD")], "assignee"),
]  # fmt: skip


@pytest.fixture
def patents(real_data: Path) -> Path:
    folder = real_data / "patents"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    return folder


def chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(10_000):
            yield chunk


def test_the_weekly_subset_is_read_whole_beside_its_lists(patents: Path) -> None:
    """Three members, of which one is XML: 11 documents, the design patent twice."""
    path = patents / "ipgb20221025_wk43.subset.zip"
    found = scan_file(chunks(path), TwoWords())
    assert found.status is ZipStatus.COMPLETE
    assert found.byte_count == path.stat().st_size == 54_820
    # The sizes that `unzip -l` lists, members that are no XML included.
    assert found.inflated_byte_count == 356_235 + 58_491 + 50_401
    assert (found.document_count, found.duplicate_count, found.quarantined) == (11, 1, [])
    read = [
        (
            each.patent.publication_number,
            each.patent.application_number,
            each.patent.application_type,
            each.patent.publication_date,
            each.patent.filing_date,
            each.patent.priority_date,
            each.patent.cpc_main,
            [(party.kind, party.country, party.name) for party in each.patent.parties],
            each.patent.party_source,
        )
        for each in found.patents
    ]
    assert read == WEEK_43
    assert [each.document_number for each in found.patents] == [1, 2, *range(4, 12)]


def test_a_whole_grant_is_read_with_its_texts(patents: Path) -> None:
    """The earliest of nine filings that it claims is a provisional application of 2004-02-06."""
    root = tree_of((patents / "US11646472B2.grant.xml").read_bytes())
    patent = patent_of(root)
    assert (patent.publication_number, patent.application_number) == ("US11646472B2", "17248024")
    assert patent.publication_date == date(2023, 5, 9)
    assert patent.filing_date == date(2021, 1, 5)
    assert patent.priority_date == date(2004, 2, 6)
    assert patent.cpc_main == "H01M50/46"
    assert [(each.country, each.name) for each in patent.parties] == [
        ("US", "PolyPlus Battery Company")
    ]
    assert (patent.is_us_company, patent.is_us_education) == (True, False)
    texts = dict(sections(root))
    assert texts[Section.TITLE].startswith("Making lithium metal")
    assert texts[Section.ABSTRACT].startswith("Active metal and active metal intercalation")
    claims = texts[Section.CLAIMS].split("\n")
    assert claims[0] == "1. A method of making a battery cell, comprising:"
    assert "2. The method of claim 1 wherein the lithium anode is lithium metal." in claims
    assert sum(line.split(".")[0].isdecimal() for line in claims) == 17
    description = texts[Section.DESCRIPTION]
    assert description.startswith("CROSS-REFERENCE TO RELATED APPLICATIONS\nThis application is")
    assert "NaBH4+2 H^2O→4H2+NaBO2" in description
    assert "see FIG" not in texts[Section.BIBLIOGRAPHY]
    # Inventors of patents cited are no text; "Friend" is the first of them in the file.
    assert "Friend" not in "".join(texts.values())
    inventors = ("Visco", "Nimon", "De Jonghe")
    assert not any(name in repr(patent) for name in inventors)


def test_the_grant_says_what_the_portals_own_record_of_its_application_says(
    patents: Path,
) -> None:
    """The office's other source: dates, numbers, class, owner, the parents' dates of filing."""
    path = patents / "odp_get_patent.response.json"
    (record,) = json.loads(path.read_text())["patentFileWrapperDataBag"]
    stated = record["applicationMetaData"]
    found = patent_of(tree_of((patents / "US11646472B2.grant.xml").read_bytes()))
    assert found.application_number == record["applicationNumberText"]
    assert found.publication_number == f"US{stated['patentNumber']}B2"
    assert str(found.filing_date) == stated["filingDate"]
    assert str(found.publication_date) == stated["grantDate"]
    assert found.cpc_main == "".join(stated["cpcClassificationBag"][0].split())
    (applicant,) = stated["applicantBag"]
    (party,) = found.parties
    assert party.name == applicant["applicantNameText"]
    assert party.country == applicant["correspondenceAddressBag"][0]["countryCode"]
    parents = [each["parentApplicationFilingDate"] for each in record["parentContinuityBag"]]
    assert str(found.priority_date) == min(parents)
