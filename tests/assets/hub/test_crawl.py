"""Which lists are asked for, in which order, and what becomes of those that fail or are cut off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets.hub.crawl import MOST_FAILURES_IN_A_ROW, Crawl, Crawler, Failures, Listing
from assets.hub.records import HubModel, author_of
from assets.hub.snapshot import asked_share
from assets.hub.spool import PageSpool

NOW = datetime(2024, 12, 1, 5, tzinfo=UTC)


class LimitedError(Exception):
    """The limit forbids calls."""


class FailedError(Exception):
    """A list cannot be had."""


@dataclass
class FakePage:
    documents: list[object]
    cursor: str | None


@dataclass
class FakeHub:
    """Lists by key, in pages of two; raises what is planted for a list, once for each entry."""

    lists: Mapping[str, list[dict[str, object]]]
    planted: dict[str, list[Exception]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    endless: bool = False

    def by_author(self, author: str, cursor: str | None) -> FakePage:
        return self._page(f"author:{author}", cursor)

    def by_base(self, model_id: str, cursor: str | None) -> FakePage:
        return self._page(model_id, cursor)

    def _page(self, key: str, cursor: str | None) -> FakePage:
        self.asked.append((key, cursor))
        if self.planted.get(key):
            raise self.planted[key].pop(0)
        start = int(cursor or 0)
        found = self.lists.get(key, [])
        more = self.endless or start + 2 < len(found)
        return FakePage(list(found[start : start + 2]), str(start + 2) if more else None)

    @property
    def names(self) -> list[str]:
        """The lists asked for, each page of them."""
        return [key for key, _ in self.asked]


def model(
    name: str, *bases: str, downloads: int = 0, relation: str = "finetune"
) -> dict[str, object]:
    tags = [f"base_model:{relation}:{base}" for base in bases]
    return {"id": name, "downloads": downloads, "tags": tags}


#: big/base has two derivatives, one of which has one, of which an adapter was made.
LISTS = {
    "author:big": [model("big/base", downloads=90), model("big/poor", downloads=5),
                   model("big/unrelated-bert", downloads=999)],
    "author:small": [],
    "big/base": [model("a/tuned", "big/base", downloads=10),
                 model("b/lora", "big/base", downloads=80, relation="adapter"),
                 model("c/gguf", "big/base", downloads=20, relation="quantized")],
    "a/tuned": [model("d/merged", "a/tuned", "who/knows", relation="merge")],
}  # fmt: skip


def family(model_id: str) -> str | None:
    is_family = author_of(model_id) == "big" and "unrelated" not in model_id
    return "big-lm" if is_family else None


def crawl(
    hub: FakeHub | None,
    folder: Path,
    known: Mapping[str, int] | None = None,
    *,
    most_pages: int = 1_000,
    may_ask: Callable[[], bool] = lambda: True,
) -> Crawl:
    crawler = Crawler(
        hub, PageSpool(folder), Failures(LimitedError, FailedError), family, most_pages, may_ask,
        lambda: NOW,
    )  # fmt: skip
    return crawler.run(["big", "small"], known or {})


def test_every_model_found_is_asked_for_once_releases_first_adapters_last(tmp_path: Path) -> None:
    hub = FakeHub(LISTS)
    found = crawl(hub, tmp_path)
    assert hub.names == [
        "author:big", "author:big", "author:small",
        "big/base", "big/base", "big/poor",
        "c/gguf", "a/tuned", "d/merged",
        "b/lora",
    ]  # fmt: skip
    assert list(found.models) == [
        "big/base", "big/poor", "a/tuned", "b/lora", "c/gguf", "d/merged",
    ]  # fmt: skip
    assert found.found_under["big/base"] is None
    assert found.found_under["d/merged"] == "a/tuned"
    assert (found.left_out_count, found.failed, found.is_cut_short) == (0, {}, False)
    assert found.empty_authors == ["small"]
    assert (found.page_count, found.new_page_count) == (10, 10)
    assert asked_share(found) == 1.0


def test_those_that_had_derivatives_come_first_the_most_first_though_they_be_gone(
    tmp_path: Path,
) -> None:
    hub = FakeHub(LISTS)
    crawl(hub, tmp_path, {"gone/base": 1, "a/tuned": 7})
    assert hub.names[3:6] == ["a/tuned", "gone/base", "big/base"]


def test_a_release_that_no_list_has_is_asked_for_where_a_model_names_it(tmp_path: Path) -> None:
    hub = FakeHub({"author:big": [model("big/base")],
                   "big/base": [model("a/mix", "big/base", "big/Withdrawn")],
                   "big/Withdrawn": [model("b/old", "big/Withdrawn")]})  # fmt: skip
    found = crawl(hub, tmp_path)
    assert "b/old" in found.models


def test_a_circle_ends(tmp_path: Path) -> None:
    hub = FakeHub({"author:big": [model("big/base")],
                   "big/base": [model("a/x", "big/base", "b/y")],
                   "a/x": [model("b/y", "a/x")],
                   "b/y": [model("a/x", "big/base", "b/y")]})  # fmt: skip
    assert set(crawl(hub, tmp_path).models) == {"big/base", "a/x", "b/y"}
    assert len(hub.names) == len(set(hub.names))


def test_the_budget_leaves_out_the_last_and_counts_them(tmp_path: Path) -> None:
    found = crawl(FakeHub(LISTS), tmp_path, most_pages=6)
    assert found.page_count == 6
    # Of 205 downloads, 95 are on models that were asked for: a/tuned, b/lora and c/gguf were not.
    assert found.left_out_count == 3
    assert asked_share(found) == pytest.approx(95 / 205)


def test_the_budget_binds_in_the_middle_of_a_list_and_publishers_as_well(tmp_path: Path) -> None:
    hub = FakeHub(LISTS)
    found = crawl(hub, tmp_path / "derivatives", most_pages=4)
    assert hub.names == ["author:big", "author:big", "author:small", "big/base"]
    # Half a list is none: big/base, big/poor and the two that its first page gave.
    assert (found.page_count, found.left_out_count, found.failed) == (4, 4, {})
    hub = FakeHub(LISTS, endless=True)
    found = crawl(hub, tmp_path / "publishers", most_pages=3)
    assert len(hub.names) == found.page_count == 3
    said = "the budget of 3 pages was spent before its end"
    assert found.failed == {"author:big": said, "author:small": said}
    assert found.left_out_count == 2


def test_pages_of_a_list_that_is_read_again_count_once(tmp_path: Path) -> None:
    class Breaking(FakeHub):
        def _page(self, key: str, cursor: str | None) -> FakePage:
            if (key, cursor) == ("author:big", "2") and len(self.asked) < 5:
                self.asked.append((key, cursor))
                raise FailedError("cut")
            return super()._page(key, cursor)

    unnamed: dict[str, object] = {"downloads": 1}
    lists = {**LISTS, "author:big": [model("big/base"), unnamed, model("big/poor")]}
    found = crawl(Breaking(lists), tmp_path)
    assert found.failed == {}
    assert "big/poor" in found.models
    assert (found.page_count, found.malformed_count) == (10, 1)


def test_a_list_without_end_is_not_tried_again(tmp_path: Path) -> None:
    class Circling(FakeHub):
        def by_base(self, model_id: str, cursor: str | None) -> FakePage:
            page = super().by_base(model_id, None)
            return FakePage(page.documents, "2") if model_id == "big/poor" else page

    hub = Circling({"author:big": [model("big/poor")]})
    found = crawl(hub, tmp_path)
    assert hub.names.count("big/poor") == 2
    assert found.failed == {"base_model:big/poor": "page 2 leads back, or there is no end"}


def test_a_list_that_fails_once_is_read_at_the_end_and_one_that_fails_twice_is_said(
    tmp_path: Path,
) -> None:
    hub = FakeHub(LISTS, {"big/base": [FailedError("bad")]})
    assert "d/merged" in crawl(hub, tmp_path / "once").models
    hub = FakeHub(LISTS, {"big/base": [FailedError("bad " * 200), FailedError("still bad")]})
    found = crawl(hub, tmp_path / "twice")
    assert found.failed == {"base_model:big/base": "still bad"}
    assert set(found.models) == {"big/base", "big/poor"}


def test_a_list_that_fails_in_the_middle_keeps_what_it_gave(tmp_path: Path) -> None:
    class Breaking(FakeHub):
        def _page(self, key: str, cursor: str | None) -> FakePage:
            if (key, cursor) == ("big/base", "2"):
                raise FailedError("cut")
            return super()._page(key, cursor)

    found = crawl(Breaking(LISTS), tmp_path)
    assert "a/tuned" in found.models
    assert "c/gguf" not in found.models
    assert found.failed == {"base_model:big/base": "cut"}
    assert Listing("base_model", "big/base") not in found.asked


def test_when_one_list_after_another_fails_the_crawl_fails(tmp_path: Path) -> None:
    names = ["author:big", *(f"big/m{n}" for n in range(9))]
    lists = {"author:big": [model(name) for name in names[1:]]}
    few = {name: [FailedError("x")] * 2 for name in names[1:MOST_FAILURES_IN_A_ROW]}
    found = crawl(FakeHub(lists, few), tmp_path / "few")
    assert len(found.failed) == MOST_FAILURES_IN_A_ROW - 1
    many = {name: [FailedError("x")] for name in names[1:]}
    with pytest.raises(FailedError):
        crawl(FakeHub(lists, many), tmp_path / "many")


def test_many_lists_that_fail_apart_from_each_other_do_not_end_the_crawl_at_their_second_try(
    tmp_path: Path,
) -> None:
    names = [f"big/m{n:02d}" for n in range(20)]
    lists = {"author:big": [model(name) for name in names]}
    planted = {name: [FailedError("x")] * 2 for name in names[::2]}
    assert len(crawl(FakeHub(lists, planted), tmp_path).failed) == 10


def test_a_limit_ends_the_crawl_at_once(tmp_path: Path) -> None:
    hub = FakeHub(LISTS, {"big/base": [LimitedError("later")]})
    with pytest.raises(LimitedError):
        crawl(hub, tmp_path)
    assert hub.names[-1] == "big/base"


def test_a_list_without_end_is_a_failed_one(tmp_path: Path) -> None:
    class Circling(FakeHub):
        def _page(self, key: str, cursor: str | None) -> FakePage:
            page = super()._page(key, cursor)
            return FakePage(page.documents, "2") if key == "big/base" else page

    found = crawl(Circling(LISTS), tmp_path)
    assert list(found.failed) == ["base_model:big/base"]
    assert "a/tuned" in found.models


def test_what_was_got_before_is_not_asked_for_again_and_gives_the_same(tmp_path: Path) -> None:
    whole = crawl(FakeHub(LISTS), tmp_path / "whole")
    hub = FakeHub(LISTS, {"a/tuned": [LimitedError("later")]})
    with pytest.raises(LimitedError):
        crawl(hub, tmp_path / "cut")
    again = FakeHub(LISTS)
    resumed = crawl(again, tmp_path / "cut")
    assert again.names == ["a/tuned", "d/merged", "b/lora"]
    assert resumed.models == whole.models
    assert (resumed.page_count, resumed.new_page_count) == (10, 3)
    kept_only = crawl(None, tmp_path / "cut")
    assert kept_only.models == whole.models
    assert not kept_only.is_cut_short


def test_when_the_day_ends_what_is_kept_is_still_read_and_what_is_not_is_left_out(
    tmp_path: Path,
) -> None:
    hub = FakeHub(LISTS, {"big/poor": [FailedError("x"), FailedError("x")]})
    crawl(hub, tmp_path)
    found = crawl(FakeHub(LISTS), tmp_path, may_ask=lambda: False)
    assert found.is_cut_short
    assert found.left_out_count == 1  # only that list was never got
    assert "d/merged" in found.models


def test_a_page_that_arrives_after_the_day_is_not_of_the_day(tmp_path: Path) -> None:
    answers = iter([True] * 11)
    # The sixth call is sent while the day lasts, and answered when it does not.
    found = crawl(FakeHub(LISTS), tmp_path, may_ask=lambda: next(answers, False))
    assert (found.page_count, found.is_cut_short) == (5, True)
    assert PageSpool(tmp_path).get(Listing("base_model", "big/poor"), 1) is None


def test_a_page_survives_the_spool_as_it_is(tmp_path: Path) -> None:
    crawl(FakeHub(LISTS), tmp_path)
    page = PageSpool(tmp_path).get(Listing("base_model", "BIG/BASE"), 1)
    assert page is not None
    assert page.listed.models == (
        HubModel("a/tuned", downloads=10, base_ids=("big/base",), relation="finetune"),
        HubModel("b/lora", downloads=80, base_ids=("big/base",), relation="adapter"),
    )
    assert (page.cursor, page.asked_at) == ("2", NOW)


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"list": "author:other"}'])
def test_a_page_that_cannot_be_read_is_set_aside_and_asked_for_again(
    tmp_path: Path, content: bytes
) -> None:
    crawl(FakeHub(LISTS), tmp_path)
    victim = sorted(tmp_path.glob("*.json"))[0]
    victim.write_bytes(content)
    hub = FakeHub(LISTS)
    found = crawl(hub, tmp_path)
    assert (len(hub.asked), found.page_count) == (1, 10)
    assert [path.name for path in tmp_path.glob("*.broken")] == [victim.stem + ".broken"]
