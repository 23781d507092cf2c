"""Payloads of archive events: the fields that matter, nested as the real ones, and hostile text.

Every function takes a `Scene` and returns a JSON object as text. All variety comes from the
scene's random bits, so that an event has the same payload whenever and wherever it is written.
"""

from __future__ import annotations

from typing import NamedTuple

import orjson

_API = "https://api.github.com"
_TEXTS = tuple(
    orjson.dumps(text).decode()
    for text in (
        "Fix build",
        "Add tests for the tokenizer",
        "Update README.md",
        "Bump version to 1.4.2",
        "How do I run this on two GPUs?",
        "CUDA out of memory at batch size 8\r\n\r\nTraceback (most recent call last):\n  ...",
        "无法加载模型权重",
        "トークナイザーのエラー 🙏",
        "Поддержка длинного контекста",
        'parser fails on {"repo":{"id":1,"name":"sandbox-qwen/qwen-model"}}',
        '"repo":{"id":3900000011,"name":"sandbox-qwen/qwen-model"},"type":"WatchEvent"',
        "See sandbox-deepseek/deepseek-model#12 and https://github.com/sandbox-llama/llama-model",
        "<script>alert('sandbox')</script> & <b>bold</b>",
        'ends with a backslash \\ and a quote "',
        "tab\there, line separator \u2028, zero width \u200b, emoji 👩‍💻, escaped \u0000 nul",
        "},{\n]}",
        "LGTM",
        "Thanks, works for me.",
        "refactor: split the loader into modules that each do one thing, and say so in their names",
        "日本語とEnglishの混在 / mélange de langues / смешанный текст",
    )
)
_BRANCHES = ("main", "dev", "fix-loader", "feature/long-context", "docs", "release-1.4")
#: event_type -> what `action` can say; types that are not here have no such field.
_STATES = ("opened", "closed", "reopened")
ACTIONS = {
    "WatchEvent": ("started",),
    "PullRequestEvent": _STATES,
    "PullRequestReviewEvent": ("created",),
    "PullRequestReviewCommentEvent": ("created",),
    "IssuesEvent": _STATES,
    "IssueCommentEvent": ("created",),
    "ReleaseEvent": ("published",),
}
#: The bits of an event's nonce that choose among the words of a field.
CHOICE_SHIFT = 29


class Scene(NamedTuple):
    """What a payload is made from: the actor's user object, the repository, the time, and bits.

    `is_trimmed` asks for the short payloads that the feed gives since 2025-10-07.
    """

    nonce: int
    login: str
    user: str
    repository: str
    repository_id: int
    repository_fragment: str
    created_at: str
    is_trimmed: bool

    @property
    def number(self) -> int:
        """Number of an issue or pull request."""
        return self.nonce % 9_000 + 1

    @property
    def object_id(self) -> int:
        """Numeric id of the thing the event is about."""
        return 2_000_000_000 + (self.nonce >> 7) % 900_000_000

    @property
    def sha(self) -> str:
        """A commit's 40 hexadecimal digits."""
        return f"{self.nonce:016x}{self.nonce ^ 0x9E3779B97F4A7C15:016x}{self.nonce >> 32:08x}"

    @property
    def text(self) -> str:
        """A title or message, as JSON."""
        return _TEXTS[(self.nonce >> 11) % len(_TEXTS)]

    @property
    def body(self) -> str:
        """A longer text or null, as JSON."""
        kind = (self.nonce >> 19) % (len(_TEXTS) + 4)
        return _TEXTS[kind] if kind < len(_TEXTS) else "null"

    @property
    def branch(self) -> str:
        """A branch name."""
        return _BRANCHES[(self.nonce >> 23) % len(_BRANCHES)]

    def pick(self, *choices: str) -> str:
        """One of the choices."""
        return choices[(self.nonce >> CHOICE_SHIFT) % len(choices)]


def watch(scene: Scene) -> str:
    """A star."""
    return '{"action":"started"}'


def fork(scene: Scene) -> str:
    """A fork, with the new repository nested as `forkee`."""
    name = scene.repository.split("/", 1)[1]
    full_name = f"{scene.login}/{name}"
    return (
        f'{{"forkee":{{"id":{scene.object_id},"node_id":"R_{scene.sha[:10]}","name":"{name}",'
        f'"full_name":"{full_name}","private":false,"owner":{scene.user},'
        f'"html_url":"https://github.com/{full_name}","description":{scene.body},"fork":true,'
        f'"url":"{_API}/repos/{full_name}","created_at":"{scene.created_at}",'
        f'"updated_at":"{scene.created_at}","homepage":null,"size":0,"stargazers_count":0,'
        f'"language":null,"forks_count":0,"visibility":"public","default_branch":"main",'
        f'"public":true}}}}'
    )


def push(scene: Scene) -> str:
    """A push: with its commits, or with the five fields left of it."""
    head = scene.sha
    if scene.is_trimmed:
        return (
            f'{{"repository_id":{scene.repository_id},"push_id":{scene.object_id * 10},'
            f'"ref":"refs/heads/{scene.branch}","head":"{head}","before":"{head[::-1]}"}}'
        )
    return (
        f'{{"repository_id":{scene.repository_id},"push_id":{scene.object_id * 10},"size":1,'
        f'"distinct_size":1,"ref":"refs/heads/{scene.branch}","head":"{head}",'
        f'"before":"{head[::-1]}","commits":[{{"sha":"{head}",'
        f'"author":{{"email":"{scene.login}@example.org","name":"{scene.login}"}},'
        f'"message":{scene.text},"distinct":true,'
        f'"url":"{_API}/repos/{scene.repository}/commits/{head}"}}]}}'
    )


def pull_request(scene: Scene) -> str:
    """A pull request opened or closed."""
    action = scene.pick(*_STATES)
    return f'{{"action":"{action}","number":{scene.number},"pull_request":{_pull_request(scene)}}}'


def pull_request_review(scene: Scene) -> str:
    """A review of a pull request."""
    return (
        f'{{"action":"created","review":{{"id":{scene.object_id},"user":{scene.user},'
        f'"body":{scene.body},"commit_id":"{scene.sha}","submitted_at":"{scene.created_at}",'
        f'"state":"{scene.pick("approved", "commented", "changes_requested")}"'
        f'{_association(scene, "MEMBER")}}},"pull_request":{_pull_request(scene)}}}'
    )


def pull_request_review_comment(scene: Scene) -> str:
    """A comment on a line of a pull request."""
    return (
        f'{{"action":"created","comment":{{"url":"{_API}/repos/{scene.repository}/pulls/comments/'
        f'{scene.object_id}","id":{scene.object_id},"diff_hunk":"@@ -1,2 +1,2 @@\\n-a\\n+b",'
        f'"path":"src/model.py","commit_id":"{scene.sha}","user":{scene.user},'
        f'"body":{scene.text},"created_at":"{scene.created_at}"}},'
        f'"pull_request":{_pull_request(scene)}}}'
    )


def issues(scene: Scene) -> str:
    """An issue opened or closed."""
    action = scene.pick(*_STATES)
    return f'{{"action":"{action}","issue":{_issue(scene)}}}'


def issue_comment(scene: Scene) -> str:
    """A comment on an issue."""
    return f'{{"action":"created","issue":{_issue(scene)},"comment":{_comment(scene)}}}'


def commit_comment(scene: Scene) -> str:
    """A comment on a commit."""
    return f'{{"comment":{_comment(scene)}}}'


def create(scene: Scene) -> str:
    """A branch made."""
    return (
        f'{{"ref":"{scene.branch}","ref_type":"branch","master_branch":"main",'
        f'"description":{scene.body},"pusher_type":"user"}}'
    )


def delete(scene: Scene) -> str:
    """A branch removed."""
    return f'{{"ref":"{scene.branch}","ref_type":"branch","pusher_type":"user"}}'


def release(scene: Scene) -> str:
    """A release published."""
    tag = f"v1.{scene.number % 40}.{scene.number % 7}"
    return (
        f'{{"action":"published","release":{{"url":"{_API}/repos/{scene.repository}/releases/'
        f'{scene.object_id}","id":{scene.object_id},"author":{scene.user},"tag_name":"{tag}",'
        f'"target_commitish":"main","name":"{tag}","draft":false,"prerelease":false,'
        f'"created_at":"{scene.created_at}","published_at":"{scene.created_at}","assets":[],'
        f'"body":{scene.body}}}}}'
    )


def _pull_request(scene: Scene) -> str:
    """A pull request; both its ends nest an object named `repo`, the head's is the actor's fork."""
    name = scene.repository.split("/", 1)[1]
    fork_name = f"{scene.login}/{name}"
    if scene.is_trimmed:
        return (
            f'{{"url":"{_API}/repos/{scene.repository}/pulls/{scene.number}",'
            f'"id":{scene.object_id},"number":{scene.number},'
            f'"head":{{"ref":"{scene.branch}","sha":"{scene.sha}",'
            f'"repo":{{"id":{scene.object_id + 1},"url":"{_API}/repos/{fork_name}",'
            f'"name":"{name}"}}}},"base":{{"ref":"main","sha":"{scene.sha[::-1]}",'
            f'"repo":{scene.repository_fragment}}}}}'
        )
    return (
        f'{{"url":"{_API}/repos/{scene.repository}/pulls/{scene.number}","id":{scene.object_id},'
        f'"html_url":"https://github.com/{scene.repository}/pull/{scene.number}",'
        f'"number":{scene.number},"state":"open","locked":false,"title":{scene.text},'
        f'"user":{scene.user},"body":{scene.body},"created_at":"{scene.created_at}",'
        f'"updated_at":"{scene.created_at}","closed_at":null,"merged_at":null,'
        f'"head":{{"label":"{scene.login}:{scene.branch}","ref":"{scene.branch}",'
        f'"sha":"{scene.sha}","user":{scene.user},"repo":{{"id":{scene.object_id + 1},'
        f'"name":"{name}","full_name":"{fork_name}","private":false,"fork":true,'
        f'"url":"{_API}/repos/{fork_name}"}}}},"base":{{"label":"{scene.branch}","ref":"main",'
        f'"sha":"{scene.sha[::-1]}","repo":{scene.repository_fragment}}},'
        f'"author_association":"CONTRIBUTOR","merged":false,"comments":0,"commits":1}}'
    )


def _issue(scene: Scene) -> str:
    return (
        f'{{"url":"{_API}/repos/{scene.repository}/issues/{scene.number}",'
        f'"repository_url":"{_API}/repos/{scene.repository}","id":{scene.object_id},'
        f'"number":{scene.number},"title":{scene.text},"user":{scene.user},"labels":[],'
        f'"state":"{scene.pick("open", "closed")}","locked":false,"assignee":null,"comments":2,'
        f'"created_at":"{scene.created_at}","updated_at":"{scene.created_at}"'
        f'{_association(scene, "NONE")},"body":{scene.body}}}'
    )


def _comment(scene: Scene) -> str:
    return (
        f'{{"url":"{_API}/repos/{scene.repository}/issues/comments/{scene.object_id}",'
        f'"id":{scene.object_id},"user":{scene.user},"created_at":"{scene.created_at}",'
        f'"updated_at":"{scene.created_at}"{_association(scene, "NONE")},"body":{scene.text}}}'
    )


def _association(scene: Scene, name: str) -> str:
    """A field of what an author is to the repository, with the comma before it, while there is."""
    return "" if scene.is_trimmed else f',"author_association":"{name}"'
