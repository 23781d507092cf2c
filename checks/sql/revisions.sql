-- What does not add up in the newest publication's revisions. Reads: ops.revisions.
-- Grain: one row. Columns: revisions that stand more than once, and that change nothing.
WITH newest AS (
    SELECT *
    FROM ops.revisions
    WHERE publication = (SELECT max(publication) FROM ops.revisions)
)
SELECT
    (SELECT count(*) FROM (
        SELECT table_name, figure, measure FROM newest GROUP BY ALL HAVING count(*) > 1
    )) AS twice,
    (SELECT count(*) FROM newest
        WHERE (value_before, low_before, high_before)
            IS NOT DISTINCT FROM (value_after, low_after, high_after)) AS without_change
