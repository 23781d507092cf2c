-- published concentration: mart.concentration of the cells that published engagement shows.
-- Grain: as mart.concentration. Key: the same.
-- Reads: concentration (mart.concentration), engagement (published engagement).
-- Parameters: $others, the code of pooled countries.
-- A grouping whose pool is not that of `apart` has a pooled country in a group, and is left out.
WITH cells AS (
    SELECT
        activity_date,
        period,
        scope,
        event_group,
        grouping,
        coalesce(max(actor_count) FILTER (country_iso2 = $others), 0) AS pool_count
    FROM engagement
    GROUP BY ALL
)
SELECT c.*
FROM concentration AS c
INNER JOIN cells AS g USING (activity_date, period, scope, event_group, grouping)
INNER JOIN cells AS a USING (activity_date, period, scope, event_group)
WHERE a.grouping = 'apart' AND a.pool_count = g.pool_count
ORDER BY ALL
