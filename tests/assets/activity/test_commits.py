"""Addresses reduced, times doubted, commits as events: vectors and numbers worked by hand."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.activity.commit_offsets import offset_counts
from assets.activity.commits import (
    commit_row,
    commits_by_day,
    offset_minutes,
    read_author,
    with_known,
)
from assets.activity.events import day_events
from assets.activity.scan import in_panel
from assets.activity.tables import COMMITS

KEY = b"Jefe"
NOON = datetime(2024, 12, 9, 12, 30, tzinfo=UTC)
DAY = NOON.date()


@dataclass(frozen=True)
class Plain:
    """A commit as a source gives it."""

    sha: str = "a" * 40
    parent_count: int = 1
    author_time_s: int | None = int(NOON.timestamp())
    author_zone: str = "+0800"
    committed_at: datetime = NOON
    committer_zone: str = "+0800"
    author_email: str = field(default="someone@example.com")
    committer_email: str = "someone@example.com"
    is_default_branch: bool = True


def test_the_hash_is_the_first_half_of_hmac_sha256_of_the_lower_case_address() -> None:
    # RFC 4231, test case 2: key «Jefe», this text, and the 32 octets that begin like this.
    expected = "5bdcc146bf60754e6a042426089575c7"
    for text in ("what do ya want for nothing?", " What do ya WANT for nothing? "):
        assert read_author(text, KEY).author_hash == expected
    assert read_author("what do ya want for nothing?", b"Jefa").author_hash != expected


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("Jun@Cs.Tsinghua.EDU.cn", "cs.tsinghua.edu.cn"),
        ("a@gmail.com.", "gmail.com"),
        ("a@b@qq.com", "qq.com"),
        ("a@bücher.de", "xn--bcher-kva.de"),
        ("a@例子.中国", "xn--fsqu00a.xn--fiqs8s"),
        ("1+a@users.noreply.github.com", "users.noreply.github.com"),
        ("root@localhost", None),
        ("a@MacBook-Pro.local", None),
        ("a@host.localdomain", None),
        ("a@10.0.0.1", None),
        ("a@[10.0.0.1]", None),
        ("a@-x.com", None),
        ("a@x..com", None),
        ("a@x_y.com", None),
        ("a@x.com> <b@y.com", "y.com"),
        ("a@" + "x" * 64 + ".com", None),
        ("a@" + "x." * 130 + "com", None),
        ("gmail.com", None),
        ("a@", None),
        ("@", None),
    ],
)
def test_a_domain_is_a_public_name_or_nothing(address: str, domain: str | None) -> None:
    assert read_author(address, KEY).email_domain == domain


@pytest.mark.parametrize(
    ("address", "actor_id", "is_bot"),
    [
        ("12345+octo-cat@users.noreply.github.com", 12345, False),
        ("12345+Octo-Cat@Users.NoReply.GitHub.com", 12345, False),
        ("octo-cat@users.noreply.github.com", None, False),
        ("49699333+dependabot[bot]@users.noreply.github.com", 49699333, True),
        ("dependabot[bot]@users.noreply.github.com", None, True),
        ("12345+a@users.noreply.github.com.evil.org", None, False),
        ("12345+a@example.org", None, False),
        ("x[bot]@example.org", None, False),
        ("+a@users.noreply.github.com", None, False),
        ("12345+@users.noreply.github.com", None, False),
        ("1234567890123456789+a@users.noreply.github.com", None, False),
        ("x12345+a@users.noreply.github.com", None, False),
    ],
)
def test_an_account_is_read_from_githubs_own_form_only(
    address: str, actor_id: int | None, is_bot: bool
) -> None:
    author = read_author(address, KEY)
    assert (author.actor_id, author.is_bot) == (actor_id, is_bot)


def test_no_address_and_no_key() -> None:
    assert read_author("  ", KEY).author_hash is None
    with pytest.raises(ValueError, match="key"):
        read_author("a@example.com", b"")


@pytest.mark.parametrize(
    ("zone", "minutes"),
    [
        ("+0000", 0), ("+0800", 480), ("-0330", -210), ("+0545", 345), ("+1400", 840),
        ("-1200", -720), ("+1401", None), ("+9999", None), ("-9959", None), ("+0860", None),
        ("+800", None), ("+08000", None), ("0800", None), ("", None),
    ],
)  # fmt: skip
def test_an_offset_is_one_that_a_clock_on_earth_shows(zone: str, minutes: int | None) -> None:
    assert offset_minutes(zone) == minutes


@pytest.mark.parametrize(
    ("seconds", "year", "is_plausible"),
    [
        (int(NOON.timestamp()), 2024, True),
        (int(NOON.timestamp()) + 86_400, 2024, True),
        (int(NOON.timestamp()) + 86_401, 2024, False),
        (0, 1970, False),
        (631_152_000, 1990, True),
        (631_151_999, 1989, False),
        (4_102_444_800, 2100, False),
        (1 << 62, None, False),
        (None, None, False),
    ],
)
def test_an_authors_time_is_kept_where_a_calendar_has_it_and_doubted_where_no_author_lived(
    seconds: int | None, year: int | None, is_plausible: bool
) -> None:
    row = commit_row(1, Plain(author_time_s=seconds), KEY)
    at = row["author_at"]
    assert (at.year if isinstance(at, datetime) else None) == year
    assert row["is_author_time_plausible"] is is_plausible
    assert COMMITS.arrow([row]).num_rows == 1


@given(
    email=st.text(max_size=80) | st.emails(),
    committer=st.text(max_size=20),
    seconds=st.none() | st.integers(-(1 << 70), 1 << 70),
    zone=st.text(max_size=6),
)
def test_whatever_a_header_says_it_makes_a_row_and_the_address_is_not_in_it(
    email: str, committer: str, seconds: int | None, zone: str
) -> None:
    commit = Plain(
        author_email=email, committer_email=committer, author_time_s=seconds, author_zone=zone
    )
    row = commit_row(1, commit, KEY)
    assert COMMITS.arrow([row]).num_rows == 1
    local = email.strip().rpartition("@")[0].lower()
    if len(local) > 6 and not set(local) <= set("0123456789abcdef"):
        texts = [str(value).lower() for name, value in row.items() if name != "email_domain"]
        assert not any(local in text for text in texts)


def test_githubs_web_flow_is_known_by_its_committer() -> None:
    for address, is_web in (("noreply@github.com", True), ("NoReply@GitHub.com", True)):
        assert commit_row(1, Plain(committer_email=address), KEY)["is_web_commit"] is is_web
    assert commit_row(1, Plain(author_email="noreply@github.com"), KEY)["is_web_commit"] is False


def rows(*commits: tuple[int, Plain]) -> pa.Table:
    found = (commit_row(repo_id, commit, KEY) for repo_id, commit in commits)
    return commits_by_day(found, [DAY])[DAY]


def test_rows_go_to_the_committers_utc_day_in_an_order_of_their_own() -> None:
    late = NOON.replace(hour=23, minute=59, second=59)
    made = [
        (2, Plain(sha="b" * 40)),
        (1, Plain(sha="c" * 40, committed_at=late)),
        (1, Plain(sha="a" * 40)),
        (1, Plain(sha="d" * 40, committed_at=late + timedelta(seconds=1))),
        (1, Plain(sha="e" * 40, author_time_s=0)),
    ]
    found = (commit_row(repo_id, commit, KEY) for repo_id, commit in made)
    by_day = commits_by_day(found, [DAY, DAY - timedelta(days=1)])
    assert by_day[DAY]["sha"].to_pylist() == [letter * 40 for letter in "aecb"]
    assert by_day[DAY - timedelta(days=1)].num_rows == 0
    assert rows(*made) == rows(*reversed(made))


def test_a_lost_mirror_keeps_its_rows_and_a_mirror_that_is_there_replaces_its_own() -> None:
    known = rows((1, Plain(sha="1" * 40)), (2, Plain(sha="2" * 40)))
    fresh = rows((1, Plain(sha="3" * 40)))
    assert with_known(fresh, known, [1])["sha"].to_pylist() == ["3" * 40, "2" * 40]
    assert with_known(fresh, known, [1, 2])["sha"].to_pylist() == ["3" * 40]


def test_a_commit_is_one_event_of_the_committers_time_whatever_repositories_share_it() -> None:
    shared = Plain(author_email="7+a@users.noreply.github.com", author_time_s=0)
    bot = Plain(sha="b" * 40, author_email="8+x[bot]@users.noreply.github.com")
    unknown = Plain(sha="c" * 40)
    made = rows((9, shared), (4, shared), (4, bot), (4, unknown))
    result = day_events(DAY, [], [made], panel_one_in=1)
    assert (result.events.num_rows, result.bot_event_count, result.duplicate_count) == (2, 1, 1)
    first, second = result.events.to_pylist()
    assert first == {
        "event_date": DAY,
        "event_type": "Commit",
        "event_id": "a" * 40,
        "created_at": NOON,
        "event_group": "contribution",
        "actor_id": 7,
        "repo_id": 4,
        "action": None,
        "is_tracked": True,
        "is_panel": True,
        "source": "git",
        "sources": ["git"],
        "file_hour": NOON.replace(minute=0),
    }
    assert (second["actor_id"], second["is_panel"]) == (None, False)


def test_the_panel_of_commits_is_that_of_the_archives() -> None:
    made = rows(
        *(
            (1, Plain(sha=f"{n:040d}", author_email=f"{n}+a@users.noreply.github.com"))
            for n in range(1, 200)
        )
    )
    events = day_events(DAY, [], [made], panel_one_in=10).events.to_pylist()
    assert {row["actor_id"]: row["is_panel"] for row in events} == {
        n: in_panel(n, 10) for n in range(1, 200)
    }
    assert not any(day_events(DAY, [], [made]).events["is_panel"].to_pylist())


def test_offsets_are_counted_by_author_half_month_and_offset() -> None:
    def at(day: date, zone: str, number: int, sha: str, **changes: object) -> dict[str, object]:
        moment = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
        commit = Plain(
            sha=sha * 40,
            author_time_s=int(moment.timestamp()),
            author_zone=zone,
            committed_at=moment,
            author_email=f"{number}+a@users.noreply.github.com",
        )
        return commit_row(1, replace(commit, **changes), KEY)  # type: ignore[arg-type]

    december = date(2024, 12, 15)
    made = [
        at(december, "+0800", 7, "1"),
        at(december, "+0800", 7, "1"),  # the same commit in a fork
        at(december, "+0800", 7, "2"),
        at(december, "+0000", 7, "3"),
        at(date(2024, 12, 16), "+0800", 7, "4"),
        at(date(2024, 12, 31), "-0330", 7, "5"),
        at(december, "+0800", 6, "6"),
        at(december, "+0000", 7, "7", committer_email="noreply@github.com"),
        at(december, "+9999", 7, "8"),
        at(december, "+0800", 7, "9", author_time_s=0),
        at(december, "+0800", 7, "0", author_email="nobody@example.com"),
    ]
    counted = offset_counts(COMMITS.arrow(made))
    assert counted.schema == pa.schema(
        [
            ("author", pa.int64()),
            ("period", pa.date32()),
            ("offset_min", pa.int32()),
            ("commit_count", pa.int64()),
        ]
    )
    assert [tuple(row.values()) for row in counted.to_pylist()] == [
        (6, date(2024, 12, 1), 480, 1),
        (7, date(2024, 12, 1), 0, 1),
        (7, date(2024, 12, 1), 480, 2),
        (7, date(2024, 12, 16), -210, 1),
        (7, date(2024, 12, 16), 480, 1),
    ]
    by_hash = offset_counts(COMMITS.arrow(made), author="author_hash")
    assert by_hash.num_rows == 6
    assert sum(by_hash["commit_count"].to_pylist()) == 7
    assert read_author("nobody@example.com", KEY).author_hash in by_hash["author"].to_pylist()


def test_real_commits_are_counted_after_a_renaming_of_columns(real_data: Path) -> None:
    found = pq.read_table(real_data / "commits" / "llm_commits.parquet")
    zones = [text.replace(":", "") for text in found["author_utc_offset"].to_pylist()]
    commits = pa.table(
        {
            "author_hash": found["author_pid"].cast(pa.string()),
            "author_at": found["author_ts_utc"],
            "author_offset_min": pa.array([offset_minutes(zone) for zone in zones], pa.int32()),
            "is_author_time_plausible": pa.array([True] * len(found)),
            "is_web_commit": pa.array([False] * len(found)),
        }
    )
    counted = offset_counts(commits, author="author_hash")
    assert commits["author_offset_min"].null_count == 0
    assert sum(counted["commit_count"].to_pylist()) == found.num_rows
    assert len(counted["author"].unique()) == len(found["author_pid"].unique())
    plain: dict[tuple[str, date, int], int] = {}
    for author, text in zip(
        found["author_pid"].to_pylist(), found["author_date"].to_pylist(), strict=True
    ):
        local = datetime.fromisoformat(text)
        offset = local.utcoffset()
        assert offset is not None
        day = local.astimezone(UTC).date()
        key = (
            author,
            day.replace(day=1 if day.day <= 15 else 16),
            int(offset.total_seconds()) // 60,
        )
        plain[key] = plain.get(key, 0) + 1
    assert {tuple(row.values())[:3]: row["commit_count"] for row in counted.to_pylist()} == plain
