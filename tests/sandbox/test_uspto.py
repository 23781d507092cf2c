"""The sandbox's portal and weekly files: what they hold is what is planted, in the real shape."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import requests

from sandbox.model_prose import Plant
from sandbox.model_words import FAMILIES
from sandbox.server import SandboxServer
from sandbox.uspto import (
    CORRECTED_DAY,
    CUT_ONCE,
    KEY,
    TORN_FILE,
    TORN_PLACE,
    readable,
)
from sandbox.uspto_records import (
    CHINESE_SHARE,
    PRODUCTS,
    Owner,
    PatentRecord,
    cohort_truth,
    due_day,
    records,
)
from sandbox.uspto_xml import document, week_xml, week_zip
from sandbox.world import World

WEEK = date(2024, 10, 15)
NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
WEEKS = [date(2024, 10, 1) + timedelta(days=7 * n) for n in range(11)]
PRODUCT_PATH = "/uspto/api/v1/datasets/products"


@pytest.fixture
def portal(world: World) -> SandboxServer:
    with SandboxServer(world, clock=lambda: NOW) as running:
        yield running


def listed(portal: SandboxServer, session: requests.Session, code: str) -> list[dict[str, str]]:
    answer = session.get(f"{portal.url}{PRODUCT_PATH}/{code}", headers={"X-API-KEY": KEY})
    (bag,) = answer.json()["bulkDataProductBag"]
    assert bag["productIdentifier"] == code
    files: list[dict[str, str]] = bag["productFileBag"]["fileDataBag"]
    assert bag["productFileBag"]["count"] == len(files)
    return files


def given(portal: SandboxServer, session: requests.Session, name: str) -> bytes:
    code = "PTGRXML" if name.startswith("ipg") else "APPXML"
    url = f"{portal.url}{PRODUCT_PATH}/files/{code}/2024/{name}"
    return session.get(url, headers={"X-API-KEY": KEY}).content


def numbers(xml: bytes) -> list[str]:
    found = re.findall(rb"<publication-reference>\s*<document-id>\s*<country>US</country>\s*"
                       rb"<doc-number>(\d+)</doc-number>\s*<kind>(\w+)</kind>", xml)  # fmt: skip
    return [f"US{number.decode()}{kind.decode()}" for number, kind in found]


def test_a_week_is_the_same_each_time_and_another_with_another_seed() -> None:
    for product in PRODUCTS:
        found = records(1, WEEK, product)
        records.cache_clear()
        assert records(1, WEEK, product) == found
        assert records(2, WEEK, product) != found
        assert {each.publication_date for each in found} == {due_day(WEEK, product)}
    with pytest.raises(ValueError, match="no Tuesday"):
        records(1, date(2024, 10, 16), "grants")


def test_numbers_are_unique_but_for_inventions_that_are_published_and_granted() -> None:
    found = [each for week in WEEKS for product in PRODUCTS for each in records(1, week, product)]
    assert len({each.publication_number for each in found}) == len(found) == 880
    twice = len(found) - len({each.application_number for each in found})
    # Two grants a week come of applications three weeks before: of eight of the eleven weeks.
    assert twice == 2 * 8
    by_application: dict[str, set[tuple[object, ...]]] = {}
    for each in found:
        facts = (each.filing_date, each.owner, each.named)
        by_application.setdefault(each.application_number, set()).add(facts)
    assert {len(facts) for facts in by_application.values()} == {1}


def test_no_text_names_a_model_before_its_release_and_dates_are_in_order() -> None:
    for week in WEEKS:
        for product in PRODUCTS:
            for each in records(1, week, product):
                assert each.priority_date <= each.filing_date < each.publication_date
                slugs = {*each.named, *each.cited}
                assert all(FAMILIES[slug].released <= each.filing_date for slug in slugs)


def test_american_patents_name_chinese_models_as_seldom_as_is_planted() -> None:
    """Over 400 weeks; each figure within three of its standard errors."""
    naming: dict[str, list[bool]] = {"US": [], "CN": []}
    for seed in range(8):
        for number in range(50):
            week = date(2023, 10, 3) + timedelta(days=7 * number)
            for each in (*records(seed, week, "grants")[2:], *records(seed, week, "applications")):
                if each.owner.country in naming and each.named:
                    # Early filings can name no Chinese model.
                    if each.filing_date < date(2022, 8, 4):
                        continue
                    naming[each.owner.country].append(
                        any(FAMILIES[slug].country == "CN" for slug in each.named)
                    )
    for country, found in naming.items():
        share, planted = sum(found) / len(found), CHINESE_SHARE[country]
        assert abs(share - planted) < 3 * (planted * (1 - planted) / len(found)) ** 0.5


def test_the_truth_of_two_documents_is_as_counted_by_hand() -> None:
    """One invention of an American company, published and granted; the grant names Qwen."""
    base = next(each for each in records(1, WEEK, "grants") if each.owner.kind == "company")

    def made(**others: object) -> PatentRecord:
        fields = {name: getattr(base, name) for name in base.__slots__}
        return PatentRecord(**{**fields, **others})  # type: ignore[arg-type]

    owner = Owner("X", "US", "company")
    published = made(
        product="applications", owner=owner, described=(), claimed=(),
        publication_date=date(2024, 4, 4), filing_date=date(2022, 9, 9), application_number="1",
    )  # fmt: skip
    granted = made(
        owner=owner, described=(Plant("qwen"),), claimed=(), application_number="1",
        publication_date=date(2024, 10, 15), filing_date=date(2022, 9, 9),
    )  # fmt: skip
    truth = cohort_truth([published, granted])
    september, april, october = date(2022, 9, 1), date(2024, 4, 1), date(2024, 10, 1)
    for user in ("all", "us_all", "us_company"):
        assert truth["filing", september, "any", user] == (1, 1, 1)
        assert truth["filing", september, "application", user] == (1, 0, 0)
        assert truth["publication", april, "any", user] == (1, 1, 1)
        assert truth["publication", october, "grant", user] == (1, 1, 1)
    assert ("publication", october, "any", "all") not in truth
    assert not any(user == "us_education" for *_, user in truth)


def test_a_document_has_the_shape_of_real_ones() -> None:
    for product, root, mark in (
        ("grants", "us-patent-grant", "grant"),
        ("applications", "us-patent-application", "application"),
    ):
        text = document(records(1, WEEK, product)[0])  # type: ignore[arg-type]
        assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE ' + root)
        for part in (
            f"<us-bibliographic-data-{mark}", "<application-reference appl-type=", "<main-cpc>",
            "<invention-title", "<us-applicants>", '<abstract id="abstract">',
            '<description id="description">', '<claims id="claims">', f"</{root}>\n",
        ):  # fmt: skip
            assert part in text, part


def test_the_portal_wants_its_key_and_lists_what_is_published(
    portal: SandboxServer, session: requests.Session
) -> None:
    assert session.get(f"{portal.url}{PRODUCT_PATH}/PTGRXML").status_code == 401
    names = [each["fileName"] for each in listed(portal, session, "APPXML")]
    assert names[:2] == ["ipa241212.zip", "ipa241205.zip"]
    assert names[-2:] == ["ipa220106.zip", "Documentation.doc"]
    corrected = f"ipa{CORRECTED_DAY:%y%m%d}"
    place = names.index(f"{corrected}_r1.zip")
    assert names[place + 1] == f"{corrected}.zip"
    missing = f"{portal.url}{PRODUCT_PATH}/files/PTGRXML/2024/ipg241217.zip"
    assert session.get(missing, headers={"X-API-KEY": KEY}).status_code == 404
    assert session.post(f"{portal.url}{PRODUCT_PATH}/PTGRXML").status_code == 405


def test_a_file_is_behind_a_redirect_that_is_good_for_one_request(
    portal: SandboxServer, session: requests.Session
) -> None:
    entry = listed(portal, session, "PTGRXML")[0]
    answer = session.get(
        entry["fileDownloadURI"], headers={"X-API-KEY": KEY}, allow_redirects=False
    )
    assert answer.status_code == 302
    signed = answer.headers["Location"]
    first = session.get(signed, headers={"Range": "bytes=0-3"})
    assert (first.status_code, first.content) == (206, b"PK\x03\x04")
    assert session.get(signed).status_code == 403
    assert session.get(signed.partition("?")[0]).status_code == 403


def test_files_hold_the_planted_documents_and_a_sequence_listing(
    portal: SandboxServer, session: requests.Session
) -> None:
    with zipfile.ZipFile(io.BytesIO(given(portal, session, "ipg241015.zip"))) as container:
        assert container.namelist() == ["ipg241015.xml"]
        xml = container.read("ipg241015.xml")
    assert numbers(xml) == [each.publication_number for each in records(1, WEEK, "grants")]
    assert xml.count(b"<!DOCTYPE sequence-cwu") == 1


def test_the_planted_faults_befall_their_files_only(
    portal: SandboxServer, session: requests.Session
) -> None:
    cut, whole = given(portal, session, CUT_ONCE), given(portal, session, CUT_ONCE)
    assert whole.startswith(cut)
    assert len(cut) < len(whole)
    corrected = f"ipa{CORRECTED_DAY:%y%m%d}"
    first, second = (
        zipfile.ZipFile(io.BytesIO(given(portal, session, name))).read(f"{corrected}.xml")
        for name in (f"{corrected}.zip", f"{corrected}_r1.zip")
    )
    assert len(numbers(second)) - len(numbers(first)) == 5
    torn = zipfile.ZipFile(io.BytesIO(given(portal, session, TORN_FILE))).read("ipg241022.xml")
    planted = records(1, date(2024, 10, 22), "grants")
    assert torn.count(b"</us-patent-grant>") == len(planted) - 1
    assert planted[TORN_PLACE] not in set(readable(1, [date(2024, 10, 22)]))
    assert planted[TORN_PLACE] in set(readable(1, [date(2024, 10, 22)], has_faults=False))


def test_without_faults_every_file_is_whole(session: requests.Session) -> None:
    clean = World(seed=1, developers=20, faults=())
    with SandboxServer(clean, clock=lambda: NOW) as portal:
        found = given(portal, session, CUT_ONCE)
        week = date(2024, 11, 5)
        assert found == week_zip(CUT_ONCE, week_xml(records(1, week, "applications")))
        assert not any("_r1" in each["fileName"] for each in listed(portal, session, "APPXML"))


def test_a_list_names_its_fields_as_the_real_portal_does(
    portal: SandboxServer, session: requests.Session, real_data: Path
) -> None:
    path = real_data / "patents" / "odp_search_bulk_products.response.json"
    if not path.is_file():
        pytest.skip(f"no {path}")
    real = json.loads(path.read_text())
    answer = session.get(f"{portal.url}{PRODUCT_PATH}/PTGRXML", headers={"X-API-KEY": KEY}).json()
    assert set(answer) == set(real)
    fields = {name for product in real["bulkDataProductBag"] for name in product}
    (product,) = answer["bulkDataProductBag"]
    # A search leaves the files out; asked for by name, a product has them.
    assert set(product) - fields == {"productFileBag"}
