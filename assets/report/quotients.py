"""Location quotients: where more, or less, takes part than in all of GitHub."""

from assets.engagement.quotients import newest_quotients, quotient_intervals, quotient_map
from assets.engagement.tables import ENGAGEMENT
from assets.report.edition import Edition
from assets.report.section import Section


def quotients_section(edition: Edition) -> Section:
    """The section of an edition."""
    quotients = newest_quotients(edition.tables[ENGAGEMENT], edition.country_names)
    figures = (quotient_map(quotients), quotient_intervals(quotients))
    return Section("quotients", "Location quotients", None, figures)
