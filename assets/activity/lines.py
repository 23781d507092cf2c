"""One line of an archive to events: today's schema, the timeline schema before 2015, defects."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

MAX_NAME_LENGTH = 140  # GitHub: owner at most 39, name at most 100 characters
MAX_WORD_LENGTH = 60
_PADDING = b" \t\r\0"
_STRICT_DECODER = json.JSONDecoder()


class MalformedLineError(ValueError):
    """The line is no event, nor several."""


class ArchiveEvent(NamedTuple):
    """One event as the archive has it; a tuple, because one is made of every line.

    Attributes:
        event_id: the archive's id; for the timeline schema, which has none, `t` and 128 bits of
            BLAKE2b of the line.
        created_at: UTC.
        actor_id: null in the timeline schema, which names actors by login only.
        repo_id: null where the event has no repository (follows, gists), and in the timeline
            schema where the repository is not tracked.
        action: `payload.action`, such as `opened`; null where there is none.
    """

    event_type: str
    event_id: str
    created_at: datetime
    actor_id: int | None
    is_bot: bool
    repo_id: int | None
    repo_name: str | None
    action: str | None
    is_timeline: bool = False


class ParsedLine(NamedTuple):
    """A line's events (none for a blank line), and whether a defect was mended on the way."""

    events: tuple[ArchiveEvent, ...]
    is_repaired: bool = False


def parse_line(line: bytes, names: Mapping[str, int]) -> ParsedLine:
    """The events on one line.

    NUL runs, carriage returns and blanks around an event are passed over; several whole events on
    one line are all taken. Half an event, bad UTF-8 or anything else makes the line malformed.

    Args:
        line: without its newline.
        names: lower-case `owner/name` to numeric id, for the timeline schema.

    Raises:
        MalformedLineError: the line is no event, nor several.
    """
    body = line.strip(_PADDING)
    if not body:
        return ParsedLine(())
    has_nuls = b"\0" in line
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        documents = _several(body)
        events = tuple(event_of(each, body, names) for each in documents)
        return ParsedLine(events, is_repaired=len(events) > 1 or has_nuls)
    return ParsedLine((event_of(document, body, names),), is_repaired=has_nuls)


def _several(body: bytes) -> list[object]:
    """The JSON objects that make up a line that is not one object to a strict parser.

    The standard library also takes what orjson refuses but other writers emit: lone surrogates.
    """
    try:
        text = body.decode("utf-8")
        documents = []
        at = 0
        while at < len(text):
            document, at = _STRICT_DECODER.raw_decode(text, at)
            documents.append(document)
            while at < len(text) and text[at] in " \t\r\0":
                at += 1
    except (ValueError, RecursionError) as error:
        raise MalformedLineError(type(error).__name__) from error
    return documents


def event_of(document: object, body: bytes, names: Mapping[str, int]) -> ArchiveEvent:
    """One JSON document as an event.

    Raises:
        MalformedLineError: a field that every event has is missing or of another type.
    """
    if not isinstance(document, dict):
        raise MalformedLineError("not an object")
    event_type = document.get("type")
    if not isinstance(event_type, str) or not event_type or len(event_type) > MAX_WORD_LENGTH:
        raise MalformedLineError("no type")
    created_at = moment_of(document.get("created_at"))
    if "repo" in document or isinstance(document.get("actor"), dict):
        return _current(document, event_type, created_at)
    return _timeline(document, event_type, created_at, body, names)


def _current(document: dict[str, object], event_type: str, created_at: datetime) -> ArchiveEvent:
    actor, repo = document.get("actor"), document.get("repo")
    event_id = document.get("id")
    if not isinstance(actor, dict) or not isinstance(repo, dict):
        raise MalformedLineError("no actor or no repo")
    actor_id, repo_id = actor.get("id"), repo.get("id")
    if not _is_id(actor_id) or not _is_id(repo_id):
        raise MalformedLineError("an actor or repository without a numeric id")
    if not isinstance(event_id, str | int) or isinstance(event_id, bool) or not str(event_id):
        raise MalformedLineError("no id")
    return ArchiveEvent(
        event_type=event_type,
        event_id=str(event_id)[:MAX_WORD_LENGTH],
        created_at=created_at,
        actor_id=actor_id,
        is_bot=_is_bot(actor.get("login")),
        repo_id=repo_id,
        repo_name=_text(repo.get("name"), MAX_NAME_LENGTH),
        action=_action(document.get("payload")),
    )


def _timeline(
    document: dict[str, object],
    event_type: str,
    created_at: datetime,
    body: bytes,
    names: Mapping[str, int],
) -> ArchiveEvent:
    repository = document.get("repository")
    name = None
    if isinstance(repository, dict):
        owner, short = repository.get("owner"), repository.get("name")
        if isinstance(owner, str) and isinstance(short, str):
            name = _text(f"{owner}/{short}", MAX_NAME_LENGTH)
    elif "actor_attributes" not in document and "payload" not in document:
        raise MalformedLineError("of neither schema")
    repo_id = names.get(name.lower()) if name else None
    return ArchiveEvent(
        event_type=event_type,
        event_id="t" + hashlib.blake2b(body, digest_size=16).hexdigest(),
        created_at=created_at,
        actor_id=None,
        is_bot=_is_bot(document.get("actor")),
        repo_id=repo_id,
        repo_name=name,
        action=_action(document.get("payload")),
        is_timeline=True,
    )


def moment_of(value: object) -> datetime:
    """An event's time in UTC: `2015-01-01T00:00:00Z`, or with an offset, or 2011's slashes.

    Raises:
        MalformedLineError: it is none of these.
    """
    if not isinstance(value, str):
        raise MalformedLineError("no created_at")
    try:
        if "/" in value:
            return datetime.strptime(value, "%Y/%m/%d %H:%M:%S %z").astimezone(UTC)
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise MalformedLineError("created_at has no offset")
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedLineError("created_at is no time") from error


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def _is_bot(login: object) -> bool:
    return isinstance(login, str) and login.endswith("[bot]")


def _action(payload: object) -> str | None:
    return _text(payload.get("action"), MAX_WORD_LENGTH) if isinstance(payload, dict) else None


def _text(value: object, length: int) -> str | None:
    """A string fit for a table: bounded, and without lone surrogates."""
    if not isinstance(value, str):
        return None
    return value[:length].encode("utf-8", "replace").decode("utf-8")
