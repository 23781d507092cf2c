"""Evidence rows to countries: what each account's row says, and what the model's rows hold."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest

from assets.attribution.countries import MODEL_VERSION, DayCountries, day_countries, offsets_of
from assets.attribution.posterior import DRAWS, OTHERS, STRATA
from assets.attribution.tables import (
    ACTOR_COUNTRY,
    ACTOR_EVIDENCE,
    ATTRIBUTION_MODEL,
    ATTRIBUTION_RELIABILITY,
)
from assets.attribution.zones import zone_weights

DAY = date(2024, 7, 1)
SEEN = datetime(2024, 7, 2, tzinfo=UTC)
EPOCH = date(1970, 1, 1)
#: Nine to five in each country's summer, in UTC hours.
OFFICE = {"CN": range(1, 9), "DE": range(7, 15), "US": range(14, 22)}


def evidence_of(actor_id: int, kind: str, **values: object) -> dict[str, Any]:
    return {
        "as_of_date": DAY,
        "actor_id": actor_id,
        "kind": kind,
        "numbers": [],
        "observed_at": SEEN,
        **values,
    }


def located(actor_id: int, country: str, confidence: float = 0.9) -> dict[str, Any]:
    return evidence_of(
        actor_id,
        "location",
        country_iso2=country,
        rule="city",
        token="somewhere",  # noqa: S106
        confidence=confidence,
    )


def clock(actor_id: int, country: str, days: int = 5) -> dict[str, Any]:
    numbers = [days if hour in OFFICE[country] else 0 for hour in range(24)]
    return evidence_of(actor_id, "clock", numbers=numbers)


def offsets(actor_id: int, rows: Sequence[tuple[date, int, int]]) -> dict[str, Any]:
    numbers = [each for day, *rest in rows for each in ((day - EPOCH).days, *rest)]
    return evidence_of(actor_id, "utc_offset", numbers=numbers)


def open_accounts(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Located accounts with their country's clock, numbered from 1,000."""
    countries = [country for country, count in counts.items() for _ in range(count)]
    return [
        row
        for actor_id, country in enumerate(countries, 1_000)
        for row in (located(actor_id, country), clock(actor_id, country))
    ]


KNOWN = open_accounts({"CN": 30, "DE": 30, "US": 30})


def attributed(
    rows: Sequence[dict[str, Any]], wanted: Sequence[int], bots: Sequence[int] = ()
) -> DayCountries:
    return day_countries(DAY, ACTOR_EVIDENCE.arrow(rows), wanted, bots)


def by_actor(made: DayCountries) -> dict[int, dict[str, Any]]:
    return {row["actor_id"]: row for row in made.countries.to_pylist()}


def test_a_location_is_the_country_with_the_gazetteers_confidence() -> None:
    made = attributed([*KNOWN, located(1, "CN", 0.83), clock(1, "US")], [1])
    (row,) = made.countries.to_pylist()
    assert (row["located_iso2"], row["country_iso2"]) == ("CN", "CN")
    assert row["probability"] == 0.83
    assert row["deciding_evidence"] == "location"
    # The other evidence stays beside it: calibration compares the two.
    assert row["candidate_iso2"][0] == "US"
    assert row["model_version"] == MODEL_VERSION
    assert made.countries.schema == ACTOR_COUNTRY.arrow_schema


@pytest.mark.parametrize("country", sorted(OFFICE))
def test_a_clock_alone_names_the_country_that_keeps_such_hours(country: str) -> None:
    row = by_actor(attributed([*KNOWN, clock(1, country)], [1]))[1]
    assert row["located_iso2"] is None
    assert row["country_iso2"] == country
    assert row["probability"] > 0.9
    assert row["deciding_evidence"] == "clock"
    assert row["evidence_stratum"] == 2


def test_each_kind_of_evidence_is_read_from_its_row() -> None:
    """The halves of the year that +01:00 and +02:00 are in are Berlin's."""
    rows = [
        evidence_of(1, "company", country_iso2="DE", rule="name", token="sap"),  # noqa: S106
        evidence_of(2, "email_domain", country_iso2="DE", rule="academic", token="x"),  # noqa: S106
        offsets(3, [(date(2024, 1, 16), 60, 3), (date(2024, 6, 1), 120, 8)]),
    ]
    found = by_actor(attributed([*KNOWN, *rows], [1, 2, 3]))
    assert [found[actor]["country_iso2"] for actor in (1, 2, 3)] == ["DE"] * 3
    kinds = [found[actor]["deciding_evidence"] for actor in (1, 2, 3)]
    assert kinds == ["company", "email_domain", "utc_offset"]
    assert [found[actor]["evidence_stratum"] for actor in (1, 2, 3)] == [STRATA - 1] * 3


def test_a_half_months_commits_are_shared_among_its_offsets() -> None:
    """Nine commits in ten at +08:00 in one half-month outweigh one at +02:00 in it."""
    rows = [offsets(1, [(date(2024, 6, 1), 480, 9), (date(2024, 6, 1), 120, 1)])]
    assert by_actor(attributed([*KNOWN, *rows], [1]))[1]["country_iso2"] == "CN"


def test_bots_and_accounts_without_evidence_have_a_row_and_nothing_in_it() -> None:
    found = by_actor(attributed([*KNOWN, clock(1, "CN")], [1, 2, 3], [3]))
    assert list(found) == [1, 2, 3]
    for actor in (2, 3):
        assert found[actor]["candidate_iso2"] == []
        assert found[actor]["candidate_probability"] == []
        for name in (
            "located_iso2",
            "country_iso2",
            "probability",
            "deciding_evidence",
            "evidence_stratum",
            "evidence_label",
        ):
            assert found[actor][name] is None
    assert [found[actor]["is_bot"] for actor in (1, 2, 3)] == [False, False, True]


def test_a_bot_with_evidence_has_no_label() -> None:
    found = by_actor(attributed([*KNOWN, clock(1, "CN")], [1], [1]))
    assert found[1]["is_bot"] is True
    assert found[1]["evidence_label"] is None
    assert found[1]["country_iso2"] is None


def test_only_accounts_that_are_asked_for_have_rows() -> None:
    made = attributed([*KNOWN, clock(1, "CN")], [1, 1_000])
    assert made.countries["actor_id"].to_pylist() == [1, 1_000]


def test_candidates_come_most_probable_first() -> None:
    rows = [clock(1, "CN"), clock(2, "DE", 1), evidence_of(3, "clock", numbers=[0] * 24)]
    for row in by_actor(attributed([*KNOWN, *rows], [1, 2, 3])).values():
        shares = row["candidate_probability"]
        assert shares == sorted(shares, reverse=True)
        assert 1 <= len(shares) == len(row["candidate_iso2"]) <= 5
        assert sum(shares) <= 1 + 1e-9
        assert min(shares) >= 0.02
        assert row["country_iso2"] == row["candidate_iso2"][0]
        assert row["probability"] == shares[0]


def test_the_thirty_largest_countries_are_told_apart_and_no_more() -> None:
    """Sixty countries: thirty of eleven located accounts, thirty of ten."""
    countries = sorted(zone_weights())[:60]
    people = [each for at, each in enumerate(countries) for _ in range(11 - at % 2)]
    rows = [located(1_000 + number, country) for number, country in enumerate(people)]
    model = attributed(rows, [1_000]).model
    assert model["country_iso2"].to_pylist() == [*countries[::2], OTHERS]


def test_who_is_probably_of_the_other_countries_has_no_country() -> None:
    """Nine located accounts of each of six countries of one zone are one class together."""
    others = [
        row
        for number, country in enumerate(["MX", "GT", "SV", "HN", "NI", "CR"] * 9)
        for row in (
            located(2_000 + number, country),
            evidence_of(2_000 + number, "clock", numbers=[5 if h > 17 else 0 for h in range(24)]),
        )
    ]
    night = evidence_of(1, "clock", numbers=[5 if hour > 17 else 0 for hour in range(24)])
    found = by_actor(attributed([*KNOWN, *others, night], [1, 2_000]))
    assert found[1]["candidate_iso2"][0] == OTHERS
    assert (found[1]["country_iso2"], found[1]["probability"]) == (None, None)
    # Where a location names one of them, it stays named.
    assert found[2_000]["country_iso2"] == found[2_000]["located_iso2"] == "MX"


def test_labels_and_strata_are_in_range() -> None:
    made = attributed([*KNOWN, clock(1, "CN"), clock(2, "US", 1)], [1, 2, *range(1_000, 1_090)])
    classes = made.model.num_rows
    labels = made.countries["evidence_label"].to_pylist()
    assert all(0 <= label < 2 * classes for label in labels)
    assert all(0 <= each < STRATA for each in made.countries["evidence_stratum"].to_pylist())


def test_the_models_rows_hold_what_estimates_need() -> None:
    made = attributed([*KNOWN, clock(1, "CN")], [1])
    rows = made.model.to_pylist()
    assert made.model.schema == ATTRIBUTION_MODEL.arrow_schema
    assert [row["country_iso2"] for row in rows] == ["CN", "DE", "US", OTHERS]
    assert [row["class_number"] for row in rows] == [0, 1, 2, 3]
    assert [row["located_weight"] for row in rows] == [30.5, 30.5, 30.5, 0.5]
    assert sum(row["unlocated_share"] for row in rows) == pytest.approx(1)
    for row in rows:
        assert len(row["located_draws"]) == len(row["log_odds_draws"]) == DRAWS
        rates = np.array(row["label_rates"]).reshape(STRATA, 2 * len(rows))
        assert rates.sum(axis=1) == pytest.approx(np.ones(STRATA))


def test_reliability_counts_every_located_account_once() -> None:
    made = attributed(KNOWN, [1_000])
    rows = made.reliability.to_pylist()
    assert made.reliability.schema == ATTRIBUTION_RELIABILITY.arrow_schema
    assert sum(row["actor_count"] for row in rows) == 90
    # Clocks of three offices nine hours apart leave little doubt.
    assert rows[-1]["probability_to"] == 1.0
    assert rows[-1]["actor_count"] > 80
    assert rows[-1]["right_share"] > 0.95


@pytest.mark.parametrize("rows", [[], [clock(1, "CN")]])
def test_without_a_located_account_nobody_has_a_country(rows: list[dict[str, Any]]) -> None:
    made = attributed(rows, [1, 2])
    assert made.countries["country_iso2"].to_pylist() == [None, None]
    assert made.countries["evidence_label"].to_pylist() == [None, None]
    for table, declared in (
        (made.model, ATTRIBUTION_MODEL),
        (made.reliability, ATTRIBUTION_RELIABILITY),
    ):
        assert table.num_rows == 0
        assert table.schema == declared.arrow_schema


def test_the_same_evidence_gives_the_same_tables() -> None:
    rows = [*KNOWN, clock(1, "CN"), offsets(2, [(date(2024, 6, 1), 120, 8)])]
    first, second = (attributed(rows, [1, 2, 1_000]) for _ in range(2))
    assert first.countries.equals(second.countries)
    assert first.model.equals(second.model)
    assert first.reliability.equals(second.reliability)


def test_offsets_are_numbered_by_their_half_months_in_order() -> None:
    june, may = date(2024, 6, 1), date(2024, 5, 16)
    found = offsets_of([(1, june, 480, 0.25), (0, may, 60, 1.0), (1, june, 120, 0.75)], 3)
    assert found.periods == (may, june)
    assert found.period.tolist() == [1, 0, 1]
    assert found.author.tolist() == [1, 0, 1]
    assert found.offset_min.tolist() == [480, 60, 120]
    assert found.weight.tolist() == [0.25, 1.0, 0.75]
    assert found.author_count == 3


def test_tables_of_the_day_state_it() -> None:
    made = attributed(KNOWN, [1_000])
    for table in (made.countries, made.model, made.reliability):
        assert pc.unique(table["as_of_date"]).to_pylist() == [DAY]
