-- What core.hub_lineage holds of each day's snapshot, and how many rows break its promises.
-- Grain: one day. Reads: days, hub_models (raw.hub_models), hub_lineage (core.hub_lineage), families
-- (core.model_families), economies.
WITH split AS (
    SELECT snapshot_date, model_id, sum(weight) AS weight_sum, min(weight) AS least_weight
    FROM hub_lineage
    GROUP BY ALL
),
matched AS (
    SELECT
        coalesce(m.snapshot_date, s.snapshot_date) AS snapshot_date,
        count(*) FILTER (s.model_id IS NULL) AS unfollowed_count,
        count(*) FILTER (m.model_id IS NULL) AS unlisted_count,
        count(*) FILTER (abs(s.weight_sum - 1) > 1e-9 OR s.least_weight <= 0) AS unbalanced_count
    FROM hub_models AS m
    FULL JOIN split AS s USING (snapshot_date, model_id)
    GROUP BY ALL
),
rows_by_day AS (
    SELECT
        l.snapshot_date,
        count(*) - count(DISTINCT (l.model_id, l.root_model_id, l.family, l.status))
            AS duplicate_count,
        count(*) FILTER (l.root_family IS NOT NULL AND f.family IS NULL) AS unknown_family_count,
        count(*) FILTER (l.origin_iso2 IS DISTINCT FROM coalesce(f.country_iso2, 'ZZ'))
            AS wrong_origin_count,
        count(*) FILTER (a.iso2 IS NULL AND l.author_country_iso2 != 'ZZ') AS unknown_code_count,
        count(*) FILTER (
            (l.root_model_id IS NULL) != (l.root_family IS NULL)
            OR (l.root_model_id IS NULL) != (l.status IN ('missing', 'circle', 'scattered'))
        ) AS contradictory_count,
        sum(l.weight) FILTER (l.root_family IS NOT NULL) / sum(l.weight) AS known_share
    FROM hub_lineage AS l
    LEFT JOIN families AS f ON f.family = l.root_family
    LEFT JOIN economies AS a ON a.iso2 = l.author_country_iso2
    GROUP BY ALL
),
models_by_day AS (
    SELECT
        snapshot_date,
        count(*) AS model_count,
        count(*) - count(DISTINCT lower(model_id)) AS duplicate_model_count
    FROM hub_models
    GROUP BY ALL
)
SELECT
    d.day::VARCHAR AS day,
    coalesce(n.model_count, 0) AS model_count,
    coalesce(n.duplicate_model_count, 0) AS duplicate_model_count,
    coalesce(m.unfollowed_count, 0) AS unfollowed_count,
    coalesce(m.unlisted_count, 0) AS unlisted_count,
    coalesce(m.unbalanced_count, 0) AS unbalanced_count,
    coalesce(r.duplicate_count, 0) AS duplicate_count,
    coalesce(r.unknown_family_count, 0) AS unknown_family_count,
    coalesce(r.wrong_origin_count, 0) AS wrong_origin_count,
    coalesce(r.unknown_code_count, 0) AS unknown_code_count,
    coalesce(r.contradictory_count, 0) AS contradictory_count,
    r.known_share
FROM days AS d
LEFT JOIN models_by_day AS n ON n.snapshot_date = d.day
LEFT JOIN matched AS m ON m.snapshot_date = d.day
LEFT JOIN rows_by_day AS r ON r.snapshot_date = d.day
ORDER BY d.day
