-- mart.country_activity: one day's distinct accounts and events by country.
-- Grain: day, scope, event group, country. Key: the same.
-- Reads: events (core.events of the day), actor_country (core.actor_country of its accounts).
-- Parameters: $day, the UTC date; $cap, events counted of an account, day and event group.
-- Events without an account id (before 2015) count as events of unknown country, not as accounts.
WITH attributed AS (
    SELECT
        unnest(
            list_filter(
                ['tracked', 'panel'],
                lambda scope: CASE scope WHEN 'tracked' THEN e.is_tracked ELSE e.is_panel END
            )
        ) AS scope,
        e.event_group,
        e.actor_id,
        coalesce(a.country_iso2, 'ZZ') AS country_iso2
    FROM events AS e
    LEFT JOIN actor_country AS a USING (actor_id)
    WHERE NOT coalesce(a.is_bot, false)
),
grouped AS (
    SELECT scope, event_group, actor_id, country_iso2 FROM attributed
    UNION ALL
    SELECT scope, 'any' AS event_group, actor_id, country_iso2 FROM attributed
),
by_actor AS (
    SELECT scope, event_group, country_iso2, actor_id, count(*) AS event_count
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
