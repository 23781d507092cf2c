-- Use of open models by month and user kind, as three measures of it, for mart.visibility_gap.
-- Grain: measure, month and user kind.
-- Reads: mart.diffusion_papers, mart.diffusion_hub, mart.engagement.
-- papers: works naming any open model, and one of Chinese origin.
-- hub_downloads: downloads of the 30 days up to the month's last complete snapshot, of all users
-- everywhere, by the origin of the weights; counted whole, so that there is a share and no sample.
-- engagement: accounts active in four weeks on repositories of models of each origin, an account
-- once for each origin; of the U.S. those that say so. The weeks are those up to the month's last
-- Sunday on which figures of all three origins stand: not masked, and made of enough hourly files.
-- Parameters: $1, share of the hourly files of four weeks that have to be whole.
WITH papers AS (
    SELECT
        'papers' AS use_measure,
        month_date AS use_month,
        user_kind,
        open_work_count AS use_count,
        cn_work_count AS use_chinese_count,
        NULL::DOUBLE AS use_share,
        NULL::DOUBLE AS use_hours_share,
        is_final AS is_use_final
    FROM mart.diffusion_papers
    WHERE user_kind IN ('us_company', 'us_education', 'us_all', 'all')
),
hub AS (
    SELECT
        'hub_downloads' AS use_measure,
        date_trunc('month', snapshot_date)::DATE AS use_month,
        'all' AS user_kind,
        NULL::BIGINT AS use_count,
        NULL::BIGINT AS use_chinese_count,
        arg_max(share, snapshot_date) AS use_share,
        NULL::DOUBLE AS use_hours_share,
        max(snapshot_date) >= last_day(max(snapshot_date)) - INTERVAL 1 DAY AS is_use_final
    FROM mart.diffusion_hub
    WHERE measure = 'downloads_30d' AND author_country_iso2 = 'any' AND origin_iso2 = 'CN'
      AND root_family = 'any' AND relation = 'any' AND is_complete AND share IS NOT NULL
    GROUP BY ALL
),
periods AS (
    SELECT
        activity_date,
        scope,
        coalesce(sum(actor_count) FILTER (country_iso2 = 'US'), 0) AS us_count,
        any_value(total_actor_count) AS all_count,
        any_value(complete_hour_count / expected_hour_count) AS hours_share
    FROM mart.engagement
    WHERE period = '28d' AND grouping = 'apart' AND event_group = 'any'
      AND scope IN ('origin_cn', 'origin_us', 'origin_other')
      AND NOT is_masked AND complete_hour_count >= $1 * expected_hour_count
    GROUP BY ALL
),
whole AS (
    SELECT *, date_trunc('month', activity_date)::DATE AS use_month
    FROM periods
    QUALIFY count(*) OVER (PARTITION BY activity_date) = 3
),
chosen AS (
    SELECT * FROM whole
    QUALIFY activity_date = max(activity_date) OVER (PARTITION BY use_month)
),
accounts AS (
    SELECT *, unnest(['us_all', 'all']) AS user_kind, unnest([us_count, all_count]) AS account_count
    FROM chosen
),
engagement AS (
    SELECT
        'engagement' AS use_measure,
        use_month,
        user_kind,
        sum(account_count)::BIGINT AS use_count,
        coalesce(sum(account_count) FILTER (scope = 'origin_cn'), 0)::BIGINT AS use_chinese_count,
        NULL::DOUBLE AS use_share,
        any_value(hours_share) AS use_hours_share,
        any_value(activity_date) + INTERVAL 7 DAY > last_day(any_value(activity_date))
            AS is_use_final
    FROM accounts
    GROUP BY ALL
)
SELECT * FROM papers
UNION ALL BY NAME
SELECT * FROM hub
UNION ALL BY NAME
SELECT * FROM engagement
ORDER BY ALL
