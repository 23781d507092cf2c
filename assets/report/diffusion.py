"""Hub and papers: whose models are downloaded, made into others, and named in research."""

from assets.hub.chart import hub_figure
from assets.hub.tables import DIFFUSION_HUB, HUB_CONCENTRATION, HUB_SNAPSHOTS
from assets.papers.chart import papers_figure
from assets.papers.tables import DIFFUSION_PAPERS
from assets.report.edition import Edition
from assets.report.section import Section


def diffusion_section(edition: Edition) -> Section:
    """The section of an edition."""
    tables = edition.tables
    figures = (
        hub_figure(
            tables[DIFFUSION_HUB],
            tables[HUB_SNAPSHOTS],
            tables[HUB_CONCENTRATION],
            edition.country_names,
        ),
        papers_figure(tables[DIFFUSION_PAPERS]),
    )
    return Section("diffusion", "Hub and papers", None, figures)
