-- published engagement: mart.engagement with small cells pooled.
-- Grain: activity_date, period, scope, event group, grouping, country (XX: countries pooled).
-- Key: the same.
-- Reads: engagement (mart.engagement), shown (how each country is shown), groupings (grouping,
-- country_iso2, group_code of grouped countries).
-- Parameters: $smallest, the fewest accounts that may be shown.
-- Counts and shares of the pool are sums; its interval is not, and stays null. Shares of located
-- accounts and their intervals are computed from these counts afterwards, as they are for the mart.
-- A group of a grouping less its members that are shown apart gives the hidden ones away: where
-- those are too few together, the group is left out.
WITH hidden AS (
    SELECT
        e.activity_date,
        e.period,
        e.scope,
        e.event_group,
        g.grouping,
        g.group_code AS country_iso2,
        sum(e.actor_count) FILTER (s.shown_as != e.country_iso2) AS hidden_count
    FROM engagement AS e
    INNER JOIN shown AS s
        USING (activity_date, period, scope, event_group, grouping, country_iso2)
    INNER JOIN groupings AS g ON g.country_iso2 = e.country_iso2
    WHERE e.grouping = 'apart'
    GROUP BY ALL
)
SELECT
    e.activity_date,
    e.period,
    e.scope,
    e.event_group,
    e.grouping,
    s.shown_as AS country_iso2,
    sum(e.actor_count)::BIGINT AS actor_count,
    max(e.located_actor_count) AS located_actor_count,
    max(e.total_actor_count) AS total_actor_count,
    sum(e.share) AS share,
    CASE WHEN count(*) = 1 THEN max(e.share_ci_low) END AS share_ci_low,
    CASE WHEN count(*) = 1 THEN max(e.share_ci_high) END AS share_ci_high,
    CASE WHEN count(*) = 1 THEN max(e.share_log_se) END AS share_log_se,
    max(e.clock_17utc_share) FILTER (s.shown_as = e.country_iso2) AS clock_17utc_share,
    CASE WHEN count(*) = 1 THEN max(e.location_quotient) END AS location_quotient,
    CASE WHEN count(*) = 1 THEN max(e.location_quotient_ci_low) END AS location_quotient_ci_low,
    CASE WHEN count(*) = 1 THEN max(e.location_quotient_ci_high) END AS location_quotient_ci_high,
    max(e.complete_hour_count) AS complete_hour_count,
    max(e.expected_hour_count) AS expected_hour_count,
    bool_and(e.is_complete) AS is_complete
FROM engagement AS e
INNER JOIN shown AS s
    USING (activity_date, period, scope, event_group, grouping, country_iso2)
LEFT JOIN hidden AS h
    USING (activity_date, period, scope, event_group, grouping, country_iso2)
WHERE coalesce(h.hidden_count, $smallest) >= $smallest
GROUP BY ALL
HAVING sum(e.actor_count) >= $smallest
ORDER BY ALL
