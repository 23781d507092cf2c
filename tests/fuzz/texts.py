"""Fuzz targets of what people write of themselves: place, company, address; and git's output."""

from datetime import UTC, date, datetime
from functools import cache

from assets.activity.commits import commit_row, commits_by_day, read_author
from assets.attribution.domains import domain_country
from assets.attribution.gazetteer import Gazetteer
from assets.attribution.organisations import Organisations
from orchestration.settings import ROOT
from resources.git import GitCommit, _heads, _parse
from resources.git_program import _error
from resources.http import UpstreamError
from tests.fuzz.fits import fits_a_table, text_of
from tests.fuzz.sandboxed import sandbox

_KEY = b"key"


def location(data: bytes) -> None:
    """A profile's location: located and explained alike."""
    text = text_of(data)
    found = _gazetteer().locate(text)
    explained = _gazetteer().explain(text)
    assert explained.decision == found
    if found is not None:
        assert 0.0 < found.confidence <= 1.0
        assert len(found.country_iso2) == len("CN")
    assert sum(each.confidence for each in explained.candidates) <= 1.0 + 1e-9


def location_seeds() -> list[bytes]:
    """Places of the sandbox's people, native scripts, jokes, ways of writing."""
    own = {each.location for each in sandbox().world.developers if each.location}
    texts = (
        "Cambridge, MA", "formerly Berlin -> New York", "中国广东省深圳市", "São Paulo / Lisboa",
        "🇨🇳 Beijing", "48.8566° N, 2.3522° E", "/dev/null", "Москва, Россия", "from India, in SF",
        "Province of Georgia or Tbilisi", "N/A", "http://x.io Trinidad and Tobago", "서울특별시",
        "İstanbul", "\u202eParis Texas [TX] (USA); EU & CH", "37.7749,-122.4194",
    )  # fmt: skip
    return [each.encode() for each in (*sorted(own)[:15], *texts)]


def company(data: bytes) -> None:
    """A profile's company."""
    found = _organisations().of_company(text_of(data))
    if found is not None:
        fits_a_table(*found)


def company_seeds() -> list[bytes]:
    """Companies, handles, former ones, native scripts."""
    texts = (
        "@huggingface", "ex-Google -> OpenAI", "Alibaba Group, @deepseek-ai", "清华大学",
        "腾讯前员工",
        "Microsoft (Research) & MIT", "Google Developer Expert", "@Target at Meta | PhD @ ETH",
        "https://www.baidu.com/ 百度", "Huawei Germany", "I.B.M. Corp.", "now at NVIDIA, was Intel",
    )  # fmt: skip
    return [each.encode() for each in texts]


def email_domain(data: bytes) -> None:
    """An e-mail address and its domain."""
    text = text_of(data)
    author = read_author(text, _KEY)
    fits_a_table(author.author_hash, author.email_domain, author.actor_id)
    for domain in (text, author.email_domain):
        found = domain_country(domain, _organisations())
        if found is not None:
            assert found.domain.isascii()
            assert len(found.country_iso2) == len("CN")


def email_domain_seeds() -> list[bytes]:
    """Addresses of every kind that a rule knows."""
    texts = (
        "someone@mit.edu", "a@cs.tsinghua.edu.cn", "x@users.noreply.github.com",
        "12345+a[bot]@users.noreply.github.com", "b@例え.中国", "c@xn--fiqs8s", "d@qq.com",
        "e@[::1]",
        "f@127.0.0.1", "g@bücher.de", "h@nhs.uk", "i@localhost.localdomain", "j@a..b.ru", "@",
        "k@" + "a." * 130 + "cn", "alumni.x.ac.uk", "l@straße.de", "m@\u2488com",
    )  # fmt: skip
    return [each.encode() for each in texts]


def git_log(data: bytes) -> None:
    """Lines of `git log` to rows of commits, and the same bytes as other output of git's."""
    rows: list[dict[str, object]] = []
    found: set[date] = set()
    for line in data.splitlines(keepends=True):
        commit = _parse(line, is_default_branch=True)
        if commit is not None:
            _require_utc(commit)
            rows.append(commit_row(7, commit, _KEY))
            found.add(commit.committed_at.date())
    if rows:
        commits_by_day(rows, found)
    default, heads = _heads(data)
    assert default == "" or default.startswith("refs/heads/")
    assert all("\trefs/heads/" in head for head in heads)
    assert isinstance(_error("fetch", data.decode("utf-8", "replace")), UpstreamError)


def _require_utc(commit: GitCommit) -> None:
    assert commit.committed_at.tzinfo is UTC
    assert commit.committed_at >= datetime(1970, 1, 1, tzinfo=UTC)


def git_log_seeds() -> list[bytes]:
    """Commits as git writes them, absurd dates, references, errors."""
    sha = b"0123456789abcdef0123456789abcdef01234567"
    line = b"%b\0%b\0%b\0%b\0%b\0%b\n"
    return [
        line % (sha, sha, b"1733800000 +0800", b"1733800060 +0000", b"a@b.cn", b"noreply@x.com"),
        line % (sha, b"", b"-1 -9999", b"1733800000 -0330", b"\xff\xfe", b""),
        line % (sha, b"", b"99999999999999999999 +0000", b"34359738367 +1400", b"x", b"y@z.edu"),
        line % (sha, b"", b"", b"0 +0000", b"1+x@users.noreply.github.com", b""),
        b"ref: refs/heads/main\tHEAD\n%b\trefs/heads/main\n%b\trefs/tags/v1\n" % (sha, sha),
        b"fatal: unable to access 'https://u:p@host/x/': The requested URL returned error: 503\n",
        b"fatal: repository 'https://github.com/a/b/' not found\n",
        b"error: RPC failed; curl 56 Recv failure: Connection reset by peer\nfatal: early EOF\n",
    ]


@cache
def _gazetteer() -> Gazetteer:
    return Gazetteer.load(ROOT / ".observatory" / "cache")


@cache
def _organisations() -> Organisations:
    return Organisations.load()
