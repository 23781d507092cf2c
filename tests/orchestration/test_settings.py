"""Settings: defaults by upstream, clear errors, secrets that do not print."""

from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from orchestration.setting_docs import PAGE, render
from orchestration.settings import NAMES, Secret, SettingsError, load_settings
from tests.conftest import ROOT


def test_by_default_everything_comes_from_the_sandbox_and_needs_no_token() -> None:
    settings = load_settings({"OBSERVATORY_SANDBOX_URL": "http://127.0.0.1:1"})
    assert settings.upstream == "sandbox"
    assert settings.archive_base_urls == ("http://127.0.0.1:1",)
    assert settings.slack_api_url == "http://127.0.0.1:1/api/"
    assert settings.git_url == "http://127.0.0.1:1/git"
    assert settings.innovation_graph_url == "http://127.0.0.1:1/innovationgraph"
    assert settings.openalex_url == "http://127.0.0.1:1"
    assert settings.uspto_url == "http://127.0.0.1:1/uspto"
    assert settings.uspto_key.value
    assert settings.hub_url == "http://127.0.0.1:1"
    assert settings.hub_authors == ROOT / "sandbox" / "hub_authors.csv"
    assert settings.hash_key.value
    assert settings.openalex_key.value
    assert settings.tracked_repositories == ROOT / "sandbox" / "tracked_repositories.csv"


def test_live_settings_point_at_the_real_upstreams_and_the_shipped_list() -> None:
    settings = load_settings({"OBSERVATORY_UPSTREAM": "live"})
    assert settings.archive_base_urls == ("https://data.gharchive.org",)
    assert settings.github_api_url == "https://api.github.com"
    assert settings.git_url == "https://github.com"
    assert settings.innovation_graph_url.endswith("/github/innovationgraph/main/data")
    assert settings.openalex_url == "https://api.openalex.org"
    assert settings.uspto_url == "https://api.uspto.gov"
    assert settings.uspto_key.value == ""
    assert settings.hub_url == "https://huggingface.co"
    assert settings.hub_token.value == ""
    assert settings.hub_authors.is_file()
    assert settings.hash_key.value == ""
    assert settings.openalex_key.value == ""
    assert settings.panel_one_in == 1000
    assert settings.tracked_repositories.is_file()


def test_file_urls_and_mirrors_are_taken_and_relative_folders_begin_at_the_root() -> None:
    bases = "file:../shared/x, file:///srv/y ,https://example.org/z/"
    settings = load_settings({"OBSERVATORY_ARCHIVE_BASE_URLS": bases})
    relative = (ROOT / "../shared/x").resolve()
    assert settings.archive_base_urls == (
        f"file:{relative}",
        "file:/srv/y",
        "https://example.org/z",
    )


def test_the_second_archive_is_left_out_by_none_and_beside_a_given_archive_of_the_sandbox() -> None:
    """A synthetic second archive beside somebody's real files would mix two worlds."""
    name = "OBSERVATORY_SECOND_ARCHIVE_BASE_URLS"
    sandbox, live = load_settings({}), load_settings({"OBSERVATORY_UPSTREAM": "live"})
    assert sandbox.second_archive_base_urls == (f"{sandbox.sandbox_url}/opendigger",)
    assert sandbox.second_archive_first_day == date(2024, 12, 6)
    assert live.second_archive_first_day == date(2026, 9, 6)
    assert load_settings({name: "none"}).second_archive_base_urls == ()
    given = {"OBSERVATORY_ARCHIVE_BASE_URLS": "https://example.org/z"}
    assert load_settings(given).second_archive_base_urls == ()
    both = load_settings({**given, name: "https://example.org/y"})
    assert both.second_archive_base_urls == ("https://example.org/y",)
    assert load_settings({**given, "OBSERVATORY_UPSTREAM": "live"}).second_archive_base_urls


def test_secrets_do_not_print() -> None:
    token = "xoxb-very-secret"  # noqa: S105
    names = ("SLACK_TOKEN", "GITHUB_TOKEN", "HASH_KEY", "OPENALEX_KEY", "USPTO_KEY", "HUB_TOKEN")
    settings = load_settings({f"OBSERVATORY_{name}": token for name in names})
    assert token not in repr(settings)
    assert settings.slack_token.value == token
    url = f"https://hooks.slack.com/services/{token}"
    assert token not in repr(load_settings({"OBSERVATORY_SLACK_WEBHOOK_URL": url}))
    assert token not in repr(load_settings({"OBSERVATORY_HEARTBEAT_URL": f"https://x/{token}"}))
    for name, wrong in (
        ("OBSERVATORY_SLACK_WEBHOOK_URL", f"https://example.org/{token}"),
        ("OBSERVATORY_HEARTBEAT_URL", f"example.org/{token}"),
        ("OBSERVATORY_HEARTBEAT_URL", f"https://example.org/ {token}"),
    ):
        with pytest.raises(SettingsError, match=name) as raised:
            load_settings({name: wrong})
        assert token not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OBSERVATORY_UPSTREAM", "production"),
        ("OBSERVATORY_ARCHIVE_BASE_URLS", "ftp://x"),
        ("OBSERVATORY_GITHUB_API_URL", "api.github.com"),
        ("OBSERVATORY_GIT_URL", "ssh://git@github.com"),
        ("OBSERVATORY_INNOVATION_GRAPH_URL", "s3://bucket/data"),
        ("OBSERVATORY_OPENALEX_URL", "api.openalex.org"),
        ("OBSERVATORY_USPTO_URL", "api.uspto.gov"),
        ("OBSERVATORY_HUB_URL", "huggingface.co"),
        ("OBSERVATORY_HUB_CALLS", "0"),
        ("OBSERVATORY_FIRST_DAY", "2022"),
        ("OBSERVATORY_PANEL_ONE_IN", "-1"),
        ("OBSERVATORY_DOWNLOAD_WORKERS", "0"),
        ("OBSERVATORY_DOWNLOAD_RATE", "1.5"),
        ("OBSERVATORY_ENGINE", "spark"),
        ("OBSERVATORY_LAKE", "s3://"),
        ("OBSERVATORY_LAKE", "s3://bucket/x?key=y"),
        ("OBSERVATORY_NOW", "2024-01-01T00:00"),
        ("OBSERVATORY_SLACK_WEBHOOK_URL", "https://hooks.slack.com.example.org/services/x"),
        ("OBSERVATORY_ALERT_DEAD_AFTER_HOURS", "0"),
        ("OBSERVATORY_TYPO", "x"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load_settings({name: value})


def test_the_lake_lies_in_the_data_folder_or_where_it_is_said_to() -> None:
    assert load_settings({"OBSERVATORY_DATA": "/x"}).lake == "/x/lake"
    assert load_settings({"OBSERVATORY_LAKE": "/y"}).lake == "/y"
    assert load_settings({"OBSERVATORY_LAKE": "here"}).lake == str(ROOT / "here")
    assert load_settings({"OBSERVATORY_LAKE": "s3://bucket/a/"}).lake == "s3://bucket/a"


def test_keys_in_the_lake_s_address_are_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError, match="AWS_SECRET_ACCESS_KEY") as raised:
        load_settings({"OBSERVATORY_LAKE": "s3://key:very-secret@bucket/a"})
    assert "very-secret" not in str(raised.value)


def test_the_example_names_every_setting_and_no_other() -> None:
    text = (ROOT / ".env.example").read_text()
    named = {
        line.lstrip("#").split("=")[0]
        for line in text.splitlines()
        if "=" in line and line.lstrip("#").startswith("OBSERVATORY_")
    }
    assert named == set(NAMES)


def test_the_page_of_settings_is_as_the_code_says_and_shows_no_secret() -> None:
    """`make settings-page` writes it."""
    page = PAGE.read_text()
    assert page == render()
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `OBS")}
    assert set(rows) == {*NAMES, "OBSERVATORY_REAL_DATA"}
    settings = load_settings({})
    secrets = {
        f"OBSERVATORY_{field.name.upper()}": getattr(settings, field.name)
        for field in fields(settings)
        if isinstance(getattr(settings, field.name), Secret)
    }
    assert len(secrets) == 9
    for name, secret in secrets.items():
        assert "**Secret.**" in rows[name]
        assert not secret.value or secret.value not in page


def test_paths_begin_at_the_repository_whatever_folder_a_process_starts_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings({}).data == ROOT / ".observatory" / "sandbox"
    assert load_settings({}).cache == ROOT / ".observatory" / "cache"
