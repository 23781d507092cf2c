"""The commands about Slack: a sample alert, and what is in the outbox."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from duckdb import DuckDBPyConnection

from assets.alerting import outbox
from assets.alerting.delivery import Policy
from assets.alerting.links import Links
from assets.alerting.outbox import Dead, Waiting
from assets.alerting.posting import Form
from assets.alerting.sample import sample
from assets.alerting.tables import OUTBOX
from assets.declare import prepare
from orchestration.resources import slack_resource
from orchestration.settings import Settings
from resources.slack import escape
from resources.slack_errors import SlackDeliveryError
from resources.warehouse import Warehouse


def slack_test(settings: Settings) -> int:
    """Post a sample alert with its chart and a reply, and say where it lies; the exit code."""
    client = slack_resource(settings).client()
    now = datetime.now(UTC)
    form = Form(settings.upstream, Links(settings.ui_url, settings.page_url), (), escape)
    made = sample(now, form)
    alert, chart, reply = made.alert, made.chart, made.reply
    try:
        posted = client.post(alert.text, alert.blocks, key=alert.key)
        print(f"alert    in {posted.channel}, message {posted.ts or 'of unknown id'}")
        if not client.has_threads or posted.ts is None:
            print("chart    none: a webhook takes neither charts nor replies")
            return 0
        client.upload_chart(
            posted.channel,
            posted.ts,
            chart.png or b"",
            key=chart.key,
            title=chart.text,
            alt_text=chart.alt_text,
        )
        print("chart    in its thread")
        answer = client.reply(
            posted.channel, posted.ts, reply.text, reply.blocks, key=reply.key, is_broadcast=False
        )
        print(f"reply    in its thread, message {answer.ts}")
        since = now - Policy().clock_margin
        found = client.find_message(alert.key, since=since, channel=posted.channel)
    except SlackDeliveryError as error:
        print(f"FAILED   {error}; see `make doctor`", file=sys.stderr)
        return 1
    is_same = found is not None and found.ts == posted.ts
    print("looking  " + ("finds it by its key" if is_same else "does NOT find it by its key"))
    return 0 if is_same else 1


def show_outbox(settings: Settings) -> int:
    """List what waits and the dead letters, with reasons; 1 where there are dead letters."""
    house = _house(settings)
    if house is None:
        print("no outbox yet")
        return 0
    with house.transaction() as connection:
        waiting, dead = outbox.waiting(connection), outbox.dead(connection)
    _print_waiting(waiting)
    _print_dead(dead)
    return 1 if dead else 0


def retry_outbox(settings: Settings, keys: Sequence[str]) -> int:
    """Queue dead letters anew, all or those of some keys, each with its thread."""
    words = "wait again: the next run or `make dev` delivers them"
    return _change(settings, keys, outbox.requeue, words)


def dismiss_outbox(settings: Settings, keys: Sequence[str]) -> int:
    """Lay dead letters aside for good, all or those of some keys, each with its thread."""
    return _change(settings, keys, outbox.dismiss, "are laid aside")


def _change(
    settings: Settings,
    keys: Sequence[str],
    change: Callable[[DuckDBPyConnection, datetime, Sequence[str] | None], list[str]],
    words: str,
) -> int:
    house = _house(settings)
    changed: list[str] = []
    if house is not None:
        with house.transaction() as connection:
            changed = change(connection, _now(settings), list(keys) or None)
    for key in changed:
        print(f"  {key}")
    if keys and not changed:
        print("none of these is a dead letter", file=sys.stderr)
        return 1
    print(f"{len(changed)} messages {words}")
    return 0


def _print_waiting(waiting: Sequence[Waiting]) -> None:
    print(f"{len(waiting)} messages wait")
    for each in waiting:
        message = each.outgoing
        print(
            f"  {message.action:<6} {message.key}\n"
            f"         since {each.since:%Y-%m-%d %H:%M} UTC, {each.attempt_count} tries: "
            f"{each.last_error or 'none failed'}"
        )


def _print_dead(dead: Sequence[Dead]) -> None:
    print(
        f"{len(dead)} dead letters"
        + (": queue them anew with RETRY=all or lay them aside with DISMISS=KEY" * bool(dead))
    )
    for each in dead:
        print(
            f"  {each.action:<6} {each.key}\n"
            f"         decided {each.created_at:%Y-%m-%d %H:%M}, given up "
            f"{each.dead_at:%Y-%m-%d %H:%M} UTC after {each.attempt_count} tries: {each.reason}"
        )


def _house(settings: Settings) -> Warehouse | None:
    """The warehouse with the outbox's columns of today; None where there is no outbox."""
    if not settings.warehouse.exists():
        return None
    house = Warehouse(str(settings.warehouse))
    if not house.has_table(OUTBOX.qualified):
        return None
    prepare(house, OUTBOX)
    return house


def _now(settings: Settings) -> datetime:
    return datetime.fromisoformat(settings.now) if settings.now else datetime.now(UTC)
