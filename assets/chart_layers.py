"""Layers and axes that charts over days share; days are UTC whatever the reader's clock."""

import datetime as dt
from collections.abc import Sequence

import altair as alt

from assets.chart_style import DASHES
from assets.figures import MARKS, ROWS, Span

FIRST, LAST = "first_ms", "last_ms"  # parameters of a chart over days
_NEAR_DAYS = 100
_LABEL_GAP = 12  # pixels
_DAY_MS = 86_400_000
_EPOCH = dt.date(1970, 1, 1)
_SIGN_Y = 7  # pixels below the upper edge


def span_params(span: Span | None) -> list[dict[str, object]]:
    """Vega-Lite's parameters for the ends of the horizontal axis, in ms, half a day outside.

    The page's script gives those of what its switches show.
    """
    first, last = ((day - _EPOCH).days * _DAY_MS for day in span or (_EPOCH, _EPOCH))
    return [
        {"name": FIRST, "value": first - _DAY_MS // 2},
        {"name": LAST, "value": last + _DAY_MS // 2},
    ]


def layered(*layers: alt.Chart) -> alt.LayerChart:
    """A figure's chart: layers of its rows, the first one at the back."""
    return alt.LayerChart(data=alt.NamedData(name=ROWS), layer=list(layers))


def day_axis(field: str) -> alt.X:
    """The horizontal axis of a date; its labels name days, or months where there are many days."""
    form = f"{LAST} - {FIRST} < {_NEAR_DAYS * _DAY_MS} ? '%d %b' : '%b %Y'"
    return alt.X(
        f"{field}:T",
        title=None,
        scale=_scale(),
        axis=alt.Axis(
            # Of few days Vega puts a tick at noon too.
            labelExpr=f"utchours(datum.value) ? '' : utcFormat(datum.value, {form})",
            labelOverlap="greedy",
            labelSeparation=_LABEL_GAP,
            labelFlush=True,
        ),
    )


def day_text(field: str) -> str:
    """Vega's expression for a date as text: a tooltip's own formats are in local time."""
    return f"utcFormat(datum.{field}, '%Y-%m-%d')"


def shaded_days(
    field: str, condition: str, style: str, days_before: str = "0", days_after: str = "0"
) -> alt.Chart:
    """Shading of the days of rows that meet a condition, each day once.

    Args:
        field: date, as in the rows.
        condition: Vega's expression of `datum`.
        style: name of a style.
        days_before: Vega's expression for how many days before its date a row begins.
        days_after: the same for how many days after it a row ends.
    """
    shading: alt.Chart = (
        alt.Chart()
        .transform_filter(condition)
        .transform_calculate(
            start=f"toNumber(datum.{field}) - {_DAY_MS // 2} - {_DAY_MS} * ({days_before})",
            end=f"toNumber(datum.{field}) + {_DAY_MS // 2} + {_DAY_MS} * ({days_after})",
        )
        .transform_aggregate(row_count="count()", groupby=["start", "end"])
        .mark_rect(style=style, clip=True)
        .encode(x=alt.X("start:T", title=None, scale=_scale()), x2="end:T")
    )
    return shading


def lone_intervals(base: alt.Chart, field: str, date: str, series: str) -> alt.Chart:
    """Intervals of points without a neighbour, for which a band has no width.

    Args:
        base: encodes the horizontal axis and the colour.
        field: figure; its bounds are `<field>_ci_low` and `<field>_ci_high`.
        date: of the horizontal axis; every date of a series has a row.
        series: what a band is of.
    """
    lines: alt.Chart = (
        base.transform_window(
            before=f"lag({field})",
            after=f"lead({field})",
            groupby=[series],
            sort=[alt.SortField(date)],
        )
        .transform_filter(
            f"isValid(datum.{field}) && !isValid(datum.before) && !isValid(datum.after)"
        )
        .mark_rule(opacity=0.5)
        .encode(y2=f"{field}_ci_high:Q")
    )
    return lines


def series_scales(
    field: str, domain: Sequence[str], title: str
) -> tuple[alt.Color, alt.StrokeDash]:
    """Colour and dashes of series, in their order: nobody has to tell colours apart."""
    dashes = [list(each) for each in DASHES[: len(domain)]]
    names = list(domain)
    return (
        alt.Color(f"{field}:N", title=title, scale=alt.Scale(domain=names)),
        alt.StrokeDash(f"{field}:N", title=title, scale=alt.Scale(domain=names, range=dashes)),
    )


def interval_layers(
    base: alt.Chart,
    field: str,
    date: str,
    series: str,
    *,
    low: alt.Y,
    tooltip: Sequence[alt.Tooltip],
    value: alt.Y | None = None,
    dash: alt.StrokeDash | None = None,
    band_opacity: float = 0.2,
    point_size: int = 20,
) -> tuple[alt.Chart, alt.Chart, alt.Chart, alt.Chart]:
    """A figure over days as its band, the intervals of lone points, its line and its points.

    Args:
        base: encodes the horizontal axis and the colour.
        field: figure; its bounds are `<field>_ci_low` and `<field>_ci_high`.
        date: of the horizontal axis; in a tooltip `day` is its text.
        series: what a band is of.
        low: vertical axis at the lower bound.
        tooltip: of a point.
        value: vertical axis at the figure; None for the field as it is.
        dash: of the line.
        band_opacity: 0 to 1.
        point_size: area of a point, in square pixels.
    """
    at_value = value or alt.Y(f"{field}:Q")
    line = base.mark_line(strokeWidth=1.5).encode(y=at_value)
    return (
        base.mark_area(opacity=band_opacity).encode(y=low, y2=f"{field}_ci_high:Q"),
        lone_intervals(base, field, date, series).encode(y=low),
        line if dash is None else line.encode(strokeDash=dash),
        base.transform_filter(f"isValid(datum.{field})")
        .transform_calculate(day=day_text(date))
        .mark_point(filled=True, opacity=1, size=point_size)
        .encode(y=at_value, tooltip=list(tooltip)),
    )


def mark_layers() -> tuple[alt.Chart, alt.Chart]:
    """The dated lines of a figure, and their signs."""
    base = alt.Chart(alt.NamedData(name=MARKS)).encode(x=alt.X("day:T", title=None, scale=_scale()))
    return (
        base.mark_rule(style="mark", clip=True),
        base.mark_text(style="mark-sign", align="left", dx=3).encode(
            text="sign:N", y=alt.value(_SIGN_Y)
        ),
    )


def threshold(level: float) -> alt.Chart:
    """A horizontal line."""
    nowhere = alt.Chart(alt.InlineData(values=[{}]))
    line: alt.Chart = nowhere.mark_rule(style="threshold").encode(y=alt.datum(level))
    return line


def _scale() -> alt.Scale:
    return alt.Scale(type="utc", domainMin={"expr": FIRST}, domainMax={"expr": LAST})
