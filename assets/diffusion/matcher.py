"""Finds the model families that a text names."""

from collections import Counter
from collections.abc import Iterable
from typing import Self

from assets.diffusion.aliases import needles
from assets.diffusion.context_terms import ContextTerm, shipped_context_terms
from assets.diffusion.doubts import REFUSED, doubts
from assets.diffusion.evidence import Surroundings, evidence
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
        found: list[Mention] = []
        roles = RoleReader(whole.text, section)
        counts: Counter[str] = Counter()
        for candidate, rule in _without_overlaps(_accepted(whole.text, scan)):
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
    against = {
        each: doubts(each, each.form.ambiguity, text) for each in unsure if each.form.ambiguity
    }
    # A decisive spelling can be of a tool all the same: LLaMA-Factory.
    for candidate in [each for each, rule in accepted.items() if rule == "spelling"]:
        ambiguity = candidate.form.ambiguity
        if ambiguity is not None and doubts(candidate, ambiguity, text) >= REFUSED:
            del accepted[candidate]
    unsure = [each for each in unsure if against[each] < REFUSED]
    for _ in range(_ROUNDS):
        around = _surroundings(text, scan, accepted, unsure)
        rules = {each: _rule(each, around, against[each]) for each in unsure}
        new = {each: rule for each, rule in rules.items() if rule is not None}
        if not new:
            break
        accepted |= new
        unsure = [each for each in unsure if each not in new]
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


def _rule(candidate: Candidate, around: Surroundings, against: int) -> str | None:
    """The rule that accepts a candidate; None where its evidence is not enough."""
    ambiguity = candidate.form.ambiguity
    needed = against + (ambiguity.points if ambiguity else 0)
    found = sorted(evidence(candidate, around), key=lambda each: -each[1])
    if sum(points for _, points in found) < needed:
        return None
    return found[0][0] if found else "alias"


def _without_overlaps(accepted: Accepted) -> list[tuple[Candidate, str]]:
    """The accepted by start; of those that overlap, the one that begins first, or is longest."""
    kept: list[tuple[Candidate, str]] = []
    for candidate in sorted(accepted, key=lambda each: (each.start, -each.stop)):
        if not kept or candidate.start >= kept[-1][0].stop:
            kept.append((candidate, accepted[candidate]))
    return kept
