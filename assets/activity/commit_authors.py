"""Which account an author's address belongs to, as far as the address or GitHub says it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from assets.activity.tables import COMMIT_AUTHORS, COMMITS

REFRESH_DAYS = 90
_SQL = (Path(__file__).parent / "sql" / "due_authors.sql").read_text()
#: Account ids, or None where an address is nobody's, of the authors of (owner/name, sha).
Ask = Callable[[Sequence[tuple[str, str]]], list[int | None]]


class DueAuthor(NamedTuple):
    """An address that has no link yet, or an old one.

    Attributes:
        author_hash: its keyed hash.
        actor_id: the number that it carries; None where GitHub is to be asked.
        repo_id: repository of a commit by it.
        sha: that commit.
    """

    author_hash: str
    actor_id: int | None
    repo_id: int
    sha: str


def due_authors(
    commits: pa.Table, fresh: pa.Table, repository_ids: Sequence[int]
) -> list[DueAuthor]:
    """The authors of commits that are to be linked, each once, in a fixed order.

    Left out: bots, commits without an address, and authors whose address carries no number and
    whose commits are all in repositories that cannot be named.

    Args:
        commits: rows of raw.commits.
        fresh: `author_hash` of the addresses that were linked or asked for lately.
        repository_ids: the repositories whose present name is known.
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("commits", commits)
        connection.register("fresh", fresh)
        askable = pa.table({"repo_id": pa.array(list(repository_ids), pa.int64())})
        connection.register("askable", askable)
        return [DueAuthor(*row) for row in connection.execute(_SQL).fetchall()]


def own_links(due: Sequence[DueAuthor], now: datetime) -> pa.Table:
    """Rows of raw.commit_authors of the addresses that carry their account's number."""
    return _rows([(each, each.actor_id) for each in due if each.actor_id is not None], now)


def asked_links(
    due: Sequence[DueAuthor], names: Mapping[int, str], ask: Ask, size: int, now: datetime
) -> Iterator[pa.Table]:
    """Rows of raw.commit_authors of the other addresses, a request at a time, as answers come.

    Args:
        due: authors; those whose address carries a number are not asked for.
        names: owner/name by repository id.
        ask: asks GitHub; what it raises passes through, and the tables before are good.
        size: most commits a request.
        now: when it is asked (UTC).
    """
    others = [each for each in due if each.actor_id is None]
    for start in range(0, len(others), size):
        batch = others[start : start + size]
        found = ask([(names[each.repo_id], each.sha) for each in batch])
        yield _rows(list(zip(batch, found, strict=True)), now)


def _rows(links: Sequence[tuple[DueAuthor, int | None]], now: datetime) -> pa.Table:
    return COMMIT_AUTHORS.arrow(
        [
            {
                "author_hash": author.author_hash,
                "actor_id": actor_id,
                "link_source": "noreply"
                if author.actor_id is not None
                else "none"
                if actor_id is None
                else "github",
                "asked_at": now,
            }
            for author, actor_id in links
        ]
    )


def linked(commits: pa.Table, authors: pa.Table) -> pa.Table:
    """Commits with the account that their author's address belongs to.

    Args:
        commits: rows of raw.commits.
        authors: `author_hash`, each once, and `actor_id` of raw.commit_authors.

    Returns:
        The same rows and columns in the same order; `actor_id` is the number in the address, else
        the linked account, else null.
    """
    place = pc.index_in(commits["author_hash"], value_set=authors["author_hash"])
    account = pc.coalesce(commits["actor_id"], authors["actor_id"].take(place))
    at = commits.column_names.index("actor_id")
    return commits.set_column(at, COMMITS.arrow_schema.field("actor_id"), account)
