"""Rows of the Hub's and the papers' marts that tests of figures and of the page are made of."""

from datetime import UTC, date, datetime
from typing import Any

from assets.hub.tables import DIFFUSION_HUB
from assets.papers.tables import DIFFUSION_PAPERS


def hub_cell(day: date, origin: str, value: float, **others: Any) -> dict[str, Any]:  # noqa: ANN401
    """Of 100 downloads of derivatives, 90 of known origin, `value` from one country."""
    return {
        **dict.fromkeys(DIFFUSION_HUB.column_names),
        "snapshot_date": day,
        "measure": "downloads_30d",
        "author_country_iso2": "any",
        "origin_iso2": origin,
        "root_family": "any",
        "relation": "derivative",
        "value": value,
        "known_value": 90.0,
        "unknown_value": 10.0,
        "share": value / 90,
        "share_low": value / 100,
        "share_high": (value + 10) / 100,
        "unknown_share": 0.1,
        "correction_value": 0.0,
        "has_correction": False,
        "is_complete": True,
        **others,
    }


def papers_cell(month: date, **others: Any) -> dict[str, Any]:  # noqa: ANN401
    """Of 50 works of U.S. companies that name an open model 20 name a Chinese one."""
    return {
        **dict.fromkeys(DIFFUSION_PAPERS.column_names),
        "month_date": month,
        "user_kind": "us_company",
        "country_iso2": "US",
        "open_work_count": 50,
        "cn_work_count": 20,
        "cn_share": 0.4,
        "cn_share_ci_low": 0.276,
        "cn_share_ci_high": 0.538,
        "unaffiliated_work_count": 0,
        "asking_count": 1,
        "asked_at": datetime(2024, 12, 9, tzinfo=UTC),
        "is_final": True,
        **others,
    }
