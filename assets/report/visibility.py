"""The visibility gap: how much of the use of Chinese-origin open models patents show."""

from assets.report.edition import Edition
from assets.report.section import Section
from assets.visibility.chart import gap_figure
from assets.visibility.tables import VISIBILITY_GAP


def visibility_section(edition: Edition) -> Section:
    """The section of an edition."""
    figure = gap_figure(edition.tables[VISIBILITY_GAP])
    return Section("visibility", "Use and patents", None, (figure,))
