"""mart.visibility_gap: cohorts of patents beside what is used, and the gap between the two."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assets.engagement.intervals import wilson_interval
from assets.visibility.formulas import Estimate, gap_logit, gap_of_shares, rule_of_three
from assets.visibility.tables import VISIBILITY_GAP

#: Applications are published 18 months after their first filing (35 U.S.C. 122(b)).
CENSORED_MONTHS = 18
#: They come out on the first Thursday after that, so that the month's last ones wait up to a week.
GRACE_DAYS = 7
#: Of the weekly files of a cohort's time: what so few held does not move its shares by a point.
MOST_MISSING_SHARE = 0.02
LAGS = (0, 6, 12)
COMPLETE, CENSORED, PARTIAL = "complete", "censored", "partial"
USE = pa.schema(
    [
        pa.field("use_measure", pa.string(), nullable=False),
        pa.field("use_month", pa.date32(), nullable=False),
        pa.field("user_kind", pa.string(), nullable=False),
        pa.field("use_count", pa.int64()),
        pa.field("use_chinese_count", pa.int64()),
        pa.field("use_share", pa.float64()),
        pa.field("use_hours_share", pa.float64()),
        pa.field("is_use_final", pa.bool_(), nullable=False),
    ]
)
FILES = pa.schema(
    [
        pa.field("due_date", pa.date32(), nullable=False),
        pa.field("is_complete", pa.bool_(), nullable=False),
    ]
)
_SQL = Path(__file__).parent / "sql" / "visibility_gap.sql"
Floats = npt.NDArray[np.float64]


def visibility_gap(
    patents: pa.Table, use: pa.Table, files: pa.Table, read_through: date
) -> pa.Table:
    """mart.visibility_gap of all cohorts for which some use is known.

    Args:
        patents: basis, cohort_month, user_kind, open_model_count and chinese_open_model_count of
            mart.patents, documents of any kind.
        use: of schema `USE`: one row a measure, month and user kind. Where the counts are null, as
            of downloads, `use_share` is taken as it is, without error; else it is their ratio.
        files: of schema `FILES`: the weekly files due, and whether each was read whole.
        read_through: day of the newest file of applications that was read whole.
    """
    with duckdb.connect() as connection:
        connection.register("patents", patents)
        connection.register("use", use.cast(USE))
        connection.register("files", files.cast(FILES))
        connection.register("lags", pa.table({"lag_months": pa.array(LAGS, pa.int32())}))
        parameters = {
            "censored_months": CENSORED_MONTHS,
            "grace_days": GRACE_DAYS,
            "most_missing_share": MOST_MISSING_SHARE,
            "read_through": read_through,
        }
        rows = connection.execute(_SQL.read_text(), parameters).to_arrow_table()
    for name, values in _figures(rows).items():
        # Where the share is counted, it is their ratio: the same figure as its bounds rest on.
        if name in rows.column_names:
            rows = rows.drop_columns(name)
        rows = rows.append_column(name, pa.array(values, from_pandas=True))
    return VISIBILITY_GAP.conform(rows)


def ripe_day(basis: str, month: date) -> date:
    """The day from which on a cohort may be complete: all that is published of it is then public.

    Args:
        basis: filing or publication.
        month: the cohort's, its first day.
    """
    months = month.month + (CENSORED_MONTHS if basis == "filing" else 0)
    end = date(month.year + months // 12, months % 12 + 1, 1)
    return end + timedelta(days=GRACE_DAYS)


def _figures(rows: pa.Table) -> Mapping[str, Floats]:
    """The columns made of counts, by name; NaN stands for null."""
    use_count, use_chinese, given, patents, chinese = (
        rows[name].to_numpy(zero_copy_only=False).astype(np.float64)
        for name in (
            "use_count", "use_chinese_count", "use_share", "patent_count", "patent_chinese_count",
        )
    )  # fmt: skip
    is_counted = ~np.isnan(use_count)
    counted, counted_chinese = np.nan_to_num(use_count), np.nan_to_num(use_chinese)
    use_bounds = wilson_interval(counted_chinese, counted)
    use = Estimate(
        np.where(is_counted, _ratio(counted_chinese, counted), given),
        *(np.where(is_counted, bound, given) for bound in use_bounds),
    )
    patent = Estimate(_ratio(chinese, patents), *wilson_interval(chinese, patents))
    points = gap_of_shares(use, patent)
    logit = gap_logit(counted_chinese, counted, chinese, patents)
    return {
        "use_share": use.value,
        "use_share_ci_low": use.low,
        "use_share_ci_high": use.high,
        "patent_share": patent.value,
        "patent_share_ci_low": patent.low,
        "patent_share_ci_high": patent.high,
        "patent_share_rule_of_three": np.where(chinese == 0, rule_of_three(patents), np.nan),
        "gap_pp": points.value,
        "gap_pp_ci_low": points.low,
        "gap_pp_ci_high": points.high,
        "gap_logit": logit.value,
        "gap_logit_ci_low": logit.low,
        "gap_logit_ci_high": logit.high,
    }


def _ratio(count: Floats, total: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(count / total)
