"""Engagement: the shares of a few countries over time."""

from assets.coverage.chart import whole_groups
from assets.coverage.tables import COVERAGE
from assets.engagement.chart import Inputs, engagement_figure
from assets.engagement.origins import origins_figure
from assets.engagement.tables import ENGAGEMENT
from assets.reference.tables import COUNTRY_GROUPINGS, ECONOMIES, POLICY_EVENTS
from assets.report.edition import Edition
from assets.report.section import Section


def engagement_section(edition: Edition) -> Section:
    """The section of an edition."""
    tables = edition.tables
    figure = engagement_figure(
        Inputs(
            engagement=tables[ENGAGEMENT],
            coverage=whole_groups(tables[COVERAGE]),
            policy_events=tables[POLICY_EVENTS],
            economies=tables[ECONOMIES],
            groupings=tables[COUNTRY_GROUPINGS],
        )
    )
    by_origin = origins_figure(tables[ENGAGEMENT], edition.country_names)
    return Section("engagement", "Engagement by country", None, (figure, by_origin))
