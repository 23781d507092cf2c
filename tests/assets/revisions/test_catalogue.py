"""The catalogue names every published figure, and what it names is there."""

from assets.attribution.tables import ATTRIBUTION_RELIABILITY
from assets.hub.tables import HUB_SNAPSHOTS
from assets.indices.tables import CROSSINGS
from assets.report.tables import ALERT_LOG, ALERT_STATES
from assets.revisions.catalogue import CATALOGUE, SAID
from tests.assets.report.conftest import PUBLISHED, REFERENCE_TABLES

#: Published, and no figures of a date with a unit: states, dates, and what analysts wrote.
NO_FIGURES = {
    ALERT_LOG,
    ALERT_STATES,
    CROSSINGS,
    ATTRIBUTION_RELIABILITY,
    HUB_SNAPSHOTS,
    *REFERENCE_TABLES,
}


def test_every_published_table_is_in_the_catalogue_or_known_to_have_no_figures() -> None:
    assert {each.source for each in CATALOGUE} == set(PUBLISHED) - NO_FIGURES | set(SAID)


def test_figures_have_names_of_their_own_and_each_value_one_measure() -> None:
    names = [each.name for each in CATALOGUE]
    assert len(set(names)) == len(names)
    for source in {each.source for each in CATALOGUE}:
        of_source = [each for each in CATALOGUE if each.source is source]
        columns = [measure.column for each in of_source for measure in each.measures]
        assert len(set(columns)) == len(columns), source.qualified
        # Dates whose content did not change are passed over by the source's date.
        assert len({each.date for each in of_source}) == 1


def test_counts_are_never_named_in_a_digest() -> None:
    measures = [measure for each in CATALOGUE for measure in each.measures]
    assert [each.column for each in measures if each.unit == "count" and each.named_from] == []
    assert all(each.named_from is None or each.named_from > 0 for each in measures)
