-- mart.crossings: the weeks of a pair of countries as lists, oldest first; compared after it.
-- Grain: scope, event group, grouping, pair of countries. Key: the same.
-- Reads: mart.country_ratio.
-- Columns: weeks; low, high, other_low, other_high, bounds from 0 to 1, null in skipped weeks.
SELECT
    scope,
    event_group,
    grouping,
    country_iso2,
    other_iso2,
    list(activity_date ORDER BY activity_date) AS weeks,
    list(CASE WHEN is_compared THEN share_ci_low END ORDER BY activity_date) AS low,
    list(CASE WHEN is_compared THEN share_ci_high END ORDER BY activity_date) AS high,
    list(CASE WHEN is_compared THEN other_share_ci_low END ORDER BY activity_date) AS other_low,
    list(CASE WHEN is_compared THEN other_share_ci_high END ORDER BY activity_date) AS other_high
FROM mart.country_ratio
GROUP BY ALL
ORDER BY ALL
