-- Counts of the cells that shares are estimated of: distinct accounts by what is known of them.
-- Grain: period, activity_date, scope, event group, and country, stratum and label of evidence.
-- Reads: actor_days (core.actor_days of all days of the periods), actor_country (core.actor_country
-- as of the periods' last days), periods (activity_date, period, covered_date: one row a day).
-- Accounts without an id count nowhere, bots neither; who is not in core.actor_country has no
-- label, and is unknown.
WITH of_period AS (
    SELECT
        p.activity_date,
        p.period,
        d.actor_id,
        d.event_group,
        d.is_tracked,
        d.is_panel,
        d.origin,
        d.layer,
        sum(d.event_count) AS event_count,
        sum(d.before_17_count) AS before_17_count
    FROM actor_days AS d
    INNER JOIN periods AS p ON p.covered_date = d.activity_date
    WHERE d.actor_id IS NOT NULL
    GROUP BY ALL
),
scoped AS (
    SELECT
        activity_date,
        period,
        actor_id,
        unnest(
            list_filter(
                [
                    CASE WHEN is_tracked THEN 'tracked' END,
                    CASE WHEN is_panel THEN 'panel' END,
                    CASE WHEN is_tracked THEN 'origin_' || origin END,
                    CASE WHEN is_tracked THEN 'layer_' || layer END
                ],
                lambda scope: scope IS NOT NULL
            )
        ) AS scope,
        event_group,
        event_count,
        before_17_count
    FROM of_period
),
by_group AS (
    SELECT
        activity_date,
        period,
        scope,
        event_group,
        actor_id,
        sum(event_count) AS event_count,
        sum(before_17_count) AS before_17_count
    FROM scoped
    GROUP BY ALL
),
by_actor AS (
    FROM by_group
    UNION ALL BY NAME
    SELECT
        activity_date,
        period,
        scope,
        'any' AS event_group,
        actor_id,
        sum(event_count) AS event_count,
        sum(before_17_count) AS before_17_count
    FROM by_group
    GROUP BY ALL
)
SELECT
    b.activity_date,
    b.period,
    b.scope,
    b.event_group,
    c.located_iso2,
    CASE WHEN c.located_iso2 IS NULL THEN c.evidence_stratum END AS evidence_stratum,
    CASE WHEN c.located_iso2 IS NULL THEN c.evidence_label END AS evidence_label,
    count(*) AS actor_count,
    sum(b.event_count)::BIGINT AS event_count,
    sum(b.before_17_count)::BIGINT AS before_17_count
FROM by_actor AS b
LEFT JOIN actor_country AS c
    ON c.as_of_date = b.activity_date AND c.actor_id = b.actor_id
WHERE NOT coalesce(c.is_bot, false)
GROUP BY ALL
ORDER BY ALL
