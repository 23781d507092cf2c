"""Which figures are published: tables, keys, values with units and intervals, and tolerances."""

from dataclasses import dataclass
from enum import StrEnum

from assets.coverage.tables import COVERAGE
from assets.engagement.tables import CONCENTRATION, COUNTRY_ACTIVITY, ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB, HUB_CONCENTRATION
from assets.indices.tables import COUNTRY_RATIO, ENGAGEMENT_INDEX
from assets.papers.tables import DIFFUSION_PAPERS
from assets.patents.tables import PATENT_COHORTS
from assets.reference.tables import COUNTRY_GROUPINGS
from assets.shifts.tables import SHOCK_EFFECTS, SHOCK_LEADS_LAGS
from assets.shifts.trend_tables import TREND_SHIFTS
from assets.tables import Table
from assets.visibility.tables import VISIBILITY_GAP

#: Values nearer to each other than this are one: sums of floats in another order differ by less.
RELATIVE_TOLERANCE, ABSOLUTE_TOLERANCE = 1e-9, 1e-12
#: Days of the last seven are made again; a figure that is older than this has nothing to wait for.
SETTLED_DAYS = 30


class Unit(StrEnum):
    """What a value is in: `SHARE` is 0 to 1, and its differences are in percentage points."""

    SHARE = "0 to 1"
    POINTS = "percentage points"
    PERCENT = "%"
    RATIO = "ratio"
    INDEX = "base = 100"
    LOG = "log"
    COUNT = "count"

    @property
    def of_difference(self) -> str:
        """The unit of differences."""
        return Unit.POINTS.value if self is Unit.SHARE else self.value

    @property
    def scale(self) -> float:
        """A difference of values times this is in the unit of differences."""
        return 100.0 if self is Unit.SHARE else 1.0


class Appearing(StrEnum):
    """When a figure that was not there before is a revision, and not merely new.

    `IN_SLICE`: when others of its slice were published before. `IN_PAST`: when its date is no
    later than one published before. `AGAIN`: when it was published itself once.
    """

    IN_SLICE = "in_slice"
    IN_PAST = "in_past"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Measure:
    """One value column of a table.

    Attributes:
        column: the value.
        words: what it is, for readers.
        unit: of the value and its bounds.
        low: column of the lower bound; None without an interval.
        high: column of the upper bound.
        named_from: smallest difference, in the unit of differences, that a digest names; None for
            what is counted in totals alone.
    """

    column: str
    words: str
    unit: Unit
    low: str | None = None
    high: str | None = None
    named_from: float | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The value and its bounds."""
        return tuple(name for name in (self.column, self.low, self.high) if name)


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one published table.

    Attributes:
        name: of their vintages, in the schema `vintage`.
        source: the table, as it is published.
        key: columns that tell figures apart.
        measures: what is published of each.
        date: the key's column that says when a figure is of; None without one.
        country: the column that names a country; None without one.
        slice: key columns that are made together, for `Appearing.IN_SLICE`.
        appearing: when a figure that appears is a revision.
        where: SQL condition of rows that are figures; other published tables stand in it as
            `published_<name>`.
        is_pooled: whether rows repeat the same figures, of which one is taken.
        hours: column of the hourly files that a figure rests on; None without one.
        settled_days: a figure older than this should change only where its day is made again;
            None where later data change it by design.
    """

    name: str
    source: Table
    key: tuple[str, ...]
    measures: tuple[Measure, ...]
    date: str | None
    country: str | None = None
    slice: tuple[str, ...] = ()
    appearing: Appearing = Appearing.IN_SLICE
    where: str = "true"
    is_pooled: bool = False
    hours: str | None = None
    settled_days: int | None = SETTLED_DAYS

    def __post_init__(self) -> None:
        """Refuse columns that the table does not have."""
        named = {*self.key, *self.values, *self.slice, self.date or self.key[0]}
        if unknown := sorted(named - set(self.source.column_names)):
            raise ValueError(f"{self.name}: {self.source.qualified} has no column {unknown}")

    @property
    def table(self) -> str:
        """Their vintages in the warehouse."""
        return f"vintage.{self.name}"

    @property
    def values(self) -> tuple[str, ...]:
        """Values and bounds of all measures, then the hours, each once."""
        columns = [name for each in self.measures for name in each.columns]
        return tuple(dict.fromkeys([*columns, *([self.hours] if self.hours else [])]))


# Under a grouping, countries that are in no group have the very figures that they have apart.
_ONCE = (
    "(grouping = 'apart' OR EXISTS (FROM (SELECT grouping AS part, group_code FROM "  # noqa: S608
    f"published_{COUNTRY_GROUPINGS.name} GROUP BY ALL HAVING count(*) > 1) "
    "WHERE part = grouping AND group_code = country_iso2))"
)
# What is pooled differs from one publication to the next: it is nobody's figure, and its
# difference would say how large a country is that had to be pooled.
_NAMED = "country_iso2 != 'XX'"
_POINT_05, _HALF, _QUARTER, _HUNDREDTH = 0.05, 0.5, 0.25, 0.01


def _share(column: str, words: str, low: str | None = None, high: str | None = None) -> Measure:
    return Measure(column, words, Unit.SHARE, low, high, _POINT_05)


def _with_interval(column: str, words: str, unit: Unit, named_from: float) -> Measure:
    return Measure(column, words, unit, f"{column}_ci_low", f"{column}_ci_high", named_from)


def _count(column: str, words: str) -> Measure:
    return Measure(column, words, Unit.COUNT)


_OF_ENGAGEMENT = (
    Figures(
        "engagement",
        ENGAGEMENT,
        ENGAGEMENT.key,
        (
            _with_interval("share", "share of all accounts", Unit.SHARE, _POINT_05),
            _with_interval("located_share", "share of located accounts", Unit.SHARE, _POINT_05),
            _share("share_low", "share of all accounts, worst case below"),
            _share("share_high", "share of all accounts, worst case above"),
            _with_interval("location_quotient", "location quotient", Unit.RATIO, _QUARTER),
            _share("clock_17utc_share", "share of events before 17:00 UTC"),
            _count("actor_count", "accounts located there"),
        ),
        date="activity_date",
        country="country_iso2",
        slice=("activity_date", "period"),
        where=f"{_NAMED} AND {_ONCE}",
        hours="complete_hour_count",
    ),
    Figures(
        "engagement_total",
        ENGAGEMENT,
        ("activity_date", "period", "scope", "event_group"),
        (
            _share("unknown_share", "share of accounts of unknown country"),
            _count("total_actor_count", "accounts"),
            _count("located_actor_count", "accounts with a location"),
        ),
        date="activity_date",
        slice=("activity_date", "period"),
        where="grouping = 'apart'",
        is_pooled=True,
        hours="complete_hour_count",
    ),
    Figures(
        "country_activity",
        COUNTRY_ACTIVITY,
        COUNTRY_ACTIVITY.key,
        (_count("actor_count", "accounts located there"), _count("event_count", "their events")),
        date="activity_date",
        country="country_iso2",
        slice=("activity_date",),
        where=_NAMED,
    ),
    Figures(
        "concentration",
        CONCENTRATION,
        CONCENTRATION.key,
        (
            _with_interval("herfindahl", "Herfindahl index", Unit.RATIO, _HUNDREDTH),
            _with_interval("effective_countries", "effective countries", Unit.RATIO, _QUARTER),
        ),
        date="activity_date",
        slice=("activity_date", "period"),
        hours="complete_hour_count",
    ),
    Figures(
        "engagement_index",
        ENGAGEMENT_INDEX,
        ENGAGEMENT_INDEX.key,
        (
            Measure(
                "engagement_index", "engagement index", Unit.INDEX,
                "index_ci_low", "index_ci_high", _HALF,
            ),
            Measure("accounts_per_million", "accounts per million residents", Unit.RATIO),
            Measure("innovation_graph_quotient", "quotient by Innovation Graph", Unit.RATIO),
        ),
        date="activity_date",
        country="country_iso2",
        slice=("activity_date",),
        where=_ONCE,
    ),
    Figures(
        "country_ratio",
        COUNTRY_RATIO,
        COUNTRY_RATIO.key,
        (
            Measure(
                "share_ratio", "ratio of shares", Unit.RATIO,
                "ratio_ci_low", "ratio_ci_high", _POINT_05,
            ),
        ),
        date="activity_date",
        country="country_iso2",
        slice=("activity_date",),
    ),
    Figures(
        "coverage",
        COVERAGE,
        ("coverage_date", "source", "scope", "event_group", "event_type"),
        (_with_interval("capture_rate", "share of events captured", Unit.SHARE, _HALF),),
        date="coverage_date",
        slice=("coverage_date",),
    ),
)  # fmt: skip
_OF_DIFFUSION = (
    Figures(
        "diffusion_hub",
        DIFFUSION_HUB,
        DIFFUSION_HUB.key,
        (
            _share("share", "share by origin of the weights", "share_low", "share_high"),
            _count("value", "models or downloads"),
        ),
        date="snapshot_date",
        country="origin_iso2",
        slice=("snapshot_date",),
        # A run of its own makes them, and another publishes them: whose days they are is not known.
        settled_days=None,
    ),
    Figures(
        "hub_concentration",
        HUB_CONCENTRATION,
        HUB_CONCENTRATION.key,
        (Measure("herfindahl", "Herfindahl index", Unit.RATIO, named_from=_HUNDREDTH),),
        date="snapshot_date",
        slice=("snapshot_date",),
        settled_days=None,
    ),
    Figures(
        "diffusion_papers",
        DIFFUSION_PAPERS,
        DIFFUSION_PAPERS.key,
        (
            _with_interval("cn_share", "share of papers naming CN models", Unit.SHARE, _HALF),
            _with_interval("used_cn_share", "share of papers using CN models", Unit.SHARE, _HALF),
            _count("open_work_count", "papers naming an open model"),
        ),
        date="month_date",
        country="country_iso2",
        slice=("month_date",),
        # Works of a month arrive for a year after it.
        settled_days=400,
    ),
    Figures(
        "patents",
        PATENT_COHORTS,
        PATENT_COHORTS.key,
        (
            _count("patent_count", "patents"),
            _count("open_model_count", "patents naming an open model"),
            _count("chinese_open_model_count", "patents naming a CN model"),
        ),
        date="cohort_month",
        slice=("basis", "cohort_month"),
        # Cohorts of filing ripen for 18 months and more.
        settled_days=None,
    ),
    Figures(
        "visibility_gap",
        VISIBILITY_GAP,
        VISIBILITY_GAP.key,
        (
            _with_interval("gap_pp", "gap between use and patents", Unit.POINTS, _HALF),
            _with_interval("use_share", "share of use", Unit.SHARE, _HALF),
            _with_interval("patent_share", "share of patents", Unit.SHARE, _HALF),
        ),
        date="cohort_month",
        slice=("basis", "cohort_month"),
        settled_days=None,
    ),
)
_OF_SHIFTS = (
    Figures(
        "shock_effects",
        SHOCK_EFFECTS,
        SHOCK_EFFECTS.key,
        (
            _with_interval("effect_pct", "effect", Unit.PERCENT, _HALF),
            _with_interval("effect_pp", "effect", Unit.POINTS, _POINT_05),
            _with_interval("level_change", "change of level", Unit.LOG, _HUNDREDTH),
        ),
        date="shock_date",
        country="country_iso2",
        # An effect is new when its window is over.
        appearing=Appearing.AGAIN,
        settled_days=None,
    ),
    Figures(
        "shock_leads_lags",
        SHOCK_LEADS_LAGS,
        SHOCK_LEADS_LAGS.key,
        (_with_interval("estimate", "lead or lag", Unit.LOG, _HUNDREDTH),),
        date="shock_date",
        country="country_iso2",
        appearing=Appearing.AGAIN,
        settled_days=None,
    ),
    # In no published file, but said in Slack: what was withdrawn there is no figure any more.
    Figures(
        "trend_shifts",
        TREND_SHIFTS,
        ("country_iso2", "event_group", "period", "detected_date"),
        (
            _with_interval("size_pp", "size of the shift", Unit.POINTS, _POINT_05),
            _share("before_share", "share before the shift"),
            _share("after_share", "share since the shift"),
        ),
        date="detected_date",
        country="country_iso2",
        appearing=Appearing.IN_PAST,
        where="status = 'confirmed'",
        settled_days=None,
    ),
)
#: All published figures.
CATALOGUE = (*_OF_ENGAGEMENT, *_OF_DIFFUSION, *_OF_SHIFTS)
#: Tables whose figures are said without being in the published files.
SAID = (TREND_SHIFTS,)


def measure_of(table_name: str, column: str) -> Measure | None:
    """The measure of a table (`schema.name`) that a revision names; None if it is no more."""
    for figures in CATALOGUE:
        if figures.source.qualified == table_name:
            for measure in figures.measures:
                if measure.column == column:
                    return measure
    return None
