-- Shares of countries over four weeks, and over the four weeks before, for rules on their change.
-- Grain: country and Sunday that ends the newer four weeks.
-- Reads: mart.engagement.
-- Of a country without a row in one of the two, its count there is 0; both must have rows of others.
-- Parameters: $event_group; $first and $last, the Sundays.
WITH periods AS (
    SELECT
        activity_date,
        country_iso2,
        actor_count,
        located_actor_count,
        unknown_share,
        complete_hour_count,
        expected_hour_count,
        is_complete,
        capture_status,
        is_corrected
    FROM mart.engagement
    WHERE activity_date BETWEEN $first::DATE - 28 AND $last
      AND period = '28d'
      AND scope = 'tracked'
      AND grouping = 'apart'
      AND event_group = $event_group
),
wholes AS (
    SELECT
        activity_date,
        any_value(located_actor_count) AS located_actor_count,
        any_value(unknown_share) AS unknown_share,
        any_value(complete_hour_count) AS complete_hour_count,
        any_value(expected_hour_count) AS expected_hour_count,
        bool_and(is_complete) AS is_complete,
        any_value(capture_status) AS capture_status,
        bool_or(is_corrected) AS is_corrected
    FROM periods
    GROUP BY activity_date
),
countries AS (
    SELECT DISTINCT country_iso2
    FROM periods
)
SELECT
    w.activity_date,
    c.country_iso2,
    coalesce(p.actor_count, 0) AS actor_count,
    coalesce(e.actor_count, 0) AS actor_count_before,
    b.located_actor_count AS located_actor_count_before,
    w.located_actor_count,
    w.unknown_share,
    w.complete_hour_count,
    w.expected_hour_count,
    w.is_complete AND b.is_complete AS is_complete,
    w.is_corrected OR b.is_corrected AS is_corrected,
    CASE
        WHEN 'degraded' IN (w.capture_status, b.capture_status) THEN 'degraded'
        WHEN 'unknown' IN (w.capture_status, b.capture_status) THEN 'unknown'
        ELSE 'sound'
    END AS capture_status
FROM wholes AS w
JOIN wholes AS b ON b.activity_date = w.activity_date - 28
CROSS JOIN countries AS c
LEFT JOIN periods AS p ON p.activity_date = w.activity_date AND p.country_iso2 = c.country_iso2
LEFT JOIN periods AS e ON e.activity_date = b.activity_date AND e.country_iso2 = c.country_iso2
WHERE w.activity_date BETWEEN $first AND $last
ORDER BY ALL
