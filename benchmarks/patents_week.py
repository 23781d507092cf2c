"""A synthetic weekly file of grants of real size: 7,000 documents, 700 MB of XML in one zip.

Its structure is that of real grants (prolog and DOCTYPE, classifications, a hundred citations,
parties, paragraphs with reference numerals in bold, figure references, tables, formulae, claims),
its words those of patents by their usual frequency, with rare words and names among them. Some
descriptions name model families, and more hold their false friends. Sizes are log-normal: half
of the documents have under 70 KB, the largest several megabytes.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sandbox.model_prose import Plant, description
from sandbox.model_words import FAMILIES

DOCUMENTS = 7_000
_MEAN_BYTES, _SIGMA = 90_000, 0.85
_NAMING_SHARE, _FRIENDS_SHARE = 0.02, 0.05
_PARAGRAPHS = 6_000


def _split(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_COMMON = _split(
    "the of a to and in is or be for as an by with that may at can from on which one are this "
    "first second such least each when used more between based not other than has it any "
    "where some use also have all one another further within into through will over two "
)
_TRADE = _split(
    "embodiment system method device data processor memory step command model signal layer unit "
    "element plurality configured example substrate portion surface user network module circuit "
    "controller parameter information time value output input electrode light housing member "
    "end set level region control image process sensor power interface component material "
    "structure described shown present invention includes including comprising provided "
    "respectively disclosed apparatus instructions storage medium software language server "
    "message vehicle battery cell composition polymer temperature pressure valve shaft "
    "phase angle frequency antenna channel node request response "
    "training weights neural vector embedding token transformer attention inference query "
    "cluster feature object display application program code "
)
_OPENING = _split("The In A For Each As According Further When Some Other This")
#: Words that some family is called by, as often as in patents of all fields together.
_AMBIGUOUS = _split(
    "seed granite spark solar phi sailor bark bloom falcon arctic nova orion whisper zephyr flux "
    "opt wan cosmos command hermes step llama "
)
_RARE_STEMS = _split(
    "carbox meth ethyl prop benz fluor phos sulf nitr hydr poly cyclo tetra hexa micro nano "
    "photo electro thermo hygro baro magneto radio ferro auto semi trans inter sub super over "
    "under "
)
_RARE_ENDS = _split(
    "ylate ol ane ene ide ine one ase osis ism graph meter scope tron gate flow form plex "
)
_NAMES = _split(
    "Smith Yi Chen Kim Claude Gemma Garcia Müller Tanaka Falcon Novak Rossi Patel Orion Silva "
    "Wan Ling Seed Bloom Phi Sailor Hermes Lucie Minerva Nova Solar "
)
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE us-patent-grant SYSTEM "us-patent-grant-v47-2022-02-17.dtd" [ ]>\n'
    '<us-patent-grant lang="EN" dtd-version="v4.7 2022-02-17" file="US{number}-20241015.XML" '
    'status="PRODUCTION" id="us-patent-grant" country="US" date-produced="20240925" '
    'date-publ="20241015">\n<us-bibliographic-data-grant>\n<publication-reference>\n<document-id>\n'
    "<country>US</country>\n<doc-number>{number}</doc-number>\n<kind>B2</kind>\n"
    "<date>20241015</date>\n</document-id>\n</publication-reference>\n"
    '<application-reference appl-type="utility">\n<document-id>\n<country>US</country>\n'
    "<doc-number>{application}</doc-number>\n<date>2022{month:02d}15</date>\n</document-id>\n"
    "</application-reference>\n<us-application-series-code>17</us-application-series-code>\n"
)
_CLASS = (
    "<classification-cpc>\n<cpc-version-indicator><date>20130101</date></cpc-version-indicator>\n"
    "<section>G</section>\n<class>06</class>\n<subclass>F</subclass>\n"
    "<main-group>{group}</main-group>\n<subgroup>{sub}</subgroup>\n"
    "<symbol-position>F</symbol-position>\n<classification-value>I</classification-value>\n"
    "<action-date><date>20241015</date></action-date>\n"
    "<generating-office><country>US</country></generating-office>\n"
    "<classification-status>B</classification-status>\n"
    "<classification-data-source>H</classification-data-source>\n"
    "<scheme-origination-code>C</scheme-origination-code>\n</classification-cpc>\n"
)
_PATENT_CITED = (
    '<us-citation>\n<patcit num="{n:05d}">\n<document-id>\n<country>US</country>\n'
    "<doc-number>{cited}</doc-number>\n<kind>B2</kind>\n<name>{name} et al.</name>\n"
    "<date>2019{month:02d}00</date>\n</document-id>\n</patcit>\n"
    "<category>cited by applicant</category>\n</us-citation>\n"
)
_LITERATURE = (
    '<us-citation>\n<nplcit num="{n:05d}">\n<othercit>{name} et al., &#x201c;{title},&#x201d; 2021 '
    "pp. {n}-{cited}.</othercit>\n</nplcit>\n<category>cited by applicant</category>\n"
    "</us-citation>\n"
)
_PARTIES = (
    '<us-parties>\n<us-applicants>\n<us-applicant sequence="001" app-type="applicant" '
    'designation="us-only" applicant-authority-category="assignee">\n<addressbook>\n'
    "<orgname>{owner}</orgname>\n<address>\n<city>Springfield</city>\n<country>{country}</country>\n"
    "</address>\n</addressbook>\n<residence>\n<country>{country}</country>\n</residence>\n"
    "</us-applicant>\n</us-applicants>\n</us-parties>\n<assignees>\n<assignee>\n<addressbook>\n"
    "<orgname>{owner}</orgname>\n<role>{role}</role>\n<address>\n<city>Springfield</city>\n"
    "<country>{country}</country>\n</address>\n</addressbook>\n</assignee>\n</assignees>\n"
)
_OWNERS = (
    ("Acme Computing Inc.", "US", "02"),
    ("University of Springfield", "US", "02"),
    ("Beispiel GmbH", "DE", "03"),
    ("Rei Denki Co., Ltd.", "JP", "03"),
    ("Lizi Technology Co., Ltd.", "CN", "03"),
)


@dataclass(frozen=True, slots=True)
class Week:
    """What was written.

    Attributes:
        path: The zip.
        document_count: Documents in it.
        byte_count: Bytes of XML in it.
        naming: Publication numbers and the families that their descriptions name.
    """

    path: Path
    document_count: int
    byte_count: int
    naming: dict[str, frozenset[str]]


def write_week(path: Path, seed: int = 1, documents: int = DOCUMENTS) -> Week:
    """Write a week's zip; the same seed gives the same bytes."""
    rng = np.random.default_rng(seed)
    words = _Words(rng)
    byte_count, naming = 0, {}
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as container,
        container.open("ipg241015.xml", "w", force_zip64=True) as member,
    ):
        for place in range(documents):
            number = f"{12_000_000 + place}"
            text, families = _document(rng, words, number)
            data = text.encode()
            byte_count += member.write(data)
            if families:
                naming[f"US{number}B2"] = frozenset(families)
    return Week(path, documents, byte_count, naming)


class _Words:
    """Paragraphs to draw from, with their markup."""

    def __init__(self, rng: np.random.Generator) -> None:
        rare = [stem + end for stem in _RARE_STEMS for end in _RARE_ENDS]
        vocabulary = np.array([*_COMMON, *_TRADE, *_AMBIGUOUS, *rare])
        ranks = np.arange(1, len(_COMMON) + 1)
        weights = np.concatenate(
            [
                0.45 / ranks / (1 / ranks).sum(),
                np.full(len(_TRADE), 0.446 / len(_TRADE)),
                np.full(len(_AMBIGUOUS), 0.004 / len(_AMBIGUOUS)),
                np.full(len(rare), 0.10 / len(rare)),
            ]
        )
        self.paragraphs = [self._paragraph(rng, vocabulary, weights) for _ in range(_PARAGRAPHS)]
        self.mean_bytes = float(np.mean([len(each) for each in self.paragraphs]))

    def _paragraph(
        self, rng: np.random.Generator, vocabulary: np.ndarray, weights: np.ndarray
    ) -> str:
        words = list(rng.choice(vocabulary, size=int(rng.integers(40, 220)), p=weights))
        for place in range(0, len(words), 14):
            # As in prose, few sentences begin with what they are about.
            words[place] = _OPENING[place % len(_OPENING)]
            words[place - 1] = f"{words[place - 1]}."
        for place in rng.integers(0, len(words), size=len(words) // 12):
            words[place] = f"{words[place]} <b>{rng.integers(1, 9) * 100 + place}</b>"
        for place in rng.integers(0, len(words), size=2):
            figure = f'<figref idref="DRAWINGS">FIG. <b>{place % 9 + 1}</b></figref>'
            words[place] = f"{words[place]} {figure} &#x2014;"
        if rng.random() < 0.1:
            words.append("C<sub>6</sub>H<sub>12</sub>O<sub>6</sub> at 5&#xb0; C. &#x3bc;")
        if rng.random() < 0.05:
            words[0] = f"{rng.choice(_NAMES)} et al. step <b>1</b>: Step 1 {words[0]}"
        return " ".join(str(word) for word in words)

    def some(self, rng: np.random.Generator, byte_count: float) -> list[str]:
        count = max(3, round(byte_count / (self.mean_bytes + 40)))
        return [self.paragraphs[place] for place in rng.integers(0, _PARAGRAPHS, size=count)]


def _document(rng: np.random.Generator, words: _Words, number: str) -> tuple[str, set[str]]:
    size = float(rng.lognormal(np.log(_MEAN_BYTES) - _SIGMA**2 / 2, _SIGMA))
    owner, country, role = _OWNERS[int(rng.integers(len(_OWNERS)))]
    month = int(rng.integers(1, 13))
    paragraphs = words.some(rng, size * 0.72)
    families: set[str] = set()
    if rng.random() < _NAMING_SHARE:
        plants = [Plant(str(each)) for each in rng.choice(list(FAMILIES), size=2, replace=False)]
        families = {plant.family for plant in plants}
        paragraphs += description(rng, plants, false_friends=1, paragraphs=2)
    elif rng.random() < _FRIENDS_SHARE / (1 - _NAMING_SHARE):
        paragraphs += description(rng, (), false_friends=2, paragraphs=2)
    order = rng.permutation(len(paragraphs))
    body = "\n".join(
        f'<p id="p-{n:04d}" num="{n:04d}">{paragraphs[place]}</p>'
        for n, place in enumerate(order, start=2)
    )
    return (
        "".join(
            [
                _HEAD.format(number=number, application=f"17{number[-6:]}", month=month),
                "<classifications-cpc>\n<main-cpc>\n",
                _CLASS.format(group=rng.integers(1, 40), sub=rng.integers(10, 99)),
                "</main-cpc>\n<further-cpc>\n",
                *(
                    _CLASS.format(group=rng.integers(1, 40), sub=rng.integers(10, 99))
                    for _ in range(int(rng.integers(2, 9)))
                ),
                "</further-cpc>\n</classifications-cpc>\n",
                f'<invention-title id="d2e43">System and method {number}</invention-title>\n',
                _citations(rng, size * 0.2),
                _PARTIES.format(owner=owner, country=country, role=role),
                '</us-bibliographic-data-grant>\n<abstract id="abstract">\n<p id="p-0001" '
                f'num="0000">{paragraphs[0]}</p>\n</abstract>\n',
                '<description id="description">\n<?BRFSUM description="Brief Summary" '
                'end="lead"?>\n<heading id="h-0001" level="1">BACKGROUND</heading>\n',
                body,
                '\n<?DETDESC description="Detailed Description" end="tail"?>\n</description>\n',
                "<us-claim-statement>What is claimed is:</us-claim-statement>\n",
                '<claims id="claims">\n',
                _claims(rng, words),
                "</claims>\n</us-patent-grant>\n",
            ]
        ),
        families,
    )


def _citations(rng: np.random.Generator, byte_count: float) -> str:
    count = max(4, int(byte_count / 290))
    draws = rng.integers(0, 1 << 30, size=(count, 3))
    entries = [
        (_LITERATURE if draw[0] % 5 == 0 else _PATENT_CITED).format(
            n=n,
            cited=9_000_000 + draw[1] % 999_999,
            name=_NAMES[draw[2] % len(_NAMES)],
            month=1 + draw[0] % 12,
            title=f"{_TRADE[draw[1] % len(_TRADE)]} {_TRADE[draw[2] % len(_TRADE)]} learning",
        )
        for n, draw in enumerate(draws, start=1)
    ]
    return f"<us-references-cited>\n{''.join(entries)}</us-references-cited>\n"


def _claims(rng: np.random.Generator, words: _Words) -> str:
    count = int(rng.integers(8, 21))
    places = rng.integers(0, _PARAGRAPHS, size=count)
    return "".join(
        f'<claim id="CLM-{n:05d}" num="{n:05d}">\n<claim-text>{n}. The method of <claim-ref '
        f'idref="CLM-00001">claim 1</claim-ref>, wherein:\n<claim-text>'
        f"{words.paragraphs[place]}</claim-text>\n</claim-text>\n</claim>\n"
        for n, place in enumerate(places, start=1)
    )
