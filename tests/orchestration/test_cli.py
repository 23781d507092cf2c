"""The commands: clear refusals, and a doctor that says how to mend."""

from pathlib import Path

import pytest

from orchestration import cli
from orchestration.doctor import examine
from orchestration.doctor_upstreams import examine_uspto
from orchestration.settings import load_settings
from sandbox.server import SandboxServer
from tests.orchestration.conftest import sandbox_settings


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["backfill", "2024-13-01", "2024-12-02"], "'2024-13-01' is no day"),
        (["backfill", "2024-12-02", "2024-12-01"], "lies after"),
        (["backfill", "2024-12-02", "2999-01-01"], "is not over yet"),
        (["papers", "2024-13", "2024-12"], "'2024-13' is no month"),
        (["papers", "2024-01-05", "2024-12"], "'2024-01-05' is no month"),
        (["papers", "2024-12", "2024-11"], "lies after"),
        (["papers", "2024-12", "2999-01"], "is not over yet"),
        (["hub", "2024-12-02", "2024-12-01"], "lies after"),
        (["hub", "2024-12-02", "2999-01-01"], "is to come"),
    ],
)
def test_a_range_that_cannot_be_made_is_refused_in_words(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("Cambridge, MA", "US"),
        ("杭州", "CN"),
        ("somewhere over the rainbow", "none"),
        ("", "none"),
        ("--port 3", "none"),
    ],
)
def test_one_text_is_explained(
    text: str, decision: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["attribute", "--", text]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f'text        "{text}"'
    assert lines[1].startswith(f"decision    {decision}")


def test_the_doctor_finds_a_sandbox_installation_well(
    small_server: SandboxServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # An instance that other tests share may be open in this process, and has it set.
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    assert examine(sandbox_settings(small_server, tmp_path)) == 0
    assert "FAIL" not in capsys.readouterr().out


def test_the_doctor_says_how_to_mend_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{id: x}]")
    (tmp_path / "archive").mkdir()
    settings = load_settings(
        {
            "OBSERVATORY_UPSTREAM": "live",
            "OBSERVATORY_DATA": str(tmp_path),
            "OBSERVATORY_RULES": str(rules),
            "OBSERVATORY_ARCHIVE_BASE_URLS": f"file:{tmp_path}/archive",
        }
    )
    assert examine(settings) == 1
    printed = capsys.readouterr().out
    for words in (
        "OBSERVATORY_GITHUB_TOKEN",
        "OBSERVATORY_SLACK_TOKEN",
        "OBSERVATORY_USPTO_KEY",
        "rules.0",
        "0 of 1 mirr",
    ):
        assert words in printed
    assert "set OBSERVATORY_OPENALEX_KEY in .env" in printed


def test_the_doctor_asks_openalex_with_the_key_and_shows_none(
    small_server: SandboxServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(
        {
            "OBSERVATORY_UPSTREAM": "live",
            "OBSERVATORY_DATA": str(tmp_path),
            "OBSERVATORY_ARCHIVE_BASE_URLS": f"file:{tmp_path}",
            "OBSERVATORY_OPENALEX_URL": small_server.url,
            "OBSERVATORY_OPENALEX_KEY": "planted-secret",
        }
    )
    examine(settings)
    printed = capsys.readouterr().out
    (line,) = (line for line in printed.splitlines() if " openalex " in line)
    assert line.startswith("ok")
    assert "planted-secret" not in printed


def test_the_doctor_says_what_the_portal_lists_and_that_a_key_is_refused(
    small_server: SandboxServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"OBSERVATORY_UPSTREAM": "live", "OBSERVATORY_USPTO_URL": f"{small_server.url}/uspto"}

    def said(key: str) -> str:
        settings = load_settings(
            {**names, "OBSERVATORY_DATA": str(tmp_path), "OBSERVATORY_USPTO_KEY": key}
        )
        finding = examine_uspto(settings)
        assert key not in f"{finding}"
        return f"{finding.is_well} {finding.found} {finding.mend}"

    assert said("sandbox-uspto-key").startswith(f"True {small_server.url}/uspto lists ")
    assert "files of grants, the newest ipg" in said("sandbox-uspto-key")
    refused = said("not-the-key")
    assert refused.startswith("False")
    assert "answered 401" in refused
    assert "set OBSERVATORY_USPTO_KEY in .env" in refused
