-- Settled figures that a run changed, though it is of no backfill and did not make their day.
-- Grain: one table and date. Reads: ops.revisions, ops.publications, settled (table_name,
-- settled_days). Parameters: $run_id.
SELECT r.table_name, r.figure_date, count(*) AS value_count
FROM ops.revisions AS r
INNER JOIN ops.publications AS p USING (publication)
INNER JOIN settled AS s USING (table_name)
WHERE r.run_id = $run_id
    AND r.backfill_id IS NULL
    AND r.figure_date < r.made_at::DATE - s.settled_days::INTEGER
    AND NOT coalesce(r.figure_date BETWEEN p.first_date AND p.last_date, false)
GROUP BY r.table_name, r.figure_date
ORDER BY r.table_name, r.figure_date
