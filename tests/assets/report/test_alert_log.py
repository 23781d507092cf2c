"""The log of alerts: which messages are in it, and what of them."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from assets.report.alert_log import published_log
from assets.report.alerts import MOST_LINES, AlertLog, alerts_section
from assets.report.tables import ALERT_LOG
from tests.assets.report.editions import edition, said

AT = datetime(2024, 12, 17, 2, tzinfo=UTC)


def message(key: str, text: str = "Firing: high\nChina 81.6 %", **others: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "message_key": key,
        "kind": "threshold",
        "message": json.dumps({"text": text}),
        "created_at": AT,
        "delivered_at": AT,
        "dead_at": None,
        **others,
    }


def log(*messages: dict[str, Any]) -> list[dict[str, Any]]:
    schema = pa.schema(
        [(name, pa.string()) for name in ("message_key", "kind", "message")]
        + [(name, pa.timestamp("us", "UTC")) for name in ("created_at", "delivered_at", "dead_at")]
    )
    rows: list[dict[str, Any]] = published_log(
        pa.Table.from_pylist(list(messages), schema=schema)
    ).to_pylist()
    return rows


@pytest.mark.parametrize(
    ("key", "day", "stage"),
    [
        ("cn-high:2024-12-06:firing", date(2024, 12, 6), "firing"),
        ("upstream:gharchive:attention:2024-12-09:firing", date(2024, 12, 9), "firing"),
        ("loss:2024-12-09:8e6402a53a17:firing", date(2024, 12, 9), "firing"),
        ("a:2024-12-09:firing>2024-12-11:8e6402a53a17:resolved", date(2024, 12, 11), "resolved"),
    ],
)
def test_each_message_of_an_alert_has_its_day_of_data_and_its_stage(
    key: str, day: date, stage: str
) -> None:
    (row,) = log(message(key))
    assert (row["data_date"], row["stage"], row["said_at"]) == (day, stage, AT)


def test_figures_stay_behind_and_the_title_is_as_it_is_read() -> None:
    text = "[sandbox, synthetic] Firing: R&amp;D &lt;1 %&gt;\nChina 81.6 %"
    (row,) = log(message("cn-high:2024-12-06:firing", text))
    assert row["title"] == "Firing: R&D <1 %>"
    assert "81.6" not in str(row)


def test_messages_of_no_alert_are_not_in_it() -> None:
    assert log(message("heartbeat:2024-12-08"), message("failed_run:0a1b2c3d")) == []


def test_it_says_what_slack_did_not_take() -> None:
    key = "cn-high:2024-12-{:02}:firing"
    rows = log(
        message(key.format(1)),
        message(key.format(2), delivered_at=None),
        message(key.format(3), delivered_at=None, dead_at=AT),
    )
    assert [row["delivery"] for row in rows] == ["delivered", "waiting", "dead"]


@pytest.mark.parametrize(
    ("key", "subject"),
    [
        ("cn-high:2024-12-06:firing", ""),
        ("share-change:FR:2024-12-08:firing", "FR"),
        ("upstream-capture:gharchive:attention:2024-12-09:firing", "gharchive, attention"),
        (
            "upstream-capture:gharchive:other:2024-12-09:firing>2024-12-11:8e6402a53a17:resolved",
            "gharchive, other",
        ),
    ],
)
def test_the_page_names_what_an_alert_is_about(key: str, subject: str) -> None:
    rows = ALERT_LOG.arrow([{**said(5, "firing", "a title"), "message_key": key}])
    content = alerts_section(edition(alert_log=rows)).content
    assert isinstance(content, AlertLog)
    assert [line.subject for line in content.lines] == [subject]


def test_the_page_shows_the_newest_first_and_says_how_many_it_leaves_out() -> None:
    rows = [
        {**said(5, "firing", f"title {n}"), "said_at": AT + timedelta(minutes=n)}
        for n in range(MOST_LINES + 7)
    ]
    content = alerts_section(edition(alert_log=ALERT_LOG.arrow(rows))).content
    assert isinstance(content, AlertLog)
    assert len(content.lines) == MOST_LINES
    assert content.lines[0].title == "title 106"
    assert content.older_count == 7
