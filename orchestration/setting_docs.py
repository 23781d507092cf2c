"""What each setting means, for people: `docs/settings.md` is made of this and of settings.py."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.settings import NAMES, ROOT, SECRET_NAMES, default_values

PAGE = ROOT / "docs" / "settings.md"
_PREFIX = "OBSERVATORY_"
_INTRODUCTION = """\
# Settings

Made by `make settings-page` of `orchestration/settings.py` and `setting_docs.py`; a test holds it
to them. A setting is a variable of the environment or a line of `.env` in the repository's root;
the environment wins. One that is empty has its default; one that is not known is refused by name.
Paths begin at the repository's root, whatever folder a process starts in. Secrets print as
nothing: they are in no log, no error, no metadata, no page and no backup. Each can be given as a
file instead, whose path is in a setting of its name with `_FILE` behind it
(`OBSERVATORY_GITHUB_TOKEN_FILE=/run/secrets/github`); the file goes before a value. `make doctor`
says which of these files, and of `.env`, others on the machine can read.

Defaults are by the upstream that `OBSERVATORY_UPSTREAM` chooses; `{sandbox}` stands for the
address of the sandbox that runs.
"""


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together, and what each means, by name without the prefix."""

    title: str
    meanings: Mapping[str, str]


GROUPS = (
    Group(
        "Which world, and where things are",
        {
            "UPSTREAM": "`sandbox`, a synthetic world on this machine, or `live`",
            "DATA": "Folder of Parquet, warehouse, published files and, on SQLite, Dagster's "
            "storage. Each upstream has its own, so that synthetic and real figures never mix",
            "LAKE": "Folder of Parquet, or `s3://bucket/folder` (keys by AWS's own variables, "
            "`AWS_ACCESS_KEY_ID` and others, or its files); empty for `lake` in the data folder",
            "CACHE": "Folder of what can be made again from the installed packages",
            "FIRST_DAY": "First daily partition, YYYY-MM-DD",
            "NOW": "ISO time with offset that stands in for the clock, in demonstrations and tests",
            "SANDBOX_URL": "A sandbox that runs already, instead of one that each command starts",
        },
    ),
    Group(
        "Upstreams",
        {
            "ARCHIVE_BASE_URLS": "Hourly archives: http, https or file URLs, by commas, in order "
            "of preference",
            "SECOND_ARCHIVE_BASE_URLS": "A second archive of the same layout; `none` for none",
            "SECOND_ARCHIVE_FIRST_DAY": "First day that the second archive has",
            "GITHUB_API_URL": "GitHub's REST and GraphQL API",
            "GITHUB_TOKEN": "GitHub token, or several by commas; no scope needed",
            "GIT_URL": "Where repositories are cloned from: `owner/name` is put behind it",
            "INNOVATION_GRAPH_URL": "Folder of the CSV files of GitHub's Innovation Graph",
            "OPENALEX_URL": "OpenAlex's API",
            "OPENALEX_KEY": "OpenAlex key",
            "USPTO_URL": "The USPTO's Open Data Portal, or a folder of its weekly files",
            "USPTO_KEY": "USPTO key",
            "USPTO_FILE_HOSTS": "Hosts that the portal may send a download on to, by commas; "
            "`.uspto.gov` stands for all below it. To any other nothing is sent",
            "HUB_URL": "The Hugging Face Hub, or a folder of saved lists",
            "HUB_TOKEN": "Hugging Face token; optional, no scope needed",
            "HUB_AUTHORS": "File of accounts on the Hub and the families that they publish",
            "HUB_CALLS": "Most pages that a day's snapshot of the Hub may take",
            "DOWNLOAD_WORKERS": "Downloads at once",
            "DOWNLOAD_RATE": "Most bytes a second that archives are read with, of all processes "
            "of all machines of a run together; 0 for no bound",
            "RETRY_ATTEMPTS": "Tries of a request that fails for a while",
        },
    ),
    Group(
        "Measurement",
        {
            "TRACKED_REPOSITORIES": "File of the repositories to track",
            "PANEL_ONE_IN": "One actor in so many belongs to the panel that baselines are measured "
            "on; 0 for none",
            "EVENT_CAP": "Most events counted of an account, day and event group",
            "HASH_KEY": "Long random text: commit authors' addresses are kept only as hashes keyed "
            "with it. With another one, each author counts as somebody else",
        },
    ),
    Group(
        "Alerts and Slack",
        {
            "RULES": "File of the alert rules",
            "ALERT_MAX_AGE_DAYS": "Days of data older than this many days raise no alert",
            "ALERT_DEAD_AFTER_HOURS": "A message that Slack has not taken by then is given up",
            "SLACK_TOKEN": "Bot token (`xoxb-…`)",
            "SLACK_CHANNEL": "Id of the channel (`C…`)",
            "SLACK_WEBHOOK_URL": "Incoming webhook, where there is no token",
            "SLACK_API_URL": "Slack's API",
            "UI_URL": "Where readers of messages reach the Dagster UI; empty for no link",
            "PAGE_URL": "Where they reach the published page; empty for no link",
        },
    ),
    Group(
        "Production",
        {
            "HEARTBEAT_URL": "Dead man's switch: an address that is called after each good daily "
            "run, by a service that raises alarm when no call came for a day; empty for none",
            "ENGINE": "What works on days of activity: `local`, `dask:2` (so many workers on this "
            "machine, for each run), or the address of a cluster, `tcp://HOST:PORT`",
            "DAGSTER_STORAGE": "PostgreSQL database of Dagster's storage, "
            "`postgresql://USER:PASSWORD@HOST/DATABASE`; empty for SQLite files in the data folder",
            "BACKUPS": "Folder that `make backup` puts its folders in",
            "BACKUPS_KEPT": "Backups that are kept; older ones go",
            "KEEP_RUNS_DAYS": "Runs that ended within so many days stay (60 or more); older ones "
            "only where they say what is made",
            "KEEP_LOGS_DAYS": "So do the logs of runs that ended within so many days; a backfill "
            "that is gone on with later than that makes its days again",
        },
    ),
)


def render() -> str:
    """The page, in Markdown.

    Raises:
        ValueError: a setting has no meaning here, or a meaning no setting.
    """
    described = [name for group in GROUPS for name in group.meanings]
    known = [name.removeprefix(_PREFIX) for name in NAMES]
    if wrong := sorted(set(described) ^ set(known)):
        raise ValueError(f"settings.py and setting_docs.py differ in {', '.join(wrong)}")
    live, sandbox = default_values("live"), default_values("sandbox")
    secrets = {name.removeprefix(_PREFIX) for name in SECRET_NAMES}
    lines = [_INTRODUCTION]
    for group in GROUPS:
        lines += [
            f"## {group.title}",
            "",
            "| setting | meaning | default, live | default, sandbox |",
            "|---|---|---|---|",
        ]
        for name, meaning in group.meanings.items():
            is_secret = name in secrets
            defaults = [_shown(each[name], is_secret=is_secret) for each in (live, sandbox)]
            mark = " **Secret.**" if is_secret else ""
            lines.append(f"| `{_PREFIX}{name}` | {meaning}.{mark} | {' | '.join(defaults)} |")
        lines.append("")
    lines += [
        "## Tests",
        "",
        "| variable | meaning |",
        "|---|---|",
        "| `OBSERVATORY_REAL_DATA` | Folder of real files; tests that need it skip where it is not "
        "there. |",
        "| `TEST_CLUSTER` | Any value runs whole backfills on a cluster (`make test-cluster`). |",
        "| `TEST_TRIES` | How often tests of chance are tried (`make test-crash`), or thousands of "
        "kills (`make test-faults`). |",
        "| `TEST_DAGSTER_STORAGE` | `postgres` runs `tests/orchestration` on a PostgreSQL server "
        "that the tests start. |",
    ]
    return "\n".join(lines) + "\n"


def _shown(value: str, *, is_secret: bool) -> str:
    if not value:
        return "none"
    return "the sandbox's own" if is_secret else f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(render())
    sys.stdout.write(f"{PAGE}\n")
