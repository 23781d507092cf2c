-- How each country of each cell group is shown: apart, or pooled with others.
-- Grain: as cells. Reads: cells (the group columns, country_iso2, actor_count).
-- Parameters: $group_columns, their names; $smallest, the fewest accounts that may be shown;
-- $unknown and $others, the codes of unknown and of pooled countries.
-- In a group's order, small countries first and the others by size, one that is not small joins the
-- pool where there is one and all before it are still too few together.
WITH ranked AS (
    SELECT
        $group_columns,
        country_iso2,
        country_iso2 = $unknown AS is_unknown,
        actor_count < $smallest AS is_small,
        bool_or(actor_count < $smallest) OVER one_group AS has_small,
        coalesce(
            sum(actor_count) OVER (
                PARTITION BY $group_columns, country_iso2 = $unknown
                ORDER BY actor_count < $smallest DESC, actor_count, country_iso2
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        ) AS count_before
    FROM cells
    WINDOW one_group AS (PARTITION BY $group_columns, country_iso2 = $unknown)
)
SELECT
    $group_columns,
    country_iso2,
    CASE
        WHEN NOT is_unknown AND (is_small OR (has_small AND count_before < $smallest))
            THEN $others
        ELSE country_iso2
    END AS shown_as
FROM ranked
ORDER BY ALL
