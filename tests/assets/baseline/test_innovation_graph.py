"""The Innovation Graph's files: real ones, and every way in which a file can be wrong."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from assets.baseline.innovation_graph import (
    DEVELOPERS,
    GIT_PUSHES,
    InnovationGraphError,
    content_digest,
    graph_rows,
)
from assets.baseline.tables import INNOVATION_GRAPH
from assets.reference import loader
from assets.reference.loader import load_reference

NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
# The 27 of the whole period: the United Kingdom had left when the files begin.
EU_MEMBERS = {
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
}
ECONOMIES = frozenset({"CN", "DE", "NA", "US"})
ACCOUNTS = (
    "developers,iso2_code,year,quarter\n"
    "500,US,2024,3\n"
    "300,CN,2024,3\n"
    "150,DE,2024,3\n"
    "150,EU,2024,3\n"
    "50,NA,2024,3\n"
    "600,US,2024,4\n"
)
PUSHES = "git_pushes,iso2_code,year,quarter\n900,US,2024,3\n800,EU,2024,3\n700,CN,2024,3\n"


def rows_of(accounts: str = ACCOUNTS, pushes: str = PUSHES) -> list[dict[str, object]]:
    rows, quarantined = graph_rows(accounts.encode(), pushes.encode(), ECONOMIES, NOW)
    assert quarantined == ()
    assert rows.schema == INNOVATION_GRAPH.arrow_schema
    found: list[dict[str, object]] = rows.to_pylist()
    return found


def test_shares_are_of_all_economies_and_the_eu_is_none() -> None:
    # 2024Q3: 500 + 300 + 150 + 50 = 1,000 accounts; the EU's 150 are Germany's.
    shares = {(r["country_iso2"], r["quarter"]): r["developer_share"] for r in rows_of()}
    assert shares == {
        ("CN", 3): 0.3,
        ("DE", 3): 0.15,
        ("NA", 3): 0.05,
        ("US", 3): 0.5,
        ("US", 4): 1.0,
    }


def test_a_row_holds_quarter_counts_and_vintage() -> None:
    first, second = rows_of()[:2]
    assert first == {
        "country_iso2": "CN",
        "year": 2024,
        "quarter": 3,
        "quarter_start_date": date(2024, 7, 1),
        "developer_count": 300,
        "git_push_count": 700,
        "developer_share": 0.3,
        "fetched_at": NOW,
        "content_digest": content_digest(ACCOUNTS.encode(), PUSHES.encode()),
    }
    # Fewer than 100 developers pushed: the file leaves the economy out.
    assert (second["country_iso2"], second["git_push_count"]) == ("DE", None)


def test_the_digest_changes_with_any_byte_and_with_the_border_between_the_files() -> None:
    digests = {
        content_digest(b"ab", b"c"),
        content_digest(b"a", b"bc"),
        content_digest(b"ab", b"d"),
    }
    assert len(digests) == 3


def test_an_unknown_code_is_left_out_with_its_line_and_not_counted() -> None:
    accounts = ACCOUNTS + "1000,XQ,2024,3\n"
    pushes = PUSHES + "10,XQ,2024,3\n"
    rows, quarantined = graph_rows(accounts.encode(), pushes.encode(), ECONOMIES, NOW)
    assert rows.to_pylist()[0]["developer_share"] == 0.3
    assert [str(each).split(";")[0] for each in quarantined] == [
        f"{DEVELOPERS}:8: iso2_code 'XQ' is unknown",
        f"{GIT_PUSHES}:5: iso2_code 'XQ' is unknown",
    ]


def test_pushes_without_accounts_are_left_out_with_their_line() -> None:
    pushes = PUSHES + "10,DE,2023,1\n"
    _, quarantined = graph_rows(ACCOUNTS.encode(), pushes.encode(), ECONOMIES, NOW)
    assert [str(each) for each in quarantined] == [
        f"{GIT_PUSHES}:5: {DEVELOPERS} has no DE for the quarter"
    ]


def test_columns_in_another_order_further_ones_and_windows_line_ends_are_taken() -> None:
    turned = "\n".join(",".join(reversed(line.split(","))) for line in ACCOUNTS.split("\n"))
    further = "\n".join(f"{line},x" if line else "" for line in ACCOUNTS.split("\n"))
    windows = "\ufeff" + ACCOUNTS.replace("\n", "\r\n") + "\r\n"
    wanted = [(r["country_iso2"], r["developer_count"]) for r in rows_of()]
    for accounts in (turned, further, windows):
        assert [(r["country_iso2"], r["developer_count"]) for r in rows_of(accounts)] == wanted


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("300,CN", "-300,CN", r"developers\.csv:3: developers: '-300' is not a whole number"),
        ("300,CN", "3e2,CN", r"developers\.csv:3: developers: '3e2' is not"),
        ("300,CN", ",CN", r"developers\.csv:3: developers: '' is not"),
        ("300,CN", "0,CN", r"developers\.csv:3: developers: '0' is not"),
        ("300,CN", "٣,CN", r"developers\.csv:3: developers: '٣' is not"),
        ("300,CN", f"{10**15},CN", r"developers\.csv:3: developers: '1000000000000000' is not"),
        ("CN,2024,3", "CN,1924,3", r"developers\.csv:3: year: 1924 is not from 2020"),
        ("CN,2024,3", "CN,2024,5", r"developers\.csv:3: quarter: 5 is not from 1 to 4"),
        ("CN,2024,3", "US,2024,3", r"developers\.csv:3: iso2_code: 'US' stands in line 2"),
        ("CN,2024,3", "CN,2024", r"developers\.csv:3: row: has 3 cells where the header has 4"),
        ("300,CN", '"300,CN', r"developers\.csv:3: row: is not CSV"),
        ("iso2_code,", "iso2,", r"developers\.csv:1: iso2_code: the column must stand once"),
        ("iso2_code,", "iso2_code,iso2_code,", r"developers\.csv:1: iso2_code: the column must"),
        ("developers,iso", "accounts,iso", r"developers\.csv:1: developers: the column must"),
    ],
)
def test_a_defect_is_named_by_file_line_and_field(old: str, new: str, words: str) -> None:
    assert ACCOUNTS.count(old) == 1
    with pytest.raises(InnovationGraphError, match=words):
        rows_of(ACCOUNTS.replace(old, new))


def test_the_other_files_defects_are_named_as_its_own() -> None:
    with pytest.raises(InnovationGraphError, match=r"git_pushes\.csv:2: git_pushes: '-9"):
        rows_of(pushes=PUSHES.replace("900", "-900"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "1: header: the file is empty"),
        (b"developers,iso2_code,year,quarter\n", "has no row of a known economy"),
        (b"developers,iso2_code,year,quarter\n1,EU,2024,1\n", "has no row of a known economy"),
        (b"developers,iso2_code,year,quarter\n1,C\xff,2024,1\n", "2: row: is not UTF-8"),
        (b"<!DOCTYPE html>\n<html></html>\n", "1: developers: the column must stand once"),
    ],
    ids=["empty", "header alone", "aggregate alone", "not UTF-8", "a web page"],
)
def test_a_file_of_nothing_usable_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(InnovationGraphError, match=words):
        graph_rows(content, PUSHES.encode(), ECONOMIES, NOW)


def test_the_real_files_are_read_whole(real_data: Path) -> None:
    folder = real_data / "innovationgraph"
    economies = {e.iso2 for e in load_reference(Path(loader.__file__).parent).economies}
    rows, quarantined = graph_rows(
        (folder / DEVELOPERS).read_bytes(), (folder / GIT_PUSHES).read_bytes(), economies, NOW
    )
    # 5,197 lines of data, 23 of them the EU's; every other code is an economy of ours.
    assert (rows.num_rows, quarantined) == (5197 - 23, ())
    found = rows.to_pylist()
    assert sum(row["git_push_count"] is not None for row in found) == 3998 - 23
    newest = {
        row["country_iso2"]: row for row in found if (row["year"], row["quarter"]) == (2025, 3)
    }
    # As published for 2025Q3: 6.5 % of accounts are China's.
    assert newest["CN"]["developer_share"] == pytest.approx(0.065, abs=5e-4)
    assert "NA" in newest
    for year, quarter in {(row["year"], row["quarter"]) for row in found}:
        shares = [
            r["developer_share"] for r in found if (r["year"], r["quarter"]) == (year, quarter)
        ]
        assert sum(shares) == pytest.approx(1)


def test_in_the_real_files_the_eu_is_the_sum_of_its_members(real_data: Path) -> None:
    lines = (real_data / "innovationgraph" / DEVELOPERS).read_text().splitlines()[1:]
    sums: dict[tuple[str, str], int] = {}
    listed: dict[tuple[str, str], int] = {}
    for count, code, year, quarter in (line.split(",") for line in lines):
        if code in EU_MEMBERS:
            sums[year, quarter] = sums.get((year, quarter), 0) + int(count)
        elif code == "EU":
            listed[year, quarter] = int(count)
    assert sums == listed
