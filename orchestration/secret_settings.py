"""Settings that are secrets: read from the environment or from files, checked, shown nowhere."""

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: Behind a secret's name: the path of the file that holds it.
FILE_SUFFIX = "_FILE"
_MOST_BYTES = 1 << 16
_LEAST_KEY_LENGTH = 16
# What others take secrets from, by names of their own.
_OF_OTHERS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PGPASSWORD")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class SettingsError(ValueError):
    """A setting is unknown or not valid; the text names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that prints as nothing."""

    value: str

    def __repr__(self) -> str:
        return "Secret(set)" if self.value else "Secret(empty)"


def with_files(given: Mapping[str, str], secrets: frozenset[str]) -> dict[str, str]:
    """Settings, those of `NAME_FILE` replaced by `NAME` with what their files hold.

    A file goes before a value: what a process hands its children in NAME may be the file's of
    before. Line breaks at the end of a file are none of the secret.

    Args:
        given: settings by name.
        secrets: names that may be given as a file.

    Raises:
        SettingsError: a file cannot be read or holds nothing.
    """
    found = dict(given)
    for name in sorted(secrets):
        path = found.pop(name + FILE_SUFFIX, "")
        if path:
            found[name] = _held(name + FILE_SUFFIX, path)
    return found


def readable_by_others(paths: Iterable[Path]) -> list[Path]:
    """Those of some files that every user of the machine can read."""
    return [path for path in paths if path.is_file() and path.stat().st_mode & stat.S_IROTH]


def _held(name: str, path: str) -> str:
    try:
        with Path(path).expanduser().open("rb") as file:
            text = file.read(_MOST_BYTES).decode().strip()
    except UnicodeDecodeError:
        # It holds the bytes: its text goes no further.
        raise SettingsError(f"{name}: {path} cannot be read: it is no text") from None
    except (OSError, ValueError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) else "that is no path"
        raise SettingsError(f"{name}: {path} cannot be read: {why}") from None
    if not text:
        raise SettingsError(f"{name}: {path} is empty; put the secret into it")
    return text


def token(name: str, text: str) -> Secret:
    """A token that goes into a header: a library's error would quote one that no header takes.

    Raises:
        SettingsError: it has signs that no token has; the text does not repeat it.
    """
    if not (text.isascii() and text.isprintable()):
        raise SettingsError(f"{name} has line breaks or letters that no token has; copy it anew")
    return Secret(text)


def webhook_url(name: str, text: str, sandbox: str) -> Secret:
    """The address of an incoming webhook of Slack's, or of the sandbox's; empty for none."""
    url = text.replace("{sandbox}", sandbox)
    if url and not url.startswith(("https://hooks.slack.com/", f"{sandbox}/services/")):
        # It is a secret: the text does not repeat it.
        raise SettingsError(
            f"{name} is no webhook of Slack's; give https://hooks.slack.com/services/…"
        )
    return token(name, url)


def heartbeat_url(name: str, text: str) -> Secret:
    """An address that is the secret itself: the text of an error does not repeat it."""
    is_url = text.startswith(("http://", "https://")) and text.isprintable() and " " not in text
    if text and not is_url:
        raise SettingsError(f"{name} is no http or https URL; give one, or nothing")
    return Secret(text)


def database(name: str, text: str) -> Secret:
    """The address of a PostgreSQL database; empty for none."""
    if not text:
        return Secret("")
    try:
        address = urlsplit(text)
        is_whole = address.scheme == "postgresql" and len(address.path) > 1
        is_whole = is_whole and bool(address.hostname or "host=" in address.query)
        is_whole = is_whole and (address.port or 1) > 0
    except ValueError:
        is_whole = False
    if not is_whole:
        # It is a secret: the text does not repeat it.
        raise SettingsError(
            f"{name} is no address of a PostgreSQL database; give "
            "postgresql://USER:PASSWORD@HOST/DATABASE, with signs such as @ and / in a password "
            "written as %40 and %2F"
        ) from None
    return Secret(text)


def without_credentials(name: str, url: str) -> str:
    """A URL that is shown: in the UI, in errors, in messages.

    Raises:
        SettingsError: it has a user or password in it, or is none; the text does not repeat it.
    """
    try:
        has_user = "@" in urlsplit(url).netloc
    except ValueError:
        raise SettingsError(f"{name} is no URL; give one, or nothing") from None
    if has_user:
        raise SettingsError(f"{name} has a user or password in it, and is shown; leave them out")
    return url


def texts_of(secrets: Mapping[str, Secret]) -> set[str]:
    """Every text that must show nowhere: secrets, their parts, and those of the environment.

    Args:
        secrets: by name.
    """
    found = {secret.value for secret in secrets.values()}
    for name, secret in secrets.items():
        if "://" in secret.value:
            found |= _of_url(secret.value, is_path_secret=name != "dagster_storage")
        found |= {part.strip() for part in secret.value.split(",")}
    found |= {os.environ.get(name, "") for name in _OF_OTHERS}
    for name in _PROXIES:
        for each in (name, name.upper()):
            found |= _of_url(os.environ.get(each, ""), is_path_secret=False)
    return found - {""}


def _of_url(url: str, *, is_path_secret: bool) -> set[str]:
    """What of an address is secret: a password, or all behind the host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return set()
    found = {parts.password or "", unquote(parts.password or "")}
    if is_path_secret:
        found |= {parts.path + (f"?{parts.query}" if parts.query else ""), parts.query}
        # Not its words: `services` or `heartbeat` would go from every log.
        found |= {part for part in parts.path.split("/") if len(part) >= _LEAST_KEY_LENGTH}
    return found
