-- What mart.trend_shifts promises, and for each row whether it breaks it: all false.
-- Grain: one row. Reads: mart.trend_shifts.
WITH shifts AS (
    SELECT
        *,
        status IN ('confirmed', 'withdrawn') AS is_said,
        count(*) FILTER (status = 'confirmed') OVER (
            PARTITION BY country_iso2, event_group, period, onset_date
        ) AS same_count
    FROM mart.trend_shifts
)
SELECT
    * EXCLUDE (is_said, same_count),
    coalesce(status NOT IN ('confirmed', 'withdrawn', 'candidate', 'unresolved'), false)
        AS unknown_status,
    coalesce(
        is_said AND (detected_date IS NULL OR len(detectors) != 2)
        OR NOT is_said AND detected_date IS NOT NULL
        OR status = 'candidate' AND len(detectors) != 1,
        false
    ) AS unfounded,
    coalesce(
        (status = 'withdrawn') != (withdrawn_date IS NOT NULL)
        OR (status = 'confirmed') != (reason IS NULL),
        false
    ) AS unexplained,
    coalesce(
        onset_low_date > onset_date OR onset_high_date < onset_date
        OR data_through_date < onset_high_date OR detected_date != data_through_date
        OR withdrawn_date <= detected_date,
        false
    ) AS disordered_dates,
    coalesce(
        NOT isfinite(size_pp) OR size_pp_ci_low > size_pp OR size_pp_ci_high < size_pp
        OR abs(size_pp - 100 * (after_share - before_share)) > 1e-6
        OR least(before_share, after_share) < 0 OR greatest(before_share, after_share) > 1,
        false
    ) AS wrong_size,
    coalesce(confidence_share NOT BETWEEN 0 AND 1 OR statistic < 0, false) AS improbable,
    coalesce(same_count > 1, false) AS duplicate
FROM shifts
