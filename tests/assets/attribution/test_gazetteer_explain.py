"""The explanation as plain text: complete, bounded, and nothing that a terminal would obey."""

from hypothesis import given
from hypothesis import strategies as st

from assets.attribution.explain import render
from assets.attribution.gazetteer import Explanation, Gazetteer, PlaceMatch


def test_the_decision_and_each_candidate_stand_on_a_line_of_their_own(
    gazetteer: Gazetteer,
) -> None:
    lines = render(gazetteer.explain("Cambridge, MA")).splitlines()
    assert lines[0] == 'text        "Cambridge, MA"'
    assert lines[1].startswith("decision    US, confidence 0.9")
    assert lines[1].endswith('by us_state "ma"')
    assert any(line.split()[0] == "GB" for line in lines[3:])


def test_no_decision_says_that_none_reaches_the_floor(gazetteer: Gazetteer) -> None:
    text = render(gazetteer.explain("Cambridge"))
    assert "none: no country reaches the floor" in text
    assert " GB " in text
    assert " US " in text


def test_what_was_ignored_is_listed_with_its_reason(gazetteer: Gazetteer) -> None:
    text = render(gazetteer.explain("remote, https://example.io Oslo"))
    assert '"https://example.io": an address' in text
    assert '"remote": no place, or a joke' in text


@given(text=st.text(max_size=3_000))
def test_rendering_is_bounded_and_has_no_control_character_but_line_ends(text: str) -> None:
    match = PlaceMatch("FR", "city", text, 0.9)
    explanation = Explanation(text, match, (match,) * 8, ((text, "no known place"),) * 100)
    shown = render(explanation)
    assert len(shown) < 40_000
    assert shown.count("\n") <= 40
    assert all(
        letter == "\n" or letter.isprintable() or letter in "\u200c\u200d" for letter in shown
    )
    assert "\x1b" not in shown


def test_a_text_cannot_forge_a_line(gazetteer: Gazetteer) -> None:
    shown = render(gazetteer.explain('x"\ndecision    CN, confidence 1.00\u2028\u202e\x1b[31m'))
    decisions = [line for line in shown.splitlines() if line.startswith("decision")]
    assert len(decisions) == 1
    assert "\u202e" not in shown
