-- mart.diffusion_hub: measures of one day's snapshot by origin, family, relation and author.
-- Grain: measure, author_country_iso2, origin_iso2, root_family, relation. Key: the same.
-- Reads: models and lineage (raw.hub_models and core.hub_lineage of the day), previous
-- (raw.hub_models of the snapshot before; empty for the first).
-- Parameters: $since, when the snapshot before was begun (UTC; null for the first); $unknown, the
-- code of unknown countries.
-- Columns: as in tables.py, but for those of the snapshots themselves.
WITH identified AS (
    -- The Hub's own id outlasts renames; where a list does not state it, the name has to do.
    SELECT *, coalesce(hub_id, lower(model_id)) AS identity FROM models
),
earlier AS (
    SELECT
        coalesce(hub_id, lower(model_id)) AS identity,
        max(downloads_all_time_count) AS downloads_all_time_count
    FROM previous
    GROUP BY ALL
),
compared AS (
    SELECT
        m.model_id,
        m.downloads_30d_count AS downloads_30d,
        m.downloads_all_time_count AS downloads_all_time,
        -- A model that is older than the snapshot before and was not in it is not new.
        e.identity IS NULL AND coalesce(m.created_at >= $since, false) AS is_new,
        CASE
            WHEN e.identity IS NOT NULL
                THEN m.downloads_all_time_count - e.downloads_all_time_count
            WHEN m.created_at >= $since THEN m.downloads_all_time_count
        END AS downloads_since
    FROM identified AS m
    LEFT JOIN earlier AS e USING (identity)
),
shares AS (
    SELECT l.* EXCLUDE (model_id), c.*
    FROM lineage AS l
    INNER JOIN compared AS c USING (model_id)
),
-- Each share once in every cell that it belongs to. Families are for all authors together.
placed AS (
    SELECT
        s.weight,
        s.downloads_30d,
        s.downloads_all_time,
        s.downloads_since,
        s.is_new,
        if(a.is_apart, s.author_country_iso2, 'any') AS author_country_iso2,
        if(p.depth > 0, s.origin_iso2, 'any') AS origin_iso2,
        if(p.depth > 1, s.root_family, 'any') AS root_family,
        r.relation
    FROM shares AS s
    CROSS JOIN (VALUES (false), (true)) AS a (is_apart)
    CROSS JOIN (VALUES (0), (1), (2)) AS p (depth)
    CROSS JOIN (VALUES ('any'), ('derivative'), ('apart')) AS k (kind)
    CROSS JOIN LATERAL (SELECT if(k.kind = 'apart', s.relation, k.kind)) AS r (relation)
    WHERE (p.depth < 2 OR (NOT a.is_apart AND s.root_family IS NOT NULL))
        AND NOT (k.kind = 'derivative' AND s.relation = 'release')
),
summed AS (
    -- What no model of a cell states is null, and no row.
    SELECT
        author_country_iso2,
        origin_iso2,
        root_family,
        relation,
        sum(weight)::DOUBLE AS models,
        coalesce(sum(weight) FILTER (is_new), 0)::DOUBLE AS new_models,
        sum(weight * downloads_30d)::DOUBLE AS downloads_30d,
        sum(weight * downloads_all_time)::DOUBLE AS downloads_all_time,
        sum(weight * downloads_since)::DOUBLE AS downloads_since,
        coalesce(sum(weight * downloads_since) FILTER (downloads_since < 0), 0) AS corrections,
        coalesce(sum(weight * downloads_30d) FILTER (downloads_since IS NOT NULL), 0) AS compared
    FROM placed
    GROUP BY ALL
),
measured AS (
    SELECT
        s.measure,
        s.* EXCLUDE (measure, corrections, compared),
        if(s.measure = 'downloads_since', s.corrections, 0)::DOUBLE AS correction_value,
        CASE WHEN s.measure = 'downloads_since' THEN s.compared / nullif(c.downloads_30d, 0) END
            AS compared_share
    FROM (
        UNPIVOT summed
        ON models, new_models, downloads_30d, downloads_all_time, downloads_since
        INTO NAME measure VALUE value
    ) AS s
    INNER JOIN summed AS c USING (author_country_iso2, origin_iso2, root_family, relation)
    -- The first snapshot has nothing to be compared with.
    WHERE $since IS NOT NULL OR s.measure NOT IN ('new_models', 'downloads_since')
),
totals AS (
    SELECT
        *,
        coalesce(
            sum(value) FILTER (
                root_family = 'any' AND origin_iso2 != 'any' AND origin_iso2 != $unknown
            ) OVER cell,
            0
        ) AS known_value,
        coalesce(sum(value) FILTER (origin_iso2 = $unknown) OVER cell, 0) AS unknown_value,
        min(value) OVER cell AS least_value
    FROM measured
    WINDOW cell AS (PARTITION BY measure, author_country_iso2, relation)
)
SELECT
    measure,
    author_country_iso2,
    origin_iso2,
    root_family,
    relation,
    value,
    known_value,
    unknown_value,
    -- Where corrections outweigh downloads, parts do not make up a whole.
    CASE WHEN origin_iso2 NOT IN ('any', $unknown) AND least_value >= 0 AND known_value > 0
        THEN value / known_value
    END AS share,
    CASE WHEN origin_iso2 NOT IN ('any', $unknown) AND least_value >= 0 AND known_value > 0
        THEN value / (known_value + unknown_value)
    END AS share_low,
    CASE WHEN origin_iso2 NOT IN ('any', $unknown) AND least_value >= 0 AND known_value > 0
        THEN (value + unknown_value) / (known_value + unknown_value)
    END AS share_high,
    CASE WHEN least_value >= 0 AND known_value + unknown_value > 0
        THEN unknown_value / (known_value + unknown_value)
    END AS unknown_share,
    correction_value,
    correction_value < 0 AS has_correction,
    compared_share
FROM totals
ORDER BY ALL
