-- What mart.shock_effects promises, and for each row whether it breaks it: all false.
-- Grain: one row. Reads: mart.shock_effects.
SELECT
    *,
    coalesce(
        status IN ('ok', 'too_few_placebos') AND level_change IS NULL
        OR status = 'ok' AND placebo_p_value IS NULL,
        false
    ) AS missing,
    coalesce(
        status NOT IN ('ok', 'too_few_placebos')
        AND (level_change IS NOT NULL OR placebo_count IS NOT NULL)
        OR status != 'ok' AND (placebo_p_value IS NOT NULL OR level_change_placebo_low IS NOT NULL),
        false
    ) AS unfounded,
    coalesce(
        NOT isfinite(level_change) OR NOT isfinite(level_change_se) OR level_change_se < 0
        OR level_change_ci_low > level_change OR level_change_ci_high < level_change
        OR effect_pct_ci_low > effect_pct OR effect_pct_ci_high < effect_pct
        OR effect_pp_ci_low > effect_pp OR effect_pp_ci_high < effect_pp
        OR level_change_placebo_low > level_change OR level_change_placebo_high < level_change
        OR effect_pct_placebo_low > effect_pct OR effect_pct_placebo_high < effect_pct
        OR effect_pp_placebo_low > effect_pp OR effect_pp_placebo_high < effect_pp,
        false
    ) AS disordered,
    coalesce(
        least(
            level_p_value, level_q_value, slope_p_value, placebo_p_value, placebo_q_value,
            pre_trend_p_value, heterogeneity_p_value
        ) < 0
        OR greatest(
            level_p_value, level_q_value, slope_p_value, placebo_p_value, placebo_q_value,
            pre_trend_p_value, heterogeneity_p_value
        ) > 1 + 1e-9
        OR level_q_value < level_p_value - 1e-9
        OR placebo_q_value < placebo_p_value - 1e-9,
        false
    ) AS improbable,
    coalesce(placebo_effective_windows > placebo_count + 1e-9, false) AS overcounted,
    coalesce(week_count > 2 * window_weeks, false) AS overfull
FROM mart.shock_effects
