"""The web page: one HTML file that needs nothing but a browser, made of one edition."""

import base64
import functools
import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import jinja2
import vl_convert
from markupsafe import Markup

from assets.chart_style import PAGE, config
from assets.figures import Figure
from assets.report.alerts import alerts_section
from assets.report.diffusion import diffusion_section
from assets.report.edition import Edition
from assets.report.escaping import csv_text, script_json, shown
from assets.report.glance import glance_section
from assets.report.provenance import PROJECT, provenance_section
from assets.report.quality import quality_section
from assets.report.quotients import quotients_section
from assets.report.section import Section
from assets.report.shares import engagement_section
from assets.report.shocks import shocks_section
from assets.report.visibility import visibility_section

PAGE_FILE = "index.html"
MAX_BYTES = 6_000_000
_TEMPLATES = Path(__file__).parent / "templates"
_EXPOSED = "window.vegaEmbed = vegaEmbed;"
_PERCENT = re.compile(r"(\d) %")
_FONT = "system-ui, sans-serif"
#: The sections in their order; each has a template of its key's name.
SECTIONS: tuple[Callable[[Edition], Section], ...] = (
    glance_section,
    engagement_section,
    quotients_section,
    diffusion_section,
    visibility_section,
    shocks_section,
    quality_section,
    alerts_section,
    provenance_section,
)


class PageTooLargeError(ValueError):
    """The page would be larger than 6 MB, more than what people open from a mail or a phone."""


def page_sections(edition: Edition) -> tuple[Section, ...]:
    """The sections of an edition, in order."""
    return tuple(make(edition) for make in SECTIONS)


def page_html(edition: Edition, sections: Sequence[Section]) -> str:
    """The page.

    Scripts and the style sheet are inlined and named by their digests in the page's content
    security policy: nothing else runs, and nothing is fetched.

    Raises:
        PageTooLargeError: what is drawn has grown beyond 6 MB.
    """
    scripts = [chart_library(), _text("page.js")]
    style = _text("page.css")
    html = _environment().get_template("page.html").render(
        edition=edition,
        sections=sections,
        project=PROJECT,
        policy=_policy(scripts, style),
        scripts=[Markup(script) for script in scripts],  # nosec B704 # noqa: S704 - files of ours and the library
        style=Markup(style),  # nosec B704 # noqa: S704 - likewise
        config=script_json(config(PAGE, has_legend=False, font=_FONT)),
        figure_json=lambda figure: script_json(figure_data(figure, edition.vintage)),
    )  # fmt: skip
    size = len(html.encode())
    if size > MAX_BYTES:
        raise PageTooLargeError(
            f"the page has {size:,} bytes, over {MAX_BYTES:,}: show fewer days or rows of a figure"
        )
    return html


def figure_data(figure: Figure, vintage: str) -> dict[str, Any]:
    """What the page's script draws a figure, its table and its CSV file from."""
    return {
        "file": f"{figure.key}-{vintage}.csv",
        "spec": figure.spec(),
        "date": figure.date_column,
        "columns": [
            {"name": column.name, "label": column.label, "kind": column.kind}
            for column in figure.columns
        ],
        "choices": [
            {"column": choice.column, "is_drawing": choice.is_drawing} for choice in figure.choices
        ],
        "panels": figure.panels.column if figure.panels else None,
        "aspect": figure.aspect,
        "needed": figure.needed,
        "views": [
            {"values": view.values, "title": shown(view.title), "basis": shown(view.basis)}
            for view in figure.views
        ],
        "marks": [
            {"sign": mark.sign, "day": str(mark.day), "until": str(mark.until or mark.day)}
            for mark in figure.marks
        ],
        "csv": figure_csv(figure),
    }


def figure_csv(figure: Figure) -> str:
    """The figure's rows as its CSV file has them."""
    return csv_text([column.name for column in figure.columns], figure.rows.to_pylist())


@functools.cache
def chart_library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, from the installed package."""
    version = alt.SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]
    bundle: str = vl_convert.javascript_bundle(_EXPOSED, version)
    # The parser of HTML knows nothing of strings in a script.
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--").replace("\r\n", "\n")


def _policy(scripts: Sequence[str], style: str) -> str:
    """The content security policy."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(_digest(script) for script in scripts)}",
            f"style-src {_digest(style)}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> jinja2.Environment:
    """Templates whose every value is made fit to be shown, and escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )


def _shown(value: object) -> object:
    """Text fit to be shown, a figure and its sign of per cent on one line; markup as it is."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _PERCENT.sub("\\1\N{NO-BREAK SPACE}%", shown(value))
