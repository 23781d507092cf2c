"""Evidence rows to countries: core.actor_country, core.attribution_model, and its reliability."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from assets.attribution.evidence import DOMAIN_RULES, hours, triples
from assets.attribution.posterior import (
    KINDS,
    OTHERS,
    Attribution,
    Evidence,
    attribute,
    reliability,
)
from assets.attribution.tables import (
    ACTOR_COUNTRY,
    ATTRIBUTION_MODEL,
    ATTRIBUTION_RELIABILITY,
)
from assets.attribution.zones import Offsets

MODEL_VERSION = "evidence-2"
_MOST_CANDIDATES = 5
_LEAST_PROBABILITY = 0.02


@dataclass(frozen=True, slots=True)
class DayCountries:
    """One day's tables of the attribution."""

    countries: pa.Table
    model: pa.Table
    reliability: pa.Table


def day_countries(
    day: date, evidence: pa.Table, wanted: Sequence[int], bots: Sequence[int]
) -> DayCountries:
    """Attribute a day's accounts.

    Args:
        day: UTC.
        evidence: core.actor_evidence, of each account the rows of the last day of the 90 up to
            `day` on which it was active.
        wanted: accounts to give rows of; one without evidence gets no country and no label.
        bots: of them, those that GitHub calls bots.
    """
    known = _evidence(evidence)
    attribution = attribute(known, day, len(DOMAIN_RULES))
    rows = _rows(known, attribution, set(wanted) - set(bots))
    found = {row["actor_id"] for row in rows}
    rows += [_empty(actor_id, actor_id in set(bots)) for actor_id in set(wanted) - found]
    common = {"as_of_date": day, "model_version": MODEL_VERSION}
    rows.sort(key=lambda row: row["actor_id"])
    bins = reliability(attribution.held_out, attribution.held_out_class) if attribution else []
    return DayCountries(
        countries=ACTOR_COUNTRY.arrow([row | common for row in rows]),
        model=ATTRIBUTION_MODEL.arrow([row | common for row in _model_rows(attribution)]),
        reliability=ATTRIBUTION_RELIABILITY.arrow([{"as_of_date": day, **row} for row in bins]),
    )


def _evidence(rows: pa.Table) -> Evidence:
    """Rows as arrays, accounts in the order of their numbers."""
    actor_ids = np.unique(rows["actor_id"].to_numpy())
    index = np.searchsorted(actor_ids, rows["actor_id"].to_numpy())
    texts = {
        kind: np.full(len(actor_ids), "", dtype="<U2")
        for kind in ("location", "company", "email_domain")
    }
    rules = np.zeros(len(actor_ids), dtype=np.int64)
    clocks = np.zeros((len(actor_ids), 24), dtype=np.int64)
    offsets: list[tuple[int, date, int, float]] = []
    confidence = np.full(len(actor_ids), np.nan)
    names = ("kind", "country_iso2", "rule", "confidence", "numbers")
    columns = (rows[name].to_pylist() for name in names)
    for at, kind, country, rule, sure, numbers in zip(index, *columns, strict=True):
        if kind == "clock":
            clocks[at] = hours(numbers)
        elif kind == "utc_offset":
            offsets += _weighted(int(at), numbers)
        else:
            texts[kind][at] = country
            if kind == "location":
                confidence[at] = sure
            elif kind == "email_domain":
                rules[at] = DOMAIN_RULES.index(rule)
    return Evidence(
        actor_ids=actor_ids,
        located=texts["location"],
        confidence=confidence,
        clocks=clocks,
        company=texts["company"],
        domain=texts["email_domain"],
        domain_rule=rules,
        offsets=offsets_of(offsets, len(actor_ids)),
    )


def _weighted(author: int, numbers: Sequence[int]) -> list[tuple[int, date, int, float]]:
    found = list(triples(numbers))
    totals: dict[date, int] = {}
    for period, _, commits in found:
        totals[period] = totals.get(period, 0) + commits
    return [
        (author, period, minutes, commits / totals[period]) for period, minutes, commits in found
    ]


def offsets_of(rows: Sequence[tuple[int, date, int, float]], author_count: int) -> Offsets:
    """(author, half-month, minutes, weight) as `Offsets`."""
    periods = sorted({period for _, period, _, _ in rows})
    number = {period: at for at, period in enumerate(periods)}
    return Offsets(
        author=np.array([row[0] for row in rows], dtype=np.int64),
        period=np.array([number[row[1]] for row in rows], dtype=np.int64),
        offset_min=np.array([row[2] for row in rows], dtype=np.int64),
        weight=np.array([row[3] for row in rows], dtype=np.float64),
        periods=tuple(periods),
        author_count=author_count,
    )


def _rows(
    evidence: Evidence, attribution: Attribution | None, wanted: set[int]
) -> list[dict[str, Any]]:
    if attribution is None:
        return []
    chosen = np.flatnonzero(np.isin(evidence.actor_ids, np.fromiter(wanted, np.int64)))
    order = np.argsort(-attribution.probability[chosen], axis=1)[:, :_MOST_CANDIDATES]
    names = ("prior", *KINDS)
    rows = []
    for at, tops in zip(chosen.tolist(), order.tolist(), strict=True):
        probability = attribution.probability[at]
        candidates = [
            (attribution.classes[top], float(probability[top]))
            for rank, top in enumerate(tops)
            if rank == 0 or probability[top] >= _LEAST_PROBABILITY
        ]
        located = str(evidence.located[at])
        best, likely = (located, float(evidence.confidence[at])) if located else candidates[0]
        rows.append(
            {
                "actor_id": int(evidence.actor_ids[at]),
                "is_bot": False,
                "located_iso2": located or None,
                "country_iso2": None if best == OTHERS else best,
                "probability": None if best == OTHERS else likely,
                "deciding_evidence": "location"
                if located
                else names[int(attribution.deciding[at]) + 1],
                "candidate_iso2": [country for country, _ in candidates],
                "candidate_probability": [share for _, share in candidates],
                "evidence_stratum": int(attribution.stratum[at]),
                "evidence_label": int(attribution.label[at]),
            }
        )
    return rows


def _empty(actor_id: int, is_bot: bool) -> dict[str, Any]:
    return {
        "actor_id": actor_id,
        "is_bot": is_bot,
        "candidate_iso2": [],
        "candidate_probability": [],
    }


def _model_rows(attribution: Attribution | None) -> list[dict[str, Any]]:
    if attribution is None:
        return []
    mixture = attribution.mixture
    return [
        {
            "class_number": number,
            "country_iso2": country,
            "located_weight": float(mixture.base[number]),
            "unlocated_share": float(mixture.weights[number]),
            "log_missingness_odds": float(mixture.theta[number]),
            "temperature": attribution.temperature,
            "located_draws": attribution.base_draws[:, number].tolist(),
            "log_odds_draws": attribution.theta_draws[:, number].tolist(),
            "label_rates": attribution.label_rates[:, :, number].reshape(-1).tolist(),
        }
        for number, country in enumerate(attribution.classes)
    ]
