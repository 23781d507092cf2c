"""What publications changed together, in counts, totals, largest moves and words."""

from datetime import date, timedelta

import pytest

from assets.revisions.summary import MOST_NAMED, Move, Summary, summarise
from assets.revisions.words import counts_words, difference_words, largest_words, markdown
from tests.assets.revisions.conftest import COUNTS, NEXT_DAY, House, day_of, engagement

FIGURE = "2024-12-01, day, tracked, attention, apart, CN"


def move_of(summary: Summary, measure: str, country: str = "CN") -> Move:
    (found,) = [
        each for each in summary.largest if (each.measure, each.country_iso2) == (measure, country)
    ]
    return found


def test_a_publication_that_changed_nothing_says_so(house: House) -> None:
    house.publish(engagement(day_of(COUNTS)))
    summary = summarise(house.connection, [1])
    assert (summary.figure_count, summary.changed_count, summary.totals) == (4, 0, ())
    assert markdown(summary) == "No published figure changed, of 4."


def test_several_publications_count_a_figure_once_from_the_first_to_the_last(house: House) -> None:
    """CN of 40, 50, 60 in 100, 110, 120 located: 40 to 50 %, whatever was between."""
    for count in (40, 50, 60):
        house.publish(engagement(day_of(COUNTS | {"CN": count})))
    summary = summarise(house.connection, [2, 3])
    share = move_of(summary, "located_share")
    assert (share.before[0], share.after[0]) == pytest.approx((0.4, 0.5))
    assert share.difference == pytest.approx(10.0)
    assert summary.changed_count == 4
    (total,) = [each for each in summary.totals if each.measure == "located_share"]
    # CN +10, US 50 to 41.67: -8.33, DE 10 to 8.33: -1.67
    assert (total.revised, total.unit) == (3, "percentage points")
    assert (total.median, total.largest) == pytest.approx((25 / 3, 10.0))
    assert total.with_interval == 3


def test_what_goes_there_and_back_again_is_no_change(house: House) -> None:
    for count in (40, 50, 40):
        house.publish(engagement(day_of(COUNTS | {"CN": count})))
    assert summarise(house.connection, [2, 3]).changed_count == 0
    assert summarise(house.connection, [2]).changed_count == 4


def test_a_figure_that_one_of_them_published_first_was_never_revised(house: House) -> None:
    house.publish(engagement(day_of(COUNTS)))
    for count in (40, 50):
        late = day_of(COUNTS | {"CN": count}, NEXT_DAY)
        house.publish(engagement(day_of(COUNTS), late))
    assert summarise(house.connection, [2, 3]).changed_count == 0
    assert summarise(house.connection, [3]).changed_count == 4


def test_what_appears_and_vanishes_is_counted_apart(house: House) -> None:
    house.publish(engagement(day_of({"CN": 40, "US": 60})))
    house.publish(engagement(day_of({"CN": 40, "DE": 60})))
    summary = summarise(house.connection, [2])
    assert (summary.changed_count, summary.gone_count) == (1, 1)
    assert summary.largest == ()
    (total,) = [each for each in summary.totals if each.measure == "share"]
    assert (total.revised, total.appeared, total.vanished, total.largest) == (0, 1, 1, None)
    assert counts_words(summary) == (
        "1 of 3 published figures changed (33.3 %); published no more, or without a value: 1."
    )


def test_counts_are_in_totals_and_never_named(house: House) -> None:
    house.publish(engagement(day_of(COUNTS)))
    house.publish(engagement(day_of(COUNTS | {"CN": 50})))
    summary = summarise(house.connection, [2])
    assert "actor_count" in {each.measure for each in summary.totals}
    assert "actor_count" not in {each.measure for each in summary.largest}


def test_a_move_too_small_to_name_is_counted(house: House) -> None:
    """Of 10,000 one more is 0.005 points: less than a twentieth of a point."""
    many = {"CN": 5_000, "US": 5_000}
    house.publish(engagement(day_of(many)))
    house.publish(engagement(day_of(many | {"CN": 5_001})))
    summary = summarise(house.connection, [2])
    assert (summary.changed_count, summary.largest) == (3, ())


def test_the_largest_moves_are_bounded_in_number_largest_first(house: House) -> None:
    days = [date(2024, 11, 1) + timedelta(days=n) for n in range(30)]
    house.publish(engagement(*(day_of(COUNTS, day) for day in days)))
    moved = (day_of(COUNTS | {"CN": 40 + n}, day) for n, day in enumerate(days))
    house.publish(engagement(*moved))
    summary = summarise(house.connection, [2])
    sizes = [abs(each.difference) for each in summary.largest]
    assert len(sizes) == MOST_NAMED
    assert sizes == sorted(sizes, reverse=True)
    # CN 69 of 129 located, 40 of 100 before.
    assert sizes[0] == pytest.approx(100 * (69 / 129 - 0.4))
    assert summary.largest[0].figure_date == days[-1]


def test_the_table_names_values_with_unit_interval_and_reason(house: House) -> None:
    house.publish(engagement(day_of(COUNTS, hours=23)))
    house.publish(engagement(day_of(COUNTS | {"CN": 80})))
    said = markdown(summarise(house.connection, [2]))
    # Wilson: 40 of 100 is 30.94 to 49.80 %, 80 of 140 is 48.86 to 65.04 %.
    assert (
        f"| mart.engagement: {FIGURE} | share of all accounts | 40.00 % (30.94 % to 49.80 %) "
        "| 57.14 % (48.86 % to 65.04 %) | +17.14 pp | files |"
    ) in said.splitlines()
    (line,) = [each for each in said.splitlines() if "share of located accounts | 3 |" in each]
    # Of 57.14, 35.71 and 7.14 %, none before 40, 50 and 10 %: CN alone left its interval, and US.
    assert line == (
        "| mart.engagement | share of located accounts | 3 | 0 | 0 | 14.29 pp | 17.14 pp "
        "| 2 of 3 (67 %) |"
    )


def test_a_key_cannot_break_the_table(house: House) -> None:
    house.publish(engagement(day_of({"C|N": 40, "U\nS": 60})))
    house.publish(engagement(day_of({"C|N": 50, "U\nS": 60})))
    said = markdown(summarise(house.connection, [2]))
    assert "C\\|N" in said
    rows = [line for line in said.splitlines() if line.startswith("| mart.engagement: ")]
    assert len(rows) == 8
    assert all(line.replace("\\|", "").count("|") == 7 for line in rows)


def test_the_largest_are_said_with_unit_interval_and_difference(house: House) -> None:
    house.publish(engagement(day_of(COUNTS)))
    house.publish(engagement(day_of(COUNTS | {"CN": 80})))
    assert largest_words(summarise(house.connection, [2]), 1) == [
        f"share of located accounts (mart.engagement: {FIGURE}): 40.00 % (30.94 % to 49.80 %) → "
        "57.14 % (48.86 % to 65.04 %), +17.14 pp; outside the former interval"
    ]


@pytest.mark.parametrize(
    ("unit", "difference", "words"),
    [
        ("percentage points", 0.454, "+0.45 pp"),
        ("percentage points", -0.0004, "-0.0004 pp"),
        ("percentage points", 0.0, "0 pp"),
        ("%", -12.0, "-12.00 %"),
        ("count", 1234.0, "+1,234"),
        ("ratio", 0.5, "+0.50"),
        ("ratio", float("inf"), "–"),
        ("ratio", None, "–"),
    ],
)
def test_differences_are_said_with_sign_and_unit(
    unit: str, difference: float | None, words: str
) -> None:
    assert difference_words(unit, difference) == words
