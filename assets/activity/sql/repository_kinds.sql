-- What kind of repository each tracked one is, as core.actor_days counts them.
-- Grain: one tracked repository whose id is known. Key: github_id.
-- Columns: github_id; layer; origin of its model family: cn, us or other, null without a family.
-- Reads: core.tracked_repositories, core.model_families.
SELECT
    r.github_id,
    any_value(r.layer) AS layer,
    any_value(
        CASE WHEN f.country_iso2 IN ('CN', 'US') THEN lower(f.country_iso2)
             WHEN f.country_iso2 IS NOT NULL THEN 'other' END
    ) AS origin
FROM core.tracked_repositories AS r
LEFT JOIN core.model_families AS f USING (family)
WHERE r.github_id IS NOT NULL
GROUP BY r.github_id
