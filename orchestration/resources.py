"""Wires settings to resources."""

import os
from typing import Any

import dagster as dg

from orchestration.settings import ROOT, Settings
from resources.archive import ArchiveSource
from resources.engine import EngineResource
from resources.git import GitResource
from resources.github import GitHubResource
from resources.heartbeat import HeartbeatResource
from resources.hub import HubResource
from resources.innovation_graph import InnovationGraphResource
from resources.lake import LakeResource
from resources.openalex import OpenAlexResource
from resources.platform import Platform
from resources.slack import SlackResource
from resources.uspto import UsptoResource
from resources.warehouse import WarehouseResource

_GITHUB_TOKEN = "OBSERVATORY_GITHUB_TOKEN"  # noqa: S105 - names, not tokens
_HASH_KEY = "OBSERVATORY_HASH_KEY"
_HEARTBEAT_URL = "OBSERVATORY_HEARTBEAT_URL"
_HUB_TOKEN = "OBSERVATORY_HUB_TOKEN"  # noqa: S105
_OPENALEX_KEY = "OBSERVATORY_OPENALEX_KEY"
_USPTO_KEY = "OBSERVATORY_USPTO_KEY"
_SLACK_TOKEN = "OBSERVATORY_SLACK_TOKEN"  # noqa: S105
_SLACK_WEBHOOK_URL = "OBSERVATORY_SLACK_WEBHOOK_URL"


def build_resources(settings: Settings) -> dict[str, Any]:
    """The resources that assets, checks and sensors ask for by name.

    Dagster keeps a resource's plain values in its snapshots and shows them in its UI: a token is
    handed on as the name of an environment variable, which is read when a step begins.
    """
    os.environ[_GITHUB_TOKEN] = settings.github_token.value
    os.environ[_HASH_KEY] = settings.hash_key.value
    os.environ[_HEARTBEAT_URL] = settings.heartbeat_url.value
    os.environ[_HUB_TOKEN] = settings.hub_token.value
    os.environ[_OPENALEX_KEY] = settings.openalex_key.value
    os.environ[_USPTO_KEY] = settings.uspto_key.value
    os.environ[_SLACK_TOKEN] = settings.slack_token.value
    os.environ[_SLACK_WEBHOOK_URL] = settings.slack_webhook_url.value
    return {
        "archive": ArchiveSource(
            base_urls=list(settings.archive_base_urls),
            attempts=settings.retry_attempts,
            workers=settings.download_workers,
            rate_bytes_s=settings.download_rate,
            bandwidth_file=str(settings.cache / "bandwidth"),
        ),
        "second_archive": ArchiveSource(
            name="opendigger",
            base_urls=list(settings.second_archive_base_urls),
            first_day=str(settings.second_archive_first_day),
            attempts=settings.retry_attempts,
            workers=settings.download_workers,
            rate_bytes_s=settings.download_rate,
            bandwidth_file=str(settings.cache / "bandwidth"),
        ),
        "github": GitHubResource(
            api_url=settings.github_api_url,
            token=dg.EnvVar(_GITHUB_TOKEN),
            attempts=settings.retry_attempts,
        ),
        "innovation_graph": InnovationGraphResource(
            base_url=settings.innovation_graph_url, attempts=settings.retry_attempts
        ),
        "openalex": OpenAlexResource(
            api_url=settings.openalex_url,
            key=dg.EnvVar(_OPENALEX_KEY),
            credit_dir=str(settings.data / "openalex"),
            attempts=settings.retry_attempts,
        ),
        "git": GitResource(
            base_url=settings.git_url,
            hash_key=dg.EnvVar(_HASH_KEY),
            attempts=settings.retry_attempts,
            workers=settings.download_workers,
        ),
        "uspto": UsptoResource(
            base_url=settings.uspto_url,
            key=dg.EnvVar(_USPTO_KEY),
            file_hosts=list(settings.uspto_file_hosts),
            attempts=settings.retry_attempts,
        ),
        "hub": HubResource(
            base_url=settings.hub_url,
            token=dg.EnvVar(_HUB_TOKEN),
            attempts=settings.retry_attempts,
            most_calls=settings.hub_calls,
        ),
        "slack": SlackResource(
            token=dg.EnvVar(_SLACK_TOKEN),
            channel=settings.slack_channel,
            api_url=settings.slack_api_url,
            webhook_url=dg.EnvVar(_SLACK_WEBHOOK_URL),
        ),
        "lake": LakeResource(base_path=settings.lake),
        "heartbeat": HeartbeatResource(url=dg.EnvVar(_HEARTBEAT_URL)),
        "engine": EngineResource(address=settings.engine),
        "warehouse": WarehouseResource(database=str(settings.warehouse)),
        "platform": platform(settings),
    }


def slack_resource(settings: Settings) -> SlackResource:
    """Slack for a command, which keeps no snapshot of it."""
    return SlackResource(
        token=settings.slack_token.value,
        channel=settings.slack_channel,
        api_url=settings.slack_api_url,
        webhook_url=settings.slack_webhook_url.value,
    )


def platform(settings: Settings, now: str = "") -> Platform:
    """The platform's own settings, at the clock of the settings or at another."""
    return Platform(
        world=settings.upstream,
        data_dir=str(settings.data),
        cache_dir=str(settings.cache),
        reference_dir=str(ROOT / "assets" / "reference"),
        tracked_repositories=str(settings.tracked_repositories),
        hub_authors=str(settings.hub_authors),
        rules=str(settings.rules),
        fixed_now=now or settings.now,
        panel_one_in=settings.panel_one_in,
        event_cap=settings.event_cap,
        alert_max_age_days=settings.alert_max_age_days,
        alert_dead_after_hours=settings.alert_dead_after_hours,
        ui_url=settings.ui_url,
        page_url=settings.page_url,
    )
