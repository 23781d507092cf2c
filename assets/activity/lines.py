"""One line of an archive to events: today's schema, the timeline schema before 2015, defects."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import orjson
import simdjson

from assets.storable_text import storable

MAX_NAME_LENGTH = 140  # GitHub: owner at most 39, name at most 100 characters
MAX_WORD_LENGTH = 60
_PADDING = b" \t\r\0"
# A longer line is not built, but asked for its fields: 1 MiB of brackets would be 30 MiB of lists.
_BUILT_BYTES = 1 << 18
# How today's archives begin an event. In a text inside another one its quotes are escaped.
_EVENT_START = re.compile(rb'\{ ?"id": ?"')
_MOST_STARTS = 16
_FIELDS = ("id", "type", "actor", "repo", "payload", "created_at", "repository", "actor_attributes")
_INNER_FIELDS = ("id", "login", "name", "owner", "action")
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
    """A line's events (none for a blank line), and what was wrong with it.

    Attributes:
        events: in the line's order.
        is_repaired: a defect was mended that lost nothing.
        is_torn: beside the events something stands on the line that is none, and is lost.
    """

    events: tuple[ArchiveEvent, ...]
    is_repaired: bool = False
    is_torn: bool = False


def parse_line(line: bytes, names: Mapping[str, int]) -> ParsedLine:
    """The events on one line.

    NUL runs, carriage returns and blanks around an event are passed over; several whole events on
    one line are all taken, and so is one that half an event stands before or after. A line without
    a whole event is malformed, as is one with bad UTF-8 in it.

    Args:
        line: without its newline.
        names: lower-case `owner/name` to numeric id, for the timeline schema.

    Raises:
        MalformedLineError: the line holds no event.
    """
    body = line.strip(_PADDING)
    if not body:
        return ParsedLine(())
    has_nuls = b"\0" in line
    if len(body) > _BUILT_BYTES:
        return ParsedLine((event_of(_long(body), body, names),), is_repaired=has_nuls)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _mended(body, names, has_nuls=has_nuls)
    return ParsedLine((event_of(document, body, names),), is_repaired=has_nuls)


def _mended(body: bytes, names: Mapping[str, int], *, has_nuls: bool) -> ParsedLine:
    """The events of a line that is not one object to a strict parser."""
    documents, rest = _several(body)
    is_torn = bool(rest)
    documents += _after_half(rest)
    events = []
    for document, own in documents:
        try:
            events.append(event_of(document, own, names))
        except MalformedLineError:
            is_torn = True
    if not events:
        raise MalformedLineError("no whole event")
    is_repaired = len(events) > 1 or (has_nuls and not is_torn)
    return ParsedLine(tuple(events), is_repaired, is_torn)


def _several(body: bytes) -> tuple[list[tuple[object, bytes]], bytes]:
    """The JSON documents that some bytes begin with, each with its bytes; and what follows them.

    The standard library also takes what orjson refuses but other writers emit: lone surrogates.
    """
    documents: list[tuple[object, bytes]] = []
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return documents, body
    at = 0
    try:
        while at < len(text):
            document, end = _STRICT_DECODER.raw_decode(text, at)
            documents.append((document, text[at:end].encode("utf-8")))
            at = end
            while at < len(text) and text[at] in " \t\r\0":
                at += 1
    except (ValueError, RecursionError):
        return documents, text[at:].encode("utf-8")
    return documents, b""


def _after_half(rest: bytes) -> list[tuple[object, bytes]]:
    """The whole events that end a torn piece of a line."""
    starts = [found.start() for found in _EVENT_START.finditer(rest, 1)]
    for start in starts[-_MOST_STARTS:]:
        documents, left = _several(rest[start:])
        if documents and not left:
            return documents
    return []


def _long(body: bytes) -> dict[str, object]:
    """The fields that make an event, of a line too long to be built whole.

    Raises:
        MalformedLineError: it is not one object.
    """
    try:
        document = simdjson.Parser().parse(body)
    except (ValueError, RuntimeError) as error:
        raise MalformedLineError("a long line that is not one object") from error
    if not isinstance(document, simdjson.Object) or not body.startswith(b"{"):
        raise MalformedLineError("a long line that is not one object")
    return {key: _flat(document[key]) for key in _FIELDS if key in document}


def _flat(value: object) -> object:
    """A field as it is, of an object only the fields that are asked for, of a list nothing."""
    if isinstance(value, simdjson.Object):
        return {
            key: None if isinstance(value[key], simdjson.Object | simdjson.Array) else value[key]
            for key in _INNER_FIELDS
            if key in value
        }
    return [] if isinstance(value, simdjson.Array) else value


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
    event_type = storable(event_type)
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
        event_id=storable(str(event_id)[:MAX_WORD_LENGTH]),
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
    return storable(value[:length])
