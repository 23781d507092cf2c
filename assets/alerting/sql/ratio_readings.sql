-- The weekly ratio of two countries' shares of an event group, for rules on a crossing.
-- Grain: ISO week, by its Sunday.
-- Reads: mart.country_ratio, mart.engagement.
-- Parameters: $country, $other, $event_group; $first and $last, the Sundays.
WITH wholes AS (
    SELECT
        activity_date,
        any_value(located_actor_count) AS located_actor_count,
        any_value(unknown_share) AS unknown_share,
        any_value(complete_hour_count) AS complete_hour_count,
        any_value(expected_hour_count) AS expected_hour_count
    FROM mart.engagement
    WHERE activity_date BETWEEN $first AND $last
      AND period = 'week'
      AND scope = 'tracked'
      AND grouping = 'apart'
      AND event_group = $event_group
    GROUP BY activity_date
)
SELECT
    r.activity_date,
    r.share,
    r.other_share,
    r.share_ratio,
    r.ratio_ci_low,
    r.ratio_ci_high,
    r.capture_status,
    r.is_corrected,
    w.* EXCLUDE (activity_date)
FROM mart.country_ratio AS r
JOIN wholes AS w ON w.activity_date = r.activity_date
WHERE r.activity_date BETWEEN $first AND $last
  AND r.scope = 'tracked'
  AND r.grouping = 'apart'
  AND r.event_group = $event_group
  AND r.country_iso2 = $country
  AND r.other_iso2 = $other
ORDER BY ALL
