"""GraphQL answers of GitHub: nulls that mean something, errors beside data, and queries' texts."""

import re
from collections.abc import Sequence
from typing import Any, TypeGuard

from resources.http import PermanentUpstreamError, TransientUpstreamError

_AUTHOR_FRAGMENT = """
fragment author on Commit { author { user { databaseId } } }
"""
_NAME = re.compile(r"([^/]+)/([^/]+)")
_SHA = re.compile(r"[0-9a-f]{40}")
# Failures of GitHub's own, which another try may not meet.
_PASSING = frozenset(
    {"RATE_LIMITED", "INTERNAL", "SERVICE_UNAVAILABLE", "RESOURCE_LIMITS_EXCEEDED"}
)
_PASSING_MESSAGE = "Something went wrong while executing your query"


def unexplained(nodes: list[Any], body: dict[str, Any], api_url: str) -> frozenset[int]:
    """Places of nodes that are no answer: no object, and no null that GitHub calls NOT_FOUND.

    Raises:
        TransientUpstreamError: there is nothing but these, and a failure that passes is stated.
    """
    errors = errors_of(body)
    absent = {
        path[1]
        for error in errors
        if error.get("type") == "NOT_FOUND" and len(path := _path_of(error)) == 2
    }
    found = frozenset(
        at
        for at, node in enumerate(nodes)
        if not isinstance(node, dict) and (node is not None or at not in absent)
    )
    if nodes and len(found) == len(nodes) and any(map(_is_passing, errors)):
        raise TransientUpstreamError(
            f"{api_url}/graphql gave {len(found)} nulls that it does not call NOT_FOUND; "
            f"errors: {kinds(errors)}"
        )
    return found


def authors_query(
    commits: Sequence[tuple[str, str]],
) -> tuple[str, dict[str, Any], list[tuple[str, str]]]:
    """The query, its variables, and each commit's place in the answer: aliases of both levels.

    What is asked goes into variables; the text holds nothing but numbers.
    """
    owned: dict[str, list[str]] = {}
    variables: dict[str, Any] = {}
    declared: list[str] = []
    places = []
    for number, (name, sha) in enumerate(commits):
        parts = _NAME.fullmatch(name)
        if not parts or not _SHA.fullmatch(sha):
            raise ValueError(f"{name!r}, {sha!r}: not owner/name and a commit's 40 digits")
        at = list(owned).index(name) if name in owned else len(owned)
        if name not in owned:
            declared.append(f"$o{at}: String!, $n{at}: String!")
            variables |= {f"o{at}": parts[1], f"n{at}": parts[2]}
        declared.append(f"$s{number}: GitObjectID!")
        variables[f"s{number}"] = sha
        owned.setdefault(name, []).append(f"c{number}: object(oid: $s{number}) {{ ...author }}")
        places.append((f"r{at}", f"c{number}"))
    fields = [
        f"r{at}: repository(owner: $o{at}, name: $n{at}) {{ {' '.join(objects)} }}"
        for at, objects in enumerate(owned.values())
    ]
    query = f"query Authors({', '.join(declared)}) {{ {' '.join(fields)} }}{_AUTHOR_FRAGMENT}"
    return query, variables, places


def author_at(
    data: dict[str, Any], place: tuple[str, str], errors: list[dict[str, Any]], api_url: str
) -> int | None:
    """The account at a place of the answer; None where there is none, and that is certain.

    GitHub says NOT_FOUND of a repository that is gone. An object, author or user may be null
    without an error; beside errors of another kind such a null is no answer.
    """
    path: list[str] = []
    found: Any = data
    for key in (*place, "author", "user", "databaseId"):
        path.append(key)
        if not isinstance(found, dict) or (key == place[0] and key not in found):
            raise PermanentUpstreamError(f"{api_url}/graphql gave no object at {path[:-1]}")
        found = found.get(key)
        if found is None:
            _require_explained(path, errors, api_url)
            return None
    if not is_id(found):
        raise PermanentUpstreamError(f"{api_url}/graphql gave a databaseId that is no number")
    return found


def is_id(value: object) -> TypeGuard[int]:
    """Whether a number can be an account's or a repository's: whole, and of 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def _require_explained(path: list[str], errors: list[dict[str, Any]], api_url: str) -> None:
    explained = any(
        error.get("type") == "NOT_FOUND" and (at := _path_of(error)) and path[: len(at)] == at
        for error in errors
    )
    is_open = len(path) == 1 or any(error.get("type") != "NOT_FOUND" for error in errors)
    if is_open and not explained:
        raise TransientUpstreamError(
            f"{api_url}/graphql gave a null that it does not call NOT_FOUND; "
            f"errors: {kinds(errors)}"
        )


def errors_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of `errors` that are objects."""
    errors = body.get("errors")
    return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []


def _path_of(error: dict[str, Any]) -> list[str | int]:
    """Where in the data an error belongs; empty where it does not say so in the known form."""
    path = error.get("path")
    is_known = isinstance(path, list) and all(isinstance(each, str | int) for each in path)
    return path if isinstance(path, list) and is_known else []


def kinds(errors: list[dict[str, Any]]) -> str:
    """The types of errors, for a message."""
    return ", ".join(sorted({str(error.get("type")) for error in errors})) or "none"


def no_data(wanted: str, body: dict[str, Any], api_url: str) -> Exception:
    """What an answer without data is: a failure that passes, or a refusal."""
    errors = errors_of(body)
    message = f"{api_url}/graphql gave no {wanted}; errors: {kinds(errors)}"
    is_passing = any(map(_is_passing, errors))
    return TransientUpstreamError(message) if is_passing else PermanentUpstreamError(message)


def _is_passing(error: dict[str, Any]) -> bool:
    is_of_type = str(error.get("type")) in _PASSING
    return is_of_type or str(error.get("message")).startswith(_PASSING_MESSAGE)
