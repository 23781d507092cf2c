"""Whose a patent is: kind and country of its owners, by their stated role, address and name.

Rules, in this order:
1. No organisation's name: an individual. Persons' names are not read.
2. Role 6 to 9 (federal, foreign, county, state government), or a government's name: government.
3. A word of `_EDUCATION` in the name: education. Foundations, boards and technology transfer
   offices of universities count with them, as do universities' hospitals.
4. Any other organisation: company. Hospitals, foundations and research institutes of no university
   are among them: patents say nothing that tells them apart.

Roles: 2 U.S. company, 3 foreign company, 4 U.S. individual, 5 foreign individual, 6 U.S.
government, 7 foreign government, 8 county, 9 state (ST.36 as the USPTO uses it; a leading 1 marks
a part interest).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from assets.patents.record import Party, PartyKind

_GOVERNMENT_ROLES, _US_ROLES, _FOREIGN_ROLES = set("6789"), set("24689"), set("357")
_COUNTRY = re.compile(r"[A-Z]{2}")
#: Codes of WIPO ST.3 that are no country's, and what the files say where they know none.
_NO_COUNTRY = frozenset({"EP", "WO", "EM", "AP", "EA", "OA", "XX", "XH", "XN", "XU"})
_MOST_NAME_CHARACTERS = 200
_EDUCATION = re.compile(
    r"""\b(?:
        universi[td]\w* | univ\.? | colleges? | school | schule | hochschule | fachhochschule
        | ecole | escuela | polytech\w* | politecnic\w* | daxue | daigaku
        | (?:institut\w*|inst\.?)\ (?:of|for|de|du)\ (?:\w+\ (?:of|and|&)\ )?(?:science\ and\ )?
          techno?log\w+
        | regents | trustees\ of | president\ and\ fellows
        | alumni\ research | penn\ state\ research | purdue\ research | georgia\ tech
        | virginia\ tech | texas\ tech | caltech | (?:ohio|iowa)\ state\ innovation
        | suny | cuny | rutgers
    )\b""",
    re.VERBOSE,
)
#: Makers whose names hold such a word.
_NO_EDUCATION = re.compile(r"\b(?:school\ (?:specialty|bus)|college\ board|university\ games)\b")
_GOVERNMENT = re.compile(
    r"\b(?:government of|represented by the (?:secretary|administrator)|department of (?:the )?"
    r"(?:army|navy|air force|energy|defense|health|agriculture|commerce)|"
    r"secretary of the (?:army|navy|air force))\b"
)


@dataclass(frozen=True, slots=True)
class Stated:
    """An owner as a document states it.

    Attributes:
        organisation: Name of an organisation; empty for a person.
        role: Digits of the role; empty where none is stated.
        country: Code of the address or residence, as stated; empty where there is none.
    """

    organisation: str
    role: str
    country: str


def parties(assignees: Sequence[Stated], applicants: Sequence[Stated]) -> tuple[Party, ...]:
    """The owners: the assignees, and where there is none the applicants.

    An assignee without an address has the country that all applicants share, and `US` where the
    role says so.
    """
    shared = {_country(each.country) for each in applicants}
    fallback = shared.pop() if len(shared) == 1 else None
    return tuple(_party(each, fallback) for each in assignees or applicants)


def organisation_kind(name: str, role: str = "") -> PartyKind:
    """Kind of the organisation of a name, by rules 2 to 4."""
    folded = _folded(name)
    if role[-1:] in _GOVERNMENT_ROLES or _GOVERNMENT.search(folded):
        return "government"
    if _EDUCATION.search(folded) and not _NO_EDUCATION.search(folded):
        return "education"
    return "company"


def _party(stated: Stated, fallback: str | None) -> Party:
    role = stated.role[-1:]
    country = _country(stated.country)
    if country is None and role in _US_ROLES:
        country = "US"
    elif country is None and not (role in _FOREIGN_ROLES and fallback == "US"):
        country = fallback
    name = " ".join(stated.organisation.split())[:_MOST_NAME_CHARACTERS]
    if not name:
        return Party("individual", country, None)
    return Party(organisation_kind(name, stated.role), country, name)


def _country(code: str) -> str | None:
    text = code.strip().upper()
    return text if _COUNTRY.fullmatch(text) and text not in _NO_COUNTRY else None


def _folded(name: str) -> str:
    """Lower case without accents; ß and the like as their letters."""
    plain = unicodedata.normalize("NFKD", name.replace("ä", "ae").replace("Ä", "Ae"))
    return "".join(each for each in plain if not unicodedata.combining(each)).casefold()
