"""The picture of an alert: its size, what of its course is in it, and its words for the blind."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import vl_convert
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.alerting.course_chart import notice_png, png, spec
from assets.alerting.course_steps import (
    MOST_STEPS,
    drawn_days,
    figures,
    missing_days,
    period_name,
    step_days,
)
from assets.alerting.course_words import alt_text
from assets.alerting.limits import MAX_UPLOAD_ALT_TEXT
from assets.alerting.nearby import ContextEvent
from assets.alerting.notice import Course, Point, Unit
from assets.png_file import size
from tests.assets.alerting.notices import CONTEXT, COURSE, COURSES, EVENTS, FIRING

MOST_BYTES = 150_000
SINCE = date(2024, 12, 10)


def rows(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rows of a picture by day."""
    return {row["day"]: row for row in made["datasets"]["rows"]}


def marks_of(made: dict[str, Any]) -> list[dict[str, Any]]:
    """The marks of a picture's layers."""
    return [
        layer["mark"] if isinstance(layer["mark"], dict) else {"type": layer["mark"]}
        for layer in made["layer"]
    ]


def texts(made: dict[str, Any]) -> set[str]:
    return {mark["text"] for mark in marks_of(made) if "text" in mark}


def course(days: list[date], unit: Unit = Unit.RATIO) -> Course:
    return Course("Some", unit, tuple(Point(day, 1.0, 0.9, 1.1) for day in days))


def test_a_picture_is_a_png_that_slack_shows_sharp_and_loads_at_once() -> None:
    picture = png(COURSE, EVENTS, world="sandbox", since=SINCE)
    width, height = size(picture)
    assert width == 1200
    assert 550 <= height <= 800
    assert len(picture) < MOST_BYTES


def test_the_picture_holds_the_figures_their_bounds_and_their_gap() -> None:
    drawn = rows(spec(COURSE, world="live"))
    assert len(drawn) == 15
    assert drawn["2024-12-03"]["value"] == pytest.approx(0.22)
    assert drawn["2024-12-03"]["value_ci_low"] == pytest.approx(0.20)
    assert drawn["2024-12-03"]["value_ci_high"] == pytest.approx(0.24)
    assert {day for day, row in drawn.items() if row["value"] is None} == {
        "2024-12-07",
        "2024-12-08",
    }
    states = {day: row["state"] for day, row in drawn.items() if row["state"] != "sound"}
    assert states == {
        "2024-12-04": "unsound",
        "2024-12-07": "missing",
        "2024-12-08": "missing",
    }
    assert drawn["2024-12-07"]["shade_days"] == 1
    assert drawn["2024-12-08"]["shade_days"] is None


def test_days_that_no_point_is_of_break_the_line_too() -> None:
    whole = course([SINCE + timedelta(days=7 * week) for week in range(8)])
    holed = replace(whole, points=whole.points[:3] + whole.points[5:])
    assert missing_days(holed) == [date(2024, 12, 31), date(2025, 1, 7)]
    assert rows(spec(holed, world="live"))["2025-01-07"]["value"] is None
    assert missing_days(whole) == []


def test_months_of_different_lengths_are_steps_of_one_month() -> None:
    months = [date(2024, month, 1) for month in (1, 2, 3, 6, 7, 8, 12)]
    assert missing_days(course(months)) == [
        date(2024, 4, 1),
        date(2024, 5, 1),
        date(2024, 9, 1),
        date(2024, 10, 1),
        date(2024, 11, 1),
    ]
    assert period_name(step_days(months)) == "month"


@pytest.mark.parametrize(("step", "name"), [(1, "day"), (7, "week"), (30, "month"), (5, "5 days")])
def test_the_period_of_points_is_told_by_their_distance(step: int, name: str) -> None:
    days = [SINCE + timedelta(days=step * number) for number in range(5)]
    assert period_name(step_days(days)) == name


def test_of_a_long_course_the_newest_points_are_drawn() -> None:
    days = [date(2020, 1, 1) + timedelta(days=number) for number in range(MOST_STEPS + 100)]
    assert drawn_days(course(days)) == days[-MOST_STEPS:]


def test_what_is_no_number_is_no_figure() -> None:
    odd = [float("nan"), float("inf"), 1e300, None]
    days = [SINCE + timedelta(days=number) for number in range(5)]
    points = [Point(day, value) for day, value in zip(days, [*odd, 0.5], strict=True)]
    assert list(figures(Course("Some", Unit.SHARE, tuple(points)))) == [days[4]]


def test_levels_onset_and_newest_figure_are_named() -> None:
    made = spec(COURSE, world="live", since=SINCE)
    assert {"fires at 28.0 %", "clears at 25.0 %", "since 2024-12-10"} <= texts(made)
    assert [row["label"] for row in made["datasets"]["rows"] if row["label"]] == ["34.0 %"]
    rules = [layer for layer in made["layer"] if layer["mark"].get("style") == "threshold"]
    assert [layer["encoding"]["y"]["datum"] for layer in rules] == [0.28, 0.25]
    assert not any(text.startswith("since") for text in texts(spec(COURSE, world="live")))


def test_points_that_are_not_sound_are_hollow() -> None:
    made = spec(COURSE, world="live")
    points = {
        layer["transform"][0]["filter"]: layer["mark"]["fill"]
        for layer in made["layer"]
        if layer["mark"]["type"] == "point"
    }
    assert points["datum.state === 'unsound'"] == "white"
    assert points["datum.state === 'sound'"] != "white"


def test_of_many_points_only_those_that_are_not_sound_are_drawn() -> None:
    days = [SINCE + timedelta(days=number) for number in range(121)]
    for number, kinds in ((120, 2), (121, 1)):
        made = spec(course(days[:number]), world="live")
        assert [mark["type"] for mark in marks_of(made)].count("point") == kinds


def test_the_nearest_event_is_a_numbered_mark_named_below() -> None:
    made = spec(COURSE, EVENTS, world="live", since=SINCE)
    assert made["datasets"]["marks"] == [{"sign": "1", "day": "2024-12-02"}]
    assert f"1: 2024-12-02, {EVENTS[1].text}" in texts(made)


def test_an_event_long_before_the_first_point_is_named_and_not_drawn() -> None:
    event = ContextEvent(date(2024, 11, 15), "A rule")
    made = spec(COURSE, [event], world="live", since=SINCE)
    assert made["datasets"]["marks"] == []
    assert "1: 2024-11-15, A rule" in texts(made)


def test_events_of_one_week_share_a_sign_where_the_course_is_long() -> None:
    days = [SINCE - timedelta(days=number) for number in range(300)]
    events = [ContextEvent(SINCE - timedelta(days=number), "x") for number in (3, 1)]
    assert spec(course(days), events, world="live", since=SINCE)["datasets"]["marks"] == [
        {"sign": "1, 2", "day": "2024-12-07"},
        {"sign": "", "day": "2024-12-09"},
    ]


def test_the_title_is_the_finding_and_the_axis_has_the_unit() -> None:
    made = spec(COURSE, world="live")
    assert made["title"]["text"] == ["China's share of attention passed 28\N{NO-BREAK SPACE}%"]
    assert made["title"]["subtitle"] == "share of located accounts, by day"
    titles = {layer["encoding"].get("y", {}).get("title") for layer in made["layer"]}
    assert "per cent" in titles


def test_a_picture_from_the_sandbox_says_so_in_it_and_above_it() -> None:
    sandbox, live = spec(COURSE, world="sandbox"), spec(COURSE, world="live")
    assert "SYNTHETIC" in texts(sandbox)
    assert sandbox["title"]["subtitle"].endswith("; synthetic data")
    assert "SYNTHETIC" not in texts(live)
    assert "synthetic" not in live["title"]["subtitle"]


@pytest.mark.parametrize(
    "points", [(), (Point(SINCE, None),), tuple(Point(SINCE, None) for _ in range(3))]
)
def test_a_course_without_a_figure_makes_a_picture_that_says_so(points: tuple[Point, ...]) -> None:
    empty = Course("Nothing", Unit.SHARE, points)
    assert "No figure in these days" in texts(spec(empty, world="live"))
    assert size(png(empty, EVENTS, world="live"))[0] == 1200
    assert alt_text(empty, world="live") == ("Line chart: Nothing. There is no figure to draw.")


@pytest.mark.parametrize("unit", Unit)
def test_one_point_and_two_make_a_picture_of_any_unit(unit: Unit) -> None:
    for days in ([SINCE], [SINCE, SINCE + timedelta(days=7)]):
        assert size(png(course(days, unit), world="sandbox", since=SINCE))[0] == 1200


def test_the_picture_of_a_notice_marks_the_events_of_its_message() -> None:
    expected = png(COURSE, EVENTS, world="live", since=SINCE)
    assert notice_png(FIRING, EVENTS, world="live") == expected
    assert notice_png(replace(FIRING, course=None), EVENTS, world="live") is None


def test_the_words_say_what_the_picture_shows() -> None:
    assert alt_text(COURSE, world="sandbox") == (
        "Synthetic data. Line chart: China's share of attention passed 28 %. share of located "
        "accounts by day, 2024-12-01 to 2024-12-15 (UTC). Newest 34.0 % (95 % interval 32.0 to "
        "36.0 %), 2024-12-15 (UTC). First 20.0 % (95 % interval 18.0 to 22.0 %), 2024-12-01 (UTC). "
        "The rule fires at 28.0 % and clears at 25.0 %. No figure: 2024-12-07 to 2024-12-08. "
        "Sources not sound: 2024-12-04."
    )


def test_a_long_title_of_emoji_is_drawn_all_the_same() -> None:
    """Vega cuts a text to the width by UTF-16 units, and half an emoji is no text."""
    emoji = "\U0001f600" * 400
    for start in ("", "x"):
        title = Course(start + emoji, Unit.SHARE, COURSE.points, measure=start + emoji)
        events = [ContextEvent(SINCE, start + emoji)]
        assert size(png(title, events, world="live", since=SINCE))[0] == 1200


@settings(max_examples=200, deadline=None)
@given(COURSES, st.sampled_from(["live", "sandbox"]))
def test_the_words_fit_an_upload_whatever_the_course(any_course: Course, world: str) -> None:
    said = alt_text(any_course, world=world)
    assert 0 < len(said) <= MAX_UPLOAD_ALT_TEXT
    said.encode()


@settings(max_examples=40, deadline=None)
@given(COURSES, CONTEXT, st.sampled_from(["live", "sandbox"]), st.none() | st.dates())
def test_any_course_makes_a_spec_that_vega_lite_takes(
    any_course: Course, events: list[ContextEvent], world: str, since: date | None
) -> None:
    made = spec(any_course, events, world=world, since=since)
    compiled = vl_convert.vegalite_to_vega(made)
    assert compiled["width"] > 0
    padding = made["padding"]
    assert made["width"] + padding["left"] + padding["right"] == 600


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(COURSES, CONTEXT)
def test_any_course_makes_a_picture(any_course: Course, events: list[ContextEvent]) -> None:
    picture = png(any_course, events, world="sandbox", since=SINCE)
    assert size(picture)[0] == 1200
    assert len(picture) < MOST_BYTES
