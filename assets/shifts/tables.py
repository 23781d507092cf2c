"""Tables of the shifts domain: what policy shocks did."""

from assets.tables import Column, Table

_SHOCK = (
    Column("shock_date", "DATE", "Day of the policy event; null for several pooled", nullable=True),
    Column("shock_name", "VARCHAR", "Its short title, or which shocks are pooled"),
)
_GROUP = Column(
    "event_group",
    "VARCHAR",
    "contribution, participation, attention or any; of forks, attention",
)
_MEASURE = Column(
    "measure",
    "VARCHAR",
    "log_accounts and log_events: ln(weekly count + ½); logit_located_share: ln((k + ½) / (n - k + "
    "½)) of k located accounts of n; forks_per_repository_week",
)
_WINDOW = Column("window_weeks", "INTEGER", "Weeks on each side of the shock", "weeks")


#: docs/methods.md, Shock effects: what these intervals cover where nothing happened.
_BY_ERRORS = "nominally 95 % by Newey-West errors, which cover 56 to 81 %"


def _interval(name: str, what: str, unit: str, by: str = _BY_ERRORS) -> tuple[Column, ...]:
    return (
        Column(name, "DOUBLE", what, unit, nullable=True),
        Column(f"{name}_ci_low", "DOUBLE", f"Lower bound, {by}", unit, nullable=True),
        Column(f"{name}_ci_high", "DOUBLE", f"Upper bound, {by}", unit, nullable=True),
    )


def _left_open(name: str, unit: str) -> tuple[Column, ...]:
    return (
        Column(
            f"{name}_placebo_low",
            "DOUBLE",
            "Lower bound of the effects that placebo weeks leave open at 95 %: the change less "
            "what 1 in 20 of them exceeds, up or down; null where there is no placebo_p_value",
            unit,
            nullable=True,
        ),
        Column(f"{name}_placebo_high", "DOUBLE", "Upper bound likewise", unit, nullable=True),
    )


def _probability(name: str, what: str) -> Column:
    return Column(name, "DOUBLE", what, "0 to 1", nullable=True)


SHOCK_EFFECTS = Table(
    schema="mart",
    name="shock_effects",
    description=(
        "What followed each policy shock in the weekly series of each country: the change of "
        "level and slope with Newey-West errors, how often a week in which nothing happened shows "
        "as much, and what else fell into the same weeks. The placebo's p value is the one to "
        "judge by: sixteen weeks are few for standard errors. What followed need not be what the "
        "shock caused."
    ),
    grain="One shock (or several pooled), country, event group, measure, window and method",
    key=(
        "shock_date",
        "shock_name",
        "country_iso2",
        "event_group",
        "measure",
        "window_weeks",
        "method",
    ),
    source=(
        "mart.engagement, mart.country_activity, core.policy_events, core.upstream_breaks; for the "
        "paper's specification core.events and core.actor_country"
    ),
    columns=(
        *_SHOCK,
        Column("is_paper_shock", "BOOLEAN", "Whether it is of the four of arXiv:2606.15999"),
        Column("country_iso2", "VARCHAR", "ISO 3166-1 alpha-2"),
        Column(
            "reference_iso2",
            "VARCHAR",
            "Country that it is set against (event_study); null where it stands alone",
            nullable=True,
        ),
        _GROUP,
        _MEASURE,
        _WINDOW,
        Column(
            "method",
            "VARCHAR",
            "segmented (level and slope before and after); event_study (mean of CN - US after, "
            "less before); paper (forks a repository and week, mean after less before, CN: before "
            "17:00 UTC, US: later, as far as the summaries of arXiv:2606.15999 tell); "
            "paper_located (the same by located accounts)",
        ),
        Column(
            "status",
            "VARCHAR",
            "ok; too_few_weeks (under three quarters of a side's weeks known and sound); "
            "too_few_accounts (under ten a week on average); too_few_placebos (figures, but the "
            "placebo weeks are worth fewer than 20: nothing to judge them by); too_few_shocks (to "
            "pool)",
        ),
        Column("from_date", "DATE", "First day (UTC) of the window", nullable=True),
        Column("to_date", "DATE", "Last day", nullable=True),
        Column("week_count", "INTEGER", "Weeks known and sound in it", "weeks", nullable=True),
        Column(
            "base_value",
            "DOUBLE",
            "Before the shock: mean weekly count, share ((k + ½) / (n + 1), 0 to 1), or forks a "
            "repository and week",
            nullable=True,
        ),
        *_interval(
            "level_change",
            "Change at week 0 (segmented) or of the mean (others)",
            "of the measure",
        ),
        *_left_open("level_change", "of the measure"),
        Column("level_change_se", "DOUBLE", "Its standard error", "of the measure", nullable=True),
        _probability("level_p_value", "Of no change, by the regression's errors"),
        _probability("level_q_value", "The same by Benjamini and Hochberg across countries"),
        *_interval("slope_change", "Change of the slope (segmented)", "of the measure a week"),
        _probability("slope_p_value", "Of no change of slope"),
        *_interval("effect_pct", "Logarithms: (exp(level_change) - 1) · 100", "%"),
        *_left_open("effect_pct", "%"),
        *_interval(
            "effect_pp", "Logits: level_change at the base share, of CN in event_study",
            "percentage points",
        ),
        *_left_open("effect_pp", "percentage points"),
        Column(
            "hac_lag_count", "INTEGER", "Autocovariances in the errors", "weeks", nullable=True
        ),
        Column(
            "placebo_count",
            "INTEGER",
            "Weeks that a shock could have been judged in, whose window holds no shock's week",
            "weeks",
            nullable=True,
        ),
        Column(
            "placebo_effective_windows",
            "DOUBLE",
            "How many independent ones they are worth: their windows overlap",
            "weeks",
            nullable=True,
        ),
        _probability(
            "placebo_p_value",
            "(1 + placebos with as large a change, each divided by the error of its window) / (1 + "
            "placebos); null where they are worth "
            "fewer than 20; pooled: of weeks drawn for each shock and pooled alike",
        ),
        _probability("placebo_q_value", "The same by Benjamini and Hochberg across countries"),
        _probability(
            "pre_trend_p_value",
            "event_study: of all leads being 0, by rank among placebos; a small one says that the "
            "two countries parted before the shock",
        ),
        Column("shock_count", "INTEGER", "Shocks pooled; null for one", "shocks", nullable=True),
        Column(
            "tau_squared",
            "DOUBLE",
            "Pooled: variance of the effects beyond their errors (DerSimonian and Laird)",
            nullable=True,
        ),
        _probability("heterogeneity_p_value", "Pooled: of one effect for all (Cochran's Q)"),
        Column("has_shock_overlap", "BOOLEAN", "Whether another shock's week lies in the window"),
        Column("has_release_overlap", "BOOLEAN", "Whether a model was released in it"),
        Column(
            "has_break_overlap",
            "BOOLEAN",
            "Whether an upstream is known to have lost events of the group in it, or a week of it "
            "is not sound",
        ),
    ),
)  # fmt: skip

SHOCK_LEADS_LAGS = Table(
    schema="mart",
    name="shock_leads_lags",
    description=(
        "Event study of each shock: how far CN and US are apart in each week around it, less how "
        "far they were in the week before it. Errors are what the same does around placebo weeks."
    ),
    grain="One shock, event group, measure, window and week relative to the shock's",
    key=(
        "shock_date",
        "shock_name",
        "country_iso2",
        "event_group",
        "measure",
        "window_weeks",
        "relative_week",
    ),
    source="As mart.shock_effects, of its rows of method event_study and status ok",
    columns=(
        Column("shock_date", "DATE", "Day of the policy event"),
        _SHOCK[1],
        Column("country_iso2", "VARCHAR", "ISO 3166-1 alpha-2"),
        Column("reference_iso2", "VARCHAR", "Country that it is set against"),
        _GROUP,
        _MEASURE,
        _WINDOW,
        Column("relative_week", "INTEGER", "0 is the shock's ISO week; -1 is the reference"),
        Column("week_date", "DATE", "The week's Sunday"),
        *_interval(
            "estimate",
            "Difference of differences; null in weeks not sound",
            "of measure",
            "95 % by the same around placebo weeks",
        ),
        Column(
            "estimate_se",
            "DOUBLE",
            "Root mean square around placebo weeks; null where they are worth fewer than 20",
            "of measure",
            nullable=True,
        ),
        _probability("placebo_p_value", "By rank among the placebos"),
        Column("placebo_count", "INTEGER", "Placebo weeks", "weeks"),
    ),
)
