-- Rows of stage.diffusion_papers, with what their month adds up to.
-- Grain: as stage.diffusion_papers. Reads: diffusion (stage.diffusion_papers), economies.
SELECT
    s.month_date::VARCHAR AS day,
    s.* EXCLUDE (month_date, asked_at),
    s.country_iso2 IS NULL OR x.iso2 IS NOT NULL AS is_known_country,
    max(s.open_work_count) FILTER (s.user_kind = 'all') OVER one_month AS all_work_count,
    count(*) FILTER (s.user_kind != 'country') OVER one_month - 4 AS kind_count_difference,
    -- A share stands where there is something to share, and only there.
    (
        (s.open_work_count = 0) != (s.cn_share IS NULL)
        OR (s.used_open_work_count = 0) != (s.used_cn_share IS NULL)
    )::INTEGER AS shareless_count
FROM diffusion AS s
LEFT JOIN economies AS x ON x.iso2 = s.country_iso2
WINDOW one_month AS (PARTITION BY s.month_date)
ORDER BY ALL
