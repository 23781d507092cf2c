"""What holds for any content of the reference files."""

import csv
import io
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.reference.loader import Fault, ReferenceDataError, load_reference
from assets.reference.model import TrackedRepository
from tests.assets.reference.conftest import (
    EVENTS,
    FILES,
    REPOSITORIES,
    ReferenceFolder,
)


def csv_of(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    # Python's writer leaves a lone carriage return bare unless told to quote everything.
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return text.getvalue()


CELL = (
    st.text(st.characters(codec="utf-8", exclude_characters="|\x00"), min_size=1, max_size=20)
    .map(str.strip)
    .filter(bool)
)
OWNER = st.from_regex(r"[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,2}", fullmatch=True)
NAME = st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,18}[A-Za-z0-9_-]", fullmatch=True).filter(
    lambda name: not name.lower().endswith((".git", ".wiki"))
)
REPOSITORY = st.builds("{}/{}".format, OWNER, NAME)
ROW = st.tuples(st.none() | st.integers(1, 2**63 - 1), CELL)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(ROW, min_size=1, max_size=6, unique_by=lambda row: row[0] or object()),
    names=st.lists(REPOSITORY, min_size=18, max_size=18, unique_by=str.casefold),
)
def test_repositories_survive_a_round_trip_through_csv(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int | None, str]],
    names: list[str],
) -> None:
    expected = tuple(
        TrackedRepository(
            github_id, names[i], tuple(names[6 + 2 * i : 8 + 2 * i]), None, "training", text, "CN"
        )
        for i, (github_id, text) in enumerate(rows)
    )
    folder = ReferenceFolder(tmp_path_factory.mktemp("reference"))
    folder.restore()
    table = [
        (r.github_id, r.repository, "|".join(r.previous_names), "", r.layer, r.developer, "CN")
        for r in expected
    ]
    header = FILES[REPOSITORIES].splitlines()[0].split(",")
    (folder / REPOSITORIES).write_bytes(csv_of([header, *table]).encode())
    assert load_reference(folder.path).tracked_repositories == expected


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=200))
@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda content: content, id="whole file"),
        pytest.param(lambda content: FILES[EVENTS].encode() + content, id="after valid rows"),
    ],
)
def test_no_bytes_make_the_loader_fail_otherwise_than_by_its_own_error(
    tmp_path_factory: pytest.TempPathFactory, wrap: Callable[[bytes], bytes], content: bytes
) -> None:
    folder = ReferenceFolder(tmp_path_factory.mktemp("reference"))
    folder.restore()
    (folder / EVENTS).write_bytes(wrap(content))
    faults: tuple[Fault, ...] = ()
    try:
        load_reference(folder.path)
    except ReferenceDataError as error:
        faults = error.faults
    last_line = wrap(content).replace(b"\r", b"\n").count(b"\n") + 1
    assert all(fault.file == EVENTS and 0 < fault.line <= last_line for fault in faults)
