-- core.events: one day's events from the archive rows that may hold them, and its commits.
-- Grain: one event. Key: event_type, event_id, created_at.
-- Reads: archive_events (raw.archive_events of the day and of the seven days after, of all
-- archives), polled_events (raw.repository_events of the day), commits (raw.commits of the day, with
-- linked accounts and is_panel).
-- Parameters: $day, the UTC date.
-- Event ids restarted in 2025 and count separately by type: the id alone identifies nothing.
-- A commit stands in every repository that shares it, and is one event: of the oldest of them.
WITH every_event AS (
    SELECT
        event_type, event_id, created_at, actor_id, is_bot, repo_id, action, is_tracked, is_panel,
        source, file_hour
    FROM archive_events
    UNION ALL
    SELECT
        -- Only archives look everywhere: what polls alone saw would fill the panel one-sidedly.
        event_type, event_id, created_at, actor_id, is_bot, repo_id, action, true, false,
        source, date_trunc('hour', created_at)
    FROM polled_events
    UNION ALL
    SELECT
        'Commit', sha, committed_at, actor_id, is_bot, repo_id, NULL, true, is_panel,
        source, date_trunc('hour', committed_at)
    FROM commits
)
SELECT
    $day::DATE AS event_date,
    event_type,
    event_id,
    created_at,
    CASE
        WHEN event_type IN (
            'PushEvent', 'PullRequestEvent', 'PullRequestReviewEvent',
            'PullRequestReviewCommentEvent', 'Commit'
        ) THEN 'contribution'
        WHEN event_type IN ('IssuesEvent', 'IssueCommentEvent', 'CommitCommentEvent')
            THEN 'participation'
        WHEN event_type IN ('WatchEvent', 'ForkEvent') THEN 'attention'
        ELSE 'other'
    END AS event_group,
    actor_id,
    repo_id,
    action,
    bool_or(is_tracked) OVER same_event AS is_tracked,
    bool_or(is_panel) OVER same_event AS is_panel,
    source,
    list_sort(list_distinct(list(source) OVER same_event)) AS sources,
    file_hour
FROM every_event
WHERE (created_at AT TIME ZONE 'UTC')::DATE = $day::DATE
  AND NOT is_bot
WINDOW same_event AS (PARTITION BY event_type, event_id, created_at)
QUALIFY row_number() OVER (same_event ORDER BY file_hour, source, repo_id) = 1
ORDER BY created_at, event_type, event_id
