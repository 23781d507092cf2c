"""Takes the pictures of the page in docs/images: phone and desktop, light and dark, and two parts.

The demonstration has too few weeks around any shock: the picture of their effects is of the four
years, with figures by chance, that the page is measured with.
"""

import shutil
import sys
import tempfile
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from assets.report.page import page_html, page_sections
from benchmarks.page_worlds import four_years

IMAGES = Path(__file__).parents[1] / "docs" / "images"
MAX_BYTES = 300_000
_VIEWS = {390: 1_800, 1440: 1_200}  # width, height
_SCHEMES = ("light", "dark")


def main(arguments: list[str]) -> int:
    """Take them of the page that is named; 1 where a picture is too large to be kept."""
    if len(arguments) != 1:
        print("usage: python -m benchmarks.page_pictures PAGE.html", file=sys.stderr)
        return 2
    page = Path(arguments[0]).resolve()
    edition = four_years()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as engines:
        synthetic = Path(folder) / "index.html"
        synthetic.write_text(page_html(edition, page_sections(edition)), encoding="utf-8")
        browser = engines.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        made = [_taken(browser, page, width, scheme) for width, scheme in product(_VIEWS, _SCHEMES)]
        made.append(_taken(browser, page, 1440, "light", "#quotients"))
        made.append(_taken(browser, synthetic, 1440, "light", "#shocks"))
        browser.close()
    for file in made:
        print(f"{file.relative_to(IMAGES.parents[1])}: {file.stat().st_size:,} bytes")
    return int(any(file.stat().st_size > MAX_BYTES for file in made))


def _taken(browser: Browser, page: Path, width: int, scheme: str, part: str = "") -> Path:
    """The picture of the first screens, or of one part."""
    with browser.new_context() as context:
        tab = context.new_page()
        tab.set_viewport_size({"width": width, "height": _VIEWS[width]})
        tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        tab.goto(page.as_uri())
        tab.wait_for_selector("html[data-drawn]", timeout=120_000)
        name = f"page-{part.removeprefix('#')}" if part else f"page-{width}-{scheme}"
        file = IMAGES / f"{name}.png"
        if part:
            tab.locator(part).screenshot(path=file)
        else:
            tab.screenshot(path=file)
    return file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
