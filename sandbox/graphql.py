"""As much of GitHub's GraphQL as is asked: `nodes(ids:)`, `repository`, `rateLimit`.

Any number of fields, aliased or not; what is answered is what the query selects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.graphql_commits import FindCommit, repository_fields
from sandbox.graphql_text import applicable, block, named_fragments, selected, strings
from sandbox.node_ids import account_of, bot_node_id, user_node_id
from sandbox.people import Developer

MAX_IDS = 100
_NODES = re.compile(r"(?:(\w+)\s*:\s*)?\bnodes\s*\(\s*ids\s*:\s*(\$\w+|\[[^\]]*\])\s*\)\s*\{")
_RATE_LIMIT = re.compile(r"\brateLimit\s*\{([^}]*)\}")


@dataclass(frozen=True)
class _Field:
    """One `nodes` field of a query: the key of its answer, its ids, and what it selects."""

    key: str
    ids: list[str]
    selection: str


def answer_query(
    query: str,
    variables: Mapping[str, object],
    accounts: Mapping[int, Developer],
    find_commit: FindCommit,
    rate_limit: Mapping[str, object],
) -> dict[str, object]:
    """The body of GitHub's answer to a query.

    Args:
        query: the query's text.
        variables: by name, without `$`.
        accounts: people and bots by numeric id.
        find_commit: finds a repository's commits.
        rate_limit: what a `rateLimit` field may select.

    Returns:
        `data` and, when something could not be resolved, `errors` beside it.
    """
    fields = _nodes_fields(query, variables)
    wanted_rate = _RATE_LIMIT.search(query)
    repositories = repository_fields(query, variables, accounts, find_commit)
    if repositories.refusal:
        return {"errors": [{"message": repositories.refusal}]}
    if not fields and not repositories.data and not wanted_rate:
        message = "the sandbox answers nodes(ids:), repository and rateLimit only"
        return {"errors": [{"message": message}]}
    too_many = [
        {
            "message": f"You may not provide more than {MAX_IDS} node ids; "
            f"you provided {len(field.ids)}.",
            "type": "ARGUMENT_LIMIT",
            "path": [field.key],
            "locations": [{"line": 1, "column": 3}],
        }
        for field in fields
        if len(field.ids) > MAX_IDS
    ]
    if too_many:
        return {"data": None, "errors": too_many}
    data, errors = dict(repositories.data), list(repositories.errors)
    fragments = named_fragments(query)
    for field in fields:
        nodes: list[dict[str, object] | None] = []
        for index, node_id in enumerate(field.ids):
            account = accounts.get(account_of(node_id) or -1)
            if account is None or account.is_deleted:
                errors.append(_not_found(field.key, index, node_id))
                nodes.append(None)
            else:
                nodes.append(_node(account, field.selection, fragments))
        data[field.key] = nodes
    if wanted_rate:
        data["rateLimit"] = selected(rate_limit, wanted_rate[1])
    return {"data": data, "errors": errors} if errors else {"data": data}


def _nodes_fields(query: str, variables: Mapping[str, object]) -> list[_Field]:
    fields = []
    for match in _NODES.finditer(query):
        if match[2].startswith("$"):
            value = variables.get(match[2][1:])
            ids = [str(item) for item in value] if isinstance(value, list) else []
        else:
            ids = strings(match[2])
        fields.append(_Field(match[1] or "nodes", ids, block(query, match.end())))
    return fields


def _node(
    account: Developer, selection: str, fragments: Mapping[str, tuple[str, str]]
) -> dict[str, object]:
    kind = "Bot" if account.is_bot else "User"
    known: dict[str, object] = {
        "__typename": kind,
        "id": bot_node_id(account.github_id) if account.is_bot else user_node_id(account.github_id),
        "databaseId": account.github_id,
        "login": account.login.removesuffix("[bot]"),
        "createdAt": f"{account.created_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    if not account.is_bot:
        known |= {"location": account.location, "company": account.company}
    return selected(known, applicable(selection, kind, fragments))


def _not_found(key: str, index: int, node_id: str) -> dict[str, object]:
    return {
        "type": "NOT_FOUND",
        "path": [key, index],
        "locations": [{"line": 1, "column": 3}],
        "message": f"Could not resolve to a node with the global id of '{node_id}'",
    }
