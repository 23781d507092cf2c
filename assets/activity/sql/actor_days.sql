-- core.actor_days: one day's events by account, event group and kind of repository.
-- Grain: day, actor_id (null: all events without one), event_group, is_tracked, is_panel, origin,
-- layer.
-- Reads: events (core.events of the day), repositories (github_id, origin, layer).
-- Parameters: $day, the UTC date.
SELECT
    $day::DATE AS activity_date,
    e.actor_id,
    e.event_group,
    e.is_tracked,
    -- Commits are seen on tracked repositories only: in the panel they would have no counterpart.
    e.is_panel AND e.event_type != 'Commit' AS is_panel,
    CASE WHEN e.is_tracked THEN r.origin END AS origin,
    CASE WHEN e.is_tracked THEN r.layer END AS layer,
    count(*) AS event_count,
    count(*) FILTER (hour(e.created_at) < 17) AS before_17_count,
    -- A commit's time is often its merger's: it says nothing of the author's hours.
    coalesce(
        bit_or(1 << hour(e.created_at)::INTEGER) FILTER (e.event_type != 'Commit'), 0
    )::INTEGER AS hour_mask
FROM events AS e
LEFT JOIN repositories AS r ON r.github_id = e.repo_id
GROUP BY ALL
ORDER BY ALL
