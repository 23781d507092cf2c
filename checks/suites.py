"""Great Expectations suites: what has to hold of a table before anything rests on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from assets.activity.tables import EVENTS
from assets.attribution.tables import ACTOR_COUNTRY
from assets.engagement.tables import ENGAGEMENT, STAGED_ENGAGEMENT
from assets.hub.tables import HUB_LINEAGE
from assets.tables import Table
from checks import frames
from resources.lake import Lake
from resources.warehouse import Warehouse

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation


@dataclass(frozen=True)
class Suite:
    """A suite, the asset it guards, and the frame it runs on.

    Attributes:
        name: of the suite and of the asset check.
        table: the asset that is guarded.
        description: what it holds the table to, in words.
        frame: makes the small frame of some days; its column `day` says whose each row is.
        expectations: makes the expectations; a function, because importing the library takes
            seconds that no other step should pay.
        is_blocking: whether a critical failure stops what is made of the table.
        has_months: whether its partitions are months, each named by its first day.
        has_weeks: whether they are weeks of patents, each named by its Tuesday.
    """

    name: str
    table: Table
    description: str
    frame: Callable[[Lake, Warehouse, Sequence[date]], pd.DataFrame]
    expectations: Callable[[], "list[Expectation]"]
    is_blocking: bool
    has_months: bool = False
    has_weeks: bool = False


def _events() -> "list[Expectation]":
    from great_expectations import expectations as gxe
    from great_expectations.expectations.metadata_types import FailureSeverity

    return [
        *zero("duplicate_count", "outside_day_count", "unselected_count", "actorless_count"),
        *zero("ungrouped_count"),
        gxe.ExpectColumnValuesToBeBetween(
            column="event_count", min_value=1, severity=FailureSeverity.WARNING
        ),
        gxe.ExpectColumnValuesToBeUnique(column="day"),
    ]


def _actor_country() -> "list[Expectation]":
    from great_expectations import expectations as gxe
    from great_expectations.expectations.metadata_types import FailureSeverity

    return [
        *zero("unattributed_count", "unknown_code_count", "contradictory_count"),
        *zero("undecided_count", "improbable_count"),
        gxe.ExpectColumnValuesToBeBetween(
            column="unlocated_share_sum", min_value=1 - 1e-9, max_value=1 + 1e-9
        ),
        # Published located shares of GitHub accounts run from 20 to 60 %.
        gxe.ExpectColumnValuesToBeBetween(
            column="located_share", min_value=0.15, max_value=0.85, severity=FailureSeverity.WARNING
        ),
    ]


def _engagement() -> "list[Expectation]":
    from great_expectations import expectations as gxe

    shares = (
        "located_share",
        "located_share_ci_low",
        "located_share_ci_high",
        "share",
        "share_ci_low",
        "share_ci_high",
        "unknown_share",
        "share_low",
        "share_high",
    )
    ordered = (
        ("located_share", "located_share_ci_low"),
        ("located_share_ci_high", "located_share"),
        ("share", "share_ci_low"),
        ("share_ci_high", "share"),
        ("share", "share_low"),
        ("share_high", "share"),
        ("share_high", "share_low"),
        ("located_share", "share_low"),
        ("share_high", "located_share"),
        ("total_actor_count", "located_actor_count"),
    )
    return [
        *(gxe.ExpectColumnValuesToNotBeNull(column=share) for share in shares),
        *(
            gxe.ExpectColumnValuesToBeBetween(column=share, min_value=0.0, max_value=1.0)
            for share in shares
        ),
        *(
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A=a, column_B=b, or_equal=True)
            for a, b in ordered
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="cell_located_share_sum", min_value=1 - 1e-9, max_value=1 + 1e-9
        ),
        # What is missing to 1 belongs to countries of which the cell has no located account.
        gxe.ExpectColumnValuesToBeBetween(column="cell_share_sum", max_value=1 + 1e-9),
        *zero("cell_count_difference"),
        gxe.ExpectColumnValuesToBeInSet(column="is_known_country", value_set=[True]),
        gxe.ExpectColumnValuesToBeBetween(column="complete_hour_count", min_value=0),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="expected_hour_count", column_B="complete_hour_count", or_equal=True
        ),
        gxe.ExpectCompoundColumnsToBeUnique(
            column_list=["day", "period", "scope", "event_group", "grouping", "country_iso2"]
        ),
    ]


def _hub_lineage() -> "list[Expectation]":
    from great_expectations import expectations as gxe
    from great_expectations.expectations.metadata_types import FailureSeverity

    return [
        *zero("duplicate_model_count", "unfollowed_count", "unlisted_count", "unbalanced_count"),
        *zero("duplicate_count", "unknown_family_count", "wrong_origin_count"),
        *zero("unknown_code_count", "contradictory_count"),
        # All that is asked for is of a family or made of it: merges bring in what is unknown.
        gxe.ExpectColumnValuesToBeBetween(
            column="known_share", min_value=0.8, severity=FailureSeverity.WARNING
        ),
    ]


def zero(*columns: str) -> "list[Expectation]":
    """That columns hold nothing but 0."""
    from great_expectations import expectations as gxe

    return [
        gxe.ExpectColumnValuesToBeBetween(column=column, min_value=0, max_value=0)
        for column in columns
    ]


SUITES = (
    Suite(
        name="events_suite",
        table=EVENTS,
        description=(
            "Each event once, on its own day, selected for a stated reason, with an account "
            "(commits may lack one) and an event group. Warns on a day without events."
        ),
        frame=frames.events_by_day,
        expectations=_events,
        is_blocking=True,
    ),
    Suite(
        name="actor_country_suite",
        table=ACTOR_COUNTRY,
        description=(
            "Every active account is attributed, to an ISO country by stated evidence or to none; "
            "shares of the unlocated add up to 1. Warns where the located share is outside 15 to "
            "85 %."
        ),
        frame=frames.actor_country_by_day,
        expectations=_actor_country,
        is_blocking=True,
    ),
    Suite(
        name="hub_lineage_suite",
        table=HUB_LINEAGE,
        description=(
            "Every model of the Hub's snapshot is followed, in shares that add up to 1, to roots "
            "of known families with their origin, or to none. Warns where under 80 % lead to one."
        ),
        frame=frames.hub_lineage_by_day,
        expectations=_hub_lineage,
        is_blocking=True,
    ),
    Suite(
        name="engagement_suite",
        table=STAGED_ENGAGEMENT,
        description=(
            "Shares lie between 0 and 1, inside their intervals and worst-case bounds, and add up "
            f"to 1 in each cell. {ENGAGEMENT.qualified} is published only after this passed."
        ),
        frame=frames.staged_engagement,
        expectations=_engagement,
        is_blocking=True,
    ),
)
