"""UTC offsets of an author's commits, counted: evidence of where the author's clock stands."""

from pathlib import Path

import duckdb
import pyarrow as pa

_SQL = (Path(__file__).parent / "sql" / "offset_counts.sql").read_text()


def offset_counts(commits: pa.Table, author: str = "actor_id") -> pa.Table:
    """Commits of each author, half month and offset.

    Left out: commits without a key or a believable time and offset, and those whose committer is
    GitHub's web flow, which state the zone of a server or of whoever merged.

    Args:
        commits: `author_at`, `author_offset_min`, `is_author_time_plausible`, `is_web_commit`,
            the column named by `author`, and `sha`, by which a commit that is in two repositories
            counts once; without `sha` each row is a commit.
        author: the column that says who: `actor_id` or `author_hash`.

    Returns:
        `author` (of that column's type), `period` (DATE, the 1st or 16th of the month in UTC),
        `offset_min` (INTEGER, minutes east of UTC), `commit_count` (BIGINT); in that order.
    """
    chosen = commits.select(
        ["author_at", "author_offset_min", "is_author_time_plausible", "is_web_commit"]
    ).append_column("author", commits[author])
    names = commits["sha"] if "sha" in commits.column_names else pa.array(range(len(commits)))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("commits", chosen.append_column("sha", names))
        return connection.execute(_SQL).to_arrow_table()
