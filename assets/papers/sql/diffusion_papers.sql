-- Works naming open models, by month, user kind and country; shares are added by the caller.
-- Grain: one month_date, user_kind and country_iso2 (null for all).
-- Key: month_date, user_kind, country_iso2.
-- Reads: papers (raw.papers), mentions (core.paper_mentions), families (core.model_families),
--   counts (raw.paper_field_counts), askings (ops.paper_askings), all of the months wanted or more;
--   months (month DATE): those wanted.
-- Parameters: $smallest, the works that a country needs for a row of its own.
-- Columns: counts in works; asked_at in UTC.
WITH named AS (
    -- A citation alone names nothing.
    SELECT
        m.month_date,
        m.work_id,
        bool_or(f.country_iso2 = 'CN') AS is_cn,
        bool_or(m.role = 'used') AS is_used,
        bool_or(m.role = 'used' AND f.country_iso2 = 'CN') AS is_cn_used
    FROM mentions AS m
    JOIN families AS f USING (family)
    WHERE f.is_open AND m.role IN ('used', 'compared', 'mentioned')
    GROUP BY ALL
),
works AS (
    SELECT
        n.*,
        p.institution_countries AS countries,
        list_transform(
            list_zip(p.institution_countries, p.institution_types),
            lambda pair: concat(pair[1], ' ', pair[2])
        ) AS institutions
    FROM named AS n
    JOIN papers AS p USING (month_date, work_id)
),
of_kind AS (
    SELECT *, 'all' AS user_kind, NULL::VARCHAR AS country_iso2 FROM works
    UNION ALL
    SELECT *, 'us_all', 'US' FROM works WHERE list_contains(countries, 'US')
    UNION ALL
    SELECT *, 'us_company', 'US' FROM works WHERE list_contains(institutions, 'US company')
    UNION ALL
    SELECT *, 'us_education', 'US' FROM works WHERE list_contains(institutions, 'US education')
    UNION ALL
    SELECT *, 'country', unnest(list_distinct(list_filter(countries, lambda c: c <> 'ZZ')))
    FROM works
),
counted AS (
    SELECT
        month_date,
        user_kind,
        country_iso2,
        count(*) AS open_work_count,
        count_if(is_cn) AS cn_work_count,
        count_if(is_used) AS used_open_work_count,
        count_if(is_cn_used) AS used_cn_work_count
    FROM of_kind
    GROUP BY ALL
),
unaffiliated AS (
    SELECT month_date, count_if(len(countries) = 0) AS unaffiliated_work_count
    FROM works
    GROUP BY month_date
),
asked AS (
    SELECT
        month_date,
        count(*)::INTEGER AS asking_count,
        max(asked_at) AS asked_at,
        bool_or(is_final) AS is_final
    FROM askings
    GROUP BY month_date
),
kinds (user_kind, country_iso2) AS (
    VALUES ('us_company', 'US'), ('us_education', 'US'), ('us_all', 'US'), ('all', NULL)
),
cells AS (
    -- The four user kinds have a row each month, also with nothing in it.
    SELECT month AS month_date, user_kind, country_iso2 FROM months, kinds
    UNION ALL
    SELECT month_date, user_kind, country_iso2
    FROM counted
    WHERE user_kind = 'country' AND open_work_count >= $smallest
)
SELECT
    cells.month_date,
    cells.user_kind,
    cells.country_iso2,
    counts.work_count AS field_work_count,
    coalesce(counted.open_work_count, 0) AS open_work_count,
    coalesce(counted.cn_work_count, 0) AS cn_work_count,
    coalesce(counted.used_open_work_count, 0) AS used_open_work_count,
    coalesce(counted.used_cn_work_count, 0) AS used_cn_work_count,
    coalesce(unaffiliated.unaffiliated_work_count, 0) AS unaffiliated_work_count,
    asked.asking_count,
    asked.asked_at,
    asked.is_final
FROM cells
JOIN months ON months.month = cells.month_date
JOIN asked USING (month_date)
LEFT JOIN counted
    ON counted.month_date = cells.month_date
    AND counted.user_kind = cells.user_kind
    AND counted.country_iso2 IS NOT DISTINCT FROM cells.country_iso2
LEFT JOIN counts
    ON counts.month_date = cells.month_date
    AND counts.user_kind = cells.user_kind
    AND counts.country_iso2 IS NOT DISTINCT FROM cells.country_iso2
LEFT JOIN unaffiliated ON unaffiliated.month_date = cells.month_date
ORDER BY ALL
