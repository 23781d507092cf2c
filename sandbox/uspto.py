"""The USPTO's Open Data Portal over HTTP: lists of weekly files, redirects to them, and the files.

As the real one: a key is needed (401), the list names a day's corrected files beside the first, a
file is answered with a redirect to a signed address that is good for one request, and the 21st
request for the same file is one too many (429).
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import count

from sandbox.exchange import Request, Response, file_response, json_response
from sandbox.uspto_records import (
    FIRST_WEEK,
    PRODUCTS,
    PatentRecord,
    Product,
    due_day,
    records,
)
from sandbox.uspto_xml import first_version, week_xml, week_zip
from sandbox.world import World

PREFIX = "/uspto"
KEY = "sandbox-uspto-key"
#: Planted where the world has faults: a document that breaks off, a file that is corrected, and
#: one that is cut short the first time it is asked for.
TORN_FILE, TORN_PLACE = "ipg241022.zip", 7
CORRECTED_DAY = date(2024, 11, 14)
CUT_ONCE = "ipa241107.zip"
_CODES: dict[str, Product] = {"PTGRXML": "grants", "APPXML": "applications"}
_LETTERS: dict[Product, str] = {"grants": "g", "applications": "a"}
_PRODUCTS = f"{PREFIX}/api/v1/datasets/products/"
_SIGNED = f"{PREFIX}-signed/"
_NAME = re.compile(r"ip([ga])(\d{6})(_r1)?\.zip")
_MOST_DOWNLOADS = 20
_PUBLISHED_AFTER = timedelta(hours=5)


class UsptoPaths:
    """Answers below `/uspto/` and `/uspto-signed/`."""

    def __init__(self, world: World, clock: Callable[[], datetime]) -> None:
        self._world = world
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()
        self._signatures: set[str] = set()
        self._serial = count(1)

    @property
    def has_faults(self) -> bool:
        """Whether the planted faults befall the files."""
        return bool(self._world.calendar.faults)

    def answer(self, request: Request) -> Response | None:
        """The answer, or None when the path is not one of the portal."""
        if request.path.startswith(_SIGNED):
            return self._file(request)
        if not request.path.startswith(f"{PREFIX}/"):
            return None
        if request.method != "GET":
            return Response(405, headers={"Allow": "GET"})
        if request.headers.get("x-api-key") != KEY:
            return json_response({"code": 401, "error": "Unauthorized"}, 401)
        rest = request.path.removeprefix(_PRODUCTS)
        if rest in _CODES:
            return json_response(self._listing(rest, request.base_url))
        product, _, path = rest.removeprefix("files/").partition("/")
        name = path.rpartition("/")[2]
        if product in _CODES and self._week(name) is not None:
            return self._redirect(f"{product}/{path}", name, request.base_url)
        return json_response({"code": 404, "error": "Not Found"}, 404)

    def _listing(self, code: str, base_url: str) -> dict[str, object]:
        product = _CODES[code]
        files = [
            _entry(code, day, name, base_url)
            for day in reversed(self._days(product))
            for name in reversed(self._names(product, day))
        ]
        weekday = "TUESDAY" if product == "grants" else "THURSDAY"
        document = {
            "fileDataFromDate": "2022-02-17",
            "fileDataToDate": "2022-02-17",
            "fileDownloadURI": f"{base_url}{_PRODUCTS}files/{code}/Documentation.doc",
            "fileName": "Documentation.doc",
            "fileSize": 2329088,
            "fileTypeText": "Documentation",
        }
        bag = {
            "daysOfWeekText": weekday,
            "mimeTypeIdentifierArrayText": ["ASCII", "XML"],
            "productFileBag": {"count": len(files) + 1, "fileDataBag": [*files, document]},
            "productFrequencyText": "WEEKLY",
            "productIdentifier": code,
            "productTitleText": "Full-Text Data (No Images) - XML",
        }
        return {"bulkDataProductBag": [bag], "count": 1}

    def _days(self, product: Product) -> list[date]:
        """Days whose file is published by now."""
        week = FIRST_WEEK
        found: list[date] = []
        while True:
            day = due_day(week, product)
            if (
                self._clock()
                < datetime(day.year, day.month, day.day, tzinfo=UTC) + _PUBLISHED_AFTER
            ):
                return found
            found.append(day)
            week += timedelta(days=7)

    def _names(self, product: Product, day: date) -> list[str]:
        name = f"ip{_LETTERS[product]}{day:%y%m%d}"
        is_corrected = self.has_faults and day == CORRECTED_DAY
        return [f"{name}.zip", *([f"{name}_r1.zip"] if is_corrected else [])]

    def _week(self, name: str) -> tuple[Product, date] | None:
        """Product and Tuesday of a file that is published; None where there is none."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        product: Product = "grants" if match[1] == "g" else "applications"
        day = datetime.strptime(match[2], "%y%m%d").replace(tzinfo=UTC).date()
        if day not in self._days(product) or name not in self._names(product, day):
            return None
        return product, day - (due_day(FIRST_WEEK, product) - FIRST_WEEK)

    def _redirect(self, path: str, name: str, base_url: str) -> Response:
        with self._lock:
            self._asked[name] += 1
            if self._asked[name] > _MOST_DOWNLOADS:
                return json_response({"code": 429, "error": "Too Many Requests"}, 429)
            signature = f"{next(self._serial):08x}"
            self._signatures.add(signature)
        return Response(
            302, headers={"Location": f"{base_url}{_SIGNED}{path}?Signature={signature}"}
        )

    def _file(self, request: Request) -> Response:
        with self._lock:
            is_signed = request.query.get("Signature", "") in self._signatures
            self._signatures.discard(request.query.get("Signature", ""))
        name = request.path.rpartition("/")[2]
        week = self._week(name)
        if not is_signed or week is None:
            return Response(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
        body = _body(self._world.seed, week[0], week[1], name, self.has_faults)
        if self.has_faults and name == CUT_ONCE and self._asked[name] == 1:
            body = body[: len(body) * 2 // 3]
        return file_response(request, body, "application/zip")


@lru_cache(maxsize=64)
def _body(seed: int, product: Product, week: date, name: str, has_faults: bool) -> bytes:
    found = records(seed, week, product)
    is_first = has_faults and due_day(week, product) == CORRECTED_DAY and "_r" not in name
    if is_first:
        found = tuple(first_version(found))
    torn = TORN_PLACE if has_faults and name == TORN_FILE else None
    return week_zip(name, week_xml(found, torn=torn))


def _entry(code: str, day: date, name: str, base_url: str) -> dict[str, object]:
    """A file as the list has it; sizes are about right, as the portal's are."""
    return {
        "fileDataFromDate": day.isoformat(),
        "fileDataToDate": day.isoformat(),
        "fileDownloadURI": f"{base_url}{_PRODUCTS}files/{code}/{day.year}/{name}",
        "fileLastModifiedDateTime": f"{day} 00:02:59",
        "fileName": name,
        "fileReleaseDate": f"{day} 00:02:57",
        "fileSize": 100_000,
        "fileTypeText": "Data",
    }


def readable(
    seed: int, weeks: Iterable[date], *, has_faults: bool = True
) -> Iterator[PatentRecord]:
    """The documents that a careful reader finds in the files of some weeks (their Tuesdays)."""
    for week in weeks:
        for product in PRODUCTS:
            found = records(seed, week, product)
            is_torn = has_faults and f"ip{_LETTERS[product]}{week:%y%m%d}.zip" == TORN_FILE
            yield from (
                each for place, each in enumerate(found) if not is_torn or place != TORN_PLACE
            )
