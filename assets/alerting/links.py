"""Where a message leads: the asset in Dagster, and the published page."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from assets.alerting.slack_text import Escape

MAX_BASE_URL = 200
_MAX_PART = 60
_WEB = re.compile(r"https?://[^\s<>|\"]+")


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses that readers of messages reach; without them a message has no links.

    Attributes:
        ui_base_url: of the Dagster UI.
        page_url: of the published page.

    Raises:
        ValueError: an address is no http or https URL, or longer than `MAX_BASE_URL`.
    """

    ui_base_url: str = ""
    page_url: str = ""

    def __post_init__(self) -> None:
        for name in ("ui_base_url", "page_url"):
            url = getattr(self, name)
            if url and (len(url) > MAX_BASE_URL or not _WEB.fullmatch(url)):
                raise ValueError(
                    f"{name}: has to be an http or https URL of at most {MAX_BASE_URL} characters, "
                    "or empty for no link"
                )

    def asset(self, asset: tuple[str, str] | None) -> str:
        """URL of an asset, given as schema and table, in the Dagster UI; empty without one."""
        if not self.ui_base_url or asset is None:
            return ""
        schema, table = (_quoted(part) for part in asset)
        return f"{self.ui_base_url.rstrip('/')}/assets/{schema}/{table}"

    def page(self, anchor: str = "") -> str:
        """URL of the page, or of a part of it; empty without one."""
        if not self.page_url or not anchor:
            return self.page_url
        return f"{self.page_url.partition('#')[0]}#{_quoted(anchor)}"


def _quoted(part: str) -> str:
    return quote(part[:_MAX_PART], safe="", errors="replace")


def linked(url: str, label: str, escape: Escape) -> str:
    """A link in Slack's markup; `label` is safe already and has neither `|` nor `>`."""
    return f"<{escape(url)}|{label}>"
