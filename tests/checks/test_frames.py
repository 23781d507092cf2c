"""The small frames that suites run on, from a real lake and warehouse."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from assets.activity.tables import ACTOR_DAYS, EVENTS
from assets.attribution.tables import ACTOR_COUNTRY, ATTRIBUTION_MODEL
from assets.engagement.tables import STAGED_ENGAGEMENT
from checks.frames import actor_country_by_day, events_by_day, staged_engagement
from resources.lake import Lake
from resources.warehouse import Warehouse
from tests.engagement_rows import engagement_rows

DAY = date(2024, 12, 15)
NEXT = DAY + timedelta(days=1)
NOON = datetime(2024, 12, 15, 12, tzinfo=UTC)


def event(number: int, **changes: object) -> dict[str, object]:
    """A sound event of the day."""
    return {
        "event_date": DAY,
        "event_type": "WatchEvent",
        "event_id": str(number),
        "created_at": NOON,
        "event_group": "attention",
        "actor_id": number,
        "repo_id": 1,
        "is_tracked": True,
        "is_panel": False,
        "source": "gharchive",
        "sources": ["gharchive"],
        "file_hour": NOON,
        **changes,
    }


def write_events(lake: Lake, day: date, rows: Sequence[dict[str, object]]) -> None:
    lake.write(EVENTS.qualified, str(day), EVENTS.arrow(rows))


def write_engagement(lake: Lake, day: date, *parts: pa.Table) -> None:
    rows = pa.concat_tables(parts).cast(STAGED_ENGAGEMENT.arrow_schema)
    lake.write(STAGED_ENGAGEMENT.qualified, str(day), rows)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): row[name] for name in frame.columns} for _, row in frame.iterrows()]


def test_sound_events_break_no_promise(lake: Lake, warehouse: Warehouse) -> None:
    write_events(lake, DAY, [event(1), event(2, is_tracked=False, is_panel=True)])
    assert records(events_by_day(lake, warehouse, [DAY])) == [
        {
            "day": "2024-12-15",
            "event_count": 2,
            "tracked_count": 1,
            "duplicate_count": 0,
            "outside_day_count": 0,
            "unselected_count": 0,
            "actorless_count": 0,
            "ungrouped_count": 0,
        }
    ]


@pytest.mark.parametrize(
    ("column", "rows"),
    [
        ("duplicate_count", [event(1), event(1), event(1, source="other")]),
        ("outside_day_count", [event(1, created_at=NOON + timedelta(hours=h)) for h in (12, -13)]),
        ("unselected_count", [event(n, is_tracked=False) for n in (1, 2)]),
        ("actorless_count", [event(n, actor_id=None) for n in (1, 2)]),
        ("ungrouped_count", [event(1, event_group="stars"), event(2, event_group="any")]),
    ],
)
def test_two_broken_events_are_counted_in_their_own_column_only(
    lake: Lake, warehouse: Warehouse, column: str, rows: list[dict[str, object]]
) -> None:
    write_events(lake, DAY, [*rows, event(9)])
    (row,) = records(events_by_day(lake, warehouse, [DAY]))
    counts = {name for name in row if name not in ("day", "event_count", "tracked_count")}
    assert {name for name in counts if row[name]} == {column}
    assert row[column] == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"event_type": "ForkEvent"},
        {"event_id": "2"},
        {"created_at": NOON + timedelta(microseconds=1)},
    ],
    ids=str,
)
def test_events_that_differ_in_any_part_of_the_key_are_two(
    lake: Lake, warehouse: Warehouse, changes: dict[str, object]
) -> None:
    """Ids restarted in 2025 and count separately by type."""
    write_events(lake, DAY, [event(1), event(1, **changes)])
    (row,) = records(events_by_day(lake, warehouse, [DAY]))
    assert (row["event_count"], row["duplicate_count"]) == (2, 0)


def test_the_last_microsecond_of_a_day_is_inside_it(lake: Lake, warehouse: Warehouse) -> None:
    last = datetime(2024, 12, 15, 23, 59, 59, 999_999, tzinfo=UTC)
    write_events(lake, DAY, [event(1, created_at=last), event(2, created_at=last.replace(hour=0))])
    (row,) = records(events_by_day(lake, warehouse, [DAY]))
    assert row["outside_day_count"] == 0


def test_events_of_before_2015_may_lack_an_account(lake: Lake, warehouse: Warehouse) -> None:
    old = date(2014, 12, 31)
    noon = datetime(2014, 12, 31, 12, tzinfo=UTC)
    write_events(lake, old, [event(1, event_date=old, created_at=noon, actor_id=None)])
    (row,) = records(events_by_day(lake, warehouse, [old]))
    assert row["actorless_count"] == 0


def test_a_commit_may_lack_an_account(lake: Lake, warehouse: Warehouse) -> None:
    write_events(lake, DAY, [event(1, event_type="Commit", actor_id=None)])
    (row,) = records(events_by_day(lake, warehouse, [DAY]))
    assert (row["event_count"], row["actorless_count"]) == (1, 0)


def test_days_without_events_have_a_row_of_zeros(lake: Lake, warehouse: Warehouse) -> None:
    write_events(lake, DAY, [event(1)])
    write_events(lake, DAY - timedelta(days=1), [])
    days = [DAY - timedelta(days=1), DAY, NEXT]
    frame = events_by_day(lake, warehouse, days)
    assert frame["day"].tolist() == [str(day) for day in days]
    assert frame["event_count"].tolist() == [0, 1, 0]
    assert frame.loc[[0, 2]].drop(columns="day").to_numpy().sum() == 0


def write_activity(lake: Lake, day: date, actors: Sequence[int | None]) -> None:
    """Write core.actor_days: a star of each account; an account twice starred and forked."""
    rows = [
        {
            "activity_date": day,
            "actor_id": actor,
            "event_group": "attention" if actor not in actors[:at] else "participation",
            "is_tracked": True,
            "is_panel": False,
            "origin": None,
            "layer": "model",
            "event_count": 1,
            "before_17_count": 1,
            "hour_mask": 1,
        }
        for at, actor in enumerate(actors)
    ]
    lake.write(ACTOR_DAYS.qualified, str(day), ACTOR_DAYS.arrow(rows))


def located(country: str, **changes: object) -> dict[str, object]:
    """A sound row of core.actor_country: an account that says where it is."""
    return {
        "is_bot": False,
        "located_iso2": country,
        "country_iso2": country,
        "probability": 0.98,
        "deciding_evidence": "location",
        "candidate_iso2": [country],
        "candidate_probability": [1.0],
        "evidence_stratum": 1,
        "evidence_label": 0,
        "model_version": "test",
        **changes,
    }


def guessed(country: str | None, **changes: object) -> dict[str, object]:
    """A sound row of core.actor_country: an account without a location."""
    return located("CN") | {
        "located_iso2": None,
        "country_iso2": country,
        "probability": None if country is None else 0.6,
        "deciding_evidence": "clock",
        **changes,
    }


BOT = guessed(None, is_bot=True, deciding_evidence=None, evidence_stratum=None, evidence_label=None)


def attribute(lake: Lake, day: date, rows: dict[int, dict[str, object]]) -> None:
    """Write core.actor_country of a day: account to row."""
    table = ACTOR_COUNTRY.arrow(
        [{"as_of_date": day, "actor_id": actor, **row} for actor, row in rows.items()]
    )
    lake.write(ACTOR_COUNTRY.qualified, str(day), table)


def learn(lake: Lake, day: date, shares: Sequence[float]) -> None:
    """Write core.attribution_model of a day: classes with these shares of the unlocated."""
    rows = [
        {
            "as_of_date": day,
            "class_number": number,
            "country_iso2": "ZZ",
            "located_weight": 10.5,
            "unlocated_share": share,
            "log_missingness_odds": 0.0,
            "temperature": 1.0,
            "located_draws": [],
            "log_odds_draws": [],
            "label_rates": [],
            "model_version": "test",
        }
        for number, share in enumerate(shares)
    ]
    lake.write(ATTRIBUTION_MODEL.qualified, str(day), ATTRIBUTION_MODEL.arrow(rows))


COUNTS = (
    "unattributed_count",
    "unknown_code_count",
    "contradictory_count",
    "undecided_count",
    "improbable_count",
)


def test_sound_attribution_breaks_no_promise(lake: Lake, warehouse: Warehouse) -> None:
    """Two of five have a location; an account without an id is nobody."""
    write_activity(lake, DAY, [1, 1, 2, 3, 4, 5, None])
    rows = {1: located("CN"), 2: located("US"), 3: guessed("DE"), 4: guessed(None), 5: BOT}
    attribute(lake, DAY, rows)
    learn(lake, DAY, [0.25, 0.75])
    assert records(actor_country_by_day(lake, warehouse, [DAY])) == [
        {
            "day": "2024-12-15",
            "actor_count": 5,
            **dict.fromkeys(COUNTS, 0),
            "unlocated_share_sum": 1.0,
            "located_share": 0.4,
        }
    ]


@pytest.mark.parametrize(
    ("column", "row"),
    [
        ("unattributed_count", None),
        ("unknown_code_count", located("QQ")),
        ("unknown_code_count", guessed("QQ")),
        ("contradictory_count", located("CN", country_iso2="US")),
        ("contradictory_count", located("CN", country_iso2=None)),
        ("undecided_count", guessed("CN", deciding_evidence=None)),
        ("improbable_count", guessed("CN", probability=1.001)),
        ("improbable_count", guessed("CN", probability=-0.001)),
    ],
)
def test_a_broken_account_is_counted_in_its_own_column_only(
    lake: Lake, warehouse: Warehouse, column: str, row: dict[str, object] | None
) -> None:
    write_activity(lake, DAY, [1, 2])
    attribute(lake, DAY, {1: located("CN"), **({2: row} if row else {})})
    (found,) = records(actor_country_by_day(lake, warehouse, [DAY]))
    assert {name: found[name] for name in COUNTS} == dict.fromkeys(COUNTS, 0) | {column: 1}


def test_who_was_not_active_on_the_day_is_not_judged(lake: Lake, warehouse: Warehouse) -> None:
    """On Sundays the accounts of four weeks have rows."""
    write_activity(lake, DAY, [1])
    attribute(lake, DAY, {1: located("CN"), 7: located("QQ"), 8: guessed("QQ")})
    (row,) = records(actor_country_by_day(lake, warehouse, [DAY]))
    assert (row["actor_count"], row["unknown_code_count"], row["located_share"]) == (1, 0, 1.0)


@pytest.mark.parametrize(("shares", "total"), [([0.5, 0.4], 0.9), ([0.5, 0.6], 1.1), ([], 1.0)])
def test_shares_of_the_unlocated_are_added_up(
    lake: Lake, warehouse: Warehouse, shares: list[float], total: float
) -> None:
    """A day of which nothing could be learned has no model, and that is no fault."""
    learn(lake, DAY, shares)
    (row,) = records(actor_country_by_day(lake, warehouse, [DAY]))
    assert row["unlocated_share_sum"] == pytest.approx(total)


def test_each_day_has_its_own_accounts_and_model(lake: Lake, warehouse: Warehouse) -> None:
    write_activity(lake, DAY, [1, 2])
    write_activity(lake, NEXT, [2])
    attribute(lake, DAY, {1: located("CN"), 2: guessed("CN")})
    attribute(lake, NEXT, {1: located("CN")})
    learn(lake, DAY, [0.6])
    learn(lake, NEXT, [0.7])
    days = [DAY, NEXT, NEXT + timedelta(days=1)]
    frame = actor_country_by_day(lake, warehouse, days)
    assert frame["day"].tolist() == [str(day) for day in days]
    assert frame["actor_count"].tolist() == [2, 1, 0]
    assert frame["unattributed_count"].tolist() == [0, 1, 0]
    assert frame["located_share"].tolist() == [0.5, 0.0, 0.0]
    assert frame["unlocated_share_sum"].tolist() == [0.6, 0.7, 1.0]


def test_staged_rows_stand_beside_what_their_cell_adds_up_to(
    lake: Lake, warehouse: Warehouse
) -> None:
    write_engagement(lake, DAY, engagement_rows(DAY, {"CN": 8, "QQ": 2, "ZZ": 10}))
    write_engagement(lake, NEXT, engagement_rows(NEXT, {"US": 3}))
    frame = staged_engagement(lake, warehouse, [DAY, NEXT])
    assert frame["day"].tolist() == ["2024-12-15", "2024-12-15", "2024-12-16"]
    assert frame["country_iso2"].tolist() == ["CN", "QQ", "US"]
    assert frame["cell_located_share_sum"].tolist() == pytest.approx([1, 1, 1])
    assert frame["cell_share_sum"].tolist() == pytest.approx([1, 1, 1])
    assert frame["cell_count_difference"].tolist() == [0, 0, 0]
    assert frame["is_known_country"].tolist() == [True, False, True]
    assert frame["located_share"].tolist() == [0.8, 0.2, 1.0]


@pytest.mark.parametrize(
    "other",
    [{"period": "week"}, {"scope": "panel"}, {"event_group": "any"}, {"grouping": "greater"}],
    ids=str,
)
def test_cells_that_differ_in_any_part_of_the_key_are_added_up_apart(
    lake: Lake, warehouse: Warehouse, other: dict[str, str]
) -> None:
    counts = {"CN": 8, "US": 2}
    write_engagement(lake, DAY, engagement_rows(DAY, counts), engagement_rows(DAY, counts, **other))
    frame = staged_engagement(lake, warehouse, [DAY])
    assert frame["cell_located_share_sum"].tolist() == pytest.approx([1] * 4)
    assert frame["cell_count_difference"].tolist() == [0] * 4


def test_a_staged_row_that_is_lost_shows_in_the_sums_of_its_cell(
    lake: Lake, warehouse: Warehouse
) -> None:
    write_engagement(lake, DAY, engagement_rows(DAY, {"CN": 8, "US": 2}).slice(0, 1))
    (row,) = records(staged_engagement(lake, warehouse, [DAY]))
    assert row["cell_located_share_sum"] == pytest.approx(0.8)
    assert row["cell_share_sum"] == pytest.approx(0.8)
    assert row["cell_count_difference"] == -2


def test_days_that_were_never_written_have_no_staged_rows(lake: Lake, warehouse: Warehouse) -> None:
    frame = staged_engagement(lake, warehouse, [DAY])
    assert len(frame) == 0
    assert {"day", "cell_share_sum", "cell_located_share_sum", "is_known_country"} <= set(
        frame.columns
    )
