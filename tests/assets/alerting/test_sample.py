"""The sample alert: plainly a test, and within Slack's limits."""

from datetime import UTC, datetime

import pytest

from assets.alerting.outbox import Action
from assets.alerting.sample import sample_messages
from resources.slack import escape
from sandbox.slack_limits import check_content

NOW = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("world", ["sandbox", "live"])
def test_each_part_says_that_it_is_a_test_and_fits_slack(world: str) -> None:
    messages = sample_messages(NOW, world=world, escape=escape)
    assert [each.action for each in messages] == [Action.POST, Action.CHART, Action.REPLY]
    opening, chart, reply = messages
    assert {chart.thread, reply.thread} == {opening.key}
    for each in messages:
        assert "TEST" in each.text
        check_content({"text": each.text, "blocks": list(each.blocks)})
    assert "TEST" in str(opening.blocks[0])
    assert chart.png is not None
    assert chart.png.startswith(b"\x89PNG")
    assert "TEST" in chart.alt_text


def test_each_sample_has_a_key_of_its_own() -> None:
    later = NOW.replace(second=1)
    first, second = (
        {each.key for each in sample_messages(at, world="live", escape=escape)}
        for at in (NOW, later)
    )
    assert not first & second
