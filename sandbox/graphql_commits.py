"""GraphQL's `repository(owner:, name:) { object(oid:) { … } }`: whose account a commit's author is.

A repository that is not there is null beside an error. An object that is not there is null, and so
is a user where GitHub knows no account for the address, or a deleted one: both without an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.commits import PlantedCommit
from sandbox.graphql_text import applicable, block, named_fragments, selected, strings
from sandbox.people import Developer

#: Finds commits of a repository by sha; None where there is no repository `owner/name`.
FindCommit = Callable[[str], Callable[[str], PlantedCommit | None] | None]

_REPOSITORY = re.compile(r"(?:(\w+)\s*:\s*)?\brepository\s*\(([^)]*)\)\s*\{")
_OBJECT = re.compile(r"(?:(\w+)\s*:\s*)?\bobject\s*\(([^)]*)\)\s*\{")
_ARGUMENT = re.compile(r"(\w+)\s*:\s*(\$\w+|\"[^\"]*\")")
_DECLARED = re.compile(r"\$(\w+)\s*:\s*\w+")
_AUTHOR, _USER = re.compile(r"\bauthor\s*\{"), re.compile(r"\buser\s*\{")
_SHA = re.compile(r"[0-9a-f]{40}")


@dataclass
class Repositories:
    """The answer to a query's `repository` fields; `refusal` is why the query is no good."""

    data: dict[str, object] = field(default_factory=dict)
    errors: list[dict[str, object]] = field(default_factory=list)
    refusal: str = ""


def repository_fields(
    query: str,
    variables: Mapping[str, object],
    accounts: Mapping[int, Developer],
    find_commit: FindCommit,
) -> Repositories:
    """Answer every `repository` field of a query.

    Args:
        query: the query's text.
        variables: by name, without `$`.
        accounts: people by numeric id.
        find_commit: finds a repository's commits.
    """
    answer = Repositories()
    declared = set(_DECLARED.findall(query))
    fragments = named_fragments(query)
    for match in _REPOSITORY.finditer(query):
        key = match[1] or "repository"
        asked = _arguments(match[2], variables, declared)
        if missing := {"owner", "name"} - asked.keys():
            answer.refusal = f"Field 'repository' is missing required arguments: {sorted(missing)}"
            return answer
        name = f"{asked['owner']}/{asked['name']}"
        find = find_commit(name)
        if find is None:
            answer.data[key] = None
            answer.errors.append(_not_found(key, name))
            continue
        objects: dict[str, object] = {}
        content = block(query, match.end())
        for inner in _OBJECT.finditer(content):
            sha = _arguments(inner[2], variables, declared).get("oid", "")
            if not _SHA.fullmatch(sha):
                answer.refusal = f"{sha!r} is no value of type GitObjectID"
                return answer
            wanted = applicable(block(content, inner.end()), "Commit", fragments)
            commit = find(sha)
            objects[inner[1] or "object"] = commit and _commit(commit, wanted, accounts)
        answer.data[key] = objects
    return answer


def _arguments(text: str, variables: Mapping[str, object], declared: set[str]) -> dict[str, str]:
    """Arguments by name; a variable that the query does not declare has no value."""
    found = {}
    for name, value in _ARGUMENT.findall(text):
        if not value.startswith("$"):
            found[name] = strings(value)[0]
        elif value[1:] in declared and value[1:] in variables:
            found[name] = str(variables[value[1:]])
    return found


def _commit(
    commit: PlantedCommit, selection: str, accounts: Mapping[int, Developer]
) -> dict[str, object]:
    author = _AUTHOR.search(selection)
    if not author:
        return {}
    content = block(selection, author.end())
    user = _USER.search(content)
    if not user:
        return {"author": {}}
    if commit.linked_id is None:
        return {"author": {"user": None}}
    account = accounts[commit.linked_id]
    known: dict[str, object] = {"databaseId": account.github_id, "login": account.login}
    return {"author": {"user": selected(known, block(content, user.end()))}}


def _not_found(key: str, name: str) -> dict[str, object]:
    return {
        "type": "NOT_FOUND",
        "path": [key],
        "locations": [{"line": 1, "column": 3}],
        "message": f"Could not resolve to a Repository with the name '{name}'.",
    }
