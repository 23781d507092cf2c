"""Layers and axes that charts over days share; days are UTC whatever the reader's clock."""

import datetime as dt

import altair as alt

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
