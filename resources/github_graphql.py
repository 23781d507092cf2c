"""GraphQL answers of GitHub: nulls that mean something, errors beside data, and queries' texts."""

import re
from collections.abc import Sequence
from typing import Any

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


def refuse_unexplained_nulls(
    nodes: list[dict[str, Any] | None], body: dict[str, Any], api_url: str
) -> None:
    """A null is a deleted account only where GitHub says NOT_FOUND; else it is a failure."""
    errors = errors_of(body)
    absent = {
        path[-1]
        for error in errors
        if error.get("type") == "NOT_FOUND" and (path := error.get("path"))
    }
    open_nulls = [at for at, node in enumerate(nodes) if node is None and at not in absent]
    if open_nulls:
        raise TransientUpstreamError(
            f"{api_url}/graphql gave {len(open_nulls)} nulls that it does not call NOT_FOUND; "
            f"errors: {_kinds(errors)}"
        )


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
    if not isinstance(found, int):
        raise PermanentUpstreamError(f"{api_url}/graphql gave a databaseId that is no number")
    return found


def _require_explained(path: list[str], errors: list[dict[str, Any]], api_url: str) -> None:
    explained = any(
        error.get("type") == "NOT_FOUND" and (at := error.get("path")) and path[: len(at)] == at
        for error in errors
    )
    is_open = len(path) == 1 or any(error.get("type") != "NOT_FOUND" for error in errors)
    if is_open and not explained:
        raise TransientUpstreamError(
            f"{api_url}/graphql gave a null that it does not call NOT_FOUND; "
            f"errors: {_kinds(errors)}"
        )


def errors_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of `errors` that are objects."""
    errors = body.get("errors")
    return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []


def _kinds(errors: list[dict[str, Any]]) -> str:
    return ", ".join(sorted({str(error.get("type")) for error in errors})) or "none"


def no_data(wanted: str, body: dict[str, Any], api_url: str) -> Exception:
    """What an answer without data is: a failure that passes, or a refusal."""
    errors = errors_of(body)
    message = f"{api_url}/graphql gave no {wanted}; errors: {_kinds(errors)}"
    is_passing = any(
        error.get("type") in _PASSING or str(error.get("message")).startswith(_PASSING_MESSAGE)
        for error in errors
    )
    return TransientUpstreamError(message) if is_passing else PermanentUpstreamError(message)
