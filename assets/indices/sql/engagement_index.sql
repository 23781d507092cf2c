-- mart.engagement_index: weekly shares beside their bases; the index itself is computed after it.
-- Grain: ISO week (its Sunday), scope, event group, grouping, country. Key: the same.
-- Reads: mart.engagement without masked cells, core.economies, core.country_groupings, core.innovation_graph.
-- Parameters: $base_weeks, Sundays of the base weeks; $base_from and $base_to, its first and last
-- day.
-- Columns: share, its bounds, base_share and innovation_graph_share from 0 to 1;
-- accounts_per_million in accounts.
WITH weekly AS (
    SELECT
        activity_date,
        scope,
        event_group,
        grouping,
        country_iso2,
        share,
        share_ci_low,
        share_ci_high,
        total_actor_count,
        is_complete,
        capture_status,
        is_corrected
    FROM mart.engagement
    WHERE period = 'week' AND NOT is_masked
),
base AS (
    SELECT scope, event_group, grouping, country_iso2, avg(share) AS base_share
    FROM weekly
    WHERE list_contains($base_weeks, activity_date) AND is_complete
    GROUP BY ALL
    HAVING count(share) = len($base_weeks)
),
residents AS (
    SELECT g.grouping, g.group_code AS country_iso2, sum(e.population) AS population
    FROM core.country_groupings AS g
    INNER JOIN core.economies AS e ON e.iso2 = g.country_iso2
    GROUP BY ALL
),
accounts AS (
    SELECT
        g.grouping,
        g.group_code AS country_iso2,
        i.quarter_start_date,
        sum(i.developer_share) AS innovation_graph_share
    FROM core.country_groupings AS g
    INNER JOIN core.innovation_graph AS i USING (country_iso2)
    GROUP BY ALL
),
-- All countries of a week are set against one quarter, also those that a newer quarter leaves out.
quarters AS (
    SELECT w.activity_date, q.quarter_start_date, q.innovation_graph_quarter
    FROM (SELECT DISTINCT activity_date FROM weekly) AS w
    ASOF INNER JOIN (
        SELECT DISTINCT quarter_start_date, year || 'Q' || quarter AS innovation_graph_quarter
        FROM core.innovation_graph
    ) AS q ON w.activity_date >= q.quarter_start_date
)
SELECT
    w.activity_date,
    w.scope,
    w.event_group,
    w.grouping,
    w.country_iso2,
    w.share,
    w.share_ci_low,
    w.share_ci_high,
    b.base_share,
    $base_from::DATE AS base_from_date,
    $base_to::DATE AS base_to_date,
    w.share * w.total_actor_count * 1e6 / nullif(r.population, 0)::DOUBLE AS accounts_per_million,
    a.innovation_graph_share,
    w.share / a.innovation_graph_share AS innovation_graph_quotient,
    q.innovation_graph_quarter,
    w.is_complete,
    w.capture_status,
    w.is_corrected
FROM weekly AS w
LEFT JOIN base AS b USING (scope, event_group, grouping, country_iso2)
LEFT JOIN residents AS r USING (grouping, country_iso2)
LEFT JOIN quarters AS q USING (activity_date)
LEFT JOIN accounts AS a USING (grouping, country_iso2, quarter_start_date)
ORDER BY ALL
