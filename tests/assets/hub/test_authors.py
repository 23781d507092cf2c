"""Whose a model is."""

from __future__ import annotations

import pytest

from assets.hub.authors import Owners
from assets.reference.loader import load_reference
from assets.reference.model import HubAuthor
from tests.assets.hub.conftest import REFERENCE

OWNERS = Owners(
    [
        HubAuthor("Big", "US", "small-lm", ("small-*", "tiny?")),
        HubAuthor("Big", "US", "big-lm", ()),
        HubAuthor("picky", None, "picky-lm", ("picky*",)),
        HubAuthor("maker", "DE", None, ()),
    ]
)


@pytest.mark.parametrize(
    ("model_id", "family"),
    [
        ("Big/small-7b", "small-lm"),
        ("BIG/SMALL-7B", "small-lm"),
        ("Big/tiny1", "small-lm"),
        ("Big/tiny12", "big-lm"),
        ("Big/anything", "big-lm"),
        ("picky/picky-2", "picky-lm"),
        ("picky/other", None),
        ("maker/tuned", None),
        ("nobody/small-7b", None),
        ("small-7b", None),
    ],
)
def test_the_first_row_that_fits_decides(model_id: str, family: str | None) -> None:
    assert OWNERS.family(model_id) == family


def test_a_country_is_the_authors_own_and_unknown_where_nobody_states_it() -> None:
    found = [OWNERS.country(name) for name in ("big/x", "maker/x", "picky/x", "nobody/x", "gpt2")]
    assert found == ["US", "DE", None, None, None]


def test_publishers_are_those_with_a_family_each_once_in_order() -> None:
    assert OWNERS.publishers == ("Big", "picky")
    assert OWNERS.families == {"small-lm", "big-lm", "picky-lm"}


@pytest.mark.parametrize(
    ("model_id", "family", "country"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", "qwen", "CN"),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", "deepseek", "CN"),
        ("meta-llama/Llama-3.1-8B", "llama", "US"),
        ("codellama/CodeLlama-7b-hf", "llama", "US"),
        ("google/gemma-2-9b-it", "gemma", "US"),
        ("google/paligemma-3b-pt-224", "gemma", "US"),
        ("google/t5gemma-2b-2b-ul2", "gemma", "US"),
        ("google/flan-t5-xxl", "t5", "US"),
        ("google/vit-base-patch16-224", None, "US"),
        ("microsoft/Phi-3.5-mini-instruct", "phi", "US"),
        ("microsoft/Florence-2-large", "florence", "US"),
        ("microsoft/deberta-v3-base", None, "US"),
        ("THUDM/glm-4-9b-chat", "glm", "CN"),
        ("THUDM/chatglm3-6b", "glm", "CN"),
        ("zai-org/GLM-4.5", "glm", "CN"),
        ("zai-org/CogVideoX-5b", "cogvideo", "CN"),
        ("THUDM/cogvlm2-llama3-chat-19B", "cogvlm", "CN"),
        ("BAAI/bge-m3", "bge", "CN"),
        ("openbmb/MiniCPM-V-2_6", "minicpm", "CN"),
        ("openbmb/cpm-bee-10b", "cpm", "CN"),
        ("CohereLabs/c4ai-command-r-plus", "command", "CA"),
        ("CohereForAI/aya-23-8B", "aya", "CA"),
        ("allenai/OLMo-2-1124-7B", "olmo", "US"),
        ("allenai/olmOCR-7B-0225-preview", None, "US"),
        ("allenai/Llama-3.1-Tulu-3-8B", "tulu", "US"),
        ("nvidia/Llama-3.1-Nemotron-70B-Instruct-HF", "nemotron", "US"),
        ("NousResearch/Hermes-3-Llama-3.1-8B", "hermes", "US"),
        ("NousResearch/Meta-Llama-3.1-8B-Instruct", "llama", "US"),
        ("facebook/opt-1.3b", "opt", "US"),
        ("facebook/sam2-hiera-large", "segment-anything", "US"),
        ("facebook/bart-large", None, "US"),
        ("openai/whisper-large-v3", "whisper", "US"),
        ("openai/clip-vit-base-patch32", "clip", "US"),
        ("openai/gpt-oss-20b", "gpt-oss", "US"),
        ("stabilityai/stable-diffusion-xl-base-1.0", "stable-diffusion", "GB"),
        ("stabilityai/sdxl-turbo", "stable-diffusion", "GB"),
        ("stabilityai/stablelm-2-1_6b", "stablelm", "GB"),
        ("CompVis/stable-diffusion-v1-4", "stable-diffusion", "DE"),
        ("laion/CLIP-ViT-H-14-laion2B-s32B-b79K", "clip", "DE"),
        ("Salesforce/blip2-opt-2.7b", "blip", "US"),
        ("Salesforce/xgen-mm-phi3-mini-instruct-r-v1", "xgen", "US"),
        ("tiiuae/Falcon3-7B-Base", "falcon", "AE"),
        ("tencent/HunyuanVideo", "hunyuan", "CN"),
        ("tencent/Tencent-Hunyuan-Large", "hunyuan", "CN"),
        ("unsloth/llama-3-8b-bnb-4bit", None, "US"),
    ],
)
def test_models_of_the_hub_are_their_developers(
    model_id: str, family: str | None, country: str
) -> None:
    owners = Owners(load_reference(REFERENCE).hub_authors)
    assert (owners.family(model_id), owners.country(model_id)) == (family, country)
