-- published engagement: mart.engagement with small cells pooled.
-- Grain: activity_date, period, scope, event group, grouping, country (XX: countries pooled).
-- Key: the same.
-- Reads: engagement (mart.engagement), shown (how each country of the grouping `apart` is shown),
-- groupings (grouping, country_iso2, group_code of all economies).
-- Parameters: $smallest, the fewest accounts that may be shown; $others, the code of the pool.
-- Counts and shares of the pool are sums; its interval is not, and stays null. Shares of located
-- accounts and their intervals are computed from these counts afterwards, as they are for the mart.
-- Under a grouping, countries by themselves are shown as they are apart, and the pool is the one
-- apart less the members of groups, which a reader can therefore tell from the rest of the pool.
-- Where one of the two would be small, or another grouping parts the same pool already, neither
-- group nor pool is shown: what is missing to the total is then the group and the pool together.
WITH apart AS (
    SELECT
        e.activity_date,
        e.period,
        e.scope,
        e.event_group,
        e.country_iso2,
        e.actor_count
    FROM engagement AS e
    INNER JOIN shown AS s USING (activity_date, period, scope, event_group, country_iso2)
    WHERE e.grouping = 'apart' AND s.shown_as = $others
),
members AS (
    SELECT grouping, group_code, country_iso2
    FROM groupings
    QUALIFY count(*) OVER (PARTITION BY grouping, group_code) > 1
),
pools AS (
    SELECT activity_date, period, scope, event_group, sum(actor_count) AS pool_count
    FROM apart
    GROUP BY ALL
),
hidden AS (
    SELECT
        a.activity_date,
        a.period,
        a.scope,
        a.event_group,
        m.grouping,
        m.group_code,
        sum(a.actor_count) AS hidden_count
    FROM apart AS a
    INNER JOIN members AS m USING (country_iso2)
    GROUP BY ALL
),
parted AS (
    SELECT
        h.activity_date,
        h.period,
        h.scope,
        h.event_group,
        h.grouping,
        min(h.hidden_count) >= $smallest
            AND (
                sum(h.hidden_count) = max(p.pool_count)
                OR max(p.pool_count) - sum(h.hidden_count) >= $smallest
            ) AS is_large
    FROM hidden AS h
    INNER JOIN pools AS p USING (activity_date, period, scope, event_group)
    GROUP BY ALL
),
refused AS (
    SELECT activity_date, period, scope, event_group, grouping, true AS is_refused
    FROM parted
    QUALIFY NOT is_large OR row_number() OVER (
        PARTITION BY activity_date, period, scope, event_group, is_large ORDER BY grouping
    ) > 1
),
labelled AS (
    SELECT
        e.*,
        CASE WHEN m.is_group THEN e.country_iso2 ELSE s.shown_as END AS shown_as,
        coalesce(m.is_group, false) AS is_group,
        coalesce(r.is_refused, false) AS is_refused
    FROM engagement AS e
    LEFT JOIN shown AS s USING (activity_date, period, scope, event_group, country_iso2)
    LEFT JOIN (
        SELECT DISTINCT grouping, group_code AS country_iso2, true AS is_group FROM members
    ) AS m USING (grouping, country_iso2)
    LEFT JOIN refused AS r USING (activity_date, period, scope, event_group, grouping)
)
SELECT
    activity_date,
    period,
    scope,
    event_group,
    grouping,
    shown_as AS country_iso2,
    sum(actor_count)::BIGINT AS actor_count,
    max(located_actor_count) AS located_actor_count,
    max(total_actor_count) AS total_actor_count,
    sum(share) AS share,
    CASE WHEN shown_as != $others THEN max(share_ci_low) END AS share_ci_low,
    CASE WHEN shown_as != $others THEN max(share_ci_high) END AS share_ci_high,
    CASE WHEN shown_as != $others THEN max(share_log_se) END AS share_log_se,
    CASE WHEN shown_as != $others THEN max(clock_17utc_share) END AS clock_17utc_share,
    CASE WHEN shown_as != $others THEN max(location_quotient) END AS location_quotient,
    CASE WHEN shown_as != $others THEN max(location_quotient_ci_low) END
        AS location_quotient_ci_low,
    CASE WHEN shown_as != $others THEN max(location_quotient_ci_high) END
        AS location_quotient_ci_high,
    max(complete_hour_count) AS complete_hour_count,
    max(expected_hour_count) AS expected_hour_count,
    bool_and(is_complete) AS is_complete,
    max(capture_status) AS capture_status,
    max(capture_rate) AS capture_rate,
    max(capture_rate_ci_low) AS capture_rate_ci_low,
    max(capture_rate_ci_high) AS capture_rate_ci_high,
    bool_or(is_corrected) AS is_corrected,
    bool_or(is_masked) AS is_masked,
    max(actor_growth) AS actor_growth
FROM labelled
WHERE NOT (is_refused AND (is_group OR shown_as = $others))
GROUP BY activity_date, period, scope, event_group, grouping, shown_as
HAVING sum(actor_count) >= $smallest
ORDER BY ALL
