"""No resource that holds a key shows it when it is printed."""

import dagster as dg
import pytest

from orchestration.resources import build_resources
from orchestration.settings import load_settings

NAMES = ("SLACK_TOKEN", "GITHUB_TOKEN", "HASH_KEY", "OPENALEX_KEY", "USPTO_KEY", "HUB_TOKEN")
WEBHOOK = {
    "OBSERVATORY_SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/planted-secret",
    "OBSERVATORY_HEARTBEAT_URL": "https://example.org/planted-secret",
}
VALUES = {**{f"OBSERVATORY_{name}": "planted-secret" for name in NAMES}, **WEBHOOK}
RESOURCES = build_resources(load_settings(VALUES))


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_a_resource_prints_no_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for each, value in VALUES.items():
        monkeypatch.setenv(each, value)
    resource = RESOURCES[name]
    assert isinstance(resource, dg.ConfigurableResource)
    with resource.process_config_and_initialize_cm() as shown:
        assert "planted-secret" not in f"{resource!r} {resource} {shown!r} {shown}"
