"""The country that an e-mail domain speaks for, offline, by the public suffix list.

Rules in order: an organisation's own domain; a mail provider used mostly in one country; academic
and government suffixes below a country's domain; .edu, .gov and .mil; any other country domain.
The last is weaker than the others, and some .edu addresses are abroad: how much each rule is worth
is learned, not assumed. No rule speaks for addresses of hosts and machines, of graduates, and
under domains that anybody buys for their looks or price.
"""

import re
from functools import cache
from typing import Literal, NamedTuple

import pycountry

from assets.attribution.mail_providers import COUNTRY_OF, NATIONAL_BRANDS, WORLDWIDE
from assets.attribution.organisations import Organisations
from assets.attribution.public_suffixes import public_suffix, registrable

DomainRule = Literal["organisation", "mail_provider", "academic", "government", "country_tld"]
_MAX_LENGTH = 253  # RFC 1035
_ADDRESS = re.compile(r"[\d.]+|\[.*\]|[\da-f:]*:[\da-f:.]*", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")

# Labels of machines and of mail that no person reads; of people who have left.
_NO_PERSON = frozenset({"example", "invalid", "localhost", "no-reply", "noreply"})
_LEFT = frozenset({"alum", "alumni", "alumnos", "alumnus"})
# GitHub writes commits under it for people of all countries.
_HOSTS = frozenset({"github.com"})
# Names below these are free, or sold by the thousand, to anybody.
_FREE_SUFFIXES = frozenset({"edu.kg", "pp.ua", "us.kg", "xx.kg", "zone.id"})

_ACADEMIC = frozenset({"ac", "edu", "res", "school", "sch"})
_GOVERNMENT = frozenset({"gc", "gob", "gouv", "gov", "govt", "gub", "gv", "mil", "nhs"})
# "go" is government here only: go.it is the province of Gorizia.
_GO = frozenset({"cr", "id", "jp", "ke", "kr", "th", "tz", "ug"})
_SPONSORED: dict[str, DomainRule] = {"edu": "academic", "gov": "government", "mil": "government"}

# Kept for institutions, though the list of registries' suffixes no longer has them.
_RUSSIAN: dict[str, DomainRule] = {
    "ac.ru": "academic",
    "edu.ru": "academic",
    "gov.ru": "government",
    "mil.ru": "government",
}

# Country domains that say little of their holders' country, by what they are bought for.
_GENERIC_USE = {
    "technology and start-ups": "ai co gg io sh so",
    "media": "am fm tv",
    "words and domain hacks": (
        "ad ag as cc cd cx gd gl gs is im la lc li ly me mn ms mu nu pm re sc st sx tc tf tl tm to "
        "vc vg vu wf ws yt"
    ),
    "programming languages and files": "bz md pw rs",
    "names once given away": "cf ga gq ml tk",
    "typing errors": "cm",
    "no country's": "ac eu su",
}
_GENERIC = frozenset(" ".join(_GENERIC_USE.values()).split())
# Of these, even "edu" and "gov" are for sale: no university or ministry is there.
_NO_STATE = frozenset({"ac", "cc", "cx", "io", "nu", "sh", "tk", "tm"})

# Country domains in other scripts.
_IDN = {
    "AE": "امارات",
    "AM": "հայ",
    "BD": "বাংলা",
    "BG": "бг",
    "BY": "бел",
    "CN": "中国 中國",
    "DZ": "الجزائر",
    "EG": "مصر",
    "GE": "გე",
    "GR": "ελ",
    "HK": "香港",
    "IL": "ישראל",
    "IN": "भारत ভারত இந்தியா",
    "IR": "ایران",
    "JO": "الاردن",
    "KR": "한국",
    "KZ": "қаз",
    "LK": "ලංකා இலங்கை",
    "MA": "المغرب",
    "MK": "мкд",
    "MN": "мон",
    "MO": "澳門",
    "OM": "عمان",
    "PK": "پاکستان",
    "QA": "قطر",
    "RS": "срб",
    "RU": "рф",
    "SA": "السعودية",
    "SG": "新加坡 சிங்கப்பூர்",
    "SY": "سورية",
    "TH": "ไทย",
    "TN": "تونس",
    "TW": "台湾 台灣",
    "UA": "укр",
}


class DomainMatch(NamedTuple):
    """The country that a domain speaks for.

    Attributes:
        country_iso2: ISO 3166-1 alpha-2 code.
        rule: what decided.
        domain: the registrable domain, in lower-case ASCII; the suffix itself where an address
            is directly below a government's.
    """

    country_iso2: str
    rule: DomainRule
    domain: str


def domain_country(domain: str | None, organisations: Organisations) -> DomainMatch | None:
    """The country of an e-mail domain.

    Args:
        domain: what stands after the @, in any case, international names in either spelling.
        organisations: whose domains come first.

    Returns:
        None where no rule speaks, and for whatever is no domain; raises nothing for bad text.
    """
    ascii_domain = _ascii(domain) if domain else None
    if ascii_domain is None:
        return None
    labels = ascii_domain.split(".")
    suffix = public_suffix(ascii_domain)
    if suffix is None or not _NO_PERSON.isdisjoint(labels) or not _LEFT.isdisjoint(labels):
        return None
    name = registrable(ascii_domain)
    if name is None:
        return _by_suffix(ascii_domain, suffix)
    if name in _HOSTS or name in WORLDWIDE:
        return None
    organisation = organisations.of_domain(name)
    if organisation is not None:
        return DomainMatch(organisation.country_iso2, "organisation", name)
    if name in COUNTRY_OF:
        return DomainMatch(COUNTRY_OF[name], "mail_provider", name)
    return _by_suffix(name, suffix)


def _by_suffix(name: str, suffix: str) -> DomainMatch | None:
    """What the suffix says; a name that is a bare suffix is an institution's ("nhs.uk") or none."""
    label, _, tld = suffix.rpartition(".")
    label = label.rpartition(".")[2]
    if tld in _SPONSORED:
        return DomainMatch("US", _SPONSORED[tld], name) if name != suffix else None
    iso2 = _country_domains().get(tld)
    if iso2 is None or _is_free(name, suffix):
        return None
    rule = _RUSSIAN.get(name) or _institution(label, tld)
    if rule is not None and tld not in _NO_STATE:
        return DomainMatch(iso2, rule, name)
    if tld in _GENERIC or name == suffix:
        return None
    is_brand = name.split(".")[0] in NATIONAL_BRANDS
    return DomainMatch(iso2, "mail_provider" if is_brand else "country_tld", name)


def _is_free(name: str, suffix: str) -> bool:
    return name in _FREE_SUFFIXES or suffix in _FREE_SUFFIXES


def _institution(label: str, tld: str) -> DomainRule | None:
    """What a second-level label below a country's domain is kept for."""
    if label in _ACADEMIC:
        return "academic"
    if label in _GOVERNMENT or (label == "go" and tld in _GO):
        return "government"
    return None


def _ascii(domain: str) -> str | None:
    """Lower-case ASCII form of a host name; None for addresses and for what is no host name."""
    domain = domain.strip().rstrip(".").lower()
    if not domain or len(domain) > _MAX_LENGTH or _ADDRESS.fullmatch(domain):
        return None
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            # Text that no international domain can be: the caller asked about free text.
            return None
    return domain if _HOST.fullmatch(domain) else None


@cache
def _country_domains() -> dict[str, str]:
    """Country by top-level domain: its code, "uk", and the names in other scripts."""
    codes = {country.alpha_2 for country in pycountry.countries}
    countries = {code.lower(): code for code in codes} | {"uk": "GB"}
    for iso2, names in _IDN.items():
        for name in names.split():
            countries[name.encode("idna").decode("ascii")] = iso2
    return countries
