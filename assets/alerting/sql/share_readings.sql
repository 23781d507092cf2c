-- A country's share of an event group by period, for rules on its level.
-- Grain: period, by its last day.
-- Reads: mart.engagement, core.coverage.
-- A country that nobody was active from has no row: its count is 0. A day without any figure is a row
-- where the sources together captured too little of the group to have one.
-- Parameters: $country; $event_group; $period, day or week; $first and $last, the periods' last days;
-- $combined, name of all sources together.
WITH known AS (
    SELECT
        activity_date,
        coalesce(max(actor_count) FILTER (country_iso2 = $country), 0) AS actor_count,
        any_value(located_actor_count) AS located_actor_count,
        max(share) FILTER (country_iso2 = $country) AS share,
        max(share_ci_low) FILTER (country_iso2 = $country) AS share_ci_low,
        max(share_ci_high) FILTER (country_iso2 = $country) AS share_ci_high,
        any_value(unknown_share) AS unknown_share,
        any_value(complete_hour_count) AS complete_hour_count,
        any_value(expected_hour_count) AS expected_hour_count,
        bool_and(is_complete) AS is_complete,
        any_value(capture_status) AS capture_status,
        bool_or(is_corrected) AS is_corrected
    FROM mart.engagement
    WHERE activity_date BETWEEN $first AND $last
      AND period = $period
      AND scope = 'tracked'
      AND grouping = 'apart'
      AND event_group = $event_group
    GROUP BY activity_date
),
lost AS (
    SELECT DISTINCT coverage_date AS activity_date
    FROM core.coverage
    WHERE $period = 'day'
      AND coverage_date BETWEEN $first AND $last
      AND source = $combined
      AND scope = 'tracked'
      AND event_type IS NULL
      AND repo_id IS NULL
      AND status = 'degraded'
      AND (event_group = $event_group OR $event_group = 'any')
)
SELECT
    coalesce(k.activity_date, l.activity_date) AS activity_date,
    k.* EXCLUDE (activity_date),
    k.activity_date IS NOT NULL AS has_figure
FROM known AS k
FULL JOIN lost AS l ON l.activity_date = k.activity_date
ORDER BY ALL
