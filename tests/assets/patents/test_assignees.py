"""Whose a patent is: names and roles as real files have them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from assets.patents.assignees import Stated, organisation_kind, parties
from assets.patents.record import Party

EDUCATION = (
    "Board of Regents, The University of Texas System",
    "President and Fellows of Harvard College",
    "THE TRUSTEES OF DARTMOUTH COLLEGE",
    "The Trustees of The Stevens Institute of Technology",
    "Massachusetts Institute of Technology",
    "Korea Advanced Institute of Science and Technology",
    "Wisconsin Alumni Research  Foundation",
    "Georgia Tech Research Corporation",
    "The Penn State Research Foundation",
    "University of Florida Research Foundation, Incorporated",
    "Rensselaer Polytechnic Institute",
    "Virginia Tech Intellectual Properties, Inc.",
    "Ohio State Innovation Foundation",
    "Icahn School of Medicine at Mount Sinai",
    "The Regents of the University of California",
    "Technische Universität München",
    "Universidad Politécnica de Madrid",
    "École Polytechnique Fédérale de Lausanne",
    "Univ. of Tokyo",
    "Indian Institute of Technology Madras (IIT Madras)",
)
COMPANIES = (
    "International Business Machines Corporation",
    "Universal City Studios LLC",
    "Toyota Research Institute, Inc.",
    "SRI International",
    "The General Hospital Corporation",
    "School Specialty, LLC",
    "University Games Corporation",
    "Electronics and Telecommunications Research Institute",
    "Colgate-Palmolive Company",
    "Institute of Semiconductors",
    "Regen BioPharma Inc.",
    "Preschoolers Inc.",
)


@pytest.mark.parametrize("name", EDUCATION)
def test_universities_and_what_belongs_to_them_are_education(name: str) -> None:
    assert organisation_kind(name, "02") == "education"
    assert organisation_kind(name.upper()) == "education"


@pytest.mark.parametrize("name", COMPANIES)
def test_other_organisations_are_companies(name: str) -> None:
    assert organisation_kind(name, "02") == "company"


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("The United States of America as represented by the Secretary of the Navy", "06"),
        ("The United States of America, as represented by the Administrator of NASA", ""),
        ("Government of the United States, as represented by the Secretary of the Army", ""),
        ("Anything at all", "16"),
        ("State of Ohio", "09"),
        ("Naval University Research Laboratory", "06"),
    ],
)
def test_governments_are_known_by_role_or_by_name(name: str, role: str) -> None:
    assert organisation_kind(name, role) == "government"


def test_a_country_missing_is_that_of_the_role_or_the_one_all_applicants_share() -> None:
    """As in two reissues and a plant patent of 2022-10-25, whose assignees have no address."""
    israeli = [Stated("Danziger Farm", "", "IL")]
    assert parties([Stated("Danziger", "03", "")], israeli)[0].country == "IL"
    assert parties([Stated("Acme", "02", "")], israeli)[0].country == "US"
    two = [*israeli, Stated("Acme", "", "DE")]
    assert parties([Stated("Danziger", "03", "")], two)[0].country is None
    # A foreign company is not American because its inventors applied from there.
    assert parties([Stated("Danziger", "03", "")], [Stated("", "", "US")])[0].country is None
    assert parties([Stated("Danziger", "", "unknown")], []) == (Party("company", None, "Danziger"),)


@pytest.mark.parametrize("code", ["", "unknown", "EP", "WO", "XX", "USA", "U1", "omitted"])
def test_what_is_no_countrys_code_is_none(code: str) -> None:
    assert parties([Stated("Acme", "", code)], [])[0].country is None


def test_a_person_has_no_name_and_no_kind_of_organisation() -> None:
    assert parties([Stated("  ", "04", "us")], []) == (Party("individual", "US", None),)
    assert parties([], []) == ()


def test_a_name_is_one_line_of_at_most_200_characters() -> None:
    (party,) = parties([Stated("Acme\n\t Inc. " + "x" * 500, "02", "US")], [])
    assert party.name is not None
    assert party.name.startswith("Acme Inc. x")
    assert len(party.name) == 200


def test_real_applicants_of_a_day_are_told_apart(real_data: Path) -> None:
    """291 names of applications published on 2024-10-10, read by eye: 31 are of universities.

    Joint applicants stand in one field; a field with a university in it is one of these.
    """
    path = real_data / "patents" / "us_pgpub_2024-10_titles.csv"
    if not path.is_file():
        pytest.skip(f"no {path}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = {row["Applicant Name"] for row in csv.DictReader(file)} - {""}
    found = sorted(name for name in names if organisation_kind(name) == "education")
    assert len(names) == 291
    assert len(found) == 31
    marks = ("univ", "college", "regents", "institute of technology", "alumni", "georgia tech")
    others = [name for name in found if not any(mark in name.lower() for mark in marks)]
    assert others == [
        "Gwangju Institute of Science and Technology",
        "Korea Advanced Institute Of Science And Technology",
    ]
    missed = [
        name for name in names - set(found) if any(mark in name.lower() for mark in marks[:-1])
    ]
    assert missed == []
