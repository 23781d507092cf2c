"""The log of alerts: when each began, went on and ended, the newest first."""

import re
from dataclasses import dataclass
from datetime import date

from assets.report.edition import Edition
from assets.report.section import Section
from assets.report.tables import ALERT_LOG

MOST_LINES = 100
#: A message's key begins with its alert's id, or with the cause of several alerts, and a date.
_ALERT = re.compile(r"(.+?)[:>]\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class LogLine:
    """A message of an alert."""

    said_at: str
    data_date: date
    stage: str
    title: str
    subject: str
    kind: str
    delivery: str


@dataclass(frozen=True, slots=True)
class AlertLog:
    """What the section shows.

    Attributes:
        lines: the newest first, 100 at most.
        older_count: how many more the published table has.
    """

    lines: tuple[LogLine, ...]
    older_count: int


def alerts_section(edition: Edition) -> Section:
    """The section of an edition."""
    rows = edition.tables[ALERT_LOG].sort_by(
        [("said_at", "descending"), ("data_date", "descending"), ("message_key", "descending")]
    )
    lines = tuple(
        LogLine(
            said_at=f"{row['said_at']:%Y-%m-%d %H:%M}",
            data_date=row["data_date"],
            stage=row["stage"],
            title=row["title"],
            subject=_subject_of_message(row["message_key"]),
            kind=row["kind"].replace("_", " "),
            delivery=row["delivery"],
        )
        for row in rows.slice(0, MOST_LINES).to_pylist()
    )
    return Section("alerts", "Alerts log", AlertLog(lines, rows.num_rows - len(lines)))


def subject_of(alert_id: str) -> str:
    """What an alert is about beside its rule, such as `gharchive, attention`; empty for nothing."""
    return alert_id.partition(":")[2].replace(":", ", ")


def _subject_of_message(key: str) -> str:
    found = _ALERT.match(key)
    return subject_of(found[1]) if found else ""
