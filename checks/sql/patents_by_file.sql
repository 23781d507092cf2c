-- Profile of the weekly patent files, a row a week asked for and product (weeks without too).
-- Grain: one week, as day, and product. Reads: patents (raw.patents), mentions
-- (core.patent_mentions), files (raw.patent_files, the weeks before included), families
-- (core.model_families), days.
-- Counts are of documents; shares 0 to 1; usual_ratio is of documents to the median of the whole
-- files of the eight weeks before, null where fewer than four of them are there.
WITH wanted AS (
    SELECT d.day, unnest(['grants', 'applications']) AS product
    FROM days AS d
),
usual AS (
    SELECT w.day, w.product, median(f.patent_count) AS usual_count
    FROM wanted AS w
    INNER JOIN files AS f
        ON f.product = w.product
        AND f.status = 'complete'
        AND f.week_start_date BETWEEN w.day - INTERVAL 56 DAY AND w.day - INTERVAL 7 DAY
    GROUP BY ALL
    HAVING count(*) >= 4
),
profiles AS (
    SELECT
        week_start_date AS day,
        if(document_kind = 'grant', 'grants', 'applications') AS product,
        count(*) AS row_count,
        count(*) - count(DISTINCT publication_number) AS duplicate_count,
        count(*) FILTER (filing_date > publication_date) AS disordered_count,
        count(*) FILTER (priority_date > filing_date) AS late_priority_count,
        count(*) FILTER (
            publication_date NOT BETWEEN week_start_date AND week_start_date + INTERVAL 6 DAY
        ) AS outside_week_count,
        count(*) FILTER (
            len(party_kinds) != len(party_countries) OR len(party_kinds) != len(party_names)
        ) AS unpaired_count,
        count(*) FILTER (len(list_filter(party_countries, lambda c: c IS NOT NULL)) = 0)
            AS countryless_count,
        count(*) FILTER (cpc_main IS NULL AND application_type = 'utility') AS unclassified_count,
        count(*) FILTER (is_us) AS us_count
    FROM patents
    GROUP BY ALL
),
strays AS (
    SELECT
        m.week_start_date AS day,
        count(*) FILTER (f.family IS NULL) AS unknown_family_count,
        count(*) FILTER (p.publication_number IS NULL) AS unowned_mention_count
    FROM mentions AS m
    LEFT JOIN families AS f USING (family)
    LEFT JOIN patents AS p USING (week_start_date, publication_number)
    GROUP BY ALL
)
SELECT
    w.day::VARCHAR AS day,
    w.product,
    coalesce(f.status, 'absent') AS status,
    coalesce(p.row_count, 0) AS row_count,
    coalesce(p.row_count, 0) - coalesce(f.patent_count, 0) AS count_difference,
    coalesce(p.duplicate_count, 0) AS duplicate_count,
    coalesce(p.unpaired_count, 0) AS unpaired_count,
    coalesce(p.late_priority_count, 0) AS late_priority_count,
    coalesce(s.unknown_family_count, 0) AS unknown_family_count,
    coalesce(s.unowned_mention_count, 0) AS unowned_mention_count,
    p.disordered_count / nullif(p.row_count, 0) AS disordered_share,
    p.outside_week_count / nullif(p.row_count, 0) AS outside_week_share,
    p.countryless_count / nullif(p.row_count, 0) AS countryless_share,
    p.unclassified_count / nullif(p.row_count, 0) AS unclassified_share,
    p.us_count / nullif(p.row_count, 0) AS us_share,
    f.quarantined_count / nullif(f.document_count - f.other_count, 0) AS quarantined_share,
    f.other_count / nullif(f.document_count, 0) AS other_share,
    p.row_count / nullif(u.usual_count, 0) AS usual_ratio
FROM wanted AS w
LEFT JOIN files AS f ON f.week_start_date = w.day AND f.product = w.product
LEFT JOIN profiles AS p ON p.day = w.day AND p.product = w.product
LEFT JOIN usual AS u ON u.day = w.day AND u.product = w.product
LEFT JOIN strays AS s ON s.day = w.day
ORDER BY ALL
