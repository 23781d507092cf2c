"""The Innovation Graph over HTTP: quarterly CSV files of the world's countries, and an EU row."""

from __future__ import annotations

import hashlib
from functools import cache

from sandbox.exchange import Request, Response
from sandbox.places import COUNTRIES

PREFIX = "/innovationgraph/"
#: As in the real files: located by IP address, which sees less of a country behind VPNs.
SEEN_BY_IP = {"CN": 0.5}
QUARTERS = tuple((year, quarter) for year in (2022, 2023, 2024) for quarter in (1, 2, 3, 4))[:-1]
_EU_MEMBERS = frozenset({"DE", "ES", "FR", "IT", "NL", "PL", "SE"})
_ACCOUNTS = 100_000_000
_GROWTH = 1.03  # a quarter
_PUSHES_PER_ACCOUNT = 2
#: Pushes are listed for fewer economies than accounts are.
_WITHOUT_PUSHES = frozenset({"IL", "VN"})


def accounts(code: str, year: int, quarter: int) -> int:
    """Accounts that the sandbox's Innovation Graph lists for a country and quarter."""
    weights = {country.code: country.weight for country in COUNTRIES}
    grown = _GROWTH ** (4 * (year - 2022) + quarter - 1)
    return round(_ACCOUNTS * weights[code] * SEEN_BY_IP.get(code, 1.0) * grown)


class InnovationGraphPaths:
    """Answers `/innovationgraph/developers.csv` and `/innovationgraph/git_pushes.csv`."""

    def answer(self, request: Request) -> Response | None:
        """The answer, or None when the path is not one of the Innovation Graph."""
        if not request.path.startswith(PREFIX):
            return None
        if request.method not in {"GET", "HEAD"}:
            return Response(405, headers={"Allow": "GET, HEAD"})
        body = _files().get(request.path.removeprefix(PREFIX))
        if body is None:
            return Response(404, b"404: Not Found", "text/plain; charset=utf-8")
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        return Response(200, body, "text/plain; charset=utf-8", {"ETag": etag})


@cache
def _files() -> dict[str, bytes]:
    developers = [
        (accounts(country.code, *quarter), country.code, *quarter)
        for quarter in QUARTERS
        for country in COUNTRIES
    ]
    pushes = [
        (_PUSHES_PER_ACCOUNT * count, code, year, quarter)
        for count, code, year, quarter in developers
        if code not in _WITHOUT_PUSHES
    ]
    return {
        "developers.csv": _csv("developers", developers),
        "git_pushes.csv": _csv("git_pushes", pushes),
    }


def _csv(field: str, rows: list[tuple[int, str, int, int]]) -> bytes:
    """Rows with the EU's sum beside its members, by quarter and from the largest down."""
    sums: dict[tuple[int, int], int] = {}
    for count, code, year, quarter in rows:
        if code in _EU_MEMBERS:
            sums[year, quarter] = sums.get((year, quarter), 0) + count
    rows = [*rows, *((count, "EU", *quarter) for quarter, count in sums.items())]
    rows.sort(key=lambda row: (row[2], row[3], -row[0], row[1]))
    lines = [f"{field},iso2_code,year,quarter", *(",".join(map(str, row)) for row in rows)]
    return ("\n".join(lines) + "\n").encode()
