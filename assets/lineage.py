"""Which columns each column of a mart is made of, table by table.

Only what the values rest on is named: a column without an entry is made of the platform's settings,
of the clock, or of the calendar alone. Each named table is one that the asset reads.
"""

from collections.abc import Iterable, Mapping

from assets.tables import Table

#: A column's sources, each as table and column.
Lineage = Mapping[str, tuple[tuple[str, str], ...]]

_CAPTURE = (
    "core.coverage.captured_count core.coverage.estimated_events "
    "core.coverage.estimated_events_ci_low core.coverage.estimated_events_ci_high "
    "core.coverage.status"
)
_ACCOUNTS = "core.actor_days.actor_id"
_LOCATED = f"{_ACCOUNTS} core.actor_country.located_iso2"
_EVIDENCE = "core.actor_country.evidence_stratum core.actor_country.evidence_label"
_MODEL = " ".join(
    f"core.attribution_model.{column}"
    for column in (
        "country_iso2", "located_weight", "log_missingness_odds", "located_draws",
        "log_odds_draws", "label_rates",
    )
)  # fmt: skip
_SCOPE = " ".join(
    f"core.actor_days.{name}" for name in ("is_tracked", "is_panel", "origin", "layer")
)
_SHARE = f"{_LOCATED} {_EVIDENCE} {_MODEL} {_CAPTURE}"
_HOURS = "raw.archive_hours.file_hour raw.archive_hours.status"
_PERIOD = {
    "activity_date period": "core.actor_days.activity_date",
    "scope": _SCOPE,
    "event_group": "core.actor_days.event_group",
    "grouping": "core.country_groupings.grouping",
    "complete_hour_count is_complete": _HOURS,
    "capture_rate capture_rate_ci_low capture_rate_ci_high capture_status is_corrected is_masked": (
        _CAPTURE
    ),
}
_FAMILY = "core.model_families.country_iso2 core.model_families.is_open"
_NAMED = (
    f"core.paper_mentions.work_id core.paper_mentions.family core.paper_mentions.role {_FAMILY}"
)
_CN_NAMED = f"{_NAMED} raw.papers.institution_countries raw.papers.institution_types"
_HUB_CELL = {
    "snapshot_date": "raw.hub_models.snapshot_date core.hub_lineage.snapshot_date",
    "days_since_previous": "core.hub_snapshots.snapshot_date",
    "asked_share": "core.hub_snapshots.asked_share",
    "is_complete": "core.hub_snapshots.state",
}
_HUB_VALUE = (
    "core.hub_lineage.weight raw.hub_models.downloads_30d_count "
    "raw.hub_models.downloads_all_time_count raw.hub_models.created_at "
    "core.hub_snapshots.first_asked_at"
)
_HUB_KNOWN = f"{_HUB_VALUE} core.hub_lineage.origin_iso2"
_GAP_USE = (
    "mart.diffusion_papers.open_work_count mart.engagement.actor_count "
    "mart.engagement.total_actor_count"
)
_GAP_CHINESE = (
    "mart.diffusion_papers.cn_work_count mart.engagement.actor_count mart.engagement.scope"
)
_GAP_SHARE = f"{_GAP_USE} {_GAP_CHINESE} mart.diffusion_hub.share"
_GAP_PATENTS = "mart.patents.open_model_count mart.patents.chinese_open_model_count"
_GAP = f"{_GAP_SHARE} {_GAP_PATENTS}"
_FILES = "raw.patent_files.publication_date raw.patent_files.status"
_INVENTIONS = "raw.patents.application_number"
_OPEN = (
    f"{_INVENTIONS} core.patent_mentions.family core.patent_mentions.role "
    "core.model_families.is_open"
)
_CLAIMED = f"{_OPEN} core.patent_mentions.section"
_ORIGIN = "core.model_families.country_iso2"
_TREND = " ".join(
    f"mart.engagement.{column}"
    for column in ("activity_date", "share", "share_log_se", "is_complete", "is_masked")
)


_SHOCK = {
    "shock_date": "core.policy_events.event_date",
    "shock_name": "core.policy_events.name",
    "country_iso2": "mart.engagement.country_iso2",
    "event_group": "mart.engagement.event_group",
}
_WEEKS = " ".join(
    f"mart.engagement.{column}"
    for column in (
        "activity_date", "actor_count", "located_actor_count", "share", "share_log_se",
        "clock_17utc_share", "is_complete", "is_masked",
    )
)  # fmt: skip
_SERIES = f"{_WEEKS} mart.country_activity.event_count"
_FORKS = (
    "core.events.event_type core.events.created_at core.events.repo_id "
    "core.actor_country.located_iso2"
)
_PLACEBOS = (
    f"{_SERIES} core.policy_events.event_date core.upstream_breaks.from_at "
    "core.upstream_breaks.to_at"
)


def _copy(table: str, columns: str) -> dict[str, str]:
    """Columns that another table has under the same names."""
    return {column: f"{table}.{column}" for column in columns.split()}


_RATIO_KEY = _copy("mart.engagement", "activity_date scope event_group grouping")
_DECLARED: Mapping[str, Mapping[str, str]] = {
    "mart.attribution_reliability": {
        "as_of_date": "core.actor_days.activity_date",
        "actor_count predicted_share right_share": (
            "core.actor_evidence.kind core.actor_evidence.country_iso2 "
            "core.actor_evidence.numbers core.actor_evidence.actor_id core.actor_days.actor_id"
        ),
    },
    "mart.country_activity": {
        "activity_date": "core.actor_days.activity_date",
        "scope": _SCOPE,
        "event_group": "core.actor_days.event_group",
        "country_iso2": "core.actor_country.located_iso2",
        "actor_count": f"{_ACCOUNTS} core.actor_country.is_bot",
        "event_count capped_event_count": ("core.actor_days.event_count core.actor_country.is_bot"),
    },
    "stage.engagement": {
        **_PERIOD,
        "country_iso2": "core.actor_country.located_iso2 core.country_groupings.group_code",
        "actor_count located_actor_count located_share located_share_ci_low "
        "located_share_ci_high": _LOCATED,
        "total_actor_count": _ACCOUNTS,
        "unknown_share": _LOCATED,
        "share share_ci_low share_ci_high share_log_se location_quotient "
        "location_quotient_ci_low location_quotient_ci_high": _SHARE,
        "expected_hour_count": "core.actor_days.activity_date",
        "share_low share_high actor_growth": f"{_LOCATED} core.actor_days.event_count {_CAPTURE}",
        "clock_17utc_share": "core.actor_days.before_17_count core.actor_days.event_count",
    },
    "stage.concentration": {
        **_PERIOD,
        "expected_hour_count": "core.actor_days.activity_date",
        "total_actor_count": _ACCOUNTS,
        "herfindahl herfindahl_ci_low herfindahl_ci_high effective_countries "
        "effective_countries_ci_low effective_countries_ci_high": _SHARE,
    },
    "mart.engagement_index": {
        **_copy(
            "mart.engagement",
            "activity_date scope event_group grouping country_iso2 share is_complete "
            "capture_status is_corrected",
        ),
        "base_share": "mart.engagement.share mart.engagement.is_complete",
        "engagement_index": "mart.engagement.share",
        "index_ci_low": "mart.engagement.share mart.engagement.share_ci_low",
        "index_ci_high": "mart.engagement.share mart.engagement.share_ci_high",
        "accounts_per_million": (
            "mart.engagement.share mart.engagement.total_actor_count core.economies.population "
            "core.country_groupings.group_code"
        ),
        "innovation_graph_share": (
            "core.innovation_graph.developer_share core.country_groupings.group_code"
        ),
        "innovation_graph_quotient": (
            "mart.engagement.share core.innovation_graph.developer_share "
            "core.country_groupings.group_code"
        ),
        "innovation_graph_quarter": "core.innovation_graph.year core.innovation_graph.quarter",
    },
    "mart.country_ratio": {
        **_RATIO_KEY,
        **_copy("mart.engagement", "share share_ci_low share_ci_high is_complete"),
        **_copy("mart.engagement", "capture_status is_corrected"),
        "other_share": "mart.engagement.share",
        "other_share_ci_low": "mart.engagement.share_ci_low",
        "other_share_ci_high": "mart.engagement.share_ci_high",
        "share_ratio": "mart.engagement.share",
        "ratio_ci_low ratio_ci_high": "mart.engagement.share mart.engagement.share_log_se",
        "is_compared": (
            "mart.engagement.is_complete mart.engagement.share_ci_low mart.engagement.share_ci_high"
        ),
    },
    "mart.crossings": {
        **_copy("mart.country_ratio", "scope event_group grouping country_iso2 other_iso2"),
        "from_date to_date": "mart.country_ratio.activity_date",
        "compared_week_count skipped_week_count": "mart.country_ratio.is_compared",
        "first_apart_date first_leader_iso2 overtaking_date lasting_apart_date "
        "lasting_leader_iso2": (
            "mart.country_ratio.activity_date mart.country_ratio.is_compared "
            "mart.country_ratio.share_ci_low mart.country_ratio.share_ci_high "
            "mart.country_ratio.other_share_ci_low mart.country_ratio.other_share_ci_high"
        ),
    },
    "mart.diffusion_hub": {
        **_HUB_CELL,
        **_copy("core.hub_lineage", "author_country_iso2 origin_iso2 root_family relation"),
        "value": _HUB_VALUE,
        "known_value unknown_value share share_low share_high unknown_share": _HUB_KNOWN,
        "correction_value has_correction": (
            "core.hub_lineage.weight raw.hub_models.downloads_all_time_count"
        ),
        "compared_share": _HUB_VALUE,
    },
    "mart.hub_concentration": {
        **_HUB_CELL,
        **_copy("core.hub_lineage", "relation"),
        "part_count herfindahl effective_parts": f"{_HUB_KNOWN} core.hub_lineage.root_family",
        "known_value unknown_share": _HUB_KNOWN,
    },
    "stage.diffusion_papers": {
        "month_date": "raw.papers.month_date",
        "user_kind country_iso2": ("raw.papers.institution_countries raw.papers.institution_types"),
        "field_work_count": "raw.paper_field_counts.work_count",
        "open_work_count cn_work_count cn_share cn_share_ci_low cn_share_ci_high "
        "used_open_work_count used_cn_work_count used_cn_share used_cn_share_ci_low "
        "used_cn_share_ci_high": _CN_NAMED,
        "unaffiliated_work_count": f"{_NAMED} raw.papers.institution_countries",
        "asking_count asked_at": "ops.paper_askings.asked_at",
        "is_final": "ops.paper_askings.is_final",
    },
    "mart.patents": {
        "cohort_month": "raw.patents.filing_date raw.patents.publication_date",
        "document_kind": "raw.patents.document_kind",
        "user_kind": "raw.patents.is_us_company raw.patents.is_us_education raw.patents.is_us",
        "patent_count": _INVENTIONS,
        "open_model_count": _OPEN,
        "chinese_open_model_count": f"{_OPEN} {_ORIGIN}",
        "claimed_open_model_count": _CLAIMED,
        "claimed_chinese_open_model_count": f"{_CLAIMED} {_ORIGIN}",
        "expected_file_count": "raw.patents.publication_date",
        "complete_file_count": f"{_FILES} raw.patent_files.product",
        "newest_publication_date": "raw.patents.publication_date",
    },
    "mart.visibility_gap": {
        **_copy("mart.patents", "basis cohort_month user_kind"),
        "use_month": (
            "mart.diffusion_papers.month_date mart.diffusion_hub.snapshot_date "
            "mart.engagement.activity_date"
        ),
        "use_count": _GAP_USE,
        "use_chinese_count": _GAP_CHINESE,
        "use_share use_share_ci_low use_share_ci_high": _GAP_SHARE,
        "use_hours_share": (
            "mart.engagement.complete_hour_count mart.engagement.expected_hour_count"
        ),
        "is_use_final": (
            "mart.diffusion_papers.is_final mart.diffusion_hub.snapshot_date "
            "mart.engagement.activity_date"
        ),
        "patent_count patent_share_rule_of_three": "mart.patents.open_model_count",
        "patent_chinese_count": "mart.patents.chinese_open_model_count",
        "patent_share patent_share_ci_low patent_share_ci_high": _GAP_PATENTS,
        "gap_pp gap_pp_ci_low gap_pp_ci_high gap_logit gap_logit_ci_low gap_logit_ci_high": _GAP,
        "status": f"mart.patents.cohort_month {_FILES}",
        "files_missing_count read_through_date": _FILES,
    },
    "mart.shock_effects": {
        **_SHOCK,
        **_copy("core.policy_events", "is_paper_shock"),
        "from_date to_date week_count status": (
            "core.policy_events.event_date mart.engagement.activity_date "
            "mart.engagement.is_complete mart.engagement.is_masked"
        ),
        "base_value level_change level_change_ci_low level_change_ci_high level_change_se "
        "level_p_value level_q_value slope_change slope_change_ci_low slope_change_ci_high "
        "slope_p_value effect_pct effect_pct_ci_low effect_pct_ci_high effect_pp effect_pp_ci_low "
        "effect_pp_ci_high hac_lag_count shock_count tau_squared heterogeneity_p_value": (
            f"{_SERIES} {_FORKS} core.policy_events.event_date"
        ),
        "level_change_placebo_low level_change_placebo_high effect_pct_placebo_low "
        "effect_pct_placebo_high effect_pp_placebo_low effect_pp_placebo_high placebo_count "
        "placebo_effective_windows placebo_p_value placebo_q_value pre_trend_p_value": _PLACEBOS,
        "has_shock_overlap has_release_overlap": (
            "core.policy_events.event_date core.policy_events.kind"
        ),
        "has_break_overlap": "core.upstream_breaks.from_at core.upstream_breaks.to_at",
    },
    "mart.shock_leads_lags": {
        **_SHOCK,
        "relative_week week_date": "core.policy_events.event_date mart.engagement.activity_date",
        "estimate estimate_ci_low estimate_ci_high estimate_se": _SERIES,
        "placebo_p_value placebo_count": _PLACEBOS,
    },
    "mart.trend_shifts": {
        **_copy("mart.engagement", "country_iso2 event_group period"),
        "data_through_date": "mart.engagement.activity_date",
        "onset_date onset_low_date onset_high_date detected_date withdrawn_date before_share "
        "after_share size_pp size_pp_ci_low size_pp_ci_high statistic confidence_share detectors "
        "status reason point_count": _TREND,
    },
}
#: Published unchanged once their checks passed.
_PUBLISHED = {
    "mart.engagement": "stage.engagement",
    "mart.concentration": "stage.concentration",
    "mart.diffusion_papers": "stage.diffusion_papers",
}


def lineage_of(table: Table) -> Lineage:
    """What each column is made of; empty for a table of which nothing is declared."""
    if staged := _PUBLISHED.get(table.qualified):
        return {column: ((staged, column),) for column in table.column_names}
    made: dict[str, tuple[tuple[str, str], ...]] = {}
    for columns, sources in _DECLARED.get(table.qualified, {}).items():
        for column in columns.split():
            made[column] = tuple(dict.fromkeys(_split(sources.split())))
    return made


def _split(sources: Iterable[str]) -> Iterable[tuple[str, str]]:
    for source in sources:
        table, _, column = source.rpartition(".")
        yield table, column
