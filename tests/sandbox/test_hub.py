"""The sandbox's Hub: pages, limits, what it states of a model, and what is planted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import pytest

from sandbox.clock import WorldClock
from sandbox.hub import HubPaths
from sandbox.hub_limits import HubLimits
from sandbox.hub_models import (
    CORRECTED_AT,
    DELETED_AT,
    NEVER_WAS,
    ORIGINS,
    RENAMED_AT,
    RISE_ON,
    HubModels,
)
from sandbox.hub_truth import true_cells
from sandbox.server import SandboxServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from sandbox.world import World

DAY = timedelta(days=1)
NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
MODELS = HubModels(1)


class Ask(Protocol):
    def __call__(self, path: str, **headers: str) -> requests.Response: ...


@pytest.fixture
def hub(world: World, session: requests.Session) -> Iterator[Ask]:
    """Asks a Hub with small pages and few calls."""
    with SandboxServer(world, clock=lambda: NOW) as server:
        server.hub = HubPaths(MODELS, lambda: NOW, HubLimits(5, 9), most_a_page=2)

        def ask(path: str, **headers: str) -> requests.Response:
            return session.get(f"{server.url}{path}", headers=headers)

        yield ask


def test_pages_follow_each_other_by_link_and_hold_each_model_once(
    hub: Ask, session: requests.Session
) -> None:
    answer = hub("/api/models?author=sandbox-qwen&sort=downloads&limit=50")
    names: list[str] = []
    sizes: list[int] = []
    while True:
        page = answer.json()
        sizes.append(len(page))
        names += [each["id"] for each in page]
        if "next" not in answer.links:
            break
        answer = session.get(answer.links["next"]["url"])
    assert sizes == [2, 2]
    assert len(set(names)) == 4
    downloads = [MODELS.named(name).downloads(NOW) for name in names]
    assert downloads == sorted(downloads, reverse=True)


def test_a_list_states_what_is_asked_for_and_refuses_what_it_does_not_know(hub: Ask) -> None:
    path = "/api/models?author=sandbox-llama&sort=downloads"
    (first, *_) = hub(f"{path}&expand[]=downloadsAllTime&expand[]=gated").json()
    assert set(first) == {"_id", "id", "downloadsAllTime", "gated"}
    assert first["gated"] == "manual"
    # As on the real Hub, lists do not say how many derivatives a model has.
    assert hub(f"{path}&expand[]=childrenModelCount").status_code == 400
    assert hub(f"{path}&limit=many").status_code == 400


def test_a_token_has_more_calls_and_each_answer_says_what_is_left(hub: Ask) -> None:
    def left(answer: requests.Response) -> str:
        return answer.headers["RateLimit"].split(";")[1]

    answers = [hub("/api/models?author=nobody") for _ in range(7)]
    assert [each.status_code for each in answers] == [200] * 5 + [429] * 2
    assert [left(each) for each in answers] == ["r=4", "r=3", "r=2", "r=1", "r=0", "r=0", "r=0"]
    assert answers[0].headers["RateLimit-Policy"] == '"fixed window";"api";q=5;w=300'
    # Two o'clock is the beginning of a window.
    assert answers[0].headers["RateLimit"].endswith("t=300")
    with_token = hub("/api/models?author=nobody", Authorization="Bearer hf_x")
    assert left(with_token) == "r=8"
    assert hub("/api/models", Authorization="Bearer other").status_code == 401


def test_tags_keep_the_names_of_their_day_and_base_models_have_those_of_today(hub: Ask) -> None:
    glm = MODELS.named("sandbox-glm/glm-4")
    assert glm.name_at(RENAMED_AT - DAY) == "sandbox-chatglm/glm-4"
    assert hub("/api/models?filter=base_model:sandbox-glm/glm-4").json() == []
    found = hub(
        "/api/models?filter=base_model:sandbox-chatglm/glm-4&expand[]=baseModels&expand[]=tags"
    ).json()
    assert found
    for each in found:
        assert glm.name in [base["id"] for base in each["baseModels"]["models"]]
        assert "base_model:sandbox-chatglm/glm-4" in each["tags"]


def test_downloads_grow_by_the_day_and_fall_once() -> None:
    corrected = MODELS.named("person-sbx99/much-corrected")
    days = [NOW - n * DAY for n in range(25, -1, -1)]
    steps = [
        model.downloads_all_time(later) - model.downloads_all_time(earlier)
        for model in MODELS.all
        if model.name != corrected.name
        for earlier, later in pairwise(days)
        if earlier > model.created_at
    ]
    assert min(steps) >= 0
    before, after = (corrected.downloads_all_time(CORRECTED_AT + d) for d in (-DAY / 24, DAY / 24))
    assert after - before < -399_000


def test_chinese_models_are_downloaded_twice_as_often_after_the_rise() -> None:
    def daily(name: str, moment: datetime) -> int:
        model = MODELS.named(name)
        return model.downloads_all_time(moment) - model.downloads_all_time(moment - DAY)

    before, after = RISE_ON - DAY, RISE_ON + 2 * DAY
    assert daily("sandbox-qwen/qwen-7b", after) == 2 * daily("sandbox-qwen/qwen-7b", before)
    assert daily("sandbox-llama/llama-8b", after) == daily("sandbox-llama/llama-8b", before)


def test_shares_of_roots_add_up_to_one_at_any_time() -> None:
    for moment in (NOW - 30 * DAY, DELETED_AT - DAY, NOW):
        for model in MODELS.listed(moment):
            assert sum(MODELS.roots(model, moment).values()) == pytest.approx(1.0)
            assert set(MODELS.roots(model, moment)) <= {*ORIGINS, "ZZ"}


def test_all_that_is_told_of_is_planted() -> None:
    by_name = {model.name.removeprefix("person-sbx99/"): model for model in MODELS.all}
    head, tail = by_name["circle-head"], by_name["circle-tail"]
    assert tail.hub_id in head.base_ids
    assert head.hub_id in tail.base_ids
    assert by_name["names-itself"].hub_id in by_name["names-itself"].base_ids
    assert NEVER_WAS in by_name["half-known"].base_ids
    child = by_name["child-of-soon-gone"]
    assert MODELS.roots(child, DELETED_AT - DAY) == {"yi": 1.0}
    assert MODELS.roots(child, DELETED_AT) == {"ZZ": 1.0}
    assert MODELS.roots(by_name["of-withdrawn"], DELETED_AT) == {"yi": 1.0}
    listed = {model.name for model in MODELS.listed(NOW)}
    assert not {"person-sbx99/soon-gone", "sandbox-yi/yi-34b"} & listed
    assert len({model.hub_id for model in MODELS.all}) == len(MODELS.all)
    assert any(RISE_ON < model.created_at < NOW for model in MODELS.all)


def test_the_truth_of_a_moment_counts_each_model_once() -> None:
    cells = true_cells(MODELS, NOW, NOW - DAY)
    everything = cells["models", "any", "any", "any", "any"]
    assert everything == pytest.approx(len(MODELS.listed(NOW)))
    origins = {key[2] for key in cells} - {"any"}
    assert origins == {"CN", "US", "FR", "AE", "ZZ"}
    total = sum(cells["models", "any", origin, "any", "any"] for origin in origins)
    assert total == pytest.approx(everything)


def test_days_pass_when_the_clock_is_set(world: World, session: requests.Session) -> None:
    clock = WorldClock(NOW)
    with SandboxServer(world, clock=clock) as server:
        path = f"{server.url}/api/models?author=sandbox-chatglm"
        assert session.get(path).json() == []
        earlier = (RENAMED_AT - DAY).isoformat()
        answer = session.post(f"{server.url}/_sandbox/clock", json={"now": earlier})
        assert answer.status_code == 200
        assert len(session.get(path).json()) == 2
        assert RENAMED_AT - DAY <= clock() < RENAMED_AT
        for bad in ("2024-12-17T02:00:00", "soon"):
            answer = session.post(f"{server.url}/_sandbox/clock", json={"now": bad})
            assert answer.status_code == 400


def test_a_clock_that_is_the_machines_cannot_be_set(
    server: SandboxServer, session: requests.Session
) -> None:
    answer = session.post(f"{server.url}/_sandbox/clock", json={"now": NOW.isoformat()})
    assert answer.status_code == 409
