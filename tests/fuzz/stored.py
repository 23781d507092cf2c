"""Fuzz targets of what was kept and may come back damaged: headers of limits, spools, manifests."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import orjson
import requests
from requests.structures import CaseInsensitiveDict

from assets.activity.lines import ArchiveEvent
from assets.alerting.message import Message
from assets.alerting.notice import Stage
from assets.hub.crawl import Listing, Page
from assets.hub.records import HubModel, Listed
from assets.hub.spool import PageSpool
from assets.papers.spool import KeptGroups, KeptPage, MonthSpool
from assets.papers.works import Quarantined, read_work
from assets.polls.pause import Pause
from assets.polls.polling import Polled
from assets.polls.spool import Spool as PollSpool
from assets.polls.state import PollState
from orchestration.backfill_file import read as read_backfill
from orchestration.manifest import BackupError, read_manifest
from orchestration.settings import SettingsError
from resources.github_limits import TokenPool
from resources.http import RateLimitedError, error_for
from resources.hub_limits import HubLimit
from resources.openalex_credit import CreditLedger
from tests.fuzz.answers import read_answers, written
from tests.fuzz.clock import FakeClock
from tests.fuzz.sandboxed import NOW, URL
from tests.fuzz.scratch import emptied

_LISTING = Listing("author", "Qwen")
_A_DAY_S = 86_400.0
_MONTH = date(2024, 10, 1)


def limits(data: bytes) -> None:
    """Headers of an answer to each kind of limit; none has anybody wait for longer than a day."""
    (answer, *_) = read_answers(data)
    headers = CaseInsensitiveDict(answer.headers)
    response = requests.Response()
    response.status_code, response.headers, response.url = answer.status, headers, URL
    if answer.status >= 400:
        asked = getattr(error_for(response), "retry_after_s", None)
        assert asked is None or 0.0 <= asked <= _A_DAY_S
    clock = FakeClock()
    pool = TokenPool(["x"], clock=clock, sleep=clock.sleep, now=clock.now)
    token = pool.take("core")
    pool.learn(token, "core", headers)
    pool.refuse(token, None)
    hub = HubLimit(500, clock=clock, sleep=clock.sleep, now=clock.now)
    hub.learn(headers)
    ledger = CreditLedger(emptied("credit"), "x", now=clock.epoch, sleep=clock.sleep)
    ledger.settle(1, headers)
    for take in (lambda: pool.take("core"), hub.take, lambda: ledger.take(10)):
        with suppress(RateLimitedError):
            take()


def limits_seeds() -> list[bytes]:
    """The headers that each upstream states."""
    date_header = {"Date": "Mon, 16 Dec 2024 12:00:00 GMT"}
    github = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1734352000"}
    openalex = {"x-ratelimit-remaining": "5", "x-ratelimit-reset": "60", "x-ratelimit-limit": "9"}
    hub = {"RateLimit": '"api";r=0;t=12', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}
    return [
        written(403, {**date_header, **github, "x-ratelimit-resource": "graphql"}, b""),
        written(429, {"Retry-After": "Mon, 16 Dec 2024 12:10:00 -0000", **date_header}, b""),
        written(429, {"Retry-After": "90", **hub}, b""),
        written(200, openalex, b""),
        written(503, {"Retry-After": "-1", "Date": "0 Dec 0 0:0 +9999"}, b""),
    ]


def stored(data: bytes) -> None:
    """A kept file, chosen by the first byte, of any content: read, or set aside, or refused."""
    kinds = tuple(_KINDS.values())
    kinds[data[0] % len(kinds) if data else 0](data[1:])


def stored_seeds() -> list[bytes]:
    """Files as they are written, and cut in the middle."""
    whole = [bytes([at]) + _WRITTEN[name]() for at, name in enumerate(_KINDS)]
    return [*whole, *(each[: len(each) // 2] for each in whole)]


def _hub_page(data: bytes) -> None:
    folder = emptied("hub")
    spool = PageSpool(folder)
    path = _only(folder, lambda: spool.put(_PAGE))
    path.write_bytes(data)
    page = spool.get(_LISTING, 0)
    assert page is None or page.listing == _LISTING
    assert page is not None or not path.exists()


def _hub_limit(data: bytes) -> None:
    folder = emptied("hub")
    spool = PageSpool(folder)
    _only(folder, lambda: spool.forbid(NOW)).write_bytes(data)
    until = spool.forbidden_until
    assert until is None or until.tzinfo is not None


def _papers(data: bytes) -> None:
    folder = emptied("papers")
    spool = MonthSpool(folder)
    _only(folder, lambda: spool.add_page(0, 0, _KEPT)).write_bytes(data)
    spool.pages(0)


def _paper_groups(data: bytes) -> None:
    folder = emptied("papers")
    spool = MonthSpool(folder)
    _only(folder, lambda: spool.add_groups("countries", KeptGroups(1, {"US": 1}))).write_bytes(data)
    spool.groups("countries")


def _asking(data: bytes) -> None:
    folder = emptied("papers")
    spool = MonthSpool(folder)
    _only(folder, lambda: spool.begin("digest", NOW)).write_bytes(data)
    assert spool.begin("digest", NOW) <= NOW


def _poll(data: bytes) -> None:
    folder = emptied("polls")
    spool = PollSpool(folder)
    _only(folder, lambda: spool.add(_POLLED)).write_bytes(data)
    polls, broken = spool.kept()
    assert len(polls) + len(broken) == 1
    spool.set_aside(broken)


def _pause(data: bytes) -> None:
    folder = emptied("pause")
    pause = Pause(folder, now=lambda: NOW)
    _only(folder, lambda: pause.keep(NOW)).write_bytes(data)
    pause.until()


def _credit(data: bytes) -> None:
    folder = emptied("credit")
    clock = FakeClock()
    ledger = CreditLedger(folder, "x", now=clock.epoch, sleep=clock.sleep)
    ledger.take(1)
    next(folder.glob("*.json")).write_bytes(data)
    with suppress(RateLimitedError):
        ledger.take(1)
    ledger.remaining()


def _manifest(data: bytes) -> None:
    folder = emptied("backup")
    (folder / "backup.json").write_bytes(data)
    (folder / "manifest.json").write_bytes(data)
    try:
        manifest = read_manifest(folder)
    except BackupError:
        return
    for each in manifest.files:
        assert (folder / each.path).resolve().is_relative_to(folder.resolve())


def _backfill(data: bytes) -> None:
    path = emptied("backfill") / "2024-12-01..2024-12-02.json"
    path.write_bytes(data)
    with suppress(SettingsError):
        read_backfill(path)


def _message(data: bytes) -> None:
    with suppress(ValueError):
        Message.from_json(data.decode("utf-8", "replace"))


_KINDS: dict[str, Callable[[bytes], None]] = {
    "hub page": _hub_page,
    "hub limit": _hub_limit,
    "papers": _papers,
    "paper groups": _paper_groups,
    "asking": _asking,
    "poll": _poll,
    "pause": _pause,
    "credit": _credit,
    "manifest": _manifest,
    "backfill": _backfill,
    "message": _message,
}
_MODEL = HubModel("Qwen/Qwen2-7B", created_at=NOW, downloads=1, base_ids=("a/b",))
_PAGE = Page(_LISTING, 0, NOW, Listed((_MODEL,)), "cursor=1")
_WORK = read_work({"id": "W1", "publication_date": "2024-10-02", "title": "Qwen"})
_KEPT = KeptPage((_WORK,), (Quarantined("W2", "id: none"),), 2, 2, None)
_EVENT = ArchiveEvent("WatchEvent", "1", NOW, 1, False, 7, "o/r", "started")
_POLLED = Polled(PollState(7, "o/r", NOW, NOW, "polled"), (_EVENT,))
_MESSAGE = Message("key", "key", "threshold", Stage.FIRING, "text", ({"type": "divider"},))
_MANIFEST = {
    "format": 1, "made_at": "2024-12-16T00:00:00+00:00", "world": "sandbox", "data": "data",
    "storage": "sqlite", "versions": {"python": "3.11"}, "links": {"published/current": "1"},
    "files": [{"path": "a/b", "size": 1, "sha256": "0", "source_mtime_ns": 1}], "lake": "",
}  # fmt: skip
_WRITTEN: dict[str, Callable[[], bytes]] = {
    "hub page": lambda: _file("hub", lambda folder: PageSpool(folder).put(_PAGE)),
    "hub limit": lambda: _file("hub", lambda folder: PageSpool(folder).forbid(NOW)),
    "papers": lambda: _file("papers", lambda folder: MonthSpool(folder).add_page(0, 0, _KEPT)),
    "paper groups": lambda: b'{"total":1,"by_key":{"US":1}}',
    "asking": lambda: _file("papers", lambda folder: MonthSpool(folder).begin("digest", NOW)),
    "poll": lambda: _file("polls", lambda folder: PollSpool(folder).add(_POLLED)),
    "pause": lambda: NOW.isoformat().encode(),
    "credit": lambda: (
        b'{"limit":1,"remaining":1,"is_stated":true,"pending":0,"resets_at":1e9,'
        b'"refused_until":0.0,"last_call_at":0.0}'
    ),
    "manifest": lambda: orjson.dumps(_MANIFEST),
    "backfill": lambda: b'{"identity":"x","later":["2024-12-01"],"is_newest_first":true}',
    "message": lambda: _MESSAGE.to_json().encode(),
}


def _file(name: str, write: Callable[[Path], object]) -> bytes:
    folder = emptied(name)
    return _only(folder, lambda: write(folder)).read_bytes()


def _only(folder: Path, write: Callable[[], object]) -> Path:
    """The file that something writes into an empty folder."""
    write()
    (path,) = (each for each in folder.iterdir() if each.suffix in (".json", ".txt"))
    return path
