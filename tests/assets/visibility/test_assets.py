"""The gap's table made in a warehouse and a lake, as a run makes it."""

from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.declare import Plan, prepare
from assets.engagement.tables import ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB
from assets.papers.tables import DIFFUSION_PAPERS
from assets.patents.tables import PATENT_COHORTS, PATENT_FILES, PATENTS
from assets.visibility.assets import build
from resources.lake import Lake, LakeResource
from resources.warehouse import Warehouse, WarehouseResource
from tests.assets.report.conftest import plausible
from tests.engagement_rows import engagement_rows

MAY = date(2023, 5, 1)
FIRST_WEEK, LAST_WEEK = date(2023, 4, 25), date(2024, 12, 10)
READ = date(2024, 12, 12)
WEEKS = [FIRST_WEEK + timedelta(days=7 * n) for n in range((LAST_WEEK - FIRST_WEEK).days // 7 + 1)]
DUE = {"grants": 0, "applications": 2}


def write_files(lake: Lake, week: date, status: str = "complete") -> None:
    for product, days in DUE.items():
        row = plausible(
            PATENT_FILES,
            week_start_date=week,
            product=product,
            publication_date=week + timedelta(days=days),
            status=status,
        )
        lake.write(PATENT_FILES.qualified, str(week), PATENT_FILES.arrow([row]), product)
        lake.write(PATENTS.qualified, str(week), PATENTS.arrow_schema.empty_table(), product)
    lake.approve(PATENTS.qualified, str(week))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Every weekly file since April 2023, read whole."""
    made = Lake(str(tmp_path / "lake"))
    for week in WEEKS:
        write_files(made, week)
    return made


@pytest.fixture
def house(tmp_path: Path) -> Warehouse:
    """Papers and patents of one cohort, and four weeks of engagement."""
    made = Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)
    prepare(made, DIFFUSION_PAPERS, PATENT_COHORTS, ENGAGEMENT)
    papers = [
        plausible(
            DIFFUSION_PAPERS,
            month_date=MAY,
            user_kind=kind,
            country_iso2=None,
            open_work_count=100,
            cn_work_count=count,
        )
        for kind, count in (("us_all", 40), ("all", 50), ("country", 60))
    ]
    made.replace_all(DIFFUSION_PAPERS.qualified, DIFFUSION_PAPERS.arrow(papers))
    cohorts = [
        plausible(
            PATENT_COHORTS,
            basis="filing",
            cohort_month=MAY,
            document_kind=kind,
            user_kind=user,
            open_model_count=count,
            chinese_open_model_count=0,
            newest_publication_date=READ,
        )
        for kind, user, count in (("any", "us_all", 50), ("any", "all", 60), ("grant", "all", 9))
    ]
    made.replace_all(PATENT_COHORTS.qualified, PATENT_COHORTS.arrow(cohorts))
    return made


def made(lake: Lake, house: Warehouse, tmp_path: Path) -> list[dict[str, object]]:
    plan = Plan(daily=dg.DailyPartitionsDefinition(start_date="2022-01-01", timezone="UTC"))
    resources = {
        "lake": LakeResource(base_path=str(tmp_path / "lake")),
        "warehouse": WarehouseResource(database=str(house.database), max_wait_s=5),
    }
    assert dg.materialize(build(plan), resources=resources).success
    rows: list[dict[str, object]] = house.query(
        "SELECT user_kind, use_measure, use_count, use_chinese_count, patent_count, status, "
        "files_missing_count, round(gap_pp, 1) AS gap FROM mart.visibility_gap ORDER BY ALL"
    ).to_pylist()
    return rows


def test_papers_of_each_kind_of_user_meet_patents_of_any_kind_of_document(
    lake: Lake, house: Warehouse, tmp_path: Path
) -> None:
    rows = made(lake, house, tmp_path)
    assert [tuple(row.values()) for row in rows] == [
        ("all", "papers", 100, 50, 60, "complete", 0, 50.0),
        ("us_all", "papers", 100, 40, 50, "complete", 0, 40.0),
    ]
    assert made(lake, house, tmp_path) == rows


@pytest.mark.parametrize("fault", ["truncated", "unapproved", "gone"])
def test_weeks_that_were_not_read_whole_leave_the_cohort_partial(
    lake: Lake, house: Warehouse, tmp_path: Path, fault: str
) -> None:
    for week in (date(2024, 3, 12), date(2024, 3, 19)):
        if fault == "gone":
            for product in DUE:
                for table in (PATENTS, PATENT_FILES):
                    Path(lake.path(table.qualified, str(week), product)).unlink()
        elif fault == "truncated":
            write_files(lake, week, "truncated")
        else:
            changed = PATENTS.arrow_schema.empty_table().replace_schema_metadata({"a": "b"})
            lake.write(PATENTS.qualified, str(week), changed, "grants")
    rows = made(lake, house, tmp_path)
    assert {(row["status"], row["files_missing_count"]) for row in rows} == {("partial", 4)}


def test_a_slip_in_a_documents_date_moves_no_cohort(
    lake: Lake, house: Warehouse, tmp_path: Path
) -> None:
    with house.transaction() as connection:
        connection.execute("UPDATE mart.patents SET newest_publication_date = '2052-06-24'")
    rows = made(lake, house, tmp_path)
    assert {(row["status"], row["files_missing_count"]) for row in rows} == {("complete", 0)}


#: U.S. accounts on Chinese, American and other models, and accounts in all.
ACCOUNTS = {"origin_cn": (6, 20), "origin_us": (9, 30), "origin_other": (3, 10)}
LAST_SUNDAY, SUNDAY_BEFORE = date(2023, 5, 28), date(2023, 5, 21)
HOURS = 28 * 24


def add_engagement(
    house: Warehouse,
    sunday: date,
    accounts: dict[str, tuple[int, int]],
    hours: int = HOURS,
    *,
    is_masked: bool = False,
    has_americans: bool = True,
) -> None:
    """Four weeks of engagement up to a Sunday, of some origins."""
    for scope, (us, everybody) in accounts.items():
        counts = {"US": us, "CN": 1, "ZZ": everybody - us - 1}
        if not has_americans:
            counts = {"CN": 1, "ZZ": everybody - 1}
        rows = engagement_rows(sunday, counts, hours, period="28d", scope=scope, event_group="any")
        if is_masked:
            place = rows.column_names.index("is_masked")
            rows = rows.set_column(place, "is_masked", [[True] * rows.num_rows])
        with house.transaction() as connection:
            connection.register("rows", rows)
            connection.execute("INSERT INTO mart.engagement BY NAME SELECT * FROM rows")


def engagement(lake: Lake, house: Warehouse, tmp_path: Path) -> list[tuple[object, ...]]:
    """User kind, accounts, those on Chinese models, share of whole hours, whether final."""
    made(lake, house, tmp_path)
    rows = house.query(
        "SELECT user_kind, use_count, use_chinese_count, use_hours_share, is_use_final "
        "FROM mart.visibility_gap WHERE use_measure = 'engagement' AND lag_months = 0 ORDER BY ALL"
    ).to_pylist()
    return [tuple(row.values()) for row in rows]


def test_engagement_counts_an_account_once_for_each_origin(
    lake: Lake, house: Warehouse, tmp_path: Path
) -> None:
    add_engagement(house, LAST_SUNDAY, ACCOUNTS)
    assert engagement(lake, house, tmp_path) == [
        ("all", 60, 20, 1.0, True), ("us_all", 18, 6, 1.0, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "is_there"), [(HOURS, True), (HOURS - 13, True), (HOURS - 14, False)]
)
def test_four_weeks_count_where_98_percent_of_their_hours_are_whole(
    lake: Lake, house: Warehouse, tmp_path: Path, hours: int, is_there: bool
) -> None:
    """98 % of 672 hours are 658.56: 659 are enough, 658 are not. The share is stated."""
    add_engagement(house, LAST_SUNDAY, ACCOUNTS, hours)
    found = engagement(lake, house, tmp_path)
    assert [row[3] for row in found] == ([pytest.approx(hours / HOURS)] * 2 if is_there else [])


OF_BEFORE = [("all", 60, 20, 1.0, False), ("us_all", 18, 6, 1.0, False)]


@pytest.mark.parametrize("fault", ["no row of one origin", "one origin masked", "too few hours"])
def test_where_an_origin_lacks_on_the_last_sunday_the_one_before_stands_and_is_not_final(
    lake: Lake, house: Warehouse, tmp_path: Path, fault: str
) -> None:
    add_engagement(house, SUNDAY_BEFORE, ACCOUNTS)
    last = {scope: (2 * us, 2 * everybody) for scope, (us, everybody) in ACCOUNTS.items()}
    others = {scope: counts for scope, counts in last.items() if scope != "origin_other"}
    if fault == "too few hours":
        add_engagement(house, LAST_SUNDAY, last, 600)
    else:
        add_engagement(house, LAST_SUNDAY, others)
    if fault == "one origin masked":
        one = {"origin_other": last["origin_other"]}
        add_engagement(house, LAST_SUNDAY, one, is_masked=True)
    assert engagement(lake, house, tmp_path) == OF_BEFORE


def test_an_origin_without_an_american_account_counts_as_none(
    lake: Lake, house: Warehouse, tmp_path: Path
) -> None:
    add_engagement(house, LAST_SUNDAY, {"origin_us": (9, 30), "origin_other": (3, 10)})
    add_engagement(house, LAST_SUNDAY, {"origin_cn": (0, 20)}, has_americans=False)
    assert engagement(lake, house, tmp_path) == [
        ("all", 60, 20, 1.0, True), ("us_all", 12, 0, 1.0, True),
    ]  # fmt: skip


def test_a_month_without_a_sunday_of_all_three_origins_has_no_engagement(
    lake: Lake, house: Warehouse, tmp_path: Path
) -> None:
    add_engagement(house, SUNDAY_BEFORE, {"origin_cn": (6, 20), "origin_us": (9, 30)})
    add_engagement(house, LAST_SUNDAY, {"origin_other": (3, 10)})
    assert engagement(lake, house, tmp_path) == []


CHINESE_DOWNLOADS = {
    "measure": "downloads_30d",
    "author_country_iso2": "any",
    "origin_iso2": "CN",
    "root_family": "any",
    "relation": "any",
}
OTHER_CELLS = (
    {"measure": "models"},
    {"author_country_iso2": "CN"},
    {"origin_iso2": "US"},
    {"root_family": "qwen"},
    {"relation": "derivative"},
)


@pytest.mark.parametrize(
    ("complete_days", "expected"),
    [
        ({3, 17, 31}, [(31, True)]),
        ({3, 17, 30}, [(30, True)]),
        ({3, 17, 29}, [(29, False)]),
        ({3, 17}, [(17, False)]),
        (set(), []),
    ],
)
def test_the_share_of_downloads_is_that_of_the_months_last_complete_snapshot_of_the_hub(
    lake: Lake,
    house: Warehouse,
    tmp_path: Path,
    complete_days: set[int],
    expected: list[tuple[int, bool]],
) -> None:
    # The share of a day is the day's number in percent, so that it says which was taken.
    rows = [
        plausible(
            DIFFUSION_HUB,
            **CHINESE_DOWNLOADS | other,
            snapshot_date=MAY + timedelta(days=day - 1),
            share=0.9 if other else day / 100,
            is_complete=day in complete_days,
        )
        for day in (3, 17, 29, 30, 31)
        for other in ({}, *OTHER_CELLS)
    ]
    prepare(house, DIFFUSION_HUB)
    house.replace_all(DIFFUSION_HUB.qualified, DIFFUSION_HUB.arrow(rows))
    made(lake, house, tmp_path)
    found = house.query(
        "SELECT user_kind, lag_months, use_count, use_chinese_count, use_share, is_use_final "
        "FROM mart.visibility_gap WHERE use_measure = 'hub_downloads'"
    ).to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("all", 0, None, None, day / 100, is_final) for day, is_final in expected
    ]
