"""Tables of the visibility domain."""

from assets.tables import Column, Table

_PERCENT_POINTS = "percentage points"

VISIBILITY_GAP = Table(
    schema="mart",
    name="visibility_gap",
    description=(
        "Share of use that is of Chinese-origin open models, less the share of patents that name "
        "one among those that name any open model: how much of the use patents do not show. Use "
        "is of papers by affiliation, of Hub downloads, or of developers' engagement, in the "
        "cohort's month or 6 or 12 months before it. Engagement is of the four weeks up to the "
        "month's last Sunday of which at least 98 % of the hourly files are whole and nothing is "
        "masked."
    ),
    grain="One cohort of patents by month, basis and user kind, and one measure and lag of use",
    key=("basis", "cohort_month", "user_kind", "use_measure", "lag_months"),
    source="mart.patents, mart.diffusion_papers, mart.diffusion_hub, mart.engagement",
    columns=(
        Column("basis", "VARCHAR", "What the cohort's month is of: filing or publication"),
        Column("cohort_month", "DATE", "First day of the month"),
        Column("user_kind", "VARCHAR", "us_company, us_education, us_all or all"),
        Column("use_measure", "VARCHAR", "papers, hub_downloads or engagement"),
        Column("lag_months", "INTEGER", "Use is of so many months before the cohort", "months"),
        Column("use_month", "DATE", "Month of the use"),
        Column(
            "use_count",
            "BIGINT",
            "Papers naming any open model, or U.S. accounts on models of each origin; null for "
            "downloads, which are no sample",
            "works or accounts",
            nullable=True,
        ),
        Column(
            "use_chinese_count",
            "BIGINT",
            "Of these, of Chinese origin",
            "works or accounts",
            nullable=True,
        ),
        Column("use_share", "DOUBLE", "Share of use of Chinese origin", "0 to 1", nullable=True),
        Column("use_share_ci_low", "DOUBLE", "95 % lower bound (Wilson)", "0 to 1", nullable=True),
        Column("use_share_ci_high", "DOUBLE", "95 % upper bound", "0 to 1", nullable=True),
        Column(
            "use_hours_share",
            "DOUBLE",
            "Of engagement: hourly files of its four weeks read whole / all, at least 0.98; null "
            "for other measures",
            "0 to 1",
            nullable=True,
        ),
        Column(
            "is_use_final",
            "BOOLEAN",
            "Whether the month's use changes no more: late works are no longer asked for, or its "
            "last snapshot or Sunday is there; null without use",
            nullable=True,
        ),
        Column("patent_count", "BIGINT", "Patents naming any open model", "patents"),
        Column("patent_chinese_count", "BIGINT", "Of these, one of Chinese origin", "patents"),
        Column("patent_share", "DOUBLE", "The latter / the former", "0 to 1", nullable=True),
        Column(
            "patent_share_ci_low", "DOUBLE", "95 % lower bound (Wilson)", "0 to 1", nullable=True
        ),
        Column("patent_share_ci_high", "DOUBLE", "95 % upper bound", "0 to 1", nullable=True),
        Column(
            "patent_share_rule_of_three",
            "DOUBLE",
            "Where none names one of Chinese origin: 3 / n, the 95 % upper bound",
            "0 to 1",
            nullable=True,
        ),
        Column("gap_pp", "DOUBLE", "Use less patents", _PERCENT_POINTS, nullable=True),
        Column(
            "gap_pp_ci_low", "DOUBLE", "95 % lower bound (Newcombe)", _PERCENT_POINTS, nullable=True
        ),
        Column("gap_pp_ci_high", "DOUBLE", "95 % upper bound", _PERCENT_POINTS, nullable=True),
        Column(
            "gap_logit",
            "DOUBLE",
            "The same as a difference of logits, a half added to each count; null for downloads",
            "log odds ratio",
            nullable=True,
        ),
        Column("gap_logit_ci_low", "DOUBLE", "95 % lower bound", "log odds ratio", nullable=True),
        Column("gap_logit_ci_high", "DOUBLE", "95 % upper bound", "log odds ratio", nullable=True),
        Column(
            "status",
            "VARCHAR",
            "complete; censored (filed under 18 months and a week before the newest file, so that "
            "not all are public yet; or a month of publication not over); partial (more than 2 % "
            "of the weekly files of the cohort's time were not read)",
        ),
        Column("files_missing_count", "INTEGER", "Weekly files of that time not read", "files"),
        Column("read_through_date", "DATE", "Newest file of applications read whole"),
    ),
)
