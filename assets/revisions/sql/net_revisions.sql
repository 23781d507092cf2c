-- What publications changed together: from before the first to after the last of them.
-- Grain: one value of a published figure. Key: table_name, figure, measure.
-- Reads: ops.revisions. Parameters: $publications, their numbers.
-- A figure whose first publication is one of them was not there before them, and is left out.
WITH spans AS (
    SELECT
        table_name,
        figure,
        measure,
        any_value(figure_date) AS figure_date,
        any_value(period) AS period,
        any_value(scope) AS scope,
        any_value(event_group) AS event_group,
        any_value(country_iso2) AS country_iso2,
        any_value(difference_unit) AS difference_unit,
        max(CASE WHEN difference_unit = 'percentage points' AND unit != difference_unit
            THEN 100.0 ELSE 1.0 END) AS scale,
        first(value_before ORDER BY publication) AS value_before,
        first(low_before ORDER BY publication) AS low_before,
        first(high_before ORDER BY publication) AS high_before,
        last(value_after ORDER BY publication) AS value_after,
        last(low_after ORDER BY publication) AS low_after,
        last(high_after ORDER BY publication) AS high_after,
        last(reason ORDER BY publication) AS reason,
        first(since_publication ORDER BY publication) AS since_publication
    FROM ops.revisions
    WHERE list_contains($publications, publication)
    GROUP BY table_name, figure, measure
)
SELECT
    table_name,
    figure,
    figure_date,
    period,
    scope,
    event_group,
    country_iso2,
    measure,
    (value_after - value_before) * scale AS difference,
    difference_unit,
    value_before,
    low_before,
    high_before,
    value_after,
    low_after,
    high_after,
    CASE WHEN value_before IS NOT NULL AND low_before IS NOT NULL AND high_before IS NOT NULL
        THEN value_after < low_before OR value_after > high_before END AS is_outside,
    reason,
    CASE WHEN value_before IS NULL THEN 'appeared' WHEN value_after IS NULL THEN 'vanished'
        ELSE 'revised' END AS kind
FROM spans
WHERE NOT coalesce(list_contains($publications, since_publication), false)
    AND (value_before, low_before, high_before)
        IS DISTINCT FROM (value_after, low_after, high_after)
    AND NOT (value_before IS NULL AND value_after IS NULL)
