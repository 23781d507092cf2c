"""A planted population: who lives where is known, who fills in a location differs by country."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pytest

from assets.attribution.countries import offsets_of
from assets.attribution.posterior import (
    DRAWS,
    KINDS,
    LEAST_LOCATED,
    OTHERS,
    STRATA,
    Attribution,
    Evidence,
    attribute,
    reliability,
)

Ints = npt.NDArray[np.int64]
ON = date(2024, 7, 1)
RULES = 2
#: Country: hours east of UTC on the day, share of the people, share who fill in a location.
PLACES = {"CN": (8, 0.4, 0.12), "DE": (2, 0.3, 0.6), "US": (-5, 0.3, 0.5)}
_ACCOUNTS = 3_000
_DAY = np.where(np.arange(24) < 8, 0.2, np.where(np.arange(24) < 18, 3.0, 1.5))


@dataclass(frozen=True)
class Planted:
    evidence: Evidence
    country: npt.NDArray[np.str_]


def planted(seed: int, accounts: int = _ACCOUNTS, most_active: int = 40) -> Planted:
    """People of three countries with clocks of so many hours; a tenth names an employer."""
    rng = np.random.default_rng(seed)
    codes = np.array(list(PLACES))
    at = rng.choice(3, accounts, p=[share for _, share, _ in PLACES.values()])
    fills_in = rng.random(accounts) < np.array([fill for _, _, fill in PLACES.values()])[at]
    active = rng.integers(0, most_active + 1, accounts)
    hours = np.array([hour for hour, _, _ in PLACES.values()])[at]
    clocks = np.array(
        [
            rng.multinomial(n, np.roll(_DAY, -hour) / _DAY.sum())
            for n, hour in zip(active, hours, strict=True)
        ]
    )
    # Employers: nine of ten are in the country lived in.
    named = np.where(rng.random(accounts) < 0.9, codes[at], rng.choice(codes, accounts))
    empty = np.full(accounts, "", dtype="<U2")
    evidence = Evidence(
        actor_ids=np.arange(accounts),
        located=np.where(fills_in, codes[at], ""),
        confidence=np.where(fills_in, 0.99, np.nan),
        clocks=clocks,
        company=np.where(rng.random(accounts) < 0.1, named, ""),
        domain=empty,
        domain_rule=np.zeros(accounts, dtype=np.int64),
        offsets=offsets_of([], accounts),
    )
    return Planted(evidence, codes[at])


@pytest.fixture(scope="module")
def world() -> Planted:
    return planted(1)


@pytest.fixture(scope="module")
def learned(world: Planted) -> Attribution:
    found = attribute(world.evidence, ON, RULES)
    assert found is not None
    return found


def changed(evidence: Evidence, row: int, **values: object) -> Evidence:
    """The evidence with one account's entries of these columns replaced."""
    columns = {}
    for name, value in values.items():
        column = getattr(evidence, name).copy()
        column[row] = value
        columns[name] = column
    return replace(evidence, **columns)


def test_unlocated_shares_are_the_planted_ones_where_located_ones_are_far_off(
    world: Planted, learned: Attribution
) -> None:
    unlocated = world.evidence.located == ""
    assert learned.classes == ("CN", "DE", "US", OTHERS)
    for number, code in enumerate(PLACES):
        truth = (world.country[unlocated] == code).mean()
        located = (world.evidence.located[~unlocated] == code).mean()
        assert learned.mixture.weights[number] == pytest.approx(truth, abs=0.04)
        if code == "CN":
            assert truth - located > 0.3
    assert learned.mixture.weights[3] < 0.02


def test_a_country_that_hides_has_the_largest_missingness_odds(learned: Attribution) -> None:
    """Odds of an empty location: 0.88/0.12 in CN, 0.4/0.6 in DE; ln of their ratio is 2.40."""
    odds = dict(zip(learned.classes, learned.mixture.theta, strict=True))
    assert odds["CN"] - odds["DE"] == pytest.approx(2.40, abs=0.35)
    assert odds["CN"] - odds["US"] == pytest.approx(np.log(0.88 / 0.12), abs=0.35)


def test_draws_hold_the_planted_share(world: Planted, learned: Attribution) -> None:
    assert learned.theta_draws.shape == learned.base_draws.shape == (DRAWS, 4)
    weights = learned.base_draws * np.exp(learned.theta_draws)
    shares = (weights / weights.sum(axis=1, keepdims=True))[:, 0]
    unlocated = world.evidence.located == ""
    truth = (world.country[unlocated] == "CN").mean()
    low, high = np.quantile(shares, [0.005, 0.995])
    assert low < truth < high
    assert high - low < 0.2


def test_probabilities_and_rates_are_distributions(learned: Attribution) -> None:
    assert learned.probability.shape == (_ACCOUNTS, 4)
    assert learned.probability.sum(axis=1) == pytest.approx(np.ones(_ACCOUNTS))
    assert learned.label_rates.shape == (STRATA, 8, 4)
    assert learned.label_rates.sum(axis=1) == pytest.approx(np.ones((STRATA, 4)))
    assert (learned.label_rates > 0).all()
    assert learned.held_out.sum(axis=1) == pytest.approx(np.ones(len(learned.held_out)))
    assert 0.3 <= learned.temperature <= 1.0


def test_a_label_is_the_most_probable_class_and_whether_it_is_sure(learned: Attribution) -> None:
    """Sure is a probability of at least 0.6."""
    assert (learned.label // 2 == learned.probability.argmax(axis=1)).all()
    assert ((learned.label % 2 == 1) == (learned.probability.max(axis=1) >= 0.6)).all()
    assert set(learned.label.tolist()) <= set(range(8))
    assert len(set(learned.label.tolist())) >= 5


def test_most_accounts_with_much_evidence_are_attributed_right(
    world: Planted, learned: Attribution
) -> None:
    much = (world.evidence.clocks.sum(axis=1) >= 20) & (world.evidence.located == "")
    names = np.array(learned.classes)[learned.probability.argmax(axis=1)]
    assert (names == world.country)[much].mean() > 0.9


def test_a_location_has_no_part_in_its_own_accounts_probability(
    world: Planted, learned: Attribution
) -> None:
    """An account of no other evidence is given the located mix, wherever it says it is."""
    nothing = (world.evidence.clocks.sum(axis=1) == 0) & (world.evidence.company == "")
    for code in PLACES:
        chosen = nothing & (world.evidence.located == code)
        assert chosen.any()
        located = learned.mixture.base / learned.mixture.base.sum()
        assert learned.probability[chosen] == pytest.approx(
            np.tile(located, (int(chosen.sum()), 1))
        )


def test_held_out_accounts_are_right_as_often_as_predicted() -> None:
    """Clocks of at most four hours leave doubt. In a bin of 150, two errors are at most 0.08."""
    found = attribute(planted(4, most_active=4).evidence, ON, RULES)
    assert found is not None
    rows = reliability(found.held_out, found.held_out_class)
    assert sum(row["actor_count"] for row in rows) == len(found.held_out)
    bins = [row for row in rows if row["actor_count"] >= 150]
    assert len(bins) >= 3
    for row in bins:
        assert row["right_share"] == pytest.approx(row["predicted_share"], abs=0.08)


@pytest.mark.parametrize(
    ("active", "stratum"), [(0, 0), (1, 0), (2, 0), (3, 1), (7, 1), (8, 2), (40, 2)]
)
def test_strata_are_by_active_hours(active: int, stratum: int) -> None:
    small = planted(2, 300).evidence
    clock = np.zeros(24, dtype=np.int64)
    clock[9] = active
    found = attribute(changed(small, 0, clocks=clock, company=""), ON, RULES)
    assert found is not None
    assert found.stratum[0] == stratum
    assert set(found.stratum.tolist()) <= set(range(STRATA))


def test_any_other_kind_is_the_last_stratum() -> None:
    small = changed(planted(2, 300).evidence, 0, domain="DE", clocks=0, company="")
    small = changed(small, 1, company="CN")
    small = replace(
        changed(small, 2, company=""), offsets=offsets_of([(2, date(2024, 5, 1), 480, 1.0)], 300)
    )
    found = attribute(small, ON, RULES)
    assert found is not None
    assert found.stratum[:3].tolist() == [STRATA - 1] * 3


def test_the_kind_that_speaks_most_decides() -> None:
    """Accounts with one kind of evidence each, and one with none."""
    evidence = planted(3).evidence
    night = np.zeros(24, dtype=np.int64)
    night[1:9] = 5  # nine to five in China
    for row in range(5):
        evidence = changed(evidence, row, located="", company="", clocks=0, confidence=np.nan)
    evidence = changed(evidence, 0, company="DE")
    evidence = changed(evidence, 1, domain="DE", domain_rule=1)
    evidence = changed(evidence, 3, clocks=night)
    periods = [date(2024, month, 1) for month in range(1, 7)]
    # Berlin's change of clocks.
    rows = [(2, each, 60 if each.month < 4 else 120, 1.0) for each in periods]
    evidence = replace(evidence, offsets=offsets_of(rows, _ACCOUNTS))
    found = attribute(evidence, ON, RULES)
    assert found is not None
    names = [KINDS[kind] if kind >= 0 else "prior" for kind in found.deciding[:5]]
    assert names == ["company", "email_domain", "utc_offset", "clock", "prior"]
    top = [found.classes[each] for each in found.probability[:4].argmax(axis=1)]
    assert top[2:] == ["DE", "CN"]


def test_without_a_located_account_there_is_nothing_to_learn_from(world: Planted) -> None:
    nobody = replace(world.evidence, located=np.full(_ACCOUNTS, "", dtype="<U2"))
    assert attribute(nobody, ON, RULES) is None
    none_at_all = replace(
        planted(1, 1).evidence,
        located=np.array([], dtype="<U2"),
        clocks=np.zeros((0, 24), dtype=np.int64),
    )
    assert attribute(none_at_all, ON, RULES) is None


def test_a_country_of_few_located_accounts_is_one_of_the_others(world: Planted) -> None:
    located = world.evidence.located.copy()
    unlocated = np.flatnonzero(located == "")
    located[unlocated[: LEAST_LOCATED - 1]] = "NZ"
    located[unlocated[LEAST_LOCATED : 2 * LEAST_LOCATED]] = "BR"
    found = attribute(replace(world.evidence, located=located), ON, RULES)
    assert found is not None
    assert found.classes == ("BR", "CN", "DE", "US", OTHERS)
    assert found.class_of == {"BR": 0, "CN": 1, "DE": 2, "US": 3, "NZ": 4}
    assert found.mixture.base[[0, 4]].tolist() == [LEAST_LOCATED + 0.5, LEAST_LOCATED - 0.5]


def test_everybody_located_leaves_no_one_to_correct_for(world: Planted) -> None:
    everybody = replace(world.evidence, located=world.country)
    found = attribute(everybody, ON, RULES)
    assert found is not None
    assert found.mixture.theta == pytest.approx(np.zeros(4))
    assert found.mixture.responsibilities.shape == (0, 4)
    assert np.isfinite(found.theta_draws).all()


def test_the_same_evidence_gives_the_same_bytes(world: Planted, learned: Attribution) -> None:
    again = attribute(world.evidence, ON, RULES)
    assert again is not None
    for name in ("probability", "label", "theta_draws", "base_draws", "label_rates", "held_out"):
        assert getattr(again, name).tobytes() == getattr(learned, name).tobytes()


def test_reliability_bins_are_as_worked_by_hand() -> None:
    """0.62 and 0.66 (one right), 0.95 (right), 1.0 (wrong); bins without an account are left out.

    0.6: predicted (0.62 + 0.66) / 2 = 0.64, right 1/2. 0.9: (0.95 + 1) / 2 = 0.975, right 1/2.
    """
    held_out = np.array([[0.62, 0.38], [0.34, 0.66], [0.05, 0.95], [1.0, 0.0]])
    rows = reliability(held_out, np.array([0, 0, 1, 1]))
    assert rows == [
        pytest.approx(
            {
                "probability_from": 0.6,
                "probability_to": 0.7,
                "actor_count": 2,
                "predicted_share": 0.64,
                "right_share": 0.5,
            }
        ),
        pytest.approx(
            {
                "probability_from": 0.9,
                "probability_to": 1.0,
                "actor_count": 2,
                "predicted_share": 0.975,
                "right_share": 0.5,
            }
        ),
    ]
