"""Which authors are to be asked for, through which commit, and what a link changes."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.activity.commit_authors import (
    DueAuthor,
    asked_links,
    due_authors,
    linked,
    own_links,
)
from assets.activity.events import day_events
from assets.activity.scan import in_panel
from assets.activity.tables import COMMIT_AUTHORS, COMMITS

NOON = datetime(2024, 12, 9, 12, tzinfo=UTC)
DAY = NOON.date()
NOW = datetime(2024, 12, 10, tzinfo=UTC)
NOBODY = pa.table({"author_hash": pa.array([], pa.string())})


def commit(author: str | None, sha: str = "a", **changes: object) -> dict[str, object]:
    return {
        "source": "git",
        "commit_date": DAY,
        "sha": sha,
        "repo_id": 1,
        "author_at": NOON,
        "author_offset_min": 480,
        "is_author_time_plausible": True,
        "committed_at": NOON,
        "committer_offset_min": 480,
        "author_hash": author,
        "email_domain": "example.org",
        "actor_id": None,
        "is_bot": False,
        "is_default_branch": True,
        "is_web_commit": False,
        "parent_count": 1,
        **changes,
    }


def table(*rows: dict[str, object]) -> pa.Table:
    return COMMITS.arrow(rows)


def links(**accounts: int | None) -> pa.Table:
    return COMMIT_AUTHORS.arrow(
        [
            {
                "author_hash": author,
                "actor_id": actor_id,
                "link_source": "none" if actor_id is None else "github",
                "asked_at": NOW,
            }
            for author, actor_id in accounts.items()
        ]
    )


def test_an_author_is_asked_for_through_the_newest_commit_of_a_default_branch() -> None:
    made = table(
        commit("x", "old"),
        commit("x", "new", committed_at=NOON + timedelta(hours=1)),
        commit("x", "side", committed_at=NOON + timedelta(hours=2), is_default_branch=False),
        commit("y", "only", is_default_branch=False),
        # The same commit in a fork: the older repository is asked.
        commit("z", "shared", repo_id=9),
        commit("z", "shared", repo_id=3),
    )
    assert due_authors(made, NOBODY, [1, 3, 9]) == [
        DueAuthor("x", None, 1, "new"),
        DueAuthor("y", None, 1, "only"),
        DueAuthor("z", None, 3, "shared"),
    ]


def test_who_was_asked_for_lately_is_left_out_and_so_are_bots_and_commits_without_address() -> None:
    made = table(
        commit("fresh"),
        commit("bot", is_bot=True, actor_id=5),
        commit(None),
        commit("due"),
    )
    fresh = pa.table({"author_hash": ["fresh"]})
    assert [each.author_hash for each in due_authors(made, fresh, [1])] == ["due"]


def test_a_repository_that_cannot_be_named_is_not_asked_and_hides_no_number() -> None:
    made = table(
        commit("x", "theirs", repo_id=2, committed_at=NOON + timedelta(hours=1)),
        commit("x", "ours"),
        commit("gone", repo_id=2),
        commit("own", repo_id=2, actor_id=7),
    )
    assert due_authors(made, NOBODY, [1]) == [
        DueAuthor("x", None, 1, "ours"),
        DueAuthor("own", 7, 2, "a"),
    ]
    assert due_authors(made.slice(0, 0), NOBODY, []) == []


def test_a_number_in_the_address_is_a_link_and_the_others_are_asked_for_in_batches() -> None:
    due = [DueAuthor(f"h{n}", None, n % 2, f"s{n}") for n in range(5)]
    due.insert(2, DueAuthor("own", 7, 0, "s"))
    asked: list[Sequence[tuple[str, str]]] = []

    def ask(commits: Sequence[tuple[str, str]]) -> list[int | None]:
        asked.append(list(commits))
        return [None if sha == "s3" else 100 + int(sha[1]) for _, sha in commits]

    parts = list(asked_links(due, {0: "a/x", 1: "b/y"}, ask, 2, NOW))
    assert asked == [
        [("a/x", "s0"), ("b/y", "s1")],
        [("a/x", "s2"), ("b/y", "s3")],
        [("a/x", "s4")],
    ]
    assert [part.num_rows for part in parts] == [2, 2, 1]
    assert all(part.schema == COMMIT_AUTHORS.arrow_schema for part in parts)
    rows = pa.concat_tables([own_links(due, NOW), *parts]).to_pylist()
    assert [(row["author_hash"], row["actor_id"], row["link_source"]) for row in rows] == [
        ("own", 7, "noreply"),
        ("h0", 100, "github"),
        ("h1", 101, "github"),
        ("h2", 102, "github"),
        ("h3", None, "none"),
        ("h4", 104, "github"),
    ]
    assert {row["asked_at"] for row in rows} == {NOW}


def test_what_was_answered_before_a_failure_is_given_and_the_failure_passes_through() -> None:
    due = [DueAuthor(f"h{n}", None, 1, f"s{n}") for n in range(3)]

    def ask(commits: Sequence[tuple[str, str]]) -> list[int | None]:
        if commits[0][1] == "s1":
            raise ConnectionError("gone")
        return [1]

    parts = asked_links(due, {1: "a/x"}, ask, 1, NOW)
    assert next(parts)["author_hash"].to_pylist() == ["h0"]
    with pytest.raises(ConnectionError, match="gone"):
        next(parts)


def test_an_answer_of_another_length_links_nobody() -> None:
    due = [DueAuthor("h0", None, 1, "s0"), DueAuthor("h1", None, 1, "s1")]
    with pytest.raises(ValueError, match="zip"):
        list(asked_links(due, {1: "a/x"}, lambda _: [1], 2, NOW))


def test_a_link_fills_what_the_address_does_not_say_and_changes_nothing_else() -> None:
    made = table(
        commit("x", "1"),
        commit("own", "2", actor_id=7),
        commit("nobody", "3"),
        commit("never asked", "4"),
        commit(None, "5"),
        commit("x", "6"),
    )
    found = linked(made, links(x=42, own=8, nobody=None))
    assert found["actor_id"].to_pylist() == [42, 7, None, None, None, 42]
    assert found.schema == made.schema
    assert found.drop_columns("actor_id") == made.drop_columns("actor_id")
    assert linked(made, links()) == made
    assert linked(made.slice(0, 0), links(x=42)).schema == made.schema
    # Tables of several days come in pieces.
    pieces = pa.concat_tables([made.slice(0, 2), made.slice(2)])
    assert linked(pieces, links(x=42, own=8))["actor_id"].to_pylist() == [
        42, 7, None, None, None, 42,
    ]  # fmt: skip


@given(
    authors=st.lists(
        st.tuples(st.sampled_from([None, *"abcdef"]), st.none() | st.integers(1, 9)), max_size=12
    ),
    accounts=st.dictionaries(st.sampled_from("abcdef"), st.none() | st.integers(10, 19)),
)
def test_a_linked_account_is_the_addresses_own_or_the_tables_or_none(
    authors: list[tuple[str | None, int | None]], accounts: dict[str, int | None]
) -> None:
    made = table(*(commit(author, actor_id=own) for author, own in authors))
    expected = [
        own if own is not None else accounts.get(author) if author else None
        for author, own in authors
    ]
    assert linked(made, links(**accounts))["actor_id"].to_pylist() == expected


def test_a_commits_event_has_the_linked_account_and_its_place_in_the_panel() -> None:
    made = table(
        *(commit(f"h{n}", f"{n:03d}") for n in range(1, 60)),
        commit("own", "060", actor_id=60),
        commit("nobody", "061"),
    )
    authors = links(**{f"h{n}": n for n in range(1, 60)}, own=1_000, nobody=None)
    events = day_events(DAY, [], [made], panel_one_in=10, authors=authors).events.to_pylist()
    assert {row["event_id"]: row["actor_id"] for row in events} == {
        **{f"{n:03d}": n for n in range(1, 61)},
        "061": None,
    }
    for row in events:
        expected = row["actor_id"] is not None and in_panel(row["actor_id"], 10)
        assert row["is_panel"] is expected
    assert any(row["is_panel"] for row in events)


def test_without_a_table_of_links_only_numbers_in_addresses_count() -> None:
    made = table(commit("x", "1"), commit("own", "2", actor_id=7))
    for authors in (None, links()):
        events = day_events(DAY, [], [made], authors=authors).events
        found = {row["event_id"]: row["actor_id"] for row in events.to_pylist()}
        assert found == {"1": None, "2": 7}
    assert day_events(date(2024, 12, 8), [], [], authors=links(x=1)).events.num_rows == 0
