"""Shift assets: what policy shocks did, and where shares shifted, of all weeks at once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.activity.tables import EVENTS
from assets.attribution.tables import ACTOR_COUNTRY
from assets.declare import Plan, asset_key, code_version, documentation, prepare
from assets.engagement.tables import COUNTRY_ACTIVITY, ENGAGEMENT
from assets.markdown_text import as_text
from assets.pictures import markdown
from assets.reference.tables import POLICY_EVENTS, UPSTREAM_BREAKS
from assets.shifts.cases import CHINA, LOG_ACCOUNTS, SEGMENTED
from assets.shifts.chart import shock_figure
from assets.shifts.effects import WINDOWS
from assets.shifts.paper import OF_ACTORS, OF_EVENTS, ForkPanel, fork_panel, forks_by_week
from assets.shifts.series import PERIODS, CountrySeries, Dates, country_series
from assets.shifts.shock_effects import shock_rows
from assets.shifts.shocks import calendar
from assets.shifts.tables import SHOCK_EFFECTS, SHOCK_LEADS_LAGS
from assets.shifts.trend_rows import trend_shift_rows
from assets.shifts.trend_tables import TREND_SHIFTS
from assets.tables import Table
from resources.lake import Lake, LakeResource
from resources.warehouse import WarehouseResource

GROUP = "shifts"
_MADE = (SHOCK_EFFECTS, SHOCK_LEADS_LAGS)
_READ_FROM = (
    ENGAGEMENT, COUNTRY_ACTIVITY, EVENTS, ACTOR_COUNTRY, POLICY_EVENTS, UPSTREAM_BREAKS,
)  # fmt: skip
_DAYS_AT_A_TIME = 28  # of events, in memory


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    specs = [
        dg.AssetSpec(
            **documentation(table, GROUP, {"python", "duckdb"}),
            code_version=code_version(shock_tables, table),
            deps=[asset_key(each) for each in _READ_FROM],
            automation_condition=plan.gathered_automation,
        )
        for table in _MADE
    ]
    trends: dg.AssetsDefinition = dg.asset(
        **documentation(TREND_SHIFTS, GROUP, {"python", "duckdb"}),
        code_version=code_version(trend_table, TREND_SHIFTS),
        deps=[asset_key(ENGAGEMENT)],
        automation_condition=plan.gathered_automation,
    )(trend_table)
    return [dg.multi_asset(name="mart__shocks", specs=specs)(shock_tables), trends]


def shock_tables(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> Any:  # noqa: ANN401 - Dagster reads the annotation of a generator at run time
    """The effects of every shock, and the leads and lags of event studies."""
    store, house = lake.open(), warehouse.open()
    prepare(house, *_MADE, ENGAGEMENT, COUNTRY_ACTIVITY, POLICY_EVENTS, UPSTREAM_BREAKS)
    with house.transaction() as connection:
        series = country_series(connection)
    happened = calendar(
        house.query("SELECT * FROM core.policy_events").to_pylist(),
        house.query("SELECT * FROM core.upstream_breaks").to_pylist(),
    )
    made = shock_rows(series, happened, forks_of(store, series.get((CHINA, "attention"))))
    for table, rows in zip(_MADE, (made.effects, made.leads_lags), strict=True):
        house.replace_all(table.qualified, rows)
        yield dg.MaterializeResult(
            asset_key=asset_key(table),
            metadata={"dagster/row_count": rows.num_rows, **_shown(table, rows)},
        )


def forks_of(store: Lake, attention: CountrySeries | None) -> ForkPanel | None:
    """Forks of tracked repositories in the weeks of a series; None without one."""
    if attention is None:
        return None
    counts = [
        forks_by_week(
            _columns(store, EVENTS, OF_EVENTS, days),
            _columns(store, ACTOR_COUNTRY, OF_ACTORS, days),
        )
        for days in _spans(store, attention.dates)
    ]
    return fork_panel(counts, attention.dates, attention.is_sound)


def _spans(store: Lake, dates: Dates) -> Iterator[list[str]]:
    """Days of events that the weeks hold, a few at a time."""
    first, last = str(dates[0].item() - timedelta(days=6)), str(dates[-1])
    days = [day for day in store.partitions(EVENTS.qualified) if first <= day <= last]
    for start in range(0, len(days), _DAYS_AT_A_TIME):
        yield days[start : start + _DAYS_AT_A_TIME]


def _columns(store: Lake, table: Table, names: tuple[str, ...], days: list[str]) -> pa.Table:
    schema = pa.schema([table.arrow_schema.field(name) for name in names])
    return store.read_all(table.qualified, days, schema, columns=names)


def _shown(table: Table, rows: pa.Table) -> dict[str, Any]:
    """For the UI: the effects of shocks on China's weekly accounts, in words and as a picture."""
    if table is not SHOCK_EFFECTS:
        return {}
    shown = {"effects": dg.MetadataValue.md(words(rows.to_pylist()))}
    if rows["level_change"].null_count < rows.num_rows:
        shown["chart"] = dg.MetadataValue.md(markdown(shock_figure(rows)))
    return shown


def words(rows: list[dict[str, Any]]) -> str:
    """Effects of the paper's shocks on CN's accounts in any event group, as a Markdown table.

    Args:
        rows: of mart.shock_effects.
    """
    wanted = {
        "country_iso2": CHINA, "event_group": "any", "measure": LOG_ACCOUNTS,
        "method": SEGMENTED, "window_weeks": WINDOWS[0], "is_paper_shock": True,
    }  # fmt: skip
    chosen = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    if not chosen:
        return "No weeks with accounts in both CN and US yet."
    lines = [
        f"Change of the weekly accounts located in CN at each shock, {WINDOWS[0]} weeks on each "
        "side; of the pooled one, the mean of the shocks.",
        "",
        "| shock | change | 95 % by placebo weeks | Newey-West (covers 56 to 81 %) | placebo p "
        "| n |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join(lines + [_line(row) for row in chosen])


def _line(row: dict[str, Any]) -> str:
    name = as_text(f"{row['shock_date'] or ''} {row['shock_name']}".strip())
    state = row["status"].replace("_", " ")
    if row["effect_pct"] is None:
        return f"| {name} | {state} | | | | |"
    rank = state if row["placebo_p_value"] is None else f"{row['placebo_p_value']:.3f}"
    by_placebos, by_errors = (
        ""
        if row[f"{end}_low"] is None
        else f"{row[f'{end}_low']:+.1f} to {row[f'{end}_high']:+.1f}"
        for end in ("effect_pct_placebo", "effect_pct_ci")
    )
    return (
        f"| {name} | {row['effect_pct']:+.1f} % | {by_placebos} | {by_errors} | {rank} "
        f"| {row['placebo_count']} |"
    )


def trend_table(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """Shifts of every country's located share, by weeks and by days."""
    house = warehouse.open()
    prepare(house, TREND_SHIFTS, ENGAGEMENT, COUNTRY_ACTIVITY)
    with house.transaction() as connection:
        series = [
            each for period in PERIODS for each in country_series(connection, period).values()
        ]
    rows = trend_shift_rows(series)
    house.replace_all(TREND_SHIFTS.qualified, rows)
    newest = newest_shifts(rows.to_pylist())
    context.log.info("%d series, %d rows of shifts", len(series), rows.num_rows)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows.num_rows,
            "series": len(series),
            "newest": dg.MetadataValue.md(newest),
        }
    )


def newest_shifts(rows: list[dict[str, Any]], most: int = 10) -> str:
    """The newest shifts by weeks that stand, as a Markdown table.

    Args:
        rows: of mart.trend_shifts.
        most: of them.
    """
    chosen = [row for row in rows if row["period"] == "week" and row["status"] == "confirmed"]
    if not chosen:
        return "No shift of a weekly share is confirmed."
    chosen.sort(key=lambda row: row["detected_date"], reverse=True)
    lines = [
        "| country | event group | since (95 %) | confirmed | share | change, percentage points "
        "(95 %) |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['country_iso2']} | {row['event_group']} "
        f"| {row['onset_date']} ({row['onset_low_date']} to {row['onset_high_date']}) "
        f"| {row['detected_date']} | {row['before_share']:.1%} to {row['after_share']:.1%} "
        f"| {row['size_pp']:+.1f} ({row['size_pp_ci_low']:+.1f} to {row['size_pp_ci_high']:+.1f}) |"
        for row in chosen[:most]
    ]
    return "\n".join(lines)
