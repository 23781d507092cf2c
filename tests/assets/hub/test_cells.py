"""Figures of small snapshots, worked by hand; and what holds of any snapshot."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.hub import tables
from assets.hub.authors import Owners
from assets.hub.cells import Snapshot, concentration, diffusion
from assets.hub.crawl import Crawl
from assets.hub.records import HubModel
from assets.hub.snapshot import lineage_rows, model_rows
from assets.reference.model import HubAuthor

OWNERS = Owners(
    [
        HubAuthor("qwen", "CN", "qwen", ()),
        HubAuthor("yi", "CN", "yi", ()),
        HubAuthor("llama", "US", "llama", ()),
        HubAuthor("maker", "DE", None, ()),
    ]
)
ORIGINS = {"qwen": "CN", "yi": "CN", "llama": "US"}
TODAY, BEFORE = date(2024, 12, 10), date(2024, 12, 7)
MADE = datetime(2024, 1, 1, tzinfo=UTC)
BEGUN = datetime(2024, 12, 7, 1, tzinfo=UTC)
Key = tuple[str, str, str, str, str]


def model(
    name: str,
    *bases: str,
    relation: str | None = None,
    month: int | None = 0,
    total: int | None = 0,
    made: datetime = MADE,
    hub_id: str | None = None,
) -> HubModel:
    relation = relation or ("finetune" if bases else None)
    return HubModel(name, hub_id, made, month, total, 0, bases, relation)


def snapshot(
    day: date, *models: HubModel, asked: float | None = 1.0, whole: bool = True
) -> Snapshot:
    crawl = Crawl(
        models={each.model_id: each for each in models},
        found_under=dict.fromkeys(each.model_id for each in models),
    )
    return Snapshot(day, model_rows(day, crawl), BEGUN, whole, asked)


def figures(now: Snapshot, before: Snapshot | None = None) -> pa.Table:
    return diffusion(now, lineage_rows(now.day, now.models, OWNERS, ORIGINS), before)


def by_key(rows: pa.Table) -> dict[Key, dict[str, Any]]:
    return {
        (
            row["measure"],
            row["author_country_iso2"],
            row["origin_iso2"],
            row["root_family"],
            row["relation"],
        ): row
        for row in rows.to_pylist()
    }


#: Two releases of 600 and 400; a Chinese-based model of 90, a half-half merge of 60, one of a
#: stranger's model beside Yi of 20.
MODELS = (
    model("qwen/base", month=600, total=6_000),
    model("llama/base", month=400, total=8_000),
    model("maker/gguf", "qwen/base", relation="quantized", month=90, total=900),
    model("joe/mix", "qwen/base", "llama/base", relation="merge", month=60, total=100),
    model("joe/odd", "yi/gone", "who/knows", relation="merge", month=20, total=20),
)


def test_shares_are_of_known_origins_and_stand_between_their_worst_cases() -> None:
    rows = by_key(figures(snapshot(TODAY, *MODELS)))
    chinese = rows["downloads_30d", "any", "CN", "any", "any"]
    # 600 + 90 + 60/2 + 20/2 of Chinese origin; 400 + 60/2 of American; 20/2 unknown.
    assert chinese["value"] == 730
    assert (chinese["known_value"], chinese["unknown_value"]) == (1_160, 10)
    assert chinese["share"] == pytest.approx(730 / 1_160)
    assert chinese["share_low"] == pytest.approx(730 / 1_170)
    assert chinese["share_high"] == pytest.approx(740 / 1_170)
    assert chinese["unknown_share"] == pytest.approx(10 / 1_170)
    assert rows["downloads_30d", "any", "CN", "yi", "any"]["value"] == 10
    assert rows["downloads_30d", "any", "ZZ", "any", "any"]["share"] is None
    assert rows["downloads_30d", "any", "any", "any", "any"]["value"] == 1_170
    assert ("downloads_30d", "any", "ZZ", "ZZ", "any") not in rows


def test_relations_and_authors_have_denominators_of_their_own() -> None:
    rows = by_key(figures(snapshot(TODAY, *MODELS)))
    # Three derivatives: one Chinese, one half, one half of what is known.
    derived = rows["models", "any", "CN", "any", "derivative"]
    assert (derived["value"], derived["known_value"]) == (2.0, 2.5)
    assert derived["share"] == pytest.approx(0.8)
    assert rows["models", "any", "CN", "any", "merge"]["share"] == pytest.approx(1 / 1.5)
    assert rows["models", "any", "CN", "any", "release"]["value"] == 1
    assert rows["models", "DE", "CN", "any", "derivative"]["share"] == 1.0
    assert rows["models", "ZZ", "US", "any", "derivative"]["value"] == 0.5
    # Families are for all authors together.
    assert {key[3] for key in rows if key[1] != "any"} == {"any"}


def test_the_first_snapshot_says_nothing_of_what_is_new() -> None:
    rows = by_key(figures(snapshot(TODAY, *MODELS)))
    assert {key[0] for key in rows} == {"models", "downloads_30d", "downloads_all_time"}
    assert {row["days_since_previous"] for row in rows.values()} == {None}


def test_differences_keep_corrections_and_leave_out_what_was_not_seen_before() -> None:
    before = snapshot(
        BEFORE,
        model("qwen/base", total=5_000),
        model("llama/old-name", total=7_900, hub_id="a" * 24),
        model("maker/gguf", "qwen/base", total=1_500),
        model("joe/vanished", "qwen/base", total=70),
    )
    now = snapshot(
        TODAY,
        model("qwen/base", month=100, total=6_000),
        model("llama/new-name", month=100, total=8_000, hub_id="a" * 24),
        model("maker/gguf", "qwen/base", month=30, total=900),
        model("joe/new", "qwen/base", month=7, total=7, made=BEGUN + timedelta(hours=1)),
        model("joe/old-unseen", "qwen/base", month=3, total=33),
        asked=0.8,
    )
    rows = by_key(figures(now, before))
    chinese = rows["downloads_since", "any", "CN", "any", "any"]
    # 1,000 of the release, 600 taken off, 7 of the new one; the one not seen before says nothing.
    assert chinese["value"] == 1_000 - 600 + 7
    assert (chinese["correction_value"], chinese["has_correction"]) == (-600, True)
    assert chinese["days_since_previous"] == 3
    # Of 140 recent downloads, 3 are on the model that cannot be compared.
    assert chinese["compared_share"] == pytest.approx(137 / 140)
    assert chinese["share"] == pytest.approx(407 / 507)
    assert rows["downloads_since", "any", "US", "any", "release"]["value"] == 100
    # Alone, the derivatives lost more than they gained: no share is made of that.
    fallen = rows["downloads_since", "any", "CN", "any", "derivative"]
    assert (fallen["value"], fallen["share"]) == (-593, None)
    new = rows["new_models", "any", "CN", "any", "derivative"]
    assert (new["value"], new["compared_share"], new["has_correction"]) == (1, None, False)
    assert rows["downloads_30d", "any", "CN", "any", "any"]["has_correction"] is False


def test_differences_are_as_complete_as_the_worse_of_two_snapshots() -> None:
    before = snapshot(BEFORE, *MODELS, asked=0.7, whole=False)
    rows = by_key(figures(snapshot(TODAY, *MODELS, asked=0.9), before))
    now = rows["models", "any", "CN", "any", "any"]
    since = rows["downloads_since", "any", "CN", "any", "any"]
    assert (now["asked_share"], now["is_complete"]) == (0.9, True)
    assert (since["asked_share"], since["is_complete"]) == (0.7, False)
    unknown = snapshot(BEFORE, *MODELS, asked=None)
    rows = by_key(figures(snapshot(TODAY, *MODELS, asked=0.9), unknown))
    assert rows["new_models", "any", "CN", "any", "any"]["asked_share"] is None


def test_downloads_that_no_list_states_are_no_row_and_no_zero() -> None:
    silent = [model("qwen/base", month=5, total=None), model("joe/x", "qwen/base", total=None)]
    rows = by_key(figures(snapshot(TODAY, *silent)))
    assert {key[0] for key in rows} == {"models", "downloads_30d"}


def test_concentration_is_the_sum_of_squared_shares_of_known_origins() -> None:
    rows = {
        (row["measure"], row["relation"], row["dimension"]): row
        for row in concentration(figures(snapshot(TODAY, *MODELS))).to_pylist()
    }
    families = rows["downloads_30d", "any", "root_family"]
    # Qwen 720, Llama 430, Yi 10 of 1,160.
    index = (720**2 + 430**2 + 10**2) / 1_160**2
    assert families["herfindahl"] == pytest.approx(index)
    assert families["effective_parts"] == pytest.approx(1 / index)
    assert families["part_count"] == 3
    origins = rows["downloads_30d", "any", "origin_iso2"]
    assert origins["herfindahl"] == pytest.approx((730**2 + 430**2) / 1_160**2)
    assert origins["unknown_share"] == pytest.approx(10 / 1_170)


def test_of_negative_parts_there_is_no_concentration() -> None:
    before = snapshot(BEFORE, model("qwen/base", total=100), model("llama/base", total=10))
    now = snapshot(TODAY, model("qwen/base", total=50), model("llama/base", total=90))
    rows = concentration(figures(now, before)).to_pylist()
    fallen = [row for row in rows if row["measure"] == "downloads_since"]
    assert {row["herfindahl"] for row in fallen} == {None}
    assert {row["herfindahl"] for row in rows if row["measure"] == "models"} == {0.5}


def test_nothing_known_has_no_concentration() -> None:
    nothing = figures(snapshot(TODAY, model("joe/x", "who/knows")))
    assert concentration(nothing).num_rows == 0
    assert figures(snapshot(TODAY)).num_rows == 0


_BASES = st.lists(
    st.sampled_from(["qwen/a", "yi/a", "llama/a", "llama/gone", "who/knows", "joe/0", "joe/1"]),
    max_size=3,
    unique=True,
)
_DERIVED = st.lists(st.tuples(_BASES, st.integers(0, 10**9), st.integers(0, 10**9)), max_size=6)


@given(_DERIVED, st.lists(st.integers(0, 10**9), min_size=3, max_size=3))
def test_the_parts_of_every_cell_add_up_to_the_whole(
    derived: list[tuple[list[str], int, int]], releases: list[int]
) -> None:
    models = [
        model(name, month=count, total=count)
        for name, count in zip(("qwen/a", "yi/a", "llama/a"), releases, strict=True)
    ]
    models += [
        model(f"joe/{n}", *bases, month=month, total=total)
        for n, (bases, month, total) in enumerate(derived)
    ]
    earlier = snapshot(BEFORE, *models[1:])
    rows = by_key(figures(snapshot(TODAY, *models), earlier))
    assert rows["models", "any", "any", "any", "any"]["value"] == pytest.approx(len(models))
    for (measure, author, origin, family, relation), row in rows.items():
        if (origin, family) == ("any", "any"):
            parts = [
                each["value"]
                for key, each in rows.items()
                if (*key[:2], *key[3:]) == (measure, author, "any", relation) and key[2] != "any"
            ]
            assert sum(parts) == pytest.approx(row["value"], abs=1e-3)
            assert row["known_value"] + row["unknown_value"] == pytest.approx(
                row["value"], abs=1e-3
            )
        if row["share"] is not None:
            low, high = row["share_low"], row["share_high"]
            assert 0 <= low <= row["share"] + 1e-12
            assert row["share"] - 1e-12 <= high <= 1 + 1e-12
        if relation == "any":
            release = rows.get((measure, author, origin, family, "release"))
            made = rows.get((measure, author, origin, family, "derivative"))
            both = sum(each["value"] for each in (release, made) if each)
            assert both == pytest.approx(row["value"], abs=1e-3)
    for row in concentration(pa.Table.from_pylist(list(rows.values()))).to_pylist():
        assert row["herfindahl"] is None or 0 < row["herfindahl"] <= 1 + 1e-9
    assert tables.DIFFUSION_HUB.arrow(list(rows.values())).num_rows == len(rows)
