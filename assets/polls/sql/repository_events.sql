-- raw.repository_events: one day's events, those known before and those of new polls.
-- Grain: one event. Key: event_type, event_id, created_at.
-- Reads: known (the day's rows as they are), fresh (rows of new polls).
-- The row of the poll that saw an event first stays, so that the same polls give the same file.
SELECT *
FROM (SELECT * FROM known UNION ALL SELECT * FROM fresh)
QUALIFY row_number() OVER (
    PARTITION BY event_type, event_id, created_at ORDER BY polled_at, repo_id
) = 1
ORDER BY created_at, event_type, event_id
