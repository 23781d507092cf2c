-- Event types of a day with far fewer events an hour than in the days before.
-- Grain: one day, source and event type at fault.
-- Reads: totals (raw.archive_totals), hours (raw.archive_hours), of the days and those before.
-- Parameters: $days; $trailing and $fewest_days (days); $fewest_events (a day); $ratio (0 to 1).
WITH whole_hours AS (
    SELECT source, archive_date, file_hour
    FROM hours
    WHERE status = 'complete' AND NOT is_neighbour
),
hour_counts AS (
    SELECT source, archive_date, count(*) AS hour_count FROM whole_hours GROUP BY ALL
),
event_types AS (
    SELECT DISTINCT source, event_type FROM totals
),
counts AS (
    SELECT source, archive_date, event_type, sum(event_count) AS event_count
    FROM totals
    SEMI JOIN whole_hours USING (source, archive_date, file_hour)
    GROUP BY ALL
),
rates AS (
    SELECT
        h.source,
        h.archive_date,
        t.event_type,
        coalesce(c.event_count, 0) / h.hour_count AS hourly_count
    FROM hour_counts AS h
    INNER JOIN event_types AS t USING (source)
    LEFT JOIN counts AS c USING (source, archive_date, event_type)
),
compared AS (
    SELECT
        r.archive_date,
        r.source,
        r.event_type,
        r.hourly_count,
        median(b.hourly_count) AS usual_hourly_count,
        count(b.archive_date) AS day_count
    FROM rates AS r
    INNER JOIN rates AS b
        ON b.source = r.source
        AND b.event_type = r.event_type
        AND b.archive_date BETWEEN r.archive_date - $trailing::INTEGER AND r.archive_date - 1
    WHERE list_contains($days::DATE[], r.archive_date)
    GROUP BY ALL
)
SELECT archive_date, source, event_type, hourly_count, usual_hourly_count
FROM compared
WHERE day_count >= $fewest_days
  AND usual_hourly_count * 24 >= $fewest_events
  AND hourly_count < $ratio * usual_hourly_count
ORDER BY ALL
