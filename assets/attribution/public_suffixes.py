"""The public suffix list, bundled and offline: where a registrable domain begins."""

from functools import cache

from publicsuffixlist import PublicSuffixList


def public_suffix(domain: str) -> str | None:
    """The registry's suffix that a lower-case ASCII domain ends in; None for an unknown one.

    Suffixes of hosting firms (github.io) are left out: they say nothing of a country.
    """
    suffix: str | None = _suffixes().publicsuffix(domain)
    return suffix


def registrable(domain: str) -> str | None:
    """The suffix and the label before it; None for a bare or an unknown suffix."""
    name: str | None = _suffixes().privatesuffix(domain)
    return name


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False, only_icann=True)
