-- What a source captured of each event type on tracked repositories on a day, and what is usual.
-- Grain: event type.
-- Reads: core.coverage.
-- A source or type of which fewer than three days are known, or that hardly captured anything, has
-- nothing usual, and no row. Yardsticks differ in level (a source's own past never shows what it
-- missed all along): a rate is set against rates by the same one; nothing at all, against any.
-- Parameters: $source, its name; $day, the UTC date; $until, the day that the 28 days of the usual rate lie before.
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
    WHERE source = $source
      AND scope = 'tracked'
      AND repo_id IS NULL
      AND event_type IS NOT NULL
      AND capture_rate IS NOT NULL
),
before AS (
    FROM rates
    WHERE coverage_date < $until::DATE
      AND coverage_date >= $until::DATE - INTERVAL 28 DAY
),
usual AS (
    SELECT source, event_type, yardstick, median(capture_rate) AS usual_rate
    FROM before
    GROUP BY ALL
    HAVING count(*) >= 3 AND median(capture_rate) >= 0.1
),
usual_by_any AS (
    SELECT source, event_type, median(capture_rate) AS usual_rate
    FROM before
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
    coalesce(u.usual_rate, a.usual_rate) AS usual_rate,
    r.yardstick
FROM rates AS r
LEFT JOIN usual AS u USING (source, event_type, yardstick)
LEFT JOIN usual_by_any AS a ON a.source = r.source AND a.event_type = r.event_type
    AND r.capture_rate = 0
WHERE r.coverage_date = $day::DATE
  AND coalesce(u.usual_rate, a.usual_rate) IS NOT NULL
ORDER BY ALL
