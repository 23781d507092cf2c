"""Weeks of patents materialised from the sandbox's portal: what is there, again, and what fails."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.patents import tables
from sandbox.model_words import FAMILIES
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.uspto import CORRECTED_DAY, CUT_ONCE, TORN_FILE, TORN_PLACE, readable
from sandbox.uspto_records import cohort_truth, records
from sandbox.uspto_xml import week_xml, week_zip
from sandbox.world import World
from tests.assets.patents.materialising import FIRST, NOW, Patents, weeks_from

WEEKS = weeks_from(FIRST, 11)
TORN_WEEK = date(2024, 10, 22)


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(World(seed=1, developers=20), clock=lambda: NOW) as running:
        yield running


@pytest.fixture
def patents(tmp_path: Path, server: SandboxServer) -> Patents:
    return Patents(tmp_path, f"{server.url}/uspto")


def downloads(server: SandboxServer) -> Counter[str]:
    """How often each file was given whole or in part."""
    return Counter(
        entry.path.partition("?")[0].rpartition("/")[2]
        for entry in server.requests()
        if entry.path.startswith("/uspto-signed/") and entry.status in (200, 206)
    )


@pytest.fixture(scope="module")
def quarter(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Patents, SandboxServer, dg.ExecuteInProcessResult]]:
    """Eleven weeks with all planted faults, read once for the tests that look at them."""
    with SandboxServer(World(seed=1, developers=20), clock=lambda: NOW) as running:
        made = Patents(tmp_path_factory.mktemp("quarter"), f"{running.url}/uspto")
        result = made.read(WEEKS)
        assert result.success
        yield made, running, result


Quarter = tuple[Patents, SandboxServer, dg.ExecuteInProcessResult]


def test_every_document_is_there_as_it_was_planted(quarter: Quarter) -> None:
    patents, _, _ = quarter
    found = {row["publication_number"]: row for row in patents.rows(tables.PATENTS)}
    planted = {each.publication_number: each for each in readable(1, WEEKS)}
    assert set(found) == set(planted)
    for number, record in planted.items():
        row = found[number]
        assert row["document_kind"] == record.product.removesuffix("s")
        assert row["application_number"] == record.application_number
        assert row["publication_date"] == record.publication_date
        assert row["filing_date"] == record.filing_date
        assert row["priority_date"] == record.priority_date
        owner = record.owner
        assert row["party_kinds"] == [owner.kind]
        assert row["party_countries"] == [owner.country]
        assert row["party_names"] == [owner.name or None]
        is_assigned = record.is_assigned and bool(owner.name)
        assert row["party_source"] == ("assignee" if is_assigned else "applicant")
        assert row["is_us"] == (owner.country == "US")
        assert row["is_us_company"] == ((owner.country, owner.kind) == ("US", "company"))
        assert row["is_us_education"] == ((owner.country, owner.kind) == ("US", "education"))


def test_the_models_that_are_planted_are_found_and_their_false_friends_are_not(
    quarter: Quarter,
) -> None:
    """The matcher's bar: 97 % of both. A model in the literature alone is named by nobody."""
    patents, _, _ = quarter
    found: defaultdict[str, set[str]] = defaultdict(set)
    cited: defaultdict[str, set[str]] = defaultdict(set)
    for row in patents.rows(tables.PATENT_MENTIONS):
        (cited if row["role"] == "cited" else found)[row["publication_number"]].add(row["family"])
    planted = {each.publication_number: each for each in readable(1, WEEKS)}
    named = {(number, slug) for number, each in planted.items() for slug in each.named}
    seen = {(number, slug) for number, slugs in found.items() for slug in slugs}
    assert len(named) > 300
    assert len(named & seen) >= 0.97 * len(named)
    assert len(named & seen) >= 0.97 * len(seen)
    references = {(number, slug) for number, each in planted.items() for slug in each.cited}
    assert len(references) > 50
    seen_cited = {(number, slug) for number, slugs in cited.items() for slug in slugs}
    assert len(references & seen_cited) >= 0.97 * len(references)
    in_claims = {
        row["publication_number"]
        for row in patents.rows(tables.PATENT_MENTIONS)
        if row["section"] == "claims"
    }
    assert in_claims <= {number for number, each in planted.items() if each.claimed}
    # Sequence listings are no patents, whatever they say.
    assert {row["other_count"] for row in patents.rows(tables.PATENT_FILES)} == {1}


def test_the_cohorts_are_those_of_the_planted_documents(quarter: Quarter) -> None:
    """Patents exactly; those naming a model as far as its mentions were found."""
    patents, _, _ = quarter
    truth = cohort_truth(readable(1, WEEKS))
    found = {
        (row["basis"], row["cohort_month"], row["document_kind"], row["user_kind"]): row
        for row in patents.rows(tables.PATENT_COHORTS)
    }
    counts = {key: row["patent_count"] for key, row in found.items() if row["patent_count"]}
    assert counts == {key: counts for key, (counts, _, _) in truth.items()}
    for name, place in (("open_model_count", 1), ("chinese_open_model_count", 2)):
        planted = sum(cell[place] for cell in truth.values())
        seen = sum(row[name] for row in found.values())
        off = sum(abs(found[key][name] - cell[place]) for key, cell in truth.items())
        assert planted > 0
        assert off <= 0.03 * planted, (name, planted, seen)


def test_american_patents_name_chinese_models_in_one_of_fifty_that_name_any(
    quarter: Quarter,
) -> None:
    """What the sandbox plants: 2 % in expectation, 6 of 240 here; elsewhere many more."""
    planted = [each for each in readable(1, WEEKS) if any(FAMILIES[s].is_open for s in each.named)]
    american = [each for each in planted if each.owner.country == "US"]
    chinese = [
        each for each in american if any(FAMILIES[slug].country == "CN" for slug in each.named)
    ]
    assert 0 < len(chinese) < 0.06 * len(american)


def test_a_torn_document_is_set_aside_with_its_place(quarter: Quarter) -> None:
    patents, _, result = quarter
    (row,) = patents.rows(tables.PATENT_QUARANTINE)
    torn = records(1, TORN_WEEK, "grants")[TORN_PLACE]
    assert (row["week_start_date"], row["file_name"]) == (TORN_WEEK, TORN_FILE)
    assert row["document_number"] == TORN_PLACE + 1
    assert row["byte_offset"] > 0
    assert "Premature end" in row["reason"]
    assert torn.publication_number not in {
        each["publication_number"] for each in patents.rows(tables.PATENTS)
    }
    files = patents.files()
    assert files[f"{TORN_WEEK} grants"]["quarantined_count"] == 1
    made = [
        each
        for each in result.asset_materializations_for_node("raw__patents")
        if each.asset_key == dg.AssetKey(["raw", "patents"])
    ]
    assert {each.metadata["quarantined_count"].value for each in made} == {1}


def test_a_file_cut_short_is_asked_for_once_more_and_a_corrected_one_is_read(
    quarter: Quarter,
) -> None:
    patents, server, _ = quarter
    given = downloads(server)
    corrected = f"ipa{CORRECTED_DAY:%y%m%d}"
    assert given[CUT_ONCE] == 2
    assert (given[f"{corrected}_r1.zip"], given[f"{corrected}.zip"]) == (1, 0)
    assert sum(given.values()) == 2 * len(WEEKS) + 1
    assert {row["status"] for row in patents.files().values()} == {"complete"}
    assert patents.files()[f"{CORRECTED_DAY} applications"]["file_name"] == f"{corrected}_r1.zip"


def test_read_again_nothing_is_fetched_and_every_row_stays(quarter: Quarter) -> None:
    patents, server, _ = quarter
    ordered = [
        sorted(map(str, patents.rows(table)))
        for table in (tables.PATENTS, tables.PATENT_MENTIONS, tables.PATENT_FILES)
    ]
    cohorts = sorted(map(str, patents.rows(tables.PATENT_COHORTS)))
    given = downloads(server)
    assert patents.read(WEEKS, NOW + timedelta(days=1)).success
    assert downloads(server) == given
    assert ordered == [
        sorted(map(str, patents.rows(table)))
        for table in (tables.PATENTS, tables.PATENT_MENTIONS, tables.PATENT_FILES)
    ]
    assert cohorts == sorted(map(str, patents.rows(tables.PATENT_COHORTS)))
    assert [path.name for path in (patents.folder / "patents").iterdir()] == [".lock"]


def test_no_name_of_a_person_is_kept(quarter: Quarter) -> None:
    """Everybody in the sandbox's files is called Doe-sbx; patents cited are of Llama et al."""
    patents, _, _ = quarter
    kept = [path.read_bytes() for path in patents.folder.rglob("*") if path.is_file()]
    text = str([patents.rows(t) for t in (tables.PATENTS, tables.PATENT_MENTIONS)])
    assert b"Doe-sbx" not in b"".join(kept)
    assert "Doe" not in text


def test_a_file_is_waited_for_then_missing_and_read_when_it_comes(
    tmp_path: Path, server: SandboxServer
) -> None:
    """The week of 2024-12-17 seen from its Wednesday, two weeks later, and once it is there."""
    clock = [datetime(2024, 12, 18, tzinfo=UTC)]
    with SandboxServer(World(seed=1, developers=20), clock=lambda: clock[0]) as late:
        patents = Patents(tmp_path, f"{late.url}/uspto")
        week = [date(2024, 12, 17)]
        seen = []
        for today in (18, 19 + 15):
            now = datetime(2024, 12, 1, tzinfo=UTC) + timedelta(days=today - 1)
            assert patents.read(week, now, with_check=False).success
            seen.append({key[-6:]: row["status"] for key, row in patents.files().items()})
        assert seen == [
            {"grants": "complete", "ations": "not_yet"},
            {"grants": "complete", "ations": "missing"},
        ]
        clock[0] = datetime(2025, 1, 5, tzinfo=UTC)
        assert patents.read(week, clock[0], with_check=False).success
        assert {row["status"] for row in patents.files().values()} == {"complete"}
        assert set(downloads(late).values()) == {1}


def test_a_corrected_file_replaces_the_first_and_a_worse_one_does_not(
    patents: Patents, server: SandboxServer, tmp_path: Path
) -> None:
    """From a folder: first a file, then a revision that is cut, then a whole one."""
    del server
    folder = tmp_path / "files"
    folder.mkdir()
    found = records(1, FIRST, "grants")
    first = week_zip("ipg241001.zip", week_xml(found[:-3]))
    whole = week_zip("ipg241001_r2.zip", week_xml(found))
    patents.url = f"file:{folder}"
    patents.key = ""

    def grants() -> tuple[str, str, int]:
        assert patents.read([FIRST], with_check=False).success
        row = patents.files()[f"{FIRST} grants"]
        assert len(patents.rows(tables.PATENTS)) == row["patent_count"]
        return row["file_name"], row["status"], row["patent_count"]

    (folder / "ipg241001.zip").write_bytes(first)
    assert grants() == ("ipg241001.zip", "complete", len(found) - 3)
    (folder / "ipg241001_r1.zip").write_bytes(first[: len(first) // 2])
    assert grants() == ("ipg241001.zip", "complete", len(found) - 3)
    (folder / "ipg241001_r2.zip").write_bytes(whole)
    assert grants() == ("ipg241001_r2.zip", "complete", len(found))
    assert (folder / "ipg241001_r2.zip").exists()
    # Once read, the files may go.
    for path in folder.iterdir():
        path.unlink()
    assert grants() == ("ipg241001_r2.zip", "complete", len(found))


def test_a_file_that_stays_cut_gives_what_lies_before_the_cut(
    patents: Patents, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    data = week_zip("ipg241001.zip", week_xml(records(1, FIRST, "grants")))
    (folder / "ipg241001.zip").write_bytes(data[: len(data) // 2])
    patents.url = f"file:{folder}"
    assert patents.read([FIRST], with_check=False).success
    row = patents.files()[f"{FIRST} grants"]
    assert row["status"] == "truncated"
    assert row["message"] == f"ipg241001.zip is truncated after {len(data) // 2} bytes"
    assert 0 < row["patent_count"] == len(patents.rows(tables.PATENTS)) < 36


@pytest.mark.parametrize("status", [503, 400])
def test_one_file_out_of_reach_is_stated_and_asked_for_by_the_next_run(
    patents: Patents, server: SandboxServer, status: int
) -> None:
    server.add_fault(Trouble(path_prefix="/uspto-signed/PTGRXML", status=status, times=1))
    assert patents.read([FIRST], with_check=False).success
    row = patents.files()[f"{FIRST} grants"]
    assert (row["status"], row["patent_count"]) == ("unreachable", 0)
    assert f"answered {status}" in row["message"]
    assert "Signature" not in row["message"]
    assert patents.files()[f"{FIRST + timedelta(days=2)} applications"]["status"] == "complete"
    assert patents.read([FIRST], with_check=False).success
    assert {row["status"] for row in patents.files().values()} == {"complete"}
    assert downloads(server) == {"ipg241001.zip": 1, "ipa241003.zip": 1}


def test_a_wrong_key_fails_the_step_and_says_how_to_mend_it(patents: Patents) -> None:
    patents.key = "very-secret-key"
    result = patents.read([FIRST], with_check=False)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    error = str(failure.step_failure_data.error)
    assert "set OBSERVATORY_USPTO_KEY" in error
    assert all("very-secret-key" not in str(event) for event in result.all_events)


def test_weeks_whose_checks_did_not_pass_are_counted_by_nobody(patents: Patents) -> None:
    assert patents.read([FIRST], with_check=False).success
    assert patents.rows(tables.PATENTS)
    assert patents.rows(tables.PATENT_COHORTS) == []
    assert patents.read([FIRST]).success
    assert patents.rows(tables.PATENT_COHORTS)
