"""Model families as texts spell them, and the words that look like them and are not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

_B_SMALL = ("0.5B", "1.8B", "3B", "7B")
_SUFFIXES = ("", "", "", "-Instruct", "-Chat", "-base")


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write a family's name.

    Attributes:
        since: day from which a text can say it.
        stem: the name, with its version.
        sizes: numbers of parameters that may follow it; none for a name that stands alone.
    """

    since: date
    stem: str
    sizes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedFamily:
    """A family that texts can name.

    Attributes:
        slug: the platform's own slug of it.
        country: ISO 3166-1 alpha-2 of the developer.
        is_open: weights of some model of it can be downloaded.
        forms: ways to write it, at least one from `released` on.
    """

    slug: str
    country: str
    is_open: bool
    forms: tuple[Form, ...]

    @property
    def released(self) -> date:
        """First day on which a text can name it."""
        return min(form.since for form in self.forms)

    def spell(self, rng: np.random.Generator, on: date | None = None) -> str:
        """One spelling that a text of a day can hold (any spelling where no day is given).

        Raises:
            ValueError: the family was not released by then.
        """
        forms = [form for form in self.forms if on is None or form.since <= on]
        if not forms:
            raise ValueError(f"{self.slug} is released on {self.released}, after {on}")
        form = forms[int(rng.integers(len(forms)))]
        if not form.sizes or rng.random() < 0.15:
            return form.stem if form.stem not in _NEVER_ALONE else f"{form.stem}-{form.sizes[0]}"
        separator = " " if rng.random() < 0.3 else "-"
        size = form.sizes[int(rng.integers(len(form.sizes)))]
        if separator == " ":
            return f"{form.stem} {size}"
        suffix = _SUFFIXES[int(rng.integers(len(_SUFFIXES)))]
        return f"{form.stem}-{size}{suffix}"


#: Everyday words that say nothing without a size behind them.
_NEVER_ALONE = frozenset({"Yi", "Falcon", "Yi-1.5", "OPT", "BLOOM", "Pythia"})


def _forms(*rows: tuple[str, str] | tuple[str, str, tuple[str, ...]]) -> tuple[Form, ...]:
    return tuple(
        Form(date.fromisoformat(row[0]), row[1], row[2] if len(row) == 3 else ()) for row in rows
    )


FAMILIES: dict[str, NamedFamily] = {
    family.slug: family
    for family in (
        NamedFamily(
            "qwen",
            "CN",
            True,
            _forms(
                ("2023-08-03", "Qwen", ("7B", "14B", "72B")),
                ("2023-08-03", "通义千问"),
                ("2023-08-03", "Tongyi Qianwen"),
                ("2024-02-04", "Qwen1.5", (*_B_SMALL, "14B", "72B")),
                ("2024-06-06", "Qwen2", ("0.5B", "1.5B", "7B", "72B")),
                ("2024-06-06", "QWEN2", ("7B", "72B")),
                ("2024-09-19", "Qwen2.5", ("7B", "14B", "32B", "72B")),
                ("2024-09-19", "Qwen 2.5", ("7B", "72B")),
            ),
        ),
        NamedFamily(
            "deepseek",
            "CN",
            True,
            _forms(
                ("2023-11-02", "DeepSeek-Coder", ("1.3B", "6.7B", "33B")),
                ("2023-11-29", "DeepSeek-LLM", ("7B", "67B")),
                ("2023-11-29", "DeepSeek LLM"),
                ("2024-02-05", "DeepSeekMath", ("7B",)),
                ("2024-05-07", "DeepSeek-V2"),
                ("2024-05-07", "Deepseek V2"),
                ("2024-09-06", "DeepSeek-V2.5"),
            ),
        ),
        NamedFamily(
            "glm",
            "CN",
            True,
            _forms(
                ("2022-08-04", "GLM-130B"),
                ("2023-03-14", "ChatGLM", ("6B",)),
                ("2023-06-25", "ChatGLM2", ("6B",)),
                ("2023-10-27", "ChatGLM3", ("6B",)),
                ("2023-10-27", "智谱清言"),
                ("2024-01-16", "GLM-4"),
            ),
        ),
        NamedFamily(
            "baichuan",
            "CN",
            True,
            _forms(
                ("2023-06-15", "Baichuan", ("7B", "13B")),
                ("2023-09-06", "Baichuan2", ("7B", "13B")),
                ("2023-09-06", "Baichuan 2", ("7B", "13B")),
                ("2023-09-06", "百川大模型"),
            ),
        ),
        NamedFamily(
            "ernie",
            "CN",
            True,
            _forms(
                ("2021-07-05", "ERNIE 3.0"),
                ("2023-03-16", "ERNIE Bot"),
                ("2023-03-16", "文心一言"),
                ("2023-10-17", "ERNIE 4.0"),
            ),
        ),
        NamedFamily(
            "internlm",
            "CN",
            True,
            _forms(
                ("2023-07-06", "InternLM", ("7B", "20B")),
                ("2024-01-17", "InternLM2", ("7B", "20B")),
            ),
        ),
        NamedFamily(
            "yi",
            "CN",
            True,
            _forms(
                ("2023-11-02", "Yi", ("6B", "34B")),
                ("2024-05-13", "Yi-1.5", ("9B", "34B")),
                ("2023-11-02", "零一万物"),
            ),
        ),
        NamedFamily(
            "llama",
            "US",
            True,
            _forms(
                ("2023-02-24", "LLaMA", ("7B", "13B", "65B")),
                ("2023-07-18", "Llama 2", ("7B", "13B", "70B")),
                ("2023-07-18", "LLaMA-2", ("7B", "13B", "70B")),
                ("2023-07-18", "Llama2", ("7B", "70B")),
                ("2023-08-24", "Code Llama", ("7B", "34B")),
                ("2024-04-18", "Llama 3", ("8B", "70B")),
                ("2024-04-18", "LLAMA3", ("8B", "70B")),
                ("2024-07-23", "Llama-3.1", ("8B", "70B", "405B")),
            ),
        ),
        NamedFamily(
            "mistral",
            "FR",
            True,
            _forms(
                ("2023-09-27", "Mistral", ("7B",)),
                ("2023-09-27", "Mistral 7B"),
                ("2023-12-11", "Mixtral", ("8x7B",)),
                ("2024-04-17", "Mixtral-8x22B"),
            ),
        ),
        NamedFamily(
            "gemma",
            "US",
            True,
            _forms(
                ("2024-02-21", "Gemma", ("2B", "7B")),
                ("2024-06-27", "Gemma 2", ("9B", "27B")),
                ("2024-06-27", "Gemma-2", ("9B", "27B")),
            ),
        ),
        NamedFamily("falcon", "AE", True, _forms(("2023-05-25", "Falcon", ("7B", "40B", "180B")))),
        NamedFamily(
            "phi",
            "US",
            True,
            _forms(
                ("2023-09-11", "Phi-1.5"),
                ("2023-12-12", "Phi-2"),
                ("2024-04-23", "Phi-3", ("mini", "medium")),
            ),
        ),
        NamedFamily(
            "vicuna",
            "US",
            True,
            _forms(("2023-03-30", "Vicuna", ("7B", "13B", "33B"))),
        ),
        NamedFamily(
            "command",
            "CA",
            True,
            _forms(("2024-03-11", "Command R"), ("2024-04-04", "Command R+")),
        ),
        NamedFamily("gpt-2", "US", True, _forms(("2019-02-14", "GPT-2"), ("2019-02-14", "GPT2"))),
        NamedFamily(
            "gpt-neox",
            "US",
            True,
            _forms(
                ("2021-06-09", "GPT-J"), ("2021-06-09", "GPT-J-6B"), ("2022-02-09", "GPT-NeoX-20B")
            ),
        ),
        NamedFamily("opt", "US", True, _forms(("2022-05-02", "OPT", ("30B", "66B", "175B")))),
        NamedFamily(
            "bloom", "FR", True, _forms(("2022-07-11", "BLOOMZ"), ("2022-07-11", "BLOOM-176B"))
        ),
        NamedFamily("pythia", "US", True, _forms(("2023-04-03", "Pythia", ("6.9B", "12B")))),
        NamedFamily("t5", "US", True, _forms(("2022-10-20", "Flan-T5"), ("2020-10-22", "mT5"))),
        NamedFamily(
            "gpt",
            "US",
            False,
            _forms(
                ("2020-06-11", "GPT-3"),
                ("2022-11-30", "ChatGPT"),
                ("2022-11-30", "GPT-3.5"),
                ("2023-03-14", "GPT-4"),
                ("2024-05-13", "GPT-4o"),
            ),
        ),
        NamedFamily(
            "claude",
            "US",
            False,
            _forms(
                ("2023-07-11", "Claude 2"),
                ("2024-03-04", "Claude 3 Opus"),
                ("2024-06-20", "Claude 3.5 Sonnet"),
            ),
        ),
    )
}

#: Sentences that name no model, whatever a search for names makes of them. `{n}` is a number.
FALSE_FRIENDS: tuple[str, ...] = (
    "Nanobodies were raised in two llamas immunised with the purified spike protein.",
    "A herd of {n} llamas and alpacas was sampled on pastures of the Bolivian Altiplano.",
    "Llama antibodies lack light chains and bind to small epitopes.",
    "Serum of the llama was collected on day {n} after the last injection.",
    "The LLAMA radio telescope in Argentina observed the source at {n} GHz.",
    "The vicuna and the guanaco graze on the same slopes above {n} m.",
    "Alpaca fibre was spun at {n} turns per metre.",
    "Gemma Wilson and her team recruited {n} participants at three schools.",
    "Each gemma of the liverwort grew into a thallus within {n} days.",
    "Patients were seen at the Santa Gemma clinic between January and June.",
    "Yi and colleagues reported a similar effect in {n} patients.",
    "As shown by Yi et al., the reaction proceeds at {n} degrees.",
    "We surveyed {n} households of the Yi people in Liangshan, Sichuan.",
    "Professor Yi analysed the {n} samples without knowledge of the treatment.",
    "Each command issued over the serial line takes {n} ms.",
    "The vehicle follows the voice command within {n} ms of the end of speech.",
    "A command-line interface starts the solver with {n} threads.",
    "Units under joint command reported {n} incidents in the period.",
    "Nests of the peregrine falcon were visited on {n} cliffs.",
    "The falcon dives at up to {n} km per hour when it hunts.",
    "The satellite was launched on a Falcon 9 rocket to an orbit of {n} km.",
    "Falcon tubes were centrifuged at {n} g for five minutes.",
    "Strong mistral gusts in the Gulf of Lions cooled the surface within {n} hours.",
    "The Mistral blew for {n} days in the Rhône valley and drove the upwelling.",
    "Poems of Gabriela Mistral are read in {n} school books.",
    "The phi coefficient between the two binary variables was 0.{n}.",
    "The angle phi was varied in {n} steps around the axis of the cylinder.",
    "Phi and psi torsion angles were restrained for {n} residues.",
    "Claude Monet painted the motif at {n} different hours of the day.",
    "Claude Shannon's bound limits the rate of such a channel to {n} bits.",
    "An algal bloom covered {n} square kilometres of the lake in August.",
    "Farmers who opt for drip irrigation save {n} percent of the water.",
    "Jobs ran on an Apache Spark cluster with {n} executors.",
    "A spark between the electrodes ignites the mixture after {n} microseconds.",
    "Each step of the protocol was repeated {n} times.",
    "Students took the USMLE Step 1 after {n} weeks of preparation.",
    "Wheat seed was sown at {n} kg per hectare.",
    "The random seed was fixed at {n} in all simulations.",
    "Cores of granite were drilled to a depth of {n} m.",
    "Kimi Räikkönen won the race after {n} laps.",
    "Genomes of {n} breeds of Ovis aries were aligned.",
    "Territories of the golden eagle, Aquila chrysaetos, span {n} square kilometres.",
    "Speakers of Tulu in coastal Karnataka took part in {n} interviews.",
    "A black mamba was kept at {n} degrees Celsius.",
    "The generalized linear model (GLM) included {n} covariates.",
    "Fluorescent T5 tubes lit the chamber for {n} hours a day.",
    "The fracture of T5 was fixed with {n} screws.",
    "A stable diffusion coefficient was reached after {n} minutes.",
    "Wassily Kandinsky's letters fill {n} boxes of the archive.",
    "The zephyr over the bay weakened after {n} hours.",
    "Typhoon tracks of {n} seasons were compared with the reanalysis.",
    "The oracle of Pythia at Delphi is described in {n} ancient sources.",
    "The sheep Dolly lived for {n} months after the first lesion was seen.",
    "Spectra of the Orion nebula were taken on {n} nights.",
    "《文心雕龙》的{n}种版本反映了明清两代的文学思想。",
    "学校以“海纳百川”为校训，调查了{n}名学生。",
    "盘古开天的传说在{n}个村庄中流传。",
)
