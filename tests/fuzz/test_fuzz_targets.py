"""Every parser of foreign bytes: on what once broke it, on sound input, and on damaged input."""

from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import REGRESSIONS, TARGETS

_NAMES = tuple(TARGETS)
_INPUTS = tuple((name, path.name) for name in _NAMES for path in TARGETS[name].regressions())
_EXAMPLES = 40


@pytest.mark.parametrize(("name", "regression"), _INPUTS)
def test_what_was_a_finding_is_none_any_more(name: str, regression: str) -> None:
    TARGETS[name].load()((REGRESSIONS / name / regression).read_bytes())


@pytest.mark.parametrize("name", _NAMES)
def test_sound_input_and_none_at_all_pass(name: str) -> None:
    parse = TARGETS[name].load()
    for seed in (b"", *_seeds(name)):
        parse(seed)


@pytest.mark.parametrize("name", _NAMES)
def test_damaged_input_is_refused_as_documented(name: str) -> None:
    parse = TARGETS[name].load()

    @settings(max_examples=_EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(_damaged(name))
    def refused(data: bytes) -> None:
        parse(data)

    refused()


def test_no_folder_of_regressions_is_of_no_target() -> None:
    assert {folder.name for folder in REGRESSIONS.iterdir()} <= set(TARGETS)


@cache
def _seeds(name: str) -> tuple[bytes, ...]:
    return tuple(TARGETS[name].seeds())


@st.composite
def _damaged(draw: st.DrawFn, name: str) -> bytes:
    """A seed with up to four pieces of it cut out, put twice, or replaced."""
    data = draw(st.sampled_from(_seeds(name)))
    pieces = st.one_of(st.binary(max_size=8), st.sampled_from(TARGETS[name].words or (b"\0",)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        stop = draw(st.integers(start, min(len(data), start + 40)))
        piece = draw(st.one_of(pieces, st.just(data[start:stop] * 2)))
        data = data[:start] + piece + data[stop:]
    return data
