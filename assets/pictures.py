"""A figure as a picture inside Markdown, for Dagster's metadata."""

import base64
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import altair as alt
import vl_convert

from assets.chart_layers import span_params
from assets.chart_style import PICTURE, config
from assets.figures import MARKS, ROWS, Figure, Span
from assets.markdown_text import as_text

_WIDTH = 300
_PANELS_A_ROW = 2
_SCALE = 1.4


def markdown(figure: Figure) -> str:
    """The picture, its finding as the text for those who cannot see it; and its marks' names."""
    image = base64.b64encode(png(figure)).decode()
    named = "\n".join(
        f"- **{mark.sign}** {mark.day}: {as_text(mark.text)}" for mark in figure.marks
    )
    return f"![{as_text(figure.title)}](data:image/png;base64,{image})\n\n{named}".rstrip()


def png(figure: Figure) -> bytes:
    """The picture."""
    made: bytes = vl_convert.vegalite_to_png(picture_spec(figure), scale=_SCALE)
    return made


def picture_spec(figure: Figure) -> dict[str, Any]:
    """What the figure shows first as one chart: panels side by side, the finding as its title."""
    sized = figure.chart.properties(width=_WIDTH, height=figure.height)
    chart: alt.LayerChart | alt.FacetChart = sized
    if figure.panels is not None:
        names = [value for value, _ in figure.panels.options]
        facet = alt.Facet(figure.panels.column, type="nominal", title=None, sort=names)
        chart = sized.facet(facet=facet, columns=_PANELS_A_ROW)
    spec = filled_spec(
        chart.properties(title=figure.title),
        figure.shown(figure.views[0].values),
        figure.mark_rows(figure.span),
        figure.span,
    )
    spec["params"] += [
        {"name": choice.column, "value": choice.options[0][0]}
        for choice in figure.choices
        if choice.is_drawing
    ]
    spec["config"] = config(PICTURE, has_legend=True, font="sans-serif")
    return spec


def filled_spec(
    chart: alt.LayerChart | alt.FacetChart,
    rows: Iterable[Mapping[str, Any]],
    marks: Iterable[Mapping[str, Any]],
    span: Span | None,
) -> dict[str, Any]:
    """A chart of the data named `rows` and `marks` as Vega-Lite, with both and the axis's ends."""
    spec: dict[str, Any] = chart.to_dict(validate=False)
    texts = [
        {name: str(value) if isinstance(value, dt.date) else value for name, value in row.items()}
        for row in rows
    ]
    spec["datasets"] = {**spec.get("datasets", {}), ROWS: texts, MARKS: list(marks)}
    spec["params"] = span_params(span)
    return spec
