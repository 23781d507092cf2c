"""Recall on papers that others annotated by hand for the model they use."""

import csv
import hashlib
import re
from pathlib import Path

import pytest

from assets.diffusion.matcher import Matcher
from assets.diffusion.mention import Section

# How a title or an abstract may name what the annotators found in the full text, written without
# regard to the matcher: anything with the letters of the name.
_NAMED = {
    "GPT-2": ("gpt-2", r"gpt\W?2"),
    "Llama-2": ("llama", "llama"),
    "Llama-3": ("llama", "llama"),
    "Mistral": ("mistral", "mistral|mixtral"),
    "Qwen": ("qwen", "qwen"),
    "Qwen-1.5": ("qwen", "qwen"),
    "Falcon": ("falcon", "falcon"),
    "Phi-3": ("phi", r"\bphi\b|\bphi\W?\d"),
    "GPT-4": ("gpt", r"gpt\W?4"),
    "Claude-3": ("claude", "claude"),
}
_LEAST = 85  # papers in a half: fewer would mean that the file is another one


def _is_validation(paper: str) -> bool:
    return hashlib.sha256(paper.encode()).digest()[0] % 2 == 1


@pytest.mark.parametrize("is_validation", [False, True], ids=["tuning", "validation"])
def test_of_papers_that_name_their_model_97_percent_are_found(
    matcher: Matcher, real_data: Path, is_validation: bool
) -> None:
    path = real_data / "papers" / "annotated_model_use.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["sheet_model"] in _NAMED and _is_validation(row["merged_id"]) is is_validation
        ]
    named = found = 0
    for row in rows:
        family, pattern = _NAMED[row["sheet_model"]]
        sections = {Section.TITLE: row["title"], Section.ABSTRACT: row["abstract"]}
        if not re.search(pattern, "\n".join(sections.values()), re.IGNORECASE):
            continue
        named += 1
        found += any(
            mention.family == family
            for section, text in sections.items()
            for mention in matcher.find(text, section)
        )
    assert named >= _LEAST
    assert found >= 0.97 * named


def test_a_real_patent_on_other_things_names_no_model(matcher: Matcher, real_data: Path) -> None:
    source = (real_data / "patents" / "US11646472B2.grant.xml").read_text(encoding="utf-8")
    assert matcher.find(re.sub("<[^>]+>", " ", source), Section.DESCRIPTION) == []


def test_titles_of_a_week_of_applications_name_no_model_by_accident(
    matcher: Matcher, real_data: Path
) -> None:
    text = (real_data / "patents" / "us_pgpub_2024-10_titles.csv").read_text(encoding="utf-8")
    assert matcher.find(text, Section.TITLE) == []
