"""Words that tell what a text does with a model, as a file lists them, found in one pass."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Self

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from assets.diffusion.mention import Role
from assets.diffusion.writing import fold
from assets.reference.csv_table import ReferenceDataError, read_table
from assets.reference.fields import RowReader

PATH = Path(__file__).with_name("role_cues.csv")
_COLUMNS = ("cue", "place", "role")
_WORD_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789")


class Place(StrEnum):
    """Where a cue has to stand.

    `BEFORE`: anywhere before the name in its sentence. `BESIDE`: before it, with nothing but
    adjectives or other names between. `ONTO`: directly behind it ("GPT-4-generated"). `DONE`:
    behind it after a form of to be ("was fine-tuned"). `DOES`: anywhere behind it.
    """

    BEFORE = "before"
    BESIDE = "beside"
    ONTO = "onto"
    DONE = "done"
    DOES = "does"


# Places whose cues are looked for together.
_AHEAD = (Place.BEFORE, Place.BESIDE)
_ONTO = (Place.ONTO,)
_BEHIND = (Place.DONE, Place.DOES)
_SIDES = (_AHEAD, _ONTO, _BEHIND)


@dataclass(frozen=True, slots=True)
class Cue:
    """One word or phrase.

    Attributes:
        text: As listed, without the asterisk.
        place: Where it has to stand.
        role: What it tells.
        is_open: Whether more letters may follow: listed with an asterisk at its end.
    """

    text: str
    place: Place
    role: Role
    is_open: bool


@dataclass(frozen=True, slots=True)
class FoundCue:
    """A cue at its place, in characters of the fragment searched."""

    start: int
    stop: int
    cue: Cue


def read_cues(path: Path = PATH) -> tuple[Cue, ...]:
    """The cues of a file.

    Raises:
        ReferenceDataError: Something is wrong; the error names file, line and column of each fault.
    """
    table = read_table(path, _COLUMNS)
    cues: list[Cue] = []
    lines: dict[tuple[tuple[Place, ...], str], int] = {}
    for row in table.rows:
        reader = RowReader(table, row)
        text = reader.text("cue")
        place = reader.choice("place", list(Place))
        role = reader.choice("role", [Role.USED, Role.COMPARED, Role.MENTIONED])
        side = next(side for side in _SIDES if place in side)
        first = lines.setdefault((side, text.casefold()), reader.line)
        if first != reader.line:
            reader.fault("cue", f"{text!r} stands on line {first} too, on the same side: keep one")
        cues.append(Cue(text.removesuffix("*"), place, role, text.endswith("*")))
    if table.faults:
        raise ReferenceDataError(sorted(table.faults))
    return tuple(cues)


class CueFinder:
    """Finds the cues of some places in a fragment of a text; the longest of those that overlap."""

    def __init__(self, automaton: BytesAhoCorasick, cues: list[Cue]) -> None:
        self._automaton = automaton
        self._cues = cues

    @classmethod
    def of(cls, cues: Iterable[Cue], *places: Place) -> Self:
        """Compiles the cues of the places."""
        spelled = {
            spelling: cue
            for cue in cues
            if cue.place in places
            for spelling in _spellings(cue.text)
        }
        automaton = BytesAhoCorasick(
            list(spelled), MatchKind.LeftmostLongest, Implementation.ContiguousNFA
        )
        return cls(automaton, list(spelled.values()))

    def find(self, fragment: str) -> list[FoundCue]:
        """The cues in a fragment, by start."""
        data = fold(fragment.encode("utf-8", "surrogatepass"))
        is_narrow = len(data) == len(fragment)
        found = []
        for index, start, stop in self._automaton.find_matches_as_indexes(data):
            cue = self._cues[index]
            if data[start] < 0x80 and _is_inside(data, start, stop, cue):
                continue
            if not is_narrow:
                stop = _characters(data[:stop])
                start = _characters(data[:start])
            found.append(FoundCue(start, stop, cue))
        return found


def _is_inside(data: bytes, start: int, stop: int, cue: Cue) -> bool:
    if start and data[start - 1] in _WORD_BYTES:
        return True
    return not cue.is_open and stop < len(data) and data[stop] in _WORD_BYTES


def _characters(data: bytes) -> int:
    return len(data.decode("utf-8", "surrogatepass"))


def _spellings(text: str) -> set[bytes]:
    """A cue in folded bytes: its hyphens as a space or as nothing."""
    return {fold(text.encode()), fold(text.replace("-", "").encode())}


@dataclass(frozen=True, slots=True)
class CueFinders:
    """The compiled cues, by where they have to stand."""

    ahead: CueFinder
    onto: CueFinder
    behind: CueFinder


@cache
def shipped_cues() -> CueFinders:
    """The cues that ship with the platform, read and compiled once."""
    cues = read_cues()
    return CueFinders(
        CueFinder.of(cues, *_AHEAD),
        CueFinder.of(cues, *_ONTO),
        CueFinder.of(cues, *_BEHIND),
    )
