"""The groups of assets in the order of the flow: each reads of those before it.

Dagster lists groups by name, and draws them in this order in the lineage; so each asset says its
step, and has it as a tag to search for.
"""

FLOW = (
    "reference",
    "baseline",
    "activity",
    "coverage",
    "attribution",
    "engagement",
    "diffusion",
    "visibility",
    "shifts",
    "alerting",
    "report",
    "upkeep",
)


def step_of(group: str) -> int:
    """Which step of the flow a group is, from 1."""
    return FLOW.index(group) + 1
