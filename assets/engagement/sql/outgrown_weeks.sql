-- Weeks whose figures were made before days of theirs became more whole.
-- Grain: Sunday that ends the week.
-- Reads: mart.engagement.
-- Parameters: $first and $last, the Sundays.
WITH hours AS (
    SELECT DISTINCT activity_date, period, complete_hour_count
    FROM mart.engagement
    WHERE scope = 'tracked'
      AND grouping = 'apart'
      AND event_group = 'any'
      AND period IN ('day', 'week')
      AND activity_date BETWEEN $first::DATE - 6 AND $last
)
SELECT w.activity_date, sum(d.complete_hour_count)::BIGINT AS complete_hour_count
FROM hours AS w
JOIN hours AS d
    ON d.period = 'day'
    AND d.activity_date BETWEEN w.activity_date - 6 AND w.activity_date
WHERE w.period = 'week'
  AND w.activity_date >= $first
GROUP BY w.activity_date, w.complete_hour_count
HAVING sum(d.complete_hour_count) > w.complete_hour_count
ORDER BY ALL
