-- Messages that wait to be delivered, each with the opening message of its thread.
-- grain: one message of ops.outbox that is neither delivered nor dead
-- key: message_key
-- reads: ops.outbox
SELECT
    waiting.message_key,
    waiting.kind,
    waiting.action,
    waiting.thread_key,
    waiting.message,
    waiting.png,
    waiting.created_at,                                              -- UTC
    waiting.requeued_at,                                             -- UTC
    waiting.attempt_count,
    waiting.attempted_at,                                            -- UTC
    waiting.last_error,
    opening.message AS opening_message,                              -- null without one
    opening.delivered_at IS NOT NULL AS is_opening_delivered,
    opening.dead_at IS NOT NULL AND opening.delivered_at IS NULL AS is_opening_dead,
    opening.slack_channel,
    opening.slack_ts,
    EXISTS (
        SELECT 1
        FROM ops.outbox AS later
        WHERE later.thread_key = waiting.thread_key
            AND later.action = 'update'
            AND later.delivered_at IS NOT NULL
            AND later.created_at > waiting.created_at
    ) AS is_superseded                                               -- of updates only
FROM ops.outbox AS waiting
LEFT JOIN ops.outbox AS opening ON opening.message_key = waiting.thread_key
WHERE waiting.delivered_at IS NULL AND waiting.dead_at IS NULL
