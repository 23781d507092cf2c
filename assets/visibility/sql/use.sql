-- Use of open models by month and user kind, as two measures of it, for mart.visibility_gap.
-- Grain: measure, month and user kind.
-- Reads: mart.diffusion_papers, mart.engagement.
-- papers: works naming any open model, and one of Chinese origin.
-- engagement: accounts active in the four weeks up to the month's last Sunday on repositories of
-- models of each origin, an account once for each origin; of the U.S. those that say so. Periods of
-- masked or incomplete days are left out.
WITH papers AS (
    SELECT
        'papers' AS use_measure,
        month_date AS use_month,
        user_kind,
        open_work_count AS use_count,
        cn_work_count AS use_chinese_count,
        NULL::DOUBLE AS use_share,
        is_final AS is_use_final
    FROM mart.diffusion_papers
    WHERE user_kind IN ('us_company', 'us_education', 'us_all', 'all')
),
periods AS (
    SELECT
        date_trunc('month', activity_date)::DATE AS use_month,
        activity_date,
        scope,
        CASE WHEN country_iso2 = 'US' THEN actor_count ELSE 0 END AS us_count,
        total_actor_count AS all_count
    FROM mart.engagement
    WHERE period = '28d' AND grouping = 'apart' AND event_group = 'any'
      AND scope IN ('origin_cn', 'origin_us', 'origin_other')
      AND is_complete AND NOT is_masked
    QUALIFY activity_date = max(activity_date) OVER (PARTITION BY use_month)
),
scopes AS (
    SELECT
        use_month,
        scope,
        sum(us_count) AS us_count,
        any_value(all_count) AS all_count,
        any_value(activity_date) AS activity_date
    FROM periods
    GROUP BY ALL
),
accounts AS (
    SELECT use_month, 'us_all' AS user_kind, scope, us_count AS account_count, activity_date
    FROM scopes
    UNION ALL
    SELECT use_month, 'all', scope, all_count, activity_date
    FROM scopes
),
engagement AS (
    SELECT
        'engagement' AS use_measure,
        use_month,
        user_kind,
        sum(account_count)::BIGINT AS use_count,
        coalesce(sum(account_count) FILTER (scope = 'origin_cn'), 0)::BIGINT AS use_chinese_count,
        NULL::DOUBLE AS use_share,
        any_value(activity_date) + INTERVAL 7 DAY > last_day(any_value(activity_date))
            AS is_use_final
    FROM accounts
    GROUP BY ALL
    HAVING count(DISTINCT scope) = 3
)
SELECT * FROM papers
UNION ALL BY NAME
SELECT * FROM engagement
ORDER BY ALL
