"""core.coverage of a day: which yardstick speaks, what it says, and planted losses."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from assets.activity.tables import ARCHIVE_TOTALS
from assets.coverage.cells import GROUP_OF_TYPE
from assets.coverage.coverage import day_coverage
from assets.coverage.tables import COVERAGE
from assets.coverage.yardsticks import SourceDay
from assets.reference.model import UpstreamBreak

DAY = date(2026, 6, 17)
A, B, C = "gharchive", "opendigger", "github_events"
BOTH = {A: SourceDay(), B: SourceDay()}
#: event_type, repo_id, sources, how many; optionally is_tracked and is_panel
Seen = tuple[str, int, Sequence[str], int]


def seen_of(events: Sequence[Seen], scope: str = "tracked") -> pa.Table:
    flat = [event for event in events for _ in range(event[3])]
    return pa.table(
        {
            "event_type": pa.array([each[0] for each in flat], pa.string()),
            "event_group": pa.array([GROUP_OF_TYPE.get(each[0], "other") for each in flat]).cast(
                pa.string()
            ),
            "repo_id": pa.array([each[1] for each in flat], pa.int64()),
            "is_tracked": pa.array([scope == "tracked"] * len(flat), pa.bool_()),
            "is_panel": pa.array([scope == "panel"] * len(flat), pa.bool_()),
            "sources": pa.array([list(each[2]) for each in flat], pa.list_(pa.string())),
        }
    )


def two(kind: str, first: int, second: int, both: int, repo_id: int = 1) -> list[Seen]:
    """Events of which A saw `first`, B `second`, and both `both`."""
    return [
        (kind, repo_id, [A], first - both),
        (kind, repo_id, [B], second - both),
        (kind, repo_id, [A, B], both),
    ]


def history_of(stars: Mapping[int, int], around: bool = True) -> pa.Table:
    """Stars by repository, the same on the days before and after."""
    days = [DAY + timedelta(days=off) for off in ((-1, 0, 1) if around else (0,))]
    rows = [(repo_id, day, count) for repo_id, count in stars.items() for day in days]
    return pa.table(
        {
            "repo_id": pa.array([row[0] for row in rows], pa.int64()),
            "star_date": pa.array([row[1] for row in rows], pa.date32()),
            "star_count": pa.array([row[2] for row in rows], pa.int64()),
        }
    )


def totals_of(
    source: str, kind: str, usual: int, today: int, hours: int = 24, days: int = 60
) -> pa.Table:
    """raw.archive_totals: the same number every hour, another one on the day."""
    return ARCHIVE_TOTALS.arrow(
        [
            {
                "source": source,
                "archive_date": DAY - timedelta(days=back),
                "file_hour": datetime.combine(DAY - timedelta(days=back), time(hour), tzinfo=UTC),
                "event_type": kind,
                "event_count": usual if back else today,
            }
            for back in range(days)
            for hour in range(24 if back else hours)
        ]
    )


NO_STARS = history_of({})
NO_TOTALS = ARCHIVE_TOTALS.arrow_schema.empty_table()


def known_loss(source: str, affects: str = "all") -> UpstreamBreak:
    return UpstreamBreak(datetime(2026, 6, 1, tzinfo=UTC), None, source, affects, "loss", "test")


def judged(
    events: Sequence[Seen],
    sources: Mapping[str, SourceDay] = BOTH,
    *,
    stars: pa.Table = NO_STARS,
    totals: pa.Table = NO_TOTALS,
    breaks: Sequence[UpstreamBreak] = (),
    scope: str = "tracked",
) -> dict[tuple[str, str | None, int | None], dict[str, Any]]:
    """Rows of a scope by (source, event type or `group:` name, repository)."""
    table = day_coverage(DAY, seen_of(events, scope), stars, totals, breaks, sources)
    assert table.schema == COVERAGE.arrow_schema
    rows = table.to_pylist()
    keys = [tuple(row[name] for name in COVERAGE.key) for row in rows]
    assert len(keys) == len(set(keys))
    for row in rows:
        consistent(row)
    return {
        (row["source"], row["event_type"] or f"group:{row['event_group']}", row["repo_id"]): row
        for row in rows
        if row["scope"] == scope
    }


def consistent(row: Mapping[str, Any]) -> None:
    """Bounds in order, nulls together, no total below what was captured."""
    for name in ("estimated_events", "capture_rate"):
        triple = [row[f"{name}_ci_low"], row[name], row[f"{name}_ci_high"]]
        assert len({value is None for value in triple}) == 1
        if row[name] is not None:
            assert triple == sorted(triple)
    if row["estimated_events"] is not None:
        assert row["estimated_events_ci_low"] >= row["captured_count"]
    if row["capture_rate"] is not None:
        assert 0 <= row["capture_rate_ci_low"] <= row["capture_rate_ci_high"] <= 1


def told(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["yardstick"], row["status"]


def test_two_sources_judge_each_other_and_the_union() -> None:
    """600 and 500 seen, 300 by both: 601 · 501 / 301 - 1 = 999.33, of which 800 by either."""
    rows = judged(two("ForkEvent", 600, 500, 300))
    total = 601 * 501 / 301 - 1
    for source, captured, status in (
        (A, 600, "degraded"),
        (B, 500, "degraded"),
        ("combined", 800, "sound"),
    ):
        row = rows[source, "ForkEvent", None]
        assert told(row) == ("two_sources", status)
        assert row["captured_count"] == captured
        assert row["estimated_events"] == pytest.approx(total)
        assert row["capture_rate"] == pytest.approx(captured / total)


def test_a_pair_too_uncertain_to_tell_says_nothing_of_a_type() -> None:
    """6 and 30 seen, 3 by both: 7 · 31 / 4 - 1 = 53.25, from 38 or so to over 100."""
    row = judged(two("ForkEvent", 6, 30, 3))["combined", "ForkEvent", None]
    assert told(row) == ("none", "unknown")
    assert row["estimated_events"] is None


def test_a_pair_too_uncertain_to_tell_speaks_where_something_else_says_loss() -> None:
    """The same 33 of 53.25, and A's past or the calendar of A says that it lost events."""
    events = two("ForkEvent", 6, 30, 3)
    fallen = totals_of(A, "ForkEvent", 1_000, 200)
    for rows in (judged(events, totals=fallen), judged(events, breaks=[known_loss(A)])):
        row = rows["combined", "ForkEvent", None]
        assert told(row) == ("two_sources", "degraded")
        assert row["estimated_events"] == pytest.approx(7 * 31 / 4 - 1)


@pytest.mark.parametrize("seen_by_second", [0, 1, 3])
def test_a_second_source_that_saw_next_to_nothing_does_not_make_a_loss_sound(
    seen_by_second: int,
) -> None:
    """A holds a fifth of what it usually does; what B has, A has too, or B has nothing at all.

    (n1 + 1)(n2 + 1) / (m + 1) - 1 = 100 whatever n2 = m is: as if A had seen everything.
    """
    events = two("WatchEvent", 100, seen_by_second, seen_by_second)
    totals = totals_of(A, "WatchEvent", 20, 4)
    for breaks in ([], [known_loss(A)]):
        rows = judged(events, totals=totals, breaks=breaks)
        for source in (A, "combined"):
            row = rows[source, "WatchEvent", None]
            assert told(row) == ("volume", "degraded")
            assert row["capture_rate"] == pytest.approx(0.2)
        assert rows["combined", "group:attention", None]["status"] == "degraded"
        assert rows[B, "WatchEvent", None]["status"] == "degraded"  # 3 of 100 at most


def test_who_saw_nothing_of_a_type_does_not_make_up_for_a_known_loss() -> None:
    row = judged([("ForkEvent", 1, [A], 50)], breaks=[known_loss(A)])["combined", "ForkEvent", None]
    assert told(row) == ("calendar", "degraded")


@pytest.mark.parametrize(("first", "second"), [(0.3, 0.01), (0.2, 0.005), (0.3, 0.05)])
def test_a_thin_second_source_never_makes_a_third_of_the_events_sound(
    first: float, second: float
) -> None:
    """A's past says that it lost most; two sources that see 20 to 34 % of 150 together."""
    rng = np.random.default_rng(5)
    totals = totals_of(A, "ForkEvent", 1_000, round(1_000 * first))
    for _ in range(40):
        had = rng.random((150, 2)) < (first, second)
        events = two("ForkEvent", *had.sum(axis=0).tolist(), int(had.all(axis=1).sum()))
        rows = judged(events, totals=totals)
        assert rows["combined", "ForkEvent", None]["status"] == "degraded"
        assert rows[A, "ForkEvent", None]["status"] == "degraded"


def test_a_pair_that_may_hide_a_loss_gives_way_to_pasts_that_say_one() -> None:
    """Both archives have 0.3 of their past; they lost the same minutes, and agree on 40 of 60.

    The pair says 80 of 61 · 61 / 41 - 1 = 89.8, 0.76 to 0.95; the pasts, 80 of 200.
    """
    events = two("ForkEvent", 60, 60, 40)
    fallen = pa.concat_tables([totals_of(each, "ForkEvent", 1_000, 300) for each in (A, B)])
    row = judged(events, totals=fallen)["combined", "ForkEvent", None]
    assert told(row) == ("volume", "degraded")
    assert row["estimated_events"] == pytest.approx(200)
    usual = pa.concat_tables([totals_of(each, "ForkEvent", 1_000, 1_000) for each in (A, B)])
    for totals in (usual, NO_TOTALS):
        row = judged(events, totals=totals)["combined", "ForkEvent", None]
        assert told(row) == ("two_sources", "sound")


def test_few_events_of_which_none_is_common_are_not_known_to_be_few() -> None:
    """5 that A saw and none that B did: there may have been 5, or hundreds."""
    both = [known_loss(A), known_loss(B)]
    row = judged([("ForkEvent", 1, [A], 5)], breaks=both)["combined", "group:attention", None]
    assert told(row) == ("calendar", "degraded")
    row = judged(two("ForkEvent", 5, 5, 5), breaks=both)["combined", "group:attention", None]
    assert row["status"] == "unknown"


def test_a_wide_interval_on_one_side_of_the_bound_says_enough() -> None:
    """A saw 5 of 100, B 50: how many there were is uncertain, that A lost most is not."""
    rows = judged(two("ForkEvent", 5, 50, 3))
    assert told(rows[A, "ForkEvent", None]) == ("two_sources", "degraded")


def test_few_events_are_unknown() -> None:
    row = judged(two("ForkEvent", 8, 8, 8))["combined", "ForkEvent", None]
    assert told(row) == ("none", "unknown")
    assert row["message"] == "too few events to tell"


def test_one_source_without_a_past_is_unknown_and_with_a_known_loss_degraded() -> None:
    events = [("ForkEvent", 1, [A], 50)]
    alone = {A: SourceDay()}
    assert told(judged(events, alone)["combined", "ForkEvent", None]) == ("none", "unknown")
    row = judged(events, alone, breaks=[known_loss(A)])["combined", "ForkEvent", None]
    assert told(row) == ("calendar", "degraded")
    assert row["capture_rate"] is None


def test_a_known_loss_of_one_source_is_none_of_all_together() -> None:
    events = two("ForkEvent", 3, 50, 2)
    rows = judged(events, {A: SourceDay(), B: SourceDay(complete_hours=11)}, breaks=[known_loss(A)])
    assert told(rows[A, "ForkEvent", None]) == ("calendar", "degraded")
    assert told(rows[B, "ForkEvent", None]) == ("none", "unknown")
    assert told(rows["combined", "ForkEvent", None]) == ("none", "unknown")


def test_star_history_goes_before_two_sources_for_stars_of_tracked_repositories() -> None:
    """Both lose the same busy minutes: their pair says 125 stars, the history 400."""
    events = two("WatchEvent", 100, 100, 80)
    rows = judged(events, stars=history_of({1: 400}))
    row = rows["combined", "WatchEvent", None]
    assert told(row) == ("star_history", "degraded")
    assert (row["estimated_events"], row["capture_rate"]) == (400, 0.3)
    assert told(judged(events)["combined", "WatchEvent", None]) == ("two_sources", "sound")


def test_withdrawn_stars_do_not_hide_a_loss_that_two_sources_see() -> None:
    """The history kept 700 of a thousand stars; 500 and 400 seen, 200 by both: 998.5."""
    rows = judged(two("WatchEvent", 500, 400, 200), stars=history_of({1: 700}))
    row = rows["combined", "WatchEvent", None]
    assert told(row) == ("two_sources", "degraded")
    assert row["estimated_events"] == pytest.approx(501 * 401 / 201 - 1)


def test_a_history_that_lost_a_fifth_of_the_captured_stars_is_no_yardstick() -> None:
    events = [("WatchEvent", 1, [A], 100)]
    alone = {A: SourceDay()}
    assert told(judged(events, alone, stars=history_of({1: 85}))[A, "WatchEvent", None]) == (
        "star_history",
        "sound",
    )
    row = judged(events, alone, stars=history_of({1: 79}))[A, "WatchEvent", None]
    assert told(row) == ("none", "unknown")


def test_stars_that_nobody_captured_are_seen_to_be_missing() -> None:
    rows = judged([], {A: SourceDay()}, stars=history_of({1: 40, 2: 10}))
    assert rows[A, "WatchEvent", None]["estimated_events"] == 50
    assert told(rows[A, "WatchEvent", None]) == ("star_history", "degraded")
    assert told(rows["combined", "group:attention", None]) == ("star_history", "degraded")
    assert rows[A, "WatchEvent", 1]["capture_rate"] == 0
    assert (A, "WatchEvent", 2) not in rows


def test_repositories_without_a_history_are_taken_at_the_rate_of_the_others() -> None:
    """90 of 100 captured on repository 1; 60 more captured on repository 2: 100 · 150 / 90."""
    events: list[Seen] = [("WatchEvent", 1, [A], 90), ("WatchEvent", 2, [A], 60)]
    alone = {A: SourceDay()}
    row = judged(events, alone, stars=history_of({1: 100}))[A, "WatchEvent", None]
    assert row["estimated_events"] == pytest.approx(100 * 150 / 90)
    small = judged(events, alone, stars=history_of({2: 60, 3: 5}))[A, "WatchEvent", None]
    assert told(small) == ("none", "unknown")


def test_githubs_own_events_are_a_second_source_where_they_have_no_gap() -> None:
    """On repository 1 GitHub has all 200, A 100 of them; A has 80 on repository 2: 360 in all."""
    events: list[Seen] = [
        ("ForkEvent", 1, [A, C], 100),
        ("ForkEvent", 1, [C], 100),
        ("ForkEvent", 2, [A], 80),
    ]
    sources = {A: SourceDay(), C: SourceDay(repositories=frozenset({1}))}
    rows = judged(events, sources)
    row = rows[A, "ForkEvent", None]
    assert told(row) == ("two_sources", "degraded")
    assert row["estimated_events"] == pytest.approx(200 * 180 / 100, rel=1e-3)
    assert rows["combined", "ForkEvent", None]["captured_count"] == 280
    assert rows[A, "ForkEvent", 1]["estimated_events"] == pytest.approx(200, rel=1e-3)
    assert (A, "ForkEvent", 2) not in rows


def test_of_three_sources_the_narrowest_pair_speaks_and_the_union_counts() -> None:
    """C has nearly all of it: with C the total is known to one in a hundred."""
    rng = np.random.default_rng(4)
    names = (A, B, C)
    had = rng.random((1_000, 3)) < (0.3, 0.5, 0.97)
    events: list[Seen] = [
        ("ForkEvent", 1, [name for name, is_seen in zip(names, row, strict=True) if is_seen], 1)
        for row in had
        if row.any()
    ]
    sources = {**BOTH, C: SourceDay(repositories=frozenset({1}))}
    row = judged(events, sources)["combined", "ForkEvent", None]
    assert row["captured_count"] == int(had.any(axis=1).sum())
    assert row["estimated_events_ci_low"] <= 1_000 <= row["estimated_events_ci_high"]
    assert row["estimated_events_ci_high"] - row["estimated_events_ci_low"] < 40


def test_volume_speaks_for_a_source_alone_and_needs_its_upper_bound_under_the_threshold() -> None:
    alone = {A: SourceDay()}
    for today, status in ((1_000, "sound"), (750, "sound"), (200, "degraded")):
        rows = judged(
            [("ForkEvent", 1, [A], 50)], alone, totals=totals_of(A, "ForkEvent", 1_000, today)
        )
        for source in (A, "combined"):
            row = rows[source, "ForkEvent", None]
            assert told(row) == ("volume", status)
            assert row["capture_rate"] == pytest.approx(today / 1_000)
            assert row["estimated_events"] == pytest.approx(50_000 / today)


def test_within_a_known_loss_the_volume_itself_decides() -> None:
    row = judged(
        [("ForkEvent", 1, [A], 50)],
        {A: SourceDay()},
        totals=totals_of(A, "ForkEvent", 1_000, 750),
        breaks=[known_loss(A)],
    )[A, "ForkEvent", None]
    assert told(row) == ("volume", "degraded")


def test_missing_files_lower_a_source_that_only_its_past_judges() -> None:
    row = judged(
        [("ForkEvent", 1, [A], 50)],
        {A: SourceDay(complete_hours=6)},
        totals=totals_of(A, "ForkEvent", 1_000, 1_000, hours=6),
    )[A, "ForkEvent", None]
    assert row["capture_rate"] == pytest.approx(6 / 24)
    assert row["status"] == "degraded"


def test_by_volume_all_sources_together_go_by_the_one_that_claims_most() -> None:
    """A used to have everything and has 25 of 100 now; B had 60 all along and thinks it is whole.

    A's 25 at a quarter of its usual volume are 100; together they have 70.
    """
    events = two("ForkEvent", 250, 600, 150)
    totals = pa.concat_tables(
        [totals_of(A, "ForkEvent", 1_000, 250), totals_of(B, "ForkEvent", 600, 600)]
    )
    halves = {A: SourceDay(), B: SourceDay(complete_hours=11)}
    rows = judged(events, halves, totals=totals)
    assert rows[B, "ForkEvent", None]["capture_rate"] == pytest.approx(1.0)
    row = rows["combined", "ForkEvent", None]
    assert row["yardstick"] == "volume"
    assert row["estimated_events"] == pytest.approx(1_000)
    assert row["capture_rate"] == pytest.approx(0.7)


def test_a_type_that_is_usual_and_not_seen_has_a_row() -> None:
    row = judged([], {A: SourceDay()}, totals=totals_of(A, "ForkEvent", 1_000, 10))[
        A, "ForkEvent", None
    ]
    assert told(row) == ("volume", "degraded")
    assert (row["captured_count"], row["capture_rate"]) == (0, pytest.approx(0.01))


def test_a_group_adds_up_what_its_types_captured_and_were() -> None:
    """Stars 100 of 400 by history, forks 100 of 100 by the pair: 200 of 500."""
    events = two("WatchEvent", 100, 100, 100) + two("ForkEvent", 100, 100, 100)
    row = judged(events, stars=history_of({1: 400}))["combined", "group:attention", None]
    assert row["captured_count"] == 200
    assert row["estimated_events"] == pytest.approx(500)
    assert row["capture_rate"] == pytest.approx(0.4)
    assert told(row) == ("star_history", "degraded")


def test_a_type_lost_to_an_unknown_degree_makes_its_group_degraded_without_a_rate() -> None:
    """Forks are well known, of stars only that most are lost: the forks must not hide it."""
    totals = totals_of(A, "ForkEvent", 1_000, 1_000)
    events: list[Seen] = [("ForkEvent", 1, [A], 500), ("WatchEvent", 1, [A], 5)]
    row = judged(events, {A: SourceDay()}, totals=totals, breaks=[known_loss(A, "WatchEvent")])[
        "combined", "group:attention", None
    ]
    assert told(row) == ("calendar", "degraded")
    assert row["estimated_events"] is None
    assert "WatchEvent" in row["message"]


@pytest.mark.parametrize(
    ("unrated", "told_of_group"), [(20, ("volume", "sound")), (200, ("none", "unknown"))]
)
def test_types_without_an_estimate_go_with_the_others_while_they_are_few(
    unrated: int, told_of_group: tuple[str, str]
) -> None:
    totals = totals_of(A, "ForkEvent", 1_000, 900)
    events: list[Seen] = [("ForkEvent", 1, [A], 180), ("WatchEvent", 1, [A], unrated)]
    row = judged(events, {A: SourceDay()}, totals=totals)[A, "group:attention", None]
    assert told(row) == told_of_group
    assert row["captured_count"] == 180 + unrated
    if unrated == 20:
        assert row["estimated_events"] == pytest.approx(200 / 0.9)


def test_the_panel_is_judged_by_archives_alone() -> None:
    sources = {**BOTH, C: SourceDay(repositories=frozenset({1}))}
    rows = judged(two("PushEvent", 500, 500, 480), sources, scope="panel")
    assert {source for source, _, _ in rows} == {A, B, "combined"}
    assert told(rows[A, "PushEvent", None]) == ("two_sources", "sound")
    assert all(repo_id is None for _, _, repo_id in rows)


def test_commits_are_in_no_row_and_sources_not_asked_have_none() -> None:
    events: list[Seen] = [("Commit", 1, ["git"], 50), ("PushEvent", 1, [A], 20)]
    rows = judged(events, {A: SourceDay(), B: SourceDay(complete_hours=0)})
    assert {kind for _, kind, _ in rows if kind and not kind.startswith("group:")} == {"PushEvent"}
    assert {source for source, _, _ in rows} == {A, "combined"}
    assert rows["combined", "group:contribution", None]["captured_count"] == 20


def test_a_day_without_anything_has_a_row_for_every_group_and_knows_nothing() -> None:
    rows = judged([], {})
    assert [kind for _, kind, _ in rows] == [
        "group:contribution",
        "group:participation",
        "group:attention",
        "group:other",
    ]
    assert {told(row) for row in rows.values()} == {("none", "unknown")}


def test_repositories_have_rows_from_thirty_estimated_events_on() -> None:
    events = [
        *two("ForkEvent", 30, 30, 30, repo_id=1),
        *two("ForkEvent", 29, 29, 29, repo_id=2),
        *two("ForkEvent", 20, 18, 12, repo_id=3),  # 21 · 19 / 13 - 1 = 29.7
        *two("ForkEvent", 10, 20, 5, repo_id=4),  # 11 · 21 / 6 - 1 = 37.5
    ]
    rows = judged(events)
    assert sorted({repo_id for _, _, repo_id in rows if repo_id is not None}) == [1, 4]
    row = rows["combined", "ForkEvent", 4]
    assert row["captured_count"] == 25
    assert row["estimated_events"] == pytest.approx(37.5)
    assert row["status"] == "unknown"  # 25 of 28 to 86: it may be above or below 0.8


@pytest.mark.parametrize("chances", [(0.3, 0.6), (0.9, 0.6), (0.95, 0.95)])
def test_groups_cover_the_planted_totals_of_types_captured_at_different_rates(
    chances: tuple[float, float],
) -> None:
    """Forty days of 600 stars and 250 forks: the sum of both by the pair."""
    rng = np.random.default_rng(17)
    covered = []
    for _ in range(40):
        events: list[Seen] = []
        truth = 0
        for kind, count in (("WatchEvent", 600), ("ForkEvent", 250)):
            had = rng.random((count, 2)) < chances
            truth += count
            events += [
                (kind, 1, [name for name, is_seen in zip((A, B), row, strict=True) if is_seen], 1)
                for row in had
                if row.any()
            ]
        row = judged(events)["combined", "group:attention", None]
        covered.append(row["estimated_events_ci_low"] <= truth <= row["estimated_events_ci_high"])
        assert row["status"] == ("degraded" if chances == (0.3, 0.6) else "sound")
    assert np.mean(covered) >= 0.85
