"""Commits to rows: times and zones as far as they can be believed, addresses only as hashes.

Whoever writes a commit chooses its name, address, time and zone freely. Names are not read at
all; an address is reduced here to its domain, a keyed hash, and the account number that GitHub's
own addresses carry, and goes no further.
"""

import hashlib
import hmac
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from assets.activity.tables import COMMITS

SOURCE = "git"
WEB_COMMITTER = "noreply@github.com"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LONGEST_OFFSET_MIN = 14 * 60  # UTC+14, Kiribati
_HASH_CHARACTERS = 32
_ZONE = re.compile(r"([+-])(\d{2})([0-5]\d)")
_NOREPLY = re.compile(r"(?:(\d{1,18})\+)?([^@+]+)@users\.noreply\.github\.com")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# Names that only a machine or a local network has (RFC 2606, 6761, 6762, and habit).
_LOCAL_DOMAINS = frozenset(
    {"local", "localdomain", "localhost", "lan", "home", "internal", "intranet", "corp", "private",
     "invalid", "example", "test", "none"}
)  # fmt: skip


class Commit(Protocol):
    """A commit's headers, as a source of commits reads them."""

    @property
    def sha(self) -> str:
        """Name."""

    @property
    def parent_count(self) -> int:
        """Parents."""

    @property
    def author_time_s(self) -> int | None:
        """Seconds since 1970, any number; None where there is no time."""

    @property
    def author_zone(self) -> str:
        """As written, such as `+0800`."""

    @property
    def committed_at(self) -> datetime:
        """UTC."""

    @property
    def committer_zone(self) -> str:
        """As written."""

    @property
    def author_email(self) -> str:
        """As written."""

    @property
    def committer_email(self) -> str:
        """As written."""

    @property
    def is_default_branch(self) -> bool:
        """Reachable from the default branch."""


@dataclass(frozen=True, slots=True)
class Author:
    """What is kept of an address.

    Attributes:
        author_hash: the first 128 bits of HMAC-SHA256(key, address in lower case), hexadecimal;
            None for an empty address.
        email_domain: lower case, in IDNA's ASCII form; None where no public domain stands there.
        actor_id: account number in GitHub's form `12345+login@users.noreply.github.com`.
        is_bot: that form's login ends in `[bot]`.
    """

    author_hash: str | None
    email_domain: str | None
    actor_id: int | None
    is_bot: bool


def read_author(address: str, key: bytes) -> Author:
    """Reduce an address; the key makes the hash worthless to who has only the data.

    Raises:
        ValueError: the key is empty.
    """
    if not key:
        raise ValueError("the key for hashes of addresses is empty")
    folded = address.strip().lower()
    if not folded:
        return Author(None, None, None, is_bot=False)
    digest = hmac.new(key, folded.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    noreply = _NOREPLY.fullmatch(folded)
    return Author(
        author_hash=digest[:_HASH_CHARACTERS],
        email_domain=_domain(folded),
        actor_id=int(noreply[1]) if noreply and noreply[1] else None,
        is_bot=bool(noreply) and folded.split("@")[0].endswith("[bot]"),
    )


def _domain(address: str) -> str | None:
    name = address.rpartition("@")[2].rstrip(".")
    if "@" not in address or not name or len(name) > 253:
        return None
    try:
        ascii_name = name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = ascii_name.split(".")
    is_name = len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)
    # A last label of digits makes an address of the Internet Protocol.
    if not is_name or labels[-1] in _LOCAL_DOMAINS or labels[-1].isdecimal():
        return None
    return ascii_name


def offset_minutes(zone: str) -> int | None:
    """Minutes east of UTC of a zone as git writes it; None where no clock on earth shows it."""
    match = _ZONE.fullmatch(zone)
    if not match:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    if minutes > _LONGEST_OFFSET_MIN:
        return None
    return -minutes if match[1] == "-" else minutes


def commit_row(repo_id: int, commit: Commit, key: bytes) -> dict[str, object]:
    """A row of raw.commits."""
    author = read_author(commit.author_email, key)
    author_at = _moment(commit.author_time_s)
    return {
        "source": SOURCE,
        "commit_date": commit.committed_at.astimezone(UTC).date(),
        "sha": commit.sha,
        "repo_id": repo_id,
        "author_at": author_at,
        "author_offset_min": offset_minutes(commit.author_zone),
        "is_author_time_plausible": author_at is not None
        and _EARLIEST <= author_at <= commit.committed_at + timedelta(days=1),
        "committed_at": commit.committed_at,
        "committer_offset_min": offset_minutes(commit.committer_zone),
        "author_hash": author.author_hash,
        "email_domain": author.email_domain,
        "actor_id": author.actor_id,
        "is_bot": author.is_bot,
        "is_default_branch": commit.is_default_branch,
        "is_web_commit": commit.committer_email.strip().lower() == WEB_COMMITTER,
        "parent_count": commit.parent_count,
    }


def _moment(seconds: int | None) -> datetime | None:
    try:
        return None if seconds is None else _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


def commits_by_day(
    rows: Iterable[dict[str, object]], days: Collection[date]
) -> dict[date, pa.Table]:
    """Rows of raw.commits by the day asked for, a table for each day, in a fixed order."""
    by_day: dict[date, list[dict[str, object]]] = {day: [] for day in days}
    for row in rows:
        day = row["commit_date"]
        if isinstance(day, date) and day in by_day:
            by_day[day].append(row)
    return {day: _in_order(COMMITS.arrow(found)) for day, found in by_day.items()}


def with_known(fresh: pa.Table, known: pa.Table, mirrored: Collection[int]) -> pa.Table:
    """A day's rows, those of an earlier run included where their repository has no mirror now.

    A mirror that was lost, of a repository that is gone, must not take its commits along.

    Args:
        fresh: rows of raw.commits read now.
        known: rows of an earlier run.
        mirrored: ids of the repositories that were read now.
    """
    is_read = pc.is_in(known["repo_id"], value_set=pa.array(list(mirrored), pa.int64()))
    return _in_order(pa.concat_tables([known.filter(pc.invert(is_read)), fresh]))


def _in_order(commits: pa.Table) -> pa.Table:
    """The same rows by repository, time and name, so that the same commits make the same file."""
    return commits.sort_by(
        [("repo_id", "ascending"), ("committed_at", "ascending"), ("sha", "ascending")]
    )
