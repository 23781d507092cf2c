"""What a command says at its end: the newest figures, alerts, and where everything is."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from assets.alerting.states import QUIET
from assets.engagement.shares import SMALLEST_CELL
from assets.hub.tables import DIFFUSION_HUB
from assets.report.page import PAGE_FILE
from assets.visibility.assets import newest_by_measure, newest_complete
from assets.visibility.findings import MEASURES
from orchestration.settings import Settings
from resources.warehouse import Warehouse

_SHOWN = 6


def print_summary(settings: Settings, last: date, seconds: float) -> None:
    """Print the newest day's shares, alert states, and the paths of what was written."""
    house = Warehouse(str(settings.warehouse))
    if house.has_table("mart.engagement"):
        _print_shares(settings, house, last)
    if house.has_table(DIFFUSION_HUB.qualified):
        _print_hub(house)
    if house.has_table("ops.alerts"):
        _print_alerts(house)
    if house.has_table("mart.visibility_gap"):
        _print_gap(settings, house)
    print(f"\nwarehouse   {settings.warehouse}")
    print(f"parquet     {settings.data / 'lake'}")
    current = settings.data / "published" / "current"
    print(f"published   {current}")
    page = current / PAGE_FILE
    print(f"page        {page if page.exists() else 'none: see the run of published/page'}")
    print(f"data docs   {settings.data / 'great_expectations'}")
    print(f"took        {seconds:.0f} s")


def _print_shares(settings: Settings, house: Warehouse, last: date) -> None:
    rows = house.query(
        "SELECT country_iso2, share, share_ci_low, share_ci_high, located_share, share_low, "
        "share_high, actor_count, located_actor_count, unknown_share FROM mart.engagement "
        "WHERE activity_date = ? AND period = 'day' AND scope = 'tracked' AND grouping = 'apart' "
        "AND event_group = 'attention' AND actor_count >= ? AND NOT is_masked "
        "ORDER BY share DESC LIMIT ?",
        [last, SMALLEST_CELL, _SHOWN],
    ).to_pylist()
    world = "" if settings.upstream == "live" else " (sandbox: synthetic figures)"
    print(f"\nShare of accounts that starred or forked tracked repositories, {last} UTC{world}")
    if not rows:
        print("  no country with five located accounts that day, or too little captured to tell")
        return
    print("  country  share   95 % interval     of located  worst case        located accounts")
    for row in rows:
        print(
            f"  {row['country_iso2']:<7}  {row['share']:5.1%}   "
            f"{row['share_ci_low']:5.1%} to {row['share_ci_high']:5.1%}    "
            f"{row['located_share']:5.1%}       "
            f"{row['share_low']:5.1%} to {row['share_high']:5.1%}    "
            f"{row['actor_count']} of {row['located_actor_count']}"
        )
    print(
        f"  {rows[0]['unknown_share']:.1%} of active accounts have no location: their country is "
        "estimated from employer, e-mail domain, commit zone and hours"
    )


def _print_hub(house: Warehouse) -> None:
    """The newest snapshot's share of Chinese origin, of downloads and of what others made."""
    rows = house.query(
        "SELECT * FROM mart.diffusion_hub WHERE origin_iso2 = 'CN' AND root_family = 'any' "
        "AND author_country_iso2 = 'any' AND relation IN ('any', 'derivative') "
        "AND snapshot_date = (SELECT max(snapshot_date) FROM mart.diffusion_hub) "
        "ORDER BY measure, relation"
    ).to_pylist()
    found = {(row["measure"], row["relation"]): row for row in rows}
    shown = (
        ("downloads of 30 days", found.get(("downloads_30d", "any"))),
        ("downloads of derivatives", found.get(("downloads_30d", "derivative"))),
        ("derivatives", found.get(("models", "derivative"))),
    )
    if not any(row for _, row in shown):
        return
    print(f"\nHub models made of Chinese-origin weights, {rows[0]['snapshot_date']} UTC")
    print("  share of                  share   all unknown counted out or in    of known origin")
    for words, row in shown:
        if row and row["share"] is not None:
            print(
                f"  {words:<24}  {row['share']:5.1%}   {row['share_low']:5.1%} to "
                f"{row['share_high']:5.1%}                   {row['known_value']:,.0f}"
            )


def _print_gap(settings: Settings, house: Warehouse) -> None:
    world = "" if settings.upstream == "live" else " (sandbox: synthetic figures)"
    print(f"\nChinese-origin open models, use in papers less presence in U.S. patents{world}")
    _print_filed(newest_complete(house))
    measures = dict(MEASURES)
    for row in newest_by_measure(house):
        print(
            f"  published in {row['cohort_month']:%Y-%m}, all users, use by "
            f"{measures[row['use_measure']]}: {_gap_in_words(row)}"
        )


def _print_filed(rows: list[dict[str, Any]]) -> None:
    if not rows:
        print("  no cohort of patents is complete by month of filing: see mart.visibility_gap")
        return
    print(f"  patents filed in {rows[0]['cohort_month']:%Y-%m}, the newest complete cohort")
    print("  users          gap, percentage points (95 %)   papers           patents")
    for row in rows:
        use = f"{row['use_share']:.1%} of {row['use_count']}"
        print(
            f"  {row['user_kind']:<13}  {_gap_in_words(row):<30}  {use:<15}  "
            f"{row['patent_share']:.1%} of {row['patent_count']}"
        )


def _gap_in_words(row: Mapping[str, Any]) -> str:
    return f"{row['gap_pp']:.1f} ({row['gap_pp_ci_low']:.1f} to {row['gap_pp_ci_high']:.1f})"


def _print_alerts(house: Warehouse) -> None:
    """Where alerts stand: those that are not quiet by name, the others counted by rule."""
    rows = house.query("SELECT * FROM ops.alerts ORDER BY alert_id").to_pylist()
    sent = house.query(
        "SELECT count(*) AS n, count(delivered_at) AS delivered FROM ops.outbox"
    ).to_pylist()[0]
    quiet = Counter(row["rule_id"] for row in rows if row["state"] in QUIET)
    print("\nAlerts")
    for row in rows:
        if row["state"] not in QUIET:
            print(
                f"  {row['alert_id']}: {row['state']} since {row['since_date']}, "
                f"evaluated through {row['evaluated_through']}"
            )
    named = (f"{rule} ({count})" if count > 1 else rule for rule, count in sorted(quiet.items()))
    print(f"  quiet: {', '.join(named) or 'none'}")
    print(f"  messages: {sent['n']}, of which Slack took {sent['delivered']}")
