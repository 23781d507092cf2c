"""What a figure is: a chart, its rows, and all that has to be said beside it, declared once."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import pyarrow as pa

ROWS, MARKS = "rows", "marks"  # names of the data in a figure's chart
_DAY = dt.timedelta(days=1)

Span = tuple[dt.date, dt.date]  # first and last day (UTC)
Kind = Literal["date", "text", "share", "count", "number"]


@dataclass(frozen=True, slots=True)
class FigureColumn:
    """A column of a figure's rows as readers see it.

    Attributes:
        name: in the rows and in the CSV file.
        label: heading in the table, with the unit.
        kind: date, text, share (0 to 1, shown in per cent), count or number.
    """

    name: str
    label: str
    kind: Kind = "text"


def row_schema(columns: Sequence[FigureColumn], counts: pa.DataType | None = None) -> pa.Schema:
    """The rows of a figure as Arrow has them: texts, dates, whole counts, and floats.

    Args:
        columns: of the figure.
        counts: type of counts; None for whole numbers.
    """
    types = {"text": pa.string(), "date": pa.date32(), "count": counts or pa.int64()}
    return pa.schema([(each.name, types.get(each.kind, pa.float64())) for each in columns])


@dataclass(frozen=True, slots=True)
class Choice:
    """A switch: which rows of one column's values are shown, or what is drawn of them.

    Attributes:
        column: name of the column. Rows in which it is null belong to every option.
        label: of the switch.
        options: value and its name in words; the first is shown first.
        is_drawing: whether there is no such column, but a parameter of the chart of that name.
    """

    column: str
    label: str
    options: tuple[tuple[str, str], ...]
    is_drawing: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """What is said of the rows that a setting of the switches shows.

    Attributes:
        values: one of each choice, in their order.
        title: the finding in words, with figures, intervals and date.
        basis: unit, dates, and the number of accounts or events.
    """

    values: tuple[str, ...]
    title: str
    basis: str


@dataclass(frozen=True, slots=True)
class Panels:
    """Small multiples: the values of a column that each have a chart of their own."""

    column: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A dated line in the chart, named by a sign in it and explained beside it.

    Attributes:
        sign: one or two characters.
        day: where the line stands (UTC); a day before the first shown one stands at the edge.
        text: what it is, with its source.
        until: last day of what lasts; None for what is of one day.
    """

    sign: str
    day: dt.date
    text: str
    until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A line of the legend: `series-1` to `series-6`, or the name of a style of the chart."""

    style: str
    label: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with everything that makes it readable without its makers.

    Attributes:
        key: names it in the page and in files; lower case and hyphens.
        chart: layers of the data named `rows` and `marks`, without a size.
        height: of the chart, in pixels.
        columns: of the table and the CSV file, in order.
        rows: one a point drawn, with all of the columns; null where there is no figure.
        views: one for each setting of the choices, in the order of their options.
        unit: what the vertical axis measures.
        source: what the figures were made of.
        choices: switches.
        panels: small multiples; none: one chart.
        legend: what the lines and shadings are.
        marks: dated lines.
        marks_title: what these are.
        aspect: height over width, for what would be out of shape at a fixed height.
        needed: a column without which nothing of a row is drawn; none: every row has a part in the
            chart. Where a setting has no row with it, a sentence stands instead of empty axes.
    """

    key: str
    chart: alt.LayerChart
    height: int
    columns: tuple[FigureColumn, ...]
    rows: pa.Table
    views: tuple[View, ...]
    unit: str
    source: str
    choices: tuple[Choice, ...] = ()
    panels: Panels | None = None
    legend: tuple[LegendEntry, ...] = ()
    marks: tuple[Mark, ...] = ()
    marks_title: str = ""
    aspect: float | None = None
    needed: str | None = None

    @property
    def title(self) -> str:
        """The finding of what is shown first."""
        return self.views[0].title

    def spec(self) -> dict[str, Any]:
        """The chart as Vega-Lite, as wide as what holds it, without its data."""
        made: dict[str, Any] = self.chart.properties(width="container", height=self.height).to_dict(
            validate=False
        )
        return made

    @property
    def span(self) -> Span | None:
        """First and last day of what is shown first; none without rows."""
        shown = self.shown(self.views[0].values)
        days = [row[self.date_column] for row in shown]
        return (min(days), max(days)) if days else None

    @property
    def date_column(self) -> str:
        """The column of the horizontal axis."""
        return next(column.name for column in self.columns if column.kind == "date")

    def shown(self, values: Sequence[str]) -> list[dict[str, Any]]:
        """The rows of one setting of the switches."""
        wanted = {
            choice.column: (value, None)
            for choice, value in zip(self.choices, values, strict=True)
            if not choice.is_drawing
        }
        return [
            row
            for row in self.rows.to_pylist()
            if all(row[column] in either for column, either in wanted.items())
        ]

    def mark_rows(self, span: Span | None) -> list[dict[str, str]]:
        """`marks` of the chart, sign and day: what touches the days, at their edge if need be."""
        if span is None:
            return []
        return [
            {"sign": mark.sign, "day": max(mark.day, span[0]).isoformat()}
            for mark in self.marks
            if mark.day <= span[1] and (mark.until or mark.day) >= span[0]
        ]


def percent(share: float) -> str:
    """A share in words, such as `38.0 %`."""
    return f"{100 * share:.1f} %"


def interval(low: float, high: float) -> str:
    """Bounds of a share in words, such as `36.4 to 43.4 %`."""
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def days_from(first: dt.date, last: dt.date, step: int = 1) -> list[dt.date]:
    """Every `step`th day, both ends included."""
    return [first + n * _DAY for n in range(0, (last - first).days + 1, step)]


def spells(days: Iterable[dt.date]) -> list[tuple[dt.date, dt.date]]:
    """Runs of consecutive days, each by its first and last, in order."""
    found: list[tuple[dt.date, dt.date]] = []
    for day in sorted(set(days)):
        if found and day - found[-1][1] == _DAY:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def spells_in_words(days: Iterable[dt.date]) -> str:
    """Runs of days, such as `2024-12-01, 2024-12-09 to 2024-12-10`; `none` for none."""
    words = [str(a) if a == b else f"{a} to {b}" for a, b in spells(days)]
    return ", ".join(words) or "none"


def filled(
    rows: Iterable[Mapping[str, Any]], keys: Sequence[str], wanted: Iterable[tuple[Any, ...]]
) -> list[dict[str, Any]]:
    """For each wanted key its row, or one with that key alone: a line must not span a gap."""
    by_key = {tuple(row[key] for key in keys): row for row in rows}
    return [dict(by_key.get(key) or zip(keys, key, strict=True)) for key in wanted]
