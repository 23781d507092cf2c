"""Which model families the works of a month name."""

from datetime import date
from typing import Protocol

import pyarrow as pa

from assets.diffusion.mention import Mention, Section
from assets.papers.tables import PAPER_MENTIONS

_SECTIONS = (Section.TITLE, Section.ABSTRACT)


class Finder(Protocol):
    """Finds mentions in a text, as assets.diffusion.matcher.Matcher does."""

    def find(self, text: str, section: Section) -> list[Mention]:
        """The mentions, by start."""


def paper_mentions(papers: pa.Table, finder: Finder) -> pa.Table:
    """Rows of core.paper_mentions of some works.

    Args:
        papers: month_date, work_id, title and abstract of raw.papers; texts may be null.
        finder: finds the mentions.
    """
    texts = papers.select(["month_date", "work_id", *(str(each) for each in _SECTIONS)])
    rows: list[dict[str, object]] = []
    for work in texts.to_pylist():
        for section in _SECTIONS:
            text = work[str(section)]
            if text:
                rows += _rows(work["month_date"], work["work_id"], finder.find(text, section))
    return PAPER_MENTIONS.arrow(rows)


def _rows(month: date, work_id: str, mentions: list[Mention]) -> list[dict[str, object]]:
    return [
        {
            "month_date": month,
            "work_id": work_id,
            "family": mention.family,
            "alias": mention.alias,
            "section": str(mention.section),
            "start_offset": mention.start,
            "stop_offset": mention.stop,
            "rule": mention.rule,
            "role": str(mention.role),
        }
        for mention in mentions
    ]
