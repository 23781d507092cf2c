-- Forks of tracked repositories by week and label: the counts of the paper's specification.
-- Grain: ISO week (its Sunday), repository. Key: the same.
-- Reads: events (core.events of some days), actor_country (core.actor_country as of those days).
-- Columns: event_count, events of any type; forks by the clock (before_17, from_17: 17:00 UTC and
-- later) and of accounts located in CN and US (located_cn, located_us).
SELECT
    (date_trunc('week', e.event_date) + INTERVAL 6 DAY)::DATE AS week_date,
    e.repo_id,
    count(*) AS event_count,
    count(*) FILTER (e.event_type = 'ForkEvent' AND hour(e.created_at AT TIME ZONE 'UTC') < 17)
        AS before_17,
    count(*) FILTER (e.event_type = 'ForkEvent' AND hour(e.created_at AT TIME ZONE 'UTC') >= 17)
        AS from_17,
    count(*) FILTER (e.event_type = 'ForkEvent' AND c.located_iso2 = 'CN') AS located_cn,
    count(*) FILTER (e.event_type = 'ForkEvent' AND c.located_iso2 = 'US') AS located_us
FROM events AS e
LEFT JOIN actor_country AS c
    ON c.as_of_date = e.event_date AND c.actor_id = e.actor_id
WHERE e.is_tracked AND e.repo_id IS NOT NULL
GROUP BY ALL
ORDER BY ALL
