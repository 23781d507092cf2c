"""`make doctor`: what of this installation works, and how to mend what does not."""

import importlib.metadata
import re
import shutil
import sys
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import requests

from assets.activity.scan_compile import library_path
from assets.alerting.rules import RulesError, load_rules
from assets.reference.loader import load_reference
from orchestration.settings import ROOT, Settings
from resources.archive import ArchiveClient
from resources.git_program import LEAST_VERSION, GitProgram
from resources.http import BearerAuth, UpstreamError, new_session, place, send
from resources.hub import HubResource
from resources.slack_client import SlackWorkspaceClient
from resources.slack_errors import SlackDeliveryError
from resources.uspto import GRANTS, UsptoClient
from resources.warehouse import Warehouse, WarehouseBusyError

_GIB = 1 << 30
_LEAST_FREE_GIB = 5
_CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{8,}")
_SCOPES = "chat:write, files:write, channels:history (groups:history for a private channel)"
_PACKAGES = ("dagster", "dagster-duckdb", "duckdb", "pandas", "great-expectations", "slack-sdk")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, what was found, and how to mend it."""

    name: str
    is_well: bool
    found: str
    mend: str = ""


def examine(settings: Settings) -> int:
    """Look at everything and print what was found; 0 where all is well, else 1."""
    examinations: tuple[Callable[[Settings], Finding], ...] = (
        _python,
        _disk,
        _scan,
        _reference,
        _rules,
        _warehouse,
        _archive,
        _github,
        _git,
        _openalex,
        examine_uspto,
        _hub,
        examine_slack,
        _heartbeat,
    )
    faults = 0
    for examination in examinations:
        finding = examination(settings)
        faults += not finding.is_well
        print(f"{'ok  ' if finding.is_well else 'FAIL'}  {finding.name:<12} {finding.found}")
        if not finding.is_well:
            print(f"      {'':<12} -> {finding.mend}")
    return 1 if faults else 0


def _python(_settings: Settings) -> Finding:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    is_well = (3, 11) <= sys.version_info[:2] < (3, 14)
    found = f"Python {sys.version.split()[0]}; {versions}"
    return Finding("versions", is_well, found, "use Python 3.11, 3.12 or 3.13, then `make clean`")


def _disk(settings: Settings) -> Finding:
    folder = settings.data
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / _GIB
    found = f"{free:.0f} GiB free at {settings.data}"
    return Finding(
        "disk",
        free >= _LEAST_FREE_GIB,
        found,
        f"free {_LEAST_FREE_GIB} GiB or set OBSERVATORY_DATA",
    )


def _heartbeat(settings: Settings) -> Finding:
    """It is not called here: a call says that a day was made."""
    found = "set; called after each good run of the newest day"
    if not settings.heartbeat_url.value:
        found = "not set: where the daemon dies, nobody is told (OBSERVATORY_HEARTBEAT_URL)"
    return Finding("heartbeat", True, found)


def _scan(_settings: Settings) -> Finding:
    if library_path().exists():
        return Finding("scan", True, "the archive scan has its compiled part")
    return Finding(
        "scan",
        True,
        "the archive scan has no compiled part and takes half as much time again; with a C++ "
        "compiler, `python -m assets.activity.scan_compile` makes it",
    )


def _reference(settings: Settings) -> Finding:
    try:
        reference = load_reference(
            ROOT / "assets" / "reference",
            tracked_repositories=settings.tracked_repositories,
            hub_authors=settings.hub_authors,
        )
    except ValueError as error:
        return Finding("reference", False, str(error), "edit the file at the line named")
    count = len(reference.tracked_repositories)
    open_count = sum(each.github_id is None for each in reference.tracked_repositories)
    return Finding(
        "reference",
        True,
        f"{count} repositories ({open_count} with an id to resolve), "
        f"{len(reference.model_families)} families",
    )


def _rules(settings: Settings) -> Finding:
    try:
        rules = load_rules(settings.rules)
    except RulesError as error:
        return Finding("rules", False, str(error), f"edit {settings.rules}")
    return Finding("rules", True, f"{len(rules.rules)} alert rules in {settings.rules.name}")


def _warehouse(settings: Settings) -> Finding:
    if not settings.warehouse.exists():
        return Finding("warehouse", True, f"{settings.warehouse} will be made by the first run")
    try:
        house = Warehouse(str(settings.warehouse), max_wait_s=5)
        version = house.query("SELECT version() AS v").to_pylist()[0]["v"]
    except (WarehouseBusyError, OSError) as error:
        return Finding("warehouse", False, str(error), "end the process named, or wait for it")
    size = settings.warehouse.stat().st_size / (1 << 20)
    return Finding("warehouse", True, f"{settings.warehouse} ({size:.0f} MiB, DuckDB {version})")


def _archive(settings: Settings) -> Finding:
    mend = "check the network, or set OBSERVATORY_ARCHIVE_BASE_URLS"
    if _is_idle_sandbox(settings):
        return Finding("archive", True, "sandbox: started by each command")
    hour = (datetime.now(UTC) - timedelta(hours=6)).replace(minute=0, second=0, microsecond=0)
    client = ArchiveClient(settings.archive_base_urls, attempts=1)
    reached = []
    try:
        for base in settings.archive_base_urls:
            try:
                transfer = client.open(hour, base)
                next(iter(transfer.chunks), b"")
                reached.append(place(base))
            except UpstreamError as error:
                mend = f"{error}; {mend}"
    finally:
        client.close()
    found = f"reached {len(reached)} of {len(settings.archive_base_urls)} mirrors"
    return Finding("archive", bool(reached), found, mend)


def _github(settings: Settings) -> Finding:
    if _is_idle_sandbox(settings):
        return Finding("github", True, "sandbox: started by each command")
    if not settings.github_token.value:
        return Finding(
            "github", False, "no token", "set OBSERVATORY_GITHUB_TOKEN in .env (no scope needed)"
        )
    return _answers(
        "github",
        "GET",
        f"{settings.github_api_url}/rate_limit",
        settings.github_token.value,
        "check OBSERVATORY_GITHUB_TOKEN and the network",
    )


def _git(settings: Settings) -> Finding:
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
    return Finding("git", True, found)


def _openalex(settings: Settings) -> Finding:
    if _is_idle_sandbox(settings):
        return Finding("openalex", True, "sandbox: started by each command")
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
        return Finding("uspto", True, "sandbox: started by each command")
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


def _hub(settings: Settings) -> Finding:
    if _is_idle_sandbox(settings):
        return Finding("hub", True, "sandbox: started by each command")
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
        return Finding("slack", True, "sandbox: started by each command")
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


def _answers(name: str, method: str, url: str, token: str, mend: str) -> Finding:
    with new_session() as session:
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
