-- Counts of the cells that shares are estimated of: distinct accounts by what is known of them.
-- Grain: period, activity_date, scope, event group, and country, stratum and label of evidence.
-- Reads: actor_days (core.actor_days of all days of the periods), actor_country (core.actor_country
-- as of the periods' last days), periods (activity_date, period, covered_date: one row a day).
-- Accounts without an id count nowhere, bots neither; who is not in core.actor_country has no
-- label, and is unknown.
-- Scopes and groups are numbers until the end: the rows between are many, and text is slow.
WITH scopes (number, scope) AS (
    VALUES
        (0, 'tracked'), (1, 'panel'),
        (2, 'origin_cn'), (3, 'origin_us'), (4, 'origin_other'),
        (5, 'layer_model'), (6, 'layer_training'), (7, 'layer_inference'), (8, 'layer_application')
),
groups (number, event_group) AS (
    VALUES (0, 'any'), (1, 'contribution'), (2, 'participation'), (3, 'attention'), (4, 'other')
),
numbered_periods AS (
    SELECT *, row_number() OVER (ORDER BY activity_date, period) AS number
    FROM (SELECT DISTINCT activity_date, period FROM periods)
),
numbered AS (
    SELECT
        d.activity_date AS covered_date,
        d.actor_id,
        g.number AS event_group,
        list_filter(
            [
                CASE WHEN d.is_tracked THEN 0 END,
                CASE WHEN d.is_panel THEN 1 END,
                o.number,
                l.number
            ],
            lambda number: number IS NOT NULL
        ) AS scopes,
        d.event_count,
        d.before_17_count
    FROM actor_days AS d
    INNER JOIN groups AS g USING (event_group)
    LEFT JOIN scopes AS o ON d.is_tracked AND o.scope = 'origin_' || d.origin
    LEFT JOIN scopes AS l ON d.is_tracked AND l.scope = 'layer_' || d.layer
    WHERE d.actor_id IS NOT NULL
),
by_group AS (
    SELECT
        n.number AS period,
        unnest(d.scopes) AS scope,
        d.event_group,
        d.actor_id,
        d.event_count,
        d.before_17_count
    FROM numbered AS d
    INNER JOIN periods AS p USING (covered_date)
    INNER JOIN numbered_periods AS n USING (activity_date, period)
),
by_actor AS (
    SELECT
        period,
        scope,
        event_group,
        actor_id,
        sum(event_count)::BIGINT AS event_count,
        sum(before_17_count)::BIGINT AS before_17_count
    FROM by_group
    GROUP BY ALL
),
every_actor AS (
    FROM by_actor
    UNION ALL BY NAME
    SELECT
        period,
        scope,
        0 AS event_group,
        actor_id,
        sum(event_count)::BIGINT AS event_count,
        sum(before_17_count)::BIGINT AS before_17_count
    FROM by_actor
    GROUP BY ALL
),
cells AS (
    SELECT
        b.period,
        b.scope,
        b.event_group,
        c.located_iso2,
        CASE WHEN c.located_iso2 IS NULL THEN c.evidence_stratum END AS evidence_stratum,
        CASE WHEN c.located_iso2 IS NULL THEN c.evidence_label END AS evidence_label,
        count(*) AS actor_count,
        count(*) FILTER (b.event_count = 1) AS single_count,
        count(*) FILTER (b.event_count = 2) AS double_count,
        sum(b.event_count)::BIGINT AS event_count,
        sum(b.before_17_count)::BIGINT AS before_17_count
    FROM every_actor AS b
    INNER JOIN numbered_periods AS n ON n.number = b.period
    LEFT JOIN actor_country AS c
        ON c.as_of_date = n.activity_date AND c.actor_id = b.actor_id
    WHERE NOT coalesce(c.is_bot, false)
    GROUP BY ALL
)
SELECT
    n.activity_date,
    n.period,
    s.scope,
    g.event_group,
    c.located_iso2,
    c.evidence_stratum,
    c.evidence_label,
    c.actor_count,
    c.single_count,
    c.double_count,
    c.event_count,
    c.before_17_count
FROM cells AS c
INNER JOIN numbered_periods AS n ON n.number = c.period
INNER JOIN scopes AS s ON s.number = c.scope
INNER JOIN groups AS g ON g.number = c.event_group
ORDER BY
    n.activity_date,
    n.period,
    s.scope,
    g.event_group,
    c.located_iso2,
    c.evidence_stratum,
    c.evidence_label
