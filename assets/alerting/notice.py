"""What a message is to say, without its form: what shifted, from what to what, since when."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Unit(StrEnum):
    """What a figure is in.

    `SHARE` is 0 to 1, shown in per cent; `POINTS` are percentage points; `RATIO` and `DAYS` are
    plain numbers; `COUNT` is whole.
    """

    SHARE = "share"
    POINTS = "points"
    RATIO = "ratio"
    DAYS = "days"
    COUNT = "count"


class Stage(StrEnum):
    """Where in its life an alert is when something is said of it.

    `FIRING` opens a thread; `UPDATE` and `RESOLVED` go on in it; a `NOTE` stands alone (a digest).
    """

    FIRING = "firing"
    UPDATE = "update"
    RESOLVED = "resolved"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval.

    Attributes:
        value: the figure.
        low: lower bound; None without an interval.
        high: upper bound; None likewise.
        without: why there is no interval, where there is none.
    """

    value: float
    low: float | None = None
    high: float | None = None
    without: str = "counted whole"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one alert says.

    Attributes:
        subject: whose figure it is, in words: "China, attention", "gharchive, stars and forks".
        measure: what is measured, in words: "share of located accounts".
        unit: of `now`, `before` and `level`.
        period: what `now` is of, in words: "2024-12-12 (UTC)", "the week to 2024-12-15 (UTC)".
        now: the figure; None for what has none, as a run that failed.
        before: what it was, or is usual; None where nothing is known.
        before_period: what `before` is of, in words; empty without it.
        side: `above` or `below` the level; empty without one.
        level: that the whole interval has passed; None without one.
        since: first day (UTC) of what is said, as of a shift's onset; None where it is `period`.
        basis: in words, what the figure rests on: how many, how much of it unknown.
        soundness: `sound`, `corrected`, `degraded` or `unknown`: of the sources' capture; empty
            for what rests on no source.
    """

    subject: str
    measure: str
    unit: Unit
    period: str
    now: Figure | None
    before: Figure | None = None
    before_period: str = ""
    side: str = ""
    level: float | None = None
    since: date | None = None
    basis: str = ""
    soundness: str = "sound"


@dataclass(frozen=True, slots=True)
class Point:
    """A figure of one day, week or month; all None where there is none."""

    day: date
    value: float | None
    low: float | None = None
    high: float | None = None
    is_sound: bool = True


@dataclass(frozen=True, slots=True)
class Course:
    """How a figure went, for a chart.

    Attributes:
        title: the finding in words.
        unit: of the values.
        points: by day.
        fire: level at which the rule fires; None without one.
        clear: level at which it clears; None without one.
        measure: what is measured, in words; empty where the title says it.
    """

    title: str
    unit: Unit
    points: tuple[Point, ...]
    fire: float | None = None
    clear: float | None = None
    measure: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said at once: of one alert, or of several of one cause.

    Attributes:
        key: identifies the message for ever, whoever computes it and how often.
        thread: key of the message that opened the thread; that of itself where it opens one.
        kind: of the rule.
        stage: of the alerts.
        title: of the rule, or of the cause.
        day: the newest day (UTC) of data that it rests on.
        findings: at least one, but for a note.
        remarks: whole sentences besides.
        rule_ids: of the rules that it is of.
        asset: schema and table that the figures are in; None without one.
        course: of the first finding; None where there is nothing to draw.
        is_last: whether nothing that the thread is of fires any more.
        anchor: id of the page's section or figure that shows it; empty for the page as a whole.
    """

    key: str
    thread: str
    kind: str
    stage: Stage
    title: str
    day: date
    findings: tuple[Finding, ...] = ()
    remarks: tuple[str, ...] = ()
    rule_ids: tuple[str, ...] = ()
    asset: tuple[str, str] | None = None
    course: Course | None = None
    is_last: bool = False
    anchor: str = ""
