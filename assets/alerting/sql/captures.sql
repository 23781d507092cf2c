-- What each source captured of each event type on tracked repositories on a day, and what is usual.
-- Grain: source and event type.
-- Reads: core.coverage.
-- A source or type of which fewer than three days are known, or that hardly captured anything, has
-- nothing usual, and no row.
-- Parameters: $day, the UTC date; $until, the day that the 28 days of the usual rate lie before.
WITH rates AS (
    SELECT
        coverage_date,
        source,
        event_type,
        event_group,
        capture_rate,
        capture_rate_ci_low,
        capture_rate_ci_high,
        estimated_events,
        yardstick
    FROM core.coverage
    WHERE source != 'combined'
      AND scope = 'tracked'
      AND repo_id IS NULL
      AND event_type IS NOT NULL
      AND capture_rate IS NOT NULL
),
usual AS (
    SELECT source, event_type, median(capture_rate) AS usual_rate
    FROM rates
    WHERE coverage_date < $until::DATE
      AND coverage_date >= $until::DATE - INTERVAL 28 DAY
    GROUP BY ALL
    HAVING count(*) >= 3 AND median(capture_rate) >= 0.1
)
SELECT
    r.source,
    r.event_type,
    r.event_group,
    r.capture_rate,
    r.capture_rate_ci_low,
    r.capture_rate_ci_high,
    r.estimated_events,
    u.usual_rate,
    r.yardstick
FROM rates AS r
INNER JOIN usual AS u USING (source, event_type)
WHERE r.coverage_date = $day::DATE
ORDER BY ALL
