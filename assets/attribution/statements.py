"""What naming a country says of living there: employers and e-mail domains as evidence.

An account that names an employer, or commits from an institution's address, states a country: the
employer's headquarters, the domain's. How far that is to be believed differs by kind and rule (a
university's domain binds more than a multinational's name) and by country, and is learned from
accounts that also have a location.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_NONE = -1
# Before any is seen: four statements of five name the country lived in.
_PRIOR_HITS, _PRIOR_COUNT = 4.0, 5.0
_CLASS_WEIGHT = 20.0  # accounts that the rule's overall hit rate weighs against a class's own


@dataclass(frozen=True, slots=True)
class Statements:
    """One kind of statement of many accounts.

    Attributes:
        stated: (accounts,) class that each names; -1 where it names none.
        rule: (accounts,) small number of the rule by which it was read; any where none.
    """

    stated: Ints
    rule: Ints


@dataclass(frozen=True, slots=True)
class StatementModel:
    """(rules, classes, classes) log P(stated class | class lived in, rule)."""

    log_rates: Floats

    def log_likelihood(self, statements: Statements) -> Floats:
        """(accounts, classes); 0 for accounts that state nothing."""
        result = np.zeros((len(statements.stated), self.log_rates.shape[1]))
        says = statements.stated != _NONE
        rule, stated = statements.rule[says], statements.stated[says]
        result[says] = self.log_rates[rule, :, stated]
        return result


def learn_statements(
    statements: Statements, classes: Ints, class_count: int, rule_count: int
) -> StatementModel:
    """Learn how statements agree with locations.

    Args:
        statements: of located accounts.
        classes: (accounts,) class of each.
        class_count: number of classes.
        rule_count: number of rules.
    """
    says = statements.stated != _NONE
    counts = np.zeros((rule_count, class_count, class_count))
    np.add.at(counts, (statements.rule[says], classes[says], statements.stated[says]), 1.0)
    hits = np.trace(counts, axis1=1, axis2=2)
    hit_rate = (hits + _PRIOR_HITS) / (counts.sum(axis=(1, 2)) + _PRIOR_COUNT)
    # Who does not live where the statement says is taken to name any class as all others do.
    anything = counts.sum(axis=1) + 1.0
    anything /= anything.sum(axis=1, keepdims=True)
    expected = (1.0 - hit_rate)[:, None, None] * anything[:, None, :]
    expected = expected + hit_rate[:, None, None] * np.eye(class_count)
    rates = counts + _CLASS_WEIGHT * expected
    return StatementModel(np.log(rates / rates.sum(axis=2, keepdims=True)))
