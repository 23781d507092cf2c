"""A sample alert, plainly a test: what `make slack-test` posts."""

from collections.abc import Callable
from datetime import UTC, datetime

import vl_convert

from assets.alerting.messages import threshold_message
from assets.alerting.outbox import Action, Outgoing
from assets.alerting.rules import ThresholdRule
from assets.alerting.threshold import Reading, State, Transition

_TITLE = "TEST, no alert: made-up figures"
_SHARES = (0.19, 0.20, 0.19, 0.21, 0.24, 0.28, 0.31)


def sample_messages(
    now: datetime, *, world: str, escape: Callable[[str], str]
) -> tuple[Outgoing, Outgoing, Outgoing]:
    """An alert, its chart and a reply in its thread, each marked as a test.

    Args:
        now: makes the keys ones of their own (UTC).
        world: `sandbox` or `live`.
        escape: makes text safe in Slack's markup.
    """
    key = f"slack_test:{now.astimezone(UTC).isoformat()}"
    alert = threshold_message(_transition(now), world=world, escape=escape)
    return (
        Outgoing(key, "slack_test", Action.POST, None, alert.text, alert.blocks, order=0),
        Outgoing(
            f"{key}:chart",
            "slack_test",
            Action.CHART,
            key,
            _TITLE,
            (),
            png=_chart(),
            alt_text="TEST: a made-up share that rises from 19 to 31 % in seven days",
            order=1,
        ),
        Outgoing(
            f"{key}:reply",
            "slack_test",
            Action.REPLY,
            key,
            "TEST: what follows an alert is said in its thread.",
            (),
            order=2,
        ),
    )


def _transition(now: datetime) -> Transition:
    rule = ThresholdRule(
        id="slack-test",
        kind="threshold",
        title=_TITLE,
        country="XX",
        event_group="attention",
        direction="above",
        fire=0.28,
        clear=0.25,
        min_located_actors=1,
    )
    reading = Reading(now.astimezone(UTC).date(), 0.31, 0.29, 0.33, 2_000, 0.5, True, False)
    return Transition(rule, reading, State.OK, State.FIRING)


def _chart() -> bytes:
    """A line of the made-up shares."""
    made: bytes = vl_convert.vegalite_to_png(
        {
            "title": _TITLE,
            "width": 480,
            "height": 200,
            "data": {
                "values": [
                    {"day": number, "share": share} for number, share in enumerate(_SHARES, 1)
                ]
            },
            "mark": {"type": "line", "point": True},
            "encoding": {
                "x": {"field": "day", "type": "ordinal", "title": "day"},
                "y": {
                    "field": "share",
                    "type": "quantitative",
                    "title": "share of located accounts",
                    "axis": {"format": ".0%"},
                },
            },
        },
        scale=2,
    )
    return made
