"""The commands behind the Makefile's targets: `run`, `dev`, `backfill`, `doctor` and the rest."""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from assets.attribution.explain import render
from assets.attribution.gazetteer import Gazetteer
from orchestration.backfill import make_range
from orchestration.backfill_file import FOLDER, only_one
from orchestration.daemon_lock import only_daemon
from orchestration.doctor import examine
from orchestration.materialise import (
    Before,
    ask_papers,
    make_days,
    make_gap,
    materialise,
    read_patents,
    say_what_is_over,
)
from orchestration.partitions import weeks_between
from orchestration.replaying import replay_alerts
from orchestration.runs import Runner, dagster_instance
from orchestration.sandbox_process import sandbox_process
from orchestration.services import DAEMON_ENVIRONMENT
from orchestration.settings import ROOT, Settings, SettingsError, load_settings
from orchestration.slack_commands import dismiss_outbox, retry_outbox, show_outbox, slack_test
from orchestration.summary import print_summary
from orchestration.upkeep_commands import make_hub, require_hub_range, show_inventory

# The sandbox's demonstration month: its planted rise begins on 2024-12-02.
_DEMO_FIRST, _DEMO_LAST = date(2024, 11, 17), date(2024, 12, 16)
_DEMO_NOW = "2024-12-17T02:00:00+00:00"
_DEMO_ALERT_DAYS = 40
# The four weeks to 2024-11-24, the last of a month of patents that is over, begin here.
_DEMO_ACCOUNTS = date(2024, 10, 28)
_DEMO_PAPERS = (date(2022, 5, 1), date(2024, 11, 30))
# From the filing of the newest cohort that is complete by then: it lacks no weekly file.
_DEMO_PATENTS = (date(2023, 5, 2), date(2024, 12, 10))
_DAYS_PER_RUN = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0 where everything that was asked for is there."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "run":
            return run(options.data)
        if options.command == "backfill":
            first, last = _asked_day(options.first), _asked_day(options.last)
            is_newest_first = options.order == "newest"
            return backfill(first, last, is_newest_first=is_newest_first, is_fresh=options.fresh)
        if options.command == "papers":
            return papers(_asked_month(options.first), _asked_month(options.last))
        if options.command == "patents":
            return patents(_asked_day(options.first), _asked_day(options.last))
        if options.command == "hub":
            first, last = _asked_day(options.first), _asked_day(options.last)
            require_hub_range(load_settings(), first, last)
            with upstreams() as settings:
                return make_hub(settings, first, last)
        if options.command == "inventory":
            return show_inventory(load_settings())
        if options.command == "dev":
            return dev(options.port)
        if options.command == "replay-alerts":
            first, last = _asked_day(options.first), _asked_day(options.last)
            return replay_alerts(load_settings(), first, last, with_unsaid=options.all)
        if options.command == "attribute":
            return attribute(options.text)
        if options.command == "slack-test":
            with upstreams() as settings:
                return slack_test(settings)
        if options.command == "outbox":
            return _outbox(options.what, options.keys)
        return examine(load_settings())
    except SettingsError as error:
        print(f"setting: {error}", file=sys.stderr)
        return 2


def _outbox(what: str, keys: Sequence[str]) -> int:
    if what == "list":
        return show_outbox(load_settings())
    change = retry_outbox if what == "retry" else dismiss_outbox
    return change(load_settings(), [] if list(keys) == ["all"] else keys)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m orchestration.cli", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run_command = commands.add_parser("run", help="a month of the sandbox, or the newest live day")
    run_command.add_argument("--data", help="data folder instead of OBSERVATORY_DATA")
    backfill_command = commands.add_parser("backfill", help="materialise a range of days")
    backfill_command.add_argument("first", help="YYYY-MM-DD")
    backfill_command.add_argument("last", help="YYYY-MM-DD")
    backfill_command.add_argument(
        "--order", choices=["newest", "oldest"], default="newest", help="which figures come first"
    )
    backfill_command.add_argument(
        "--fresh", action="store_true", help="anew, where an earlier backfill is not over"
    )
    papers_command = commands.add_parser("papers", help="materialise a range of months of papers")
    papers_command.add_argument("first", help="YYYY-MM")
    papers_command.add_argument("last", help="YYYY-MM")
    patents_command = commands.add_parser("patents", help="materialise a range of weeks of patents")
    patents_command.add_argument("first", help="YYYY-MM-DD")
    patents_command.add_argument("last", help="YYYY-MM-DD")
    hub_command = commands.add_parser("hub", help="snapshots of the Hub of a range of days")
    hub_command.add_argument("first", help="YYYY-MM-DD")
    hub_command.add_argument("last", help="YYYY-MM-DD")
    commands.add_parser("inventory", help="partitions made, failed and missing; what mends them")
    dev_command = commands.add_parser("dev", help="Dagster UI with schedules and sensors")
    dev_command.add_argument("--port", type=int, default=3000)
    replay_command = commands.add_parser(
        "replay-alerts", help="what the alert rules would have sent over a range of days"
    )
    replay_command.add_argument("first", help="YYYY-MM-DD")
    replay_command.add_argument("last", help="YYYY-MM-DD")
    replay_command.add_argument("--all", action="store_true", help="states that are unsaid, too")
    attribute_command = commands.add_parser("attribute", help="explain one location text")
    attribute_command.add_argument("text", help="as a profile's location field has it")
    commands.add_parser("slack-test", help="post a sample alert to Slack")
    outbox_command = commands.add_parser("outbox", help="messages that wait, and dead letters")
    outbox_command.add_argument(
        "what", nargs="?", choices=["list", "retry", "dismiss"], default="list"
    )
    outbox_command.add_argument("keys", nargs="*", help="of dead letters; none for all")
    commands.add_parser("doctor", help="check settings, reach, disk and versions")
    return parser


def _asked_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text!r} is no day; give YYYY-MM-DD") from error


def _asked_month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise SettingsError(f"{text!r} is no month; give YYYY-MM") from error


@contextmanager
def upstreams(now: str = "") -> Iterator[Settings]:
    """Settings whose upstreams answer: the sandbox is started where it is asked for.

    Args:
        now: ISO time at which the sandbox's clock begins; empty for the machine's.
    """
    settings = load_settings()
    if settings.upstream == "live" or "OBSERVATORY_SANDBOX_URL" in os.environ:
        yield settings
        return
    with sandbox_process(now=now) as url:
        os.environ["OBSERVATORY_SANDBOX_URL"] = url
        try:
            yield load_settings()
        finally:
            del os.environ["OBSERVATORY_SANDBOX_URL"]


def run(data: str | None = None) -> int:
    """Materialise the demonstration month, or live the newest closed day, and say what came."""
    began = time.monotonic()
    with upstreams(_DEMO_NOW) as settings:
        if data:
            settings = replace(settings, data=Path(data).resolve())
        if settings.upstream == "sandbox":
            first, last = _DEMO_FIRST, _DEMO_LAST
            settings = replace(settings, now=_DEMO_NOW, alert_max_age_days=_DEMO_ALERT_DAYS)
            before = Before(_DEMO_PAPERS, _DEMO_PATENTS, _DEMO_ACCOUNTS, takes_snapshot=True)
        else:
            first = last = _yesterday()
            months, weeks = (_last_month(), _last_month()), (_last_week(), _last_week())
            before = Before(months, weeks, takes_snapshot=True)
        failed = materialise(
            settings,
            first,
            last,
            lambda runner, _: make_days(runner, first, last, _DAYS_PER_RUN),
            before,
        )
        say_what_is_over(settings)
        print_summary(settings, last, time.monotonic() - began)
    return 1 if failed else 0


def backfill(first: date, last: date, *, is_newest_first: bool, is_fresh: bool) -> int:
    """Materialise a range of days, or go on with it; old days raise no alert."""
    if first > last:
        raise SettingsError(f"FROM {first} lies after TO {last}")
    if last > _yesterday():
        raise SettingsError(f"TO {last} is not over yet (UTC); the newest day is {_yesterday()}")
    began = time.monotonic()
    with upstreams() as settings:
        if first < settings.first_day:
            print(
                f"{first} lies before OBSERVATORY_FIRST_DAY {settings.first_day}: for this command "
                f"the partitions begin at {first}; set OBSERVATORY_FIRST_DAY to see them in the UI"
            )
            settings = replace(settings, first_day=first)
        with only_one(settings.data / FOLDER, first, last) as path:
            failed = materialise(
                settings,
                first,
                last,
                lambda runner, instance: make_range(
                    runner,
                    instance,
                    first,
                    last,
                    path,
                    is_newest_first=is_newest_first,
                    is_fresh=is_fresh,
                ),
            )
        say_what_is_over(settings)
        print_summary(settings, last, time.monotonic() - began)
    return 1 if failed else 0


def papers(first: date, last: date) -> int:
    """Materialise a range of months of papers."""
    if first > last:
        raise SettingsError(f"FROM {first:%Y-%m} lies after TO {last:%Y-%m}")
    if last > _last_month():
        raise SettingsError(f"TO {last:%Y-%m} is not over yet; the newest is {_last_month():%Y-%m}")
    with upstreams() as settings:
        settings = replace(settings, first_day=min(first, settings.first_day))
        with dagster_instance(settings) as instance:
            runner = Runner(settings, instance)
            runner.reference()
            error = ask_papers(runner, first, last) or make_gap(runner)
    return 1 if error else 0


def patents(first: date, last: date) -> int:
    """Materialise the weeks of patents that begin in a range of days."""
    if not (weeks := [week for week in weeks_between(first, last) if week <= _last_week()]):
        raise SettingsError(f"no week from {first} to {last} begins there and is over")
    with upstreams() as settings:
        settings = replace(settings, first_day=min(first, settings.first_day))
        with dagster_instance(settings) as instance:
            runner = Runner(settings, instance)
            runner.reference()
            error = read_patents(runner, weeks[0], weeks[-1]) or make_gap(runner)
    return 1 if error else 0


def dev(port: int) -> int:
    """The Dagster UI and daemon on this machine, until interrupted."""
    with (
        upstreams() as settings,
        dagster_instance(settings),
        only_daemon(settings.dagster_home) as lock,
    ):
        print(f"Dagster UI: http://127.0.0.1:{port}  (end it with Ctrl-C)", flush=True)
        command = [
            sys.executable, "-m", "dagster_dg_cli.cli", "dev",
            "--host", "127.0.0.1", "--port", str(port),
        ]  # fmt: skip
        # A shell starts what it sends to the background deaf to interrupts, and Dagster with it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        environment = {**os.environ, **DAEMON_ENVIRONMENT}
        process = subprocess.Popen(  # noqa: S603
            command, cwd=ROOT, env=environment, pass_fds=[lock]
        )
        signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT))
        try:
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()


def attribute(text: str) -> int:
    """Say which country a location text names, why, and how sure that is."""
    print(render(Gazetteer.load(load_settings().cache).explain(text)))
    return 0


def _yesterday() -> date:
    return datetime.now(UTC).date() - timedelta(days=1)


def _last_week() -> date:
    """Tuesday of the newest week of patents that is over."""
    today = datetime.now(UTC).date()
    return weeks_between(today - timedelta(days=13), today - timedelta(days=7))[-1]


def _last_month() -> date:
    """First day of the newest month that is over."""
    return (datetime.now(UTC).date().replace(day=1) - timedelta(days=1)).replace(day=1)


if __name__ == "__main__":
    sys.exit(main())
