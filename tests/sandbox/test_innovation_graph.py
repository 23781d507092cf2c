"""The sandbox's Innovation Graph: the real files' form, the world's countries, a planted truth."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from sandbox.innovation_graph import QUARTERS, accounts
from sandbox.places import COUNTRIES

if TYPE_CHECKING:
    import requests

    from sandbox.server import SandboxServer

EU = {"DE", "ES", "FR", "IT", "NL", "PL", "SE"}
Cell = tuple[str, int, int]


def cells(server: SandboxServer, session: requests.Session, field: str) -> dict[Cell, int]:
    response = session.get(f"{server.url}/innovationgraph/{field}.csv")
    assert response.status_code == 200
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert list(rows[0]) == [field, "iso2_code", "year", "quarter"]
    found = {
        (row["iso2_code"], int(row["year"]), int(row["quarter"])): int(row[field]) for row in rows
    }
    assert len(found) == len(rows)
    return found


def test_every_quarter_lists_all_countries_and_the_eu_as_their_sum(
    server: SandboxServer, session: requests.Session
) -> None:
    found = cells(server, session, "developers")
    codes = {country.code for country in COUNTRIES}
    assert (QUARTERS[0], QUARTERS[-1], len(QUARTERS)) == ((2022, 1), (2024, 3), 11)
    assert set(found) == {(code, *quarter) for code in codes | {"EU"} for quarter in QUARTERS}
    for quarter in QUARTERS:
        assert found["EU", *quarter] == sum(found[code, *quarter] for code in EU)


def test_countries_have_the_accounts_of_their_weight_and_china_half_of_them(
    server: SandboxServer, session: requests.Session
) -> None:
    found = cells(server, session, "developers")
    # Weights 0.215 and 0.200 of 100 million in the first quarter.
    assert found["US", 2022, 1] == 21_500_000
    assert found["CN", 2022, 1] == 10_000_000
    # 3 % more each quarter.
    assert found["US", 2023, 1] == round(21_500_000 * 1.03**4) == accounts("US", 2023, 1)


def test_pushes_are_listed_for_fewer_economies(
    server: SandboxServer, session: requests.Session
) -> None:
    developers = cells(server, session, "developers")
    pushes = cells(server, session, "git_pushes")
    assert set(developers) - set(pushes) == {
        (code, *quarter) for code in ("IL", "VN") for quarter in QUARTERS
    }
    assert set(pushes) < set(developers)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/innovationgraph/developers.csv", 200),
        ("GET", "/innovationgraph/languages.csv", 404),
        ("POST", "/innovationgraph/developers.csv", 405),
    ],
)
def test_only_the_two_files_are_there_to_be_read(
    server: SandboxServer, session: requests.Session, method: str, path: str, status: int
) -> None:
    assert session.request(method, server.url + path).status_code == status
