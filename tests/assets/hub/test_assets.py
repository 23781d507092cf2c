"""Snapshots, lineage and figures from the sandbox over HTTP, against its planted truth."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from assets.hub import tables
from assets.hub.assets import known_owners, take
from assets.hub.spool import PageSpool
from sandbox.hub_models import CORRECTED_AT, DELETED_AT, RENAMED_AT
from sandbox.hub_truth import Cell, true_cells
from sandbox.trouble import Trouble
from tests.assets.hub.conftest import FIRST, Call, Place, WatchedHub
from tests.assets.polls.conftest import Clock

DAY = timedelta(days=1)


def snapshot(place: Place, clock: Clock, moment: datetime) -> dict[str, object]:
    """Let the time pass to a moment, and take the snapshot of its day."""
    clock.sleep((moment - clock.now()).total_seconds())
    return place.run(tables.HUB_MODELS, moment)


def cells(place: Place, day: date) -> dict[Cell, float]:
    return {
        (
            row["measure"],
            row["author_country_iso2"],
            row["origin_iso2"],
            row["root_family"],
            row["relation"],
        ): row["value"]
        for row in place.rows(tables.DIFFUSION_HUB)
        if row["snapshot_date"] == day
    }


def assert_as_planted(
    place: Place, hub: WatchedHub, moment: datetime, before: datetime | None
) -> None:
    truth = true_cells(hub.hub.models, moment, before)
    found = cells(place, moment.date())
    assert found.keys() == truth.keys()
    for cell, value in truth.items():
        assert found[cell] == pytest.approx(value, rel=1e-9, abs=1e-6), cell


def test_two_days_have_the_planted_counts_downloads_and_differences(
    place: Place, hub: WatchedHub, clock: Clock
) -> None:
    snapshot(place, clock, FIRST)
    snapshot(place, clock, FIRST + DAY)
    place.derive(FIRST + DAY, FIRST.date())
    assert_as_planted(place, hub, FIRST, None)
    assert_as_planted(place, hub, FIRST + DAY, FIRST)
    measures = {cell[0] for cell in cells(place, FIRST.date())}
    assert measures == {"models", "downloads_30d", "downloads_all_time"}


def test_renames_withdrawals_corrections_and_gaps_of_days_change_nothing_but_what_they_should(
    place: Place, hub: WatchedHub, clock: Clock
) -> None:
    """Three days apart: an author renamed, a correction downward, models withdrawn."""
    moments = [FIRST + 3 * n * DAY for n in range(7)]
    assert moments[0] < RENAMED_AT < CORRECTED_AT < DELETED_AT < moments[-1]
    for moment in moments:
        assert snapshot(place, clock, moment)["call_count"] > 100
    place.derive(moments[-1], FIRST.date())
    for moment, before in zip(moments, [None, *moments[:-1]], strict=True):
        assert_as_planted(place, hub, moment, before)
    rows = place.rows(tables.DIFFUSION_HUB)
    assert {row["days_since_previous"] for row in rows} == {None, 3}
    corrected = {row["snapshot_date"] for row in rows if row["has_correction"]}
    assert corrected == {date(2024, 12, 6)}
    # The planted correction takes more than three days of downloads.
    (cell,) = [
        row
        for row in rows
        if row["has_correction"] and (row["root_family"], row["relation"]) == ("qwen", "quantized")
    ]
    # 5,000 downloads a day, twice as many since 2024-12-02, for three days, less 400,000.
    assert cell["correction_value"] == 3 * 10_000 - 400_000
    assert cell["correction_value"] < cell["value"] < 0
    assert cell["share"] is None


def test_lineage_follows_the_oddities_as_planted(place: Place, clock: Clock) -> None:
    snapshot(place, clock, FIRST)
    snapshot(place, clock, datetime(2024, 12, 9, 2, tzinfo=FIRST.tzinfo))
    place.derive(clock.now(), FIRST.date())
    found: dict[tuple[date, str], list[tuple[str | None, str, float, int | None]]] = {}
    for row in place.rows(tables.HUB_LINEAGE):
        name = row["model_id"].removeprefix("person-sbx99/")
        found.setdefault((row["snapshot_date"], name), []).append(
            (row["root_model_id"], row["status"], row["weight"], row["step_count"])
        )
    first, last = FIRST.date(), date(2024, 12, 9)
    assert found[first, "circle-head"] == [("sandbox-llama/llama-8b", "root", 1.0, 1)]
    assert found[first, "circle-tail"] == [(None, "circle", 1.0, None)]
    assert found[first, "circle-child"] == [(None, "circle", 1.0, None)]
    assert found[first, "names-itself"] == [("sandbox-qwen/qwen-7b", "root", 1.0, 1)]
    assert found[first, "half-known"] == [
        (None, "missing", 0.5, None),
        ("sandbox-qwen/qwen-7b", "root", 0.5, 1),
    ]
    assert found[first, "child-of-soon-gone"] == [("sandbox-yi/yi-6b", "root", 1.0, 2)]
    # Its base was withdrawn: what that was made of nobody can see any more.
    assert found[last, "child-of-soon-gone"] == [(None, "missing", 1.0, None)]
    assert (last, "soon-gone") not in found
    # A release that was withdrawn is known by its name.
    assert found[first, "of-withdrawn"] == [("sandbox-yi/yi-34b", "root", 1.0, 1)]
    assert found[last, "of-withdrawn"] == [("sandbox-yi/yi-34b", "unlisted_root", 1.0, 1)]
    # A later release by the same developer is made of an earlier one, and no derivative of it.
    assert found[first, "sandbox-qwen/qwen-7b-chat"] == [("sandbox-qwen/qwen-7b", "root", 1.0, 1)]
    relations = {row["model_id"]: row["relation"] for row in place.rows(tables.HUB_LINEAGE)}
    assert relations["sandbox-qwen/qwen-7b-chat"] == "release"
    assert relations["person-sbx99/names-itself"] == "finetune"


def test_a_day_that_nobody_asked_on_is_stated_and_never_gets_another_days_figures(
    place: Place, hub: WatchedHub, clock: Clock
) -> None:
    snapshot(place, clock, FIRST)
    later = FIRST + 3 * DAY
    clock.sleep((later - clock.now()).total_seconds())
    count = len(hub.calls)
    said = place.run(tables.HUB_MODELS, later, FIRST.date(), (later - DAY).date())
    assert len(hub.calls) == count
    assert said["state_by_day"] == {
        str(FIRST.date()): "kept",
        str((FIRST + DAY).date()): "missed",
        str((FIRST + 2 * DAY).date()): "missed",
    }
    assert place.lake.partitions(tables.HUB_MODELS.qualified) == [str(FIRST.date())]
    states = {row["snapshot_date"]: row for row in place.rows(tables.HUB_SNAPSHOTS)}
    missed = states[(FIRST + DAY).date()]
    assert (missed["state"], missed["model_count"], missed["first_asked_at"]) == ("missed", 0, None)
    place.derive(later, FIRST.date())
    assert {row["snapshot_date"] for row in place.rows(tables.DIFFUSION_HUB)} == {FIRST.date()}


def test_a_day_that_has_not_begun_is_refused(place: Place, hub: WatchedHub) -> None:
    with pytest.raises(Exception, match="has not begun"):
        place.run(tables.HUB_MODELS, FIRST, last=(FIRST + DAY).date())
    assert hub.calls == []


def test_a_complete_snapshot_is_not_asked_for_again_and_stays_as_it_is(
    place: Place, hub: WatchedHub, clock: Clock
) -> None:
    snapshot(place, clock, FIRST)
    path = place.folder / "lake" / "raw" / "hub_models" / f"{FIRST.date()}.parquet"
    before, count = path.read_bytes(), len(hub.calls)
    said = snapshot(place, clock, FIRST + timedelta(hours=5))
    assert said["state_by_day"] == {str(FIRST.date()): "kept"}
    assert (path.read_bytes(), len(hub.calls)) == (before, count)
    assert not (place.folder / "hub" / str(FIRST.date())).exists()


def test_a_list_that_fails_once_is_asked_for_again_at_the_end(
    place: Place, hub: WatchedHub, clock: Clock
) -> None:
    hub.add_fault(Trouble(path_prefix="/api/models", status=403, times=1))
    said = snapshot(place, clock, FIRST)
    # The first list is that of sandbox-qwen; it fails, and has its second chance at the end.
    assert said["state_by_day"] == {str(FIRST.date()): "complete"}
    asked = [call.what for call in hub.calls if call.what[0] == ("author", "sandbox-qwen")]
    assert len(asked) == 1  # the refused call never reached the Hub's paths
    assert hub.calls.index(Call(FIRST, asked[0], 200)) > 100


def test_documents_that_are_no_models_are_counted_and_named_and_lose_nothing_else(
    place: Place, clock: Clock
) -> None:
    said = snapshot(place, clock, FIRST)
    assert said["malformed_count"] == 2
    assert "sandbox-mistral/" in str(said["malformed_example"])
    # Before its author is renamed the later name has no models yet; the family has.
    assert said["authors_without_models"] == "sandbox-glm"
    (row,) = place.rows(tables.HUB_SNAPSHOTS)
    assert (row["malformed_count"], row["silent_family_count"]) == (2, 0)
    names = {row["model_id"] for row in place.rows(tables.HUB_MODELS)}
    assert {"sandbox-mistral/mistral-7b", "sandbox-mistral/mixtral-8x7b"} <= names


def test_models_without_a_word_on_their_snapshot_are_none(
    place: Place, hub: WatchedHub, clock: Clock
) -> None:
    """Where a process died between the two, the next day goes on without them."""
    snapshot(place, clock, FIRST)
    with place.house.transaction() as connection:
        connection.execute("DELETE FROM core.hub_snapshots")
    snapshot(place, clock, FIRST + DAY)
    place.derive(clock.now(), FIRST.date())
    rows = place.rows(tables.DIFFUSION_HUB)
    assert {(row["snapshot_date"], row["days_since_previous"]) for row in rows} == {
        ((FIRST + DAY).date(), None)
    }


def test_what_the_hub_says_of_its_limit_outlives_the_run(place: Place, hub: WatchedHub) -> None:
    hub.add_fault(Trouble(path_prefix="/api/models", status=429, retry_after=5_000))
    resources = place.resources(FIRST)
    for _ in range(2):
        with pytest.raises(dg.RetryRequested) as caught:
            take(
                dg.build_asset_context(), FIRST.date(), place.lake, place.house,
                known_owners(place.house), resources["hub"], resources["platform"],
            )  # fmt: skip
        assert caught.value.seconds_to_wait == pytest.approx(5_000, abs=60)
    # The second run asked for nothing: it knew.
    assert [entry.status for entry in hub.requests()] == [429]
    until = PageSpool(place.folder / "hub" / str(FIRST.date())).forbidden_until
    assert until is not None
    assert until > datetime.now(UTC) + timedelta(seconds=4_000)


def test_a_hub_that_refuses_everything_fails_the_run_and_writes_nothing(
    place: Place, hub: WatchedHub
) -> None:
    hub.add_fault(Trouble(path_prefix="/api/models", status=403, times=100))
    with pytest.raises(Exception, match="answered 403"):
        place.run(tables.HUB_MODELS, FIRST)
    assert place.lake.partitions(tables.HUB_MODELS.qualified) == []
    assert place.rows(tables.HUB_SNAPSHOTS) == []


def test_over_the_budget_the_least_downloaded_are_left_out_and_the_share_asked_is_stated(
    place: Place, clock: Clock
) -> None:
    place.most_calls = 40
    said = snapshot(place, clock, FIRST)
    (row,) = place.rows(tables.HUB_SNAPSHOTS)
    assert (row["state"], row["page_count"]) == ("complete", 40)
    assert row["left_out_count"] == said["left_out_count"] > 50
    # Releases have nine tenths of all downloads, and are asked for first.
    assert 0.9 < row["asked_share"] < 1.0
    # Who had derivatives is asked first the next day: the same budget finds no fewer.
    snapshot(place, clock, FIRST + DAY)
    first, second = place.rows(tables.HUB_SNAPSHOTS)
    assert second["page_count"] == 40
    assert second["model_count"] >= first["model_count"]
    place.derive(clock.now(), FIRST.date())
    rows = [r for r in place.rows(tables.DIFFUSION_HUB) if r["days_since_previous"]]
    stated = {row["measure"]: row["asked_share"] for row in rows}
    smaller = min(first["asked_share"], second["asked_share"])
    assert stated == {
        "models": second["asked_share"],
        "downloads_30d": second["asked_share"],
        "downloads_all_time": second["asked_share"],
        "new_models": smaller,
        "downloads_since": smaller,
    }


def test_a_run_that_reaches_midnight_ends_there_with_what_it_has(
    place: Place, hub: WatchedHub, clock: Clock
) -> None:
    """Pages got after midnight would be another day's figures."""
    # The platform's own clock stands still here, so that the day is ended by way of the spool: a
    # snapshot begun on its day and not finished on it.
    hub.on_call = lambda count: hub.add_fault(
        Trouble(path_prefix="/api/models", status=403, times=1_000)
    ) if count == 60 else None  # fmt: skip
    with pytest.raises(Exception, match="answered 403"):
        place.run(tables.HUB_MODELS, FIRST)
    hub.clear_faults()
    hub.on_call = lambda _count: None
    clock.sleep(DAY.total_seconds())
    count = len(hub.calls)
    said = place.run(tables.HUB_MODELS, clock.now(), FIRST.date(), FIRST.date())
    assert said["state_by_day"] == {str(FIRST.date()): "partial"}
    assert len(hub.calls) == count
    (row,) = place.rows(tables.HUB_SNAPSHOTS)
    assert (row["page_count"], row["last_asked_at"]) == (60, FIRST)
    assert row["left_out_count"] > 50
    assert {row["snapshot_date"] for row in place.rows(tables.HUB_MODELS)} == {FIRST.date()}


def test_no_token_is_in_what_is_written_or_said(
    place: Place, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    said = snapshot(place, clock, FIRST)
    texts = [str(said), caplog.text]
    texts += [p.read_bytes().decode("latin-1") for p in place.folder.rglob("*") if p.is_file()]
    assert not any("hf_x" in text for text in texts)
