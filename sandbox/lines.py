"""Events as lines of an hourly archive, in the key order and nesting of the real ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import orjson

from sandbox import payloads
from sandbox.events import EVENT_TYPES, Events
from sandbox.hours import EPOCH, hour_number
from sandbox.node_ids import user_node_id
from sandbox.payloads import Scene
from sandbox.people import Developer, Population
from sandbox.repositories import Repositories, Repository

API = "https://api.github.com"
_AVATARS = "https://avatars.githubusercontent.com/u"

_PAYLOADS: dict[str, Callable[[Scene], str]] = {
    "PushEvent": payloads.push,
    "PullRequestEvent": payloads.pull_request,
    "PullRequestReviewEvent": payloads.pull_request_review,
    "PullRequestReviewCommentEvent": payloads.pull_request_review_comment,
    "IssuesEvent": payloads.issues,
    "IssueCommentEvent": payloads.issue_comment,
    "CommitCommentEvent": payloads.commit_comment,
    "WatchEvent": payloads.watch,
    "ForkEvent": payloads.fork,
    "CreateEvent": payloads.create,
    "DeleteEvent": payloads.delete,
    "ReleaseEvent": payloads.release,
}


class _NamedRepository(NamedTuple):
    """A repository under one of its names: the `repo` object and the tail after `created_at`."""

    name: str
    fragment: str
    tail: str


class LineWriter:
    """Writes events of one world as JSON lines."""

    def __init__(self, population: Population, repositories: Repositories) -> None:
        self._actors = population.actors
        self._actor_fragments = tuple(_actor_fragment(actor) for actor in population.actors)
        self._user_fragments = tuple(_user_fragment(actor) for actor in population.actors)
        self._repositories = repositories.rows
        self._now = tuple(_named(row, row.name) for row in repositories.rows)
        # Seconds since 2022-01-01T00Z until which a previous name holds.
        self._before = {
            index: (hour_number(row.renamed_at) * 3_600, _named(row, row.previous_name))
            for index, row in enumerate(repositories.rows)
            if row.previous_name and row.renamed_at
        }

    def write(self, events: Events, *, is_trimmed: bool) -> list[str]:
        """One JSON object an event, without line ends.

        Args:
            events: what to write.
            is_trimmed: payloads are the short ones used since 2025-10-07.
        """
        writers = [_PAYLOADS[name] for name in EVENT_TYPES]
        epoch = np.datetime64(EPOCH.replace(tzinfo=None), "s")
        times = np.datetime_as_string(epoch + events.second.astype("timedelta64[s]")).tolist()
        lines = []
        for event_id, type_index, actor, repository, second, nonce, time in zip(
            events.event_id.tolist(),
            events.type_index.tolist(),
            events.actor.tolist(),
            events.repository.tolist(),
            events.second.tolist(),
            events.nonce.tolist(),
            times,
            strict=True,
        ):
            named = self._now[repository]
            if repository in self._before and second < self._before[repository][0]:
                named = self._before[repository][1]
            scene = Scene(
                nonce=nonce,
                login=self._actors[actor].login,
                user=self._user_fragments[actor],
                repository=named.name,
                repository_id=self._repositories[repository].github_id,
                repository_fragment=named.fragment,
                created_at=f"{time}Z",
                is_trimmed=is_trimmed,
            )
            lines.append(
                f'{{"id":"{event_id}","type":"{EVENT_TYPES[type_index]}",'
                f'"actor":{self._actor_fragments[actor]},"repo":{named.fragment},'
                f'"payload":{writers[type_index](scene)},"public":true,'
                f'"created_at":"{time}Z"{named.tail}}}'
            )
        return lines


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _actor_fragment(actor: Developer) -> str:
    return _json(
        {
            "id": actor.github_id,
            "login": actor.login,
            "display_login": actor.login.removesuffix("[bot]"),
            "gravatar_id": "",
            "url": f"{API}/users/{actor.login}",
            "avatar_url": f"{_AVATARS}/{actor.github_id}?",
        }
    )


def _user_fragment(actor: Developer) -> str:
    return _json(
        {
            "login": actor.login,
            "id": actor.github_id,
            "node_id": user_node_id(actor.github_id),
            "url": f"{API}/users/{actor.login}",
            "type": "Bot" if actor.is_bot else "User",
            "site_admin": False,
        }
    )


def _named(row: Repository, name: str) -> _NamedRepository:
    fragment = {"id": row.github_id, "name": name, "url": f"{API}/repos/{name}"}
    if not row.is_tracked:
        return _NamedRepository(name, _json(fragment), "")
    owner_id = organisation_id(row)
    organisation = {
        "id": owner_id,
        "login": row.owner,
        "gravatar_id": "",
        "url": f"{API}/orgs/{row.owner}",
        "avatar_url": f"{_AVATARS}/{owner_id}?",
    }
    return _NamedRepository(name, _json(fragment), f',"org":{_json(organisation)}')


def organisation_id(row: Repository) -> int:
    """Numeric id of a tracked repository's owner, above every actor's."""
    return 250_000_000 + sum(ord(letter) << (index % 8) for index, letter in enumerate(row.owner))
