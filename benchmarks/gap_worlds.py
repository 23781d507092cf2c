"""The gap's interval over seeded worlds of texts: how often it holds the gap that was planted.

In each world papers and patents name open models, of Chinese origin with a planted chance, in
generated prose with false friends; others name none. The platform's own matcher reads them, its
families say which origin a name has, and its formulas make the gap. So an interval misses by
chance, or where the matcher does.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from assets.diffusion.matcher import Matcher
from assets.diffusion.mention import Role, Section
from assets.reference.loader import load_reference
from assets.reference.model import ModelFamily
from assets.visibility.formulas import gap_logit, gap_pp
from sandbox.model_prose import Plant, abstract, claims, description
from sandbox.model_words import FAMILIES

_REFERENCE = Path("assets/reference")
_NAMING_NONE = 0.5  # texts that name no model, to each that names one
_SECOND = 0.4  # chance that a text with a Chinese model names another beside it
_CLAIMED = 0.3  # chance that a patent's claims name its models too

_Sections = Mapping[Section, str]
_Names = tuple[bool, bool]


@dataclass(frozen=True, slots=True)
class Setting:
    """A planted gap: chances that a text which names an open model names a Chinese one."""

    use_share: float
    patent_share: float
    works: int
    patents: int


SETTINGS = (
    Setting(0.35, 0.02, 120, 60),
    Setting(0.45, 0.02, 250, 120),
    Setting(0.35, 0.0, 90, 40),
    Setting(0.20, 0.10, 150, 100),
)


@dataclass(frozen=True, slots=True)
class Found:
    """One world's counts as the platform reads them, and as they were planted."""

    read: tuple[int, int, int, int]
    planted: tuple[int, int, int, int]


@cache
def families() -> tuple[ModelFamily, ...]:
    """The tracked families."""
    return load_reference(_REFERENCE).model_families


@cache
def matcher() -> Matcher:
    """Compiled once a process."""
    return Matcher.of(families())


def world(seed: int, setting: Setting) -> Found:
    """Counts of a world: works naming a Chinese model, any open one; the same of patents."""
    rng = np.random.default_rng([seed, 5])
    use = _texts(rng, setting.works, setting.use_share, _paper)
    patents = _texts(rng, setting.patents, setting.patent_share, _patent)
    read = [_named(texts) for texts, _ in use], [_named(texts) for texts, _ in patents]
    planted = [names for _, names in use], [names for _, names in patents]
    return Found(_counts(*read), _counts(*planted))


def _counts(
    use: Sequence[tuple[bool, bool]], patents: Sequence[tuple[bool, bool]]
) -> tuple[int, int, int, int]:
    return (
        sum(chinese for chinese, _ in use),
        sum(is_open for _, is_open in use),
        sum(chinese for chinese, _ in patents),
        sum(is_open for _, is_open in patents),
    )


def _paper(rng: np.random.Generator, plants: Sequence[Plant]) -> _Sections:
    made = abstract(rng, plants, int(rng.integers(0, 3)))
    return {Section.TITLE: made.title, Section.ABSTRACT: made.abstract}


def _patent(rng: np.random.Generator, plants: Sequence[Plant]) -> _Sections:
    friends = int(rng.integers(0, 3))
    claimed = plants if rng.random() < _CLAIMED else ()
    return {
        Section.CLAIMS: "\n".join(claims(rng, claimed, friends)),
        Section.DESCRIPTION: "\n".join(description(rng, plants, friends)),
    }


def _texts(
    rng: np.random.Generator,
    count: int,
    share: float,
    write: Callable[[np.random.Generator, Sequence[Plant]], _Sections],
) -> list[tuple[_Sections, _Names]]:
    """Texts, and what is planted in each: a Chinese open model, any open model."""
    chinese, others = _by_origin()
    made: list[tuple[_Sections, _Names]] = []
    for _ in range(count):
        is_chinese = bool(rng.random() < share)
        plants = [Plant(str(rng.choice(chinese if is_chinese else others)))]
        if is_chinese and rng.random() < _SECOND:
            plants.append(Plant(str(rng.choice(others)), "compared"))
        made.append((write(rng, plants), (is_chinese, True)))
    none = range(int(count * _NAMING_NONE))
    return [*made, *((write(rng, []), (False, False)) for _ in none)]


def _by_origin() -> tuple[list[str], list[str]]:
    """Slugs of open families of Chinese origin, and of any other."""
    families = [each for each in FAMILIES.values() if each.is_open]
    return (
        [each.slug for each in families if each.country == "CN"],
        [each.slug for each in families if each.country != "CN"],
    )


def _named(sections: _Sections) -> _Names:
    """Whether the platform finds a Chinese open model named, and any open model."""
    named = {
        mention.family
        for section, text in sections.items()
        for mention in matcher().find(text, section)
        if mention.role is not Role.CITED
    }
    is_open = [each for each in families() if each.family in named and each.is_open]
    return any(each.country_iso2 == "CN" for each in is_open), bool(is_open)


def many_worlds(setting: Setting, seeds: Sequence[int]) -> Iterator[Found]:
    """Worlds of a setting, two at a time, in the order of the seeds."""
    with ProcessPoolExecutor(max_workers=2) as pool:
        yield from pool.map(partial(world, setting=setting), seeds, chunksize=5)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print coverage and bias of each setting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    options = parser.parse_args(arguments)
    print(f"{options.worlds} worlds each; the bar is coverage of 92 to 98 %")
    for setting in SETTINGS:
        found = []
        for each in many_worlds(setting, range(1, options.worlds + 1)):
            found.append(each)
            print(f"  {len(found)} worlds", end="\r", flush=True)
        print(report(setting, found))


def report(setting: Setting, found: Sequence[Found]) -> str:
    """One setting's line: coverage of both forms of the gap, mean error, and the matcher's."""
    counts = np.array([each.read for each in found]).T
    points, logit = gap_pp(*counts), gap_logit(*counts)
    planted = 100.0 * (setting.use_share - setting.patent_share)
    covered = np.mean((points.low <= planted) & (planted <= points.high))
    parts = [
        f"use {setting.use_share:.0%} of {setting.works}, patents {setting.patent_share:.0%} of "
        f"{setting.patents}: planted gap of {planted:.0f} points inside in {covered:.1%}",
        f"mean error {np.mean(points.value) - planted:+.2f} points",
    ]
    if 0 < setting.patent_share < 1:
        odds = np.log(setting.use_share / (1 - setting.use_share)) - np.log(
            setting.patent_share / (1 - setting.patent_share)
        )
        held = np.mean((logit.low <= odds) & (odds <= logit.high))
        parts.append(f"logit in {held:.1%}")
    empty = np.mean(counts[2] == 0)
    wrong = sum(np.abs(np.subtract(each.read, each.planted)).sum() for each in found)
    total = sum(sum(each.planted) for each in found)
    parts.append(f"no patent names one in {empty:.0%}")
    parts.append(f"counts read otherwise than planted: {wrong} of {total}")
    return "; ".join(parts)


if __name__ == "__main__":
    main()
