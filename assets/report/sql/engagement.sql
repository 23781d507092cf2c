-- published engagement: the counts of mart.engagement with small cells pooled.
-- Grain: day, event group, country (XX: countries pooled). Key: the same.
-- Reads: engagement (mart.engagement), shown (how each country is shown).
-- Parameters: $smallest, the fewest accounts that may be shown.
-- Shares and intervals are computed from these counts afterwards, as they are for the mart.
SELECT
    e.activity_date,
    e.event_group,
    s.shown_as AS country_iso2,
    sum(e.actor_count)::BIGINT AS actor_count,
    max(e.located_actor_count) AS located_actor_count,
    max(e.total_actor_count) AS total_actor_count,
    max(e.complete_hour_count) AS complete_hour_count,
    bool_and(e.is_complete) AS is_complete
FROM engagement AS e
INNER JOIN shown AS s USING (activity_date, event_group, country_iso2)
GROUP BY ALL
HAVING sum(e.actor_count) >= $smallest
ORDER BY ALL
