-- Rows of stage.engagement, with what their cell adds up to.
-- Grain: as stage.engagement. Reads: engagement (stage.engagement), economies.
SELECT
    e.activity_date::VARCHAR AS day,
    e.* EXCLUDE (activity_date),
    x.iso2 IS NOT NULL AS is_known_country,
    sum(e.located_share) OVER one_cell AS cell_located_share_sum,
    sum(e.share) OVER one_cell AS cell_share_sum,
    sum(e.actor_count) OVER one_cell - e.located_actor_count AS cell_count_difference
FROM engagement AS e
LEFT JOIN economies AS x ON x.iso2 = e.country_iso2
WINDOW one_cell AS (
    PARTITION BY e.activity_date, e.period, e.scope, e.event_group, e.grouping
)
ORDER BY ALL
