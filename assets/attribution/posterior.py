"""Combines an account's evidence to a posterior over countries, with a table of how well it holds.

Countries with enough located accounts are classes of their own; all others form one, whose members
share likelihoods and are told apart only by how often they occur. Kinds of evidence are taken as
independent given the country, which they are not quite, so that their sum is tempered by the factor
that held-out located accounts fit best.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from assets.attribution.clock import learn_clocks, redrawn
from assets.attribution.missingness import (
    EMPTY_CLASS,
    Mixture,
    component_shift,
    draw_thetas,
    fit_mixture,
    located_base,
    posterior,
)
from assets.attribution.statements import StatementModel, Statements, learn_statements
from assets.attribution.zones import (
    Offsets,
    class_offsets,
    class_zones,
    offset_log_likelihood,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Strings = npt.NDArray[np.str_]
OTHERS = "ZZ"  # the class of all countries without enough located accounts
LEAST_LOCATED = 10  # accounts, for a country to be a class of its own
MOST_CLASSES = 30  # of their own: estimates cost the cube of it, and small classes are noise
DRAWS = 200
KINDS = ("company", "email_domain", "utc_offset", "clock")
STRATA = 4  # by amount of evidence: 1-2, 3-7, 8 or more active hours; any other kind
_STRATUM_EDGES = (3, 8)
_SURE = 0.6
_FOLDS = 5
_COMPONENT_DRAWS = 8  # times that curves are learned anew from resampled accounts
_DRAW_ACCOUNTS = 10_000
_TEMPERATURES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
_SAYS_SOMETHING = 0.2  # nats
_SMOOTHING = 1.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence of accounts as of a day, one entry each.

    Attributes:
        actor_ids: (accounts,).
        located: (accounts,) country named by the profile's location; empty where none.
        confidence: (accounts,) of the location, 0 to 1; NaN where none.
        clocks: (accounts, 24) active days by UTC hour.
        company: (accounts,) country of the employer; empty where none.
        domain: (accounts,) country of the e-mail domain; empty where none.
        domain_rule: (accounts,) index of the rule that read it.
        offsets: UTC offsets of commits, authors numbered as the accounts are.
    """

    actor_ids: Ints
    located: Strings
    confidence: Floats
    clocks: Ints
    company: Strings
    domain: Strings
    domain_rule: Ints
    offsets: Offsets


@dataclass(frozen=True, slots=True)
class Attribution:
    """Countries of accounts, and what estimates need to correct by.

    Attributes:
        classes: codes of the classes, `OTHERS` last.
        class_of: every country with a located account, to its class.
        probability: (accounts, classes) posterior without the location.
        deciding: (accounts,) index into KINDS of the kind that speaks most for the most probable
            class; -1 where none says much and the class's frequency decides.
        label: (accounts,) 2 x most probable class + whether it is sure.
        stratum: (accounts,) 0 to STRATA - 1, amount of evidence.
        mixture: of the unlocated accounts.
        theta_draws: (DRAWS, classes).
        base_draws: (DRAWS, classes).
        label_rates: (STRATA, labels, classes) P(label | class, stratum) of unlocated accounts.
        temperature: factor on the sum of log-likelihoods.
        held_out: (located accounts, classes) posterior by models learned without the account.
        held_out_class: (located accounts,) class of each.
    """

    classes: tuple[str, ...]
    class_of: Mapping[str, int]
    probability: Floats
    deciding: Ints
    label: Ints
    stratum: Ints
    mixture: Mixture
    theta_draws: Floats
    base_draws: Floats
    label_rates: Floats
    temperature: float
    held_out: Floats
    held_out_class: Ints


def attribute(evidence: Evidence, on: date, domain_rules: int) -> Attribution | None:
    """Attribute accounts as of a day; None where no account has a location to learn from.

    Args:
        evidence: of accounts without bots.
        on: the day; its offsets are those that clocks are read by, and it seeds the draws.
        domain_rules: number of rules that read domains.
    """
    is_located = evidence.located != ""
    if not is_located.any():
        return None
    classes, class_of = _classes(evidence.located[is_located])
    learner = _Learner(evidence, on, domain_rules, classes, class_of, is_located)
    unlocated = ~is_located
    parts = learner.log_likelihoods()
    temperature, held_out = learner.tempered()
    total = temperature * np.sum(parts, axis=0)
    base = located_base(learner.located_class, len(classes))
    fitted = fit_mixture(total[unlocated], base)
    probability = posterior(total, fitted.weights)
    probability[is_located] = posterior(total[is_located], base / base.sum())
    top = probability.argmax(axis=1)
    label = 2 * top + (probability.max(axis=1) >= _SURE)
    stratum = _strata(evidence)
    theta_draws, base_draws = learner.draws(
        fitted, total, parts[-1], temperature, stratum * 2 * len(classes) + label
    )
    return Attribution(
        classes=classes,
        class_of=class_of,
        probability=probability,
        deciding=_deciding(parts, temperature, fitted.weights, top),
        label=label,
        stratum=stratum,
        mixture=fitted,
        theta_draws=theta_draws,
        base_draws=base_draws,
        label_rates=_label_rates(
            fitted.responsibilities, stratum[unlocated], label[unlocated], 2 * len(classes)
        ),
        temperature=temperature,
        held_out=held_out,
        held_out_class=learner.located_class,
    )


def _classes(located: Strings) -> tuple[tuple[str, ...], dict[str, int]]:
    countries, counts = np.unique(located, return_counts=True)
    largest = np.argsort(-counts, kind="stable")[:MOST_CLASSES]
    own = sorted(str(countries[at]) for at in largest if counts[at] >= LEAST_LOCATED)
    classes = (*own, OTHERS)
    return classes, {
        str(country): own.index(str(country)) if str(country) in own else len(own)
        for country in countries
    }


class _Learner:
    """Learns every kind's likelihood from located accounts."""

    def __init__(
        self,
        evidence: Evidence,
        on: date,
        domain_rules: int,
        classes: Sequence[str],
        class_of: Mapping[str, int],
        is_located: npt.NDArray[np.bool_],
    ) -> None:
        self._evidence = evidence
        self._located = is_located
        self._domain_rules = domain_rules
        self.located_class = np.array(
            [class_of[country] for country in evidence.located[is_located]], dtype=np.int64
        )
        self._class_count = len(classes)
        self._folds = np.random.default_rng(on.toordinal()).integers(
            0, _FOLDS, int(is_located.sum())
        )
        self._rng = np.random.default_rng([on.toordinal(), 1])
        names, counts = np.unique(evidence.located[is_located], return_counts=True)
        others = {
            str(name): float(count)
            for name, count in zip(names, counts, strict=True)
            if class_of[str(name)] == len(classes) - 1
        } or {str(name): float(count) for name, count in zip(names, counts, strict=True)}
        zones = [class_zones({code: 1.0}) for code in classes[:-1]] + [class_zones(others)]
        self._offset_parts = offset_log_likelihood(evidence.offsets, zones)
        self._class_offsets = [class_offsets(each, on) for each in zones]
        index = dict(class_of)
        self._company = Statements(
            _indexed(evidence.company, index, len(classes) - 1),
            np.zeros(len(evidence.company), dtype=np.int64),
        )
        self._domain = Statements(
            _indexed(evidence.domain, index, len(classes) - 1), evidence.domain_rule
        )
        self._clock, self._clock_without = learn_clocks(
            evidence.clocks[is_located], self.located_class, self._class_offsets, self._folds
        )

    def log_likelihoods(self) -> list[Floats]:
        """(accounts, classes) of each kind, in the order of KINDS."""
        company = self._statement_model(self._company, 1, None)
        domain = self._statement_model(self._domain, self._domain_rules, None)
        return [
            company.log_likelihood(self._company),
            domain.log_likelihood(self._domain),
            self._offset_parts,
            self._clock.log_likelihood(self._evidence.clocks),
        ]

    def tempered(self) -> tuple[float, Floats]:
        """The temperature that held-out accounts fit best, and their posterior under it."""
        located = np.flatnonzero(self._located)
        total = np.zeros((len(located), self._class_count))
        for fold, clock in enumerate(self._clock_without):
            mine = self._folds == fold
            held = located[mine]
            company = self._statement_model(self._company, 1, fold)
            domain = self._statement_model(self._domain, self._domain_rules, fold)
            total[mine] = (
                company.log_likelihood(_some(self._company, held))
                + domain.log_likelihood(_some(self._domain, held))
                + self._offset_parts[held]
                + clock.log_likelihood(self._evidence.clocks[held])
            )
        base = located_base(self.located_class, self._class_count)
        rows = np.arange(len(located))

        def fit(temperature: float) -> float:
            shares = posterior(temperature * total, base / base.sum())
            return float(np.log(shares[rows, self.located_class]).sum())

        best = max(_TEMPERATURES, key=fit)
        return best, posterior(best * total, base / base.sum())

    def draws(
        self, fitted: Mixture, total: Floats, clock: Floats, temperature: float, labels: Ints
    ) -> tuple[Floats, Floats]:
        """Draws of theta and of the base, the clock's components learned anew in each batch."""
        unlocated = np.flatnonzero(~self._located)
        clocks = self._evidence.clocks
        sample = self._rng.permutation(unlocated)[:_DRAW_ACCOUNTS]
        count = DRAWS // _COMPONENT_DRAWS
        thetas, bases = [], []
        for _ in range(_COMPONENT_DRAWS):
            model = redrawn(
                self._clock,
                clocks[self._located],
                self.located_class,
                self._class_offsets,
                self._rng.poisson(1.0, len(self.located_class)).astype(np.float64),
            )
            change = temperature * (model.log_likelihood(clocks[sample]) - clock[sample])
            shift = component_shift(fitted, total[sample], total[sample] + change)
            thetas.append(draw_thetas(fitted, labels[unlocated], shift, self._rng, count))
            bases.append(
                self._rng.poisson(fitted.base - EMPTY_CLASS, (count, self._class_count))
                + EMPTY_CLASS
            )
        return np.concatenate(thetas), np.concatenate(bases)

    def _statement_model(
        self, statements: Statements, rules: int, without: int | None
    ) -> StatementModel:
        kept = np.flatnonzero(self._located)
        classes = self.located_class
        if without is not None:
            kept, classes = kept[self._folds != without], classes[self._folds != without]
        return learn_statements(_some(statements, kept), classes, self._class_count, rules)


def _indexed(countries: Strings, index: Mapping[str, int], others: int) -> Ints:
    return np.array(
        [index.get(str(country), others) if country else -1 for country in countries],
        dtype=np.int64,
    )


def _some(statements: Statements, chosen: Ints) -> Statements:
    return Statements(statements.stated[chosen], statements.rule[chosen])


def _strata(evidence: Evidence) -> Ints:
    active = evidence.clocks.sum(axis=1)
    strata = np.digitize(active, _STRATUM_EDGES)
    has_more = (evidence.company != "") | (evidence.domain != "")
    has_more[np.unique(evidence.offsets.author)] = True
    return np.asarray(np.where(has_more, STRATA - 1, strata), dtype=np.int64)


def _deciding(parts: Sequence[Floats], temperature: float, weights: Floats, top: Ints) -> Ints:
    """The kind that lifts the most probable class most above what all classes expect."""
    rows = np.arange(len(top))
    lifts = np.stack([part[rows, top] - part @ weights for part in parts], axis=1) * temperature
    best = lifts.argmax(axis=1)
    return np.where(lifts[rows, best] >= _SAYS_SOMETHING, best, -1)


def _label_rates(responsibilities: Floats, stratum: Ints, label: Ints, label_count: int) -> Floats:
    """(STRATA, labels, classes), thin strata leaning on all of them."""
    counts = np.zeros((STRATA, label_count, responsibilities.shape[1]))
    np.add.at(counts, (stratum, label), responsibilities)
    overall = counts.sum(axis=0) + 1e-6
    overall /= overall.sum(axis=0)
    rates = counts + _SMOOTHING * overall
    return np.asarray(rates / rates.sum(axis=1, keepdims=True))


def reliability(held_out: Floats, classes: Ints, bins: int = 10) -> list[dict[str, float]]:
    """Predicted against observed: rows of mart.attribution_reliability without their date.

    Args:
        held_out: (accounts, classes) posterior learned without the account.
        classes: (accounts,) class by the location.
        bins: equal parts of 0 to 1 that the most probable class's probability falls into.
    """
    top = held_out.argmax(axis=1)
    probability = held_out.max(axis=1)
    at = np.minimum((probability * bins).astype(np.int64), bins - 1)
    rows = []
    for each in range(bins):
        mine = at == each
        if not mine.any():
            continue
        rows.append(
            {
                "probability_from": each / bins,
                "probability_to": (each + 1) / bins,
                "actor_count": int(mine.sum()),
                "predicted_share": float(probability[mine].mean()),
                "right_share": float((top[mine] == classes[mine]).mean()),
            }
        )
    return rows
