"""The page's sources are those of docs/sources.md, word for word."""

from assets.report.provenance import SOURCES
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")


def test_each_source_of_the_table_is_on_the_page_with_its_use_and_terms() -> None:
    table = TEXT[TEXT.index("| source |") : TEXT.index("\n## ")]
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in table.strip().splitlines()[2:]
    ]
    assert sorted(rows) == sorted((each.name, each.use, each.terms) for each in SOURCES)


def test_attributions_and_addresses_are_those_of_the_document() -> None:
    flat = " ".join(TEXT.split())
    for source in SOURCES:
        assert source.url in TEXT
        for sentence in source.attribution.split(". "):
            assert sentence.rstrip(".") in flat, source.name
