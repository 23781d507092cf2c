"""Employers and domains: read by the platform's own rules, and drawn as often as stated."""

from __future__ import annotations

from collections import Counter

import pytest

from assets.attribution.domains import domain_country
from assets.attribution.organisations import Organisations
from sandbox.institutions import DOMAINS, EMPLOYERS, MAIL, MULTINATIONALS
from sandbox.people import COUNTRY_CODES
from sandbox.world import World


@pytest.fixture(scope="module")
def organisations() -> Organisations:
    return Organisations.load()


@pytest.fixture(scope="module")
def city() -> World:
    """A world with enough people to count rare kinds."""
    return World(1, 6_000)


@pytest.mark.parametrize("country", COUNTRY_CODES)
def test_every_country_has_employers_and_domains_that_say_where_they_are(
    country: str, organisations: Organisations
) -> None:
    assert len(set(EMPLOYERS[country])) >= 2
    assert len(set(DOMAINS[country])) >= 4
    for text in EMPLOYERS[country]:
        match = organisations.of_company(text)
        assert match is not None, text
        assert match.country_iso2 == country, text
    for domain in DOMAINS[country]:
        found = domain_country(domain, organisations)
        assert found is not None, domain
        assert found.country_iso2 == country, domain


def test_multinationals_are_american_and_mail_of_all_countries_says_nothing(
    organisations: Organisations,
) -> None:
    matches = [organisations.of_company(text) for text in MULTINATIONALS]
    assert [match.country_iso2 for match in matches if match] == ["US"] * len(MULTINATIONALS)
    assert not any(domain_country(domain, organisations) for domain in MAIL)


def test_half_of_the_companies_named_are_employers_and_an_eighth_of_these_sit_elsewhere(
    city: World,
) -> None:
    named = [person for person in city.developers if person.company]
    assert len(named) / len(city.developers) == pytest.approx(0.3, abs=0.02)
    kinds: Counter[str] = Counter()
    for person in named:
        if person.company in EMPLOYERS[str(person.country)]:
            kinds["home"] += 1
        elif person.company in MULTINATIONALS:
            kinds["abroad"] += 1
        else:
            kinds["none"] += 1
    real = kinds["home"] + kinds["abroad"]
    assert real / len(named) == pytest.approx(0.5, abs=0.04)
    # Three standard errors of a share of 1/8 among 900.
    assert kinds["abroad"] / real == pytest.approx(0.125, abs=0.035)


def test_half_of_the_addresses_that_are_not_githubs_own_are_of_the_authors_country(
    city: World,
) -> None:
    authors = {each.author_id: each for history in city.commits.values() for each in history}
    domains = {
        author_id: each.author_email.rpartition("@")[2]
        for author_id, each in authors.items()
        if "noreply" not in each.author_email
    }
    home = [
        author_id
        for author_id, domain in domains.items()
        if domain in DOMAINS[str(city.account_by_id[author_id].country)]
    ]
    assert len(domains) > 1_000
    assert len(home) / len(domains) == pytest.approx(0.5, abs=0.05)
