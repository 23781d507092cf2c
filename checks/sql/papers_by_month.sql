-- Profile of raw.papers, a row a month asked for (months without works too).
-- Grain: one month, as day. Reads: papers (raw.papers), askings (the newest of each month), days.
-- Counts are of works; shares 0 to 1, null where there is nothing to share.
SELECT
    d.day::VARCHAR AS day,
    count(p.work_id) AS work_count,
    count(p.work_id) - count(DISTINCT p.work_id) AS duplicate_count,
    count(p.work_id) FILTER (date_trunc('month', p.publication_date) != d.day)
        AS outside_month_count,
    count(p.work_id) FILTER (len(p.institution_countries) != len(p.institution_types))
        AS unpaired_count,
    count(p.work_id) FILTER (p.asked_at IS DISTINCT FROM a.asked_at) AS unasked_count,
    count(p.work_id) FILTER (p.title IS NULL) / nullif(count(p.work_id), 0) AS untitled_share,
    count(p.work_id) FILTER (len(p.institution_countries) = 0) / nullif(count(p.work_id), 0)
        AS unaffiliated_share,
    a.returned_count / nullif(a.stated_count, 0) AS returned_share,
    a.quarantined_count / nullif(a.work_count + a.quarantined_count, 0) AS quarantined_share,
    a.gone_count / nullif(a.work_count - a.added_count + a.gone_count, 0) AS gone_share
FROM days AS d
LEFT JOIN askings AS a ON a.month_date = d.day
LEFT JOIN papers AS p ON p.month_date = d.day
GROUP BY d.day, a.asked_at, returned_share, quarantined_share, gone_share
ORDER BY d.day
