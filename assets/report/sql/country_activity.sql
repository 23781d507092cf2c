-- published country_activity: mart.country_activity with small cells pooled.
-- Grain: day, scope, event group, country (XX: countries pooled). Key: the same.
-- Reads: activity (mart.country_activity), shown (how each country is shown).
-- Parameters: $smallest, the fewest accounts that may be shown.
SELECT
    a.activity_date,
    a.scope,
    a.event_group,
    s.shown_as AS country_iso2,
    sum(a.actor_count)::BIGINT AS actor_count,
    sum(a.event_count)::BIGINT AS event_count,
    sum(a.capped_event_count)::BIGINT AS capped_event_count,
    max(a.event_cap) AS event_cap
FROM activity AS a
INNER JOIN shown AS s USING (activity_date, scope, event_group, country_iso2)
-- The events of `any` are the sum of the groups': beside them, it would give pooled cells away.
-- So are the events of all tracked repositories those of their layers.
WHERE a.event_group != 'any' AND a.scope IN ('tracked', 'panel')
GROUP BY ALL
HAVING sum(a.actor_count) >= $smallest
ORDER BY ALL
