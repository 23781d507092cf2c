-- mart.country_ratio: weekly shares of two countries side by side; the ratio is computed after it.
-- Grain: ISO week (its Sunday), scope, event group, grouping. Key: the same.
-- Reads: mart.engagement without masked cells: their weeks count as missing.
-- Parameters: $country and $other, the codes of the pair.
-- Columns: shares and their bounds from 0 to 1; log_se and other_log_se, standard errors of the
-- shares' logarithms.
-- A cell has a row for every week from its first to the newest of the table, so that a week without
-- data is seen.
WITH weekly AS (
    SELECT *
    FROM mart.engagement
    WHERE period = 'week' AND NOT is_masked
),
cells AS (
    SELECT scope, event_group, grouping, min(activity_date) AS first_date
    FROM weekly
    GROUP BY ALL
),
calendar AS (
    SELECT
        unnest(
            generate_series(
                first_date, (SELECT max(activity_date) FROM weekly), INTERVAL 7 DAY
            )
        )::DATE AS activity_date,
        scope,
        event_group,
        grouping
    FROM cells
)
SELECT
    c.activity_date,
    c.scope,
    c.event_group,
    c.grouping,
    $country AS country_iso2,
    $other AS other_iso2,
    a.share,
    a.share_ci_low,
    a.share_ci_high,
    a.share_log_se AS log_se,
    b.share AS other_share,
    b.share_ci_low AS other_share_ci_low,
    b.share_ci_high AS other_share_ci_high,
    b.share_log_se AS other_log_se,
    coalesce(a.is_complete, b.is_complete, false) AS is_complete,
    coalesce(
        a.is_complete
        AND b.is_complete
        AND isfinite(a.share_ci_low)
        AND isfinite(a.share_ci_high)
        AND isfinite(b.share_ci_low)
        AND isfinite(b.share_ci_high),
        false
    ) AS is_compared,
    coalesce(a.capture_status, b.capture_status, 'unknown') AS capture_status,
    coalesce(a.is_corrected, b.is_corrected, false) AS is_corrected
FROM calendar AS c
LEFT JOIN (FROM weekly WHERE country_iso2 = $country) AS a
    USING (activity_date, scope, event_group, grouping)
LEFT JOIN (FROM weekly WHERE country_iso2 = $other) AS b
    USING (activity_date, scope, event_group, grouping)
ORDER BY ALL
