"""Tables of the Hub: its models day by day, their lineage, and what is counted of both."""

from assets.tables import Column, Table

_SOURCE = "Hugging Face Hub API, /api/models"
_DATE = Column("snapshot_date", "DATE", "UTC day on which the Hub was asked: the partition")

HUB_MODELS = Table(
    schema="raw",
    name="hub_models",
    description=(
        "Models of tracked families and what is made of them, as the Hub listed them on a day. The "
        "Hub keeps no history: a day on which it was not asked is missing for good."
    ),
    grain="One snapshot and model",
    key=("snapshot_date", "model_id"),
    source=_SOURCE,
    partition_column="snapshot_date",
    columns=(
        _DATE,
        Column("model_id", "VARCHAR", "owner/name; another after a rename"),
        Column(
            "hub_id", "VARCHAR", "The Hub's own id, which outlasts renames; null where not stated",
            nullable=True,
        ),
        Column("author", "VARCHAR", "The owner; empty for the first models, which have none"),
        Column("created_at", "TIMESTAMPTZ", "When it was made (UTC)", nullable=True),
        Column("downloads_30d_count", "BIGINT", "Downloads of the 30 days before", nullable=True),
        Column(
            "downloads_all_time_count",
            "BIGINT",
            "Downloads since it was made, as counted on that day; corrected downward at times",
            nullable=True,
        ),
        Column("like_count", "BIGINT", "Likes", nullable=True),
        Column("base_model_ids", "VARCHAR[]", "Models that it is made of, as its author states"),
        Column(
            "found_under_model_id",
            "VARCHAR",
            "Model whose list of derivatives had it first; null for an author's list",
            nullable=True,
        ),
        Column(
            "relation",
            "VARCHAR",
            "finetune, quantized, adapter or merge, as the Hub classifies it; unstated; null "
            "without a base",
            nullable=True,
        ),
        Column("library", "VARCHAR", "Such as transformers", nullable=True),
        Column("pipeline_tag", "VARCHAR", "Task", nullable=True),
        Column("gated", "VARCHAR", "Whether it is asked for: auto, manual, no", nullable=True),
    ),
)  # fmt: skip

HUB_SNAPSHOTS = Table(
    schema="core",
    name="hub_snapshots",
    description=(
        "What became of each day's snapshot of the Hub: complete; partial, where lists could not "
        "be read or the day ended; or missed, where nobody asked on the day, which nothing can "
        "make good."
    ),
    grain="One day",
    key=("snapshot_date",),
    source=_SOURCE,
    columns=(
        _DATE,
        Column("state", "VARCHAR", "complete, partial or missed"),
        Column("first_asked_at", "TIMESTAMPTZ", "Of its first page (UTC)", nullable=True),
        Column("last_asked_at", "TIMESTAMPTZ", "Of its last page (UTC)", nullable=True),
        Column("page_count", "INTEGER", "Pages read", "pages"),
        Column("list_count", "INTEGER", "Lists read to their end", "lists"),
        Column("failed_list_count", "INTEGER", "Lists that could not be read", "lists"),
        Column(
            "silent_family_count",
            "INTEGER",
            "Families of core.hub_authors of which no author listed a release",
            "families",
        ),
        Column("malformed_count", "INTEGER", "Documents that are no model", "documents"),
        Column("model_count", "INTEGER", "Models found", "models"),
        Column(
            "left_out_count",
            "INTEGER",
            "Models whose derivatives were not asked for, as the budget or the day was over",
            "models",
        ),
        Column(
            "asked_share",
            "DOUBLE",
            "Share of the models' downloads (30 days) on models whose derivatives were asked for: "
            "what is made of the others is not known",
            "0 to 1",
            nullable=True,
        ),
    ),
)

HUB_LINEAGE = Table(
    schema="core",
    name="hub_lineage",
    description=(
        "Where each model of a snapshot comes from: the root, which is the uppermost release of a "
        "tracked family, with the share of the model that leads there. A merge is split equally "
        "among its bases; shares of a model add up to 1."
    ),
    grain="One snapshot, model, root and nearest family",
    key=("snapshot_date", "model_id", "root_model_id", "family", "status"),
    source="raw.hub_models, core.hub_authors, core.model_families",
    partition_column="snapshot_date",
    columns=(
        _DATE,
        Column("model_id", "VARCHAR", "The model"),
        Column("weight", "DOUBLE", "Share of the model that leads to the root", "0 to 1"),
        Column("root_model_id", "VARCHAR", "The root; null where unknown", nullable=True),
        Column("root_family", "VARCHAR", "Its family; null where unknown", nullable=True),
        Column("origin_iso2", "VARCHAR", "Country of the root family's developer; ZZ unknown"),
        Column(
            "family",
            "VARCHAR",
            "Family of the nearest release on the way, the model itself included; another than "
            "root_family where a family is made of another's weights; null where unknown",
            nullable=True,
        ),
        Column(
            "relation",
            "VARCHAR",
            "release (by the root family itself), finetune, quantized, adapter, merge or unstated",
        ),
        Column(
            "status",
            "VARCHAR",
            "root; unlisted_root (known by name, gone or renamed); missing (a base of no family "
            "that no list has), circle (models that name each other) or scattered (the least "
            "shares of a model of more than 64 roots): unknown",
        ),
        Column("step_count", "INTEGER", "Fewest steps to the root", "steps", nullable=True),
        Column(
            "author_country_iso2",
            "VARCHAR",
            "Headquarters of the model's author where core.hub_authors states it; ZZ unknown",
        ),
    ),
)

_MEASURE = Column(
    "measure",
    "VARCHAR",
    "models; new_models (made since the snapshot before); downloads_30d; downloads_all_time; "
    "downloads_since (all-time downloads less those of the snapshot before)",
)
_RELATION = Column(
    "relation",
    "VARCHAR",
    "any; derivative (all but release); release, finetune, quantized, adapter, merge or unstated",
)
_DAYS_SINCE = Column(
    "days_since_previous",
    "INTEGER",
    "Days to the snapshot before, which new_models and downloads_since go back to; null for the "
    "first",
    "days",
    nullable=True,
)
_IS_COMPLETE = Column(
    "is_complete",
    "BOOLEAN",
    "Whether the snapshot, and for differences the one before, was complete",
)
_ASKED = Column(
    "asked_share",
    "DOUBLE",
    "Coverage, as in core.hub_snapshots; of differences the smaller of both",
    "0 to 1",
    nullable=True,
)

DIFFUSION_HUB = Table(
    schema="mart",
    name="diffusion_hub",
    description=(
        "Models on the Hugging Face Hub, new ones and their downloads, by the origin of the "
        "weights they are made of, by how they are made, and by their author's country. All that "
        "is listed is counted, so that there is no sampling error: what is uncertain is unknown "
        "origins (share_low, share_high) and what is not listed (asked_share)."
    ),
    grain="One snapshot, measure, author's country, origin, root family and relation",
    key=(
        "snapshot_date", "measure", "author_country_iso2", "origin_iso2", "root_family", "relation",
    ),
    source="raw.hub_models, core.hub_lineage, core.hub_snapshots",
    partition_column="snapshot_date",
    columns=(
        _DATE,
        _MEASURE,
        Column(
            "author_country_iso2",
            "VARCHAR",
            "any; the headquarters of the models' authors; ZZ unknown, as for all private persons",
        ),
        Column(
            "origin_iso2", "VARCHAR", "any; country of the root family's developer; ZZ unknown"
        ),
        Column("root_family", "VARCHAR", "any, or a family, for all authors together"),
        _RELATION,
        Column(
            "value",
            "DOUBLE",
            "Models or downloads, a merge split equally among its bases; differences keep the "
            "Hub's corrections downward",
        ),
        Column(
            "known_value",
            "DOUBLE",
            "Denominator of share: the measure of all models of known origin, of the same relation "
            "and author's country",
        ),
        Column("unknown_value", "DOUBLE", "The same of models of unknown origin"),
        Column(
            "share",
            "DOUBLE",
            "value / known_value; null for any and ZZ, and where a difference is negative",
            "0 to 1",
            nullable=True,
        ),
        Column(
            "share_low", "DOUBLE", "The share if none of the unknown came from there", "0 to 1",
            nullable=True,
        ),
        Column(
            "share_high", "DOUBLE", "The share if all of the unknown came from there", "0 to 1",
            nullable=True,
        ),
        Column(
            "unknown_share",
            "DOUBLE",
            "unknown_value / (known_value + unknown_value)",
            "0 to 1",
            nullable=True,
        ),
        Column(
            "correction_value",
            "DOUBLE",
            "Part of value from models whose all-time downloads fell, 0 or less",
            "downloads",
        ),
        Column("has_correction", "BOOLEAN", "Whether a model's all-time downloads fell"),
        Column(
            "compared_share",
            "DOUBLE",
            "Of downloads_since: share of the cell's downloads (30 days) on models that both "
            "snapshots have, or that are new; null for other measures",
            "0 to 1",
            nullable=True,
        ),
        _DAYS_SINCE,
        _ASKED,
        _IS_COMPLETE,
    ),
)  # fmt: skip

HUB_CONCENTRATION = Table(
    schema="mart",
    name="hub_concentration",
    description=(
        "How concentrated models and downloads are on few root families, or on few origins: the "
        "Herfindahl index of shares among models of known origin, and the number of equal parts "
        "with the same index."
    ),
    grain="One snapshot, measure, relation and dimension",
    key=("snapshot_date", "measure", "relation", "dimension"),
    source="mart.diffusion_hub",
    partition_column="snapshot_date",
    columns=(
        _DATE,
        _MEASURE,
        _RELATION,
        Column("dimension", "VARCHAR", "root_family or origin_iso2: what the shares are of"),
        Column("part_count", "INTEGER", "Families or origins with a share", "parts"),
        Column(
            "herfindahl",
            "DOUBLE",
            "Sum of squared shares; null where a difference is negative",
            "0 to 1",
            nullable=True,
        ),
        Column("effective_parts", "DOUBLE", "1 / herfindahl", "parts", nullable=True),
        Column("known_value", "DOUBLE", "What the shares are of"),
        Column(
            "unknown_share",
            "DOUBLE",
            "Share of unknown origin, which the index leaves out",
            "0 to 1",
            nullable=True,
        ),
        _DAYS_SINCE,
        _ASKED,
        _IS_COMPLETE,
    ),
)
