-- mart.country_activity: one day's distinct accounts and events by located country.
-- Grain: day, scope, event group, country. Key: the same.
-- Reads: actor_days (core.actor_days of the day), actor_country (core.actor_country as of it).
-- Parameters: $day, the UTC date; $cap, events counted of an account, day and event group.
-- Events without an account count as events of unknown country, not as accounts.
WITH scoped AS (
    SELECT
        unnest(
            list_filter(
                [
                    CASE WHEN d.is_tracked THEN 'tracked' END,
                    CASE WHEN d.is_panel THEN 'panel' END,
                    CASE WHEN d.is_tracked THEN 'origin_' || d.origin END,
                    CASE WHEN d.is_tracked THEN 'layer_' || d.layer END
                ],
                lambda scope: scope IS NOT NULL
            )
        ) AS scope,
        d.event_group,
        d.actor_id,
        coalesce(c.located_iso2, 'ZZ') AS country_iso2,
        d.event_count
    FROM actor_days AS d
    LEFT JOIN actor_country AS c USING (actor_id)
    WHERE NOT coalesce(c.is_bot, false)
),
grouped AS (
    FROM scoped
    UNION ALL BY NAME
    SELECT * REPLACE ('any' AS event_group) FROM scoped
),
by_actor AS (
    SELECT scope, event_group, country_iso2, actor_id, sum(event_count) AS event_count
    FROM grouped
    GROUP BY ALL
)
SELECT
    $day::DATE AS activity_date,
    scope,
    event_group,
    country_iso2,
    count(actor_id) AS actor_count,
    sum(event_count)::BIGINT AS event_count,
    sum(CASE WHEN actor_id IS NULL THEN event_count ELSE least(event_count, $cap) END)::BIGINT
        AS capped_event_count,
    $cap::INTEGER AS event_cap
FROM by_actor
GROUP BY scope, event_group, country_iso2
ORDER BY scope, event_group, country_iso2
