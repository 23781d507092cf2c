-- Cohorts of patents beside the use of so many months before, without the figures made of both.
-- Grain: basis, cohort month, user kind, measure of use and lag.
-- Reads: patents (mart.patents, documents of any kind), use (one measure, month and user kind),
-- lags (lag_months), files (due_date, is_complete: weekly files due, whether they were read whole).
-- Parameters: $censored_months and $grace_days after them; $read_through, day of the newest file of
-- applications read whole; $most_missing_share of the files due that may lack in a complete cohort.
-- A cohort by filing can be published at any time after its month began, so that it misses what any
-- file since then held; one by publication only what its own month's files held.
WITH cohorts AS (
    SELECT
        *,
        cohort_month + INTERVAL 1 MONTH AS month_end,
        CASE basis WHEN 'publication' THEN cohort_month + INTERVAL 1 MONTH END AS files_until
    FROM patents
),
stated AS (
    SELECT
        c.basis,
        c.cohort_month,
        c.user_kind,
        c.open_model_count,
        c.chinese_open_model_count,
        count(*) FILTER (NOT f.is_complete) AS files_missing_count,
        count(f.is_complete) AS files_due_count,
        any_value(
            (
                c.basis = 'filing'
                AND c.month_end + to_months($censored_months) + to_days($grace_days)
                    > $read_through::DATE
            )
            OR (c.basis = 'publication' AND c.month_end > $read_through::DATE + INTERVAL 7 DAY)
        ) AS is_censored
    FROM cohorts AS c
    LEFT JOIN files AS f
        ON f.due_date >= c.cohort_month AND (c.files_until IS NULL OR f.due_date < c.files_until)
    GROUP BY ALL
)
SELECT
    s.basis,
    s.cohort_month,
    s.user_kind,
    u.use_measure,
    l.lag_months,
    u.use_month,
    u.use_count,
    u.use_chinese_count,
    u.use_share,
    u.use_hours_share,
    u.is_use_final,
    s.open_model_count AS patent_count,
    s.chinese_open_model_count AS patent_chinese_count,
    CASE
        WHEN s.is_censored THEN 'censored'
        WHEN s.files_missing_count > $most_missing_share * s.files_due_count THEN 'partial'
        ELSE 'complete'
    END AS status,
    s.files_missing_count::INTEGER AS files_missing_count,
    $read_through::DATE AS read_through_date
FROM stated AS s
CROSS JOIN lags AS l
JOIN use AS u
    ON u.user_kind = s.user_kind
    AND u.use_month = (s.cohort_month - to_months(l.lag_months))::DATE
ORDER BY ALL
