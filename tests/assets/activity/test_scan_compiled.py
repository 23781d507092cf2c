"""The compiled part: done without where it cannot be built, and of no other opinion than wheels."""

import ctypes
import gzip
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.activity import scan_compile, scan_compiled
from assets.activity.lines import MalformedLineError, moment_of
from assets.activity.scan import HourScan, Selection, in_panel, scan_hour
from assets.activity.scan_compiled import CompiledGlance, fastest_sorter, load
from assets.activity.scan_glance import Glance
from benchmarks import scan_damage
from tests.assets.activity.conftest import built

ROOT = Path(scan_compile.__file__).parents[2]
NOBODY = Selection(frozenset(), panel_one_in=0)


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    found = built()
    assert isinstance(found, ctypes.CDLL)
    return found


def compiled(library: ctypes.CDLL, data: bytes, selection: Selection) -> HourScan:
    return scan_hour([data], selection, lambda wanted: CompiledGlance(library, wanted))


def line(**fields: object) -> bytes:
    document = {
        "id": "1",
        "type": "WatchEvent",
        "actor": {"id": 1},
        "repo": {"id": 2, "name": "o/r"},
        "payload": {},
        "created_at": "2025-01-01T15:00:00Z",
        **fields,
    }
    return json.dumps(document).encode()


def test_where_there_is_no_compiler_the_set_up_goes_on_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(scan_compile, "library_path", lambda: tmp_path / "scan.so")
    assert scan_compile.main() == 0
    assert capsys.readouterr().out == "archive scan: without a compiled part (no C++ compiler)\n"
    assert list(tmp_path.iterdir()) == []


def test_what_a_compiler_says_when_it_fails_is_passed_on_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compiler = tmp_path / "bin" / "c++"
    compiler.parent.mkdir()
    compiler.write_text("#!/bin/sh\necho 'unknown flag' >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    reason = scan_compile.build(tmp_path / "lib" / "scan.so")
    assert reason == f"{compiler} failed: unknown flag"
    assert list((tmp_path / "lib").iterdir()) == []


def test_without_the_library_the_scan_is_that_of_wheels_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(scan_compiled, "library_path", lambda: tmp_path / "missing.so")
    assert isinstance(fastest_sorter(NOBODY), Glance)


def test_a_library_that_does_not_load_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "scan.so"
    path.write_bytes(b"no library")
    with pytest.raises(OSError, match=r"scan\.so.*; delete the file, and the scan goes on"):
        load(path)


def test_another_source_has_another_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = scan_compile.library_path()
    changed = tmp_path / "scan_compiled.cpp"
    changed.write_bytes(scan_compile._SOURCE.read_bytes() + b"\n")
    monkeypatch.setattr(scan_compile, "_SOURCE", changed)
    assert scan_compile.library_path().name != before.name


def test_more_lines_than_one_call_hands_back_are_all_handed_back_in_order(
    library: ctypes.CDLL,
) -> None:
    lines = [b"x" * (n % 7) for n in range(20_000)]
    data = b"\n".join(lines)
    found = CompiledGlance(library, NOBODY).others(data, 0, len(data))
    assert [data[a:b] for a, b in found] == lines


def test_more_types_than_are_told_apart_are_counted_all_the_same(library: ctypes.CDLL) -> None:
    body = b"\n".join(line(type=f"Kind{n}Event") for n in range(400) for _ in range(2))
    result = compiled(library, gzip.compress(body), NOBODY)
    assert result.totals == {f"Kind{n}Event": 2 for n in range(400)}


def test_what_was_built_and_does_not_run_here_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compiler = tmp_path / "bin" / "c++"
    compiler.parent.mkdir()
    compiler.write_text('#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho nothing > "$2"\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    reason = scan_compile.build(tmp_path / "lib" / "scan.so")
    assert reason.startswith(f"what {compiler} made does not work: ")
    assert list((tmp_path / "lib").iterdir()) == []


@given(
    text=st.one_of(
        st.datetimes().map(lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ")),
        st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", fullmatch=True),
        st.from_regex(r"20(00|23|24)-0[12]-(2[89]|3[012])T(2[345]|00):59:(59|60)Z", fullmatch=True),
    )
)
def test_a_time_is_ordinary_only_where_the_calendar_has_it(library: ctypes.CDLL, text: str) -> None:
    data = line(created_at=text)
    sorter = CompiledGlance(library, NOBODY)
    is_ordinary = sorter.others(data, 0, len(data)) == []
    try:
        moment = moment_of(text)
    except MalformedLineError:
        assert not is_ordinary
    else:
        assert not is_ordinary or sorter.first_at == sorter.last_at == moment


@given(
    actor=st.integers(0, 2**63 - 1) | st.integers(0, 10_000),
    one_in=st.sampled_from([0, 1, 2, 10, 1000, 2**31, 2**32 - 1, 2**32, 2**40, 2**63, 2**70]),
)
def test_the_panel_is_the_same_to_the_last_actor(
    library: ctypes.CDLL, actor: int, one_in: int
) -> None:
    data = line(actor={"id": actor})
    others = CompiledGlance(library, Selection(frozenset(), panel_one_in=one_in)).others(
        data, 0, len(data)
    )
    assert bool(others) == (one_in > 0 and in_panel(actor, one_in))


@pytest.fixture(scope="module")
def sound() -> list[bytes]:
    return scan_damage.sound_lines(events=300)


@given(order=st.randoms(use_true_random=False))
def test_of_bytes_damaged_anywhere_both_parts_find_the_same(
    library: ctypes.CDLL, sound: list[bytes], order: random.Random
) -> None:
    body = bytearray(b"\n".join(order.sample(sound, 40)))
    for _ in range(order.randrange(1, 30)):
        at = order.randrange(len(body))
        kind = order.randrange(6)
        if kind == 0:
            body[at] = order.randrange(256)
        elif kind == 1:
            del body[at : at + order.randrange(1, 60)]
        elif kind == 2:
            body[at:at] = order.choice(
                [b"\0" * 9, b"\n", b"\\", b'"', b"}{", b"\xed\xa0\x80", b"\r"]
            )
        elif kind == 3:
            body[at:at] = body[at : at + order.randrange(1, 400)]
        else:  # a key given twice, before the first or after the last
            brace = body.find(b"{" if kind == 4 else b"}\n", at)
            fields = [b'"type":"ForkEvent"', b'"created_at":"2025-01-01T15:00:00+00:00"', b'"id":9',
                      b'"repo":{"id":1,"id":-5}', b'"type":"W\xc3\xa4tch"']  # fmt: skip
            given = order.choice(fields)
            if brace >= 0 and kind == 4:
                body[brace + 1 : brace + 1] = given + b","
            elif brace >= 0:
                body[brace:brace] = b"," + given
    repositories = [json.loads(each)["repo"]["id"] for each in sound[:30]]
    selection = Selection(frozenset(repositories), panel_one_in=20)
    data = gzip.compress(bytes(body))
    assert compiled(library, data, selection) == scan_hour([data], selection, Glance)


def test_it_runs_as_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "assets.activity.scan_compile"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("archive scan: ")
