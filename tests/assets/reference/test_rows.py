"""Reference records as rows: what ships conforms, and how open ids are resolved."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from assets.reference import rows as module
from assets.reference.loader import load_reference
from assets.reference.model import Reference, TrackedRepository
from assets.reference.rows import reference_rows, resolve
from assets.reference.tables import (
    COUNTRY_GROUPINGS,
    ECONOMIES,
    HUB_AUTHORS,
    MODEL_FAMILIES,
    POLICY_EVENTS,
    TRACKED_REPOSITORIES,
    UPSTREAM_BREAKS,
)


@pytest.fixture(scope="module")
def shipped() -> Reference:
    return load_reference(Path(module.__file__).parent)


def repository(
    name: str, github_id: int | None = None, previous: tuple[str, ...] = ()
) -> TrackedRepository:
    return TrackedRepository(github_id, name, previous, None, "model", "Acme", "CN")


class Api:
    """Answers from a dictionary, and remembers what it was asked."""

    def __init__(self, ids: Mapping[str, int]) -> None:
        self.ids = ids
        self.asked: list[str] = []

    def __call__(self, name: str) -> int | None:
        self.asked.append(name)
        return self.ids.get(name)


def nobody(name: str) -> int | None:
    raise AssertionError(f"{name} should not be asked for")


Row = dict[str, object]


def resolved(
    repositories: list[TrackedRepository],
    pinned: Mapping[str, int] | None = None,
    ask: Callable[[str], int | None] = nobody,
) -> tuple[list[Row], list[str]]:
    rows, unresolved = resolve(repositories, pinned or {}, ask)
    assert rows.schema == TRACKED_REPOSITORIES.arrow_schema
    return rows.to_pylist(), unresolved


def test_the_shipped_files_conform_to_their_tables(shipped: Reference) -> None:
    made = reference_rows(shipped)
    assert {table: rows.num_rows for table, rows in made.items()} == {
        MODEL_FAMILIES: len(shipped.model_families),
        HUB_AUTHORS: len(shipped.hub_authors),
        ECONOMIES: len(shipped.economies),
        POLICY_EVENTS: len(shipped.policy_events),
        UPSTREAM_BREAKS: len(shipped.upstream_breaks),
        # Every economy in each grouping: apart, and the one of the file.
        COUNTRY_GROUPINGS: 2 * len(shipped.economies),
    }
    for table, rows in made.items():
        assert rows.schema == table.arrow_schema
        keys = [tuple(row[name] for name in table.key) for row in rows.to_pylist()]
        assert len(set(keys)) == len(keys), table.qualified


def test_records_are_rows_under_the_tables_names(shipped: Reference) -> None:
    made = reference_rows(shipped)
    event, broken = shipped.policy_events[0], shipped.upstream_breaks[0]
    assert made[POLICY_EVENTS].to_pylist()[0] == {
        "event_date": event.date,
        "date_kind": event.date_kind,
        "actor": event.actor,
        "kind": event.kind,
        "stance": event.stance,
        "name": event.name,
        "is_paper_shock": event.is_paper_shock,
        "certainty": event.certainty,
        "source": event.source,
    }
    assert made[UPSTREAM_BREAKS].to_pylist()[0] == {
        "from_at": broken.from_utc,
        "to_at": broken.to_utc,
        "source": broken.source,
        "affects": broken.affects,
        "effect": broken.effect,
        "what": broken.what,
    }
    family = shipped.model_families[0]
    assert made[MODEL_FAMILIES].to_pylist()[0]["aliases"] == list(family.aliases)


def test_a_grouping_has_every_economy_and_apart_leaves_each_by_itself(shipped: Reference) -> None:
    rows = reference_rows(shipped)[COUNTRY_GROUPINGS].to_pylist()
    codes = {economy.iso2 for economy in shipped.economies}
    groups = {
        name: {row["country_iso2"]: row["group_code"] for row in rows if row["grouping"] == name}
        for name in ("apart", "cn_hk_mo_tw")
    }
    assert groups["apart"] == {code: code for code in codes}
    together = {"CN", "HK", "MO", "TW"}
    assert groups["cn_hk_mo_tw"] == {code: "CN" if code in together else code for code in codes}
    labels = {row["country_iso2"]: row["label"] for row in rows if row["grouping"] == "cn_hk_mo_tw"}
    assert labels["HK"] == labels["CN"] == "CN, HK, MO and TW together"
    assert labels["FR"] == "France"


def test_the_shipped_repositories_conform_unresolved(shipped: Reference) -> None:
    rows, unresolved = resolved(list(shipped.tracked_repositories), ask=lambda _name: None)
    assert len(rows) == len(shipped.tracked_repositories)
    assert len(unresolved) == sum(each.github_id is None for each in shipped.tracked_repositories)


def test_an_id_in_the_file_is_taken_without_asking() -> None:
    rows, unresolved = resolved([repository("acme/model", 7, ("old/model",))], {"acme/model": 8})
    assert unresolved == []
    assert rows == [
        {
            "repository": "acme/model",
            "github_id": 7,
            "id_source": "file",
            "previous_names": ["old/model"],
            "family": None,
            "layer": "model",
            "developer": "Acme",
            "developer_country_iso2": "CN",
        }
    ]


def test_a_pinned_id_is_taken_without_asking() -> None:
    ((row,), unresolved) = resolved([repository("acme/model")], {"acme/model": 8})
    assert (row["github_id"], row["id_source"]) == (8, "api")
    assert unresolved == []


def test_an_open_id_is_asked_for_once() -> None:
    api = Api({"acme/model": 9})
    ((row,), unresolved) = resolved([repository("acme/model")], {"beta/tool": 1}, api)
    assert (row["github_id"], row["id_source"]) == (9, "api")
    assert api.asked == ["acme/model"]
    assert unresolved == []


def test_what_nobody_knows_stays_unresolved_and_keeps_its_row() -> None:
    rows, unresolved = resolved([repository("acme/model"), repository("beta/tool")], ask=Api({}))
    assert unresolved == ["acme/model", "beta/tool"]
    assert [(row["repository"], row["github_id"], row["id_source"]) for row in rows] == [
        ("acme/model", None, "unresolved"),
        ("beta/tool", None, "unresolved"),
    ]


@pytest.mark.parametrize("first", [7, None], ids=["id in the file", "id asked for"])
def test_two_names_of_one_repository_are_one_row_with_all_names(first: int | None) -> None:
    """Old events know the repository by any of them: a name lost is an event lost."""
    rows, unresolved = resolved(
        [
            repository("acme/model", first, ("acme/model-0",)),
            repository("beta/tool", 2),
            repository("old-acme/model", None, ("ancient/model",)),
        ],
        ask=Api({"acme/model": 7, "old-acme/model": 7}),
    )
    assert [(row["repository"], row["github_id"]) for row in rows] == [
        ("acme/model", 7),
        ("beta/tool", 2),
    ]
    assert rows[0]["previous_names"] == ["acme/model-0", "old-acme/model", "ancient/model"]
    assert unresolved == []


def test_three_names_of_one_repository_are_one_row() -> None:
    rows, _ = resolved([repository(name) for name in ("a/x", "b/x", "c/x")], ask=lambda _name: 7)
    assert [row["previous_names"] for row in rows] == [["b/x", "c/x"]]


def test_no_repositories_are_no_rows() -> None:
    assert resolved([]) == ([], [])


def test_resolving_again_with_the_ids_found_gives_the_same_rows_without_asking() -> None:
    repositories = [repository("acme/model"), repository("beta/tool", 2)]
    first, _ = resolved(repositories, ask=Api({"acme/model": 9}))
    pinned = {
        str(row["repository"]): int(str(row["github_id"]))
        for row in first
        if row["id_source"] == "api"
    }
    assert resolved(repositories, pinned) == (first, [])
