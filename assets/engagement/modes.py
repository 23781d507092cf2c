"""Posterior modes of cells' log mix and log missingness odds (see `assets.engagement.estimates`).

The unlocated accounts of a cell are of the classes in proportion to exp(mix + odds). With M the
information on the mix from located accounts and the window, and o the prior variance of the odds,
mix + odds has the covariance C = inv(M) + o before labels speak, and answers to a score s that they
give, of information U, by inv(1 + C·U)·C·s: one inverse a cell and step.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
MIX_SD = 0.5  # of a cell's log mix around the window's
ODDS_SD = 0.2  # of a cell's log missingness odds around the window's
_MOST_STEPS = 20
_LARGEST_STEP = 0.7
_SETTLED = 0.005  # a cell's step smaller than this is its last


@dataclass(frozen=True, slots=True)
class Modes:
    """Modes of cells, and how their log weights move with the data; float64.

    All but mix and odds are of the point that the last step began at, a fraction of a percent away.

    Attributes:
        mix: (cells, classes) log mix of all accounts, up to a constant.
        odds: (cells, classes) log missingness odds.
        slopes: (cells, labels, classes) what an account with a label adds to the score.
        located_covariance: (cells, classes, classes) of the mix, before labels.
        covariance: (cells, classes, classes) of mix + odds, before labels.
        spread: (cells, classes, classes) inv(1 + covariance · information of the labels).
    """

    mix: Floats
    odds: Floats
    slopes: Floats
    located_covariance: Floats
    covariance: Floats
    spread: Floats


def find_modes(
    located: Floats, rates: Floats, counts: Floats, log_base: Floats, theta: Floats
) -> Modes:
    """Gauss-Newton steps on the log mix and the log odds of each cell until all settle.

    Args:
        located: (cells, classes) located accounts.
        rates: (cells, labels, classes) P(label | class).
        counts: (cells, labels) accounts without a location.
        log_base: (classes,) log mix of the window.
        theta: (classes,) log missingness odds of the window.
    """
    shape = (len(located), len(log_base))
    found = Modes(
        mix=np.tile(log_base.astype(np.float64), (len(located), 1)),
        odds=np.tile(theta.astype(np.float64), (len(located), 1)),
        slopes=np.empty(rates.shape),
        located_covariance=np.empty((*shape, shape[1])),
        covariance=np.empty((*shape, shape[1])),
        spread=np.empty((*shape, shape[1])),
    )
    moving = np.arange(len(located))
    for _ in range(_MOST_STEPS):
        step = _step(
            found.mix[moving],
            found.odds[moving],
            located[moving],
            rates[moving],
            counts[moving],
            log_base,
            theta,
        )
        for field in fields(Modes):
            getattr(found, field.name)[moving] = getattr(step.to, field.name)
        moving = moving[step.length >= _SETTLED]
        if not len(moving):
            break
    return found


@dataclass(frozen=True, slots=True)
class _Step:
    """One step of some cells.

    Attributes:
        to: where it leads; what it holds beside mix and odds is of where it began.
        length: (cells,) largest change of a log.
    """

    to: Modes
    length: Floats


def _step(
    mix: Floats,
    odds: Floats,
    located: Floats,
    rates: Floats,
    counts: Floats,
    log_base: Floats,
    theta: Floats,
) -> _Step:
    identity = np.eye(len(log_base))
    located_total, total = located.sum(axis=1)[:, None], counts.sum(axis=1)[:, None, None]
    among_located, weights = softmax(mix), softmax(mix + odds)
    expected = np.matmul(rates, weights[:, :, None])
    differences = (rates - expected) * weights[:, None, :]
    slopes = differences / np.where(expected > 0, expected, 1.0)
    information = total * np.matmul(differences.transpose(0, 2, 1), slopes)
    located_covariance = _located_covariance(among_located, located_total, identity)
    covariance = located_covariance + ODDS_SD**2 * identity
    spread = np.linalg.inv(identity + np.matmul(covariance, information))
    label_score = np.matmul(counts[:, None, :], slopes)[:, 0, :]
    mix_score = label_score - (mix - log_base) / MIX_SD**2
    mix_score += located - located_total * among_located
    odds_score = label_score - (odds - theta) / ODDS_SD**2
    drive = _times(located_covariance, mix_score) + ODDS_SD**2 * odds_score
    both = _times(spread, drive)
    odds_step = ODDS_SD**2 * (odds_score - _times(information, both))
    mix_step = both - odds_step
    return _Step(
        Modes(
            mix + np.clip(mix_step, -_LARGEST_STEP, _LARGEST_STEP),
            odds + np.clip(odds_step, -_LARGEST_STEP, _LARGEST_STEP),
            slopes,
            located_covariance,
            covariance,
            spread,
        ),
        np.maximum(np.abs(mix_step), np.abs(odds_step)).max(axis=1),
    )


def _located_covariance(among: Floats, total: Floats, identity: Floats) -> Floats:
    """inv(n·(diag(p) - p·p') + 1/m), m the prior's variance, by Sherman and Morrison's formula."""
    prior = 1.0 / MIX_SD**2
    inverse = 1.0 / (total * among + prior)
    scaled = inverse * among
    left = (prior * scaled).sum(axis=1)  # 1 - n·p'·inv(diag(n·p + 1/m))·p, as p sums to 1
    outer = scaled[:, :, None] * scaled[:, None, :]
    outer *= (total[:, 0] / left)[:, None, None]
    return np.asarray(inverse[:, :, None] * identity + outer)


def _times(matrices: Floats, vectors: Floats) -> Floats:
    return np.asarray(np.matmul(matrices, vectors[:, :, None])[:, :, 0])


def softmax(logs: Floats) -> Floats:
    """Shares over axis 1; logs are of accounts and odds, far from where exponentials overflow."""
    weights = np.exp(logs)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
