"""Effects of policy shocks: what followed them, and whether it stands out from other weeks."""

from assets.report.edition import Edition
from assets.report.section import Section
from assets.shifts.chart import shock_figure
from assets.shifts.tables import SHOCK_EFFECTS


def shocks_section(edition: Edition) -> Section:
    """The section of an edition."""
    figure = shock_figure(edition.tables[SHOCK_EFFECTS])
    return Section("shocks", "Policy shocks", None, (figure,))
