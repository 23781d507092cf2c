"""What the rules would have sent over past days, had they stood as they stand now; nothing is sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from assets.alerting.evaluation import Evaluation, Moved
from assets.alerting.notice import Figure, Finding, Notice, Unit
from assets.alerting.states import ACTIVE, State

_COLUMNS = ("day", "what", "rule or alert", "figure (95 %)", "beside")


@dataclass(frozen=True, slots=True)
class Replayed:
    """A line of a replay.

    Attributes:
        day: of data (UTC), with which it would have been sent.
        what: firing, update, resolved or note; or the state that an alert went to unsaid.
        subject: rules of a message, or the alert.
        figure: of its first finding, with its interval; empty without one.
        beside: the finding's subject, and how many findings more.
        is_sent: whether it would have been a message.
    """

    day: date
    what: str
    subject: str
    figure: str
    beside: str
    is_sent: bool


def replayed(evaluation: Evaluation, *, with_unsaid: bool = False) -> list[Replayed]:
    """The lines of an evaluation by day; those of states that nothing was said of where wanted."""
    lines = [_of_notice(each) for each in evaluation.notices]
    if with_unsaid:
        lines += [_of_move(each) for each in evaluation.moves if _is_unsaid(each)]
    return sorted(lines, key=lambda each: (each.day, not each.is_sent, each.subject))


def as_table(lines: Sequence[Replayed]) -> str:
    """Lines in columns, under their names; dates are days of data (UTC)."""
    rows = [
        (str(each.day), each.what if each.is_sent else f"({each.what})", each.subject, each.figure,
         each.beside)
        for each in lines
    ]  # fmt: skip
    widths = [max(len(row[place]) for row in (_COLUMNS, *rows)) for place in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (_COLUMNS, *rows)
    )


def summary(lines: Iterable[Replayed], days: Sequence[date]) -> str:
    """How many messages of each kind so many days would have sent."""
    sent = [each for each in lines if each.is_sent]
    counts = {what: sum(each.what == what for each in sent) for what in _STAGES}
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    weeks = len(days) / 7
    posts = counts["firing"] + counts["note"]
    return (
        f"{len(days)} days evaluated, {days[0]} to {days[-1]} (UTC): {len(sent)} messages "
        f"({said or 'none'}), {posts / weeks:.2f} a week in the channel, the rest in threads"
    )


_STAGES = ("firing", "update", "resolved", "note")


def _of_notice(notice: Notice) -> Replayed:
    first = notice.findings[0] if notice.findings else None
    more = len(notice.findings) - 1
    beside = first.subject if first else notice.title
    return Replayed(
        notice.day,
        str(notice.stage),
        ", ".join(notice.rule_ids),
        _figure(first) if first else "",
        f"{beside} and {more} more" if more > 0 else beside,
        True,
    )


def _of_move(moved: Moved) -> Replayed:
    after = moved.after
    figure = (
        "" if after.value is None else _bounds(Figure(after.value, after.ci_low, after.ci_high))
    )
    return Replayed(moved.day, str(after.state), after.alert_id, figure, "", False)


def _is_unsaid(moved: Moved) -> bool:
    """Whether a change of state is no message: neither the beginning nor the end of one."""
    before = moved.before.standing if moved.before else State.OK
    after = moved.after.standing
    return (before in ACTIVE) is (after in ACTIVE) and before is not after


def _figure(finding: Finding) -> str:
    figure = finding.now
    if finding.unit is Unit.SHARE:
        return _bounds(
            Figure(*(None if each is None else 100.0 * each for each in _three(figure))),
            " %",  # type: ignore[arg-type]
        )
    return _bounds(figure, " points" if finding.unit is Unit.POINTS else "")


def _three(figure: Figure) -> tuple[float, float | None, float | None]:
    return figure.value, figure.low, figure.high


def _bounds(figure: Figure, unit: str = "") -> str:
    if figure.low is None or figure.high is None:
        return f"{figure.value:.2f}{unit}"
    return f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f}){unit}"
