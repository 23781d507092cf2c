-- The largest revisions worth naming. Reads: net (net_revisions.sql), named_from (table_name,
-- measure, named_from: the smallest difference that is named, in the unit of differences).
-- Measures are in several units: what is large is a difference against the smallest that is named.
-- Rounded, so that what moved by the same but for the last digit is in the order of its names.
-- Parameters: $most, how many.
SELECT
    n.table_name,
    n.figure,
    n.figure_date,
    n.period,
    n.scope,
    n.event_group,
    n.country_iso2,
    n.measure,
    n.difference,
    n.value_before,
    n.low_before,
    n.high_before,
    n.value_after,
    n.low_after,
    n.high_after,
    n.is_outside,
    n.reason
FROM net AS n
INNER JOIN named_from AS f USING (table_name, measure)
WHERE n.kind = 'revised' AND abs(n.difference) >= f.named_from
ORDER BY round(abs(n.difference) / f.named_from, 6) DESC, n.table_name, n.figure, n.measure
LIMIT $most
