"""When a round of polls in which everything failed is no round without news but an outage."""

from collections import Counter
from collections.abc import Sequence

from assets.polls.state import PollState

_ENOUGH = 20  # polls of a round, all failed, that are no chance


def outage(states: Sequence[PollState], tracked_count: int) -> str:
    """What is wrong, with the commonest cause, where every repository failed; else nothing.

    A few that fail by themselves are due alone every half an hour: it takes twenty, or all tracked.

    Args:
        states: of the round's polls.
        tracked_count: repositories that are tracked.
    """
    is_enough = len(states) >= max(1, min(_ENOUGH, tracked_count))
    if not is_enough or any(state.outcome != "failed" for state in states):
        return ""
    ((problem, count),) = Counter(state.problem for state in states).most_common(1)
    return (
        f"none of the {len(states)} repositories asked could be polled; {count} of them: {problem} "
        "- see that GitHub answers and the tokens are valid; they are asked again in half an hour"
    )
