"""One figure of one run in its four windows: the page, the exports, the UI, and Slack.

The run is the month's last, of 2024-12-07 to 16, which says that China's weekly share of attention
has passed that of the United States.
"""

import csv
import io
import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pyarrow.parquet as pq
import pytest

from tests.orchestration.conftest import Month

WEEK, DAY = date(2024, 12, 8), date(2024, 12, 6)
COUNTRIES = ("CN", "US")
WANTED = {"scope": "tracked", "grouping": "apart", "event_group": "attention"}
CROSSOVER = f"cn-us-attention-crossover:{WEEK}:firing"
HIGH = f"cn-attention-share-high:{DAY}:firing"


def vintage_of(month: Month, run_id: str) -> Path:
    """The folder that a run published; two later ones leave it where it is."""
    for folder in (month.settings.data / "published" / "vintages").iterdir():
        (row,) = pq.read_table(folder / "vintage.parquet").to_pylist()
        if row["run_id"] == run_id:
            return folder
    raise AssertionError(f"what run {run_id} published is there no more")


def message(month: Month, key: str) -> str:
    """All that Slack was sent under a key, as its readers see it."""
    (found,) = (
        each
        for each in month.server.slack_messages()
        if each.get("metadata", {}).get("event_payload", {}).get("key") == key
    )
    return json.dumps(found, ensure_ascii=False)


def stated(month: Month, run_id: str) -> Mapping[str, Any]:
    """What a run's materialisation of mart.engagement says in the UI."""
    records = month.instance.get_records_for_run(
        run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
    ).records
    key = dg.AssetKey(["mart", "engagement"])
    made = [each.asset_materialization for each in records if each.asset_key == key]
    return {name: value.value for name, value in made[-1].metadata.items()}


def parquet_rows(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "engagement.parquet").to_pylist()
    return rows


def csv_rows(folder: Path) -> list[dict[str, Any]]:
    text = io.StringIO((folder / "engagement.csv").read_text(encoding="utf-8"), newline="")
    return [
        {name: float(cell) if cell and "share" in name else cell for name, cell in row.items()}
        for row in csv.DictReader(text)
    ]


def duckdb_rows(folder: Path) -> list[dict[str, Any]]:
    with duckdb.connect(str(folder / "observatory.duckdb"), read_only=True) as connection:
        rows: list[dict[str, Any]] = (
            connection.execute("FROM engagement").to_arrow_table().to_pylist()
        )
    return rows


def page_rows(folder: Path) -> list[dict[str, str]]:
    """The rows that the page's engagement chart, table and CSV file are made of."""
    text = (folder / "index.html").read_text(encoding="utf-8")
    islands = map(json.loads, re.findall(r'class="figure-data">(.*?)</script>', text))
    (found,) = (
        rows
        for each in islands
        if (rows := list(csv.DictReader(io.StringIO(each["csv"]))))
        and {"activity_date", "period", "country_iso2", "share", "share_low"} <= set(rows[0])
    )
    # What is the same in every grouping stands there once, without one.
    return [{**row, "grouping": row["grouping"] or WANTED["grouping"]} for row in found]


def cell(rows: list[dict[str, Any]], day: date, period: str, country: str) -> dict[str, Any]:
    wanted = WANTED | {"activity_date": str(day), "period": period, "country_iso2": country}
    (row,) = (
        row
        for row in rows
        if all(str(row[name]) == value for name, value in wanted.items() if name in row)
    )
    return row


def in_table(markdown: str, *first: str) -> list[str]:
    """The cells of the one line of a Markdown table that begins with some."""
    lines = [[each.strip() for each in line.split("|")[1:-1]] for line in markdown.splitlines()]
    (line,) = (line for line in lines if tuple(line[: len(first)]) == first)
    return line


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_weeks_share_is_the_same_figure_on_the_page_in_exports_in_the_ui_and_in_slack(
    month: Month, country: str
) -> None:
    run_id = month.run_ids[-1]
    folder = vintage_of(month, run_id)
    row = cell(parquet_rows(folder), WEEK, "week", country)
    share = row["share"]
    assert 0.1 < share < 0.5
    for rows in (csv_rows(folder), duckdb_rows(folder)):
        for name in ("share", "share_ci_low", "share_ci_high", "share_low", "share_high"):
            assert cell(rows, WEEK, "week", country)[name] == row[name]
    on_page = cell(page_rows(folder), WEEK, "week", country)
    for name in ("share", "share_ci_low", "share_ci_high", "share_low", "share_high"):
        assert on_page[name] == str(float(f"{row[name]:.6g}"))
    _, _, said, bounds, located, counts, worst = in_table(
        stated(month, run_id)["weeks"], str(WEEK), country
    )
    assert said == f"{100 * share:.1f} %"
    assert bounds == f"{100 * row['share_ci_low']:.1f} to {100 * row['share_ci_high']:.1f} %"
    assert worst == f"{100 * row['share_low']:.1f} to {100 * row['share_high']:.1f} %"
    assert located == f"{100 * row['located_share']:.1f} %"
    assert counts == f"{row['actor_count']} of {row['located_actor_count']}"
    name = {"CN": "China", "US": "United States"}[country]
    posted = message(month, CROSSOVER)
    assert f"{name} {said}, " in posted
    assert f"{row['located_actor_count']:,} located accounts" in posted


def test_the_ratio_that_slack_quotes_is_the_exports_and_that_of_the_two_shares(
    month: Month,
) -> None:
    folder = vintage_of(month, month.run_ids[-1])
    wanted = WANTED | {"activity_date": WEEK, "country_iso2": "CN", "other_iso2": "US"}
    (row,) = (
        row
        for row in pq.read_table(folder / "country_ratio.parquet").to_pylist()
        if all(row[name] == value for name, value in wanted.items())
    )
    rows = parquet_rows(folder)
    shares = [cell(rows, WEEK, "week", country)["share"] for country in COUNTRIES]
    assert row["share_ratio"] == pytest.approx(shares[0] / shares[1])
    interval = f"95 % interval {row['ratio_ci_low']:.2f} to {row['ratio_ci_high']:.2f}"
    assert f"*{row['share_ratio']:.2f}*, {interval}" in message(month, CROSSOVER)


def test_a_days_located_share_is_the_same_in_slack_in_the_ui_in_exports_and_on_the_page(
    month: Month,
) -> None:
    """Of the run before: its last day is the one that the alert fired on."""
    stated_then = stated(month, month.run_ids[-2])
    folder = vintage_of(month, month.run_ids[-1])
    row = cell(parquet_rows(folder), DAY, "day", "CN")
    counts = (row["actor_count"], row["located_actor_count"])
    on_page = cell(page_rows(folder), DAY, "day", "CN")
    assert (on_page["actor_count"], on_page["located_actor_count"]) == tuple(map(str, counts))
    assert row["located_share"] == counts[0] / counts[1]
    line = in_table(stated_then["figures"], "CN")
    assert line[3:5] == [f"{row['located_share']:.1%}", f"{counts[0]} of {counts[1]}"]
    assert stated_then["cn_attention_share"] == row["share"]
    bounds = (
        f"{100 * row['located_share_ci_low']:.1f} to {100 * row['located_share_ci_high']:.1f} %"
    )
    posted = message(month, HIGH)
    assert f"*{100 * row['located_share']:.1f} %*, 95 % interval {bounds}" in posted
    assert f"{counts[1]} located accounts" in posted
