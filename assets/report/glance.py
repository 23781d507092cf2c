"""Today at a glance: the state of the data, of the alerts, and three headline figures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from assets.alerting.states import QUIET
from assets.coverage.chart import whole_groups
from assets.coverage.coverage import COMBINED
from assets.coverage.tables import COVERAGE
from assets.coverage.verdicts import DEGRADED, SOUND
from assets.engagement.series import CHINA, UNITED_STATES, newest_shares, plain_cells
from assets.engagement.tables import ENGAGEMENT
from assets.figures import interval, percent
from assets.indices.tables import COUNTRY_RATIO
from assets.reference.tables import ECONOMIES
from assets.report.alerts import subject_of
from assets.report.edition import Edition
from assets.report.section import Section
from assets.report.tables import ALERT_STATES

_GROUP, _WORDS = "attention", "accounts that starred or forked tracked repositories"


@dataclass(frozen=True, slots=True)
class Headline:
    """One figure with all that it needs to be quoted; without a value, `basis` says why."""

    label: str
    value: str
    interval: str
    unit: str
    when: str
    basis: str


@dataclass(frozen=True, slots=True)
class CaptureState:
    """How much a source captured of an event group on the newest day."""

    source: str
    event_group: str
    status: str
    rate: str


_LOUD_FIRST = ("firing", "recovering", "pending", "held")


@dataclass(frozen=True, slots=True)
class AlertLine:
    """Where one alert stands, or the quiet ones of a rule: since their newest change.

    `through` is the day through which all of them were evaluated.
    """

    title: str
    subject: str
    state: str
    since: date
    through: date
    count: int = 1


@dataclass(frozen=True, slots=True)
class Glance:
    """What the first section shows.

    Attributes:
        newest_day: newest day (UTC) that was made; None before the first.
        files: hourly files read whole, in words.
        verdict: of all sources together: whole, not whole, or whole as far as it was measured.
        together: what all sources together captured, an entry an event group.
        degraded: sources that are degraded by themselves.
        headlines: three figures.
        alerts: rules, those that fire first.
        alert_summary: how many rules are in which state.
    """

    newest_day: date | None
    files: str
    verdict: str
    together: tuple[CaptureState, ...]
    degraded: tuple[CaptureState, ...]
    headlines: tuple[Headline, ...]
    alerts: tuple[AlertLine, ...]
    alert_summary: str


def glance_section(edition: Edition) -> Section:
    """The section of an edition."""
    cells = plain_cells(edition.tables[ENGAGEMENT])
    groups = whole_groups(edition.tables[COVERAGE])
    days = [row["activity_date"] for row in cells if row["period"] == "day"]
    days += groups["coverage_date"].to_pylist()
    newest = max(days, default=None)
    captures = [
        _capture(row)
        for row in groups.filter(
            pc.equal(groups["coverage_date"], pa.scalar(newest, pa.date32()))
        ).to_pylist()
    ]
    together = tuple(state for state in captures if state.source == COMBINED)
    files, has_all_files = _files(cells, newest)
    alerts = _alerts(edition)
    content = Glance(
        newest_day=newest,
        files=files,
        verdict=_verdict(has_all_files, [state.status for state in together]),
        together=together,
        degraded=tuple(
            state for state in captures if state.source != COMBINED and state.status == DEGRADED
        ),
        headlines=(*_shares(edition, cells), _ratio(edition, cells)),
        alerts=alerts,
        alert_summary=_summary(alerts),
    )
    return Section("glance", "Today at a glance", content)


def _capture(row: dict[str, Any]) -> CaptureState:
    rate = "not measured"
    if row["capture_rate"] is not None:
        bounds = interval(row["capture_rate_ci_low"], row["capture_rate_ci_high"])
        rate = f"{percent(row['capture_rate'])} ({bounds})"
    return CaptureState(row["source"], row["event_group"], row["status"], rate)


def _verdict(has_all_files: bool, statuses: Sequence[str]) -> str:
    if not has_all_files or DEGRADED in statuses:
        return "not whole"
    is_measured = bool(statuses) and set(statuses) == {SOUND}
    return "whole" if is_measured else "whole as far as it was measured"


def _files(cells: Sequence[dict[str, Any]], newest: date | None) -> tuple[str, bool]:
    for row in cells:
        if row["period"] == "day" and row["activity_date"] == newest:
            read, expected = row["complete_hour_count"], row["expected_hour_count"]
            return f"{read} of {expected} hourly files read whole", bool(row["is_complete"])
    return "no share is published of this day", False


def _shares(edition: Edition, cells: Sequence[dict[str, Any]]) -> list[Headline]:
    names = dict(
        zip(*edition.tables[ECONOMIES].select(["iso2", "name"]).to_pydict().values(), strict=True)
    )
    shares = newest_shares(cells, _GROUP, "day")
    found = []
    for country in (CHINA, UNITED_STATES):
        label = f"{names.get(country, country)}, share of attention"
        row = shares.get(country)
        if row is None:
            found.append(Headline(label, "", "", "", "", "no day with a share to be published"))
            continue
        flaw = ", corrected for degraded capture" if row["is_corrected"] else ""
        found.append(
            Headline(
                label=label,
                value=percent(row["share"]),
                interval=interval(row["share_ci_low"], row["share_ci_high"]),
                unit=f"of {_WORDS}",
                when=f"{row['activity_date']} (UTC)",
                basis=f"n = {row['total_actor_count']:,} accounts, {percent(row['unknown_share'])} "
                f"without a stated location; worst case "
                f"{interval(row['share_low'], row['share_high'])}{flaw}",
            )
        )
    return found


def _ratio(edition: Edition, cells: Sequence[dict[str, Any]]) -> Headline:
    label = f"{CHINA} / {UNITED_STATES}, ratio of the week's shares"
    rows = [
        row
        for row in edition.tables[COUNTRY_RATIO].to_pylist()
        if (row["country_iso2"], row["other_iso2"]) == (CHINA, UNITED_STATES)
        and (row["event_group"], row["scope"], row["grouping"]) == (_GROUP, "tracked", "apart")
        and row["ratio_ci_low"] is not None
    ]
    if not rows:
        return Headline(label, "", "", "", "", "no week with both shares to be published")
    row = max(rows, key=lambda each: each["activity_date"])
    counted = [
        f"n = {cell['total_actor_count']:,} accounts, {percent(cell['unknown_share'])} without a "
        "stated location; "
        for cell in cells
        if (cell["period"], cell["activity_date"]) == ("week", row["activity_date"])
        and (cell["event_group"], cell["country_iso2"]) == (_GROUP, CHINA)
    ]
    return Headline(
        label=label,
        value=f"{row['share_ratio']:.2f}",
        interval=f"{row['ratio_ci_low']:.2f} to {row['ratio_ci_high']:.2f}",
        unit=f"times as large a share of {_WORDS}",
        when=f"week to {row['activity_date']} (UTC)",
        basis=f"{percent(row['share'])} / {percent(row['other_share'])}, each account counted once "
        "a week; " + "".join(counted) + ("all" if row["is_complete"] else "not all")
        + " hourly files of the week were whole",
    )  # fmt: skip


def _alerts(edition: Edition) -> tuple[AlertLine, ...]:
    """The alerts that are not quiet one by one, and the quiet ones of each rule in a line."""
    lines: list[AlertLine] = []
    quiet: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in edition.tables[ALERT_STATES].to_pylist():
        if row["state"] in QUIET:
            quiet[row["rule_id"]].append(row)
            continue
        lines.append(
            AlertLine(
                title=edition.rule_titles.get(row["rule_id"], row["rule_id"]),
                subject=subject_of(row["alert_id"]),
                state=row["state"],
                since=row["since_date"],
                through=row["evaluated_through"],
            )
        )
    lines += [
        AlertLine(
            title=edition.rule_titles.get(rule, rule),
            subject=f"none of {len(rows)}" if len(rows) > 1 else "",
            state="ok",
            since=max(row["since_date"] for row in rows),
            through=min(row["evaluated_through"] for row in rows),
            count=len(rows),
        )
        for rule, rows in quiet.items()
    ]
    order = {state: place for place, state in enumerate(_LOUD_FIRST)}
    return tuple(
        sorted(lines, key=lambda each: (order.get(each.state, 9), each.title, each.subject))
    )


def _summary(alerts: Sequence[AlertLine]) -> str:
    found: dict[str, int] = {}
    for line in alerts:
        found[line.state] = found.get(line.state, 0) + line.count
    counts = [f"{count} {state}" for state, count in found.items()]
    return ", ".join(counts) or "no rule evaluated yet"
