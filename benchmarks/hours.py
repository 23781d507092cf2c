"""Synthetic archive hours as large and as compressible as those of early 2025.

The mix of event types, the sizes of their payloads and the ratio of gzip follow whole hours of
2025: 180,000 events, about 700 MB inside and 100 MB compressed. Names, hashes and texts are drawn
from a seed; every URL is spelt out in full, as the archive has it, since that is what a scan
spends its time on.
"""

import json
import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

EVENTS_PER_HOUR = 180_000
_FIRST_EVENT_ID = 45_193_146_633
_BLOCK_EVENTS = 500
_REPOSITORIES = 60_000
_ACTORS = 40_000
_ORGANISATION_SHARE = 0.25
_WORDS_TEXT = (
    "add fix update remove the a to of in for with model build test release config readme docs "
    "bump version error when loading weights from cache support new option and handle empty "
    "value merge branch main refactor client server request response timeout retry token "
    "inference quantised tensor attention layer café naïve 模型 文档 ошибка 🚀 →"
)
_WORDS = _WORDS_TEXT.split()

# Share of each type in an hour, per mille.
MIX = {
    "PushEvent": 621,
    "CreateEvent": 92,
    "PullRequestEvent": 89,
    "IssueCommentEvent": 56,
    "WatchEvent": 46,
    "PullRequestReviewEvent": 25,
    "DeleteEvent": 20,
    "PullRequestReviewCommentEvent": 17,
    "IssuesEvent": 16,
    "ForkEvent": 9,
    "ReleaseEvent": 9,
}


@dataclass(frozen=True, slots=True)
class _Actor:
    number: int
    login: str


@dataclass(frozen=True, slots=True)
class _Repository:
    number: int
    owner: _Actor
    name: str


def lines(seed: int, events: int = EVENTS_PER_HOUR) -> Iterator[bytes]:
    """The lines of one hour, newlines included; the same for the same seed."""
    drawn = random.Random(seed)  # noqa: S311 # a synthetic file needs no secrecy
    actors, repositories = _cast(drawn)
    kinds = drawn.choices(list(MIX), list(MIX.values()), k=events)
    for at, kind in enumerate(kinds):
        # Activity is skewed: a few repositories hold much of it.
        repository = repositories[int(_REPOSITORIES * drawn.random() ** 2)]
        actor = drawn.choice(actors)
        event = {
            "id": str(_FIRST_EVENT_ID + at * 31 + drawn.randrange(31)),
            "type": kind,
            "actor": {
                "id": actor.number,
                "login": actor.login,
                "display_login": actor.login.removesuffix("[bot]"),
                "gravatar_id": "",
                "url": f"https://api.github.com/users/{actor.login}",
                "avatar_url": f"https://avatars.githubusercontent.com/u/{actor.number}?",
            },
            "repo": {
                "id": repository.number,
                "name": f"{repository.owner.login}/{repository.name}",
                "url": _api(repository),
            },
            "payload": _payload(drawn, kind, actor, repository),
            "public": True,
            "created_at": f"2025-01-01T15:{at * 60 // events:02}:{drawn.randrange(60):02}Z",
        }
        if drawn.random() < _ORGANISATION_SHARE:
            event["org"] = {
                "id": repository.owner.number,
                "login": repository.owner.login,
                "gravatar_id": "",
                "url": f"https://api.github.com/orgs/{repository.owner.login}",
                "avatar_url": f"https://avatars.githubusercontent.com/u/{repository.owner.number}?",
            }
        yield json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def repository_ids(seed: int) -> list[int]:
    """Ids of the repositories of an hour, those with the most events first."""
    _, repositories = _cast(random.Random(seed))  # noqa: S311 # as above
    return [repository.number for repository in repositories]


def hour_file(seed: int, events: int = EVENTS_PER_HOUR) -> bytes:
    """One hour as a gzip file of one member, compressed as hard as the archive's are."""
    engine = zlib.compressobj(6, wbits=31)
    parts = []
    block: list[bytes] = []
    for line in lines(seed, events):
        block.append(line)
        if len(block) == _BLOCK_EVENTS:
            parts.append(engine.compress(b"".join(block)))
            block.clear()
    parts.append(engine.compress(b"".join(block)))
    parts.append(engine.flush())
    return b"".join(parts)


def _cast(drawn: random.Random) -> tuple[list[_Actor], list[_Repository]]:
    actors = [
        _Actor(drawn.randrange(1_000, 190_000_000), _word(drawn, 5, 14) + suffix)
        for suffix in [""] * (_ACTORS - 400) + ["[bot]"] * 400
    ]
    repositories = [
        _Repository(number, drawn.choice(actors), _word(drawn, 5, 24))
        for number in drawn.sample(range(10_000, 910_000_000), _REPOSITORIES)
    ]
    return actors, repositories


def _payload(
    drawn: random.Random, kind: str, actor: _Actor, repository: _Repository
) -> dict[str, object]:
    if kind == "PushEvent":
        return _push(drawn, repository)
    if kind in ("CreateEvent", "DeleteEvent"):
        return {
            "ref": _text(drawn, 1, 3).replace(" ", "-"),
            "ref_type": "branch",
            "master_branch": "main",
            "description": _text(drawn, 0, 18),
            "pusher_type": "user",
        }
    if kind == "WatchEvent":
        return {"action": "started"}
    if kind == "ForkEvent":
        return {"forkee": _repository(drawn, repository)}
    if kind == "ReleaseEvent":
        author = _user(actor)
        return {
            "action": "published",
            "release": {"author": author, "tag_name": "v1", "body": _text(drawn, 20, 300)},
        }
    if kind == "IssuesEvent":
        return {"action": "opened", "issue": _issue(drawn, actor, repository)}
    if kind == "IssueCommentEvent":
        issue = _issue(drawn, actor, repository)
        comment = {"user": _user(actor), "body": _text(drawn, 10, 600), **_dates(drawn)}
        return {"action": "created", "issue": issue, "comment": comment}
    pull = _pull(drawn, actor, repository)
    if kind == "PullRequestEvent":
        return {"action": drawn.choice(["opened", "closed"]), "number": 7, "pull_request": pull}
    review = {"user": _user(actor), "body": _text(drawn, 5, 200), "commit_id": _sha(drawn)}
    if kind == "PullRequestReviewEvent":
        return {"action": "created", "review": review, "pull_request": pull}
    hunk = {"diff_hunk": _text(drawn, 30, 200).replace(" a ", "\n+\t"), **review}
    return {"action": "created", "comment": hunk, "pull_request": pull}


def _push(drawn: random.Random, repository: _Repository) -> dict[str, object]:
    commits = [
        {
            "sha": sha,
            "author": {"email": f"{_word(drawn, 6, 12)}@example.org", "name": _text(drawn, 2, 2)},
            "message": _text(drawn, 2, 25),
            "distinct": True,
            "url": f"{_api(repository)}/commits/{sha}",
        }
        for sha in (_sha(drawn) for _ in range(drawn.choice([1, 1, 1, 1, 2, 3])))
    ]
    return {
        "repository_id": repository.number,
        "push_id": drawn.randrange(21_000_000_000, 22_000_000_000),
        "size": len(commits),
        "distinct_size": len(commits),
        "ref": "refs/heads/main",
        "head": commits[-1]["sha"],
        "before": _sha(drawn),
        "commits": commits,
    }


_USER_LINKS_TEXT = (
    "followers following{/other_user} gists{/gist_id} starred{/owner}{/repo} subscriptions orgs "
    "repos events{/privacy} received_events"
)
_USER_LINKS = _USER_LINKS_TEXT.split()
_REPOSITORY_LINKS_TEXT = (
    "forks keys{/key_id} collaborators{/collaborator} teams hooks issues/events{/number} events "
    "assignees{/user} branches{/branch} tags git/blobs{/sha} git/tags{/sha} git/refs{/sha} "
    "git/trees{/sha} statuses/{sha} languages stargazers contributors subscribers subscription "
    "commits{/sha} git/commits{/sha} comments{/number} issues/comments{/number} "
    "contents/{+path} compare/{base}...{head} merges {archive_format}{/ref} downloads "
    "issues{/number} pulls{/number} milestones{/number} notifications{?since,all,participating} "
    "labels{/name} releases{/id} deployments"
)
_REPOSITORY_LINKS = _REPOSITORY_LINKS_TEXT.split()

_REPOSITORY_FLAGS_TEXT = (
    "has_issues has_projects has_downloads has_wiki has_pages has_discussions archived disabled "
    "allow_forking is_template web_commit_signoff_required"
)
_REPOSITORY_FLAGS = _REPOSITORY_FLAGS_TEXT.split()
_REPOSITORY_COUNTS_TEXT = "watchers_count forks_count open_issues_count forks open_issues watchers"
_REPOSITORY_COUNTS = _REPOSITORY_COUNTS_TEXT.split()


def _user(actor: _Actor) -> dict[str, object]:
    root = f"https://api.github.com/users/{actor.login}"
    links = {f"{_key(link)}_url": f"{root}/{link}" for link in _USER_LINKS}
    return {
        "login": actor.login,
        "id": actor.number,
        "node_id": f"U_kgDO{actor.number:x}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{actor.number}?v=4",
        "gravatar_id": "",
        "url": root,
        "html_url": f"https://github.com/{actor.login}",
        **links,
        "type": "User",
        "site_admin": False,
    }


def _repository(drawn: random.Random, repository: _Repository) -> dict[str, object]:
    root = _api(repository)
    links = {f"{_key(link)}_url": f"{root}/{link}" for link in _REPOSITORY_LINKS}
    return {
        "id": repository.number,
        "node_id": f"R_kgDO{repository.number:x}",
        "name": repository.name,
        "full_name": f"{repository.owner.login}/{repository.name}",
        "private": False,
        "owner": _user(repository.owner),
        "description": _text(drawn, 0, 15),
        "fork": False,
        "url": root,
        **links,
        **_dates(drawn),
        "size": drawn.randrange(100_000),
        "stargazers_count": drawn.randrange(1_000),
        "language": drawn.choice(["Python", "TypeScript", "Rust", None]),
        **{each: drawn.random() < 0.7 for each in _REPOSITORY_FLAGS},
        **{each: drawn.randrange(300) for each in _REPOSITORY_COUNTS},
        "ssh_url": f"git@github.com:{repository.owner.login}/{repository.name}.git",
        "svn_url": f"https://github.com/{repository.owner.login}/{repository.name}",
        "clone_url": f"https://github.com/{repository.owner.login}/{repository.name}.git",
        "mirror_url": None,
        "license": {
            "key": "apache-2.0",
            "name": "Apache License 2.0",
            "spdx_id": "Apache-2.0",
            "url": "https://api.github.com/licenses/apache-2.0",
        },
        "topics": _text(drawn, 0, 4).split(),
        "default_branch": "main",
    }


def _issue(drawn: random.Random, actor: _Actor, repository: _Repository) -> dict[str, object]:
    root = f"{_api(repository)}/issues/{drawn.randrange(5_000)}"
    links = {f"{each}_url": f"{root}/{each}" for each in ("labels", "comments", "events")}
    return {
        "url": root,
        **links,
        "id": drawn.randrange(2_700_000_000, 2_800_000_000),
        "title": _text(drawn, 3, 12),
        "user": _user(actor),
        "labels": [],
        "state": "open",
        "comments": drawn.randrange(20),
        **_dates(drawn),
        "body": _text(drawn, 10, 600),
        "reactions": dict.fromkeys(("+1", "-1", "laugh", "hooray", "heart", "rocket"), 0),
    }


def _pull(drawn: random.Random, actor: _Actor, repository: _Repository) -> dict[str, object]:
    side = {
        "label": f"{repository.owner.login}:main",
        "user": _user(repository.owner),
        "sha": _sha(drawn),
        "repo": _repository(drawn, repository),
    }
    return {
        **_issue(drawn, actor, repository),
        "requested_reviewers": [_user(repository.owner)] * drawn.randrange(3),
        "head": {"ref": "patch", **side},
        "base": {"ref": "main", **side},
        "merge_commit_sha": _sha(drawn),
        "_links": {
            each: {"href": f"{_api(repository)}/pulls/{drawn.randrange(5_000)}/{each}"}
            for each in ("self", "html", "issue", "comments", "commits", "statuses")
        },
        "additions": drawn.randrange(2_000),
        "deletions": drawn.randrange(2_000),
        "changed_files": drawn.randrange(50),
    }


def _api(repository: _Repository) -> str:
    return f"https://api.github.com/repos/{repository.owner.login}/{repository.name}"


def _key(link: str) -> str:
    return link.split("{")[0].strip("/").replace("/", "_") or "archive"


def _dates(drawn: random.Random) -> dict[str, object]:
    return {
        f"{each}_at": f"2024-{drawn.randrange(1, 13):02}-0{drawn.randrange(1, 10)}T0"
        f"{drawn.randrange(10)}:{drawn.randrange(60):02}:{drawn.randrange(60):02}Z"
        for each in ("created", "updated", "pushed")
    }


def _sha(drawn: random.Random) -> str:
    return f"{drawn.getrandbits(160):040x}"


def _word(drawn: random.Random, least: int, most: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(drawn.choices(letters, k=drawn.randint(least, most)))


def _text(drawn: random.Random, least: int, most: int) -> str:
    count = drawn.randint(least, most)
    words = drawn.choices(_WORDS, k=count)
    # One word in eight is one that no table of a compressor holds.
    words[::8] = [f"{drawn.getrandbits(36):x}" for _ in words[::8]]
    return " ".join(words)
