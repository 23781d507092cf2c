-- What became of each measure of a table. Reads: net (net_revisions.sql).
-- Grain: one table and measure. Units: median and largest are absolute, in difference_unit.
-- An interval that moved without its value is a revision by nought, and in no median.
SELECT
    table_name,
    measure,
    any_value(difference_unit) AS unit,
    count(*) FILTER (kind = 'revised') AS revised,
    count(*) FILTER (kind = 'appeared') AS appeared,
    count(*) FILTER (kind = 'vanished') AS vanished,
    median(abs(difference)) FILTER (difference != 0) AS median,
    max(abs(difference)) FILTER (difference != 0) AS largest,
    count(*) FILTER (is_outside IS NOT NULL) AS with_interval,
    count(*) FILTER (is_outside) AS outside
FROM net
GROUP BY table_name, measure
ORDER BY revised DESC, table_name, measure
