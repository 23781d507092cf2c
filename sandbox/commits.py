"""What people commit to the tracked repositories: git histories that go with their pushes.

A push in the archive is a commit or two of its actor, made minutes before. Times are those of the
author's clock, addresses of the kinds that real histories hold, and each commit's name (SHA-1) is
computed here, so that what a mirror shows can be held against who really wrote it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from sandbox.events import EVENT_TYPES, Activity
from sandbox.hours import EPOCH, hours_of
from sandbox.institutions import DOMAINS, MAIL
from sandbox.people import Developer, Population
from sandbox.repositories import Repository

FIRST_DAY, LAST_DAY = date(2024, 9, 15), date(2024, 12, 16)
#: A fork under a name of its own: it shares its parent's commits up to a day.
FORK, FORK_PARENT = "sandbox-qwen/qwen-vision", "sandbox-qwen/qwen-model"
FORKED_AT = datetime(2024, 11, 22, tzinfo=UTC)
#: Its code was withdrawn: git finds no such repository.
WITHDRAWN = "sandbox-baichuan/baichuan-chat"
#: Its first commits state times and zones that no clock shows.
LYING = "sandbox-olmo/olmo-model"
DEFAULT_BRANCH, SIDE_BRANCH = "main", "dev"

_WEB_FLOW = "GitHub <noreply@github.com>"
_README = b"A repository of a synthetic world.\n"
_LIES = ((0, "+0000"), (4_102_444_800, "+0000"), (None, "+9999"))  # 1970, 2100, this zone
#: Of the addresses that are not GitHub's own, those that their owners told GitHub of.
_KNOWN_SHARE = 0.85


@dataclass(frozen=True)
class PlantedCommit:
    """A commit and the truth about it.

    Attributes:
        sha: name, 40 hexadecimal digits.
        repo_id: the repository that it is in; a shared commit stands once for each.
        author_id: numeric id of the account that wrote it, whatever the address says.
        author_email: as in the header.
        linked_id: the account that GitHub holds that address to be of; None where it knows none,
            for a deleted account, and for a machine.
        author_time_s: seconds since 1970, as in the header.
        author_zone: as in the header, such as `+0800`.
        committed_at: UTC.
        is_web_commit: the committer is GitHub's own web flow, at +0000.
        is_bot: by a machine account.
        is_default_branch: reachable from the default branch.
        parents: shas.
        content: the commit object.
    """

    sha: str
    repo_id: int
    author_id: int
    author_email: str
    linked_id: int | None
    author_time_s: int
    author_zone: str
    committed_at: datetime
    is_web_commit: bool
    is_bot: bool
    is_default_branch: bool
    parents: tuple[str, ...]
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class _Address:
    """What stands in an account's commits, and whether GitHub knows whose it is."""

    text: str
    is_known: bool


@dataclass(frozen=True)
class _Draft:
    """A commit before it has a place in a history."""

    actor: Developer
    author_time_s: int
    author_zone: str
    committer_time_s: int
    is_web: bool = False
    is_side: bool = False


def plant_commits(
    seed: int, activity: Activity, population: Population, tracked: Sequence[Repository]
) -> dict[int, tuple[PlantedCommit, ...]]:
    """The histories of the tracked repositories, parents first, by numeric id.

    A withdrawn repository has an empty one.

    Args:
        seed: the world's seed.
        activity: whose pushes the commits go with.
        population: their authors.
        tracked: the repositories that have a history.
    """
    addresses = [_address(seed, index, actor) for index, actor in enumerate(population.actors)]
    address_of = {
        actor.github_id: address
        for actor, address in zip(population.actors, addresses, strict=True)
    }
    drafts: dict[int, list[_Draft]] = defaultdict(list)
    for repository, draft in _drafts(activity, population, len(tracked)):
        drafts[repository].append(draft)
    histories: dict[int, tuple[PlantedCommit, ...]] = {}
    by_name = {row.name: index for index, row in enumerate(tracked)}
    for name in (FORK_PARENT, *(name for name in by_name if name != FORK_PARENT)):
        row = tracked[by_name[name]]
        wanted = [] if name == WITHDRAWN else drafts[by_name[name]]
        if name == LYING:
            wanted = [*map(_lie, wanted[: len(_LIES)], _LIES), *wanted[len(_LIES) :]]
        history = _History(row.github_id, address_of)
        if name == FORK:
            parent = histories[tracked[by_name[FORK_PARENT]].github_id]
            history.take_over(each for each in parent if each.committed_at < FORKED_AT)
            wanted = [each for each in wanted if each.committer_time_s >= FORKED_AT.timestamp()]
        for draft in wanted:
            history.add(draft)
        histories[row.github_id] = history.finished()
    return histories


def fast_import(history: Sequence[PlantedCommit]) -> bytes:
    """A history as the input of `git fast-import --date-format=raw-permissive`."""
    parts = [b"blob\nmark :1\ndata %d\n%s\n" % (len(_README), _README)]
    marks: dict[str, int] = {}
    for mark, commit in enumerate(history, start=2):
        marks[commit.sha] = mark
        headers, _, message = commit.content.partition(b"\n\n")
        people = b"\n".join(
            line for line in headers.split(b"\n") if line.startswith((b"author", b"committer"))
        )
        # The last commit of each branch is where the branch ends up.
        branch = DEFAULT_BRANCH if commit.is_default_branch else SIDE_BRANCH
        parts.append(
            b"commit refs/heads/%s\nmark :%d\n%s\ndata %d\n%s\n"
            % (branch.encode(), mark, people, len(message), message)
        )
        for kind, parent in zip((b"from", b"merge"), commit.parents, strict=False):
            parts.append(b"%s :%d\n" % (kind, marks[parent]))
        if not commit.parents:
            parts.append(b"M 100644 :1 README.md\n")
        parts.append(b"\n")
    return b"".join(parts)


class _History:
    """One repository's commits, each on top of what was there before."""

    def __init__(self, repo_id: int, address_of: dict[int, _Address]) -> None:
        self._repo_id = repo_id
        self._address_of = address_of
        self._commits: list[PlantedCommit] = []
        self._main: str | None = None
        self._side: str | None = None

    def take_over(self, commits: Iterator[PlantedCommit]) -> None:
        """Begin with the main branch of another repository."""
        for commit in commits:
            if commit.is_default_branch:
                self._commits.append(replace(commit, repo_id=self._repo_id))
                self._main = commit.sha

    def add(self, draft: _Draft) -> None:
        """Put a commit on its branch; a web commit also merges a topic branch of its author."""
        if draft.is_web and self._main:
            topic = replace(draft, is_web=False, committer_time_s=draft.committer_time_s - 1)
            tip = self._commit(topic, (self._main,), is_default=True)
            merge = replace(draft, author_time_s=draft.committer_time_s, author_zone="+0000")
            self._main = self._commit(merge, (self._main, tip), is_default=True)
        elif draft.is_side and self._main:
            self._side = self._commit(draft, (self._side or self._main,), is_default=False)
        else:
            parents = (self._main,) if self._main else ()
            self._main = self._commit(replace(draft, is_web=False), parents, is_default=True)

    def finished(self) -> tuple[PlantedCommit, ...]:
        """All commits, parents first."""
        return tuple(self._commits)

    def _commit(self, draft: _Draft, parents: tuple[str, ...], *, is_default: bool) -> str:
        address = self._address_of[draft.actor.github_id]
        author = f"{draft.actor.login} <{address.text}>"
        committer = _WEB_FLOW if draft.is_web else author
        zone = "+0000" if draft.is_web else _sane(draft.author_zone)
        content = "".join(
            (
                f"tree {_TREE}\n",
                *(f"parent {parent}\n" for parent in parents),
                f"author {author} {draft.author_time_s} {draft.author_zone}\n",
                f"committer {committer} {draft.committer_time_s} {zone}\n",
                f"\nChange {len(self._commits) + 1}\n",
            )
        ).encode()
        sha = _object_name(b"commit", content)
        self._commits.append(
            PlantedCommit(
                sha=sha,
                repo_id=self._repo_id,
                author_id=draft.actor.github_id,
                author_email=address.text,
                linked_id=draft.actor.github_id if address.is_known else None,
                author_time_s=draft.author_time_s,
                author_zone=draft.author_zone,
                committed_at=datetime.fromtimestamp(draft.committer_time_s, UTC),
                is_web_commit=draft.is_web,
                is_bot=draft.actor.is_bot,
                is_default_branch=is_default,
                parents=parents,
                content=content,
            )
        )
        return sha


def _drafts(
    activity: Activity, population: Population, tracked_count: int
) -> Iterator[tuple[int, _Draft]]:
    """(repository, commit) of every push on a tracked repository, in order of time."""
    push = EVENT_TYPES.index("PushEvent")
    zones = [_zone(actor.utc_offset) for actor in population.actors]
    epoch_s = int(EPOCH.timestamp())
    day = FIRST_DAY
    while day <= LAST_DAY:
        hours = hours_of(day)
        for hour in hours:
            events = activity.draw(hour)
            chosen = events.take((events.type_index == push) & (events.repository < tracked_count))
            for actor, repository, second, nonce in zip(
                chosen.actor.tolist(),
                chosen.repository.tolist(),
                chosen.second.tolist(),
                chosen.nonce.tolist(),
                strict=True,
            ):
                # On the push's own day, so that a day's committers are a day's pushers.
                committed = max(second - nonce % 900, hours.start * 3_600 + 1)
                kind = (nonce >> 10) % 100
                # One in five was amended or rebased: written hours before.
                delay = (nonce >> 20) % 21_600 if (nonce >> 40) % 5 == 0 else 0
                yield (
                    repository,
                    _Draft(
                        actor=population.actors[actor],
                        author_time_s=epoch_s + committed - delay,
                        author_zone=zones[actor],
                        committer_time_s=epoch_s + committed,
                        is_web=kind < 12,
                        is_side=kind >= 92,
                    ),
                )
        day += timedelta(days=1)


def _lie(draft: _Draft, lie: tuple[int | None, str]) -> _Draft:
    time_s, zone = lie
    return replace(
        draft,
        author_time_s=draft.author_time_s if time_s is None else time_s,
        author_zone=zone,
        is_web=False,
        is_side=False,
    )


def _sane(zone: str) -> str:
    return zone if abs(int(zone)) <= 1_400 else "+0000"


def _zone(utc_offset: float) -> str:
    """Hours east of UTC as git writes them; machines run on UTC."""
    minutes = 0 if np.isnan(utc_offset) else round(utc_offset * 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"


def _address(seed: int, index: int, actor: Developer) -> _Address:
    """An account's address in commits, and whether GitHub knows whose it is.

    GitHub's own form, of a mail provider of all countries, or of an institution or provider of the
    person's country. The names are invented: `-sbx`.
    """
    own = f"{actor.github_id}+{actor.login}@users.noreply.github.com"
    if actor.is_bot:
        return _Address(own, is_known=False)
    rng = np.random.default_rng([seed, 6, index])
    kind = rng.random()
    pick = rng.random()
    is_known = bool(rng.random() < _KNOWN_SHARE) and not actor.is_deleted
    if kind < 0.45:
        return _Address(own, is_known=not actor.is_deleted)
    if kind < 0.50:
        text = f"{actor.login}@users.noreply.github.com"
        return _Address(text, is_known=not actor.is_deleted)
    if kind < 0.72:
        return _Address(f"{actor.login}@{_one_of(MAIL, pick)}", is_known=is_known)
    if kind < 0.74:
        return _Address(f"{actor.login.capitalize()}@Sandbox-Systems.com", is_known=is_known)
    if kind < 0.99:
        domain = _one_of(DOMAINS[str(actor.country)], pick)
        return _Address(f"{actor.login}@{domain}", is_known=is_known)
    # GitHub takes no address that it cannot write to.
    return _Address(f"{actor.login}@{actor.login}-laptop.local", is_known=False)


def _one_of(texts: Sequence[str], pick: float) -> str:
    return texts[int(pick * len(texts))]


def _object_name(kind: bytes, content: bytes) -> str:
    """Git's name of an object: SHA-1 over kind, length and content."""
    framed = b"%s %d\0%s" % (kind, len(content), content)
    return hashlib.sha1(framed, usedforsecurity=False).hexdigest()


_TREE = _object_name(b"tree", b"100644 README.md\0" + bytes.fromhex(_object_name(b"blob", _README)))
