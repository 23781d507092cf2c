-- Commits by author, half month and UTC offset: what a calendar of offsets is learned from.
-- Grain: one author, half month and offset. Key: author, period, offset_min.
-- Reads: commits (raw.commits or the like; author is the column chosen as the author's key).
-- offset_min is in minutes east of UTC; period is the 1st or 16th of a month, of the UTC day.
-- A web commit states the zone of a server or of who merged; a commit in two repositories is one.
SELECT
    author,
    (
        date_trunc('month', author_at AT TIME ZONE 'UTC')
        + to_days(CASE WHEN day(author_at AT TIME ZONE 'UTC') < 16 THEN 0 ELSE 15 END)
    )::DATE AS period,
    author_offset_min::INTEGER AS offset_min,
    count(DISTINCT sha) AS commit_count
FROM commits
WHERE author IS NOT NULL
  AND author_offset_min IS NOT NULL
  AND is_author_time_plausible
  AND NOT is_web_commit
GROUP BY ALL
ORDER BY author, period, offset_min
