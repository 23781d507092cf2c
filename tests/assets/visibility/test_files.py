"""Weekly files are due by the calendar, whether anybody asked for them or not."""

from datetime import date

from assets.visibility.files import files_due, read_through

# 2024-11-05 is a Tuesday.
TUESDAY, THURSDAY = date(2024, 11, 5), date(2024, 11, 7)


def row(product: str, day: date, status: str = "complete") -> dict[str, object]:
    return {"product": product, "publication_date": day, "status": status}


def due(first: date, through: date, *rows: dict[str, object]) -> list[tuple[date, bool]]:
    found = files_due(first, rows, through).to_pylist()
    return [(each["due_date"], each["is_complete"]) for each in found]


def test_a_file_of_which_nothing_is_known_was_not_read() -> None:
    found = due(date(2024, 11, 1), date(2024, 11, 12), row("grants", TUESDAY))
    assert found == [(TUESDAY, True), (THURSDAY, False), (date(2024, 11, 12), False)]


def test_a_file_that_is_not_whole_is_none() -> None:
    assert due(TUESDAY, TUESDAY, row("grants", TUESDAY, "truncated")) == [(TUESDAY, False)]


def test_the_other_product_of_the_day_does_not_stand_for_it() -> None:
    assert due(TUESDAY, TUESDAY, row("applications", TUESDAY)) == [(TUESDAY, False)]


def test_a_span_that_begins_in_the_middle_of_a_week_begins_there() -> None:
    assert due(date(2024, 11, 6), date(2024, 11, 8)) == [(THURSDAY, False)]
    assert due(date(2024, 11, 8), date(2024, 11, 11)) == []


def test_what_is_read_through_is_the_newest_whole_file_of_applications() -> None:
    rows = [
        row("applications", THURSDAY),
        row("applications", date(2024, 11, 14), "truncated"),
        row("grants", date(2024, 11, 12)),
    ]
    assert read_through(rows) == THURSDAY
    assert read_through([row("grants", TUESDAY)]) is None
