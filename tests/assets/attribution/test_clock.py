"""The clock's likelihood worked by hand, and what is learned of planted days."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.attribution.clock import ClockModel, learn_clocks, redrawn

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
HOURS = np.arange(24)
#: Nobody before eight, a working day, a long evening.
DAY = np.where(HOURS < 8, 0.2, np.where(HOURS < 18, 3.0, 1.5))
AMERICA, CHINA = {-300: 1.0}, {480: 1.0}


def model_of(
    curves: Sequence[Floats],
    offsets: Sequence[dict[int, float]],
    *,
    concentration: float = 72.0,
    common_share: float = 0.0,
    curve_weight: float = 0.0,
    utc_counts: Floats | None = None,
) -> ClockModel:
    """A model of given local curves; without a weight for everybody's, they are its own."""
    return ClockModel(
        class_count=len(curves),
        component_class=np.repeat(np.arange(len(curves)), [len(each) for each in offsets]),
        component_offset=np.array([minutes for each in offsets for minutes in each]),
        component_weight=np.array([share for each in offsets for share in each.values()]),
        local_counts=np.array(curves, dtype=np.float64),
        utc_counts=np.zeros(24) if utc_counts is None else utc_counts,
        concentration=concentration,
        curve_weight=curve_weight,
        common_share=common_share,
    )


def clock(days: dict[int, int]) -> Ints:
    """One account active on so many days in these UTC hours."""
    counts = np.zeros((1, 24), dtype=np.int64)
    counts[0, list(days)] = list(days.values())
    return counts


def drawn(
    rng: np.random.Generator, count: int, offset_hours: int, active: int = 20, day: Floats = DAY
) -> Ints:
    """Clocks of accounts that live by the day at an offset."""
    utc = np.roll(day, -offset_hours)
    return np.asarray(rng.multinomial(active, utc / utc.sum(), count), dtype=np.int64)


def two_countries(rng: np.random.Generator, count: int, *, shared: bool) -> tuple[Ints, Ints]:
    """Clocks and classes of accounts of America (0) and China (1), perhaps on one UTC clock."""
    america = drawn(rng, count, -5)
    china = drawn(rng, count, -5 if shared else 8)
    return np.concatenate([america, china]), np.repeat([0, 1], count)


def test_two_days_at_midnight_and_one_at_five_weigh_as_worked_by_hand() -> None:
    """Concentration 72. A flat curve has 72/24 = 3 in each hour, the other 26 at 0 and 2 elsewhere.

    Days at hours 0, 0 and 5 have probability 3·4·3 / (72·73·74) under the flat curve and
    26·27·2 / (72·73·74) under the other (Pólya's urn): 39 times as much.
    """
    peaked = np.ones(24)
    peaked[0] = 13.0
    model = model_of([np.ones(24), peaked], [{0: 1.0}, {0: 1.0}])
    flat, other = model.log_likelihood(clock({0: 2, 5: 1}))[0]
    assert other - flat == pytest.approx(math.log(39))


def test_the_likelihood_is_the_dirichlet_multinomial_formula() -> None:
    rng = np.random.default_rng(4)
    curves = rng.uniform(0.5, 3.0, (3, 24))
    clocks = rng.integers(0, 30, (5, 24))
    model = model_of(list(curves), [{0: 1.0}] * 3, concentration=37.0)

    def formula(days: Ints, curve: Floats) -> float:
        a = 37.0 * curve / curve.sum()
        terms = (math.lgamma(a[h] + days[h]) - math.lgamma(a[h]) for h in range(24))
        return sum(terms) + math.lgamma(37.0) - math.lgamma(37.0 + days.sum())

    expected = np.array([[formula(days, curve) for curve in curves] for days in clocks])
    found = model.log_likelihood(clocks)
    assert found - found[:, :1] == pytest.approx(expected - expected[:, :1])


def test_a_class_of_two_offsets_is_their_weighted_mean() -> None:
    """A quarter lives at UTC and three at UTC+1: one day at 08:00 is their 8 or their 9 o'clock.

    With 3 of 40 of the curve at 8 and 14 of 40 at 9: 1/4 · 3/40 + 3/4 · 14/40 = 9/32; the flat
    class gives 1/24.
    """
    curve = np.ones(24)
    curve[8], curve[9], curve[20] = 3.0, 14.0, 2.0
    assert curve.sum() == 40
    model = model_of([curve, np.ones(24)], [{0: 0.25, 60: 0.75}, {0: 1.0}])
    lived, flat = model.log_likelihood(clock({8: 1}))[0]
    assert lived - flat == pytest.approx(math.log(9 / 32 * 24))


@pytest.mark.parametrize(
    ("minutes", "utc_hour", "local"),
    [
        (480, 1, {9: 1.0}),
        (-300, 2, {21: 1.0}),
        (330, 0, {5: 0.5, 6: 0.5}),
        (-210, 12, {8: 0.5, 9: 0.5}),
        (345, 0, {5: 0.25, 6: 0.75}),
        (570, 14, {23: 0.5, 0: 0.5}),
    ],
)
def test_a_half_hour_offset_shares_each_hour_between_two(
    minutes: int, utc_hour: int, local: dict[int, float]
) -> None:
    curve = np.arange(1.0, 25.0)
    model = model_of([curve], [{minutes: 1.0}], concentration=1.0)
    expected = sum(share * curve[hour] for hour, share in local.items()) / curve.sum()
    assert model.parameters[0, utc_hour] == pytest.approx(expected)


@given(st.integers(-12 * 4, 14 * 4).map(lambda quarters: quarters * 15))
def test_shifting_a_day_loses_nothing_and_invents_nothing(minutes: int) -> None:
    """Each local hour falls into UTC hours whole, and a flat local day is flat in UTC."""
    each_hour = model_of(list(np.eye(24)), [{minutes: 1.0}] * 24, concentration=1.0)
    assert each_hour.parameters.sum(axis=1) == pytest.approx(np.ones(24))
    assert each_hour.parameters.sum(axis=0) == pytest.approx(np.ones(24))
    assert (each_hour.parameters >= 0).all()


def test_an_account_without_an_active_hour_says_nothing() -> None:
    model = model_of([DAY, DAY], [AMERICA, CHINA])
    found = model.log_likelihood(np.concatenate([clock({}), clock({3: 1})]))
    assert (found[0] == 0).all()
    assert found[1, 0] != found[1, 1]


def test_no_accounts_have_no_likelihoods() -> None:
    model = model_of([DAY, DAY], [AMERICA, CHINA])
    assert model.log_likelihood(np.zeros((0, 24), dtype=np.int64)).shape == (0, 2)


def test_where_all_activity_is_common_or_all_curves_are_one_clocks_fall_silent() -> None:
    clocks = drawn(np.random.default_rng(1), 20, 8)
    curves = [DAY * 50, DAY[::-1] * 50]
    common = model_of(curves, [AMERICA, CHINA], common_share=1.0, utc_counts=DAY)
    found = common.log_likelihood(clocks)
    assert found[:, 0] == pytest.approx(found[:, 1])
    one_curve = model_of(curves, [CHINA, CHINA], curve_weight=1e12)
    found = one_curve.log_likelihood(clocks)
    assert found[:, 0] == pytest.approx(found[:, 1], abs=1e-6)


def folds_of(count: int) -> Ints:
    return np.arange(count) % 5


def test_accounts_of_two_time_zones_are_told_apart() -> None:
    rng = np.random.default_rng(11)
    clocks, classes = two_countries(rng, 300, shared=False)
    model, _ = learn_clocks(clocks, classes, [AMERICA, CHINA], folds_of(600))
    unseen, theirs = two_countries(rng, 300, shared=False)
    right = model.log_likelihood(unseen).argmax(axis=1) == theirs
    assert right.mean() > 0.97


def test_each_fold_is_told_apart_by_a_model_of_the_others() -> None:
    rng = np.random.default_rng(12)
    clocks, classes = two_countries(rng, 300, shared=False)
    folds = folds_of(600)
    _, without = learn_clocks(clocks, classes, [AMERICA, CHINA], folds)
    assert len(without) == 5
    for fold, model in enumerate(without):
        mine = folds == fold
        right = model.log_likelihood(clocks[mine]).argmax(axis=1) == classes[mine]
        assert right.mean() > 0.95
        # Every active hour of the others is in it, and none of its own.
        assert model.local_counts.sum() == pytest.approx(clocks[~mine].sum())
        assert model.utc_counts == pytest.approx(clocks[~mine].sum(axis=0))


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_hours_that_say_nothing_of_the_country_leave_the_likelihood_flat(seed: int) -> None:
    """Everybody is active by one UTC clock, whatever the tz database says of where they live."""
    rng = np.random.default_rng(seed)
    clocks, classes = two_countries(rng, 300, shared=True)
    model, _ = learn_clocks(clocks, classes, [AMERICA, CHINA], folds_of(600))
    found = model.log_likelihood(two_countries(rng, 300, shared=True)[0])
    assert np.abs(found[:, 0] - found[:, 1]).mean() < 0.05
    assert np.abs(found[:, 0] - found[:, 1]).max() < 0.25


def test_where_people_live_is_learned_against_the_cities() -> None:
    """By its cities half of a country lives at UTC-8; of its accounts 80 % are at UTC-5."""
    rng = np.random.default_rng(31)
    clocks = np.concatenate(
        [drawn(rng, 480, -5, 40), drawn(rng, 120, -8, 40), drawn(rng, 300, 8, 40)]
    )
    classes = np.repeat([0, 1], [600, 300])
    model, _ = learn_clocks(clocks, classes, [{-480: 0.5, -300: 0.5}, CHINA], folds_of(900))
    assert model.component_offset.tolist() == [-480, -300, 480]
    assert model.component_weight == pytest.approx(np.array([0.2, 0.8, 1.0]), abs=0.1)


def test_accounts_of_one_place_that_differ_more_than_draws_ask_for_a_low_concentration() -> None:
    """Planted: each account's curve is a Dirichlet draw of concentration 24 around the day's."""
    rng = np.random.default_rng(41)
    mean = np.roll(DAY, -8) / DAY.sum()

    def clocks_of(curves: Floats) -> Ints:
        return np.array([rng.multinomial(40, curve) for curve in curves], dtype=np.int64)

    spread = clocks_of(rng.dirichlet(24 * mean, 500))
    alike = clocks_of(np.tile(mean, (500, 1)))
    classes = np.zeros(500, dtype=np.int64)
    learned, _ = learn_clocks(spread, classes, [CHINA], folds_of(500))
    assert 12 <= learned.concentration <= 48
    bold, _ = learn_clocks(alike, classes, [CHINA], folds_of(500))
    assert bold.concentration > 200


def test_a_resample_of_whole_accounts_counts_each_as_often_as_it_is_drawn() -> None:
    rng = np.random.default_rng(51)
    clocks, classes = two_countries(rng, 60, shared=False)
    offsets = [{-480: 0.4, -300: 0.6}, CHINA]
    model, _ = learn_clocks(clocks, classes, offsets, folds_of(120))
    times = rng.poisson(1.0, 120)
    weighted = redrawn(model, clocks, classes, offsets, times.astype(np.float64))
    repeated = redrawn(
        model,
        np.repeat(clocks, times, axis=0),
        np.repeat(classes, times),
        offsets,
        np.ones(times.sum()),
    )
    assert weighted.local_counts == pytest.approx(repeated.local_counts)
    assert weighted.component_weight == pytest.approx(repeated.component_weight)
    assert weighted.concentration == model.concentration


def test_learning_twice_gives_the_same_model() -> None:
    clocks, classes = two_countries(np.random.default_rng(61), 50, shared=False)
    first, _ = learn_clocks(clocks, classes, [AMERICA, CHINA], folds_of(100))
    second, _ = learn_clocks(clocks, classes, [AMERICA, CHINA], folds_of(100))
    assert first.parameters.tobytes() == second.parameters.tobytes()
