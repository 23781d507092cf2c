"""The files of context words and cues: what ships is read, and faults are named at their line."""

from pathlib import Path

import pytest

from assets.diffusion.context_terms import Weight, read_context_terms
from assets.diffusion.cues import CueFinder, Place, read_cues
from assets.diffusion.matcher import Matcher
from assets.diffusion.mention import Role
from assets.reference.csv_table import ReferenceDataError
from assets.reference.model import ModelFamily


def faults(error: ReferenceDataError) -> list[tuple[str, int, str]]:
    return [(fault.file, fault.line, fault.field) for fault in error.faults]


def test_shipped_terms_of_every_weight_are_read() -> None:
    terms = {term.text: term for term in read_context_terms()}
    assert {term.weight for term in terms.values()} == set(Weight)
    assert terms["language model"].is_open
    assert terms["fine-tun"].weight is Weight.STRONG
    assert terms["BERT"].is_exact
    assert not terms["chatbot"].is_exact


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ("NLP,huge", "weight", "'huge' is unknown: use one of peer, strong, weak"),
        (",strong", "term", "is empty"),
        ("llm,weak", "term", "stands on line 2 too"),
        ("LLM", "row", "has 1 cells where the header has 2"),
    ],
)
def test_a_bad_row_of_terms_is_named(tmp_path: Path, row: str, field: str, words: str) -> None:
    path = tmp_path / "terms.csv"
    path.write_text(f"term,weight\nLLM,strong\n{row}\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=words) as caught:
        read_context_terms(path)
    assert faults(caught.value) == [("terms.csv", 3, field)]


def test_a_missing_file_of_terms_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError, match=r"none\.csv:0: file: cannot be read"):
        read_context_terms(tmp_path / "none.csv")


def test_other_terms_than_those_shipped_may_be_given(families: tuple[ModelFamily, ...]) -> None:
    text = "The quux was kind; Mistral was there."
    assert Matcher.of(families).find(text) == []
    path_terms = read_context_terms()[:1]
    quux = type(path_terms[0])("quux", Weight.STRONG, is_open=False, is_exact=False)
    assert [m.family for m in Matcher.of(families, [quux]).find(text)] == ["mistral"]


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ("use,inside,used", "place", "'inside' is unknown"),
        ("use,before,cited", "role", "'cited' is unknown: use one of compared, mentioned, used"),
        ("run,beside,used", "cue", "stands on line 2 too, on the same side"),
        (",before,used", "cue", "is empty"),
    ],
)
def test_a_bad_row_of_cues_is_named(tmp_path: Path, row: str, field: str, words: str) -> None:
    path = tmp_path / "cues.csv"
    path.write_text(f"cue,place,role\nrun,before,used\n{row}\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=words) as caught:
        read_cues(path)
    assert faults(caught.value) == [("cues.csv", 3, field)]


def test_the_same_cue_may_tell_different_things_before_and_behind_a_name(tmp_path: Path) -> None:
    path = tmp_path / "cues.csv"
    path.write_text("cue,place,role\nused,before,used\nused,done,mentioned\n", encoding="utf-8")
    assert [(cue.place, cue.role) for cue in read_cues(path)] == [
        (Place.BEFORE, Role.USED),
        (Place.DONE, Role.MENTIONED),
    ]


def test_cues_are_whole_words_the_longest_of_those_that_overlap(tmp_path: Path) -> None:
    path = tmp_path / "cues.csv"
    path.write_text(
        "cue,place,role\nwith,beside,used\ncompared with,before,compared\nfine-tun*,before,used\n"
        "采用,before,used\n",
        encoding="utf-8",
    )
    finder = CueFinder.of(read_cues(path), Place.BEFORE, Place.BESIDE)
    fragment = "é Compared\nwith herewith: finetuning, fine-tuned 本文采用"
    found = [(each.cue.text, fragment[each.start : each.stop]) for each in finder.find(fragment)]
    assert found == [
        ("compared with", "Compared\nwith"),
        ("fine-tun", "finetun"),
        ("fine-tun", "fine-tun"),
        ("采用", "采用"),
    ]
