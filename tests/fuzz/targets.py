"""The table of fuzz targets: every parser of a stranger's bytes, each a function of some bytes.

A target takes any bytes, accepts the parser's documented refusals, and raises for all else. The
same functions are run by atheris (`make fuzz`), by hypothesis, and on the regression inputs.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.words import (
    COMPANIES,
    CSV,
    DOMAINS,
    ENV,
    EVENT,
    GIT,
    HTTP,
    JSON,
    NAMES,
    PLACES,
    SLACK,
    XML,
    YAML,
    ZIP,
)

FOLDER = Path(__file__).parent
REGRESSIONS = FOLDER / "regressions"


@dataclass(frozen=True)
class Target:
    """One parser under fire.

    Attributes:
        name: of the function in `module`; its seeds come from the function `<name>_seeds`.
        module: in this folder; loaded when it is needed, as some take seconds.
        parser: what it is about, in words.
        share: of all executions, in parts.
        most_bytes: longest input.
        words: that inputs are likely made of, beside what the seeds hold.
    """

    name: str
    module: str
    parser: str
    share: int
    most_bytes: int = 2048
    words: tuple[bytes, ...] = ()

    def load(self) -> Callable[[bytes], None]:
        """The function."""
        return getattr(self._loaded(), self.name)  # type: ignore[no-any-return]

    def seeds(self) -> list[bytes]:
        """Well-formed inputs, most of them the sandbox's own bodies."""
        return getattr(self._loaded(), f"{self.name}_seeds")()  # type: ignore[no-any-return]

    def regressions(self) -> list[Path]:
        """Inputs that were findings once, or attacks worth repeating."""
        return sorted((REGRESSIONS / self.name).glob("*"))

    def _loaded(self) -> object:
        return importlib.import_module(f"tests.fuzz.{self.module}")


TARGETS = {
    each.name: each
    for each in (
        Target("archive_line", "archive", "archive line", 50, 1024, JSON + EVENT),
        Target("archive_long_line", "archive", "long archive line", 2, 1024, JSON + EVENT),
        Target("archive_engines", "archive", "both engines of the scan", 6, words=JSON + EVENT),
        Target("archive_hour", "archive", "gzip body", 2, words=JSON + EVENT),
        Target("archive_transfer", "catalogues", "archive's HTTP", 10, words=HTTP),
        Target("github_events", "github", "REST: events", 3, words=HTTP + JSON + EVENT),
        Target("github_stars", "github", "REST: stars", 4, words=HTTP + JSON),
        Target("github_repository", "github", "REST: repository", 8, words=HTTP + JSON),
        Target("github_profiles", "github", "GraphQL: profiles", 8, words=HTTP + JSON),
        Target("github_authors", "github", "GraphQL: authors", 8, words=HTTP + JSON),
        Target("hub_list", "catalogues", "Hub: lists", 3, words=HTTP + JSON),
        Target("hub_folder", "catalogues", "Hub: saved lists", 12, words=JSON),
        Target("openalex_works", "catalogues", "OpenAlex: works", 2, words=HTTP + JSON),
        Target("openalex_groups", "catalogues", "OpenAlex: counts", 1, words=HTTP + JSON),
        Target("uspto_list", "catalogues", "USPTO: list", 10, words=HTTP + JSON),
        Target("uspto_file", "catalogues", "USPTO: transfer", 4, words=HTTP),
        Target("patents_xml", "patents", "patents' XML", 2, 8192, XML),
        Target("patents_zip", "patents", "patents' zip", 6, words=ZIP),
        Target("mentions", "patents", "text of works", 2, 1024, NAMES),
        Target("innovation_graph", "files", "Innovation Graph", 5, 1024, CSV),
        Target("git_log", "texts", "git's output", 12, 1024, GIT),
        Target("location", "texts", "location", 3, 512, PLACES),
        Target("company", "texts", "company", 8, 512, COMPANIES),
        Target("email_domain", "texts", "e-mail address", 16, 512, DOMAINS),
        Target("rules_yaml", "files", "rules", 4, 2048, YAML),
        Target("reference_csv", "files", "reference files", 2, 2048, CSV),
        Target("settings_env", "files", "settings", 3, 1024, ENV),
        Target("slack_api", "slack", "Slack: Web API", 1, words=HTTP + JSON + SLACK),
        Target("slack_webhook", "slack", "Slack: webhook", 10, 1024, HTTP + SLACK),
        Target("limits", "stored", "headers of limits", 2, 1024, HTTP),
        Target("stored", "stored", "kept files", 2, words=JSON),
    )
}
