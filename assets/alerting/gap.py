"""A gap rule's life: moved on by each complete cohort of patents, never by a censored one."""

from dataclasses import dataclass
from datetime import date

from assets.alerting.rules import GapRule
from assets.alerting.threshold import AlertState, State, verdict


@dataclass(frozen=True, slots=True)
class GapReading:
    """A complete cohort's gap between use in papers and patents.

    Attributes:
        cohort_month: first day of the month.
        gap_pp: use less patents, percentage points.
        ci_low: its 95 % lower bound.
        ci_high: its 95 % upper bound.
        use_share: of papers naming any open model, those that name one of Chinese origin, 0 to 1.
        use_count: papers naming any open model.
        patent_share: the same of patents.
        patent_count: patents naming any open model.
    """

    cohort_month: date
    gap_pp: float
    ci_low: float
    ci_high: float
    use_share: float
    use_count: int
    patent_share: float
    patent_count: int


@dataclass(frozen=True, slots=True)
class GapTransition:
    """A change of state, and the cohort that caused it."""

    rule: GapRule
    reading: GapReading
    before: State
    after: State

    @property
    def key(self) -> str:
        """What identifies this transition for ever, whoever computes it and how often."""
        return f"gap:{self.rule.id}:{self.reading.cohort_month}:{self.after}"


def step_gap(
    rule: GapRule, state: AlertState | None, reading: GapReading
) -> tuple[AlertState | None, GapTransition | None]:
    """Move a rule on by one complete cohort.

    A cohort that is not newer than what was evaluated changes nothing, however its figure was
    revised since; nor does one with too few works or patents.

    Args:
        rule: the rule.
        state: where it stands; None before its first cohort.
        reading: the cohort's gap.
    """
    month = reading.cohort_month
    if state is not None and month <= state.evaluated_through:
        return state, None
    if reading.use_count < rule.min_works or reading.patent_count < rule.min_patents:
        return state, None
    before = state.state if state else State.OK
    after = verdict(rule, before, reading.ci_low, reading.ci_high)
    moved = AlertState(
        rule_id=rule.id,
        state=after,
        since=month if after is not before or state is None else state.since,
        evaluated_through=month,
        value=reading.gap_pp,
        ci_low=reading.ci_low,
        ci_high=reading.ci_high,
    )
    return moved, GapTransition(rule, reading, before, after) if after is not before else None
