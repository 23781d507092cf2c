"""What one page is made of: the published tables of one vintage, and the names of the rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from assets.coverage.tables import COVERAGE
from assets.engagement.series import newest_weeks
from assets.engagement.tables import ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB, HUB_CONCENTRATION, HUB_SNAPSHOTS
from assets.indices.tables import COUNTRY_RATIO
from assets.papers.tables import DIFFUSION_PAPERS
from assets.reference.tables import (
    COUNTRY_GROUPINGS,
    ECONOMIES,
    POLICY_EVENTS,
    UPSTREAM_BREAKS,
)
from assets.report.tables import ALERT_LOG, ALERT_STATES, VINTAGE
from assets.shifts.tables import SHOCK_EFFECTS
from assets.tables import Table
from assets.visibility.tables import VISIBILITY_GAP

_PLAIN = [("scope", "=", "tracked"), ("grouping", "=", "apart")]
_ORIGINS = ["origin_cn", "origin_us", "origin_other"]
#: The tables that the page reads, and which rows of them: four years of all of them are too many.
READ: Mapping[Table, list[Any] | None] = {
    VINTAGE: None,
    ENGAGEMENT: [
        [("scope", "=", "tracked"), ("period", "in", ["day", "week"])],
        [*_PLAIN, ("period", "=", "28d")],
        [("scope", "in", _ORIGINS), ("grouping", "=", "apart"), ("period", "=", "week")],
    ],
    COUNTRY_RATIO: [*_PLAIN, ("event_group", "=", "attention")],
    COVERAGE: [("scope", "=", "tracked")],
    ALERT_STATES: None,
    ALERT_LOG: None,
    VISIBILITY_GAP: None,
    DIFFUSION_HUB: [
        ("author_country_iso2", "=", "any"),
        ("root_family", "=", "any"),
        ("measure", "in", ["downloads_30d", "models"]),
        ("relation", "in", ["any", "derivative"]),
    ],
    HUB_CONCENTRATION: [("dimension", "=", "root_family")],
    HUB_SNAPSHOTS: None,
    DIFFUSION_PAPERS: [("user_kind", "!=", "country")],
    SHOCK_EFFECTS: [("window_weeks", "=", 8), ("week_count", ">", 0)],
    ECONOMIES: None,
    COUNTRY_GROUPINGS: None,
    POLICY_EVENTS: None,
    UPSTREAM_BREAKS: None,
}


@dataclass(frozen=True, slots=True)
class Edition:
    """The page's content.

    Attributes:
        tables: published rows by table, those of `READ`.
        row_counts: rows of every published table, by its name.
        rule_titles: titles of alert rules by their ids.
    """

    tables: Mapping[Table, pa.Table]
    row_counts: Mapping[str, int]
    rule_titles: Mapping[str, str]

    @property
    def vintage(self) -> str:
        """Name of the publication."""
        return str(self._vintage["vintage"])

    @property
    def run_id(self) -> str:
        """The run that published it."""
        return str(self._vintage["run_id"])

    @property
    def published_at(self) -> datetime:
        """When, by the platform's clock (UTC)."""
        moment: datetime = self._vintage["published_at"]
        return moment

    @property
    def is_synthetic(self) -> bool:
        """Whether the figures are of a synthetic world."""
        return bool(self._vintage["world"] != "live")

    @property
    def country_names(self) -> Mapping[str, str]:
        """Names of countries by their codes."""
        names = self.tables[ECONOMIES].select(["iso2", "name"]).to_pydict()
        return dict(zip(names["iso2"], names["name"], strict=True))

    @property
    def _vintage(self) -> Mapping[str, Any]:
        (row,) = self.tables[VINTAGE].to_pylist()
        found: Mapping[str, Any] = row
        return found


def read_edition(folder: Path, rule_titles: Mapping[str, str]) -> Edition:
    """The edition of a vintage's folder of Parquet files.

    Raises:
        FileNotFoundError: the folder lacks a table, or is there no more.
    """
    tables = {
        table: pq.read_table(folder / f"{table.name}.parquet", filters=filters)
        for table, filters in READ.items()
    }
    tables[ENGAGEMENT] = newest_weeks(tables[ENGAGEMENT])
    counts = {
        file.stem: pq.read_metadata(file).num_rows for file in sorted(folder.glob("*.parquet"))
    }
    return Edition(tables, counts, rule_titles)
