"""Vintages are what was published; a revision is what of it changed, and nothing else."""

import math
from dataclasses import replace
from datetime import date, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.engagement.tables import ENGAGEMENT
from assets.revisions.catalogue import CATALOGUE, Figures
from assets.revisions.record import as_of, not_shown, prepare_vintages
from assets.revisions.tables import REVISIONS
from tests.assets.revisions.conftest import (
    COUNTS,
    DAY,
    NEXT_DAY,
    SHARES,
    STARTED,
    TOTALS,
    House,
    day_of,
    engagement,
)

MORE = COUNTS | {"CN": 50}  # CN 50, US 50, DE 10 of 110 located and 210 in all
FIGURE = "2024-12-01, day, tracked, attention, apart, CN"


def scaled(rows: pa.Table, column: str, factor: float) -> pa.Table:
    place = rows.column_names.index(column)
    return rows.set_column(place, rows.schema.field(column), pc.multiply(rows[column], factor))


def test_what_is_published_first_is_no_revision(house: House) -> None:
    made = house.publish(engagement(day_of(COUNTS)))
    assert (made.publication, made.new_count) == (1, 4)  # three countries and the cell's totals
    assert made.figure_count == 4
    assert house.revisions() == []


def test_a_day_that_was_not_published_before_is_no_revision(house: House) -> None:
    house.publish(engagement(day_of(COUNTS)))
    made = house.publish(engagement(day_of(COUNTS), day_of(COUNTS, NEXT_DAY)))
    assert (made.new_count, made.is_unchanged) == (4, False)
    older = day_of(COUNTS, DAY - timedelta(days=400))
    house.publish(engagement(older, day_of(COUNTS), day_of(COUNTS, NEXT_DAY)))
    assert house.revisions() == []


def test_the_same_figures_again_change_nothing(house: House) -> None:
    house.publish(engagement(day_of(COUNTS)))
    assert house.publish(engagement(day_of(COUNTS))).is_unchanged
    rows = house.connection.execute("SELECT count(*) FROM vintage.engagement").fetchone()
    assert rows == (3,)


def test_a_revision_says_from_what_to_what_with_intervals_and_by_how_much(house: House) -> None:
    house.publish(engagement(day_of(COUNTS)))
    house.publish(engagement(day_of(MORE)), backfill_id="b1")
    (share,) = house.revisions(f"figure = '{FIGURE}' AND measure = 'share'")
    assert share["value_before"] == pytest.approx(0.4)
    assert share["value_after"] == pytest.approx(50 / 110)
    # 100 * (50 / 110 - 40 / 100)
    assert share["difference"] == pytest.approx(5.4545454545)
    assert (share["unit"], share["difference_unit"]) == ("0 to 1", "percentage points")
    before, after = (day_of(each).to_pylist()[0] for each in (COUNTS, MORE))
    assert (share["low_before"], share["high_before"]) == (
        before["share_ci_low"], before["share_ci_high"],
    )  # fmt: skip
    assert (share["low_after"], share["high_after"]) == (
        after["share_ci_low"], after["share_ci_high"],
    )  # fmt: skip
    # Wilson of 40 in 100 is 30.9 to 49.8 %: 45.5 % lies in it.
    assert share["is_outside"] is False
    about = ("publication", "run_id", "backfill_id", "table_name", "kind", "reason")
    assert [share[name] for name in about] == [
        2, "run-2", "b1", "mart.engagement", "revised", "backfill",
    ]  # fmt: skip
    assert share["made_at"] == STARTED + timedelta(hours=1)
    assert (share["figure_date"], share["country_iso2"], share["since_publication"]) == (
        DAY, "CN", 1,
    )  # fmt: skip
    counts = house.revisions(f"figure = '{FIGURE}' AND measure = 'actor_count'")
    assert [(row["difference"], row["difference_unit"]) for row in counts] == [(10.0, "count")]
    assert set(REVISIONS.column_names) == set(share)


def test_exactly_the_values_that_differ_are_revised(house: House) -> None:
    """The quotient and the clock's share stay as they are, and so do the accounts of US and DE."""
    house.publish(engagement(day_of(COUNTS)))
    house.publish(engagement(day_of(MORE)))
    found = {(str(row["figure"]).rpartition(", ")[2], row["measure"]) for row in house.revisions()}
    shares = ("share", "located_share", "share_low", "share_high")
    everybody = {(country, measure) for country in ("CN", "US", "DE") for measure in shares}
    of_the_cell = {
        ("attention", measure)
        for measure in ("unknown_share", "total_actor_count", "located_actor_count")
    }
    assert found == everybody | of_the_cell | {("CN", "actor_count")}


def test_a_value_outside_its_former_interval_is_marked(house: House) -> None:
    house.publish(engagement(day_of(COUNTS)))
    house.publish(engagement(day_of(COUNTS | {"CN": 80})))  # 57 % of 140, and 49.8 % was the bound
    (share,) = house.revisions(f"figure = '{FIGURE}' AND measure = 'share'")
    assert share["is_outside"] is True


@pytest.mark.parametrize(("factor", "count"), [(1 + 1e-10, 0), (1 + 1e-8, 3), (1 - 1e-8, 3)])
def test_what_rounding_explains_is_no_revision(house: House, factor: float, count: int) -> None:
    """The tolerance is a billionth of the value."""
    rows = day_of(COUNTS)
    house.publish(engagement(rows))
    house.publish(engagement(scaled(rows, "share", factor)))
    assert len(house.revisions("measure = 'share'")) == len(house.revisions()) == count


def test_noise_never_adds_up_to_a_change_that_is_not_seen(house: House) -> None:
    """Each step is below the tolerance; the sum is compared with what was published, and is not."""
    rows = day_of(COUNTS)
    house.publish(engagement(rows))
    for step in range(1, 16):
        house.publish(engagement(scaled(rows, "share", 1 + step * 1e-10)))
    assert len(house.revisions()) == 3


def test_an_interval_that_moves_alone_is_a_revision_by_nought(house: House) -> None:
    rows = day_of(COUNTS)
    house.publish(engagement(rows))
    house.publish(engagement(scaled(rows, "share_ci_high", 1.1)))
    found = house.revisions()
    assert {(row["measure"], row["difference"], row["kind"]) for row in found} == {
        ("share", 0.0, "revised")
    }


def test_a_country_that_appears_or_vanishes_on_a_published_day_is_a_revision(house: House) -> None:
    house.publish(engagement(day_of({"CN": 40, "US": 60})))
    house.publish(engagement(day_of({"CN": 40, "DE": 60})))
    found = house.revisions("measure = 'share'")
    assert [(row["country_iso2"], row["kind"]) for row in found] == [
        ("DE", "appeared"), ("US", "vanished"),
    ]  # fmt: skip
    assert all(row["difference"] is None for row in found)
    assert (found[0]["value_before"], found[1]["value_after"]) == (None, None)
    assert [row["since_publication"] for row in found] == [None, 1]


def test_a_value_that_becomes_null_vanishes_and_comes_back(house: House) -> None:
    rows = day_of(COUNTS)
    place = rows.column_names.index("location_quotient")
    without = rows.set_column(place, "location_quotient", pa.nulls(3, pa.float64()))
    for each in (rows, without, rows):
        house.publish(engagement(each))
    kinds = [row["kind"] for row in house.revisions("country_iso2 = 'CN'")]
    assert kinds == ["vanished", "appeared"]


def test_pooled_countries_and_groups_that_are_nothing_else_are_no_figures(house: House) -> None:
    """DE under the grouping is DE apart; CN under it is another figure than CN apart."""
    groups = pa.concat_tables([day_of(COUNTS | {"XX": 7}), day_of({"CN": 60, "DE": 10})])
    place = groups.column_names.index("grouping")
    names = ["apart"] * 4 + ["cn_hk_mo_tw"] * 2
    groups = groups.set_column(place, groups.schema.field("grouping"), pa.array(names))
    house.publish(engagement(groups))
    keys = as_of(house.connection, SHARES, 1).select(["grouping", "country_iso2"]).to_pylist()
    assert sorted((row["grouping"], row["country_iso2"]) for row in keys) == [
        ("apart", "CN"), ("apart", "DE"), ("apart", "US"), ("cn_hk_mo_tw", "CN"),
    ]  # fmt: skip


def test_a_change_of_a_pooled_country_says_nothing_of_its_size(house: House) -> None:
    house.publish(engagement(day_of({"CN": 40, "XX": 6})))
    house.publish(engagement(day_of({"CN": 40, "XX": 9})))
    assert [row["country_iso2"] for row in house.revisions("country_iso2 IS NOT NULL")] == [
        "CN"
    ] * 4


def test_reasons_are_files_then_method_then_backfill_then_inputs(house: House) -> None:
    steps: list[tuple[dict[str, int], int, str, str | None]] = [
        (COUNTS, 23, "c1", None),
        (MORE, 24, "c2", "b1"),
        (COUNTS, 24, "c3", "b1"),
        (MORE, 24, "c3", "b1"),
        (COUNTS, 24, "c3", None),
    ]
    for counts, hours, code, backfill in steps:
        house.publish(
            engagement(day_of(counts, hours=hours)), code_version=code, backfill_id=backfill
        )
    rows = house.revisions(f"figure = '{FIGURE}' AND measure = 'share'")
    assert [row["reason"] for row in rows] == ["files", "method", "backfill", "inputs"]


def test_code_that_changes_no_value_is_no_revision(house: House) -> None:
    house.publish(engagement(day_of(COUNTS)))
    assert house.publish(engagement(day_of(COUNTS)), code_version="c2").is_unchanged


def test_a_table_that_is_not_published_this_time_is_left_alone(house: House) -> None:
    house.publish(engagement(day_of(COUNTS)))
    assert house.publish({}).is_unchanged
    assert as_of(house.connection, SHARES, 2) == as_of(house.connection, SHARES, 1)


def test_a_measure_that_is_new_to_the_catalogue_revises_nothing(house: House) -> None:
    few = tuple(
        replace(each, measures=each.measures[:1]) if each is SHARES else each for each in CATALOGUE
    )
    house.publish(engagement(day_of(COUNTS)), catalogue=few)
    house.publish(engagement(day_of(COUNTS)))
    assert house.revisions() == []
    house.publish(engagement(day_of(MORE)))
    measures = {row["measure"] for row in house.revisions("country_iso2 IS NOT NULL")}
    assert measures == {"share", "located_share", "share_low", "share_high", "actor_count"}


def test_each_publication_can_be_read_as_it_was_and_by_the_time_it_was_shown(house: House) -> None:
    contents = [day_of(COUNTS), day_of(MORE), day_of(COUNTS)]
    for rows in contents:
        house.publish(engagement(rows))
    columns = [*SHARES.key, *SHARES.values]
    for number, rows in enumerate(contents, start=1):
        wanted = rows.select(columns).sort_by("country_iso2").to_pylist()
        assert as_of(house.connection, SHARES, number).to_pylist() == wanted
        shown = STARTED + timedelta(hours=number - 1, minutes=1)
        for moment in (shown, shown + timedelta(minutes=58)):
            found = house.connection.execute(
                "FROM vintage.engagement_as_of(?) ORDER BY ALL", [moment]
            ).to_arrow_table()
            assert found.to_pylist() == wanted
        named = house.connection.execute(
            "FROM vintage.engagement_as_of("
            "(SELECT shown_at FROM ops.publications WHERE vintage = ?)) ORDER BY ALL",
            [f"v{number}"],
        ).to_arrow_table()
        assert named.to_pylist() == wanted
    early = house.connection.execute(
        "FROM vintage.engagement_as_of(TIMESTAMPTZ '2024-12-17 02:00:30+00')"
    ).fetchall()
    assert early == []


def test_only_what_changed_is_stored(house: House) -> None:
    """A year of days, of which one is revised: four rows more."""
    days = [DAY - timedelta(days=n) for n in range(365)]
    house.publish(engagement(*(day_of(COUNTS, day) for day in days)))
    house.publish(engagement(*(day_of(MORE if day == DAY else COUNTS, day) for day in days)))
    counts = house.connection.execute(
        "SELECT (SELECT count(*) FROM vintage.engagement), "
        "(SELECT count(*) FROM vintage.engagement_total)"
    ).fetchone()
    assert counts == (365 * 3 + 3, 365 + 1)


@pytest.mark.parametrize(
    ("most", "left"), [(40, [2, 3, 4]), (32, [2, 3, 4]), (31, [3, 4]), (15, [4]), (0, [4])]
)
def test_revisions_of_the_oldest_publications_go_and_vintages_stay(
    house: House, most: int, left: list[int]
) -> None:
    """Each of three changes is 16 rows: 3 countries' 4 shares, CN's accounts, and 3 totals."""
    for count in (40, 50, 60):
        house.publish(engagement(day_of(COUNTS | {"CN": count})))
    house.publish(engagement(day_of(COUNTS | {"CN": 70})), most_revisions=most)
    found = [row["publication"] for row in house.revisions()]
    assert sorted(set(found)) == left
    assert len(found) == 16 * len(left)
    counts = [as_of(house.connection, TOTALS, n)["total_actor_count"][0].as_py() for n in (1, 2, 3)]
    assert counts == [200, 210, 220]


def test_a_publication_that_broke_off_before_its_files_is_said_by_the_next(house: House) -> None:
    house.publish(engagement(day_of(COUNTS)))
    assert not_shown(house.connection) == []
    broken = house.publish(engagement(day_of(MORE)), shown=False)
    again = house.publish(engagement(day_of(MORE)), shown=False)
    assert again.is_unchanged
    assert not_shown(house.connection) == [broken.publication, again.publication]
    # Readers had the first one's figures until the third was shown.
    moment = STARTED + timedelta(hours=1, minutes=30)
    found = house.connection.execute(
        "SELECT actor_count FROM vintage.engagement_as_of(?) WHERE country_iso2 = 'CN'", [moment]
    ).fetchall()
    assert found == [(40,)]


def test_a_publication_says_what_it_was_made_by_and_how_much_it_changed(house: House) -> None:
    house.publish(engagement(day_of({"CN": 40, "US": 60})), days=(DAY,))
    house.publish(
        engagement(day_of({"CN": 40, "DE": 60}), day_of(COUNTS, NEXT_DAY)),
        backfill_id="b",
        days=(DAY, NEXT_DAY),
    )
    rows = house.connection.execute("FROM ops.publications").to_arrow_table().to_pylist()
    second = rows[1]
    assert (second["vintage"], second["run_id"], second["backfill_id"]) == ("v2", "run-2", "b")
    assert (second["first_date"], second["last_date"]) == (DAY, NEXT_DAY)
    # Of the old day CN, DE and the totals; of the new one three countries and the totals.
    assert (second["figure_count"], second["new_count"]) == (7, 4)
    kinds = [row["kind"] for row in house.revisions()]
    assert [second[f"{kind}_count"] for kind in ("revised", "appeared", "vanished")] == [
        kinds.count(kind) for kind in ("revised", "appeared", "vanished")
    ]
    assert rows[0]["new_count"] == 3


def test_infinite_bounds_are_compared_too(house: House) -> None:
    rows = day_of(COUNTS)
    endless = scaled(rows, "location_quotient_ci_high", math.inf)
    house.publish(engagement(endless))
    assert house.publish(engagement(endless)).is_unchanged
    house.publish(engagement(rows))
    assert {row["measure"] for row in house.revisions()} == {"location_quotient"}


def test_every_table_of_the_catalogue_can_be_compared(house: House) -> None:
    """Empty and twice: each statement that is made of its names is one that DuckDB takes."""
    content = engagement() | {
        figures.source: figures.source.arrow_schema.empty_table() for figures in CATALOGUE
    }
    for _ in range(2):
        assert house.publish(content).is_unchanged
    assert prepare_vintages(house.connection) == {each.name: frozenset() for each in CATALOGUE}


def test_figures_of_columns_that_a_table_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match=r"x: mart.engagement has no column \['colour'\]"):
        Figures("x", ENGAGEMENT, ("colour",), SHARES.measures, date=None)


COUNTRY_COUNTS = st.dictionaries(
    st.sampled_from(["CN", "US", "DE", "FR"]), st.integers(1, 9), min_size=1
)
CONTENT = st.dictionaries(st.sampled_from([DAY, NEXT_DAY, date(2024, 12, 9)]), COUNTRY_COUNTS)


@settings(max_examples=30)
@given(st.lists(CONTENT, min_size=1, max_size=5))
def test_vintages_are_what_was_published_and_differences_add_up(
    contents: list[dict[date, dict[str, int]]],
) -> None:
    """Whatever is published: each is read back, and revisions lead from the first to the last."""
    with duckdb.connect() as connection:
        house = House(connection)
        for content in contents:
            house.publish(engagement(*(day_of(counts, day) for day, counts in content.items())))
        published = [
            {(day, country): n for day, counts in content.items() for country, n in counts.items()}
            for content in contents
        ]
        for number, wanted in enumerate(published, start=1):
            rows = as_of(connection, SHARES, number).to_pylist()
            assert {
                (r["activity_date"], r["country_iso2"]): r["actor_count"] for r in rows
            } == wanted
            totals = as_of(connection, TOTALS, number).to_pylist()
            assert {r["activity_date"]: r["total_actor_count"] for r in totals} == {
                day: sum(counts.values()) for day, counts in contents[number - 1].items()
            }
        seen_days: set[date] = set()
        for number, (before, after) in enumerate(
            zip([{}, *published], published, strict=False), start=1
        ):
            found = {
                (r["figure_date"], r["country_iso2"]): (r["value_before"], r["value_after"])
                for r in house.revisions(f"publication = {number} AND measure = 'actor_count'")
            }
            wanted_moves = {
                key: (before.get(key), after.get(key))
                for key in before.keys() | after.keys()
                if before.get(key) != after.get(key) and (key in before or key[0] in seen_days)
            }
            assert found == wanted_moves
            seen_days |= {day for day, _ in after}
