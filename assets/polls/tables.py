"""Tables of the polls: events that repositories' feeds held, what each poll gave, and stars."""

from assets.tables import Column, Table

SOURCE = "github_events"

REPOSITORY_EVENTS = Table(
    schema="raw",
    name="repository_events",
    description=(
        "Events of tracked repositories from their own feeds, which hold the newest 300 of 30 days "
        "of any type, stars too. Each event is kept as the first poll saw it."
    ),
    grain="One event",
    key=("event_type", "event_id", "created_at"),
    source="GitHub REST API, /repositories/{id}/events",
    partition_column="event_date",
    columns=(
        Column("source", "VARCHAR", f"Always {SOURCE}"),
        Column("event_date", "DATE", "Day (UTC) it happened: the partition"),
        Column("event_type", "VARCHAR", "GitHub's event type, such as WatchEvent"),
        Column("event_id", "VARCHAR", "GitHub's id; unique only with type and time"),
        Column("created_at", "TIMESTAMPTZ", "When it happened (UTC)"),
        Column("actor_id", "BIGINT", "Numeric account id", nullable=True),
        Column("is_bot", "BOOLEAN", "Whether the login ends in [bot]"),
        Column("repo_id", "BIGINT", "Numeric repository id"),
        Column("repo_name", "VARCHAR", "owner/name as the feed has it", nullable=True),
        Column("action", "VARCHAR", "payload.action, such as opened", nullable=True),
        Column("is_panel", "BOOLEAN", "Whether the actor is in the panel"),
        Column("polled_at", "TIMESTAMPTZ", "When a poll first saw it (UTC)"),
    ),
)

REPOSITORY_POLLS = Table(
    schema="raw",
    name="repository_polls",
    description=(
        "The last poll of each tracked repository: what it gave, when the next is due, and from "
        "when on its events are known without a gap."
    ),
    grain="One repository",
    key=("repo_id",),
    source="GitHub REST API, /repositories/{id}/events",
    columns=(
        Column("repo_id", "BIGINT", "Numeric repository id"),
        Column("repo_name", "VARCHAR", "owner/name as its newest event has it"),
        Column("etag", "VARCHAR", "Of the feed's first page", nullable=True),
        Column("polled_at", "TIMESTAMPTZ", "When it was asked last (UTC)"),
        Column("next_poll_at", "TIMESTAMPTZ", "Not to be asked before (UTC)"),
        Column("outcome", "VARCHAR", "polled, unchanged, renamed, gone, blocked or failed"),
        Column("event_count", "INTEGER", "Events on the pages of the last poll"),
        Column("malformed_count", "INTEGER", "Documents of the last poll that are no event of it"),
        Column("problem", "VARCHAR", "Why it failed, or the first malformed one", nullable=True),
        Column("newest_event_at", "TIMESTAMPTZ", "Newest event known (UTC)", nullable=True),
        Column(
            "covered_since",
            "TIMESTAMPTZ",
            "From when on events are known without gap, up to covered_until",
            nullable=True,
        ),
        Column(
            "covered_until",
            "TIMESTAMPTZ",
            "Six hours before the last poll that gave an answer: GitHub may show events so late",
            nullable=True,
        ),
        Column("events_per_hour", "DOUBLE", "Estimated from the last polls", "events/h"),
        Column("poll_interval_s", "INTEGER", "GitHub's wish for the time between polls", "s"),
        Column("call_count", "INTEGER", "Calls for it in the hour before polled_at, at most"),
    ),
)

REPOSITORY_SPANS = Table(
    schema="raw",
    name="repository_spans",
    description=(
        "Spans of time in which a tracked repository's events are known without a gap, all that "
        "there ever were: the last of each is in raw.repository_polls too."
    ),
    grain="One repository and span",
    key=("repo_id", "covered_since"),
    source="The polls of raw.repository_polls, written with them",
    columns=(
        Column("repo_id", "BIGINT", "Numeric repository id"),
        Column("covered_since", "TIMESTAMPTZ", "From when on events are known (UTC)"),
        Column("covered_until", "TIMESTAMPTZ", "Last poll without a gap before it (UTC)"),
    ),
)

STAR_HISTORY = Table(
    schema="raw",
    name="star_history",
    description=(
        "Stars by the day they were given, of those that still stood when asked: who took a star "
        "back is in no count. Weeks begin when GitHub says; whether its days begin at UTC midnight "
        "is not promised, and they are taken to. The day of asking is not over."
    ),
    grain="One repository and day",
    key=("repo_id", "star_date"),
    source="GitHub REST API, /repositories/{id}/stargazers/history, version 2026-03-10",
    columns=(
        Column("repo_id", "BIGINT", "Numeric repository id"),
        Column("star_date", "DATE", "Day that the stars were given"),
        Column("star_count", "BIGINT", "Stars that still stood when asked"),
        Column("asked_at", "TIMESTAMPTZ", "When GitHub was asked (UTC)"),
    ),
)
