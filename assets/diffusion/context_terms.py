"""Words that tell that a text is about language models, as a file lists them."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path

from assets.reference.csv_table import ReferenceDataError, read_table
from assets.reference.fields import RowReader

PATH = Path(__file__).with_name("context_terms.csv")
_COLUMNS = ("term", "weight")


class Weight(IntEnum):
    """How much a word near a name says.

    `STRONG`: the text is about language or other generative models ("LLM", "fine-tuned"). `PEER`:
    a model, maker or tool that is not in the family table ("BERT", "Ollama"). `WEAK`: of machine
    learning, and of many other fields ("model", "training").
    """

    STRONG = 0
    PEER = 1
    WEAK = 2


@dataclass(frozen=True, slots=True)
class ContextTerm:
    """One word or phrase.

    Attributes:
        text: As listed, without the asterisk.
        weight: How much it says.
        is_open: Whether more letters may follow: listed with an asterisk at its end.
        is_exact: Whether its capitals count: names of models and makers, and abbreviations that
            are words too in small letters ("RAG").
    """

    text: str
    weight: Weight
    is_open: bool
    is_exact: bool


def read_context_terms(path: Path = PATH) -> tuple[ContextTerm, ...]:
    """The terms of a file.

    Raises:
        ReferenceDataError: Something is wrong; the error names file, line and column of each fault.
    """
    table = read_table(path, _COLUMNS)
    terms: list[ContextTerm] = []
    lines: dict[str, int] = {}
    for row in table.rows:
        reader = RowReader(table, row)
        text = reader.text("term")
        weight = Weight[reader.choice("weight", [each.name.lower() for each in Weight]).upper()]
        first = lines.setdefault(text.casefold(), reader.line)
        if first != reader.line:
            reader.fault("term", f"{text!r} stands on line {first} too: keep one")
        name, is_open = text.removesuffix("*"), text.endswith("*")
        is_exact = weight is Weight.PEER or name.isupper()
        terms.append(ContextTerm(name, weight, is_open, is_exact))
    if table.faults:
        raise ReferenceDataError(sorted(table.faults))
    return tuple(terms)


@cache
def shipped_context_terms() -> tuple[ContextTerm, ...]:
    """The terms that ship with the platform, read once."""
    return read_context_terms()
