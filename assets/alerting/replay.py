"""What the rules would have sent over past days, had they stood as they do now; nothing is sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from assets.alerting.evaluation import Evaluation, Moved
from assets.alerting.notice import Finding, Notice, Stage
from assets.alerting.states import ACTIVE, State
from assets.alerting.wording import figure_words

_COLUMNS = ("day", "what", "rule or alert", "figure", "beside")


@dataclass(frozen=True, slots=True)
class Replayed:
    """A line of a replay.

    Attributes:
        day: of data (UTC), with which it would have been sent.
        what: firing, update, resolved or note; or the state that an alert went to unsaid.
        subject: rules of a message, or the alert.
        figure: of its first finding, with its interval; empty without one.
        beside: whose figure that is, and how many findings more.
        is_sent: whether it would have been a message.
    """

    day: date
    what: str
    subject: str
    figure: str
    beside: str
    is_sent: bool


def replayed(evaluation: Evaluation, *, with_unsaid: bool = False) -> list[Replayed]:
    """The lines of an evaluation by day.

    Args:
        evaluation: of the days.
        with_unsaid: whether changes of state that are no message have lines, too.
    """
    lines = [_of_notice(each) for each in evaluation.notices]
    if with_unsaid:
        lines += [_of_move(each) for each in evaluation.moves if _is_unsaid(each)]
    return sorted(lines, key=lambda each: (each.day, not each.is_sent, each.subject))


def as_table(lines: Sequence[Replayed]) -> str:
    """Lines in columns, under their names; what would not have been sent in brackets."""
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
    """How many messages so many days would have sent."""
    sent = [each for each in lines if each.is_sent]
    counts = {str(stage): sum(each.what == stage for each in sent) for stage in Stage}
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    posts = counts[Stage.FIRING] + counts[Stage.NOTE]
    return (
        f"{len(days)} days evaluated, {days[0]} to {days[-1]} (UTC): {len(sent)} messages "
        f"({said or 'none'}), {7 * posts / len(days):.2f} a week in the channel, the rest in "
        "threads"
    )


def _of_notice(notice: Notice) -> Replayed:
    more = len(notice.findings) - 1
    first = notice.findings[0] if notice.findings else None
    beside = first.subject if first else notice.title
    return Replayed(
        day=notice.day,
        what=str(notice.stage),
        subject=", ".join(notice.rule_ids),
        figure=_figure(first) if first else "",
        beside=f"{beside} and {more} more" if more > 0 else beside,
        is_sent=True,
    )


def _figure(finding: Finding) -> str:
    return figure_words(finding.unit, finding.now) if finding.now else ""


def _of_move(moved: Moved) -> Replayed:
    after = moved.after
    return Replayed(moved.day, str(after.state), after.alert_id, "", "", False)


def _is_unsaid(moved: Moved) -> bool:
    """Whether a change of state is neither the beginning nor the end of an alert."""
    before = moved.before.standing if moved.before else State.OK
    return (before in ACTIVE) is (moved.after.standing in ACTIVE)
