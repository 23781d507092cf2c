"""Repositories of LLMs ranked by the China share of their authors, UTC offsets the only evidence.

Each author's commits on default branches give a posterior over the economies of
assets/reference/economies.csv, the prior being their population. A repository's China share is the
mean over the authors of its default branch, each counting once. Domains, names and the origin that
the file states are not looked at.
"""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from assets.activity.commit_offsets import offset_counts
from assets.activity.commits import offset_minutes
from assets.attribution.countries import offsets_of
from assets.attribution.missingness import posterior
from assets.attribution.zones import class_zones, offset_log_likelihood
from assets.reference.loader import load_reference

CHINA = "CN"
_ROOT = Path(__file__).resolve().parent.parent
_FILE = Path("commits") / "llm_commits.parquet"


@dataclass(frozen=True, slots=True)
class RepositoryShare:
    """How Chinese the authors of a repository's default branch are, by their offsets.

    Attributes:
        repository: owner/name.
        origin: where its developer is, as the file states: CN or US.
        author_count: authors with a commit on the default branch.
        china_share: 0 to 1, mean over them of the probability of China.
    """

    repository: str
    origin: str
    author_count: int
    china_share: float


def repository_shares(path: Path) -> list[RepositoryShare]:
    """China shares of all repositories of the file, largest first.

    Args:
        path: Parquet of commits with `repo`, `origin_country`, `author_pid`, `author_ts_utc`,
            `author_utc_offset` (as +08:00) and `on_default_branch`.
    """
    commits = pq.read_table(path)
    commits = commits.filter(commits["on_default_branch"])
    authors, probability = _china_probability(commits)
    at = {author: number for number, author in enumerate(authors)}
    pairs: dict[tuple[str, str], set[int]] = {}
    names = (commits[name].to_pylist() for name in ("repo", "origin_country", "author_pid"))
    for repository, origin, author in zip(*names, strict=True):
        pairs.setdefault((repository, origin), set()).add(at[author])
    shares = [
        RepositoryShare(
            repository, origin, len(mine), float(probability[np.fromiter(mine, np.int64)].mean())
        )
        for (repository, origin), mine in pairs.items()
    ]
    return sorted(shares, key=lambda each: (-each.china_share, each.repository))


def _china_probability(commits: pa.Table) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Authors, and of each the probability of China."""
    minutes = [offset_minutes(z.replace(":", "")) for z in commits["author_utc_offset"].to_pylist()]
    counted = offset_counts(
        pa.table(
            {
                "author_hash": commits["author_pid"].cast(pa.string()),
                "author_at": commits["author_ts_utc"],
                "author_offset_min": pa.array(minutes, pa.int32()),
                "is_author_time_plausible": pa.array([True] * len(commits)),
                # The file does not say who committed.
                "is_web_commit": pa.array([False] * len(commits)),
            }
        ),
        author="author_hash",
    )
    authors = sorted(pc.unique(counted["author"]).to_pylist())
    number = {author: at for at, author in enumerate(authors)}
    rows = counted.to_pylist()
    totals: dict[tuple[str, object], int] = {}
    for row in rows:
        key = (row["author"], row["period"])
        totals[key] = totals.get(key, 0) + row["commit_count"]
    offsets = offsets_of(
        [
            (
                number[row["author"]],
                row["period"],
                row["offset_min"],
                row["commit_count"] / totals[row["author"], row["period"]],
            )
            for row in rows
        ],
        len(authors),
    )
    economies = [
        each for each in load_reference(_ROOT / "assets" / "reference").economies if each.population
    ]
    codes = [each.iso2 for each in economies]
    people = np.array([each.population for each in economies], dtype=np.float64)
    likelihood = offset_log_likelihood(offsets, [class_zones({code: 1.0}) for code in codes])
    return authors, posterior(likelihood, people / people.sum())[:, codes.index(CHINA)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, and whether every Chinese repository lies above every American one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data",
        type=Path,
        default=_ROOT / os.environ.get("OBSERVATORY_REAL_DATA", "../shared/data"),
        help="folder of real files",
    )
    options = parser.parse_args(arguments)
    path = options.data / _FILE
    if not path.is_file():
        print(f"no {path}: name the folder of real data with --data or OBSERVATORY_REAL_DATA")
        return
    shares = repository_shares(path)
    print(f"{'repository':<28}{'origin':<8}{'authors':>8}{'China share':>13}")
    for each in shares:
        print(
            f"{each.repository:<28}{each.origin:<8}{each.author_count:>8}{each.china_share:>13.1%}"
        )
    lowest = min(each.china_share for each in shares if each.origin == CHINA)
    highest = max(each.china_share for each in shares if each.origin != CHINA)
    print(f"lowest of Chinese origin {lowest:.1%}, highest of any other {highest:.1%}")


if __name__ == "__main__":
    main()
