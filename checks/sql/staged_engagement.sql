-- Rows of stage.engagement, with what their day and event group adds up to.
-- Grain: one day, event group and country. Reads: engagement (stage.engagement), economies.
SELECT
    e.activity_date::VARCHAR AS day,
    e.* EXCLUDE (activity_date),
    x.iso2 IS NOT NULL AS is_known_country,
    sum(e.located_share) OVER one_group AS group_share_sum,
    sum(e.actor_count) OVER one_group - e.located_actor_count AS group_count_difference
FROM engagement AS e
LEFT JOIN economies AS x ON x.iso2 = e.country_iso2
WINDOW one_group AS (PARTITION BY e.activity_date, e.event_group)
ORDER BY ALL
