"""A month of the sandbox from archive files to alert, against the world's planted truth."""

import json
from datetime import date
from typing import Any

import dagster as dg
import duckdb
import pyarrow as pa
import pytest

from checks.archive import volume_losses
from tests.orchestration.conftest import DAYS, LAST, PLAIN, Month

SYNTHETIC = "[sandbox, synthetic]"
LOSS_DAYS = [date(2024, 12, 9), date(2024, 12, 10)]
TABLES = (
    "core.events",
    "core.actor_days",
    "core.actor_evidence",
    "core.actor_country",
    "core.attribution_model",
    "mart.attribution_reliability",
    "mart.country_activity",
    "mart.engagement",
    "mart.concentration",
    "mart.engagement_index",
    "mart.country_ratio",
    "mart.crossings",
    "ops.alerts",
    "ops.outbox",
)


def tables(month: Month) -> dict[str, pa.Table]:
    return {
        name: month.warehouse.query(f"SELECT * FROM {name} ORDER BY ALL")  # noqa: S608
        for name in TABLES
    }


@pytest.mark.parametrize("day", [*DAYS[::3], date(2024, 11, 25), date(2024, 11, 30)])
def test_core_events_are_exactly_the_worlds_events_on_tracked_repositories(
    month: Month, day: date
) -> None:
    truth = month.world.events_of(day)
    chosen = truth.is_tracked & ~truth.is_bot
    expected = set(
        zip(
            truth.event_type[chosen].tolist(),
            truth.event_id[chosen].astype(str).tolist(),
            truth.actor_id[chosen].tolist(),
            strict=True,
        )
    )
    rows = month.warehouse.query(
        "SELECT event_type, event_id, actor_id FROM core.events "
        "WHERE event_date = ? AND is_tracked AND event_type != 'Commit'",
        [day],
    ).to_pylist()
    found = [(row["event_type"], row["event_id"], row["actor_id"]) for row in rows]
    # The first request for 2024-12-12, hour 6 is refused: see the next run of that day.
    assert len(found) == len(set(found))
    assert set(found) == expected


def test_commits_are_events_of_their_committers_day_once_each_without_bots(month: Month) -> None:
    day = date(2024, 11, 20)
    planted = {
        each.sha: each
        for history in month.world.commits.values()
        for each in history
        if each.committed_at.date() == day and not each.is_bot
    }
    rows = month.warehouse.query(
        "SELECT event_id, created_at, actor_id, event_group, repo_id FROM core.events "
        "WHERE event_date = ? AND event_type = 'Commit'",
        [day],
    ).to_pylist()
    assert len(rows) == len(planted) > 200
    for row in rows:
        commit = planted[row["event_id"]]
        has_id = commit.author_email.startswith(f"{commit.author_id}+")
        assert row["actor_id"] == (commit.author_id if has_id else commit.linked_id)
        assert (row["created_at"], row["event_group"]) == (commit.committed_at, "contribution")


def test_the_planted_rise_is_found_and_fires_one_alert_once(month: Month) -> None:
    shares = dict(
        zip(
            *month.warehouse.query(
                "SELECT activity_date, located_share FROM mart.engagement "  # noqa: S608
                f"WHERE {PLAIN} AND country_iso2 = 'CN' AND event_group = 'attention' "
                "ORDER BY activity_date"
            ).columns,
            strict=True,
        )
    )
    by_day = {day.as_py(): share.as_py() for day, share in shares.items()}
    assert by_day[date(2024, 12, 1)] < 0.25
    assert by_day[LAST] > 0.33
    rises = f"{SYNTHETIC} Firing: China's share of attention to"
    (text,) = (json.dumps(each) for each in messages_of(month) if each["text"].startswith(rises))
    assert "synthetic" in text
    assert "95 % interval" in text
    (alert,) = month.warehouse.query(
        "SELECT * FROM ops.alerts WHERE rule_id = 'cn-attention-share-high'"
    ).to_pylist()
    assert alert["state"] == "firing"
    assert date(2024, 12, 2) <= alert["since_date"] <= date(2024, 12, 7)
    assert alert["evaluated_through"] == LAST


def test_the_planted_loss_is_said_to_be_the_sources_and_no_shift(month: Month) -> None:
    """Two days on which the first archive has 30 % of the stars; the second has 60 % as always."""
    messages = messages_of(month)
    (lost,) = (
        each
        for each in messages
        if each["text"].startswith(f"{SYNTHETIC} Upstream") and "blocks" in each
        if each.get("thread_ts") in (None, each["ts"])
    )
    chart, back = (each for each in messages if each.get("thread_ts") == lost["ts"] != each["ts"])
    assert chart["files"]
    said = str(lost["blocks"])
    assert "gharchive, stars and forks*: captured share of stars" in said
    assert "*2024-12-09 (UTC)*" in said
    assert "opendigger" not in said
    # When it was over, the message that said so was changed, too.
    assert "Upstream, resolved:" in lost["text"]
    assert "gharchive, stars and forks" in back["text"]
    assert "2024-12-11 (UTC)" in back["text"]
    rows = month.warehouse.query(
        "SELECT coverage_date, source, capture_rate, capture_rate_ci_low, capture_rate_ci_high, "
        "status FROM core.coverage WHERE scope = 'tracked' AND event_type = 'WatchEvent' "
        "AND repo_id IS NULL ORDER BY coverage_date"
    ).to_pylist()
    of = {(row["coverage_date"], row["source"]): row for row in rows}
    losses = [date(2024, 12, 9), date(2024, 12, 10)]
    for day in losses:
        assert of[day, "gharchive"]["status"] == "degraded"
        assert of[day, "gharchive"]["capture_rate"] == pytest.approx(0.3, abs=0.05)
        assert of[day, "opendigger"]["capture_rate"] == pytest.approx(0.6, abs=0.08)
    sound = [day for day in DAYS if day not in losses]
    assert {of[day, "gharchive"]["status"] for day in sound} == {"sound"}
    assert {of[day, "combined"]["status"] for day in sound} == {"sound"}


def messages_of(month: Month) -> list[dict[str, Any]]:
    """What Slack took, the oldest first: five weekly notes, three alerts with charts, an end."""
    messages = month.server.slack_messages()
    keys = [each.get("metadata", {}).get("event_payload", {}).get("key") for each in messages]
    sundays = ["2024-11-17", "2024-11-24", "2024-12-01", "2024-12-08", "2024-12-15"]
    lost = "upstream-capture:gharchive:attention:2024-12-09:firing"
    *begun, end = sorted(filter(None, keys))
    assert begun == [
        "cn-attention-share-high:2024-12-06:firing",
        "cn-us-attention-crossover:2024-12-08:firing",
        *(f"heartbeat:{day}" for day in sundays),
        lost,
    ]
    assert end.startswith(f"{lost}>2024-12-11:")
    assert len([each for each in messages if each.get("files")]) == keys.count(None) == 3
    return messages


def test_the_planted_faults_are_stated_hour_by_hour(month: Month) -> None:
    rows = month.warehouse.query(
        "SELECT file_hour::VARCHAR AS hour, status, bad_line_count, duplicate_count, member_count "
        "FROM raw.archive_hours WHERE status != 'complete' OR bad_line_count > 0 "
        "OR duplicate_count > 0 OR member_count > 1 ORDER BY file_hour"
    ).to_pylist()
    found = {row["hour"][:13]: row for row in rows}
    assert found["2024-11-25 09"]["bad_line_count"] > 0
    assert found["2024-11-28 14"]["status"] == "truncated"
    assert found["2024-11-30 20"]["member_count"] > 1
    assert found["2024-12-05 03"]["status"] == "missing"
    assert found["2024-12-05 04"]["status"] == "missing"
    assert set(found) - {"2024-12-12 06"} == {
        "2024-11-25 09",
        "2024-11-28 14",
        "2024-11-30 20",
        "2024-12-05 03",
        "2024-12-05 04",
    }


def test_the_planted_loss_is_all_that_the_volume_check_names(month: Month) -> None:
    losses = volume_losses(month.lake, DAYS)
    assert [(loss.day, loss.event_type) for loss in losses] == [
        (day, "WatchEvent") for day in LOSS_DAYS
    ]
    assert all(0.25 < loss.ratio < 0.5 for loss in losses)


def test_the_loss_warns_in_its_run_and_every_blocking_check_passed(month: Month) -> None:
    verdicts = {}
    for run_id in month.run_ids:
        records = month.instance.get_records_for_run(
            run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ).records
        for record in records:
            event = record.event_log_entry.get_dagster_event()
            data = event.asset_check_evaluation_data
            verdicts[run_id, data.check_name] = (data.passed, data.severity)
    warned = dg.AssetCheckSeverity.WARN
    volume = [verdicts[run_id, "volume_as_usual"] for run_id in month.run_ids]
    assert volume == [(True, warned), (True, warned), (False, warned)]
    for run_id in month.run_ids:
        for name in ("events_suite", "actor_country_suite", "engagement_suite"):
            assert verdicts[run_id, name][0], name
        assert verdicts[run_id, "published_as_staged"][0]


def test_what_is_published_shows_no_small_cell_and_no_account(month: Month) -> None:
    current = month.settings.data / "published" / "current"
    with duckdb.connect(str(current / "observatory.duckdb"), read_only=True) as connection:
        smallest = connection.execute(
            "SELECT min(actor_count) FROM (SELECT actor_count FROM engagement UNION ALL "
            "SELECT actor_count FROM country_activity)"
        ).fetchall()
        columns = connection.execute("SELECT column_name FROM information_schema.columns")
        names = {row[0] for row in columns.fetchall()}
        newest = connection.execute("SELECT max(activity_date) FROM engagement").fetchall()
    assert smallest[0][0] >= 5
    assert newest == [(LAST,)]
    assert not names & {"actor_id", "login", "location", "company", "event_id"}


def test_the_same_days_again_give_the_same_rows_no_message_and_no_question(month: Month) -> None:
    # 2024-12-12 is left out: its late file arrives with the second request, as planted.
    before = tables(month)
    asked = [r for r in month.server.requests() if r.path.startswith("/graphql")]
    result = month.runner.days(date(2024, 12, 13), LAST)
    assert result.error == ""
    assert tables(month) == before
    assert [r for r in month.server.requests() if r.path.startswith("/graphql")] == asked
    assert len(messages_of(month)) == 12


def test_a_file_that_was_missing_is_asked_for_again_and_its_events_join_their_day(
    month: Month,
) -> None:
    day = date(2024, 12, 12)

    def status() -> list[str]:
        rows = month.warehouse.query(
            "SELECT status FROM raw.archive_hours WHERE file_hour = '2024-12-12 06:00:00+00' "
            "AND source = 'gharchive'"
        )
        return rows["status"].to_pylist()

    if status() == ["missing"]:
        assert month.runner.days(day, day).error == ""
    assert status() == ["complete"]
    truth = month.world.events_of(day)
    chosen = truth.is_tracked & ~truth.is_bot
    (row,) = month.warehouse.query(
        "SELECT count(*) AS n FROM core.events WHERE event_date = ? AND is_tracked "
        "AND event_type != 'Commit'",
        [day],
    ).to_pylist()
    assert row["n"] == int(chosen.sum())
    assert len(messages_of(month)) == 12
