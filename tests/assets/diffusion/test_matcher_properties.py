"""What holds for any text."""

from bisect import bisect_left

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.diffusion.aliases import parts
from assets.diffusion.matcher import Matcher
from assets.diffusion.mention import Section
from assets.diffusion.writing import key, unbroken
from assets.reference.loader import load_reference
from tests.assets.diffusion.conftest import ROOT

# Hypothesis draws from these at import time, where fixtures are not at hand.
FAMILIES = load_reference(ROOT / "assets" / "reference").model_families
MATCHER = Matcher.of(FAMILIES)
REVERSED = Matcher.of(reversed(FAMILIES))
_AMBIGUOUS = {key(each.alias) for family in FAMILIES for each in family.ambiguous}
ALIASES = {alias: family.family for family in FAMILIES for alias in family.aliases}
SURE = sorted(alias for alias in ALIASES if key(alias) not in _AMBIGUOUS)
# Names that are whole words in any case, and begin no longer alias.
SENTENCES = (
    "The weather was fair. ",
    "Nothing else was measured!\n",
    "We opted for a second step, and the command was given. ",
    "今天下雨。",
    "Claude Monet painted a falcon. ",
    "(See Fig. 3.) ",
)
PIECES = st.one_of(
    st.sampled_from(sorted(ALIASES)),
    st.sampled_from(sorted(ALIASES)).map(str.lower),
    st.sampled_from(
        ["-7B", " 7B", "-Instruct", "/", "-\n", "\n\n", " and ", ", ", " LLM ", "\u00ad"]
    ),
    st.text(max_size=8),
    st.text(st.characters(categories=["Cs", "Cc", "Cf", "Pd", "Zs"]), max_size=3),
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)
SEPARATORS = st.sampled_from(
    ["", " ", "-", "_", "\u2010", "\u2011", "\u2013", "\u2212", "\u00a0", "\n"]
)


@settings(max_examples=400)
@given(TEXTS, st.sampled_from(list(Section)))
def test_spans_lie_in_the_text_and_fold_to_the_alias(text: str, section: Section) -> None:
    mentions = MATCHER.find(text, section)
    last = 0
    for mention in mentions:
        assert last <= mention.start < mention.stop <= len(text)
        assert key(text[mention.start : mention.stop]) == key(mention.alias)
        assert ALIASES[mention.alias] == mention.family
        assert mention.section is section
        last = mention.stop


@settings(max_examples=200)
@given(TEXTS)
def test_the_same_text_gives_the_same_mentions(text: str) -> None:
    assert MATCHER.find(text) == MATCHER.find(text)
    assert REVERSED.find(text) == MATCHER.find(text)


@settings(max_examples=300)
@given(
    alias=st.sampled_from(SURE),
    before=st.lists(st.sampled_from(SENTENCES), max_size=4).map("".join),
    after=st.lists(st.sampled_from(SENTENCES), max_size=4).map("".join),
)
def test_sentences_around_it_do_not_remove_an_unambiguous_mention(
    alias: str, before: str, after: str
) -> None:
    text = f"{before}It was made by {alias}. {after}"
    start = len(before) + len("It was made by ")
    assert (ALIASES[alias], start) in {(m.family, m.start) for m in MATCHER.find(text)}


@settings(max_examples=500)
@given(alias=st.sampled_from(SURE), separators=st.lists(SEPARATORS, min_size=8, max_size=8))
def test_separators_between_the_parts_of_an_alias_are_free(
    alias: str, separators: list[str]
) -> None:
    split = parts(alias)
    written = split[0][1]
    for (kind, part), separator in zip(split[1:], separators, strict=False):
        # Where the alias has no separator itself, capitals have to tell the parts.
        free = kind == "listed" or part[0].isupper() or kind == "number"
        written += (separator if free else "") + part
    text = f"replies by {written}, they say"
    found = {m.family for m in MATCHER.find(text) if m.start <= 11 < m.stop}
    assert found == {ALIASES[alias]}, written


@settings(max_examples=300)
@given(alias=st.sampled_from(SURE), data=st.data())
def test_case_is_free(alias: str, data: st.DataObject) -> None:
    written = data.draw(st.sampled_from([alias, alias.lower(), alias.upper()]))
    found = {m.family for m in MATCHER.find(f"replies by {written}, they say")}
    assert ALIASES[alias] in found


@settings(max_examples=300)
@given(TEXTS)
def test_texts_side_by_side_keep_their_sure_mentions(text: str) -> None:
    alone = {
        (m.family, m.start, m.stop)
        for m in MATCHER.find(text)
        if m.rule in ("alias", "spelling") and key(m.alias) not in _AMBIGUOUS
    }
    joined = "\n\nA sentence ends. " + text + "\n\nAnother begins here.\n\n"
    offset = len("\n\nA sentence ends. ")
    together = {(m.family, m.start - offset, m.stop - offset) for m in MATCHER.find(joined)}
    assert alone <= together


@settings(max_examples=300)
@given(st.text(st.sampled_from("ab-\u2010 \t\r\n\u00ad\u200bAB12"), max_size=40))
def test_joining_broken_words_keeps_every_other_character_in_place(text: str) -> None:
    whole = unbroken(text)
    origins = [whole.origin(offset) for offset in range(len(whole.text))]
    assert origins == sorted(set(origins))
    assert [text[origin] for origin in origins] == list(whole.text)
    kept = set(origins)
    dropped = "".join(text[i] for i in range(len(text)) if i not in kept)
    assert set(dropped) <= set("-\u2010 \t\r\n\u00ad\u200b")
    assert bisect_left(origins, len(text)) == len(origins)
