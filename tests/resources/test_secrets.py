"""No resource that holds a key shows it when it is printed."""

import dagster as dg
import pytest

from orchestration.resources import build_resources
from orchestration.settings import load_settings

NAMES = ("SLACK_TOKEN", "GITHUB_TOKEN", "HASH_KEY", "OPENALEX_KEY", "USPTO_KEY", "HUB_TOKEN")
RESOURCES = build_resources(load_settings({f"OBSERVATORY_{n}": "planted-secret" for n in NAMES}))


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_a_resource_prints_no_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in NAMES:
        monkeypatch.setenv(f"OBSERVATORY_{each}", "planted-secret")
    resource = RESOURCES[name]
    assert isinstance(resource, dg.ConfigurableResource)
    shown = resource.process_config_and_initialize()
    assert "planted-secret" not in f"{resource!r} {resource} {shown!r} {shown}"
