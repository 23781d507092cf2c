"""How many accounts without a location are from where, when countries fill it in differently.

Accounts of some countries leave their location empty more often than others, so the located ones
are no sample of all. What the weak evidence of an account says, given its country, is assumed to be
the same whether the location is filled in or not. Then the unlocated accounts are a mixture with
known components and unknown weights, and the weights follow from them alone (Saerens, Latinne &
Decaestecker 2002, Neural Computation 14, 21-41).

The weights are written as the located mix times each country's *missingness odds* exp(theta),
theta ~ N(0, 1.8^2): without evidence a country's odds are anybody's guess within a factor of 34 of
the average, and so is its share; the interval says so. The mode is found by Gauss-Newton steps;
draws resample the accounts and perturb the prior's centre, which makes them draws from the
posterior (randomise-then-optimise: Bardsley, Solonen, Haario & Laine 2014, SIAM J. Sci. Comput. 36,
A1895-A1910).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
PRIOR_SD = 1.8
_STEPS = 80
_LARGEST_STEP = 0.25  # of a log odds: the posterior may have several modes, the nearest is wanted
_CLOSE = 1e-4
_DRAW_STEPS = 12
_LARGEST_DRAW_STEP = 0.7
_RATE_FLOOR = 1e-6
EMPTY_CLASS = 0.5  # accounts that a class without any counts as


@dataclass(frozen=True, slots=True)
class Mixture:
    """Missingness odds of a window's classes.

    Attributes:
        base: (classes,) located accounts.
        theta: (classes,) log missingness odds, at the posterior mode.
        information: (classes, classes) of theta, prior included.
        responsibilities: (accounts, classes) posterior of each unlocated account; rows sum to 1.
    """

    base: Floats
    theta: Floats
    information: Floats
    responsibilities: Floats

    @property
    def weights(self) -> Floats:
        """(classes,) shares among the unlocated accounts."""
        return mixture_weights(self.base, self.theta)


def mixture_weights(base: Floats, theta: Floats) -> Floats:
    """Base times exp(theta), normalised over the last axis."""
    logs = np.log(base) + theta
    weights = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def located_base(classes: Ints, class_count: int) -> Floats:
    """(classes,) located accounts of each class, never quite none."""
    counts = np.bincount(classes, minlength=class_count)
    return np.asarray(counts + EMPTY_CLASS, dtype=np.float64)


def posterior(log_likelihood: Floats, weights: Floats) -> Floats:
    """(accounts, classes) posterior under mixture weights."""
    logs = log_likelihood + np.log(weights)
    logs = logs - logs.max(axis=1, keepdims=True)
    shares = np.exp(logs)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def fit_mixture(log_likelihood: Floats, base: Floats, prior_sd: float = PRIOR_SD) -> Mixture:
    """The posterior mode of the missingness odds.

    Args:
        log_likelihood: (accounts, classes) of the unlocated accounts' weak evidence.
        base: (classes,) located accounts, all above 0.
        prior_sd: standard deviation of theta.
    """
    theta = np.zeros(len(base))
    precision = np.eye(len(base)) / prior_sd**2
    information, shares = precision, np.zeros_like(log_likelihood)
    damping, last = 1.0, np.zeros(len(base))
    for _ in range(_STEPS):
        weights = mixture_weights(base, theta)
        shares = posterior(log_likelihood, weights)
        residuals = shares - weights
        information = residuals.T @ residuals + precision
        score = residuals.sum(axis=0) - theta / prior_sd**2
        step = np.clip(np.linalg.solve(information, score), -_LARGEST_STEP, _LARGEST_STEP)
        # The information is too small where evidence is misjudged: steps then swing over the mode.
        if step @ last < 0:
            damping /= 2.0
        theta, last = theta + damping * step, step
        if np.abs(step).max() < _CLOSE:
            break
    return Mixture(base, theta, information, shares)


def draw_thetas(
    fitted: Mixture,
    labels: Ints,
    shift: Floats,
    rng: np.random.Generator,
    count: int,
    prior_sd: float = PRIOR_SD,
) -> Floats:
    """Draws of theta: accounts resampled, components redrawn, the prior's centre perturbed.

    Accounts stand for their labels here, whose rates under each class are the fitted
    responsibilities' own: the mode stays where it is, a draw costs little, and what labels do not
    tell apart is drawn wider than it has to be.

    Args:
        fitted: the mode.
        labels: (accounts,) small number of each unlocated account's label.
        shift: (classes,) what components learned from resampled located accounts add to the score.
        rng: of the draws.
        count: number of draws.
        prior_sd: standard deviation of theta.

    Returns:
        (count, classes).
    """
    sums = np.zeros((int(labels.max(initial=0)) + 1, len(fitted.base)))
    np.add.at(sums, labels, fitted.responsibilities)
    rates = (sums + _RATE_FLOOR) / (sums + _RATE_FLOOR).sum(axis=0)
    seen = np.bincount(labels, minlength=len(sums)).astype(np.float64)
    base = fitted.base
    drawn = rng.poisson(seen, (count, len(seen))).astype(np.float64)
    totals = drawn.sum(axis=1)[:, None]
    centres = rng.normal(0.0, prior_sd, (count, len(base)))
    precision = np.eye(len(base)) / prior_sd**2
    # At the mode the accounts' score balances the prior; labels alone would not.
    balance = shift + fitted.theta / prior_sd**2
    theta = np.tile(fitted.theta, (count, 1))
    for _ in range(_DRAW_STEPS):
        weights = mixture_weights(base, theta)
        expected = weights @ rates.T
        slopes = (rates - expected[:, :, None]) * weights[:, None, :]
        weighted = slopes / expected[:, :, None]
        information = np.matmul(slopes.transpose(0, 2, 1), weighted) * totals[:, :, None]
        score = np.matmul(drawn[:, None, :], weighted)[:, 0, :] + balance
        score -= (theta - centres) / prior_sd**2
        step = np.linalg.solve(information + precision, score[:, :, None])[:, :, 0]
        theta = theta + np.clip(step, -_LARGEST_DRAW_STEP, _LARGEST_DRAW_STEP)
    return np.asarray(theta)


def component_shift(fitted: Mixture, before: Floats, after: Floats) -> Floats:
    """(classes,) change of theta's score by other components, from a sample of the accounts.

    Args:
        fitted: the mode.
        before: (sample, classes) log-likelihood that it was fitted to.
        after: (sample, classes) the same by components learned from resampled located accounts.
    """
    weights = fitted.weights
    moved = posterior(after, weights).sum(axis=0) - posterior(before, weights).sum(axis=0)
    return np.asarray(moved * (len(fitted.responsibilities) / max(len(before), 1)))
