"""What the matcher finds, case by case, and what keeps it in bounds."""

import datetime as dt
from itertools import pairwise

import pytest

from assets.diffusion.matcher import Matcher
from assets.diffusion.mention import Mention, Role, Section
from assets.diffusion.scan import CHUNK_CHARACTERS, MOST_SURE
from assets.reference.model import AmbiguousAlias, ModelFamily


def found(matcher: Matcher, text: str) -> list[tuple[str, str]]:
    """Family and the text that names it."""
    return [(m.family, text[m.start : m.stop]) for m in matcher.find(text)]


def test_a_mention_says_what_was_found_where_and_why(matcher: Matcher) -> None:
    text = "We fine-tune Qwen2.5-72B-Instruct."
    assert matcher.find(text) == [
        Mention("qwen", "Qwen2.5", 13, 20, Section.ABSTRACT, "alias", Role.USED)
    ]


def test_a_derivative_counts_for_every_family_in_its_name(matcher: Matcher) -> None:
    assert found(matcher, "DeepSeek-R1-Distill-Llama-8B") == [
        ("deepseek", "DeepSeek-R1"),
        ("llama", "Llama"),
    ]
    assert [family for family, _ in found(matcher, "Hermes-3-Llama-3.1-8B")] == ["hermes", "llama"]
    assert found(matcher, "MiniCPM-Llama3-V 2.5")[1] == ("llama", "Llama3")


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("TinyLlama", "tinyllama"),
        ("LLaVA-1.5", "llava"),
        ("Vicuna-13B", "vicuna"),
        ("OpenLLaMA 3B", "openllama"),
        ("MiniGPT-4", "minigpt-4"),
        ("GPT4All", "gpt4all"),
        ("GPT-NeoX-20B", "gpt-neox"),
        ("gpt-oss-20b", "gpt-oss"),
        ("Falcon Mamba 7B", "falcon"),
        ("CodeLlama-34B", "llama"),
        ("Gemma 2B", "gemma"),
    ],
)
def test_a_family_of_its_own_does_not_count_for_another(
    matcher: Matcher, text: str, family: str
) -> None:
    assert {each for each, _ in found(matcher, f"We evaluate {text}.")} == {family}


@pytest.mark.parametrize("text", ["TableLlama", "BioMistral", "ShieldGemma", "MedGemma"])
def test_a_name_written_onto_another_word_names_its_base(matcher: Matcher, text: str) -> None:
    base = text.removeprefix("Table").removeprefix("Bio").removeprefix("Shield").removeprefix("Med")
    families = {family for family, _ in found(matcher, f"the language model {text} was tuned")}
    assert families == {base.lower()}


@pytest.mark.parametrize(
    "text",
    ["LlamaIndex", "llama.cpp", "LLaMA-Factory", "llama-cpp-python", "Ollama", "Qwenish", "xGPT-4"],
)
def test_tools_and_other_words_with_a_name_in_them_are_none(matcher: Matcher, text: str) -> None:
    assert found(matcher, f"We serve large language models with {text} here.") == []


@pytest.mark.parametrize(
    "text",
    [
        "GPT-4",
        "GPT 4",
        "GPT4",
        "gpt-4",
        "GPT‐4",
        "GPT‑4",
        "GPT–4",
        "GPT—4",
        "GPT−4",
        "GPT\u00a04",
        "GPT_4",
        "GPT-\n4",
        "ＧＰＴ－４",
        "G\u200bPT-4",
    ],
)
def test_hyphens_dashes_spaces_widths_and_case_make_no_difference(
    matcher: Matcher, text: str
) -> None:
    whole = f"Replies by {text} were rated."
    assert found(matcher, whole) == [("gpt", text)]


def test_words_broken_by_a_line_end_are_read_through(matcher: Matcher) -> None:
    assert found(matcher, "sent to Deep-\nSeek-R1 and Mis-\ntral-7B") == [
        ("deepseek", "Deep-\nSeek-R1"),
        ("mistral", "Mis-\ntral-7B"),
    ]
    assert found(matcher, "with LLa-\n  MA 2 and Qwen2.5-\r\n72B.") == [
        ("llama", "LLa-\n  MA 2"),
        ("qwen", "Qwen2.5"),
    ]


def test_ordinary_words_with_a_space_are_no_camel_case_name(matcher: Matcher) -> None:
    assert found(matcher, "a deep seek time; deep-seek; an open assistant; code gen") == []
    assert found(matcher, "the Deep Seek app") == [("deepseek", "Deep Seek")]


def test_chinese_names_need_no_word_boundary(matcher: Matcher) -> None:
    assert found(matcher, "本文基于通义千问与Llama 2模型，对比文心一言。") == [
        ("qwen", "通义千问"),
        ("llama", "Llama 2"),
        ("ernie", "文心一言"),
    ]
    assert found(matcher, "近年来开源大模型发展迅速，有利可图，海纳百川。") == []


def test_hub_ids_and_tags_are_names(matcher: Matcher) -> None:
    text = "meta-llama/Llama-3-8B, Qwen/Qwen2-7B, google/gemma-2-9b-it, llama3.1:8b, phi3:mini"
    families = [family for family, _ in found(matcher, text)]
    assert set(families) == {"llama", "qwen", "gemma", "phi"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("LLaMA was released.", "spelling"),
        ("Yi 21B was released.", "size"),
        ("Falcon-Instruct was tried.", "variant"),
        ("Grok 7 was tried.", "version"),
        ("Anthropic's Claude replied.", "maker"),
        ("The Whisper model was adapted.", "noun"),
        ("The LLM Falcon was adapted.", "noun"),
        ("We compare GPT-4, Claude and others.", "list"),
        ("DeepSeek-R1-Distill-Llama was served.", "compound"),
        ("The chatbot spoke like a language model; Mistral was tuned.", "near term"),
        ("After ChatGPT came a wave, Mistral among it.", "near name"),
    ],
)
def test_an_ambiguous_name_is_accepted_by_the_rule_that_says_most(
    matcher: Matcher, text: str, rule: str
) -> None:
    assert rule in {mention.rule for mention in matcher.find(text)}


def test_a_name_once_established_is_known_in_the_rest_of_the_text(matcher: Matcher) -> None:
    rest = "Much later, in another part of the report, Granite was slow. " * 3
    assert found(matcher, rest) == []
    text = "We use IBM Granite 3.1. " + "Nothing of interest follows here. " * 30 + rest
    assert [family for family, _ in found(matcher, text)] == ["granite"] * 4
    assert matcher.find(text)[-1].rule == "established"


def test_a_list_of_ambiguous_names_is_accepted_from_the_sure_one_outward(
    matcher: Matcher,
) -> None:
    text = "They were Command, Claude, Gemini, and GPT-4."
    assert [family for family, _ in found(matcher, text)] == [
        "command",
        "claude",
        "gemini",
        "gpt",
    ]
    assert found(matcher, "Gemma, Claude and Kimi are three sisters.") == []


def test_mentions_come_by_start_and_do_not_overlap(matcher: Matcher) -> None:
    mentions = matcher.find("Qwen2.5-Coder, Code Llama, Meta-Llama-3-8B and Stable Diffusion XL")
    spans = [(mention.start, mention.stop) for mention in mentions]
    assert spans == sorted(spans)
    assert all(stop <= start for (_, stop), (start, _) in pairwise(spans))


@pytest.mark.parametrize("shift", range(-12, 3))
def test_a_name_across_the_border_of_two_chunks_is_found_once(matcher: Matcher, shift: int) -> None:
    place = CHUNK_CHARACTERS + shift
    for filler in ("x ", "é ", "的"):
        text = (filler * 2 * CHUNK_CHARACTERS)[: place - 1] + " DeepSeek-R1 " + filler * 100
        assert found(matcher, text) == [("deepseek", "DeepSeek-R1")]
        assert matcher.find(text)[0].start == place


def test_a_word_that_a_chunk_cuts_in_two_does_not_begin_there(matcher: Matcher) -> None:
    text = " " * (CHUNK_CHARACTERS - 1) + "xGPT-4 and more"
    assert found(matcher, text) == []


def test_what_one_text_gives_is_bounded(matcher: Matcher) -> None:
    assert len(matcher.find("Qwen " * 20_000)) == MOST_SURE
    assert len(matcher.find("the LLM Falcon. " * 20_000)) <= MOST_SURE


@pytest.mark.parametrize(
    "text",
    [
        "\ud800 GPT-4 \udfff",
        "\x00GPT-4\x00",
        "GPT-4\x85\u2028",
        "é" * 70_000 + " GPT-4",
        "\U0001f999 GPT-4",
    ],
)
def test_odd_characters_neither_raise_nor_shift_offsets(matcher: Matcher, text: str) -> None:
    assert found(matcher, text) == [("gpt", "GPT-4")]


@pytest.mark.parametrize("unit", ["a", "\n", "-", "-\n", "’", "的", "\ud800", "L", "\u00ad", " ,"])
def test_a_million_of_one_character_is_no_trouble(matcher: Matcher, unit: str) -> None:
    assert matcher.find(unit * (1_000_000 // len(unit))) == []


def _family(slug: str, *aliases: str, ambiguous: tuple[AmbiguousAlias, ...] = ()) -> ModelFamily:
    return ModelFamily(
        slug, slug, aliases, "Acme", "CN", dt.date(2024, 1, 1), True, ambiguous=ambiguous
    )


def test_families_are_those_given_and_need_no_others() -> None:
    matcher = Matcher.of([_family("acme", "AcmeLM", "艾克米")])
    assert found(matcher, "AcmeLM, acme-lm, Acme LM, 艾克米大模型 and GPT-4") == [
        ("acme", "AcmeLM"),
        ("acme", "Acme LM"),
        ("acme", "艾克米"),
    ]
    assert Matcher.of([]).find("GPT-4 is no family here") == []


def test_what_an_ambiguous_alias_needs_is_what_its_row_says() -> None:
    row = AmbiguousAlias(
        "Rocket", "word", 5, (), ("Acme",), ("Apollo",), ("fuel",), ("moon",), "a rocket"
    )
    matcher = Matcher.of([_family("rocket", "Rocket", ambiguous=(row,))])
    base = "the large language model {} was tuned by the lab's chatbot team"
    assert found(matcher, base.format("Rocket"))
    assert not found(matcher, "the {} was tuned".format("Rocket"))
    assert not found(matcher, base.format("Apollo Rocket"))
    assert not found(matcher, base.format("Rocket fuel"))
    assert not found(matcher, base.format("rocket"))
    assert not found(matcher, "moon launches: " + base.format("Rocket"))
    assert found(matcher, "the Rocket of Acme has two parameters more")


@pytest.mark.parametrize(
    ("text", "section", "role"),
    [
        ("We trained adapters on Llama 2.", Section.ABSTRACT, Role.USED),
        ("Our model outperforms Llama 2.", Section.ABSTRACT, Role.COMPARED),
        ("We did not use Llama 2.", Section.ABSTRACT, Role.MENTIONED),
        ("Instead of Llama 2 a rule engine was used.", Section.ABSTRACT, Role.MENTIONED),
        ("Llama 2 was evaluated on ten tasks.", Section.ABSTRACT, Role.USED),
        ("Outputs of Llama 2 were excluded.", Section.ABSTRACT, Role.MENTIONED),
        ("Llama 2 is widely used.", Section.ABSTRACT, Role.MENTIONED),
        ("Touvron et al. Llama 2: Open Foundation Models. 2023.", Section.BIBLIOGRAPHY, Role.CITED),
        (
            'See Touvron et al., "Llama 2: Open Foundation Models," arXiv preprint (2023).',
            Section.DESCRIPTION,
            Role.CITED,
        ),
        ("Text.\n\nReferences\n1. Llama 2. Meta, 2023.", Section.DESCRIPTION, Role.CITED),
        ("The model may be, for example, Llama 2.", Section.DESCRIPTION, Role.MENTIONED),
        ("We use LLaMA (Touvron et al., 2023) as encoder.", Section.ABSTRACT, Role.USED),
        ("与Llama 2相比，准确率提高了5%。", Section.ABSTRACT, Role.COMPARED),
        ("我们采用Llama 2进行微调。", Section.ABSTRACT, Role.USED),
    ],
)
def test_roles(matcher: Matcher, text: str, section: Section, role: Role) -> None:
    assert [(m.family, m.role, m.section) for m in matcher.find(text, section)] == [
        ("llama", role, section)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "where Yi is the label predicted by the LLM, e.g. GPT-4",
        "Given a prompt X^i, the LLM generates a response Y^i, and is fine-tuned on it.",
    ],
)
def test_a_variable_in_a_text_about_models_is_not_the_model_yi(matcher: Matcher, text: str) -> None:
    assert "yi" not in {family for family, _ in found(matcher, text)}


@pytest.mark.parametrize("name", ["Yi-34B", "Yi by 01.AI", "Yi, Qwen and Llama 3"])
def test_the_model_yi_is_found_beside_what_only_a_model_has(matcher: Matcher, name: str) -> None:
    assert "yi" in {
        family for family, _ in found(matcher, f"We fine-tune the language model {name}.")
    }


@pytest.mark.parametrize("gap", ["1" * 55, "1-a2." * 11, "a1" * 27, "base" * 13, "4o-mini " * 7])
def test_what_stands_between_two_names_is_weighed_in_one_way_only(
    matcher: Matcher, gap: str
) -> None:
    """A pattern that tries all ways to split such a gap would not end in the life of a test."""
    matcher.find(f"Falcon {gap} " * 200)
