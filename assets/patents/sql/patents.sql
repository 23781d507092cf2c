-- mart.patents: inventions by month and user kind, and how many name open models.
-- Grain: basis, cohort month, document kind, user kind. Key: the same.
-- Reads: patents, mentions, files and families, as cohorts.py registers them.
-- Columns: counts of inventions, that is of application numbers; counts of weekly files.
-- An invention has its earliest date of what was read of it; it names a family, and belongs to a
-- user kind, where any of its documents does.
WITH naming AS (
    SELECT
        m.week_start_date,
        m.publication_number,
        bool_or(true) AS names_open,
        bool_or(f.country_iso2 = 'CN') AS names_chinese,
        bool_or(m.section = 'claims') AS claims_open,
        bool_or(m.section = 'claims' AND f.country_iso2 = 'CN') AS claims_chinese
    FROM mentions AS m
    INNER JOIN families AS f ON m.family = f.family AND f.is_open
    WHERE m.role <> 'cited'
    GROUP BY ALL
),
documents AS (
    SELECT
        p.*,
        coalesce(n.names_open, false) AS names_open,
        coalesce(n.names_chinese, false) AS names_chinese,
        coalesce(n.claims_open, false) AS claims_open,
        coalesce(n.claims_chinese, false) AS claims_chinese
    FROM patents AS p
    LEFT JOIN naming AS n USING (week_start_date, publication_number)
),
counted AS (SELECT unnest([document_kind, 'any']) AS kind, * FROM documents),
inventions AS (
    SELECT
        kind,
        application_number,
        min(filing_date) AS filing_date,
        min(publication_date) AS publication_date,
        bool_or(is_us_company) AS is_us_company,
        bool_or(is_us_education) AS is_us_education,
        bool_or(is_us) AS is_us,
        bool_or(names_open) AS names_open,
        bool_or(names_chinese) AS names_chinese,
        bool_or(claims_open) AS claims_open,
        bool_or(claims_chinese) AS claims_chinese
    FROM counted
    GROUP BY ALL
),
members AS (
    SELECT
        unnest(['filing', 'publication']) AS basis,
        unnest([filing_date, publication_date]) AS basis_date,
        *
    FROM inventions
),
owned AS (
    SELECT
        *,
        unnest(
            list_filter(
                [
                    if(is_us_company, 'us_company', NULL),
                    if(is_us_education, 'us_education', NULL),
                    if(is_us, 'us_all', NULL),
                    'all'
                ],
                lambda kind: kind IS NOT NULL
            )
        ) AS user_kind
    FROM members
),
counts AS (
    SELECT
        basis,
        date_trunc('month', basis_date)::DATE AS cohort_month,
        kind AS document_kind,
        user_kind,
        count(*) AS patent_count,
        count(*) FILTER (names_open) AS open_model_count,
        count(*) FILTER (names_chinese) AS chinese_open_model_count,
        count(*) FILTER (claims_open) AS claimed_open_model_count,
        count(*) FILTER (claims_chinese) AS claimed_chinese_open_model_count
    FROM owned
    GROUP BY ALL
),
-- Every kind of user and document has a row in every month that has any: a zero is a figure.
cells AS (
    SELECT basis, cohort_month, document_kind, user_kind
    FROM (SELECT DISTINCT basis, cohort_month FROM counts)
    CROSS JOIN (SELECT unnest(['grant', 'application', 'any']) AS document_kind)
    CROSS JOIN (
        SELECT unnest(['us_company', 'us_education', 'us_all', 'all']) AS user_kind
    )
),
months AS (SELECT DISTINCT cohort_month FROM counts WHERE basis = 'publication'),
due AS (
    SELECT
        cohort_month,
        unnest(['grant', 'application']) AS document_kind,
        unnest(
            [
                (SELECT count(*) FROM generate_series(
                    cohort_month, last_day(cohort_month), INTERVAL 1 DAY
                ) AS s(day) WHERE isodow(day) = 2),
                (SELECT count(*) FROM generate_series(
                    cohort_month, last_day(cohort_month), INTERVAL 1 DAY
                ) AS s(day) WHERE isodow(day) = 4)
            ]
        ) AS expected_file_count
    FROM months
),
whole AS (
    SELECT
        date_trunc('month', publication_date)::DATE AS cohort_month,
        if(product = 'grants', 'grant', 'application') AS document_kind,
        count(*) AS complete_file_count
    FROM files
    WHERE status = 'complete'
    GROUP BY ALL
),
by_kind AS (
    SELECT d.*, coalesce(w.complete_file_count, 0) AS complete_file_count
    FROM due AS d
    LEFT JOIN whole AS w USING (cohort_month, document_kind)
),
month_files AS (
    SELECT 'publication' AS basis, * FROM by_kind
    UNION ALL
    SELECT
        'publication',
        cohort_month,
        'any',
        sum(expected_file_count),
        sum(complete_file_count)
    FROM by_kind
    GROUP BY ALL
)
SELECT
    c.basis,
    c.cohort_month,
    c.document_kind,
    c.user_kind,
    coalesce(n.patent_count, 0) AS patent_count,
    coalesce(n.open_model_count, 0) AS open_model_count,
    coalesce(n.chinese_open_model_count, 0) AS chinese_open_model_count,
    coalesce(n.claimed_open_model_count, 0) AS claimed_open_model_count,
    coalesce(n.claimed_chinese_open_model_count, 0) AS claimed_chinese_open_model_count,
    m.expected_file_count::INTEGER AS expected_file_count,
    m.complete_file_count::INTEGER AS complete_file_count,
    (SELECT max(publication_date) FROM patents) AS newest_publication_date
FROM cells AS c
LEFT JOIN counts AS n USING (basis, cohort_month, document_kind, user_kind)
LEFT JOIN month_files AS m USING (basis, cohort_month, document_kind)
ORDER BY ALL
