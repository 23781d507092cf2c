"""The gap's interval over seeded worlds: how often it holds the gap that was planted.

Two kinds of worlds. Of texts: papers and patents in generated prose with false friends, read by the
platform's matcher, counted, and put into its formulas. Of records (`gap_world_records`): the same
prose in works and patent documents as the parsers give them, through the platform's own tables and
SQL to mart.visibility_gap, by user kind, for the complete cohort by month of filing; there each
invention must count once, and the younger cohort must be censored.

The bar: over 200 worlds a correct 95 % interval holds the planted gap in 92 to 98 % of them with a
chance of about 95 % in each setting, so that of some settings one outside is likely. What is judged
therefore is the pool of a kind of world over its settings (92 to 98 %), and each setting by wider
bounds (90 to 99.5 %). The exit code is 1 where either is missed. With fewer than 200 worlds nothing
is judged.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from assets.diffusion.mention import Role
from assets.visibility.formulas import gap_logit, gap_pp
from benchmarks.gap_world_records import (
    RECORD_SETTINGS,
    USER_KINDS,
    RecordFound,
    RecordSetting,
    record_world,
)
from benchmarks.gap_world_texts import Sections, families, matcher, paper, patent, plants
from sandbox.model_prose import Plant

_NAMING_NONE = 0.5  # texts that name no model, to each that names one
_LEAST_WORLDS = 200
_POOL, _EACH = (0.92, 0.98), (0.90, 0.995)

_Names = tuple[bool, bool]
S = TypeVar("S")
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Setting:
    """A planted gap: chances that a text which names an open model names a Chinese one."""

    use_share: float
    patent_share: float
    works: int
    patents: int

    @property
    def planted_gap(self) -> float:
        """Percentage points."""
        return 100.0 * (self.use_share - self.patent_share)


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


def world(seed: int, setting: Setting) -> Found:
    """Counts of a world: works naming a Chinese model, any open one; the same of patents."""
    rng = np.random.default_rng([seed, 5])
    use = _texts(rng, setting.works, setting.use_share, paper)
    patents = _texts(rng, setting.patents, setting.patent_share, patent)
    read = [_named(texts) for texts, _ in use], [_named(texts) for texts, _ in patents]
    planted = [names for _, names in use], [names for _, names in patents]
    return Found(_counts(*read), _counts(*planted))


def _counts(use: Sequence[_Names], patents: Sequence[_Names]) -> tuple[int, int, int, int]:
    return (
        sum(chinese for chinese, _ in use),
        sum(is_open for _, is_open in use),
        sum(chinese for chinese, _ in patents),
        sum(is_open for _, is_open in patents),
    )


def _texts(
    rng: np.random.Generator,
    count: int,
    share: float,
    write: Callable[[np.random.Generator, Sequence[Plant]], Sections],
) -> list[tuple[Sections, _Names]]:
    """Texts, and what is planted in each: a Chinese open model, any open model."""
    made: list[tuple[Sections, _Names]] = []
    for _ in range(count):
        is_chinese = bool(rng.random() < share)
        made.append((write(rng, plants(rng, is_chinese=is_chinese)), (is_chinese, True)))
    none = range(int(count * _NAMING_NONE))
    return [*made, *((write(rng, []), (False, False)) for _ in none)]


def _named(sections: Sections) -> _Names:
    """Whether the platform finds a Chinese open model named, and any open model."""
    named = {
        mention.family
        for section, text in sections.items()
        for mention in matcher().find(text, section)
        if mention.role is not Role.CITED
    }
    is_open = [each for each in families() if each.family in named and each.is_open]
    return any(each.country_iso2 == "CN" for each in is_open), bool(is_open)


def many_worlds(make: Callable[..., F], setting: S, seeds: Sequence[int]) -> Iterator[F]:
    """Worlds of a setting, two at a time, in the order of the seeds."""
    with ProcessPoolExecutor(max_workers=2) as pool:
        yield from pool.map(partial(make, setting=setting), seeds, chunksize=5)


def held(setting: Setting, found: Sequence[Found]) -> list[bool]:
    """Whether the interval holds the planted gap, world by world."""
    points = gap_pp(*np.array([each.read for each in found]).T)
    planted = setting.planted_gap
    return [bool(each) for each in (points.low <= planted) & (planted <= points.high)]


def records_held(setting: RecordSetting, found: Sequence[RecordFound], kind: str) -> list[bool]:
    """The same of mart.visibility_gap, of one user kind."""
    planted = setting.planted_gap(kind)
    rows = [each.gaps[kind] for each in found]
    return [row["gap_pp_ci_low"] <= planted <= row["gap_pp_ci_high"] for row in rows]


def verdict(pools: Mapping[str, Sequence[Sequence[bool]]]) -> list[str]:
    """What misses the bar, in words.

    Args:
        pools: by kind of world, whether the interval held, by setting and world.
    """
    missed = []
    for name, settings in pools.items():
        pooled = float(np.mean([is_held for worlds in settings for is_held in worlds]))
        if not _POOL[0] <= pooled <= _POOL[1]:
            missed.append(f"{name}: {pooled:.1%} over all settings, outside 92 to 98 %")
        missed += [
            f"{name}, setting {number}: {share:.1%}, outside 90 to 99.5 %"
            for number, worlds in enumerate(settings, start=1)
            if not _EACH[0] <= (share := float(np.mean(worlds))) <= _EACH[1]
        ]
    return missed


def main(arguments: Sequence[str] | None = None) -> int:
    """Print coverage and bias of each setting; 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=_LEAST_WORLDS)
    options = parser.parse_args(arguments)
    seeds = range(1, options.worlds + 1)
    pools: dict[str, list[list[bool]]] = {"texts": []}
    print(f"{options.worlds} worlds each of texts")
    for setting in SETTINGS:
        found = _counted(many_worlds(world, setting, seeds))
        pools["texts"].append(held(setting, found))
        print(report(setting, found))
    print(f"{options.worlds} worlds each of records, through the platform's tables")
    for records in RECORD_SETTINGS:
        rows = _counted(many_worlds(record_world, records, seeds))
        print(f"{records}:")
        for kind in USER_KINDS:
            pools.setdefault(kind, []).append(records_held(records, rows, kind))
            print(records_report(records, rows, kind))
    for name, settings in pools.items():
        worlds = [is_held for each in settings for is_held in each]
        print(f"{name}: inside in {np.mean(worlds):.1%} of {len(worlds)} worlds of all settings")
    if options.worlds < _LEAST_WORLDS:
        print(f"not judged: the bar is over {_LEAST_WORLDS} worlds")
        return 0
    missed = verdict(pools)
    print("\n".join(missed) or "the bar is met: 92 to 98 % pooled, 90 to 99.5 % a setting")
    return 1 if missed else 0


def _counted(worlds: Iterator[F]) -> list[F]:
    """All of them, saying how many there are."""
    found = []
    for each in worlds:
        found.append(each)
        print(f"  {len(found)} worlds", end="\r", flush=True)
    return found


def report(setting: Setting, found: Sequence[Found]) -> str:
    """One setting's line: coverage of both forms of the gap, mean error, and the matcher's."""
    counts = np.array([each.read for each in found]).T
    points, logit = gap_pp(*counts), gap_logit(*counts)
    parts = [
        f"use {setting.use_share:.0%} of {setting.works}, patents {setting.patent_share:.0%} of "
        f"{setting.patents}: planted gap of {setting.planted_gap:.0f} points inside in "
        f"{np.mean(held(setting, found)):.1%}",
        f"mean error {np.mean(points.value) - setting.planted_gap:+.2f} points",
    ]
    if 0 < setting.patent_share < 1:
        odds = np.log(setting.use_share / (1 - setting.use_share)) - np.log(
            setting.patent_share / (1 - setting.patent_share)
        )
        parts.append(f"logit in {np.mean((logit.low <= odds) & (odds <= logit.high)):.1%}")
    empty = np.mean(counts[2] == 0)
    wrong = sum(np.abs(np.subtract(each.read, each.planted)).sum() for each in found)
    total = sum(sum(each.planted) for each in found)
    parts.append(f"no patent names one in {empty:.0%}")
    parts.append(f"counts read otherwise than planted: {wrong} of {total}")
    return "; ".join(parts)


def records_report(setting: RecordSetting, found: Sequence[RecordFound], kind: str) -> str:
    """The line of one setting and user kind."""
    rows = [each.gaps[kind] for each in found]
    planted = setting.planted_gap(kind)
    means = {
        name: np.mean([row[name] for row in rows])
        for name in ("gap_pp", "use_count", "patent_count")
    }
    empty = np.mean([row["patent_chinese_count"] == 0 for row in rows])
    return (
        f"  {kind}: planted gap of {planted:.1f} points inside in "
        f"{np.mean(records_held(setting, found, kind)):.1%}; "
        f"mean error {means['gap_pp'] - planted:+.2f} points; on average "
        f"{means['use_count']:.0f} works and {means['patent_count']:.0f} patents; "
        f"no patent names one in {empty:.0%}"
    )


if __name__ == "__main__":
    sys.exit(main())
