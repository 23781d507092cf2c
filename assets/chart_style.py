"""How charts look: the same names of colours and styles for the page and for pictures."""

from dataclasses import dataclass
from typing import Any

#: A dash for each series beside its colour, for those who cannot tell the colours apart.
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 3], [4, 4])
MOST_SERIES = len(DASHES)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by their use, as CSS writes them.

    Attributes:
        ink: text.
        muted: axes, thresholds.
        grid: lines behind the data.
        shade: behind days whose figures are of less than everything.
        hatch: over days without figures.
        series: lines and their bands, in the order of the scale's domain.
        quotients: areas of a map: without a figure, then from far below 1 to far above.
    """

    ink: str
    muted: str
    grid: str
    shade: str
    hatch: str
    series: tuple[str, ...]
    quotients: tuple[str, ...]


#: Pictures have a white ground. Each series has a contrast of 4.5 to it at least.
PICTURE = Palette(
    ink="#1c2126",
    muted="#5b6570",
    grid="#e3e7eb",
    shade="#f3dfae",
    hatch="#c9ced4",
    series=("#0b62a4", "#b5460f", "#0c7357", "#8a4b9e", "#7d6200", "#51585f"),
    quotients=("#e3e7eb", "#b5460f", "#e9a27c", "#a3abb3", "#7fb2db", "#0b62a4"),
)
#: The page's style sheet gives the values: for light, for dark, and for print.
PAGE = Palette(
    ink="var(--ink)",
    muted="var(--muted)",
    grid="var(--grid)",
    shade="var(--shade)",
    hatch="url(#hatch)",
    series=tuple(f"var(--series-{number})" for number in range(1, MOST_SERIES + 1)),
    quotients=tuple(f"var(--quotient-{number})" for number in range(6)),
)


def config(palette: Palette, *, has_legend: bool, font: str) -> dict[str, Any]:
    """Vega-Lite's configuration of a palette.

    Args:
        palette: the colours.
        has_legend: whether the chart draws its own; the page has one in HTML.
        font: CSS font family.
    """
    axis = {
        "labelColor": palette.ink,
        "titleColor": palette.muted,
        "gridColor": palette.grid,
        "domainColor": palette.muted,
        "tickColor": palette.muted,
        "titleFontWeight": "normal",
        "labelFontSize": 11,
        "titleFontSize": 12,
    }
    return {
        "aria": False,  # what holds the chart names it, and the table says the rest
        "background": "transparent" if not has_legend else "white",
        "font": font,
        "view": {"stroke": palette.grid},
        "axis": axis,
        "axisX": {"grid": False},
        "legend": {"disable": not has_legend, "labelColor": palette.ink},
        "title": {"color": palette.ink, "anchor": "start"},
        "header": {"labelColor": palette.ink, "labelFontWeight": "bold"},
        "range": {"category": list(palette.series)},
        "style": {
            "degraded": {"color": palette.shade, "opacity": 0.7},
            "missing": {"color": palette.hatch, "opacity": 1},
            "threshold": {"color": palette.muted, "strokeDash": [4, 3]},
            "clock": {"color": palette.muted, "strokeDash": [1, 3], "strokeWidth": 2},
            "placebo": {"color": palette.grid, "opacity": 1},
            "blank": {"color": palette.grid, "opacity": 0.6},
            "mark": {"color": palette.muted, "strokeWidth": 1},
            **{f"quotient-{n}": {"color": each} for n, each in enumerate(palette.quotients)},
            "mark-sign": {"color": palette.ink, "fontSize": 11, "fontWeight": "bold"},
        },
    }
