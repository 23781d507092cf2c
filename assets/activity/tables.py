"""Tables of the activity domain: what archives and git held, and the one event table."""

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
            "complete, truncated, corrupt, trailing_garbage, not_gzip, empty, oversized, missing, "
            "unreachable",
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

COMMITS = Table(
    schema="raw",
    name="commits",
    description=(
        "Commits of the tracked repositories' branches, as git states them: whoever writes a "
        "commit chooses its address, time and zone freely. No name and no address is kept."
    ),
    grain="One commit in one repository",
    key=("source", "repo_id", "sha"),
    source="Bare git mirrors of the tracked repositories",
    partition_column="commit_date",
    columns=(
        Column("source", "VARCHAR", "git"),
        Column("commit_date", "DATE", "Day (UTC) of the committer's time: the partition"),
        Column("sha", "VARCHAR", "Name of the commit; forks share commits"),
        Column("repo_id", "BIGINT", "Numeric repository id"),
        Column(
            "author_at",
            "TIMESTAMPTZ",
            "When the author says it was written (UTC); null where no calendar has that time",
            nullable=True,
        ),
        Column(
            "author_offset_min",
            "INTEGER",
            "The author's clock east of UTC; null beyond 14 hours, which no clock shows",
            "minutes",
            nullable=True,
        ),
        Column(
            "is_author_time_plausible",
            "BOOLEAN",
            "Whether author_at lies between 1990 and a day after committed_at",
        ),
        Column("committed_at", "TIMESTAMPTZ", "When it was put into the history (UTC)"),
        Column(
            "committer_offset_min",
            "INTEGER",
            "The committer's clock east of UTC; null as author_offset_min",
            "minutes",
            nullable=True,
        ),
        Column(
            "author_hash",
            "VARCHAR",
            "128 bits of the address's keyed hash (HMAC-SHA256); null without an address",
            nullable=True,
        ),
        Column(
            "email_domain",
            "VARCHAR",
            "Domain of the author's address, lower case, IDNA; null where it is no public one",
            nullable=True,
        ),
        Column(
            "actor_id",
            "BIGINT",
            "Account number in GitHub's own form of address; null in any other",
            nullable=True,
        ),
        Column("is_bot", "BOOLEAN", "Whether that form names a [bot]"),
        Column("is_default_branch", "BOOLEAN", "Whether the default branch reaches it"),
        Column(
            "is_web_commit",
            "BOOLEAN",
            "Whether GitHub's web flow committed it: its offsets are no evidence",
        ),
        Column("parent_count", "INTEGER", "0 for a root, 2 and more for a merge"),
    ),
)

COMMIT_AUTHORS = Table(
    schema="raw",
    name="commit_authors",
    description="Account that GitHub links each commit author's address to; null for nobody's.",
    grain="One author of commits",
    key=("author_hash",),
    source="GitHub GraphQL API, one commit an author; asked again after 90 days",
    columns=(
        Column("author_hash", "VARCHAR", "As in raw.commits"),
        Column("actor_id", "BIGINT", "Numeric account id; null without one", nullable=True),
        Column(
            "link_source",
            "VARCHAR",
            "noreply (the address names the account), github (GitHub links it) or none",
        ),
        Column("asked_at", "TIMESTAMPTZ", "When the link was looked for (UTC)"),
    ),
)

EVENTS = Table(
    schema="core",
    name="events",
    description=(
        "One row an event, on the day it happened: duplicates across files and sources removed, "
        "bots dropped, repositories by numeric id. Commits are events of type Commit."
    ),
    grain="One event",
    key=("event_type", "event_id", "created_at"),
    source=(
        "raw.archive_events of the day and, for late events, of the seven days after; "
        "raw.repository_events; raw.commits, with accounts from raw.commit_authors"
    ),
    partition_column="event_date",
    columns=(
        Column("event_date", "DATE", "Day it happened (UTC): the partition"),
        Column("event_type", "VARCHAR", "GitHub's event type, or Commit"),
        Column("event_id", "VARCHAR", "The archive's id, or the commit's sha"),
        Column("created_at", "TIMESTAMPTZ", "When it happened (UTC); a commit's committer time"),
        Column("event_group", "VARCHAR", "contribution, participation, attention or other"),
        Column(
            "actor_id",
            "BIGINT",
            "Numeric account id; null before 2015, and for commits whose address is nobody's",
            nullable=True,
        ),
        Column("repo_id", "BIGINT", "Numeric repository id", nullable=True),
        Column("action", "VARCHAR", "payload.action", nullable=True),
        Column("is_tracked", "BOOLEAN", "Whether the repository is tracked"),
        Column("is_panel", "BOOLEAN", "Whether the actor is in the panel"),
        Column("source", "VARCHAR", "What the row was taken from: an archive, github_events, git"),
        Column("sources", "VARCHAR[]", "All that saw it, in the order of their names"),
        Column(
            "file_hour", "TIMESTAMPTZ", "File that the row was taken from; without one, its hour"
        ),
    ),
)

ACTOR_DAYS = Table(
    schema="core",
    name="actor_days",
    description=(
        "What each account did on a day, by event group and kind of repository: the grain that "
        "every count of accounts starts from, whatever its period."
    ),
    grain="One day, account, event group, and kind of repository",
    key=(
        "activity_date",
        "actor_id",
        "event_group",
        "is_tracked",
        "is_panel",
        "origin",
        "layer",
    ),
    source="core.events with core.tracked_repositories and core.model_families",
    partition_column="activity_date",
    columns=(
        Column("activity_date", "DATE", "Day (UTC): the partition"),
        Column(
            "actor_id",
            "BIGINT",
            "Numeric account id; null for all events without one together",
            nullable=True,
        ),
        Column("event_group", "VARCHAR", "contribution, participation, attention or other"),
        Column("is_tracked", "BOOLEAN", "Whether on tracked repositories"),
        Column("is_panel", "BOOLEAN", "Whether the account is in the panel"),
        Column(
            "origin",
            "VARCHAR",
            "Origin of the repositories' model family: cn, us or other; null without a family",
            nullable=True,
        ),
        Column(
            "layer",
            "VARCHAR",
            "Layer of the repositories: model, training, inference or application; null if not "
            "tracked",
            nullable=True,
        ),
        Column("event_count", "BIGINT", "Events", "events"),
        Column("before_17_count", "BIGINT", "Of them before 17:00 UTC", "events"),
        Column(
            "hour_mask",
            "INTEGER",
            "Bit h is set where an event other than a commit fell into UTC hour h",
        ),
    ),
)
