"""Capture rates as a chart: for Dagster's metadata and for the published page."""

import base64
from dataclasses import dataclass

import altair as alt
import pandas as pd
import pyarrow as pa
import vl_convert

from assets.coverage.coverage import COMBINED
from assets.coverage.verdicts import DEGRADED, LEAST_SOUND

_WIDTH, _HEIGHT = 300, 120
_SCALE = 1.4
_GROUPS = ["contribution", "participation", "attention", "other"]


@dataclass(frozen=True)
class CoverageChart:
    """Capture rate by day, a panel an event group and a line a source, with 95 % bands.

    Attributes:
        chart: the Vega-Lite chart.
        title: what it shows, in words.
    """

    chart: alt.LayerChart | alt.FacetChart
    title: str

    @property
    def png(self) -> bytes:
        """The picture."""
        made: bytes = vl_convert.vegalite_to_png(self.chart.to_json(), scale=_SCALE)
        return made

    @property
    def markdown(self) -> str:
        """The picture inside Markdown, with its title as the text for those who cannot see it."""
        return f"![{self.title}](data:image/png;base64,{base64.b64encode(self.png).decode()})"


def coverage_chart(rows: pa.Table) -> CoverageChart:
    """Chart of capture rates on tracked repositories.

    Args:
        rows: coverage_date, source, event_group, capture_rate and its bounds, status of
            core.coverage, one row a day, source and event group.
    """
    frame = rows.to_pandas()
    frame["coverage_date"] = pd.to_datetime(frame["coverage_date"])
    title = _title(frame)
    rate = alt.Y("capture_rate:Q", title="captured / all", scale=alt.Scale(domain=[0, 1.02]))
    base = alt.Chart(frame).encode(
        x=alt.X("coverage_date:T", title="day (UTC)"), color=alt.Color("source:N", title="source")
    )
    band = base.mark_area(opacity=0.2).encode(
        y=alt.Y("capture_rate_ci_low:Q", title="captured / all"), y2="capture_rate_ci_high:Q"
    )
    line = base.mark_line(point=alt.OverlayMarkDef(size=14)).encode(y=rate)
    bound = (
        alt.Chart(frame).mark_rule(strokeDash=[4, 3], color="#888").encode(y=alt.datum(LEAST_SOUND))
    )
    chart = (
        (band + line + bound)
        .properties(width=_WIDTH, height=_HEIGHT)
        .facet(facet=alt.Facet("event_group:N", title=None, sort=_GROUPS), columns=2)
        .properties(title=alt.TitleParams(title, anchor="start"))
    )
    return CoverageChart(chart, title)


def _title(frame: pd.DataFrame) -> str:
    """The finding in words: on how many days all sources together, and each alone, are degraded."""
    if frame.empty:
        return "Capture of the sources: no day yet"
    span = f"{frame['coverage_date'].min():%Y-%m-%d} to {frame['coverage_date'].max():%Y-%m-%d}"
    lost = frame[frame["status"] == DEGRADED]
    days = lost.groupby("source")["coverage_date"].nunique().to_dict()
    together = days.pop(COMBINED, 0)
    alone = ", ".join(f"{source} on {count}" for source, count in sorted(days.items()))
    found = f"under 80 % on {together} days" if together else "at least 80 % every day"
    return f"All sources together captured {found}, {span}; under 80 % alone: {alone or 'none'}"
