"""What effects are estimated of: a country, an event group, a measure and a method, by week."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assets.shifts.paper import ForkPanel, label_totals, label_windows
from assets.shifts.placebo import windows_of
from assets.shifts.regression import Floats, Form
from assets.shifts.series import CountrySeries, SeriesByCell

CHINA, UNITED_STATES = "CN", "US"
EVENT_GROUPS = ("any", "contribution", "participation", "attention")
#: Weekly accounts, on average, below which a country's logs are mostly noise.
LEAST_ACCOUNTS = 10.0
LOG_ACCOUNTS, LOG_EVENTS, LOGIT_SHARE, FORKS = (
    "log_accounts",
    "log_events",
    "logit_located_share",
    "forks_per_repository_week",
)
SEGMENTED, EVENT_STUDY, PAPER, PAPER_LOCATED = (
    "segmented",
    "event_study",
    "paper",
    "paper_located",
)
#: How a measure's unit is had back: from logarithms, from logits, or as it is.
Link = Literal["log", "logit", "identity"]
_LINKS: dict[str, Link] = {LOG_ACCOUNTS: "log", LOG_EVENTS: "log", LOGIT_SHARE: "logit"}
#: A half, so that weeks with none have a logarithm (as in Haldane 1956).
_HALF = 0.5
#: The paper's label of each country, and the located accounts' beside it.
_LABELS = (
    (PAPER, CHINA, "before_17"),
    (PAPER, UNITED_STATES, "from_17"),
    (PAPER_LOCATED, CHINA, "located_cn"),
    (PAPER_LOCATED, UNITED_STATES, "located_us"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One series that every shock's effect on is estimated of.

    Attributes:
        country_iso2: whose it is.
        reference_iso2: the country that it is set against; None where it stands alone.
        event_group: as in mart.engagement.
        measure: what is measured.
        method: how.
        form: of the regression.
        link: of the measure.
        windows: gives, for n weeks on each side, (dates, 2n) windows around each week; NaN where
            a week is not known or not sound.
        accounts: (dates,) weekly accounts (of the smaller of two countries; forks, in the paper's
            specification) that the series rests on.
        base_of: (dates,) what base values are of: accounts, events or forks.
        base_among: (dates,) what they are divided by: 1, or all located accounts.
    """

    country_iso2: str
    reference_iso2: str | None
    event_group: str
    measure: str
    method: str
    form: Form
    link: Link
    windows: Callable[[int], Floats]
    accounts: Floats
    base_of: Floats
    base_among: Floats


def measured(series: CountrySeries, measure: str) -> Floats:
    """(dates,) a measure of a series, NaN in weeks that are not sound.

    Shares are NaN too in weeks in which nobody is located.

    Args:
        series: weekly.
        measure: log_accounts or log_events, ln(n + ½); or logit_located_share,
            ln((k + ½) / (n - k + ½)).
    """
    if measure == LOG_ACCOUNTS:
        values = np.log(series.count + _HALF)
    elif measure == LOG_EVENTS:
        values = np.log(series.events + _HALF)
    else:
        others = series.located - series.count
        values = np.log((series.count + _HALF) / (others + _HALF))
        values = np.where(series.located > 0, values, np.nan)
    return np.where(series.is_sound, values, np.nan)


def shown_countries(series: SeriesByCell) -> list[str]:
    """CN, US, and each with ten located accounts or more a week, on average over sound weeks."""
    found = {CHINA, UNITED_STATES}
    for (country, group), each in series.items():
        sound = each.count[each.is_sound]
        if group == EVENT_GROUPS[0] and len(sound) and sound.mean() >= LEAST_ACCOUNTS:
            found.add(country)
    return sorted(found)


def cases(series: SeriesByCell, forks: ForkPanel | None) -> Iterator[Case]:
    """Every case, those of one country alone first.

    Args:
        series: weekly, of all countries; without CN and US there are no cases.
        forks: for the paper's specification; None to leave it out.
    """
    groups = [
        group
        for group in EVENT_GROUPS
        if (CHINA, group) in series and (UNITED_STATES, group) in series
    ]
    countries = shown_countries(series)
    for measure in _LINKS:
        for group in groups:
            for country in countries:
                if (country, group) in series:
                    yield _alone(series[country, group], measure)
            yield _against(series[CHINA, group], series[UNITED_STATES, group], measure)
    if forks is not None and groups:
        for method, country, label in _LABELS:
            yield _of_forks(forks, method, country, label)


def _alone(series: CountrySeries, measure: str) -> Case:
    values = measured(series, measure)
    return Case(
        country_iso2=series.country_iso2,
        reference_iso2=None,
        event_group=series.event_group,
        measure=measure,
        method=SEGMENTED,
        form="segmented",
        link=_LINKS[measure],
        windows=lambda weeks: windows_of(values, weeks),
        accounts=series.count,
        base_of=series.events if measure == LOG_EVENTS else series.count,
        base_among=series.located if measure == LOGIT_SHARE else np.ones_like(series.count),
    )


def _against(series: CountrySeries, reference: CountrySeries, measure: str) -> Case:
    alone = _alone(series, measure)
    values = measured(series, measure) - measured(reference, measure)
    return Case(
        country_iso2=series.country_iso2,
        reference_iso2=reference.country_iso2,
        event_group=series.event_group,
        measure=measure,
        method=EVENT_STUDY,
        form="step",
        link=alone.link,
        windows=lambda weeks: windows_of(values, weeks),
        accounts=np.minimum(series.count, reference.count),
        base_of=alone.base_of,
        base_among=alone.base_among,
    )


def _of_forks(forks: ForkPanel, method: str, country: str, label: str) -> Case:
    totals = label_totals(forks, label)
    return Case(
        country_iso2=country,
        reference_iso2=None,
        event_group="attention",
        measure=FORKS,
        method=method,
        form="step",
        link="identity",
        windows=lambda weeks: label_windows(forks, label, weeks),
        accounts=totals,
        base_of=totals,
        base_among=forks.repository_count,
    )
