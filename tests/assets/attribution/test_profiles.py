"""From profiles to countries, with a gazetteer of three places."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.activity.tables import EVENTS
from assets.attribution.gazetteer import Gazetteer, PlaceMatch
from assets.attribution.profiles import (
    MODEL_VERSION,
    actor_countries,
    batches,
    distinct_actors,
)
from assets.attribution.tables import ACTOR_COUNTRY

FETCHED = datetime(2024, 12, 16, 2, tzinfo=UTC)


class ThreePlaces(Gazetteer):
    """Knows three texts, and counts how often it is asked for each."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []

    def locate(self, text: str | None) -> PlaceMatch | None:
        self.asked.append(text)
        return {
            "Beijing": PlaceMatch("CN", "city", "beijing", 0.99),
            "China": PlaceMatch("CN", "country_name", "china", 0.99),
            "USA": PlaceMatch("US", "country_alias", "usa", 0.99),
        }.get(text or "")


def profiles_of(rows: Sequence[tuple[int, str, str | None]]) -> pa.Table:
    """Profiles: actor_id, actor_type, location."""
    return pa.table(
        {
            "actor_id": pa.array([row[0] for row in rows], pa.int64()),
            "actor_type": pa.array([row[1] for row in rows], pa.string()),
            "location": pa.array([row[2] for row in rows], pa.string()),
            "fetched_at": pa.array([FETCHED] * len(rows), pa.timestamp("us", tz="UTC")),
        }
    )


def events_of(actors: Sequence[int | None]) -> pa.Table:
    return EVENTS.arrow(
        [
            {
                "event_date": date(2024, 12, 15),
                "event_type": "WatchEvent",
                "event_id": str(number),
                "created_at": FETCHED,
                "event_group": "attention",
                "actor_id": actor,
                "is_tracked": True,
                "is_panel": False,
                "source": "gharchive",
                "file_hour": FETCHED,
            }
            for number, actor in enumerate(actors)
        ]
    )


def test_ids_are_cut_into_batches_in_order() -> None:
    assert list(batches([1, 2, 3, 4, 5], 2)) == [[1, 2], [3, 4], [5]]
    assert list(batches([], 2)) == []


@settings(deadline=None)
@given(st.lists(st.integers()), st.integers(1, 10))
def test_batches_are_full_but_the_last_and_lose_nothing(ids: list[int], size: int) -> None:
    cut = list(batches(ids, size))
    assert [each for batch in cut for each in batch] == ids
    assert all(len(batch) == size for batch in cut[:-1])
    assert all(0 < len(batch) <= size for batch in cut)


def test_accounts_of_several_tables_are_counted_once_in_order_without_nulls() -> None:
    tables = [events_of([7, None, 3, 7]), events_of([]), events_of([3, 1])]
    assert distinct_actors(tables) == [1, 3, 7]


@pytest.mark.parametrize("tables", [[], [events_of([])], [events_of([None])]])
def test_events_without_accounts_have_no_actors(tables: list[pa.Table]) -> None:
    assert distinct_actors(tables) == []


def test_a_location_gives_the_country_and_the_rule_that_decided() -> None:
    rows = actor_countries(
        profiles_of([(1, "User", "Beijing"), (2, "User", "USA"), (3, "User", "the moon")]),
        ThreePlaces(),
    )
    assert rows.to_pylist()[0] == {
        "actor_id": 1,
        "country_iso2": "CN",
        "rule": "city",
        "is_bot": False,
        "model_version": MODEL_VERSION,
        "profile_fetched_at": FETCHED,
    }
    assert rows["country_iso2"].to_pylist() == ["CN", "US", None]
    assert rows["rule"].to_pylist() == ["city", "country_alias", None]
    assert rows.schema == ACTOR_COUNTRY.arrow_schema


@pytest.mark.parametrize("actor_type", ["User", "Organization", "Mannequin", "absent"])
def test_a_profile_without_a_location_stays_as_a_row_without_a_country(actor_type: str) -> None:
    (row,) = actor_countries(profiles_of([(1, actor_type, None)]), ThreePlaces()).to_pylist()
    assert (row["actor_id"], row["country_iso2"], row["rule"]) == (1, None, None)
    assert row["is_bot"] is False


def test_only_what_github_calls_a_bot_is_one() -> None:
    rows = actor_countries(profiles_of([(1, "Bot", "China"), (2, "User", "bot")]), ThreePlaces())
    assert rows["is_bot"].to_pylist() == [True, False]
    assert rows["country_iso2"].to_pylist() == ["CN", None]


def test_a_text_is_located_once_however_many_accounts_write_it() -> None:
    gazetteer = ThreePlaces()
    actor_countries(profiles_of([(n, "User", "China") for n in range(5)]), gazetteer)
    assert gazetteer.asked == ["China"]


def test_no_profiles_have_no_countries() -> None:
    rows = actor_countries(profiles_of([]), ThreePlaces())
    assert rows.num_rows == 0
    assert rows.schema == ACTOR_COUNTRY.arrow_schema


def test_the_location_itself_goes_no_further() -> None:
    address = "Beijing, flat 7"
    rows = actor_countries(
        profiles_of([(1, "User", address), (2, "User", "Beijing")]), ThreePlaces()
    )
    assert "location" not in rows.column_names
    assert not any("eijing" in str(value) for row in rows.to_pylist() for value in row.values())
