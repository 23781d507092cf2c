"""Company fields of profiles, and the table of organisations behind them."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.attribution.company_text import MAX_LENGTH
from assets.attribution.organisations import (
    COLUMNS,
    Organisation,
    OrganisationMatch,
    Organisations,
)
from assets.reference.csv_table import ReferenceDataError


@pytest.fixture(scope="module")
def shipped() -> Organisations:
    return Organisations.load()


def organisation(
    name: str,
    country: str,
    *,
    aliases: Sequence[str] = (),
    words: Sequence[str] = (),
    logins: Sequence[str] = (),
    kind: str = "company",
) -> Organisation:
    return Organisation(
        name=name,
        country_iso2=country,
        aliases=tuple(aliases),
        word_aliases=tuple(words),
        github_orgs=tuple(logins),
        domains=(),
        kind=kind,
        source="own",
    )


def written(folder: Path, *rows: str) -> Path:
    path = folder / "organisations.csv"
    path.write_text("\n".join((",".join(COLUMNS), *rows)) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@alibaba", OrganisationMatch("Alibaba", "CN", "@alibaba", "org_login")),
        ("@Tencent @QQ", OrganisationMatch("Tencent", "CN", "@tencent", "org_login")),
        ("Tencent Inc.", OrganisationMatch("Tencent", "CN", "tencent inc", "name")),
        ("腾讯", OrganisationMatch("Tencent", "CN", "腾讯", "name")),
        ("Google -> OpenAI", OrganisationMatch("OpenAI", "US", "openai", "name")),
        (
            "Software Engineer at Microsoft",
            OrganisationMatch("Microsoft", "US", "microsoft", "name_in_phrase"),
        ),
        (
            "student at Tsinghua University",
            OrganisationMatch("Tsinghua University", "CN", "tsinghua university", "name_in_phrase"),
        ),
        ("PhD @ MIT", OrganisationMatch("MIT", "US", "mit", "name_in_phrase")),
        ("清华大学", OrganisationMatch("Tsinghua University", "CN", "清华大学", "name")),
        ("Block, Inc.", OrganisationMatch("Block", "US", "block", "name")),
        ("МГУ", OrganisationMatch("Moscow State University", "RU", "мгу", "name")),
    ],
)
def test_a_company_field_names_its_organisation(
    shipped: Organisations, text: str, expected: OrganisationMatch
) -> None:
    assert shipped.of_company(text) == expected


@pytest.mark.parametrize(
    "text",
    [None, "", "none", "Freelance", "Self-employed", "student", "@", "@@", "-> ->", "🚀", "n/a"],
)
def test_a_field_without_an_organisation_gives_none(
    shipped: Organisations, text: str | None
) -> None:
    assert shipped.of_company(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "ex-@google",
        "Ex Google",
        "formerly at Tencent",
        "previously: Huawei, Baidu",
        "Google (former)",
        "Stanford alumni",
        "前阿里巴巴",
        "毕业于清华大学",
        "not Google",
    ],
)
def test_who_has_left_is_not_there(shipped: Organisations, text: str) -> None:
    assert shipped.of_company(text) is None


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("ex-Google, now Baidu", "CN"),
        ("Tencent (ex-Google)", "CN"),
        ("ex @google | @huawei", "CN"),
        ("Baidu → Google", "US"),
        ("previously @google; currently at @meituan", "CN"),
        ("前端@腾讯", "CN"),
    ],
)
def test_the_present_counts_beside_the_past(
    shipped: Organisations, text: str, country: str
) -> None:
    match = shipped.of_company(text)
    assert match is not None
    assert match.country_iso2 == country


@pytest.mark.parametrize("text", ["Google, DeepSeek", "@microsoft @alibaba", "清华大学 / Stanford"])
def test_organisations_of_two_countries_say_neither(shipped: Organisations, text: str) -> None:
    assert shipped.of_company(text) is None


@pytest.mark.parametrize(
    "text", ["Huawei Germany", "SAP (India)", "Google, Zürich", "Alibaba Group (United States)"]
)
def test_an_office_abroad_is_no_evidence_of_headquarters(shipped: Organisations, text: str) -> None:
    assert shipped.of_company(text) is None


@pytest.mark.parametrize(
    "text", ["Google Developer Expert", "Microsoft Student Ambassador", "Microsoft MVP"]
)
def test_a_vendors_community_is_not_its_staff(shipped: Organisations, text: str) -> None:
    assert shipped.of_company(text) is None


@pytest.mark.parametrize(
    ("text", "is_matched"),
    [
        ("Target", True),
        ("Target Inc", True),
        ("at Target", True),
        ("@target", True),
        ("my Target audience", False),
        ("line manager", False),
        ("Meta tooling", False),
        ("Apple pie shop", False),
        ("Twitter: @somebody-unheard-of", False),
        ("Engineer @ Meta", True),
        ("Grab a coffee", False),
    ],
)
def test_a_name_that_is_a_word_needs_a_context(
    shipped: Organisations, text: str, is_matched: bool
) -> None:
    assert (shipped.of_company(text) is not None) == is_matched


@pytest.mark.parametrize(
    "text", ["https://google.com/about", "me@google.com", "@foo-google", "googleplex", "agoogle"]
)
def test_a_name_inside_an_address_or_another_word_is_none(
    shipped: Organisations, text: str
) -> None:
    assert shipped.of_company(text) is None


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("香港中文大学", "HK"),
        ("香港中文大学（深圳）", "CN"),
        ("HKUST", "HK"),
        ("HKUST(GZ)", "CN"),
        ("National Tsing Hua University", "TW"),
        ("國立清華大學", "TW"),
        ("University of Macau", "MO"),
        ("New York University", "US"),
        ("中国科学院大学", "CN"),
    ],
)
def test_the_longest_name_wins_and_hong_kong_macao_taiwan_stand_apart(
    shipped: Organisations, text: str, country: str
) -> None:
    match = shipped.of_company(text)
    assert match is not None
    assert match.country_iso2 == country


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("U.C. Berkeley", "UC Berkeley"),
        ("University of California, Berkeley", "UC Berkeley"),
        ("AT&T", "AT&T"),
        ("Texas A & M University", "Texas A&M University"),
        ("École normale supérieure", "École normale supérieure"),
        ("ecole normale superieure", "École normale supérieure"),
        ("HUGGING-FACE", "Hugging Face"),
        ("ＴＥＮＣＥＮＴ", "Tencent"),
    ],
)
def test_case_width_accents_and_marks_do_not_matter(
    shipped: Organisations, text: str, name: str
) -> None:
    match = shipped.of_company(text)
    assert match is not None
    assert match.organisation == name


def test_a_login_outranks_a_name_of_the_same_country() -> None:
    table = Organisations(
        [
            organisation("Foo", "FR", aliases=["Foo"]),
            organisation("Bar", "FR", aliases=["Bar"], logins=["Bar-Lab"]),
        ]
    )
    match = table.of_company("Foo, @bar-lab")
    assert match == OrganisationMatch("Bar", "FR", "@bar-lab", "org_login")


def test_only_the_first_letters_are_read() -> None:
    table = Organisations([organisation("Foo", "FR", aliases=["Foo"])])
    assert table.of_company("x " * (MAX_LENGTH // 2) + "Foo") is None
    assert table.of_company("x " * (MAX_LENGTH // 2 - 2) + "Foo") is not None


@given(st.text(max_size=300))
def test_any_text_gives_a_known_organisation_or_none(text: str) -> None:
    table = Organisations(
        [
            organisation("Foo", "FR", aliases=["Foo", "富"], words=["Bar"], logins=["foo"]),
            organisation("Baz", "CN", aliases=["Baz"]),
        ]
    )
    match = table.of_company(text)
    assert match is None or (match.organisation, match.country_iso2) in {
        ("Foo", "FR"),
        ("Baz", "CN"),
    }


def test_every_spelling_and_login_of_the_shipped_table_names_its_organisation(
    shipped: Organisations,
) -> None:
    wrong = [
        (owner.name, text)
        for owner in shipped.organisations
        for text in (
            *owner.aliases,
            *owner.word_aliases,
            *(f"@{login}" for login in owner.github_orgs),
        )
        if (match := shipped.of_company(text)) is None or match.organisation != owner.name
    ]
    assert wrong == []


@given(st.sampled_from(["腾讯", "Tencent", "@tencent"]), st.sampled_from(["Google", "@google"]))
def test_two_countries_are_ambiguous_in_either_order(chinese: str, american: str) -> None:
    table = Organisations(
        [
            organisation("Tencent", "CN", aliases=["Tencent", "腾讯"], logins=["Tencent"]),
            organisation("Google", "US", aliases=["Google"], logins=["google"]),
        ]
    )
    assert table.of_company(f"{chinese}, {american}") is None
    assert table.of_company(f"{american} | {chinese}") is None
    assert table.of_company(f"{american} -> {chinese}") is not None


GOOD = "Foo,FR,,,foo,foo.fr,company,own"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Bar,XX,,,,,company,own", "organisations.csv:3: country_iso2: 'XX' is no ISO 3166-1"),
        ("Bar,fr,,,,,company,own", "organisations.csv:3: country_iso2: 'fr' is no ISO 3166-1"),
        (",FR,,,,,company,own", "organisations.csv:3: organisation: is empty"),
        ("Bar,FR,,,,,shop,own", "organisations.csv:3: kind: 'shop' is none of"),
        ("Bar,FR,,,,,company,web", "organisations.csv:3: source: 'web' is none of"),
        ("Bar,FR,a||b,,,,company,own", "organisations.csv:3: aliases: has an empty part"),
        ("Bar,FR,!!,,,,company,own", "organisations.csv:3: aliases: '!!' has no letters"),
        ("Bar,FR,Bar Now,,,,company,own", "organisations.csv:3: aliases: 'Bar Now' has no"),
        ("Bar,DE,FOO,,,,company,own", "organisations.csv:3: aliases: 'FOO' also names 'Foo'"),
        ("Bar,DE,,,Foo,,company,own", "organisations.csv:3: github_orgs: 'Foo' also belongs"),
        ("Bar,DE,,,a_b,,company,own", "organisations.csv:3: github_orgs: 'a_b' is no GitHub"),
        ("Bar,DE,,,,foo.fr,company,own", "organisations.csv:3: domains: 'foo.fr' also belongs"),
        ("Bar,DE,,,,www.bar.de,company,own", "organisations.csv:3: domains: 'www.bar.de' is no"),
        ("Bar,DE,,,,Bar.de,company,own", "organisations.csv:3: domains: 'Bar.de' is no"),
    ],
)
def test_a_bad_row_is_refused_by_line_and_field(tmp_path: Path, row: str, message: str) -> None:
    path = written(tmp_path, GOOD, row)
    with pytest.raises(ReferenceDataError) as refusal:
        Organisations.load(path)
    assert message in str(refusal.value)


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError, match="has a header and no rows"):
        Organisations.load(written(tmp_path))


def test_the_shipped_table_is_large_and_its_countries_are_official(shipped: Organisations) -> None:
    official = {country.alpha_2 for country in pycountry.countries}
    assert {owner.country_iso2 for owner in shipped.organisations} <= official
    assert sum(owner.source == "own" for owner in shipped.organisations) >= 400
    assert {"CN", "US", "HK", "MO", "TW"} <= {o.country_iso2 for o in shipped.organisations}


def test_organisations_of_annotated_papers_get_a_country_of_the_paper(
    real_data: Path, shipped: Organisations
) -> None:
    papers = pd.read_csv(real_data / "papers/annotated_model_use.csv").dropna(
        subset=["org_names", "countries"]
    )
    other_names = {"Russia": "RU", "South Korea": "KR", "Taiwan": "TW", "Vietnam": "VN"}
    names = {country.name: country.alpha_2 for country in pycountry.countries} | other_names
    mentions, matches, agreeing = 0, 0, 0
    for org_names, countries in zip(papers["org_names"], papers["countries"], strict=True):
        labelled = {names.get(country.strip()) for country in countries.split(";")}
        for name in {part.strip() for part in org_names.split(";")} - {""}:
            if name.startswith("http"):
                continue
            match = shipped.of_company(name)
            mentions += 1
            matches += match is not None
            agreeing += match is not None and match.country_iso2 in labelled
    assert mentions > 500
    assert matches / mentions >= 0.75
    assert agreeing / matches >= 0.95
