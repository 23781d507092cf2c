"""The page in a browser: every chart is drawn, and its own policy stands in nothing's way."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from assets.report.edition import Edition
from assets.report.page import page_html, page_sections
from tests.assets.report.editions import edition, emptied, hostile

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=20000",
    "--dump-dom",
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


def opened(folder: Path, one: Edition, zone: str = "UTC") -> tuple[str, list[str]]:
    """The document of an edition's page once it is drawn, and what the console says."""
    (folder / "index.html").write_text(page_html(one, page_sections(one)), encoding="utf-8")
    return opened_file(folder, zone)


def opened_file(folder: Path, zone: str = "UTC") -> tuple[str, list[str]]:
    """The same of the page that lies in a folder."""
    page = folder / "index.html"
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={folder / 'profile'}", page.as_uri()]
    environment = {**os.environ, "TZ": zone}
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return result.stdout, [line for line in result.stderr.splitlines() if "CONSOLE" in line]


@pytest.mark.parametrize(
    ("one", "charts"),
    [
        pytest.param(edition("sandbox"), 4, id="a week"),
        pytest.param(hostile("</script><script>alert(1)</script>\0\u2028"), 4, id="hostile names"),
        pytest.param(emptied(), 0, id="before the first day"),
    ],
)
def test_all_charts_are_drawn_and_the_console_is_empty(
    tmp_path: Path, one: Edition, charts: int
) -> None:
    document, said = opened(tmp_path, one)
    assert said == []
    assert 'data-drawn="4"' in document
    assert len(re.findall(r'<svg[^>]*class="marks"', document)) == charts
    assert 'class="failed"' not in document


def test_days_are_utc_whatever_the_clock_of_the_reader(tmp_path: Path) -> None:
    """The week begins on 2 December: west of Greenwich its midnight is on the first."""
    document, _ = opened(tmp_path, edition(), "America/Los_Angeles")
    labels = re.findall(r">(\d\d [A-Z][a-z]{2})</text>", document)
    assert {"02 Dec", "08 Dec"} <= set(labels)
    assert "01 Dec" not in labels


def test_a_script_that_is_not_the_pages_own_does_not_run(tmp_path: Path) -> None:
    one = edition()
    html = page_html(one, page_sections(one))
    script = "<script>document.documentElement.dataset.foreign = 'yes'</script></body>"
    (tmp_path / "index.html").write_text(html.replace("</body>", script), encoding="utf-8")
    document, said = opened_file(tmp_path)
    assert "data-foreign" not in document
    assert any("Content Security Policy" in line for line in said)
