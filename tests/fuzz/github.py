"""Fuzz targets of GitHub's answers: REST lists, one repository, and GraphQL."""

from datetime import date
from functools import cache

from assets.activity.commit_authors import DueAuthor, asked_links
from assets.attribution.assets import _profile_rows
from assets.polls.events import by_day, event_rows, read_feed
from assets.polls.stars import star_days, star_rows
from resources.github import GitHubClient
from resources.github_limits import TokenPool
from resources.github_repositories import RepositoryClient
from resources.github_transport import GitHubTransport
from resources.http import UpstreamError
from tests.fuzz.answers import CannedSession, RecordingSession, written
from tests.fuzz.clock import FakeClock
from tests.fuzz.fits import fits_a_table
from tests.fuzz.sandboxed import NOW, URL, sandbox

_REPOSITORY = 3_900_000_011
_SHA = "0123456789abcdef0123456789abcdef01234567"
_COMMITS = [("owner/name", _SHA), ("owner/name", _SHA[::-1]), ("other/name", _SHA)]
_TOKEN = "sandbox-token"  # noqa: S105 - the sandbox's


def github_events(data: bytes) -> None:
    """A repository's feed to rows."""
    try:
        listing = _repositories(data).events(_REPOSITORY)
    except UpstreamError:
        return
    fits_a_table(listing.etag, listing.poll_interval_s)
    feed = read_feed(listing.documents, _REPOSITORY, NOW)
    fits_a_table(feed.problem)
    by_day(event_rows(feed.events, 10, NOW))


def github_events_seeds() -> list[bytes]:
    """Pages of the feed, unchanged, gone, blocked, moved, limited."""
    pages = _recorded()
    return [
        *pages,
        b"\n%%\n".join(pages),
        written(304, {"ETag": '"x"'}, b""),
        written(404, {}, b'{"message":"Not Found"}'),
        written(451, {}, b'{"block":{"reason":"dmca"}}'),
        written(301, {"Location": f"{URL}/repositories/{_REPOSITORY}/events"}, b"")
        + b"\n%%\n"
        + pages[0],
        written(403, {"Retry-After": "60", "Date": "Mon, 16 Dec 2024 12:00:00 GMT"}, b"{}"),
        written(403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1734350400"}, b"{}"),
        written(200, {}, b'{"message":"API rate limit exceeded"}'),
    ]


def github_stars(data: bytes) -> None:
    """A repository's history of stars to rows."""
    try:
        listing = _repositories(data).star_history(_REPOSITORY)
    except UpstreamError:
        return
    days = star_days(listing.documents)
    first = date(2022, 1, 1)
    star_rows(_REPOSITORY, days, first, NOW, wanted=first)


def github_stars_seeds() -> list[bytes]:
    """Weeks, good and bad."""
    week = b'{"week":1733616000,"total":28,"days":[1,2,3,4,5,6,7]}'
    return [
        written(200, {}, b"[" + week + b"," + week.replace(b"1733616000", b"1733011200") + b"]"),
        written(200, {}, b'[{"week":-1,"total":0,"days":[0,0,0,0,0,0,0]},null,[]]'),
        written(200, {}, b"[]"),
    ]


def github_repository(data: bytes) -> None:
    """A repository by its name."""
    try:
        found = _client(data).repository("owner/name")
    except UpstreamError:
        return
    if found is not None:
        fits_a_table(found.github_id, found.name)


def github_repository_seeds() -> list[bytes]:
    """As the sandbox answers, and moved."""
    session = RecordingSession(sandbox().answer)
    client = _client(b"")
    client._transport._session = session
    client.repository(sandbox().world.tracked_repositories[0].name)
    moved = written(301, {"Location": f"{URL}/repositories/1"}, b"")
    return [*session.recorded, moved + b"\n%%\n" + session.recorded[0]]


def github_profiles(data: bytes) -> None:
    """Profiles by GraphQL to rows."""
    try:
        found = _client(data).profiles([1, 2, 3])
    except UpstreamError:
        return
    assert [each.actor_id for each in found] == [1, 2, 3]
    _profile_rows(found, NOW)


def github_profiles_seeds() -> list[bytes]:
    """Three nodes of the sandbox, a deleted account, errors beside data and alone."""
    session = RecordingSession(sandbox().answer)
    client = _client(b"")
    client._transport._session = session
    client.profiles([each.github_id for each in sandbox().world.developers[:3]])
    node = b'{"__typename":"User","databaseId":1,"location":"\\ud83d\\ude00","company":null}'
    gone = b'{"type":"NOT_FOUND","path":["nodes",1],"message":"Could not resolve"}'
    return [
        *session.recorded,
        written(200, {}, b'{"data":{"nodes":[%b,null,null]},"errors":[%b]}' % (node, gone)),
        written(200, {}, b'{"data":null,"errors":[{"type":"RATE_LIMITED"}]}'),
        written(
            200, {}, b'{"errors":[{"message":"Something went wrong while executing your query"}]}'
        ),
        written(502, {}, b"<html>"),
    ]


def github_authors(data: bytes) -> None:
    """Authors of commits by GraphQL to rows."""
    due = [DueAuthor("ab" * 16, None, number, sha) for number, (_, sha) in enumerate(_COMMITS)]
    names = {number: name for number, (name, _) in enumerate(_COMMITS)}
    client = _client(data)
    try:
        list(asked_links(due, names, client.commit_authors, 100, NOW))
    except UpstreamError:
        return


def github_authors_seeds() -> list[bytes]:
    """Accounts, none, gone, and nulls with and without a reason."""
    user = b'{"author":{"user":{"databaseId":583231}}}'
    return [
        written(200, {}, b'{"data":{"r0":{"c0":%b,"c1":null},"r1":{"c2":%b}}}' % (user, user)),
        written(
            200,
            {},
            b'{"data":{"r0":null,"r1":{"c2":{"author":{"user":null}}}},'
            b'"errors":[{"type":"NOT_FOUND","path":["r0"]},{"type":"INTERNAL","path":[1,{}]}]}',
        ),
        written(200, {}, b'{"data":{}}'),
    ]


def _client(data: bytes) -> GitHubClient:
    clock = FakeClock()
    client = GitHubClient(URL, _TOKEN, attempts=2, sleep=clock.sleep, pool=_pool(clock))
    client._transport._session = CannedSession(data)
    return client


def _repositories(data: bytes) -> RepositoryClient:
    clock = FakeClock()
    transport = GitHubTransport(URL, _pool(clock), attempts=2, sleep=clock.sleep)
    transport._session = CannedSession(data)
    return RepositoryClient(transport)


def _pool(clock: FakeClock) -> TokenPool:
    return TokenPool([_TOKEN], clock=clock, sleep=clock.sleep, now=clock.now)


@cache
def _recorded() -> list[bytes]:
    session = RecordingSession(sandbox().answer)
    client = _repositories(b"")
    client.transport._session = session
    repository = sandbox().world.tracked_repositories[0]
    client.events(repository.github_id)
    return [each[:6_000] for each in session.recorded]
