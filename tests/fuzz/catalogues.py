"""Fuzz targets of the Hub's, OpenAlex's and the USPTO portal's answers, and the archive's."""

from datetime import date, datetime

from assets.hub.crawl import Crawl
from assets.hub.records import read_models
from assets.hub.snapshot import model_rows
from assets.papers.asking import field_counts
from assets.papers.revisions import revised
from assets.papers.spool import MonthSpool
from assets.papers.tables import PAPER_FIELD_COUNTS, PAPER_QUARANTINE
from assets.papers.works import read_works
from resources.archive import ArchiveClient
from resources.http import UpstreamError
from resources.hub import HubClient
from resources.hub_files import HubFolder
from resources.hub_limits import HubLimit
from resources.openalex import OpenAlexClient
from resources.openalex_credit import CreditLedger
from resources.uspto import APPLICATIONS, GRANTS, BulkFile, UsptoClient
from tests.fuzz.answers import CannedSession, RecordingSession, written
from tests.fuzz.clock import FakeClock
from tests.fuzz.fits import fits_a_table
from tests.fuzz.sandboxed import NOW, URL, sandbox
from tests.fuzz.scratch import emptied

_MONTH = date(2024, 10, 1)
_FILTERS = "from_publication_date:2024-10-01,to_publication_date:2024-10-31"
_DAY = date(2024, 12, 16)
_PRODUCT_PATH = f"{URL}/uspto/api/v1/datasets/products"
_WEEK = BulkFile(GRANTS, "ipg241015.zip", date(2024, 10, 15), 0, f"{URL}/w.zip", "")


def hub_list(data: bytes) -> None:
    """Pages of a list of models to rows."""
    clock = FakeClock()
    client = HubClient(URL, _hub_limit(clock), "hf_sandbox", attempts=2, sleep=clock.sleep)
    client._session = CannedSession(data)
    documents: list[object] = []
    cursor: str | None = None
    try:
        for _ in range(3):
            page = client.by_author("Qwen", cursor)
            documents += page.documents
            cursor = page.cursor
            if cursor is None:
                break
    except UpstreamError:
        pass
    listed = read_models(documents)
    fits_a_table(listed.problem)
    models = {each.model_id.casefold(): each for each in listed.models}
    model_rows(_DAY, Crawl(models=models, found_under=dict.fromkeys(models)))


def _hub_limit(clock: FakeClock) -> HubLimit:
    return HubLimit(500, clock=clock, sleep=clock.sleep, now=clock.now)


def hub_list_seeds() -> list[bytes]:
    """Lists of the sandbox, a next page, a limit, a refusal."""
    clock = FakeClock()
    session = RecordingSession(sandbox().answer)
    client = HubClient(URL, _hub_limit(clock), "hf_sandbox", attempts=1, sleep=clock.sleep)
    client._session = session
    client.by_author("Qwen")
    page = session.recorded[0][:4_000]
    page = page[: page.rfind(b"},{")] + b"}]"
    link = f'<{URL}/api/models?cursor=abc>; rel="next"'
    limits = {
        "RateLimit": '"api";r=0;t=12',
        "RateLimit-Policy": '"fixed window";"api";q=500;w=300',
    }
    model = b'[{"id":"a/b","_id":"%b","createdAt":"2024-01-01T00:00:00.000Z","tags":[%b],%b}]' % (
        b"0" * 24,
        b'"base_model:c/d","base_model:merge:e/f"',
        b'"gated":"auto","downloads":1,"baseModels":{"relation":"merge","models":[{"id":"c/d"}]}',
    )
    return [
        page,
        written(200, {"Link": link, **limits}, b"[]") + b"\n%%\n" + page,
        written(429, {"Retry-After": "7", **limits}, b""),
        written(200, {}, model),
        written(401, {}, b"{}"),
    ]


def hub_folder(data: bytes) -> None:
    """A saved list of models."""
    path = emptied("saved") / "x.models.json"
    path.write_bytes(data)
    folder = HubFolder(path.parent)
    try:
        found = folder.by_author("qwen").documents + folder.by_base("Qwen/Qwen2-7B").documents
    except UpstreamError:
        return
    read_models(found)


def hub_folder_seeds() -> list[bytes]:
    """Bodies of lists."""
    return [each.partition(b"\n\n")[2] for each in hub_list_seeds()]


def openalex_works(data: bytes) -> None:
    """A page of works to rows of papers and of what is set aside."""
    try:
        page = _openalex(data).works(filters=_FILTERS, search="qwen*")
    except UpstreamError:
        return
    fits_a_table(page.next_cursor)
    works, quarantined = read_works(page.documents, _MONTH)
    revised(None, list({each.work_id: each for each in works}.values()), _MONTH, NOW)
    PAPER_QUARANTINE.arrow(
        [
            {"month_date": _MONTH, "asked_at": NOW, "work_id": each.work_id, "reason": each.reason}
            for each in quarantined
        ]
    )


def openalex_works_seeds() -> list[bytes]:
    """A page of the sandbox, single works, limits and refusals."""
    session = RecordingSession(sandbox().answer)
    client = _openalex(b"")
    client._session = session
    client.works(filters=_FILTERS, search="qwen*")
    work = (
        b'{"meta":{"count":1,"next_cursor":"abc"},"results":[{"id":"https://openalex.org/W1",'
        b'"doi":null,"title":"Qwen \\ud800","publication_date":"2024-10-02","type":"article",'
        b'"language":"en","abstract_inverted_index":{"Qwen":[0,2],"is":[1]},"authorships":['
        b'{"institutions":[{"country_code":"us","type":"company"}]}],'
        b'"updated_date":"2024-12-01T00:00:00.123456"}]}'
    )
    headers = {
        "x-ratelimit-limit": "10000",
        "x-ratelimit-remaining": "9990",
        "x-ratelimit-reset": "40000",
    }
    return [
        *(each[:8_000] for each in session.recorded),
        written(200, headers, work),
        written(429, {"Retry-After": "30", **headers}, b"{}"),
        written(400, {}, b'{"error":"Invalid query","message":"no such filter"}'),
        written(403, {}, b""),
    ]


def openalex_groups(data: bytes) -> None:
    """Counts by country and type to rows."""
    folder = emptied("groups")
    try:
        counts = field_counts(_openalex(data), _FILTERS, MonthSpool(folder))
    except UpstreamError:
        return
    PAPER_FIELD_COUNTS.arrow(
        [
            {
                "month_date": _MONTH,
                "asked_at": NOW,
                "user_kind": each.user_kind,
                "country_iso2": each.country_iso2,
                "work_count": each.work_count,
            }
            for each in counts
        ]
    )


def openalex_groups_seeds() -> list[bytes]:
    """Two answers of the sandbox."""
    session = RecordingSession(sandbox().answer)
    client = _openalex(b"")
    client._session = session
    field_counts(client, _FILTERS, MonthSpool(emptied("groups")))
    small = (
        b'{"meta":{"count":12,"next_cursor":null},"group_by":[{"key":"https://openalex.org/'
        b'countries/US","key_display_name":"x","count":7},{"key":"company","count":5}]}'
    )
    return [
        b"\n%%\n".join(each[:4_000] for each in session.recorded),
        b"\n%%\n".join([written(200, {}, small)] * 2),
    ]


def _openalex(data: bytes) -> OpenAlexClient:
    clock = FakeClock()
    ledger = CreditLedger(emptied("credit"), "account", now=clock.epoch, sleep=clock.sleep)
    client = OpenAlexClient(URL, ledger, "sandbox-openalex-key", 2, sleep=clock.sleep)
    client._session = CannedSession(data)
    return client


def uspto_list(data: bytes) -> None:
    """The portal's list of weekly files, of the product that the first byte chooses."""
    client = _uspto(data[1:])
    try:
        files = client.files(APPLICATIONS if data[:1] == b"a" else GRANTS)
    except UpstreamError:
        return
    for each in files:
        fits_a_table(each.name, each.released_at)
        assert each.url.startswith(f"{_PRODUCT_PATH}/files/")


def uspto_list_seeds() -> list[bytes]:
    """A short list of the sandbox, refusals."""
    session = RecordingSession(sandbox().answer)
    client = _uspto(b"")
    client._session = session
    client.files(GRANTS)
    whole = session.recorded[0]
    first = whole.partition(b'"fileDataBag":[')
    entry = first[2][: first[2].index(b"}") + 1]
    short = first[0] + first[1] + entry + b"]},"
    short += b'"productIdentifier":"PTGRXML"}],"count":1}'
    return [b"g" + short, b"g" + written(401, {}, b"{}"), b"a" + written(200, {}, b"{}")]


def uspto_file(data: bytes) -> None:
    """A weekly file's transfer: redirects, ranges, lengths, broken connections."""
    folder = emptied("weeks")
    try:
        path = _uspto(data).fetch(_WEEK, folder)
    except UpstreamError:
        return
    assert path.parent == folder
    assert path.stat().st_size <= len(data)


def uspto_file_seeds() -> list[bytes]:
    """A redirect and a file, one that breaks off and is gone on with, and one that changed."""
    moved = written(302, {"Location": "http://files.example/w.zip?signature=1"}, b"")
    part = written(200, {"ETag": '"1"', "Content-Length": "20"}, b"PK\x03\x04 half")
    rest = written(206, {"ETag": '"1"', "Content-Range": "bytes 9-19/20"}, b" the others")
    return [
        b"\n%%\n".join([moved, written(200, {"ETag": '"1"'}, b"PK\x05\x06")]),
        b"\n%%\n".join([part, rest]),
        b"\n%%\n".join([part, written(416, {}, b""), part]),
        written(429, {"Retry-After": "5"}, b""),
        written(302, {"Location": "file:///etc/passwd"}, b""),
    ]


def _uspto(data: bytes) -> UsptoClient:
    clock = FakeClock()
    client = UsptoClient(f"{URL}/uspto", "sandbox-uspto-key", attempts=2, sleep=clock.sleep)
    client._session = CannedSession(data, URL, "http://files.example")
    return client


def archive_transfer(data: bytes) -> None:
    """An hour's transfer: lengths, ranges, broken connections; what comes is the file's bytes."""
    clock = FakeClock()
    client = ArchiveClient((URL,), attempts=2, sleep=clock.sleep)
    client._session = CannedSession(data)
    try:
        transfer = client.open(datetime(2024, 12, 10, 5, tzinfo=NOW.tzinfo), URL)
        size = sum(map(len, transfer.chunks))
    except UpstreamError:
        return
    assert size == transfer.byte_count <= len(data)


def archive_transfer_seeds() -> list[bytes]:
    """Whole, in two parts, with a range that is ignored, changed meanwhile."""
    half = written(200, {"ETag": '"1"', "Content-Length": "8"}, b"half")
    return [
        written(200, {"ETag": '"1"', "Content-Length": "4"}, b"\x1f\x8b\x08\0"),
        half + b"\n%%\n" + written(206, {"ETag": '"1"'}, b"more"),
        half + b"\n%%\n" + written(200, {"ETag": '"1"'}, b"halfmore"),
        half + b"\n%%\n" + written(200, {"ETag": '"2"'}, b"other"),
        written(404, {}, b""),
    ]
