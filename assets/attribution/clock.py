"""The activity clock: what the UTC hours in which an account is active say of its country.

An account's clock is 24 counts: on how many distinct days it was active in each UTC hour. Counting
days and not events keeps one busy evening from speaking fifty times.

The model is how people live: an account lives at one UTC offset of its country, and is active by
the country's curve over the *local* day. Offsets and their first weights come from the tz database
and GeoNames (`assets.attribution.zones`), the curves from accounts with a location. A curve of few
accounts is noise, and noise looks like evidence to a large mixture, so each country's is shrunk
toward everybody's; and a share of all activity follows the same UTC curve wherever people live.
How much of both is what accounts left out of the learning ask for: where hours say nothing of the
country, all likelihoods become one and the clock falls silent.

Accounts of one place keep different hours, so counts are more spread than draws from the curve:
the likelihood is Dirichlet-multinomial (Mosimann 1962, Biometrika 49, 65-82) with one
concentration for all, learned the same way.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

HOURS = 24
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
# Each from bold to dull: what makes countries differ most comes first.
_CONCENTRATIONS = (10_000.0, 800.0, 200.0, 96.0, 48.0, 24.0, 12.0, 6.0)
_CURVE_WEIGHTS = (400.0, 1_600.0, 6_400.0, 25_600.0, 100_000.0, 1e7)
_COMMON_SHARES = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1.0)
_OFFSET_WEIGHT = 4.0  # located accounts that GeoNames' share of people by offset weighs
_PASSES = 3
_ROUNDS = 2
_TUNING_ACCOUNTS = 4_000
# Log-likelihood that a bolder model must win by; a duller one stays otherwise.
_NATS = 5.0


@dataclass(frozen=True, slots=True)
class ClockModel:
    """What the clocks of located accounts teach.

    A component is an offset of a class.

    Attributes:
        class_count: number of classes.
        component_class: (components,) class of each, in order.
        component_offset: (components,) minutes east of UTC.
        component_weight: (components,) share of the class's accounts at the offset.
        local_counts: (classes, 24) active hours of located accounts by local hour.
        utc_counts: (24,) active hours of all of them by UTC hour.
        concentration: of the Dirichlet around a curve.
        curve_weight: active hours that everybody's local curve weighs against a class's own.
        common_share: 0 to 1, share of activity that follows the same UTC curve everywhere.
    """

    class_count: int
    component_class: Ints
    component_offset: Ints
    component_weight: Floats
    local_counts: Floats
    utc_counts: Floats
    concentration: float = 200.0
    curve_weight: float = 1_600.0
    common_share: float = 0.0

    @property
    def parameters(self) -> Floats:
        """(components, 24) Dirichlet parameters by UTC hour."""
        everybody = self.local_counts.sum(axis=0) + 1.0
        own = self.local_counts + self.curve_weight * everybody / everybody.sum()
        own /= own.sum(axis=1, keepdims=True)
        common = (self.utc_counts + 1.0) / (self.utc_counts + 1.0).sum()
        lived = np.einsum("chl,cl->ch", _shifts(self.component_offset), own[self.component_class])
        mixed = (1.0 - self.common_share) * lived + self.common_share * common
        return np.asarray(self.concentration * mixed)

    def log_likelihood(self, clocks: Ints) -> Floats:
        """Log-likelihood of clocks, up to a constant for each account.

        Args:
            clocks: (accounts, 24) active days by UTC hour.

        Returns:
            (accounts, classes); 0 for an account without an active hour.
        """
        terms = _all_terms(clocks, self.parameters)
        terms += np.log(self.component_weight)
        starts = np.searchsorted(self.component_class, np.arange(self.class_count))
        peak = np.maximum.reduceat(terms, starts, axis=1)
        scaled = np.exp(terms - peak[:, self.component_class])
        result = peak + np.log(np.add.reduceat(scaled, starts, axis=1))
        result[clocks.sum(axis=1) == 0] = 0.0
        return np.asarray(result)


def learn_clocks(
    clocks: Ints, classes: Ints, offsets: Sequence[Mapping[int, float]], folds: Ints
) -> tuple[ClockModel, list[ClockModel]]:
    """Curves and offsets of the classes, shrunk as held-out accounts ask for.

    Args:
        clocks: (accounts, 24) of located accounts.
        classes: (accounts,) class of each.
        offsets: of each class, minutes east of UTC to the share of its people; none empty.
        folds: (accounts,) 0, 1, 2 …; each fold is judged by a model of the others.

    Returns:
        The model, and for each fold the one learned without it.
    """
    learner = _Learner.of(clocks, classes, offsets)
    model = learner.start(offsets)
    for _ in range(_PASSES):
        model, at_component = learner.step(model, offsets)
    without = [
        learner.counted(model, at_component, (folds != fold).astype(np.float64), offsets)
        for fold in range(int(folds.max(initial=0)) + 1)
    ]
    judged = learner.first(_TUNING_ACCOUNTS)
    fold_of_pair = folds[learner.account][: judged.pair_count]

    def fit(candidate: ClockModel) -> float:
        terms = np.zeros(judged.pair_count)
        for fold, other in enumerate(without):
            mine = fold_of_pair == fold
            judge = _with_settings(other, candidate)
            terms[mine] = judged.terms(judge, mine)
        return judged.log_likelihood(terms)

    for _ in range(_ROUNDS):
        model = _best(fit, [replace(model, common_share=each) for each in _COMMON_SHARES])
        model = _best(fit, [replace(model, curve_weight=each) for each in _CURVE_WEIGHTS])
        model = _best(fit, [replace(model, concentration=each) for each in _CONCENTRATIONS])
    return model, [_with_settings(other, model) for other in without]


def redrawn(
    model: ClockModel,
    clocks: Ints,
    classes: Ints,
    offsets: Sequence[Mapping[int, float]],
    weights: Floats,
) -> ClockModel:
    """The same model with curves and offsets from weighted accounts, for a bootstrap draw."""
    learner = _Learner.of(clocks, classes, offsets)
    _, at_component = learner.step(model, offsets)
    return learner.counted(model, at_component, weights, offsets)


@dataclass(frozen=True, slots=True)
class _Learner:
    """Located accounts, each paired with every component of its class."""

    clocks: Ints
    account: Ints  # (pairs,)
    component: Ints  # (pairs,)
    component_class: Ints
    component_offset: Ints

    @classmethod
    def of(cls, clocks: Ints, classes: Ints, offsets: Sequence[Mapping[int, float]]) -> "_Learner":
        component_class = np.repeat(np.arange(len(offsets)), [len(each) for each in offsets])
        component_offset = np.array([minutes for each in offsets for minutes in sorted(each)])
        starts = np.searchsorted(component_class, np.arange(len(offsets) + 1))
        sizes = np.diff(starts)[classes]
        account = np.repeat(np.arange(len(classes)), sizes)
        within = np.arange(len(account)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        component = starts[classes][account] + within
        return cls(clocks, account, component, component_class, component_offset)

    @property
    def pair_count(self) -> int:
        return len(self.account)

    def first(self, most: int) -> "_Learner":
        """Only the pairs of the first accounts."""
        chosen = self.account < most
        return replace(self, account=self.account[chosen], component=self.component[chosen])

    def start(self, offsets: Sequence[Mapping[int, float]]) -> ClockModel:
        weights = np.array([each[minutes] for each in offsets for minutes in sorted(each)])
        return ClockModel(
            class_count=len(offsets),
            component_class=self.component_class,
            component_offset=self.component_offset,
            component_weight=weights,
            local_counts=np.zeros((len(offsets), HOURS)),
            utc_counts=self.clocks.sum(axis=0).astype(np.float64),
        )

    def terms(self, model: ClockModel, pairs: npt.NDArray[np.bool_] | slice) -> Floats:
        """(pairs,) log weight and log-likelihood of an account at a component."""
        component = self.component[pairs]
        clocks = self.clocks[self.account[pairs]]
        parameters = model.parameters[component]
        terms = (gammaln(parameters + clocks) - gammaln(parameters)).sum(axis=1)
        active = clocks.sum(axis=1)
        terms -= gammaln(model.concentration + active) - gammaln(model.concentration)
        return np.asarray(terms + np.log(model.component_weight[component]))

    def log_likelihood(self, terms: Floats) -> float:
        """Sum over accounts of the log of their components' sum."""
        starts = np.flatnonzero(np.diff(self.account, prepend=-1))
        return float(np.logaddexp.reduceat(terms, starts).sum())

    def step(
        self, model: ClockModel, offsets: Sequence[Mapping[int, float]]
    ) -> tuple[ClockModel, Floats]:
        """One pass of expectation and maximisation over where each account lives."""
        terms = self.terms(model, slice(None))
        starts = np.flatnonzero(np.diff(self.account, prepend=-1))
        total = np.logaddexp.reduceat(terms, starts)
        at_component = np.exp(terms - np.repeat(total, np.diff([*starts, len(terms)])))
        return self.counted(model, at_component, np.ones(len(self.clocks)), offsets), at_component

    def counted(
        self,
        model: ClockModel,
        at_component: Floats,
        weights: Floats,
        offsets: Sequence[Mapping[int, float]],
    ) -> ClockModel:
        """The model of weighted accounts, given where each lives."""
        weighted = at_component * weights[self.account]
        count = len(self.component_class)
        by_hour = np.stack(
            [
                np.bincount(
                    self.component,
                    weights=weighted * self.clocks[self.account, hour],
                    minlength=count,
                )
                for hour in range(HOURS)
            ],
            axis=1,
        )
        local = np.einsum("ch,chl->cl", by_hour, _shifts(self.component_offset))
        local_counts = np.zeros((len(offsets), HOURS))
        np.add.at(local_counts, self.component_class, local)
        lived = (
            np.bincount(self.component, weights=weighted, minlength=count)
            + _OFFSET_WEIGHT * self.start(offsets).component_weight
        )
        totals = np.bincount(self.component_class, weights=lived)
        return replace(
            model,
            local_counts=local_counts,
            component_weight=lived / totals[self.component_class],
            utc_counts=by_hour.sum(axis=0),
        )


def _with_settings(model: ClockModel, settings: ClockModel) -> ClockModel:
    return replace(
        model,
        concentration=settings.concentration,
        curve_weight=settings.curve_weight,
        common_share=settings.common_share,
    )


def _best(fit: Callable[[ClockModel], float], candidates: list[ClockModel]) -> ClockModel:
    """The last candidate that fits about as well as the best: candidates go from bold to dull."""
    fits = [fit(candidate) for candidate in candidates]
    return next(
        candidate
        for candidate, each in zip(reversed(candidates), reversed(fits), strict=True)
        if each >= max(fits) - _NATS
    )


def _shifts(offsets: Ints) -> Floats:
    """(offsets, UTC hours, local hours); a half-hour offset shares each hour between two."""
    whole, part = np.divmod(offsets, 60)
    hours = np.arange(HOURS)
    matrix = np.zeros((len(offsets), HOURS, HOURS))
    rows = np.arange(len(offsets))[:, None]
    matrix[rows, hours, (hours + whole[:, None]) % HOURS] += 1.0 - part[:, None] / 60
    matrix[rows, hours, (hours + whole[:, None] + 1) % HOURS] += part[:, None] / 60
    return matrix


def _all_terms(clocks: Ints, parameters: Floats) -> Floats:
    """(accounts, components) log-likelihood of clocks under Dirichlet parameters."""
    result = np.zeros((len(clocks), len(parameters)))
    for hour in range(HOURS):
        column = clocks[:, hour]
        # Counts are at most the days of the window, so a table of all of them is small.
        grown = parameters[:, hour] + np.arange(int(column.max(initial=0)) + 1)[:, None]
        result += (gammaln(grown) - gammaln(parameters[:, hour]))[column]
    total = parameters.sum(axis=1)
    active = np.arange(int(clocks.sum(axis=1).max(initial=0)) + 1)[:, None]
    return np.asarray(result - (gammaln(total + active) - gammaln(total))[clocks.sum(axis=1)])
