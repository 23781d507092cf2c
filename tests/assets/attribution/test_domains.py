"""E-mail domains as evidence of a country."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.attribution.domains import DomainMatch, domain_country
from assets.attribution.organisations import Organisation, Organisations


@pytest.fixture(scope="module")
def shipped() -> Organisations:
    return Organisations.load()


FOO = Organisations(
    [
        Organisation(
            "Foo", "SE", ("Foo",), (), (), ("foo.com", "foo.edu", "foo.cn"), "company", "own"
        )
    ]
)


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("foo.com", DomainMatch("SE", "organisation", "foo.com")),
        ("Mail.FOO.com.", DomainMatch("SE", "organisation", "foo.com")),
        ("foo.edu", DomainMatch("SE", "organisation", "foo.edu")),
        ("foo.cn", DomainMatch("SE", "organisation", "foo.cn")),
        ("mails.bar.edu.cn", DomainMatch("CN", "academic", "bar.edu.cn")),
        ("cs.bar.ac.uk", DomainMatch("GB", "academic", "bar.ac.uk")),
        ("bar.ac.jp", DomainMatch("JP", "academic", "bar.ac.jp")),
        ("bar.edu.tw", DomainMatch("TW", "academic", "bar.edu.tw")),
        ("bar.edu.hk", DomainMatch("HK", "academic", "bar.edu.hk")),
        ("bar.edu.co", DomainMatch("CO", "academic", "bar.edu.co")),
        ("bar.gov.in", DomainMatch("IN", "government", "bar.gov.in")),
        ("bar.go.jp", DomainMatch("JP", "government", "bar.go.jp")),
        ("bar.gouv.fr", DomainMatch("FR", "government", "bar.gouv.fr")),
        ("bar.go.it", DomainMatch("IT", "country_tld", "bar.go.it")),
        ("nhs.uk", DomainMatch("GB", "government", "nhs.uk")),
        ("bar.edu", DomainMatch("US", "academic", "bar.edu")),
        ("bar.gov", DomainMatch("US", "government", "bar.gov")),
        ("bar.mil", DomainMatch("US", "government", "bar.mil")),
        ("qq.com", DomainMatch("CN", "mail_provider", "qq.com")),
        ("vip.163.com", DomainMatch("CN", "mail_provider", "163.com")),
        ("naver.com", DomainMatch("KR", "mail_provider", "naver.com")),
        ("yandex.ru", DomainMatch("RU", "mail_provider", "yandex.ru")),
        ("gmx.de", DomainMatch("DE", "mail_provider", "gmx.de")),
        ("yahoo.co.jp", DomainMatch("JP", "mail_provider", "yahoo.co.jp")),
        ("hotmail.fr", DomainMatch("FR", "mail_provider", "hotmail.fr")),
        ("bar.co.uk", DomainMatch("GB", "country_tld", "bar.co.uk")),
        ("bar.de", DomainMatch("DE", "country_tld", "bar.de")),
        ("bücher.de", DomainMatch("DE", "country_tld", "xn--bcher-kva.de")),
        ("清华.中国", DomainMatch("CN", "country_tld", "xn--xkrp53d.xn--fiqs8s")),
        ("xn--xkrp53d.xn--fiqs8s", DomainMatch("CN", "country_tld", "xn--xkrp53d.xn--fiqs8s")),
        ("пример.рф", DomainMatch("RU", "country_tld", "xn--e1afmkfd.xn--p1ai")),
    ],
)
def test_a_domain_speaks_for_its_country(domain: str, expected: DomainMatch) -> None:
    assert domain_country(domain, FOO) == expected


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com",
        "outlook.com",
        "yahoo.com",
        "icloud.com",
        "proton.me",
        "protonmail.ch",
        "users.noreply.github.com",
        "github.com",
        "noreply.example.cn",
        "example.com",
        "localhost",
        "macbook.local",
        "ip-172-31-0-1.ec2.internal",
        "10.0.0.1",
        "[10.0.0.1]",
        "2001:db8::1",
        "bar.io",
        "bar.ai",
        "bar.me",
        "bar.tk",
        "bar.dev",
        "bar.eu",
        "bar.su",
        "bar.edu.kg",
        "bar.pp.ua",
        "alumni.bar.edu.cn",
        "alum.foo.com",
        "bar.github.io",
    ],
)
def test_a_domain_of_no_country_gives_none(domain: str) -> None:
    assert domain_country(domain, FOO) is None


@pytest.mark.parametrize(
    "text",
    [None, "", " ", ".", "..", "a..de", "de", "co.uk", "edu", "a b.de", "a@b.de", "-", "\ud800.de"],
)
def test_what_is_no_domain_gives_none(text: str | None) -> None:
    assert domain_country(text, FOO) is None


@given(st.text(max_size=300))
def test_no_text_is_an_error(text: str) -> None:
    match = domain_country(text, FOO)
    assert match is None or (match.domain.isascii() and len(match.country_iso2) == 2)


@given(
    st.from_regex(r"[a-z]{3,12}", fullmatch=True),
    st.sampled_from(["foo.com", "bar.edu.cn", "bar.ac.uk", "qq.com", "bar.com.hk"]),
)
def test_a_subdomain_speaks_like_its_registrable_domain(label: str, domain: str) -> None:
    if label not in {"alum", "alumni", "alumnos", "alumnus", "example", "invalid"}:
        assert domain_country(f"{label}.{domain}", FOO) == domain_country(domain, FOO)


@pytest.mark.parametrize(
    ("domain", "country"),
    [
        ("tsinghua.edu.cn", "CN"),
        ("u.nus.edu", "SG"),
        ("alibaba-inc.com", "CN"),
        ("deepseek.com", "CN"),
        ("google.com", "US"),
        ("allenai.org", "US"),
        ("sap.com", "DE"),
        ("connect.ust.hk", "HK"),
        ("aucegypt.edu", "EG"),
    ],
)
def test_domains_of_shipped_organisations_come_first(
    shipped: Organisations, domain: str, country: str
) -> None:
    match = domain_country(domain, shipped)
    assert match is not None
    assert (match.country_iso2, match.rule) == (country, "organisation")


def test_commit_offsets_agree_with_the_countries_of_their_domains(
    real_data: Path, shipped: Organisations
) -> None:
    commits = pd.read_parquet(
        real_data / "commits/llm_commits.parquet",
        columns=["author_pid", "email_domain", "author_utc_offset"],
    )
    away = commits[commits["author_utc_offset"] != "+00:00"].dropna()
    authors = away.groupby("author_pid").agg(
        domain=("email_domain", "first"),
        offset=("author_utc_offset", lambda offsets: offsets.mode().iloc[0]),
    )
    matches = [domain_country(domain, shipped) for domain in authors["domain"]]
    authors["country"] = [match.country_iso2 if match else None for match in matches]
    authors["rule"] = [match.rule if match else None for match in matches]

    chinese = authors[authors["country"] == "CN"]
    american = authors[authors["country"] == "US"]
    assert len(chinese) > 300
    assert (chinese["offset"] == "+08:00").mean() >= 0.95
    assert len(american) > 80
    # Multinationals are American by headquarters and write code in Shanghai too.
    assert american["offset"].str.startswith("-").mean() >= 0.65
    assert (authors.loc[authors["country"] == "KR", "offset"] == "+09:00").all()
    assert authors["rule"].isin(["organisation", "mail_provider"]).sum() > 400
