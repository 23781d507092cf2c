"""Papers that name open models of Chinese origin, by who wrote them, as a figure."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import altair as alt
import pyarrow as pa

from assets.chart_layers import day_axis, interval_layers, layered, shaded_days
from assets.figures import (
    Choice,
    Figure,
    FigureColumn,
    LegendEntry,
    View,
    days_from,
    filled,
    interval,
    percent,
    row_schema,
)

_HEIGHT = 260
_USERS = (
    ("us_company", "U.S. companies"),
    ("us_education", "U.S. education"),
    ("us_all", "all U.S. authors"),
    ("all", "all authors"),
)
#: By option, the columns of works of Chinese origin, of all works, and of the share.
_RELATIONS = {
    "names": ("cn_work_count", "open_work_count", "cn_share"),
    "uses": ("used_cn_work_count", "used_open_work_count", "used_cn_share"),
}
_WORDS = (("names", "name an open model"), ("uses", "use one"))
_FINAL, _OPEN, _NOTHING = "final", "not final: works still come in", "no figure"
_COLUMNS = (
    FigureColumn("month_date", "Month", "date"),
    FigureColumn("user_kind", "Authors"),
    FigureColumn("relation", "Works that"),
    FigureColumn("share", "Share that does so with a Chinese-origin model", "share"),
    FigureColumn("share_ci_low", "95 % lower bound", "share"),
    FigureColumn("share_ci_high", "95 % upper bound", "share"),
    FigureColumn("cn_count", "Works with a Chinese-origin model", "count"),
    FigureColumn("work_count", "Works", "count"),
    FigureColumn("state", "Month's state"),
)
_SCHEMA = row_schema(_COLUMNS)


def papers_figure(papers: pa.Table) -> Figure:
    """The share by month with its 95 % Wilson interval, of each kind of authors.

    Args:
        papers: mart.diffusion_papers as published. Kinds of authors are drawn, countries are not.
    """
    rows = _rows(papers.to_pylist())
    settings = list(product(dict(_USERS), _RELATIONS))
    return Figure(
        key="papers",
        chart=_chart(),
        height=_HEIGHT,
        columns=_COLUMNS,
        rows=pa.Table.from_pylist(rows, schema=_SCHEMA),
        views=tuple(_view(setting, rows) for setting in settings),
        unit="Share of works that name or use an open model, in per cent",
        source="mart.diffusion_papers, of titles and abstracts of OpenAlex's works",
        choices=(
            Choice("user_kind", "Authors", _USERS),
            Choice("relation", "Works that", _WORDS),
        ),
        legend=(
            LegendEntry("series-1", "share, with its 95 % interval"),
            LegendEntry("degraded", "not final: works still come in"),
            LegendEntry("missing", "no figure: too few works to publish, or not read"),
        ),
    )


def _rows(published: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each month, kind of authors and relation; nulls where nothing is published."""
    cells = [
        {
            "month_date": row["month_date"],
            "user_kind": row["user_kind"],
            "relation": relation,
            "share": row[share],
            "share_ci_low": row[f"{share}_ci_low"],
            "share_ci_high": row[f"{share}_ci_high"],
            "cn_count": row[chinese],
            "work_count": row[every],
            "state": _state(row, share),
        }
        for row in published
        for relation, (chinese, every, share) in _RELATIONS.items()
        if row["user_kind"] in dict(_USERS)
    ]
    if not cells:
        return []
    months = [row["month_date"] for row in cells]
    wanted = [
        (month, user, relation)
        for user in dict(_USERS)
        for relation in _RELATIONS
        for month in days_from(min(months), max(months))
        if month.day == 1
    ]
    return [
        {**dict.fromkeys(_SCHEMA.names), "state": _NOTHING, **row}
        for row in filled(cells, ("month_date", "user_kind", "relation"), wanted)
    ]


def _state(row: Mapping[str, Any], share: str) -> str:
    if row[share] is None:
        return _NOTHING
    return _FINAL if row["is_final"] else _OPEN


def _view(setting: tuple[str, str], rows: Sequence[Mapping[str, Any]]) -> View:
    """The newest month with an interval, a final one where there is any."""
    user, relation = dict(_USERS)[setting[0]], dict(_WORDS)[setting[1]]
    known = [
        row
        for row in rows
        if (row["user_kind"], row["relation"]) == setting and row["share_ci_low"] is not None
    ]
    what = f"papers of {user} that {relation}"
    if not known:
        return View(setting, f"{what[0].upper()}{what[1:]}: no month to publish yet", "")
    newest = max(known, key=lambda row: (row["state"] == _FINAL, row["month_date"]))
    first, last = known[0]["month_date"], known[-1]["month_date"]
    verb = {"names": "name", "uses": "use"}[setting[1]]
    tail = "" if newest["state"] == _FINAL else ", not final"
    return View(
        setting,
        f"{percent(newest['share'])} ({interval(newest['share_ci_low'], newest['share_ci_high'])}) "
        f"of {what} {verb} one of Chinese origin, {newest['month_date']:%Y-%m}{tail}",
        f"Share of {what}, in title or abstract, by month of publication, band: 95 % interval "
        f"(Wilson), {first:%Y-%m} to {last:%Y-%m} (UTC). n = {newest['work_count']:,} works in "
        f"{newest['month_date']:%Y-%m}.",
    )


def _chart() -> alt.LayerChart:
    """Layers: months that are not final or missing, band, line, points."""
    base = alt.Chart().encode(x=day_axis("month_date"), color=alt.Color("user_kind:N", legend=None))
    low = alt.Y(
        "share_ci_low:Q", title="share of works", axis=alt.Axis(format=".0%"),
        scale=alt.Scale(domain=[0, 1]),
    )  # fmt: skip
    return layered(
        shaded_days("month_date", f"datum.state === '{_OPEN}'", "degraded", "14.5", "14.5"),
        shaded_days("month_date", f"datum.state === '{_NOTHING}'", "missing", "14.5", "14.5"),
        *interval_layers(
            base,
            "share",
            "month_date",
            "user_kind",
            low=low,
            tooltip=[
                alt.Tooltip("day:N", title="month from"),
                alt.Tooltip("share:Q", title="share of works", format=".1%"),
                alt.Tooltip("share_ci_low:Q", title="95 % lower bound", format=".1%"),
                alt.Tooltip("share_ci_high:Q", title="95 % upper bound", format=".1%"),
                alt.Tooltip("work_count:Q", title="works", format=","),
                alt.Tooltip("state:N", title="state"),
            ],
        ),
    )
