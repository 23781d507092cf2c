"""The sample alert: plainly a test, and within Slack's limits."""

from datetime import UTC, datetime

import pytest

from assets.alerting.links import Links
from assets.alerting.outbox import Action
from assets.alerting.posting import Form
from assets.alerting.sample import sample
from resources.slack import escape
from sandbox.slack_limits import check_content

NOW = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
FORM = Form("live", Links(), (), escape)


@pytest.mark.parametrize("world", ["sandbox", "live"])
def test_each_part_says_that_it_is_a_test_and_fits_slack(world: str) -> None:
    made = sample(NOW, Form(world, Links(), (), escape))
    messages = (made.alert, made.chart, made.reply)
    assert [each.action for each in messages] == [Action.POST, Action.CHART, Action.REPLY]
    assert {made.chart.thread, made.reply.thread} == {made.alert.key}
    for each in messages:
        assert "TEST" in each.text
        check_content({"text": each.text, "blocks": list(each.blocks)})
    assert "TEST" in str(made.alert.blocks[0])
    assert made.chart.png is not None
    assert made.chart.png.startswith(b"\x89PNG")
    assert "TEST" in made.chart.alt_text


def test_each_sample_has_a_key_of_its_own() -> None:
    later = sample(NOW.replace(second=1), FORM)
    first = sample(NOW, FORM)
    keys = {each.key for made in (first, later) for each in (made.alert, made.chart, made.reply)}
    assert len(keys) == 6


def test_a_sample_without_a_chart_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> bytes:
        raise ValueError("no font")

    monkeypatch.setattr("assets.alerting.posting.notice_png", broken)
    with pytest.raises(ValueError, match="no font"):
        sample(NOW, FORM)
