"""A synthetic edition of the page, as large as four years make it: all tables that it reads."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assets.coverage.tables import COVERAGE
from assets.engagement.tables import ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB, HUB_CONCENTRATION, HUB_SNAPSHOTS
from assets.indices.tables import COUNTRY_RATIO
from assets.papers.tables import DIFFUSION_PAPERS
from assets.reference.loader import load_reference
from assets.reference.rows import reference_rows
from assets.reference.tables import COUNTRY_GROUPINGS, ECONOMIES, POLICY_EVENTS, UPSTREAM_BREAKS
from assets.report.edition import READ, Edition
from assets.report.tables import ALERT_LOG, ALERT_STATES, VINTAGE
from assets.shifts.chart import shown_settings
from assets.shifts.shocks import calendar
from assets.shifts.tables import SHOCK_EFFECTS
from assets.tables import Table
from assets.visibility.findings import BASES, LAGS_IN_WORDS, MEASURES, USERS
from assets.visibility.tables import VISIBILITY_GAP

LAST = date(2025, 12, 31)
DAY_COUNT = 1461
_REFERENCE = Path(__file__).parents[1] / "assets" / "reference"
_COUNTRIES = ("CN", "US", "IN", "DE", "GB", "FR", "JP", "BR")
_ALL = "any"
_GROUPS = ("attention", "contribution", "participation", "other", _ALL)
_SOURCES = ("combined", "gharchive", "opendigger", "github_events")
_PLAIN: Mapping[str, object] = {
    "VARCHAR": "x",
    "BIGINT": 100,
    "INTEGER": 1,
    "BOOLEAN": True,
    "DATE": LAST,
    "TIMESTAMPTZ": datetime(2026, 1, 1, 2, tzinfo=UTC),
}


class _Maker:
    """Rows of tables: what is not given is plain, and figures are random."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(8)

    def row(self, table: Table, **values: object) -> dict[str, Any]:
        figures = iter(self._rng.uniform(0.01, 0.4, len(table.columns)).tolist())
        return {
            column.name: values[column.name]
            if column.name in values
            else next(figures)
            if column.type == "DOUBLE"
            else _PLAIN[column.type]
            for column in table.columns
        }

    def effect(self) -> dict[str, float | int | bool]:
        """A change by chance, as placebo weeks have it; one in four shocks has more."""
        spread = self._rng.uniform(0.04, 0.12)
        change = self._rng.normal(-0.2 if self._rng.random() < 0.25 else 0.0, spread)
        ends = {"placebo_low": -1.96, "placebo_high": 1.96, "ci_low": -1.2, "ci_high": 1.2}
        return {
            "effect_pct": 100 * math.expm1(change),
            **{
                f"effect_pct_{name}": 100 * math.expm1(change + deviations * spread)
                for name, deviations in ends.items()
            },
            "placebo_count": 119,
            "placebo_p_value": max(math.erfc(abs(change) / spread / math.sqrt(2)), 1 / 120),
            "has_shock_overlap": False,
            "has_release_overlap": False,
            "has_break_overlap": False,
        }


def four_years() -> Edition:
    """1,461 days, 209 weeks and 48 months of everything; policy events and economies as shipped."""
    make = _Maker()
    days = [LAST - timedelta(days=n) for n in range(DAY_COUNT)]
    months = [date(year, month, 1) for year in range(2022, 2026) for month in range(1, 13)]
    settings = list(product(*map(dict, (USERS, MEASURES, LAGS_IN_WORDS, BASES))))
    shipped = reference_rows(load_reference(_REFERENCE))
    economies = shipped[ECONOMIES]["iso2"].to_pylist()
    rows: dict[Table, list[dict[str, Any]]] = {
        VINTAGE: [make.row(VINTAGE, vintage="20260101T020000Z-0a1b2c3d-4e5f", world="sandbox")],
        ENGAGEMENT: _engagement(make, days, economies[:80]),
        COUNTRY_RATIO: [
            make.row(COUNTRY_RATIO, activity_date=day, scope="tracked", event_group="attention",
                     grouping="apart", country_iso2="CN", other_iso2="US")
            for day in days
            if day.isoweekday() == 7
        ],
        COVERAGE: [
            make.row(COVERAGE, coverage_date=day, source=source, scope="tracked", repo_id=None,
                     event_group=group, event_type=None, status="sound")
            for day, source, group in product(days, _SOURCES, _GROUPS[:4])
        ],
        ALERT_LOG: [
            make.row(ALERT_LOG, message_key=f"rule-{n}", stage="firing") for n in range(500)
        ],
        ALERT_STATES: [
            make.row(ALERT_STATES, alert_id=f"rule-{n}", rule_id=f"rule-{n}", state="ok")
            for n in range(40)
        ],
        VISIBILITY_GAP: [
            make.row(VISIBILITY_GAP, cohort_month=month, use_month=month, user_kind=user,
                     use_measure=measure, lag_months=int(lag), basis=basis, status="complete")
            for month, (user, measure, lag, basis) in product(months, settings)
        ],
        SHOCK_EFFECTS: [
            make.row(SHOCK_EFFECTS, shock_date=shock.date, shock_name=shock.name,
                     country_iso2=country, method=method, measure=measure, event_group=group,
                     window_weeks=8, week_count=16, status="ok", **make.effect())
            for shock in calendar(shipped[POLICY_EVENTS].to_pylist(), []).shocks
            for country, method, measure, group in shown_settings()
        ],
        DIFFUSION_HUB: [
            make.row(DIFFUSION_HUB, snapshot_date=day, measure=measure, author_country_iso2=_ALL,
                     origin_iso2=origin, root_family=_ALL, relation=relation)
            for day, measure, origin, relation in product(
                days, ("downloads_30d", "models"), _COUNTRIES[:6], (_ALL, "derivative")
            )
        ],
        HUB_CONCENTRATION: [],
        HUB_SNAPSHOTS: [
            make.row(HUB_SNAPSHOTS, snapshot_date=day, state="complete") for day in days
        ],
        DIFFUSION_PAPERS: [
            make.row(DIFFUSION_PAPERS, month_date=month, user_kind=user)
            for month, user in product(months, dict(USERS))
        ],
    }  # fmt: skip
    tables: dict[Table, pa.Table] = {table: table.arrow(each) for table, each in rows.items()}
    for table in (ECONOMIES, COUNTRY_GROUPINGS, POLICY_EVENTS, UPSTREAM_BREAKS):
        tables[table] = shipped[table]
    missing = READ.keys() - tables.keys()
    if missing:
        raise LookupError(f"make rows of {', '.join(sorted(each.name for each in missing))}, too")
    return Edition(tables, {table.name: each.num_rows for table, each in tables.items()}, {})


def _engagement(make: _Maker, days: list[date], economies: list[str]) -> list[dict[str, Any]]:
    sundays = [day for day in days if day.isoweekday() == 7]
    cells = [
        *(("tracked", "apart", "day", day, _COUNTRIES) for day in days[:200]),
        *(("tracked", "cn_hk_mo_tw", "day", day, _COUNTRIES) for day in days[:200]),
        *(("tracked", "apart", "week", day, _COUNTRIES) for day in sundays),
        *(("tracked", "cn_hk_mo_tw", "week", day, _COUNTRIES) for day in sundays),
        *((f"origin_{of}", "apart", "week", day, _COUNTRIES[:2])
          for day in sundays for of in ("cn", "us", "other")),
        ("tracked", "apart", "28d", sundays[0], tuple(economies)),
    ]  # fmt: skip
    return [
        make.row(ENGAGEMENT, scope=scope, grouping=grouping, period=period, activity_date=day,
                 country_iso2=country, event_group=group, is_masked=False, is_corrected=False,
                 capture_status="sound", clock_17utc_share=0.7123 if country == "CN" else None)
        for scope, grouping, period, day, countries in cells
        for group in _GROUPS
        for country in countries
    ]  # fmt: skip
