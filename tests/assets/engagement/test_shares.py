"""Counts to shares that follow from counts alone, and the hours of a day."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.activity.tables import ARCHIVE_HOURS
from assets.engagement.shares import complete_hours, share_columns

DAY = date(2024, 12, 15)
MIDNIGHT = datetime(2024, 12, 15, tzinfo=UTC)


def test_shares_of_a_small_day_are_as_worked_by_hand() -> None:
    """CN 8, US 2, unknown 10: 10 located of 20.

    CN: share 8/10 with the Wilson interval 0.490162 to 0.943318 (see test_intervals); unknown
    10/20; worst case 8/20 (no unknown account is Chinese) to 18/20 (every one is).
    US: share 2/10, interval mirrored to 0.056682 to 0.509838; worst case 2/20 to 12/20.
    """
    found = share_columns(np.array([8, 2]), np.array([10, 10]), np.array([20, 20]), np.ones(2))
    assert {name: values.tolist() for name, values in found.items()} == {
        "located_share": [0.8, 0.2],
        "located_share_ci_low": pytest.approx([0.490162, 0.056682], abs=1e-6),
        "located_share_ci_high": pytest.approx([0.943318, 0.509838], abs=1e-6),
        "unknown_share": [0.5, 0.5],
        "share_low": [0.4, 0.1],
        "share_high": [0.9, 0.6],
    }


def test_with_everybody_located_nothing_is_unknown() -> None:
    found = share_columns(np.array([3]), np.array([4]), np.array([4]), np.ones(1))
    assert found["unknown_share"].tolist() == [0.0]
    assert found["share_low"] == found["share_high"] == found["located_share"] == [0.75]


@given(st.lists(st.integers(0, 10_000), min_size=1).filter(any), st.integers(0, 10_000))
def test_shares_of_a_cell_add_up_to_one_inside_their_bounds(
    counts: list[int], unknown: int
) -> None:
    k = np.array(counts)
    n, everyone = np.full_like(k, k.sum()), np.full_like(k, k.sum() + unknown)
    found = share_columns(k, n, everyone, np.ones(len(k)))
    assert found["located_share"].sum() == pytest.approx(1)
    assert (found["located_share_ci_low"] <= found["located_share"]).all()
    assert (found["located_share"] <= found["located_share_ci_high"]).all()
    assert (found["share_low"] <= found["located_share"] + 1e-12).all()
    assert (found["located_share"] <= found["share_high"] + 1e-12).all()
    assert found["share_high"] - found["share_low"] == pytest.approx(found["unknown_share"])


def hours_of(statuses: dict[int, str], *, neighbour: str | None = None) -> pa.Table:
    """raw.archive_hours of the day: hour to status, and the next day's first file."""
    files = [(DAY, MIDNIGHT + timedelta(hours=hour), each) for hour, each in statuses.items()]
    if neighbour:
        files.append((DAY, MIDNIGHT + timedelta(hours=24), neighbour))
    return ARCHIVE_HOURS.arrow(
        [
            {
                "source": "gharchive",
                "archive_date": day,
                "file_hour": hour,
                "is_neighbour": hour.date() != day,
                "status": status,
                **dict.fromkeys(
                    ("byte_count", "inflated_byte_count", "member_count", "line_count"), 0
                ),
                **dict.fromkeys(("event_count", "kept_count", "bad_line_count"), 0),
                **dict.fromkeys(("repaired_line_count", "duplicate_count"), 0),
                **dict.fromkeys(("timeline_count", "late_count"), 0),
                "bad_offsets": [],
                "messages": [],
                "scan_fingerprint": "test",
                "fetched_at": MIDNIGHT,
            }
            for day, hour, status in files
        ]
    )


def test_only_whole_files_of_the_day_itself_are_complete_hours() -> None:
    hours = hours_of({0: "complete", 1: "truncated", 2: "missing"}, neighbour="complete")
    assert complete_hours([hours], DAY) == 1
    assert complete_hours([hours], DAY + timedelta(days=1)) == 0


def test_an_hour_is_complete_when_any_archive_has_it_whole_and_counts_once() -> None:
    one = hours_of({0: "complete", 1: "missing", 2: "missing"})
    other = hours_of({0: "complete", 1: "complete", 2: "corrupt"})
    assert complete_hours([one, other], DAY) == 2


def test_a_day_without_archives_has_no_complete_hour() -> None:
    assert complete_hours([], DAY) == 0
