"""A sample alert, plainly a test: what `make slack-test` posts."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assets.alerting.notice import Course, Figure, Finding, Notice, Point, Stage, Unit
from assets.alerting.outbox import Action, Outgoing
from assets.alerting.posting import Form, outgoing

_TITLE = "TEST, no alert: made-up figures"
_SHARES = (0.19, 0.20, 0.19, 0.21, 0.24, 0.28, 0.31)
_HALF = 0.02  # of the made-up intervals


@dataclass(frozen=True, slots=True)
class Sample:
    """An alert, its chart and a reply in its thread."""

    alert: Outgoing
    chart: Outgoing
    reply: Outgoing


def sample(now: datetime, form: Form) -> Sample:
    """The sample, each of its messages marked as a test.

    Args:
        now: makes the keys ones of their own (UTC).
        form: of messages.

    Raises:
        ValueError: the chart could not be drawn; the text says why.
    """
    notice = _notice(now.astimezone(UTC))
    problems: list[str] = []
    said = outgoing(notice, form.telling(problems.append), None)
    if len(said) != 2:
        raise ValueError("; ".join(problems) or "the sample has no chart")
    reply = Outgoing(
        f"{notice.key}:reply",
        notice.kind,
        Action.REPLY,
        notice.key,
        "TEST: what follows an alert is said in its thread.",
        (),
    )
    return Sample(said[0], said[1], reply)


def _notice(now: datetime) -> Notice:
    day = now.date()
    days = [day - timedelta(days=back) for back in reversed(range(len(_SHARES)))]
    points = tuple(
        Point(at, share, share - _HALF, share + _HALF)
        for at, share in zip(days, _SHARES, strict=True)
    )
    finding = Finding(
        subject="Nowhere, stars and forks",
        measure="share of located accounts",
        unit=Unit.SHARE,
        period=f"{day} (UTC)",
        now=Figure(_SHARES[-1], _SHARES[-1] - _HALF, _SHARES[-1] + _HALF),
        before=Figure(_SHARES[0], _SHARES[0] - _HALF, _SHARES[0] + _HALF),
        before_period="a week before",
        side="above",
        level=0.28,
        since=day,
        basis="Nothing: every figure is made up.",
    )
    key = f"slack_test:{now.isoformat()}"
    return Notice(
        key=key,
        thread=key,
        kind="slack_test",
        stage=Stage.FIRING,
        title=_TITLE,
        day=day,
        findings=(finding,),
        course=Course(_TITLE, Unit.SHARE, points, 0.28, 0.25),
    )
