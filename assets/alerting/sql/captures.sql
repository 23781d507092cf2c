-- What a source captured of each event type of a group on tracked repositories on a day, and what is usual.
-- Grain: event type.
-- Reads: core.coverage.
-- What is usual is the best of eight stretches of 28 days, by their medians: a loss that comes slowly
-- takes the last stretch down with it, and not those before. A stretch counts with seven known days,
-- the last one with three; a source or type without one, or that hardly captured anything, has nothing
-- usual, and no row. Yardsticks differ in level (a source's own past never shows what it missed all
-- along): a rate is set against rates by the same one; nothing at all, against any.
-- Parameters: $source, its name; $event_group; $day, the UTC date; $until, the day that the stretches
-- lie before; $since, the first day that they may hold.
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
      AND event_group = $event_group
      AND scope = 'tracked'
      AND repo_id IS NULL
      AND event_type IS NOT NULL
      AND capture_rate IS NOT NULL
),
before AS (
    SELECT *, ($until::DATE - coverage_date - 1) // 28 AS stretch
    FROM rates
    WHERE coverage_date < $until::DATE
      AND coverage_date >= $until::DATE - INTERVAL 224 DAY
      AND coverage_date >= $since::DATE
),
levels AS (
    SELECT event_type, yardstick, stretch, median(capture_rate) AS level
    FROM before
    GROUP BY ALL
    HAVING count(*) >= if(stretch = 0, 3, 7)
),
levels_by_any AS (
    SELECT event_type, stretch, median(capture_rate) AS level
    FROM before
    GROUP BY ALL
    HAVING count(*) >= if(stretch = 0, 3, 7)
),
usual AS (
    SELECT event_type, yardstick, max(level) AS usual_rate
    FROM levels
    GROUP BY ALL
    HAVING max(level) >= 0.1
),
usual_by_any AS (
    SELECT event_type, max(level) AS usual_rate
    FROM levels_by_any
    GROUP BY ALL
    HAVING max(level) >= 0.1
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
LEFT JOIN usual AS u USING (event_type, yardstick)
LEFT JOIN usual_by_any AS a ON a.event_type = r.event_type AND r.capture_rate = 0
WHERE r.coverage_date = $day::DATE
  AND coalesce(u.usual_rate, a.usual_rate) IS NOT NULL
ORDER BY ALL
