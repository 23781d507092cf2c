"""A small warehouse of figures, and its publication as a run makes it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from assets.alerting.tables import ALERTS, OUTBOX
from assets.attribution.tables import ATTRIBUTION_RELIABILITY
from assets.coverage.tables import COVERAGE
from assets.declare import Plan, prepare
from assets.engagement.tables import CONCENTRATION, COUNTRY_ACTIVITY, ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB, HUB_CONCENTRATION, HUB_SNAPSHOTS
from assets.indices.tables import COUNTRY_RATIO, CROSSINGS, ENGAGEMENT_INDEX
from assets.papers.tables import DIFFUSION_PAPERS
from assets.patents.tables import PATENT_COHORTS
from assets.reference.loader import load_reference
from assets.reference.rows import reference_rows
from assets.reference.tables import (
    COUNTRY_GROUPINGS,
    ECONOMIES,
    POLICY_EVENTS,
    UPSTREAM_BREAKS,
)
from assets.report.assets import build
from assets.report.tables import ALERT_LOG, ALERT_STATES
from assets.shifts.tables import SHOCK_EFFECTS, SHOCK_LEADS_LAGS
from assets.tables import Table
from assets.visibility.tables import VISIBILITY_GAP
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource
from tests.engagement_rows import engagement_rows

DAY = date(2024, 12, 15)
REFERENCE = Path(__file__).parents[3] / "assets" / "reference"
REFERENCE_TABLES = (ECONOMIES, COUNTRY_GROUPINGS, POLICY_EVENTS, UPSTREAM_BREAKS)
_MARTS = (
    COUNTRY_ACTIVITY,
    ENGAGEMENT,
    CONCENTRATION,
    ENGAGEMENT_INDEX,
    COUNTRY_RATIO,
    CROSSINGS,
    COVERAGE,
    DIFFUSION_HUB,
    HUB_CONCENTRATION,
    HUB_SNAPSHOTS,
    DIFFUSION_PAPERS,
    PATENT_COHORTS,
    VISIBILITY_GAP,
    SHOCK_EFFECTS,
    SHOCK_LEADS_LAGS,
)
PUBLISHED = (*_MARTS, ATTRIBUTION_RELIABILITY, ALERT_STATES, ALERT_LOG, *REFERENCE_TABLES)
RULES = Path(__file__).parents[3] / "assets" / "alerting" / "rules.yaml"
#: Of the day DE has two accounts, of the week none too few; BR is pooled in both.
DAY_COUNTS = {"CN": 40, "US": 6, "DE": 2, "BR": 1, "ZZ": 30}
WEEK_COUNTS = {"CN": 90, "US": 60, "DE": 9, "BR": 3, "ZZ": 90}


def activity_of(counts: dict[str, int]) -> pa.Table:
    return COUNTRY_ACTIVITY.arrow(
        [
            {
                "activity_date": DAY,
                "scope": "tracked",
                "event_group": "attention",
                "country_iso2": country,
                "actor_count": count,
                "event_count": count,
                "capped_event_count": count,
                "event_cap": 20,
            }
            for country, count in counts.items()
        ]
    )


def plausible(table: Table, **values: object) -> dict[str, object]:
    """A row of a table: `values`, and something of the right type for what they leave out."""
    of_type = {
        "DATE": DAY,
        "VARCHAR": "x",
        "BIGINT": 100,
        "INTEGER": 1,
        "DOUBLE": 0.5,
        "BOOLEAN": True,
        "TIMESTAMPTZ": datetime(2024, 12, 17, tzinfo=UTC),
        "VARCHAR[]": ["x"],
        "BLOB": None,
    }
    return {column.name: of_type[column.type] for column in table.columns} | values


CELL = {"period": "week", "scope": "tracked", "event_group": "attention", "grouping": "apart"}
WHOLE_GROUP = {
    "scope": "tracked",
    "event_group": "attention",
    "event_type": None,
    "repo_id": None,
}
WEEK_CELL = {name: CELL[name] for name in ("scope", "event_group", "grouping")}


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse with a day and a week of figures and the shipped reference tables."""
    house = Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)
    prepare(house, *_MARTS, ALERTS, OUTBOX, *REFERENCE_TABLES)
    house.replace_all(COUNTRY_ACTIVITY.qualified, activity_of(DAY_COUNTS))
    days = engagement_rows(DAY, DAY_COUNTS)
    weeks = engagement_rows(DAY, WEEK_COUNTS, period="week")
    house.replace_all(ENGAGEMENT.qualified, pa.concat_tables([days, weeks]))
    rows = {
        CONCENTRATION: [
            plausible(CONCENTRATION, **CELL),
            plausible(CONCENTRATION, **CELL | {"scope": "origin_cn"}),  # nothing else is shown
        ],
        ENGAGEMENT_INDEX: [
            plausible(ENGAGEMENT_INDEX, **WEEK_CELL, country_iso2=country)
            for country in ("CN", "US", "BR")
        ],
        COUNTRY_RATIO: [
            plausible(COUNTRY_RATIO, **WEEK_CELL, country_iso2=country, other_iso2=other)
            for country, other in (("CN", "US"), ("CN", "BR"), ("BR", "US"))
        ],
        CROSSINGS: [plausible(CROSSINGS, **WEEK_CELL, country_iso2="CN", other_iso2="US")],
        DIFFUSION_PAPERS: [
            plausible(DIFFUSION_PAPERS, user_kind="us_all", country_iso2="US"),
            plausible(DIFFUSION_PAPERS, user_kind="us_company", open_work_count=4),
        ],
        PATENT_COHORTS: [
            plausible(PATENT_COHORTS, user_kind="us_all", patent_count=5),
            plausible(PATENT_COHORTS, user_kind="us_education", patent_count=4),
        ],
        VISIBILITY_GAP: [
            plausible(VISIBILITY_GAP, user_kind=kind, use_measure=measure, **counts)
            for kind, measure, counts in (
                ("all", "papers", {"use_count": 5, "use_chinese_count": 0, "patent_count": 5}),
                ("us_all", "papers", {"use_count": 4, "use_chinese_count": 0}),
                ("us_company", "papers", {"patent_count": 4}),
                ("us_all", "engagement", {"use_count": 50, "use_chinese_count": 4}),
                ("all", "engagement", {"use_count": 50, "use_chinese_count": 46}),
                ("us_all", "hub_downloads", {"use_count": None, "use_chinese_count": None}),
                (
                    "all",
                    "hub_downloads",
                    {"use_count": None, "use_chinese_count": None, "patent_count": 2},
                ),
            )
        ],
        SHOCK_EFFECTS: [plausible(SHOCK_EFFECTS)],
        SHOCK_LEADS_LAGS: [plausible(SHOCK_LEADS_LAGS)],
        COVERAGE: [
            plausible(COVERAGE, repo_id=None),
            plausible(COVERAGE, repo_id=7),
            plausible(COVERAGE, **WHOLE_GROUP, source="combined", status="sound"),
            plausible(COVERAGE, **WHOLE_GROUP, source="gharchive", status="degraded"),
        ],
        DIFFUSION_HUB: [plausible(DIFFUSION_HUB)],
        HUB_CONCENTRATION: [plausible(HUB_CONCENTRATION)],
        HUB_SNAPSHOTS: [plausible(HUB_SNAPSHOTS)],
        OUTBOX: [
            plausible(
                OUTBOX,
                message_key="cn-attention-share-high:2024-12-15:firing",
                action="post",
                message='{"text": "Firing: high\\nChina 81.6 %"}',
            )
        ],
        ALERTS: [
            plausible(
                ALERTS,
                alert_id="cn-attention-share-high",
                rule_id="cn-attention-share-high",
                state="firing",
            ),
            plausible(
                ALERTS,
                alert_id="upstream-capture:gharchive:attention",
                rule_id="upstream-capture",
                state="ok",
            ),
        ],
    }
    for table, each in rows.items():
        house.replace_all(table.qualified, table.arrow(each))
    shipped = reference_rows(load_reference(REFERENCE))
    for table in REFERENCE_TABLES:
        house.replace_all(table.qualified, shipped[table])
    return house


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with a day's reliability, of one bin too small to be shown."""
    found = Lake(str(tmp_path / "lake"))
    bins = [
        plausible(ATTRIBUTION_RELIABILITY, probability_from=start, actor_count=count)
        for start, count in ((0.1, 4), (0.2, 5), (0.3, 700))
    ]
    rows = ATTRIBUTION_RELIABILITY.arrow(bins)
    found.write(ATTRIBUTION_RELIABILITY.qualified, str(DAY), rows)
    return found


Materialize = Callable[[], dg.ExecuteInProcessResult]


@pytest.fixture
def materialize(tmp_path: Path, warehouse: Warehouse, lake: Lake) -> Materialize:
    """Materialise the snapshot and the page, as a run does."""
    plan = Plan(daily=dg.DailyPartitionsDefinition(start_date="2022-01-01", timezone="UTC"))
    platform = Platform(
        world="sandbox",
        data_dir=str(tmp_path / "data"),
        reference_dir="",
        tracked_repositories="",
        rules=str(RULES),
        fixed_now=datetime(2024, 12, 17, 2, tzinfo=UTC).isoformat(),
    )
    resources = {
        "lake": LakeResource(base_path=lake.base_path),
        "warehouse": WarehouseResource(database=str(warehouse.database), max_wait_s=5),
        "platform": platform,
    }
    return lambda: dg.materialize(build(plan), partition_key=str(DAY), resources=resources)
