"""As much of GitHub's GraphQL as profile look-ups need: `nodes(ids:)`, aliased or not.

The query is read with regular expressions, tolerant of layout; what a node answers is what the
query selects for its type, so that a field forgotten in a query is missing here as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.node_ids import account_of, bot_node_id, user_node_id
from sandbox.people import Developer

MAX_IDS = 100
_NODES = re.compile(r"(?:(\w+)\s*:\s*)?\bnodes\s*\(\s*ids\s*:\s*(\$\w+|\[[^\]]*\])\s*\)\s*\{")
_STRING = re.compile(r'"([^"\\]*)"')
_NAMED_FRAGMENT = re.compile(r"\bfragment\s+(\w+)\s+on\s+(\w+)\s*\{")
_INLINE_FRAGMENT = re.compile(r"\.\.\.\s*on\s+(\w+)\s*\{")
_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)(\w+)")
_RATE_LIMIT = re.compile(r"\brateLimit\s*\{([^}]*)\}")
_WORD = re.compile(r"\w+")
#: Types and interfaces whose fragments apply to a node of a type.
_APPLIES = {
    "User": {"User", "Actor", "Node", "ProfileOwner", "RepositoryOwner"},
    "Bot": {"Bot", "Actor", "Node"},
}


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
    rate_limit: Mapping[str, object],
) -> dict[str, object]:
    """The body of GitHub's answer to a query.

    Args:
        query: the query's text.
        variables: by name, without `$`.
        accounts: people and bots by numeric id.
        rate_limit: what a `rateLimit` field may select.

    Returns:
        `data` and, when something could not be resolved, `errors` beside it.
    """
    fields = _nodes_fields(query, variables)
    wanted_rate = _RATE_LIMIT.search(query)
    if not fields and not wanted_rate:
        return {"errors": [{"message": "the sandbox answers nodes(ids:) and rateLimit only"}]}
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
    data: dict[str, object] = {}
    errors: list[dict[str, object]] = []
    fragments = _named_fragments(query)
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
        data["rateLimit"] = _selected(rate_limit, wanted_rate[1])
    return {"data": data, "errors": errors} if errors else {"data": data}


def _nodes_fields(query: str, variables: Mapping[str, object]) -> list[_Field]:
    fields = []
    for match in _NODES.finditer(query):
        if match[2].startswith("$"):
            value = variables.get(match[2][1:])
            ids = [str(item) for item in value] if isinstance(value, list) else []
        else:
            ids = _STRING.findall(match[2])
        fields.append(_Field(match[1] or "nodes", ids, _block(query, match.end())))
    return fields


def _named_fragments(query: str) -> dict[str, tuple[str, str]]:
    """Fragment name -> (type it is on, what it selects)."""
    return {
        match[1]: (match[2], _block(query, match.end()))
        for match in _NAMED_FRAGMENT.finditer(query)
    }


def _block(query: str, start: int) -> str:
    """Text from `start`, just behind an opening brace, to the brace that closes it."""
    depth = 1
    for position in range(start, len(query)):
        depth += {"{": 1, "}": -1}.get(query[position], 0)
        if depth == 0:
            return query[start:position]
    return query[start:]


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
    return _selected(known, _applicable(selection, kind, fragments))


def _applicable(selection: str, kind: str, fragments: Mapping[str, tuple[str, str]]) -> str:
    """The names that a selection asks of a node of a type, fragments of other types left out."""
    for name in _SPREAD.findall(selection):
        if name in fragments:
            on_type, block = fragments[name]
            selection += f" ... on {on_type} {{ {block} }}"
    selection = _SPREAD.sub(" ", selection)
    while match := _INLINE_FRAGMENT.search(selection):
        block = _block(selection, match.end())
        kept = block if match[1] in _APPLIES[kind] else ""
        selection = (
            f"{selection[: match.start()]} {kept} {selection[match.end() + len(block) + 1 :]}"
        )
    return selection


def _selected(known: Mapping[str, object], selection: str) -> dict[str, object]:
    return {name: known[name] for name in _WORD.findall(selection) if name in known}


def _not_found(key: str, index: int, node_id: str) -> dict[str, object]:
    return {
        "type": "NOT_FOUND",
        "path": [key, index],
        "locations": [{"line": 1, "column": 3}],
        "message": f"Could not resolve to a node with the global id of '{node_id}'",
    }
