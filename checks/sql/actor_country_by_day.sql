-- Profile of core.actor_country for the accounts active on each day.
-- Grain: one day. Reads: events, actor_country (with is_known_country), days. Counts of accounts.
WITH actors AS (
    SELECT DISTINCT event_date, actor_id FROM events WHERE actor_id IS NOT NULL
)
SELECT
    d.day::VARCHAR AS day,
    count(a.actor_id) AS actor_count,
    count(a.actor_id) FILTER (c.actor_id IS NULL) AS unattributed_count,
    count(a.actor_id) FILTER (c.country_iso2 IS NOT NULL AND NOT c.is_known_country)
        AS unknown_code_count,
    count(a.actor_id) FILTER ((c.country_iso2 IS NULL) != (c.rule IS NULL)) AS ruleless_count,
    coalesce(
        count(a.actor_id) FILTER (c.country_iso2 IS NOT NULL) / nullif(count(a.actor_id), 0), 0.0
    ) AS located_share
FROM days AS d
LEFT JOIN actors AS a ON a.event_date = d.day
LEFT JOIN actor_country AS c USING (actor_id)
GROUP BY d.day
ORDER BY d.day
