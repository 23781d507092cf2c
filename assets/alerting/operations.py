"""Rules on the platform itself: tables that grow old, runs and checks that fail."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

from assets.alerting.notice import Figure, Finding, Unit
from assets.alerting.rule_kinds import (
    FailedCheckRule,
    FailedRunRule,
    GivenUpRule,
    RuleBase,
    StaleRule,
)
from assets.alerting.states import AlertState, Level, Reading, State, Trust, step
from assets.alerting.watch import Cause, Outcome, States

#: A failed run whose partitions were never made as such again is no news any more.
_FORGOTTEN = timedelta(days=14)
_MOST_TEXT = 400
#: What to do about what these rules say, by kind of rule or name of check.
RUNBOOK = "docs/runbook.md"
_RUNS = ("ops", "alerts")


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that has ended.

    Attributes:
        run_id: Dagster's.
        what: its job, or the assets of one that was put together by hand.
        partitions: that it was over, in order; one empty one for a run without any.
        ended_on: day (UTC).
        is_failed: or it succeeded.
        error: first failed step and its error; empty where it succeeded.
    """

    run_id: str
    what: str
    partitions: tuple[str, ...]
    ended_on: date
    is_failed: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The newest result of a check.

    Attributes:
        asset: schema and table.
        name: of the check.
        checked_on: day (UTC).
        is_failed: with severity ERROR, or the check itself could not be made.
        said: what it says.
    """

    asset: tuple[str, str]
    name: str
    checked_on: date
    is_failed: bool
    said: str = ""


@dataclass(frozen=True, slots=True)
class StuckPartition:
    """A partition that failed so often that nobody asks for it any more.

    Attributes:
        what: job that makes it.
        partition: its key.
        tries: runs that failed, since it last was made and under the same code.
        failed_on: day (UTC) of the last.
        run_id: Dagster's, of the last.
        error: of the last.
        mend: command that makes it.
    """

    what: str
    partition: str
    tries: int
    failed_on: date
    run_id: str
    error: str
    mend: str


def stale_outcomes(
    rule: StaleRule, newest: Mapping[str, date | None], states: States, today: date
) -> Iterator[Outcome]:
    """Where tables stand whose newest day should be newer; once a day.

    Args:
        rule: the most days for each table.
        newest: newest day by table; None, or no entry, where it holds none yet.
        states: by id of the alert.
        today: UTC, the day that is not over.
    """
    for table, most in rule.max_days.items():
        day = newest.get(table)
        if day is None:
            continue
        name = f"{rule.id}:{table}"
        behind = (today - day).days
        # Whole days: more than so many is late, so many is not.
        level = Level("above", most + 0.5, most + 0.5)
        reading = Reading(today, Figure(float(behind)), Trust.SOUND)
        after = step(name, rule.id, level, states.get(name), reading)
        if after is not None:
            schema, _, asset = table.partition(".")
            yield Outcome(
                rule,
                after,
                Cause("stale", "Tables are not up to date"),
                (schema, asset),
                partial(_stale_finding, table, day, behind, most, today),
            )


def _stale_finding(
    table: str, newest: date, behind: int, most: int, today: date, state: AlertState
) -> Finding:
    is_firing = state.state is State.FIRING
    return Finding(
        subject=table,
        measure="days that its newest one lies before today",
        unit=Unit.DAYS,
        period=f"{today} (UTC)",
        now=Figure(float(behind)),
        side="above" if is_firing else "",
        level=float(most) if is_firing else None,
        since=state.episode,
        basis=f"Its newest day is {newest} (UTC). See {RUNBOOK}#stale.",
        soundness="",
    )


def run_outcomes(
    rule: FailedRunRule, runs: Sequence[EndedRun], states: States, today: date
) -> Iterator[Outcome]:
    """Where failed runs stand, partition by partition: until a like run has made it.

    What fails while another partition of the same job does joins its thread.

    Args:
        rule: the rule.
        runs: that have ended since it was last asked, oldest first.
        states: by id of the alert.
        today: UTC.
    """
    stood = {
        name: state
        for name, state in states.items()
        if state.rule_id == rule.id and (state.state is State.FIRING or state.thread)
    }
    last: dict[str, EndedRun] = {}
    for run in runs:
        for partition in run.partitions:
            name = f"{rule.id}:{run.what}:{partition}"
            state = stood.get(name) or states.get(name)
            if run.is_failed:
                stood[name] = _failed(rule, name, state, run.ended_on)
                last[name] = run
            elif state is not None and state.state is State.FIRING:
                stood[name] = _over(state, run.ended_on)
                last[name] = run
    for name, state in stood.items():
        what = _what(name)
        threads = (
            each.thread
            for other, each in states.items()
            if each.state is State.FIRING and each.rule_id == rule.id and _what(other) == what
        )
        yield Outcome(
            rule,
            _joined(_aged(state, name in last, today), next(filter(None, threads), None)),
            Cause(f"runs-{what}", f"Runs of {what} fail"),
            _RUNS,
            partial(_run_finding, name, last.get(name)),
        )


def _what(name: str) -> str:
    """Job or assets of an alert."""
    return name.split(":", 2)[1]


def _aged(state: AlertState, is_news: bool, today: date) -> AlertState:
    """A failed run that nobody repeats is given up after two weeks, and its thread says so."""
    if is_news or state.state is not State.FIRING or state.since + _FORGOTTEN > today:
        return state
    return _over(state, today)


def _joined(state: AlertState, thread: str | None) -> AlertState:
    """The state in a thread that is open for the same job, if it has none."""
    if state.state is State.FIRING and state.thread is None and thread is not None:
        return replace(state, thread=thread, said_on=None)
    return state


def _run_finding(name: str, run: EndedRun | None, state: AlertState) -> Finding:
    _, what, partition = name.split(":", 2)
    error = " ".join(run.error.split())[:_MOST_TEXT] if run else ""
    which = f"Run {run.run_id}; see {RUNBOOK}#failed_run. " if run else ""
    measure = "failed run" if state.state is State.FIRING else "run succeeded"
    if run is None and state.state is not State.FIRING:
        measure = "not run again in two weeks: given up"
    return Finding(
        subject=f"{what}, {partition}" if partition else what,
        measure=measure,
        unit=Unit.COUNT,
        period=f"{state.evaluated_through} (UTC)",
        now=None,
        since=state.episode,
        basis=f"{which}{error}",
        soundness="",
    )


def stuck_outcomes(
    rule: GivenUpRule, stuck: Sequence[StuckPartition], states: States, today: date
) -> Iterator[Outcome]:
    """Where partitions stand that are given up: once each, until they are made or code changes.

    Args:
        rule: the rule.
        stuck: all that are given up now, of those that are asked for and those said before.
        states: by id of the alert.
        today: UTC.
    """
    found = {f"{rule.id}:{each.what}:{each.partition}": each for each in stuck}
    stood = {
        name: state
        for name, state in states.items()
        if state.rule_id == rule.id and (state.state is State.FIRING or state.thread)
    }
    for name in {**stood, **found}:
        what, each = _what(name), found.get(name)
        state = states.get(name)
        if each is not None:
            after = _failed(rule, name, state, each.failed_on)
        elif state is not None:
            after = _over(state, today) if state.state is State.FIRING else state
        else:
            continue
        yield Outcome(
            rule,
            after,
            Cause(f"given-up-{what}", f"Partitions of {what} are given up"),
            _RUNS,
            partial(_stuck_finding, name, each),
        )


def _stuck_finding(name: str, stuck: StuckPartition | None, state: AlertState) -> Finding:
    _, what, partition = name.split(":", 2)
    basis = "It was made, or the code has changed since; `make inventory` says whether it is there."
    if stuck is not None:
        error = " ".join(stuck.error.split())[:_MOST_TEXT]
        basis = (
            f"{stuck.tries} runs failed, the last on {stuck.failed_on} (UTC), and nobody asks for "
            f"it any more; see {RUNBOOK}#given_up. Once the cause is gone: {stuck.mend}. "
            f"Run {stuck.run_id}. {error}"
        )
    return Finding(
        subject=f"{what}, {partition}",
        measure="given up" if stuck is not None else "no longer given up",
        unit=Unit.COUNT,
        period=f"{state.evaluated_through} (UTC)",
        now=None,
        since=state.episode,
        basis=basis,
        soundness="",
    )


def check_outcomes(
    rule: FailedCheckRule, checks: Iterable[CheckResult], states: States
) -> Iterator[Outcome]:
    """Where checks stand that failed with severity ERROR, until they pass.

    Args:
        rule: the rule.
        checks: the newest result of each.
        states: by id of the alert.
    """
    for check in checks:
        name = f"{rule.id}:{'.'.join(check.asset)}:{check.name}"
        state = states.get(name)
        if check.is_failed:
            after = _failed(rule, name, state, check.checked_on)
        elif state is not None and state.state is State.FIRING:
            after = _over(state, check.checked_on)
        elif state is not None and state.thread:
            after = state
        else:
            continue
        yield Outcome(
            rule,
            after,
            Cause(f"checks-{'.'.join(check.asset)}", f"Checks of {'.'.join(check.asset)} fail"),
            check.asset,
            partial(_check_finding, check),
        )


def _check_finding(check: CheckResult, state: AlertState) -> Finding:
    said = " ".join(check.said.split())[:_MOST_TEXT]
    return Finding(
        subject=f"{'.'.join(check.asset)}, {check.name}",
        measure="failed check" if check.is_failed else "check passed",
        unit=Unit.COUNT,
        period=f"{check.checked_on} (UTC)",
        now=None,
        since=state.episode,
        basis=f"{said.rstrip('.')}; see {RUNBOOK}#{check.name}." if check.is_failed else said,
        soundness="",
    )


def _failed(rule: RuleBase, name: str, state: AlertState | None, day: date) -> AlertState:
    if state is not None and state.state is State.FIRING:
        return replace(state, evaluated_through=day)
    is_same_day = state is not None and state.episode == day
    return AlertState(
        alert_id=name,
        rule_id=rule.id,
        state=State.FIRING,
        since=day,
        evaluated_through=day,
        episode=day,
        episode_number=state.episode_number + 1 if state and is_same_day else 1,
        thread=state.thread if state else None,
        said_on=state.said_on if state else None,
        resolved_on=state.resolved_on if state else None,
    )


def _over(state: AlertState, day: date) -> AlertState:
    return replace(state, state=State.RESOLVED, since=day, evaluated_through=day, resolved_on=day)
