"""OpenAlex's JSON of a planted work: inverted abstract, authors with names, dehydrated places."""

from __future__ import annotations

from datetime import datetime
from zlib import crc32

from sandbox.openalex_works import Affiliation, PlantedWork

_ID = "https://openalex.org/"


def document_of(work: PlantedWork, now: datetime) -> dict[str, object]:
    """The document, as the catalogue has it at a time."""
    updated = work.revised_at if work.revised_at and work.revised_at <= now else work.seen_from
    return {
        "id": f"{_ID}{work.work_id}",
        "doi": f"https://doi.org/10.99999/sandbox.{work.work_id[1:]}",
        "title": work.text.title,
        "abstract_inverted_index": _index(work),
        "publication_date": str(work.published),
        "type": work.work_type,
        "language": "en",
        "authorships": _authorships(work, work.affiliations_at(now)),
        "updated_date": f"{updated:%Y-%m-%dT%H:%M:%S.%f}",
    }


def _index(work: PlantedWork) -> object:
    if not work.has_abstract:
        return None
    index: dict[str, list[object]] = {}
    for position, word in enumerate(work.text.abstract.split()):
        index.setdefault(word, []).append(position)
    first = next(iter(index))
    match work.index_fault:
        case "list":
            return list(index)
        case "negative":
            index[first] = [-1]
        case "text":
            index[first] = ["0"]
        case "twice":
            index[f"{first}'"] = [0]
    return index


def _authorships(
    work: PlantedWork, affiliations: tuple[Affiliation, ...]
) -> list[dict[str, object]]:
    """One author for each affiliation, and one without any."""
    number = crc32(work.work_id.encode())
    return [
        {
            "author_position": "first" if place == 0 else "middle",
            "author": {
                "id": f"{_ID}A{number + place}",
                "display_name": f"Sandbox Author {(number + place) % 10_007}",
                "orcid": None,
            },
            "institutions": [_institution(each, number) for each in here],
            "countries": [each.country for each in here if each.country],
            "raw_author_name": f"Sandbox Author {(number + place) % 10_007}",
        }
        for place, here in enumerate([*([each] for each in affiliations), []])
    ]


def _institution(affiliation: Affiliation, number: int) -> dict[str, object]:
    code = crc32(f"{affiliation.country} {affiliation.kind} {number % 40}".encode())
    return {
        "id": f"{_ID}I{code}",
        "display_name": f"Sandbox {affiliation.kind} {number % 40}",
        "ror": None,
        "country_code": affiliation.country or None,
        "type": affiliation.kind,
        "lineage": [f"{_ID}I{code}"],
    }
