-- Figures of countries by period, as far as there are rows of them; the grid is made after it.
-- Grain: last day of the period, event group, country. Key: the same.
-- Reads: mart.engagement (scope tracked, grouping apart), mart.country_activity (scope tracked).
-- Parameters: $period, day or week (ISO, Monday to Sunday); $days, how many days that is.
-- Columns: counts in accounts, event_count in events, shares 0 to 1. event_count is null unless
-- country_activity holds every day of the period. country_iso2 ZZ is in none: unknown accounts are
-- in total_actor_count, their events in total_event_count.
WITH activity AS (
    SELECT
        CASE
            WHEN $period = 'week' THEN (date_trunc('week', activity_date) + INTERVAL 6 DAY)::DATE
            ELSE activity_date
        END AS activity_date,
        activity_date AS covered_date,
        event_group,
        country_iso2,
        event_count
    FROM mart.country_activity
    WHERE scope = 'tracked'
),
covered AS (
    SELECT activity_date
    FROM activity
    GROUP BY ALL
    HAVING count(DISTINCT covered_date) = $days
),
events AS (
    SELECT activity_date, event_group, country_iso2, sum(event_count)::BIGINT AS event_count
    FROM activity
    SEMI JOIN covered USING (activity_date)
    GROUP BY ALL
),
totals AS (
    SELECT activity_date, event_group, sum(event_count)::BIGINT AS total_event_count
    FROM events
    GROUP BY ALL
)
SELECT
    e.activity_date,
    e.event_group,
    e.country_iso2,
    e.actor_count,
    e.located_actor_count,
    e.total_actor_count,
    CASE WHEN c.activity_date IS NOT NULL THEN coalesce(v.event_count, 0) END AS event_count,
    CASE WHEN c.activity_date IS NOT NULL THEN coalesce(t.total_event_count, 0) END
        AS total_event_count,
    e.share,
    e.share_ci_low,
    e.share_ci_high,
    e.share_log_se,
    e.clock_17utc_share,
    e.is_complete,
    e.complete_hour_count,
    e.expected_hour_count,
    e.capture_status,
    e.is_masked,
    e.is_corrected
FROM mart.engagement AS e
LEFT JOIN covered AS c ON c.activity_date = e.activity_date
LEFT JOIN events AS v
    ON v.activity_date = e.activity_date
    AND v.event_group = e.event_group
    AND v.country_iso2 = e.country_iso2
LEFT JOIN totals AS t ON t.activity_date = e.activity_date AND t.event_group = e.event_group
WHERE e.period = $period AND e.scope = 'tracked' AND e.grouping = 'apart'
ORDER BY ALL
