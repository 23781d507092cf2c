"""Editions of the page for tests: a week of a few countries, and how to change them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from assets.coverage.tables import COVERAGE
from assets.engagement.tables import ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB, HUB_CONCENTRATION, HUB_SNAPSHOTS
from assets.indices.tables import COUNTRY_RATIO
from assets.papers.tables import DIFFUSION_PAPERS
from assets.reference.tables import COUNTRY_GROUPINGS, ECONOMIES, POLICY_EVENTS, UPSTREAM_BREAKS
from assets.report.edition import READ, Edition
from assets.report.tables import ALERT_LOG, ALERT_STATES, VINTAGE
from assets.shifts.tables import SHOCK_EFFECTS
from assets.tables import Table
from assets.visibility.tables import VISIBILITY_GAP
from tests.assets.coverage.test_chart import row as coverage_row
from tests.diffusion_rows import hub_cell, papers_cell
from tests.engagement_rows import engagement_rows

FIRST, LAST = date(2024, 12, 2), date(2024, 12, 8)  # Monday to Sunday
DAYS = [FIRST + timedelta(days=n) for n in range(7)]
LOST = DAYS[3]
VINTAGE_NAME = "20241209T020000Z-0a1b2c3d-4e5f"
GROUPED = "CN and HK together"
#: Of 80 located accounts 60 and 10: 75.0 and 12.5 %.
COUNTS = {"CN": 60, "US": 10, "DE": 10, "ZZ": 20}
#: The same with twenty more in the group of CN and HK.
TOGETHER = {**COUNTS, "CN": 80}
TITLES = {"cn-high": "the share is high", "upstream": "a source captures less"}


def edition(world: str = "live", **tables: pa.Table) -> Edition:
    """A week of attention of which gharchive lost a day, on its own.

    Args:
        world: of the vintage.
        tables: rows instead, by the table's name.
    """
    rows: dict[Table, pa.Table] = {
        VINTAGE: VINTAGE.arrow(
            [
                {
                    "vintage": VINTAGE_NAME,
                    "run_id": "0a1b2c3d-0000-0000-0000-000000000000",
                    "published_at": datetime(2024, 12, 9, 2, tzinfo=UTC),
                    "world": world,
                }
            ]
        ),
        ENGAGEMENT: pa.concat_tables(
            [
                engagement_rows(day, COUNTS, period=period, event_group=group)
                for group in ("attention", "any")
                for day, period in (*((day, "day") for day in DAYS), (LAST, "week"), (LAST, "28d"))
            ]
            + [
                engagement_rows(LAST, COUNTS, period="week", scope=scope)
                for scope in ("origin_cn", "origin_us")
            ]
            + [engagement_rows(day, TOGETHER, grouping="cn_hk") for day in DAYS]
        ),
        COUNTRY_RATIO: COUNTRY_RATIO.arrow([ratio(LAST)]),
        COVERAGE: COVERAGE.arrow(
            [
                coverage_row((day - date(2024, 12, 1)).days, source, rate)
                for day in DAYS
                for source, rate in (
                    ("combined", 0.97),
                    ("gharchive", 0.31 if day == LOST else 0.9),
                )
            ]
        ),
        ALERT_STATES: ALERT_STATES.arrow(
            [
                alert("upstream:gharchive:attention", "ok"),
                alert("upstream:gharchive:contribution", "resolved"),
                alert("upstream:opendigger:attention", "recovering"),
                alert("cn-high", "firing"),
                alert("unknown-rule", "held"),
            ]
        ),
        ALERT_LOG: ALERT_LOG.arrow([said(5, "firing", "Firing: the share is high")]),
        ECONOMIES: ECONOMIES.arrow(
            [economy("CN", "China"), economy("US", "United States"), economy("DE", "Germany")]
        ),
        COUNTRY_GROUPINGS: COUNTRY_GROUPINGS.arrow(
            [grouped(code, GROUPED) for code in ("CN", "HK")]
        ),
        POLICY_EVENTS: POLICY_EVENTS.arrow([event(DAYS[1], "Some act")]),
        UPSTREAM_BREAKS: UPSTREAM_BREAKS.arrow([known_break(LOST, "stars lost")]),
        SHOCK_EFFECTS: SHOCK_EFFECTS.arrow([shock("Some controls")]),
        VISIBILITY_GAP: VISIBILITY_GAP.arrow(
            [cohort(2023, 4, "complete"), cohort(2023, 5, "complete"), cohort(2023, 6, "censored")]
        ),
        DIFFUSION_HUB: DIFFUSION_HUB.arrow(
            [hub_cell(day, "CN", 60.0) for day in DAYS]
            + [hub_cell(day, "US", 30.0) for day in DAYS]
        ),
        HUB_SNAPSHOTS: HUB_SNAPSHOTS.arrow(
            [
                {
                    **dict.fromkeys(HUB_SNAPSHOTS.column_names, 0),
                    "snapshot_date": day,
                    "first_asked_at": None,
                    "last_asked_at": None,
                    "state": "complete",
                }
                for day in DAYS
            ]
        ),
        HUB_CONCENTRATION: HUB_CONCENTRATION.arrow([families(LAST)]),
        DIFFUSION_PAPERS: DIFFUSION_PAPERS.arrow(
            [papers_cell(date(2023, 10, 1)), papers_cell(date(2023, 11, 1), is_final=False)]
        ),
    }
    for table in READ:
        rows[table] = tables.get(table.name, rows[table])
    return Edition(rows, {"engagement": 48, "vintage": 1}, TITLES)


def emptied() -> Edition:
    """What is there before the first day."""
    kept = edition().tables[VINTAGE]
    tables = {table: table.arrow_schema.empty_table() for table in READ}
    return Edition({**tables, VINTAGE: kept}, {}, {})


def hostile(text: str) -> Edition:
    """An edition whose every name that somebody else chose is `text`."""
    tables = {
        "economies": ECONOMIES.arrow([economy("CN", text), economy("US", text + "2")]),
        "country_groupings": COUNTRY_GROUPINGS.arrow(
            [grouped(code, text) for code in ("CN", "HK")]
        ),
        "policy_events": POLICY_EVENTS.arrow([event(DAYS[1], text)]),
        "shock_effects": SHOCK_EFFECTS.arrow([shock(text)]),
        "upstream_breaks": UPSTREAM_BREAKS.arrow([known_break(LOST, text)]),
        "coverage": COVERAGE.arrow(
            [coverage_row(n, source, 0.5) for n in range(1, 8) for source in ("combined", text)]
        ),
        "alert_log": ALERT_LOG.arrow([said(5, "firing", text)]),
        "alerts": ALERT_STATES.arrow(
            [alert("cn-high", "firing"), alert(f"upstream:{text}", "held")]
        ),
    }
    return replace(edition(**tables), rule_titles={"cn-high": text, "upstream": text})


def grouped(code: str, label: str) -> dict[str, Any]:
    return {"grouping": "cn_hk", "country_iso2": code, "group_code": "CN", "label": label}


def alert(rule: str, state: str) -> dict[str, Any]:
    return {
        "alert_id": rule,
        "rule_id": rule.partition(":")[0],
        "state": state,
        "since_date": DAYS[4],
        "evaluated_through": LAST,
    }


def said(day: int, stage: str, title: str, delivery: str = "delivered") -> dict[str, Any]:
    return {
        "message_key": f"cn-high:{DAYS[day]}:{stage}",
        "said_at": datetime(2024, 12, 9, 2, day, tzinfo=UTC),
        "data_date": DAYS[day],
        "kind": "threshold",
        "stage": stage,
        "title": title,
        "delivery": delivery,
    }


def cohort(year: int, month: int, status: str) -> dict[str, Any]:
    """Patents of U.S. companies by month of filing: 40 of 100 papers, 1 of 50 patents."""
    return {
        "basis": "filing",
        "cohort_month": date(year, month, 1),
        "user_kind": "us_company",
        "use_measure": "papers",
        "lag_months": 0,
        "use_month": date(year, month, 1),
        "use_count": 100,
        "use_chinese_count": 40,
        **dict.fromkeys(("use_share", "use_share_ci_low", "use_share_ci_high"), 0.4),
        "is_use_final": True,
        "patent_count": 50,
        "patent_chinese_count": 1,
        **dict.fromkeys(("patent_share", "patent_share_ci_low", "patent_share_ci_high"), 0.02),
        "patent_share_rule_of_three": None,
        "gap_pp": 38.0,
        "gap_pp_ci_low": 25.6,
        "gap_pp_ci_high": 47.9,
        **dict.fromkeys(("gap_logit", "gap_logit_ci_low", "gap_logit_ci_high"), 3.1),
        "status": status,
        "files_missing_count": 0,
        "read_through_date": date(2024, 12, 12),
    }


def families(day: date) -> dict[str, Any]:
    """Downloads of derivatives that are as concentrated as on four equal families."""
    return {
        **dict.fromkeys(HUB_CONCENTRATION.column_names),
        "snapshot_date": day,
        "measure": "downloads_30d",
        "relation": "derivative",
        "dimension": "root_family",
        "part_count": 5,
        "herfindahl": 0.25,
        "effective_parts": 4.0,
        "known_value": 90.0,
        "is_complete": True,
    }


def shock(name: str) -> dict[str, Any]:
    """China's weekly accounts after a shock: a fifth fewer, as in 3 of 119 placebo weeks."""
    return {
        **dict.fromkeys(SHOCK_EFFECTS.column_names),
        "shock_date": date(2022, 10, 7),
        "shock_name": name,
        "is_paper_shock": True,
        "country_iso2": "CN",
        "event_group": "any",
        "measure": "log_accounts",
        "window_weeks": 8,
        "method": "segmented",
        "status": "ok",
        "week_count": 16,
        "effect_pct": -20.0,
        "effect_pct_placebo_low": -35.25,
        "effect_pct_placebo_high": -1.5,
        "effect_pct_ci_low": -31.5,
        "effect_pct_ci_high": -6.25,
        "placebo_count": 119,
        "placebo_p_value": 0.033,
        "has_shock_overlap": True,
        "has_release_overlap": False,
        "has_break_overlap": False,
    }


def economy(code: str, name: str) -> dict[str, Any]:
    return {
        "iso2": code,
        "iso3": code + "X",
        "name": name,
        "population": 1,
        "population_source": "x",
    }


def event(day: date, name: str) -> dict[str, Any]:
    return {
        "event_date": day,
        "date_kind": "signed",
        "actor": "US",
        "kind": "legislation",
        "stance": "mixed",
        "name": name,
        "is_paper_shock": False,
        "certainty": "sourced",
        "source": "Public Law",
    }


def known_break(day: date, what: str) -> dict[str, Any]:
    return {
        "from_at": datetime(day.year, day.month, day.day, tzinfo=UTC),
        "to_at": datetime(day.year, day.month, day.day, 23, tzinfo=UTC),
        "source": "gharchive",
        "affects": "WatchEvent",
        "effect": "loss",
        "what": what,
    }


def ratio(day: date, **others: object) -> Mapping[str, object]:
    return {
        "activity_date": day,
        "scope": "tracked",
        "event_group": "attention",
        "grouping": "apart",
        "country_iso2": "CN",
        "other_iso2": "US",
        **dict.fromkeys(("share", "share_ci_low", "share_ci_high"), 0.75),
        **dict.fromkeys(("other_share", "other_share_ci_low", "other_share_ci_high"), 0.125),
        "share_ratio": 6.0,
        "ratio_ci_low": 3.456,
        "ratio_ci_high": 10.4,
        "is_complete": True,
        "is_compared": True,
        "capture_status": "sound",
        "is_corrected": False,
        **others,
    }
