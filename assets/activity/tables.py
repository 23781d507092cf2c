"""Tables of the activity domain: what archives held, hour by hour, and the one event table."""

from assets.tables import Column, Table

_SOURCE = Column("source", "VARCHAR", "Name of the archive, such as gharchive")
_DAY = Column("archive_date", "DATE", "Day (UTC) whose files these are: the partition")
_HOUR = Column("file_hour", "TIMESTAMPTZ", "Hour (UTC) that the file is named after")

ARCHIVE_EVENTS = Table(
    schema="raw",
    name="archive_events",
    description=(
        "Events kept from hourly archive files: all on tracked repositories, and all of the actor "
        "panel, a fixed sample of actors on any repository."
    ),
    grain="One event in one file",
    key=("source", "file_hour", "event_type", "event_id", "created_at"),
    source="Hourly archives of the GH Archive layout",
    partition_column="archive_date",
    columns=(
        _SOURCE,
        _DAY,
        _HOUR,
        Column("event_type", "VARCHAR", "GitHub's event type, such as WatchEvent"),
        Column("event_id", "VARCHAR", "The archive's id; unique only with type and time"),
        Column("created_at", "TIMESTAMPTZ", "When it happened (UTC)"),
        Column("actor_id", "BIGINT", "Numeric account id; null before 2015", nullable=True),
        Column("is_bot", "BOOLEAN", "Whether the login ends in [bot]"),
        Column("repo_id", "BIGINT", "Numeric repository id", nullable=True),
        Column("repo_name", "VARCHAR", "owner/name at the time", nullable=True),
        Column("action", "VARCHAR", "payload.action, such as opened", nullable=True),
        Column("is_tracked", "BOOLEAN", "Whether the repository is tracked"),
        Column("is_panel", "BOOLEAN", "Whether the actor is in the panel"),
    ),
)

ARCHIVE_HOURS = Table(
    schema="raw",
    name="archive_hours",
    description="What became of each hourly file: whole, damaged, missing, and what it held.",
    grain="One hourly file of one archive, as one day's partition used it",
    key=("source", "archive_date", "file_hour"),
    source="The scan of hourly archives",
    partition_column="archive_date",
    columns=(
        _SOURCE,
        _DAY,
        _HOUR,
        Column("is_neighbour", "BOOLEAN", "Whether it is the next day's first file"),
        Column(
            "status",
            "VARCHAR",
            "complete, truncated, corrupt, trailing_garbage, not_gzip, empty, missing, unreachable",
        ),
        Column("mirror", "VARCHAR", "Base URL it came from", nullable=True),
        Column("byte_count", "BIGINT", "Compressed bytes read", "bytes"),
        Column("inflated_byte_count", "BIGINT", "Bytes after inflating", "bytes"),
        Column("member_count", "INTEGER", "gzip members"),
        Column("line_count", "BIGINT", "Lines that are not blank"),
        Column("event_count", "BIGINT", "Whole events, kept or not, duplicates included"),
        Column("kept_count", "BIGINT", "Events kept in raw.archive_events"),
        Column("bad_line_count", "BIGINT", "Lines that are no event"),
        Column("bad_offsets", "BIGINT[]", "Offsets of the first ten bad lines", "bytes, inflated"),
        Column("repaired_line_count", "BIGINT", "Lines with defects that lost nothing"),
        Column("duplicate_count", "BIGINT", "Kept events seen before in the file, dropped"),
        Column("timeline_count", "BIGINT", "Events of the schema before 2015"),
        Column("late_count", "BIGINT", "Kept events that happened before the file's hour"),
        Column("first_event_at", "TIMESTAMPTZ", "Earliest event", nullable=True),
        Column("last_event_at", "TIMESTAMPTZ", "Latest event", nullable=True),
        Column("messages", "VARCHAR[]", "What went wrong on the way, mirror by mirror"),
        Column("scan_fingerprint", "VARCHAR", "Version and selection of the scan"),
        Column("fetched_at", "TIMESTAMPTZ", "When it was asked for (UTC)"),
    ),
)

ARCHIVE_TOTALS = Table(
    schema="raw",
    name="archive_totals",
    description="Events of each whole file by type: the volume that capture is judged by.",
    grain="One event type in one hourly file",
    key=("source", "archive_date", "file_hour", "event_type"),
    source="The scan of hourly archives",
    partition_column="archive_date",
    columns=(
        _SOURCE,
        _DAY,
        _HOUR,
        Column("event_type", "VARCHAR", "GitHub's event type"),
        Column("event_count", "BIGINT", "Events in the file, kept or not"),
    ),
)

EVENTS = Table(
    schema="core",
    name="events",
    description=(
        "One row an event, on the day it happened: duplicates across files removed, bots dropped, "
        "repositories by numeric id."
    ),
    grain="One event",
    key=("event_type", "event_id", "created_at"),
    source="raw.archive_events of the day and, for late events, of the seven days after",
    partition_column="event_date",
    columns=(
        Column("event_date", "DATE", "Day it happened (UTC): the partition"),
        Column("event_type", "VARCHAR", "GitHub's event type"),
        Column("event_id", "VARCHAR", "The archive's id"),
        Column("created_at", "TIMESTAMPTZ", "When it happened (UTC)"),
        Column("event_group", "VARCHAR", "contribution, participation, attention or other"),
        Column("actor_id", "BIGINT", "Numeric account id; null before 2015", nullable=True),
        Column("repo_id", "BIGINT", "Numeric repository id", nullable=True),
        Column("action", "VARCHAR", "payload.action", nullable=True),
        Column("is_tracked", "BOOLEAN", "Whether the repository is tracked"),
        Column("is_panel", "BOOLEAN", "Whether the actor is in the panel"),
        Column("source", "VARCHAR", "Archive that the row was taken from"),
        Column("file_hour", "TIMESTAMPTZ", "File that the row was taken from"),
    ),
)
