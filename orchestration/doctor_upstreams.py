"""What `make doctor` asks of each upstream: whether it answers, and takes the token it is given.

Each is asked once, with no second try, and no token or key is ever in a finding.
"""

import re
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests

from assets.reference.assets import read_reference
from orchestration.finding import Finding
from orchestration.resources import platform
from orchestration.settings import Settings
from resources.archive import ArchiveClient
from resources.git_program import LEAST_VERSION, GitProgram
from resources.github import split_tokens
from resources.http import BearerAuth, NotFoundError, UpstreamError, new_session, place, send
from resources.hub import HubResource
from resources.innovation_graph import InnovationGraphClient
from resources.slack_client import SlackWorkspaceClient
from resources.slack_errors import SlackDeliveryError
from resources.uspto import GRANTS, UsptoClient

_CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{8,}")
_SCOPES = "chat:write, files:write, channels:history (groups:history for a private channel)"
_GIT_TIMEOUT_S = 60.0
# Partitions and polls go by this machine's clock; a Date header is whole seconds, and some old.
_MOST_SKEW_S = 120


def examine_clock(
    settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Finding:
    """Whether this machine's clock is that of GitHub's answers."""
    if settings.now and settings.upstream == "live":
        mend = "unset OBSERVATORY_NOW: it is for demonstrations and tests"
        return Finding("clock", False, f"OBSERVATORY_NOW is {settings.now}", mend)
    if _is_idle_sandbox(settings):
        return Finding("clock", True, f"{now():%Y-%m-%d %H:%M:%S} UTC; the sandbox has it, too")
    try:
        with new_session(settings.github_api_url) as session:
            began = now()
            response = send(session, "GET", settings.github_api_url, refuse=False)
            middle = began + (now() - began) / 2
        there = parsedate_to_datetime(response.headers.get("Date", ""))
    except (UpstreamError, ValueError, TypeError) as error:
        found = f"{now():%Y-%m-%d %H:%M:%S} UTC; compared with none: {error or 'no Date header'}"
        return Finding("clock", True, found[:200])
    skew = (middle - there.astimezone(UTC)).total_seconds()
    side = "ahead of" if skew > 0 else "behind"
    found = (
        f"{now():%Y-%m-%d %H:%M:%S} UTC, {abs(skew):.0f} s {side} {place(settings.github_api_url)}"
    )
    mend = "set the clock, and keep it so (`timedatectl set-ntp true`): days begin and end by it"
    return Finding("clock", abs(skew) <= _MOST_SKEW_S, found, mend)


def examine_archive(settings: Settings) -> Finding:
    """Whether one of the archive's mirrors gives an hourly file."""
    if _is_idle_sandbox(settings):
        return _idle("archive")
    mend = "check the network, or set OBSERVATORY_ARCHIVE_BASE_URLS"
    return _mirrors("archive", settings.archive_base_urls, mend)


def examine_second_archive(settings: Settings) -> Finding:
    """Whether the second archive gives an hourly file; it may be left out."""
    name = "archive 2"
    if _is_idle_sandbox(settings):
        return _idle(name)
    if not settings.second_archive_base_urls:
        return Finding(name, True, "none: what the first one loses is only estimated")
    mend = "check the network, or set OBSERVATORY_SECOND_ARCHIVE_BASE_URLS (`none` for none)"
    return _mirrors(name, settings.second_archive_base_urls, mend)


def _mirrors(name: str, bases: Sequence[str], mend: str) -> Finding:
    """Ask each base URL for the first bytes of the file of six hours ago."""
    hour = (datetime.now(UTC) - timedelta(hours=6)).replace(minute=0, second=0, microsecond=0)
    client = ArchiveClient(tuple(bases), attempts=1)
    reached = []
    try:
        for base in bases:
            try:
                transfer = client.open(hour, base)
                next(iter(transfer.chunks), b"")
                reached.append(place(base))
            except UpstreamError as error:
                mend = f"{error}; {mend}"
    finally:
        client.close()
    found = f"reached {len(reached)} of {len(bases)} mirrors"
    return Finding(name, bool(reached), found, mend)


def examine_github(settings: Settings) -> Finding:
    """Whether GitHub takes each token, and with which scopes; none is needed."""
    if _is_idle_sandbox(settings):
        return _idle("github")
    tokens = split_tokens(settings.github_token.value)
    if not tokens:
        return Finding(
            "github", False, "no token", "set OBSERVATORY_GITHUB_TOKEN in .env (no scope needed)"
        )
    url = f"{settings.github_api_url}/rate_limit"
    scopes: set[str] = set()
    for number, token in enumerate(tokens, 1):
        which = f"token {number} of {len(tokens)}"
        with new_session(url) as session:
            try:
                response = send(session, "GET", url, auth=BearerAuth(token))
            except UpstreamError as error:
                mend = "check OBSERVATORY_GITHUB_TOKEN and the network"
                return Finding("github", False, f"{which}: {error}", mend)
        stated = response.headers.get("X-OAuth-Scopes", "")
        scopes |= {each.strip() for each in stated.split(",") if each.strip()}
    found = f"{place(url)} takes {len(tokens)} token{'s' if len(tokens) > 1 else ''}"
    if scopes:
        found += f"; none needs a scope, and they have {', '.join(sorted(scopes))[:80]}"
    return Finding("github", True, found)


def examine_git(settings: Settings) -> Finding:
    """Whether git is there, can reach a tracked repository, and addresses can be hidden."""
    try:
        version = GitProgram("none").version
    except UpstreamError as error:
        return Finding("git", False, str(error), "install git, which reads the commits")
    found = f"git {'.'.join(map(str, version))}, mirrors of {place(settings.git_url)}"
    if version < LEAST_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        return Finding("git", False, found, f"install git {least} or later")
    if not settings.hash_key.value:
        mend = "set OBSERVATORY_HASH_KEY in .env to any long random text"
        return Finding("git", False, f"{found}; no key to hide addresses in commits with", mend)
    if _is_idle_sandbox(settings):
        return Finding("git", True, found)
    if reason := _unreached(settings):
        return Finding(
            "git", False, f"{found}: {reason}", "check OBSERVATORY_GIT_URL and the network"
        )
    return Finding("git", True, f"{found}, which answers")


def _unreached(settings: Settings) -> str:
    """Ask for a tracked repository's branches; what went wrong, or nothing."""
    try:
        tracked = read_reference(platform(settings)).tracked_repositories
    except ValueError:
        return ""  # said as such by the examination of the reference files
    program = GitProgram(urlsplit(settings.git_url).scheme, timeout_s=_GIT_TIMEOUT_S)
    try:
        program.run("ls-remote", "--heads", f"{settings.git_url}/{tracked[0].repository}")
    except NotFoundError:
        return ""  # it answered
    except UpstreamError as error:
        return str(error)
    return ""


def examine_innovation_graph(settings: Settings) -> Finding:
    """Whether the Innovation Graph's files are there, which are a baseline."""
    name = "graph"
    if _is_idle_sandbox(settings):
        return _idle(name)
    client = InnovationGraphClient(settings.innovation_graph_url, attempts=1)
    try:
        with closing(client):
            size = len(client.file("developers.csv"))
    except (UpstreamError, OSError) as error:
        mend = "check OBSERVATORY_INNOVATION_GRAPH_URL and the network"
        return Finding(name, False, str(error), mend)
    found = f"Innovation Graph at {place(settings.innovation_graph_url)}, {size / 1000:,.0f} kB"
    return Finding(name, True, found)


def examine_openalex(settings: Settings) -> Finding:
    """Whether OpenAlex takes the key."""
    if _is_idle_sandbox(settings):
        return _idle("openalex")
    if not settings.openalex_key.value:
        mend = "set OBSERVATORY_OPENALEX_KEY in .env (free of charge, openalex.org/settings/api)"
        return Finding("openalex", False, "no key: papers cannot be asked for", mend)
    # A single work costs no credit.
    return _answers(
        "openalex",
        "GET",
        f"{settings.openalex_url}/works/W2741809807?select=id",
        settings.openalex_key.value,
        "check OBSERVATORY_OPENALEX_KEY and the network",
    )


def examine_uspto(settings: Settings) -> Finding:
    """Whether the portal, or the folder that stands in for it, lists files."""
    if _is_idle_sandbox(settings):
        return _idle("uspto")
    mend = "set OBSERVATORY_USPTO_KEY in .env (free of charge, data.uspto.gov/myodp)"
    if settings.uspto_url.startswith("http") and not settings.uspto_key.value:
        return Finding("uspto", False, "no key: patents cannot be read", mend)
    client = UsptoClient(settings.uspto_url, settings.uspto_key.value, attempts=1)
    try:
        with closing(client):
            files = client.files(GRANTS)
    except UpstreamError as error:
        return Finding("uspto", False, str(error), f"{mend}; check OBSERVATORY_USPTO_URL")
    newest = files[-1].name if files else "none"
    found = f"{place(settings.uspto_url)} lists {len(files)} files of grants, the newest {newest}"
    return Finding("uspto", bool(files), found, "check OBSERVATORY_USPTO_URL")


def examine_hub(settings: Settings) -> Finding:
    """Whether the Hub answers, and takes the token where there is one."""
    if _is_idle_sandbox(settings):
        return _idle("hub")
    source = HubResource(base_url=settings.hub_url, token=settings.hub_token.value, attempts=1)
    with closing(source.client()) as client:
        try:
            client.ping()
        except UpstreamError as error:
            mend = "check OBSERVATORY_HUB_URL, OBSERVATORY_HUB_TOKEN and the network"
            return Finding("hub", False, str(error), mend)
    calls = "1,000" if settings.hub_token.value else "no token: 500"
    return Finding("hub", True, f"{place(settings.hub_url)} answers; {calls} calls in 5 minutes")


def examine_slack(settings: Settings) -> Finding:
    """Whether Slack takes the token, with the scopes that delivery needs."""
    if _is_idle_sandbox(settings):
        return _idle("slack")
    if settings.slack_webhook_url.value and not settings.slack_token.value:
        found = "webhook: no threads or charts; only `make slack-test` tells whether it takes any"
        return Finding("slack", True, found)
    if not settings.slack_token.value or not settings.slack_channel:
        mend = (
            f"set OBSERVATORY_SLACK_TOKEN (scopes {_SCOPES}) and OBSERVATORY_SLACK_CHANNEL in "
            ".env, or OBSERVATORY_SLACK_WEBHOOK_URL"
        )
        return Finding("slack", False, "no token or channel", mend)
    client = SlackWorkspaceClient(
        token=settings.slack_token.value,
        channel=settings.slack_channel,
        api_url=settings.slack_api_url,
    )
    try:
        scopes = client.scopes()
    except SlackDeliveryError as error:
        mend = "check OBSERVATORY_SLACK_TOKEN and the network"
        return Finding("slack", False, f"{place(settings.slack_api_url)}: {error}", mend)
    found = f"{place(settings.slack_api_url)} answers"
    if not _CHANNEL_ID.fullmatch(settings.slack_channel):
        mend = "set OBSERVATORY_SLACK_CHANNEL to the channel's id (C…), by which messages are found"
        return Finding("slack", False, f"{found}; the channel is given by its name", mend)
    missing = [] if scopes is None else missing_scopes(scopes)
    if missing:
        mend = f"give the app the scopes {_SCOPES}, and install it again"
        return Finding("slack", False, f"{found}; the token lacks {', '.join(missing)}", mend)
    return Finding("slack", True, found + ("" if scopes else "; it does not state scopes"))


def missing_scopes(scopes: Collection[str]) -> list[str]:
    """What a token lacks: to post, to show charts, and to look for what it posted."""
    missing = [scope for scope in ("chat:write", "files:write") if scope not in scopes]
    if not {"channels:history", "groups:history"} & set(scopes):
        missing.append("channels:history (groups:history for a private channel)")
    return missing


def examine_heartbeat(settings: Settings) -> Finding:
    """Whether there is a dead man's switch; it is not called: a call says that a day was made."""
    found = "set; called after each good run of the newest day"
    if not settings.heartbeat_url.value:
        found = "not set: where the daemon dies, nobody is told (OBSERVATORY_HEARTBEAT_URL)"
    return Finding("heartbeat", True, found)


def _answers(name: str, method: str, url: str, token: str, mend: str) -> Finding:
    with new_session(url) as session:
        try:
            response = send(session, method, url, auth=BearerAuth(token))
            body = response.json()
        except (UpstreamError, requests.exceptions.JSONDecodeError) as error:
            return Finding(name, False, str(error), mend)
    if body.get("ok") is False:
        return Finding(name, False, f"{place(url)} says {body.get('error')}", mend)
    return Finding(name, True, f"{place(url)} answers")


def _is_idle_sandbox(settings: Settings) -> bool:
    return settings.upstream == "sandbox" and all(
        base.startswith(settings.sandbox_url) for base in settings.archive_base_urls
    )


def _idle(name: str) -> Finding:
    return Finding(name, True, "sandbox: started by each command")
