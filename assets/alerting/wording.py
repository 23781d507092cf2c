"""Figures and findings in words: with unit, interval and date, the same in text and blocks."""

import math
from collections.abc import Callable
from datetime import date

from assets.alerting.notice import Figure, Finding, Unit
from assets.figures import interval, percent

#: Makes others' text safe where it is put: the text, and the most characters it may have there.
Say = Callable[[str, int], str]

SUBJECT, MEASURE, PERIOD = 160, 160, 80  # most characters
_LARGE = 1e15  # a number of more digits says nothing
_SOUNDNESS = {
    "sound": "Sources: sound",
    "corrected": "Sources: degraded, and the figure is corrected for what they lost",
    "degraded": "Sources: degraded, less than usual was captured",
    "unknown": "Sources: how much they captured is unknown",
}


def number(unit: Unit, value: float) -> str:
    """A figure with its unit, such as `31.2 %`, `12.3 percentage points` or `1,234`."""
    if not math.isfinite(value):
        return "no number"
    if unit is Unit.SHARE and abs(value) < _LARGE:
        return percent(value)
    bare = _bare(unit, value)
    if unit is Unit.POINTS:
        return f"{bare} percentage points"
    if unit is Unit.DAYS:
        return f"{bare} {'day' if bare == '1' else 'days'}"
    return bare


def short_number(unit: Unit, value: float) -> str:
    """A figure whose unit is said elsewhere, such as `12.3`; a share stays `31.2 %`."""
    return number(unit, value) if unit is Unit.SHARE else _bare(unit, value)


def bounds(unit: Unit, figure: Figure) -> str:
    """A figure's 95 % interval, such as `95 % interval 28.7 to 33.8 %`, or `counted whole`."""
    low, high = figure.low, figure.high
    if low is not None and high is not None:
        return f"95 % interval {between(unit, low, high)}"
    if low is not None:
        return f"95 % lower bound {number(unit, low)}"
    if high is not None:
        return f"95 % upper bound {number(unit, high)}"
    return figure.without


def between(unit: Unit, low: float, high: float) -> str:
    """Bounds, such as `28.7 to 33.8 %`; of other units than shares without the unit."""
    if unit is Unit.SHARE and math.isfinite(low + high) and abs(low) + abs(high) < _LARGE:
        return interval(low, high)
    return f"{_bare(unit, low)} to {_bare(unit, high)}"


def figure_words(unit: Unit, figure: Figure) -> str:
    """A figure and its interval, such as `31.2 % (95 % interval 28.7 to 33.8 %)`."""
    return f"{number(unit, figure.value)} ({bounds(unit, figure)})"


def passed_level(finding: Finding) -> str:
    """Which level was passed, such as `the whole interval is above 28.0 %`; empty without one."""
    if finding.level is None:
        return ""
    level = number(finding.unit, finding.level)
    if not finding.side:
        return f"the level is {level}"
    is_whole = finding.now is None or (finding.now.low is None and finding.now.high is None)
    side = finding.side if finding.side in ("above", "below") else "beyond"
    return f"{side} {level}" if is_whole else f"the whole interval is {side} {level}"


def day_words(day: date) -> str:
    """A day with its clock."""
    return f"{day} (UTC)"


def soundness(finding: Finding, say: Say) -> str:
    """How well the sources captured what a finding rests on; empty where it rests on none."""
    if not finding.soundness:
        return ""
    return _SOUNDNESS.get(finding.soundness) or f"Sources: {say(finding.soundness, PERIOD)}"


def sentence(finding: Finding, say: Say, *, is_bold: bool = False) -> str:
    """A finding in one sentence, its stop included.

    Args:
        finding: what is said.
        say: makes the finding's texts safe where the sentence is put.
        is_bold: whether the subject is set in Slack's bold.
    """
    return f"{'; '.join(clauses(finding, say, is_bold=is_bold))}."


def clauses(
    finding: Finding, say: Say, *, is_bold: bool = False, is_short: bool = False
) -> list[str]:
    """What a finding says, clause by clause.

    Args:
        finding: what is said.
        say: makes the finding's texts safe where they are put.
        is_bold: whether the subject is set in Slack's bold.
        is_short: whether measure, period and what an interval is are said elsewhere.
    """
    mark = "*" if is_bold else ""
    subject = f"{mark}{say(finding.subject, SUBJECT)}{mark}"
    words = _short_figure if is_short else figure_words
    now = "" if finding.now is None else words(finding.unit, finding.now)
    if is_short:
        said = [f"{subject}: {now}" if now else subject]
    else:
        measure = f"{say(finding.measure, MEASURE)} {now}".rstrip()
        said = [f"{subject}: {measure}, {say(finding.period, PERIOD)}"]
    if finding.before is not None:
        when = f", {say(finding.before_period, PERIOD)}" if finding.before_period else ""
        said.append(f"before {words(finding.unit, finding.before)}{when}")
    if level := passed_level(finding):
        said.append(level)
    if finding.since is not None:
        said.append(f"since {day_words(finding.since)}")
    return said


def _short_figure(unit: Unit, figure: Figure) -> str:
    """A figure with its bounds alone, such as `31.2 % (28.7 to 33.8 %)`."""
    if figure.low is None or figure.high is None:
        return figure_words(unit, figure)
    return f"{number(unit, figure.value)} ({between(unit, figure.low, figure.high)})"


def _bare(unit: Unit, value: float) -> str:
    """Digits without a unit."""
    if not math.isfinite(value):
        return "no number"
    if abs(value) >= _LARGE:
        return f"{value:.3g}"
    if unit is Unit.COUNT:
        return f"{value:,.0f}"
    if unit is Unit.DAYS:
        return f"{value:,.1f}".removesuffix(".0")
    return f"{value:,.2f}" if unit is Unit.RATIO else f"{value:,.1f}"
