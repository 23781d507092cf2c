-- Profile of core.events, a row a day asked for (days without events too).
-- Grain: one day. Reads: events (core.events), days. All counts are of events.
SELECT
    d.day::VARCHAR AS day,
    count(e.event_id) AS event_count,
    count(e.event_id) FILTER (e.is_tracked) AS tracked_count,
    count(e.event_id) - count(DISTINCT (e.event_type, e.event_id, e.created_at))
        FILTER (e.event_id IS NOT NULL) AS duplicate_count,
    count(e.event_id) FILTER ((e.created_at AT TIME ZONE 'UTC')::DATE != d.day)
        AS outside_day_count,
    count(e.event_id) FILTER (NOT e.is_tracked AND NOT e.is_panel) AS unselected_count,
    count(e.event_id) FILTER (
        e.actor_id IS NULL AND e.created_at >= '2015-01-01' AND e.event_type != 'Commit'
    ) AS actorless_count,
    count(e.event_id) FILTER (
        e.event_group NOT IN ('contribution', 'participation', 'attention', 'other')
    ) AS ungrouped_count
FROM days AS d
LEFT JOIN events AS e ON e.event_date = d.day
GROUP BY d.day
ORDER BY d.day
