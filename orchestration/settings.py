"""Settings: read once from the environment and `.env`, checked, and handed on as values."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from orchestration import secret_settings
from orchestration.secret_settings import Secret
from orchestration.secret_settings import SettingsError as SettingsError
from resources.engine import checked_address
from resources.redaction import keep_out

ROOT = Path(__file__).resolve().parent.parent
_PREFIX = "OBSERVATORY_"
# Synthetic and real figures never share a folder: each upstream has its own.
_LIVE = {
    "DATA": ".observatory/live",
    "ARCHIVE_BASE_URLS": "https://data.gharchive.org",
    "SECOND_ARCHIVE_BASE_URLS": "https://gharchive.open-digger.cn",
    "SECOND_ARCHIVE_FIRST_DAY": "2026-09-06",
    "GITHUB_API_URL": "https://api.github.com",
    "GIT_URL": "https://github.com",
    "INNOVATION_GRAPH_URL": "https://raw.githubusercontent.com/github/innovationgraph/main/data",
    "OPENALEX_URL": "https://api.openalex.org",
    "USPTO_URL": "https://api.uspto.gov",
    "USPTO_FILE_HOSTS": ".uspto.gov",
    "HUB_URL": "https://huggingface.co",
    "HUB_AUTHORS": "assets/reference/hub_authors.csv",
    "HUB_TOKEN": "",
    "SLACK_API_URL": "https://slack.com/api/",
    "SLACK_CHANNEL": "",
    "SLACK_WEBHOOK_URL": "",
    "TRACKED_REPOSITORIES": "assets/reference/tracked_repositories.csv",
    "PANEL_ONE_IN": "1000",
    "ALERT_MAX_AGE_DAYS": "10",
    "ALERT_DEAD_AFTER_HOURS": "24",
    "BACKUPS": ".observatory/backups/live",
    "DAGSTER_STORAGE": "",
    "NOW": "",
    "SLACK_TOKEN": "",
    "GITHUB_TOKEN": "",
    "OPENALEX_KEY": "",
    "USPTO_KEY": "",
    "HASH_KEY": "",
}
_SANDBOX = {
    "DATA": ".observatory/sandbox",
    "ARCHIVE_BASE_URLS": "{sandbox}",
    "SECOND_ARCHIVE_BASE_URLS": "{sandbox}/opendigger",
    "SECOND_ARCHIVE_FIRST_DAY": "2024-12-06",
    "GITHUB_API_URL": "{sandbox}",
    "GIT_URL": "{sandbox}/git",
    "INNOVATION_GRAPH_URL": "{sandbox}/innovationgraph",
    "OPENALEX_URL": "{sandbox}",
    "USPTO_URL": "{sandbox}/uspto",
    "USPTO_FILE_HOSTS": "",
    "HUB_URL": "{sandbox}",
    "HUB_AUTHORS": "sandbox/hub_authors.csv",
    "HUB_TOKEN": "hf_sandbox",
    "SLACK_API_URL": "{sandbox}/api/",
    "SLACK_CHANNEL": "C0SANDBOX",
    "SLACK_WEBHOOK_URL": "",
    "TRACKED_REPOSITORIES": "sandbox/tracked_repositories.csv",
    "PANEL_ONE_IN": "10",
    "ALERT_MAX_AGE_DAYS": "10",
    "ALERT_DEAD_AFTER_HOURS": "24",
    "BACKUPS": ".observatory/backups/sandbox",
    "DAGSTER_STORAGE": "",
    "NOW": "",
    "SLACK_TOKEN": "xoxb-sandbox",
    "GITHUB_TOKEN": "sandbox-token",
    "OPENALEX_KEY": "sandbox-openalex-key",
    "USPTO_KEY": "sandbox-uspto-key",
    "HASH_KEY": "sandbox-hash-key",
}
_COMMON = {
    "UPSTREAM": "sandbox",
    "SANDBOX_URL": "http://127.0.0.1:8787",
    "FIRST_DAY": "2022-01-01",
    "CACHE": ".observatory/cache",
    "LAKE": "",
    "ENGINE": "local",
    "RULES": "assets/alerting/rules.yaml",
    "HUB_CALLS": "6000",
    "DOWNLOAD_WORKERS": "4",
    "DOWNLOAD_RATE": "0",
    "RETRY_ATTEMPTS": "5",
    "UI_URL": "",
    "PAGE_URL": "",
    "EVENT_CAP": "20",
    "HEARTBEAT_URL": "",
    "BACKUPS_KEPT": "7",
    "KEEP_RUNS_DAYS": "90",
    "KEEP_LOGS_DAYS": "90",
}
# A sensor asks for nothing twice whose run is there: it looks back eight weeks (patents).
_LEAST_KEPT = 60
_MOST_DIGITS = 15
NAMES = tuple(_PREFIX + name for name in (*_COMMON, *_LIVE))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between installations.

    Secrets are kept out of `repr`, so that no log shows them.
    """

    upstream: str
    sandbox_url: str
    data: Path
    cache: Path
    lake: str
    engine: str
    first_day: date
    rules: Path
    archive_base_urls: tuple[str, ...]
    second_archive_base_urls: tuple[str, ...]
    second_archive_first_day: date
    github_api_url: str
    github_token: Secret
    git_url: str
    innovation_graph_url: str
    openalex_url: str
    openalex_key: Secret
    uspto_url: str
    uspto_file_hosts: tuple[str, ...]
    uspto_key: Secret
    hash_key: Secret
    heartbeat_url: Secret
    hub_url: str
    hub_authors: Path
    hub_token: Secret
    hub_calls: int
    slack_api_url: str
    slack_token: Secret
    slack_channel: str
    slack_webhook_url: Secret
    tracked_repositories: Path
    panel_one_in: int
    event_cap: int
    alert_max_age_days: int
    alert_dead_after_hours: int
    download_workers: int
    download_rate: int
    retry_attempts: int
    ui_url: str
    page_url: str
    dagster_storage: Secret
    backups: Path
    backups_kept: int
    keep_runs_days: int
    keep_logs_days: int
    now: str

    @property
    def today(self) -> date:
        """The UTC day that is not over yet."""
        now = datetime.fromisoformat(self.now) if self.now else datetime.now(UTC)
        return now.astimezone(UTC).date()

    @property
    def secrets(self) -> dict[str, Secret]:
        """The secrets, by the names that they have here."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.type is Secret}

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance folder."""
        return self.data / "dagster"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.data / "warehouse.duckdb"


#: Those that may be given as `NAME_FILE`, the path of a file that holds the value.
SECRET_NAMES = frozenset(
    _PREFIX + each.name.upper() for each in fields(Settings) if each.type is Secret
)


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment, over `.env`, over the defaults of the chosen upstream.

    Secrets may be in files, each named by `NAME_FILE`; from here on no text of this process shows
    them.

    Args:
        environment: stands in for the process's environment and `.env`.

    Raises:
        SettingsError: a setting is unknown or not valid.
    """
    if environment is None:
        file = {key: value or "" for key, value in dotenv_values(ROOT / ".env").items()}
        environment = {**file, **os.environ}
    given = {key: value for key, value in environment.items() if key.startswith(_PREFIX)}
    given = secret_settings.with_files(given, SECRET_NAMES)
    unknown = sorted(set(given) - set(NAMES) - {"OBSERVATORY_REAL_DATA"})
    if unknown:
        raise SettingsError(f"unknown settings {', '.join(unknown)}; see .env.example")
    set_values = {key.removeprefix(_PREFIX): value for key, value in given.items() if value}
    upstream = set_values.get("UPSTREAM", _COMMON["UPSTREAM"])
    if upstream not in ("sandbox", "live"):
        raise SettingsError(f"OBSERVATORY_UPSTREAM is {upstream!r}; set it to sandbox or live")
    values = {**default_values(upstream), **set_values}
    if upstream == "sandbox" and "ARCHIVE_BASE_URLS" in set_values:
        # A synthetic archive beside a given one would mix two worlds.
        values["SECOND_ARCHIVE_BASE_URLS"] = set_values.get("SECOND_ARCHIVE_BASE_URLS", "none")
    if "SLACK_WEBHOOK_URL" in set_values:
        # A webhook that is given goes before the sandbox's own token, not before a given one.
        values["SLACK_TOKEN"] = set_values.get("SLACK_TOKEN", "")
    settings = _checked(values)
    keep_out(secret_settings.texts_of(settings.secrets))
    return settings


def secret_files() -> list[Path]:
    """Files that this installation's secrets are in: `.env`, and those that `NAME_FILE` names."""
    file = ROOT / ".env"
    given = {**dotenv_values(file), **os.environ}
    named = (given.get(name + secret_settings.FILE_SUFFIX) for name in sorted(SECRET_NAMES))
    return [file, *(Path(path).expanduser() for path in named if path)]


def default_values(upstream: str) -> dict[str, str]:
    """What each setting has where none is given, by name without the prefix.

    Args:
        upstream: `live` or `sandbox`.
    """
    return {**_COMMON, **(_LIVE if upstream == "live" else _SANDBOX), "UPSTREAM": upstream}


def _checked(values: Mapping[str, str]) -> Settings:
    sandbox = values["SANDBOX_URL"].rstrip("/")

    def url(name: str) -> str:
        text = values[name].replace("{sandbox}", sandbox)
        if not text.startswith(("http://", "https://", "file:")):
            raise SettingsError(f"{_PREFIX}{name} is {text!r}; give an http, https or file URL")
        return secret_settings.without_credentials(_PREFIX + name, text)

    def token(name: str) -> Secret:
        return secret_settings.token(_PREFIX + name, values[name])

    def urls(name: str) -> tuple[str, ...]:
        bases = (base.strip() for base in values[name].split(","))
        return tuple(_base_url(name, base, sandbox) for base in bases if base not in ("", "none"))

    return Settings(
        upstream=values["UPSTREAM"],
        sandbox_url=sandbox,
        data=_path("DATA", values["DATA"]),
        cache=_path("CACHE", values["CACHE"]),
        lake=_lake(values),
        engine=_engine(values["ENGINE"]),
        first_day=_day(values, "FIRST_DAY"),
        rules=_path("RULES", values["RULES"]),
        archive_base_urls=urls("ARCHIVE_BASE_URLS"),
        second_archive_base_urls=urls("SECOND_ARCHIVE_BASE_URLS"),
        second_archive_first_day=_day(values, "SECOND_ARCHIVE_FIRST_DAY"),
        github_api_url=url("GITHUB_API_URL").rstrip("/"),
        github_token=token("GITHUB_TOKEN"),
        git_url=_base_url("GIT_URL", values["GIT_URL"], sandbox),
        innovation_graph_url=_base_url(
            "INNOVATION_GRAPH_URL", values["INNOVATION_GRAPH_URL"], sandbox
        ),
        openalex_url=url("OPENALEX_URL").rstrip("/"),
        openalex_key=token("OPENALEX_KEY"),
        uspto_url=_base_url("USPTO_URL", values["USPTO_URL"], sandbox),
        uspto_file_hosts=tuple(values["USPTO_FILE_HOSTS"].replace(",", " ").split()),
        uspto_key=token("USPTO_KEY"),
        hash_key=Secret(values["HASH_KEY"]),
        heartbeat_url=secret_settings.heartbeat_url(
            _PREFIX + "HEARTBEAT_URL", values["HEARTBEAT_URL"]
        ),
        hub_url=_base_url("HUB_URL", values["HUB_URL"], sandbox),
        hub_authors=_path("HUB_AUTHORS", values["HUB_AUTHORS"]),
        hub_token=token("HUB_TOKEN"),
        hub_calls=_number(values, "HUB_CALLS", least=1),
        slack_api_url=url("SLACK_API_URL"),
        slack_token=token("SLACK_TOKEN"),
        slack_channel=values["SLACK_CHANNEL"],
        slack_webhook_url=secret_settings.webhook_url(
            _PREFIX + "SLACK_WEBHOOK_URL", values["SLACK_WEBHOOK_URL"], sandbox
        ),
        tracked_repositories=_path("TRACKED_REPOSITORIES", values["TRACKED_REPOSITORIES"]),
        panel_one_in=_number(values, "PANEL_ONE_IN", least=0),
        event_cap=_number(values, "EVENT_CAP", least=1),
        alert_max_age_days=_number(values, "ALERT_MAX_AGE_DAYS", least=1),
        alert_dead_after_hours=_number(values, "ALERT_DEAD_AFTER_HOURS", least=1),
        download_workers=_number(values, "DOWNLOAD_WORKERS", least=1),
        download_rate=_number(values, "DOWNLOAD_RATE", least=0),
        retry_attempts=_number(values, "RETRY_ATTEMPTS", least=1),
        ui_url=_link(values, "UI_URL"),
        page_url=_link(values, "PAGE_URL"),
        dagster_storage=secret_settings.database(
            _PREFIX + "DAGSTER_STORAGE", values["DAGSTER_STORAGE"]
        ),
        backups=_path("BACKUPS", values["BACKUPS"]),
        backups_kept=_number(values, "BACKUPS_KEPT", least=1),
        keep_runs_days=_number(values, "KEEP_RUNS_DAYS", least=_LEAST_KEPT),
        keep_logs_days=_number(values, "KEEP_LOGS_DAYS", least=1),
        now=_moment(values["NOW"]),
    )


def _base_url(name: str, base: str, sandbox: str) -> str:
    text = base.replace("{sandbox}", sandbox)
    if text.startswith(("http://", "https://")):
        return secret_settings.without_credentials(_PREFIX + name, text.rstrip("/"))
    if text.startswith("file:"):
        # A relative folder means the same whatever folder a Dagster process starts in.
        return "file:" + str(_path(name, text.removeprefix("file://").removeprefix("file:")))
    raise SettingsError(f"{_PREFIX}{name} has {text!r}; give http, https or file URLs")


def _link(values: Mapping[str, str], name: str) -> str:
    """An address that messages lead to; empty for none."""
    url = values[name]
    if url and not url.startswith(("http://", "https://")):
        raise SettingsError(f"{_PREFIX}{name} is {url!r}; give an http or https URL, or nothing")
    return secret_settings.without_credentials(_PREFIX + name, url)


def _path(name: str, text: str) -> Path:
    try:
        return (ROOT / Path(text).expanduser()).resolve()
    except (ValueError, RuntimeError, OSError) as error:
        raise SettingsError(f"{_PREFIX}{name} is {text!r}: that is no path") from error


def _lake(values: Mapping[str, str]) -> str:
    """The lake's base path: a folder, or an object store's URL; by default in the data folder."""
    text = values["LAKE"]
    if "://" not in text:
        return str(_path("LAKE", text) if text else _path("DATA", values["DATA"]) / "lake")
    with suppress(ValueError):
        parts = urlsplit(text)
        if parts.netloc and not (parts.username or parts.query):
            return text.rstrip("/")
    # What an object store asks of its users may be in it.
    raise SettingsError(
        f"{_PREFIX}LAKE is no base path; give a folder or s3://bucket/folder, and keys by "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )


def _engine(text: str) -> str:
    try:
        return checked_address(text)
    except ValueError as error:
        raise SettingsError(f"{_PREFIX}ENGINE: {error}") from error


def _number(values: Mapping[str, str], name: str, *, least: int) -> int:
    text = values[name]
    if not (text.isdecimal() and len(text) <= _MOST_DIGITS and int(text) >= least):
        raise SettingsError(f"{_PREFIX}{name} is {text!r}; give a whole number from {least}")
    return int(text)


def _day(values: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(values[name])
    except ValueError as error:
        raise SettingsError(f"{_PREFIX}{name} is {values[name]!r}; give YYYY-MM-DD") from error


def _moment(text: str) -> str:
    if not text:
        return ""
    try:
        moment = datetime.fromisoformat(text)
        moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"OBSERVATORY_NOW is {text!r}; give an ISO time") from error
    if moment.tzinfo is None:
        raise SettingsError(f"OBSERVATORY_NOW is {text!r}; give an offset, such as +00:00")
    return text
