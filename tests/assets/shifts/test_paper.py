"""The paper's specification: forks a repository and week, by label."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
import statsmodels.formula.api as smf

from assets.activity.tables import EVENTS
from assets.attribution.tables import ACTOR_COUNTRY
from assets.shifts.paper import (
    FORKS_BY_WEEK,
    OF_ACTORS,
    OF_EVENTS,
    fork_panel,
    forks_by_week,
    label_windows,
)
from assets.shifts.regression import fit
from tests.assets.shifts.worlds import sunday

MONDAY = date(2024, 1, 1)


def events(*rows: tuple[str, int, datetime, int | None]) -> pa.Table:
    schema = pa.schema([EVENTS.arrow_schema.field(name) for name in OF_EVENTS])
    return pa.Table.from_pylist(
        [
            {
                "event_date": moment.date(),
                "event_type": kind,
                "created_at": moment,
                "actor_id": actor,
                "repo_id": repository,
                "is_tracked": True,
            }
            for kind, repository, moment, actor in rows
        ],
        schema=schema,
    )


def located(*rows: tuple[int, date, str | None]) -> pa.Table:
    schema = pa.schema([ACTOR_COUNTRY.arrow_schema.field(name) for name in OF_ACTORS])
    return pa.Table.from_pylist(
        [
            {"actor_id": actor, "as_of_date": day, "located_iso2": country}
            for actor, day, country in rows
        ],
        schema=schema,
    )


def at(hour: int, minute: int = 0, day: int = 0) -> datetime:
    moment = datetime(MONDAY.year, MONDAY.month, MONDAY.day, hour, minute, tzinfo=UTC)
    return moment + timedelta(days=day)


def test_forks_are_labelled_by_the_clock_and_by_location() -> None:
    counted = forks_by_week(
        events(
            ("ForkEvent", 1, at(16, 59), 10),
            ("ForkEvent", 1, at(17), 11),
            ("ForkEvent", 1, at(3, day=6), 12),
            ("WatchEvent", 1, at(3), 10),
            ("ForkEvent", 1, at(3, day=7), None),
            ("WatchEvent", 2, at(3), 10),
        ),
        located(
            (10, MONDAY, "US"), (11, MONDAY, "CN"),
            (12, MONDAY, "CN"), (12, at(3, day=6).date(), None),
        ),
    )  # fmt: skip
    week, after = date(2024, 1, 7), date(2024, 1, 14)
    assert counted.to_pylist() == [
        {"week_date": week, "repo_id": 1, "event_count": 4, "before_17": 2, "from_17": 1,
         "located_cn": 1, "located_us": 1},
        {"week_date": week, "repo_id": 2, "event_count": 1, "before_17": 0, "from_17": 0,
         "located_cn": 0, "located_us": 0},
        {"week_date": after, "repo_id": 1, "event_count": 1, "before_17": 1, "from_17": 0,
         "located_cn": 0, "located_us": 0},
    ]  # fmt: skip


def counts(*rows: tuple[int, int, int]) -> pa.Table:
    """Week, repository and its forks before 17:00 UTC."""
    return pa.Table.from_pylist(
        [
            {
                "week_date": sunday(week),
                "repo_id": repository,
                "event_count": 1,
                "before_17": forks,
                "from_17": 0,
                "located_cn": 0,
                "located_us": 0,
            }
            for week, repository, forks in rows
        ],
        schema=FORKS_BY_WEEK,
    )


DATES = np.array([sunday(week) for week in range(6)], dtype="datetime64[D]")


def test_windows_count_the_repositories_that_were_there_from_their_first_week_on() -> None:
    rows = [(0, 7, 2), (1, 7, 4), (2, 7, 6), (3, 7, 8), (2, 9, 10), (3, 9, 0), (4, 9, 20)]
    sound = np.array([True, True, True, True, True, False])
    # Split over tables in the midst of a week.
    panel = fork_panel([counts(*rows[:5], (2, 7, 1)), counts(*rows[5:])], DATES, sound)
    assert panel.first_seen.tolist() == [0, 2]
    assert panel.repository_count.tolist() == [1, 1, 2, 2, 2, 2]
    windows = label_windows(panel, "before_17", 1)
    # From week 0 and 1 on repository 7 alone; from week 2 on both: (7 + 10) / 2, (8 + 0) / 2 …
    np.testing.assert_array_equal(
        windows,
        [[np.nan, np.nan], [2, 4], [4, 7], [8.5, 4], [4, 10], [10, np.nan]],
    )


def test_weeks_beyond_the_dates_are_dropped_and_no_counts_are_no_repositories() -> None:
    panel = fork_panel([counts((-1, 7, 5), (6, 7, 5))], DATES, np.ones(6, dtype=bool))
    assert panel.first_seen.tolist() == []
    assert np.isnan(label_windows(panel, "before_17", 2)).all()


def test_the_change_of_the_mean_is_the_panels_with_an_effect_for_each_repository() -> None:
    rng = np.random.default_rng(4)
    rows = [
        (week, repository, int(rng.poisson(3 * repository + 2 * (week >= 8))))
        for week in range(16)
        for repository in (1, 2, 3)
    ]
    dates = np.array([sunday(week) for week in range(16)], dtype="datetime64[D]")
    panel = fork_panel([counts(*rows)], dates, np.ones(16, dtype=bool))
    found = fit(np.array(label_windows(panel, "before_17", 8)[8]), "step")
    data = pa.table(
        {name: [row[at] for row in rows] for at, name in enumerate(("week", "repo", "forks"))}
    ).to_pandas()
    data["after"] = (data["week"] >= 8).astype(int)
    truth = smf.ols("forks ~ after + C(repo)", data).fit()
    assert found.level.value == pytest.approx(truth.params["after"])
