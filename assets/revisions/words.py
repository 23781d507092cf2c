"""Revisions in words: values with their units, whose they are, and Markdown for the UI."""

import math

from assets.markdown_text import as_text
from assets.revisions.catalogue import Unit, measure_of
from assets.revisions.summary import MeasureTotal, Move, Summary

_MOST_KEY = 120  # characters


def value_words(unit: Unit, value: float | None) -> str:
    """A value with its unit, such as `31.25 %`; a dash for none."""
    if value is None or not math.isfinite(value):
        return "–"
    if unit is Unit.SHARE:
        return f"{100 * value:.2f} %"
    if unit is Unit.PERCENT:
        return f"{value:.1f} %"
    if unit is Unit.POINTS:
        return f"{value:.2f} pp"
    return f"{value:,.0f}" if unit is Unit.COUNT else f"{value:,.3f}"


def difference_words(unit: str, difference: float | None) -> str:
    """A difference in the unit of differences, such as `+0.45 pp`; a dash for none."""
    if difference is None or not math.isfinite(difference):
        return "–"
    sign = "+" if difference > 0 else ""
    return f"{sign}{size_words(unit, difference)}"


def size_words(unit: str, size: float | None) -> str:
    """A size in the unit of differences, such as `0.45 pp`; a dash for none."""
    if size is None or not math.isfinite(size):
        return "–"
    if unit == Unit.COUNT.value:
        return f"{size:,.0f}"
    # What is small is not nought.
    digits = f"{size:,.2f}" if abs(size) >= 0.005 else f"{size:.1g}"
    return f"{digits}{_SIGNS.get(unit, '')}"


_SIGNS = {Unit.POINTS.value: " pp", Unit.PERCENT.value: " %"}


def counts_words(summary: Summary) -> str:
    """How many figures changed, in a sentence."""
    if not summary.changed_count and not summary.gone_count:
        return f"No published figure changed, of {summary.figure_count:,}."
    share = summary.changed_count / summary.figure_count if summary.figure_count else 0.0
    said = f"{summary.changed_count:,} of {summary.figure_count:,} published figures changed"
    said += f" ({100 * share:.1f} %)"
    if summary.with_interval:
        said += (
            f"; {summary.outside:,} of {summary.with_interval:,} revised values that had an "
            "interval lie outside it now"
        )
    if summary.gone_count:
        said += f"; published no more, or without a value: {summary.gone_count:,}"
    return f"{said}."


def markdown(summary: Summary) -> str:
    """Counts, totals by table and measure, and the largest moves, for the UI."""
    lines = [counts_words(summary)]
    if summary.totals:
        lines += [
            "",
            "| table | measure | revised | appeared | vanished | median change | largest "
            "| outside former interval |",
            "|---|---|---|---|---|---|---|---|",
            *(_total_line(each) for each in summary.totals),
        ]
    if summary.largest:
        lines += [
            "",
            f"The largest {len(summary.largest)}:",
            "",
            "| figure | measure | before (interval) | after (interval) | change | reason |",
            "|---|---|---|---|---|---|",
            *(_move_line(each) for each in summary.largest),
        ]
    return "\n".join(lines)


def largest_words(summary: Summary, most: int) -> list[str]:
    """The largest moves, one a figure and line: what, from what to what, by how much."""
    firsts: dict[tuple[str, str], Move] = {}
    for each in summary.largest:
        firsts.setdefault((each.table_name, each.figure), each)
    return [_move_words(each) for each in list(firsts.values())[:most]]


def _move_words(move: Move) -> str:
    measure = measure_of(move.table_name, move.measure)
    unit = measure.unit if measure else Unit.RATIO
    outside = "; outside the former interval" if move.is_outside else ""
    return (
        f"{_words(move.table_name, move.measure)} ({_where(move)}): "
        f"{_with_bounds(unit, move.before)} → {_with_bounds(unit, move.after)}, "
        f"{difference_words(unit.of_difference, move.difference)}{outside}"
    )


def _where(move: Move) -> str:
    return " ".join(f"{move.table_name}: {move.figure}".split())[:_MOST_KEY]


def _total_line(total: MeasureTotal) -> str:
    outside = "–"
    if total.with_interval:
        share = 100 * total.outside / total.with_interval
        outside = f"{total.outside:,} of {total.with_interval:,} ({share:.0f} %)"
    return (
        f"| {total.table_name} | {_words(total.table_name, total.measure)} | {total.revised:,} "
        f"| {total.appeared:,} | {total.vanished:,} | {size_words(total.unit, total.median)} "
        f"| {size_words(total.unit, total.largest)} | {outside} |"
    )


def _move_line(move: Move) -> str:
    measure = measure_of(move.table_name, move.measure)
    unit = measure.unit if measure else Unit.RATIO
    where = as_text(_where(move))
    return (
        f"| {where} | {_words(move.table_name, move.measure)} | {_with_bounds(unit, move.before)} "
        f"| {_with_bounds(unit, move.after)} "
        f"| {difference_words(unit.of_difference, move.difference)} | {move.reason} |"
    )


def _with_bounds(unit: Unit, values: tuple[float, float | None, float | None]) -> str:
    value, low, high = values
    if low is None or high is None:
        return value_words(unit, value)
    return f"{value_words(unit, value)} ({value_words(unit, low)} to {value_words(unit, high)})"


def _words(table_name: str, column: str) -> str:
    measure = measure_of(table_name, column)
    return measure.words if measure else column
