"""Upkeep of a month that was really made: nothing is left, and each source stands at its end."""

from datetime import UTC, datetime, timedelta

from assets.upkeep.assets import take_freshness
from assets.upkeep.sources import OTHERS, archive
from orchestration.backfill_file import FOLDER
from orchestration.definitions import build_definitions
from orchestration.inventory import take_inventory
from tests.orchestration.conftest import DAYS, FIRST, LAST, NOW, Month

#: When what closed at midnight is due.
MORNING = datetime(2024, 12, 17, 6, 20, tzinfo=UTC)


def test_the_inventory_of_a_month_counts_its_days_and_finds_nothing_left(month: Month) -> None:
    graph = build_definitions(month.settings).resolve_asset_graph()
    keys = graph.get_all_asset_keys()
    partitions = {
        key: graph.get(key).partitions_def for key in keys if graph.get(key).partitions_def
    }
    found = take_inventory(month.instance, MORNING, partitions, month.settings.data / FOLDER)
    days = [each for each in found.standings if each.family == "daily"]
    # That accounts were read of earlier days is no defect of what was not made of them.
    assert {each.made for each in days if each.asked_from == FIRST} == {len(DAYS)}
    assert {each.due_to for each in days} == {LAST}
    assert [each for each in days if not each.is_whole] == []
    assert found.failed_count == 0


def test_each_source_of_a_month_is_there_through_its_end(month: Month) -> None:
    archives = (archive("gharchive"), archive("opendigger"))
    found = take_freshness(month.lake, month.warehouse, (*archives, *OTHERS), MORNING)
    through = {each.source.name: each.newest_through for each in found}
    midnight = datetime(2024, 12, 17, tzinfo=UTC)
    assert {through[name] for name in ("gharchive", "opendigger", "git")} == {midnight}
    for name in ("github_events", "star_history", "huggingface_hub"):
        newest = through[name]
        assert newest is not None
        assert newest >= NOW - timedelta(hours=1)
    # What the month was made without.
    absent = {name for name, newest in through.items() if newest is None}
    assert absent == {"openalex", "uspto", "innovation_graph"}
