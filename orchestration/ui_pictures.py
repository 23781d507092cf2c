"""Takes the pictures of the Dagster UI that the documentation shows, of a sandbox that has run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.processes import end_group, free_port
from orchestration.settings import ROOT, Settings, load_settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SERVING = "Serving dagster-webserver on "
_WAIT_MS = 60_000
_WIDTH, _HEIGHT = 1440, 900
IMAGES = ROOT / "docs" / "images"


def main() -> int:
    """Renew `docs/images/dagster-ui.png` and `dagster-asset.png`."""
    settings = load_settings()
    if not (settings.dagster_home / "dagster.yaml").exists():
        sys.stderr.write(f"{settings.dagster_home} holds no instance yet: `make run` makes one\n")
        return 2
    environment = {**os.environ, "OBSERVATORY_SANDBOX_URL": "http://127.0.0.1:1"}
    log = settings.dagster_home / "ui_pictures.log"
    with webserver(settings, environment, log) as url, opened_page() as page:
        take(page, url, IMAGES)
    return 0


def take(page: "Page", url: str, folder: Path) -> None:
    """Both pictures: the flow as the lineage draws it, and a mart's page."""
    page.goto(f"{url}/asset-groups")
    page.get_by_text("visibility").last.wait_for()
    # The graph is drawn by a worker after the list beside it.
    page.locator("svg path").first.wait_for(state="attached")
    page.get_by_text("Loading").first.wait_for(state="hidden")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=folder / "dagster-ui.png")
    page.goto(f"{url}/assets/mart/engagement")
    page.get_by_text("Step of the flow").wait_for()
    page.get_by_text("Latest check results").wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=folder / "dagster-asset.png")


@contextmanager
def webserver(settings: Settings, environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """The URL of Dagster's UI on a free port of localhost, as long as this block.

    Args:
        settings: whose instance it shows.
        environment: in which it runs; the instance's folder is added.
        log: file that takes what it prints.

    Raises:
        RuntimeError: it ended before it served.
    """
    port = free_port()
    command = [
        sys.executable, "-m", "dagster_webserver", "--host", "127.0.0.1", "--port", str(port),
        "--workspace", str(ROOT / "workspace.yaml"),
    ]  # fmt: skip
    home = {"DAGSTER_HOME": str(settings.dagster_home), "PYTHONUNBUFFERED": "1"}
    with log.open("w") as copy:
        process = subprocess.Popen(  # noqa: S603 - Dagster's own module
            command,
            cwd=ROOT,
            env={**environment, **home},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            for line in process.stdout or ():
                copy.write(line)
                if _SERVING in line:
                    break
            else:
                raise RuntimeError(f"the webserver ended before it served: {log}")
            yield f"http://127.0.0.1:{port}"
        finally:
            end_group(process)


@contextmanager
def opened_page() -> Iterator["Page"]:
    """A page of the machine's chromium, which is ended afterwards."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        try:
            page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
            page.set_default_timeout(_WAIT_MS)
            yield page
        finally:
            browser.close()


if __name__ == "__main__":
    sys.exit(main())
