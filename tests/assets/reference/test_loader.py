"""What the loader makes of files, and how it reports faults of their form."""

import datetime as dt
import pickle

import pytest

from assets.reference.loader import ReferenceDataError, load_reference
from assets.reference.model import HubAuthor, TrackedRepository
from tests.assets.reference.conftest import (
    BREAKS,
    ECONOMIES,
    EVENTS,
    FAMILIES,
    FILES,
    REPOSITORIES,
    ReferenceFolder,
)


def test_valid_files_become_typed_records(folder: ReferenceFolder) -> None:
    reference = load_reference(folder.path)
    assert reference.tracked_repositories == (
        TrackedRepository(
            1, "acme/model", ("old-acme/model", "acme/model-1"), "acme-lm", "model", "Acme", "CN"
        ),
        TrackedRepository(None, "beta/tool", (), None, "inference", "beta", None),
    )
    assert reference.model_families[0].aliases == ("Acme LM", "艾克米")
    assert reference.model_families[1].released_on == dt.date(2024, 2, 29)
    assert [family.is_open for family in reference.model_families] == [True, False]
    assert reference.hub_authors == (
        HubAuthor("acme-ai", "CN", "acme-lm", ("acme-*", "lm?")),
        HubAuthor("acme-labs", "CN", "acme-lm", ()),
        HubAuthor("tuners", "US", None, ()),
    )
    assert reference.economies[0].population == 1411778724
    assert reference.policy_events[0].name == "Controls, advanced"
    assert [event.is_paper_shock for event in reference.policy_events] == [True, False]
    assert reference.upstream_breaks[0].from_utc == dt.datetime(2018, 10, 21, 23, tzinfo=dt.UTC)
    assert reference.upstream_breaks[1].to_utc is None


@pytest.mark.parametrize("file", sorted(FILES))
def test_a_missing_file_is_the_only_fault(folder: ReferenceFolder, file: str) -> None:
    (folder / file).unlink()
    (fault,) = folder.faults()
    assert (fault.file, fault.line, fault.field) == (file, 0, "file")


@pytest.mark.parametrize("file", sorted(FILES))
def test_an_empty_file_and_a_bare_header_are_faults(folder: ReferenceFolder, file: str) -> None:
    (folder / file).write_bytes(b"")
    assert [(f.file, f.line, f.field) for f in folder.faults()] == [(file, 1, "header")]
    (folder / file).write_text(FILES[file].splitlines()[0] + "\n", encoding="utf-8")
    assert (file, 1, "file") in [(f.file, f.line, f.field) for f in folder.faults()]


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("iso2,iso3,name,", "iso2,name,", "iso3", "missing"),
        ("iso2,iso3,name,", "iso2,iso3,name,flag,", "flag", "unknown column"),
        ("iso2,iso3,name,", "iso2,iso3,iso3,name,", "iso3", "twice"),
        ("iso2,iso3,name,", " iso2,iso3,name,", "iso2", "missing"),
    ],
)
def test_a_wrong_header_is_reported_by_column(
    folder: ReferenceFolder, old: str, new: str, field: str, words: str
) -> None:
    folder.edit(ECONOMIES, old, new)
    assert any(
        (f.file, f.line, f.field) == (ECONOMIES, 1, field) and words in f.message
        for f in folder.faults()
    )


def test_columns_may_stand_in_any_order(folder: ReferenceFolder) -> None:
    reordered = "name,iso3,iso2,population_source,population\nChina,CHN,CN,GeoNames,1\n"
    (folder / ECONOMIES).write_text(reordered + "United States,USA,US,GeoNames,2\n")
    assert [economy.iso2 for economy in load_reference(folder.path).economies] == ["CN", "US"]


@pytest.mark.parametrize(
    ("row", "count"), [("CN,CHN,China,1\n", 4), ("CN,CHN,China,1,GeoNames,\n", 6)]
)
def test_a_row_of_the_wrong_length_is_one_fault_not_many(
    folder: ReferenceFolder, row: str, count: int
) -> None:
    folder.edit(ECONOMIES, "CN,CHN,China,1411778724,GeoNames\n", row)
    (fault,) = folder.faults()
    assert (fault.file, fault.line, fault.field) == (ECONOMIES, 2, "row")
    assert f"has {count} cells" in fault.message


def test_a_blank_line_is_a_fault(folder: ReferenceFolder) -> None:
    folder.edit(ECONOMIES, "US,USA", "\nUS,USA")
    assert [(f.line, f.field) for f in folder.faults()] == [(3, "row")]


def test_every_line_that_is_not_utf8_is_named(folder: ReferenceFolder) -> None:
    path = folder / ECONOMIES
    path.write_bytes(
        path.read_bytes() + b"RE,REU,R\xe9union,1,X\nTG,TGO,Togo,1,X\nCW,CUW,\xe7,1,X\n"
    )
    assert [(f.line, f.field) for f in folder.faults()] == [(4, "row"), (6, "row")]


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(folder: ReferenceFolder) -> None:
    for file in FILES:
        content = (folder / file).read_bytes().replace(b"\n", b"\r\n")
        (folder / file).write_bytes(b"\xef\xbb\xbf" + content)
    assert len(load_reference(folder.path).economies) == 2


def test_an_open_quote_is_reported_where_its_row_begins(folder: ReferenceFolder) -> None:
    folder.edit(EVENTS, '"Controls, advanced"', '"Controls, advanced')
    (fault,) = folder.faults()
    assert (fault.file, fault.line, fault.field) == (EVENTS, 2, "row")
    assert "close the quotes" in fault.message


def test_lines_are_counted_through_cells_that_span_lines(folder: ReferenceFolder) -> None:
    folder.edit(EVENTS, '"Controls, advanced"', '"Controls,\n\nadvanced"')
    folder.edit(EVENTS, "month only", "rumour")
    assert [(f.line, f.field) for f in folder.faults()] == [(5, "certainty")]
    folder.edit(EVENTS, "rumour", "sourced")
    assert load_reference(folder.path).policy_events[0].name == "Controls,\n\nadvanced"


def test_the_same_event_twice_is_a_fault(folder: ReferenceFolder) -> None:
    folder.edit(EVENTS, "2025-01-20", "2022-10-07")
    folder.edit(EVENTS, "A model", '"controls, Advanced"')
    assert [(f.line, f.field) for f in folder.faults()] == [(3, "name")]


def test_faults_of_all_files_are_reported_together_in_reading_order(
    folder: ReferenceFolder,
) -> None:
    folder.edit(REPOSITORIES, "1,acme/model,", "x,acme/model,")
    folder.edit(REPOSITORIES, ",inference,", ",serving,")
    folder.edit(FAMILIES, ",Beta,US", ",Beta,XX")
    folder.edit(ECONOMIES, "327167434", "many")
    folder.edit(EVENTS, "tighten", "harden")
    (folder / BREAKS).unlink()
    with pytest.raises(ReferenceDataError) as caught:
        load_reference(folder.path)
    places = [(f.file, f.line, f.field) for f in caught.value.faults]
    assert places == [
        (REPOSITORIES, 2, "github_id"),
        (REPOSITORIES, 3, "layer"),
        (FAMILIES, 3, "country_iso2"),
        (ECONOMIES, 3, "population"),
        (EVENTS, 2, "stance"),
        (BREAKS, 0, "file"),
    ]
    lines = str(caught.value).splitlines()
    assert len(lines) == 6
    assert lines[1].startswith("tracked_repositories.csv:3: layer: 'serving' is unknown: use one")


def test_the_error_survives_pickling_with_its_faults(folder: ReferenceFolder) -> None:
    (folder / BREAKS).unlink()
    with pytest.raises(ReferenceDataError) as caught:
        load_reference(folder.path)
    # Bytes made on the line above, not input from elsewhere.
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (copy.faults, str(copy)) == (caught.value.faults, str(caught.value))


def test_tracked_repositories_can_be_read_from_elsewhere(folder: ReferenceFolder) -> None:
    own = folder / "own" / "mine.csv"
    own.parent.mkdir()
    header = FILES[REPOSITORIES].splitlines()[0]
    own.write_text(f"{header}\n7,me/mine,,beta-lm,application,me,US\n")
    shipped, replaced = (
        load_reference(folder.path),
        load_reference(folder.path, tracked_repositories=own),
    )
    assert [r.repository for r in replaced.tracked_repositories] == ["me/mine"]
    assert replaced.model_families == shipped.model_families
    assert replaced.digest != shipped.digest
    own.write_text(f"{header}\n7,me/mine,,gamma-lm,application,me,US\n")
    with pytest.raises(ReferenceDataError, match=r"mine\.csv:2: family: 'gamma-lm' is unknown"):
        load_reference(folder.path, tracked_repositories=own)


def test_hub_authors_can_be_read_from_elsewhere(folder: ReferenceFolder) -> None:
    own = folder / "mine.csv"
    own.write_text("author,country_iso2,family,models\nmine,US,beta-lm,\n")
    replaced = load_reference(folder.path, hub_authors=own)
    assert replaced.hub_authors == (HubAuthor("mine", "US", "beta-lm", ()),)
    own.write_text("author,country_iso2,family,models\nmine,US,gamma-lm,\n")
    with pytest.raises(ReferenceDataError, match=r"mine\.csv:2: family: 'gamma-lm' is unknown"):
        load_reference(folder.path, hub_authors=own)


def test_the_digest_changes_with_a_byte_of_any_file(folder: ReferenceFolder) -> None:
    digests = {load_reference(folder.path).digest}
    for file in FILES:
        (folder / file).write_bytes(b"\xef\xbb\xbf" + (folder / file).read_bytes())
        digests.add(load_reference(folder.path).digest)
    assert len(digests) == 1 + len(FILES)


def test_a_faulty_key_is_not_reported_again_by_the_rows_that_refer_to_it(
    folder: ReferenceFolder,
) -> None:
    folder.edit(FAMILIES, "acme-lm,", "Acme LM,")
    folder.edit(ECONOMIES, "CN,CHN", "cn,CHN")
    places = [(f.file, f.line, f.field) for f in folder.faults()]
    assert places == [(FAMILIES, 2, "family"), (ECONOMIES, 2, "iso2")]
