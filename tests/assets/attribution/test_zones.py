"""Offsets of countries, and what an author's offsets over the seasons say."""

import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from zoneinfo import available_timezones

import numpy as np
import pyarrow.parquet as pq
import pytest

from assets.attribution.zones import (
    Offsets,
    class_offsets,
    class_zones,
    offset_log_likelihood,
    offset_minutes,
    zone_weights,
)
from benchmarks.commit_origins import main, repository_shares

WINTER, SUMMER = date(2024, 1, 16), date(2024, 7, 1)
BERLIN, LAGOS, SHANGHAI = {"Europe/Berlin": 1.0}, {"Africa/Lagos": 1.0}, {"Asia/Shanghai": 1.0}


def offsets_of(*authors: Sequence[tuple[date, int, float]]) -> Offsets:
    """Each author's (half-month, minutes east of UTC, weight)."""
    periods = sorted({period for rows in authors for period, _, _ in rows})
    rows = [
        (author, periods.index(period), minutes, weight)
        for author, mine in enumerate(authors)
        for period, minutes, weight in mine
    ]
    return Offsets(
        author=np.array([row[0] for row in rows], dtype=np.int64),
        period=np.array([row[1] for row in rows], dtype=np.int64),
        offset_min=np.array([row[2] for row in rows], dtype=np.int64),
        weight=np.array([row[3] for row in rows], dtype=np.float64),
        periods=tuple(periods),
        author_count=len(authors),
    )


def half_months(count: int) -> list[date]:
    return [date(2023 + n // 24, 1 + n // 2 % 12, 1 + 15 * (n % 2)) for n in range(count)]


def test_every_countrys_zones_are_known_and_hold_all_of_its_people() -> None:
    weights = zone_weights()
    assert len(weights) > 200
    assert all(sum(zones.values()) == pytest.approx(1) for zones in weights.values())
    assert {zone for zones in weights.values() for zone in zones} <= available_timezones()
    assert weights["DE"] == BERLIN
    assert weights["CN"]["Asia/Shanghai"] > 0.95
    assert weights["US"]["America/New_York"] > weights["US"]["America/Los_Angeles"] > 0.1


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Europe/Berlin", 60, 120),
        ("Africa/Lagos", 60, 60),
        ("Asia/Shanghai", 480, 480),
        ("Asia/Kolkata", 330, 330),
        ("America/St_Johns", -210, -150),
        ("Australia/Sydney", 660, 600),
        ("Mars/Olympus_Mons", None, None),
    ],
)
def test_a_zones_offset_follows_its_daylight_saving(
    zone: str, winter: int | None, summer: int | None
) -> None:
    assert offset_minutes(zone, WINTER) == winter
    assert offset_minutes(zone, SUMMER) == summer


def test_zones_of_a_group_are_weighted_by_its_countries() -> None:
    assert class_zones({"DE": 3.0, "NG": 1.0}) == {"Africa/Lagos": 0.25, "Europe/Berlin": 0.75}
    assert class_zones({"DE": 3.0, "XX": 9.0}) == BERLIN
    assert class_zones({"XX": 1.0}) == {}
    assert class_zones({}) == {}


def test_people_are_counted_by_the_offset_of_the_day() -> None:
    zones = {"Africa/Lagos": 0.2, "Asia/Shanghai": 0.5, "Europe/Berlin": 0.3}
    assert class_offsets(zones, WINTER) == pytest.approx({60: 0.5, 480: 0.5})
    assert class_offsets(zones, SUMMER) == pytest.approx({60: 0.2, 120: 0.3, 480: 0.5})


def test_an_unknown_zone_counts_for_nothing_and_none_at_all_for_utc() -> None:
    zones = {"Asia/Shanghai": 0.2, "Europe/Berlin": 0.2, "Mars/Olympus_Mons": 0.6}
    assert class_offsets(zones, WINTER) == pytest.approx({60: 0.5, 480: 0.5})
    assert class_offsets({"Mars/Olympus_Mons": 1.0}, WINTER) == {0: 1.0}
    assert class_offsets({}, WINTER) == {0: 1.0}


def test_two_authors_weigh_as_worked_by_hand() -> None:
    """+01:00 and +08:00 are each half of all offsets seen.

    At home an offset has probability 0.88 + 0.12 / 2 = 0.94, elsewhere 0.12 / 2 = 0.06.
    """
    offsets = offsets_of([(WINTER, 60, 1.0)], [(WINTER, 480, 1.0)])
    found = offset_log_likelihood(offsets, [BERLIN, SHANGHAI])
    home, away = math.log(0.94), math.log(0.06)
    assert found == pytest.approx(np.array([[home, away], [away, home]]))


def test_a_class_of_several_zones_is_their_weighted_mean() -> None:
    offsets = offsets_of([(WINTER, 60, 1.0)], [(WINTER, 480, 1.0)])
    mixed = {"Europe/Berlin": 0.25, "Asia/Shanghai": 0.75}
    found = offset_log_likelihood(offsets, [mixed])
    assert found[:, 0] == pytest.approx(
        [math.log(0.25 * 0.94 + 0.75 * 0.06), math.log(0.25 * 0.06 + 0.75 * 0.94)]
    )


def test_a_half_month_of_two_offsets_counts_each_by_its_commits() -> None:
    """Three commits of four at +08:00: seen are 0.25 + 1 and 0.75 + 1 of 3."""
    offsets = offsets_of([(WINTER, 60, 0.25), (WINTER, 480, 0.75)])
    found = offset_log_likelihood(offsets, [BERLIN, SHANGHAI])
    early, late = 0.12 * 1.25 / 3, 0.12 * 1.75 / 3
    assert found[0] == pytest.approx(
        [
            0.25 * math.log(0.88 + early) + 0.75 * math.log(late),
            0.25 * math.log(early) + 0.75 * math.log(0.88 + late),
        ]
    )


def test_an_hour_more_in_summer_is_germany_and_not_nigeria() -> None:
    seasons = offsets_of(
        [(WINTER, 60, 1.0), (SUMMER, 120, 1.0)],
        [(WINTER, 60, 1.0), (SUMMER, 60, 1.0)],
        [(WINTER, 480, 1.0), (SUMMER, 480, 1.0)],
    )
    found = offset_log_likelihood(seasons, [BERLIN, LAGOS, SHANGHAI])
    assert found.argmax(axis=1).tolist() == [0, 1, 2]
    assert found[0, 0] - found[0, 1] > 1.5
    assert found[1, 1] - found[1, 0] > 1.5


def test_winter_alone_does_not_tell_germany_from_nigeria() -> None:
    found = offset_log_likelihood(offsets_of([(WINTER, 60, 1.0)]), [BERLIN, LAGOS])
    assert found[0, 0] == pytest.approx(found[0, 1])


@pytest.mark.parametrize(("count", "weight"), [(1, 1), (3, 3), (6, 6), (7, 6), (24, 6)])
def test_half_months_beyond_six_add_nothing(count: int, weight: int) -> None:
    """All offsets seen are +08:00: Berlin explains each half-month with probability 0.12."""
    offsets = offsets_of([(each, 480, 1.0) for each in half_months(count)])
    found = offset_log_likelihood(offsets, [BERLIN, SHANGHAI])
    assert found[0] == pytest.approx([weight * math.log(0.12), 0.0], abs=1e-6)


def test_authors_without_offsets_and_classes_without_zones_say_nothing() -> None:
    offsets = offsets_of([(WINTER, 60, 1.0)], [])
    found = offset_log_likelihood(offsets, [BERLIN, SHANGHAI, {}])
    assert found[1] == pytest.approx(np.zeros(3), abs=1e-9)
    assert found[0, 2] == pytest.approx((found[0, 0] + found[0, 1]) / 2)


@pytest.mark.parametrize("classes", [[BERLIN, SHANGHAI], [{}, {}], []])
def test_without_any_offset_or_any_zone_all_is_zero(classes: list[dict[str, float]]) -> None:
    for offsets in (offsets_of([], []), offsets_of([(WINTER, 60, 1.0)], [])):
        found = offset_log_likelihood(offsets, classes)
        assert found.shape == (2, len(classes))
        if not offsets.periods or not any(classes):
            assert found == pytest.approx(np.zeros_like(found), abs=1e-9)


def test_a_class_whose_only_zone_is_unknown_is_never_home() -> None:
    found = offset_log_likelihood(
        offsets_of([(WINTER, 60, 1.0)]), [BERLIN, {"Mars/Olympus_Mons": 1.0}]
    )
    assert found[0] == pytest.approx([0.0, math.log(0.12)], abs=1e-9)


def test_offsets_alone_rank_every_chinese_repository_above_every_american_one(
    real_data: Path,
) -> None:
    """The issue's bar; origins are what the file states, and not looked at by the ranking."""
    path = real_data / "commits" / "llm_commits.parquet"
    shares = repository_shares(path)
    origins = [each.origin for each in shares]
    assert origins == ["CN"] * origins.count("CN") + ["US"] * origins.count("US")
    assert origins.count("CN") == 11
    assert origins.count("US") == 6
    commits = pq.read_table(path, filters=[("on_default_branch", "=", True)])
    authors = commits.group_by("repo").aggregate([("author_pid", "count_distinct")])
    counts = dict(
        zip(
            authors["repo"].to_pylist(),
            authors["author_pid_count_distinct"].to_pylist(),
            strict=True,
        )
    )
    assert {each.repository: each.author_count for each in shares} == counts


def test_the_ranking_without_its_file_says_how_to_name_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--data", str(tmp_path)])
    printed = capsys.readouterr().out
    assert str(tmp_path) in printed
    assert "--data" in printed
