"""Secrets come from the environment or from files, and stand in no error about them."""

from pathlib import Path

import pytest

from orchestration import doctor, settings
from orchestration.doctor import examine_secrets
from orchestration.secret_settings import Secret, texts_of
from orchestration.settings import NAMES, SECRET_NAMES, SettingsError, load_settings
from resources.redaction import redacted

TOKEN = "planted-0123456789abcdef"  # noqa: S105
VALID = {
    "OBSERVATORY_SLACK_WEBHOOK_URL": f"https://hooks.slack.com/services/{TOKEN}",
    "OBSERVATORY_HEARTBEAT_URL": f"https://example.org/{TOKEN}",
    "OBSERVATORY_DAGSTER_STORAGE": f"postgresql://u:{TOKEN}@127.0.0.1/d",
}


@pytest.mark.parametrize("name", sorted(SECRET_NAMES))
def test_each_secret_may_be_in_a_file_which_goes_before_a_value(name: str, tmp_path: Path) -> None:
    value = VALID.get(name, TOKEN)
    path = tmp_path / "secret"
    path.write_text(f"{value}\n")
    field = name.removeprefix("OBSERVATORY_").lower()
    for given in ({f"{name}_FILE": str(path)}, {f"{name}_FILE": str(path), name: "old"}):
        assert getattr(load_settings(given), field) == Secret(value)
    assert redacted(f"see {value} there") == "see [secret] there"


def test_what_is_no_secret_is_read_from_no_file(tmp_path: Path) -> None:
    for name in sorted(set(NAMES) - SECRET_NAMES):
        with pytest.raises(SettingsError, match=f"{name}_FILE"):
            load_settings({f"{name}_FILE": str(tmp_path / "x")})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"planted-\xff\xfe", "it is no text"),
    ],
)
def test_a_file_that_holds_no_secret_is_named_and_not_repeated(
    content: bytes | None, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match="OBSERVATORY_GITHUB_TOKEN_FILE") as raised:
        load_settings({"OBSERVATORY_GITHUB_TOKEN_FILE": str(path)})
    assert said in str(raised.value)
    assert "planted-" not in str(raised.value)
    context = raised.value.__context__
    assert context is None or raised.value.__suppress_context__


@pytest.mark.parametrize("sign", ["\n", "\r\nX-Other: 1", "“", "\0", "\t"])
@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "OPENALEX_KEY", "USPTO_KEY", "SLACK_TOKEN"])
def test_a_token_that_no_header_takes_is_refused_before_a_library_quotes_it(
    name: str, sign: str
) -> None:
    with pytest.raises(SettingsError, match=name) as raised:
        load_settings({f"OBSERVATORY_{name}": f"{TOKEN}{sign}more"})
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize(
    "name",
    [
        "ARCHIVE_BASE_URLS", "SECOND_ARCHIVE_BASE_URLS", "GITHUB_API_URL", "GIT_URL", "HUB_URL",
        "INNOVATION_GRAPH_URL", "OPENALEX_URL", "USPTO_URL", "SLACK_API_URL", "UI_URL", "PAGE_URL",
    ],
)  # fmt: skip
def test_credentials_in_an_address_that_is_shown_are_refused_and_not_repeated(name: str) -> None:
    """Base URLs are plain values of resources, which Dagster keeps and shows in its UI."""
    with pytest.raises(SettingsError, match=name) as raised:
        load_settings({f"OBSERVATORY_{name}": f"https://user:{TOKEN}@example.org/x"})
    assert TOKEN not in str(raised.value)


def test_parts_of_addresses_are_secret_and_their_words_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-an-object-store")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:of%2Fa-proxy@proxy.example.org:8080")
    found = texts_of(
        {
            "heartbeat_url": Secret(f"https://example.org/heartbeat/{TOKEN}?create=1"),
            "dagster_storage": Secret("postgresql://u:of%40storage@127.0.0.1/observatory"),
            "github_token": Secret("ghp_one, ghp_two"),
        }
    )
    assert {TOKEN, f"/heartbeat/{TOKEN}?create=1", "of%40storage", "of@storage"} <= found
    assert {"ghp_one", "ghp_two", "of-an-object-store", "of%2Fa-proxy", "of/a-proxy"} <= found
    assert not found & {"", "heartbeat", "observatory", "/observatory", "u", "127.0.0.1"}


@pytest.mark.parametrize(("mode", "is_well"), [(0o600, True), (0o640, True), (0o644, False)])
@pytest.mark.parametrize("name", [".env", "github"])
def test_the_doctor_refuses_files_of_secrets_that_everybody_can_read(
    name: str, mode: int, is_well: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    monkeypatch.setenv("OBSERVATORY_GITHUB_TOKEN_FILE", str(tmp_path / "github"))
    for each in (".env", "github"):
        path = tmp_path / each
        path.write_text(TOKEN)
        path.chmod(mode if each == name else 0o600)
    found = examine_secrets(load_settings({}))
    assert found.is_well is is_well
    assert TOKEN not in f"{found}"
    assert is_well or f"chmod o= {tmp_path / name}" in found.mend
    assert "2 files" in found.found or not is_well
    assert examine_secrets.__name__ in doctor.examine.__code__.co_names
