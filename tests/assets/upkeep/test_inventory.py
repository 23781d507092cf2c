"""The inventory as rows, in a terminal and as Markdown."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from assets.upkeep.inventory import (
    Inventory,
    Mend,
    Span,
    Standing,
    as_lines,
    as_markdown,
    in_words,
    totals,
)
from assets.upkeep.tables import INVENTORY

TAKEN = datetime(2026, 3, 10, 6, 20, tzinfo=UTC)
FIFTH = Span(date(2026, 3, 5), date(2026, 3, 5), 1)
WEEK = Span(date(2026, 2, 1), date(2026, 2, 7), 7)
WHOLE = Standing(
    asset="mart.engagement", family="daily", unit="day", first=date(2022, 1, 1),
    asked_from=date(2026, 1, 1), due_to=date(2026, 3, 9), made=68, failed=(), given_up=0,
    in_progress=0, missing=(), never_asked=1461, left=0, commands=(),
)  # fmt: skip
COMMANDS = (
    "make backfill FROM=2026-02-01 TO=2026-02-07",
    "make backfill FROM=2026-03-05 TO=2026-03-05",
)
TORN = replace(
    WHOLE, asset="published.page", made=60, failed=(FIFTH,), missing=(WEEK,), left=7,
    commands=COMMANDS,
)  # fmt: skip
FOUND = Inventory(
    TAKEN,
    (WHOLE, TORN),
    tuple(
        Mend("daily", "day", span, command)
        for span, command in zip((WEEK, FIFTH), COMMANDS, strict=True)
    ),
)


def test_rows_are_of_the_table_and_carry_counts_spans_and_commands() -> None:
    whole, torn = INVENTORY.arrow(FOUND.rows()).to_pylist()
    assert (whole["made_count"], whole["failed_count"], whole["mend_commands"]) == (68, 0, [])
    assert (torn["failed_count"], torn["missing_count"], torn["left_count"]) == (1, 7, 7)
    assert torn["missing_spans"] == "2026-02-01 to 2026-02-07"
    assert torn["mend_commands"] == list(COMMANDS)


def test_totals_add_up_the_assets_of_a_family() -> None:
    _, row = totals(FOUND)
    assert row == (
        "daily", "2", "2026-01-01", "2026-03-09", "128", "1", "0", "0", "7", "2,922",
    )  # fmt: skip


def test_a_terminal_gets_each_defect_and_each_command() -> None:
    text = "\n".join(as_lines(FOUND))
    assert "published.page: 1 failed: 2026-03-05" in text
    assert "published.page: 7 missing: 2026-02-01 to 2026-02-07" in text
    assert "make backfill FROM=2026-02-01 TO=2026-02-07    # 7 days" in text
    assert "make backfill FROM=2026-03-05 TO=2026-03-05    # 1 day" in text
    assert "mart.engagement:" not in text


def test_where_nothing_is_left_it_says_so() -> None:
    found = Inventory(TAKEN, (WHOLE,), ())
    assert as_lines(found)[-1] == "No partition that was ever asked for has failed or is missing."
    assert "To mend" not in as_markdown(found)


def test_the_runs_metadata_has_the_same_counts_and_commands() -> None:
    text = as_markdown(FOUND)
    assert text.startswith("Taken 2026-03-10 06:20 UTC")
    assert "| published.page | 1 | 2026-03-05 | 7 | 2026-02-01 to 2026-02-07 |" in text
    assert all(f"`{command}`" in text for command in COMMANDS)


def test_a_thousand_spans_are_cut_short_and_counted() -> None:
    days = [date(2022, 1, 1) + timedelta(days=2 * n) for n in range(1000)]
    spans = tuple(Span(day, day, 1) for day in days)
    assert in_words(spans).endswith(f"{days[39]} and 960 more spans")
    mends = tuple(Mend("daily", "day", span, f"mend {span}") for span in spans)
    found = Inventory(TAKEN, (replace(TORN, failed=spans),), mends)
    assert as_lines(found)[-1] == "  and 900 more spans"
    assert len(as_markdown(found)) < 10_000
