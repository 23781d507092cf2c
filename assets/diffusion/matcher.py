"""Finds the model families that a text names."""

from collections import Counter
from collections.abc import Iterable
from typing import Self

from assets.diffusion.aliases import needles
from assets.diffusion.context_terms import ContextTerm, shipped_context_terms
from assets.diffusion.doubts import REFUSED, doubts
from assets.diffusion.evidence import Surroundings, evidence, is_hopeless
from assets.diffusion.mention import Mention, Section
from assets.diffusion.roles import RoleReader
from assets.diffusion.scan import MOST_SURE, Candidate, Scan, Scanner
from assets.diffusion.writing import unbroken
from assets.reference.model import ModelFamily

_ROUNDS = 4  # a list of ambiguous names is accepted from the name that is sure outward

Accepted = dict[Candidate, str]


class Matcher:
    """Finds mentions of model families in texts: compiled once, used for any number of texts."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner

    @classmethod
    def of(
        cls, families: Iterable[ModelFamily], terms: Iterable[ContextTerm] | None = None
    ) -> Self:
        """Compiles the families' aliases.

        Args:
            families: With the ambiguous of their aliases, as `load_reference` gives them.
            terms: Words that tell that a text is about such models; those shipped if None.
        """
        words = shipped_context_terms() if terms is None else terms
        return cls(Scanner.of(needles(families), words))

    def find(self, text: str, section: Section = Section.ABSTRACT) -> list[Mention]:
        """The mentions in a text, by start; at most 100 of a family.

        Args:
            text: Anything, lone surrogates included.
            section: What part of the work it is.

        Returns:
            Mentions with offsets in characters of `text`. No two overlap.
        """
        whole = unbroken(text)
        scan = self._scanner.scan(whole.text)
        if not scan.candidates:
            return []
        accepted = _without_overlaps(_accepted(whole.text, scan))
        if not accepted:
            return []
        roles = RoleReader(whole.text, section)
        found: list[Mention] = []
        counts: Counter[str] = Counter()
        for candidate, rule in accepted:
            form = candidate.form
            counts[form.family] += 1
            if counts[form.family] > MOST_SURE:
                continue
            found.append(
                Mention(
                    family=form.family,
                    alias=form.alias,
                    start=whole.origin(candidate.start),
                    stop=whole.origin(candidate.stop - 1) + 1,
                    section=section,
                    rule=rule,
                    role=roles.role(candidate.start, candidate.stop),
                )
            )
        return found


def _accepted(text: str, scan: Scan) -> Accepted:
    """Candidates that mean the model, each with the rule that says so."""
    accepted: Accepted = {}
    unsure: list[Candidate] = []
    for candidate in scan.candidates:
        ambiguity = candidate.form.ambiguity
        if ambiguity is None:
            accepted[candidate] = "written on" if candidate.is_written_on else "alias"
        elif text[candidate.start : candidate.stop] in ambiguity.decisive:
            accepted[candidate] = "spelling"
        else:
            unsure.append(candidate)
    # A decisive spelling can be of a tool all the same: LLaMA-Factory.
    against = {each: _doubts(each, text) for each, rule in accepted.items() if rule == "spelling"}
    accepted = {each: rule for each, rule in accepted.items() if against.get(each, 0) < REFUSED}
    for _ in range(_ROUNDS):
        around = _surroundings(text, scan, accepted, unsure)
        new: Accepted = {}
        for candidate in unsure:
            rule = _rule(candidate, around, against)
            if rule is not None:
                new[candidate] = rule
        if not new:
            break
        accepted |= new
        unsure = [each for each in unsure if each not in new and against.get(each, 0) < REFUSED]
    return accepted


def _surroundings(
    text: str, scan: Scan, accepted: Accepted, unsure: list[Candidate]
) -> Surroundings:
    sure = sorted(accepted, key=lambda each: each.start)
    return Surroundings(
        text,
        scan,
        sure,
        [each.start for each in sure],
        unsure,
        [each.start for each in unsure],
        frozenset(each.form.family for each in sure),
    )


def _rule(candidate: Candidate, around: Surroundings, against: dict[Candidate, int]) -> str | None:
    """The rule that accepts a candidate; None where its evidence is not enough.

    `against` keeps the doubts, which are the same in each round.
    """
    ambiguity = candidate.form.ambiguity
    if ambiguity is None or is_hopeless(candidate, around):
        return None
    found = sorted(evidence(candidate, around), key=lambda each: -each[1])
    points = sum(each for _, each in found)
    if points < ambiguity.points:
        return None
    if candidate not in against:
        against[candidate] = _doubts(candidate, around.text)
    if points < ambiguity.points + against[candidate]:
        return None
    return found[0][0] if found else "alias"


def _doubts(candidate: Candidate, text: str) -> int:
    ambiguity = candidate.form.ambiguity
    return doubts(candidate, ambiguity, text) if ambiguity else 0


def _without_overlaps(accepted: Accepted) -> list[tuple[Candidate, str]]:
    """The accepted by start; of those that overlap, the one that begins first, or is longest."""
    kept: list[tuple[Candidate, str]] = []
    for candidate in sorted(accepted, key=lambda each: (each.start, -each.stop)):
        if not kept or candidate.start >= kept[-1][0].stop:
            kept.append((candidate, accepted[candidate]))
    return kept
