-- ops.alerts as it was before alerts had ids and threads of their own, in its present form.
-- Grain: alert.
-- Reads: ops.alerts (of then), ops.outbox.
-- What was said of an alert that fires is found by its key, which held the rule's id, what it was of
-- and the day, so that it is not said again.
SELECT
    a.rule_id AS alert_id,
    split_part(a.rule_id, ':', 1) AS rule_id,
    a.state,
    a.since_date,
    a.evaluated_through,
    a.value,
    a.ci_low,
    a.ci_high,
    a.held_from,
    a.held_through,
    '' AS recent,
    CASE WHEN 'firing' IN (a.state, a.held_from) THEN a.since_date END AS episode_date,
    1 AS episode_number,
    CASE WHEN 'firing' IN (a.state, a.held_from) THEN m.message_key END AS thread_key,
    CASE WHEN m.message_key IS NOT NULL THEN a.since_date END AS said_date,
    NULL::DATE AS resolved_date
FROM ops.alerts AS a
LEFT JOIN (
    SELECT rule_id, max(message_key) AS message_key
    FROM ops.alerts
    JOIN ops.outbox ON message_key LIKE '%' || replace(rule_id, ':', '%') || '%:firing'
    GROUP BY rule_id
) AS m ON m.rule_id = a.rule_id
