-- Profile of core.actor_country for the accounts active on each day.
-- Grain: one day. Reads: actor_days, actor_country and attribution_model of the days, economies,
-- days. Counts of accounts.
WITH actors AS (
    SELECT DISTINCT activity_date, actor_id FROM actor_days WHERE actor_id IS NOT NULL
),
known AS (
    SELECT
        a.activity_date,
        c.actor_id IS NULL AS is_unattributed,
        c.located_iso2 IS NOT NULL AS is_located,
        c.located_iso2 IS NOT NULL AND l.iso2 IS NULL
            OR c.country_iso2 IS NOT NULL AND p.iso2 IS NULL AS has_unknown_code,
        c.located_iso2 IS NOT NULL AND c.located_iso2 IS DISTINCT FROM c.country_iso2
            AS is_contradictory,
        NOT c.is_bot AND c.deciding_evidence IS NULL AND c.country_iso2 IS NOT NULL
            AS is_undecided,
        c.probability NOT BETWEEN 0 AND 1 AS is_improbable
    FROM actors AS a
    LEFT JOIN actor_country AS c
        ON c.as_of_date = a.activity_date AND c.actor_id = a.actor_id
    LEFT JOIN economies AS l ON l.iso2 = c.located_iso2
    LEFT JOIN economies AS p ON p.iso2 = c.country_iso2
),
models AS (
    SELECT as_of_date, sum(unlocated_share) AS unlocated_share_sum
    FROM attribution_model
    GROUP BY as_of_date
)
SELECT
    d.day::VARCHAR AS day,
    count(k.activity_date) AS actor_count,
    count(*) FILTER (k.is_unattributed) AS unattributed_count,
    count(*) FILTER (k.has_unknown_code) AS unknown_code_count,
    count(*) FILTER (k.is_contradictory) AS contradictory_count,
    count(*) FILTER (k.is_undecided) AS undecided_count,
    count(*) FILTER (k.is_improbable) AS improbable_count,
    coalesce(any_value(m.unlocated_share_sum), 1.0) AS unlocated_share_sum,
    coalesce(
        count(*) FILTER (k.is_located) / nullif(count(k.activity_date), 0), 0.0
    ) AS located_share
FROM days AS d
LEFT JOIN known AS k ON k.activity_date = d.day
LEFT JOIN models AS m ON m.as_of_date = d.day
GROUP BY d.day
ORDER BY d.day
