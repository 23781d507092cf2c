"""The kinds of faults that are tried: what each is, and which tests try it.

A test of this folder notes each of its tries by the kind's name. A test of another folder counts as
one try for each of its cases.
"""

from __future__ import annotations

from dataclasses import dataclass

_KILLS = "tests/faults/test_kills.py::"


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Attributes:
        name: as the table of docs/reliability.md has it.
        group: what it befalls.
        tests: node ids of the tests that try it; of a test with cases, all of them.
    """

    name: str
    group: str
    tests: tuple[str, ...]


def _of(group: str, *kinds: tuple[str, tuple[str, ...]]) -> tuple[Kind, ...]:
    return tuple(Kind(name, group, tests) for name, tests in kinds)


_WRITERS = (_KILLS + "test_a_writer_killed_at_random_leaves_the_old_or_the_new_and_nothing_else",)

_KILLED = _of(
    "`kill -9` at a random moment",
    (
        "a run of a whole day killed",
        (_KILLS + "test_a_killed_run_of_a_whole_day_ends_as_an_undisturbed_one",),
    ),
    (
        "a run of the archive's day killed",
        (_KILLS + "test_a_killed_run_of_the_archives_day_ends_as_an_undisturbed_one",),
    ),
    ("a writer of the Parquet store killed", _WRITERS),
    ("a writer of the warehouse killed", _WRITERS),
    ("a writer of a spool killed", _WRITERS),
    ("a publication killed", _WRITERS),
    ("a delivery to Slack killed", (_KILLS + "test_a_killed_delivery_sends_each_message_once",)),
    ("a backup killed", (_KILLS + "test_a_killed_backup_is_whole_or_none",)),
    ("a restore killed", (_KILLS + "test_a_killed_restore_done_again_gives_the_backups_data",)),
    ("an upgrade of a table killed", (_KILLS + "test_a_killed_upgrade_done_again_keeps_all_rows",)),
)
_ASKED = (
    "tests/faults/test_upstreams.py::"
    "test_an_upstream_gives_the_truth_or_an_error_and_the_truth_again_afterwards",
)
_UNREACHED = ("tests/faults/test_upstreams.py::test_an_upstream_that_cannot_be_reached_is_named",)
_UPSTREAM = _of(
    "an upstream",
    ("500 answered", _ASKED),
    ("502 with a page of HTML", _ASKED),
    ("503 with Retry-After", _ASKED),
    ("504 answered", _ASKED),
    ("429 with Retry-After", _ASKED),
    ("429 without Retry-After", _ASKED),
    ("403 answered", _ASKED),
    ("404 answered", _ASKED),
    ("no answer in time", _ASKED),
    ("a slow body", _ASKED),
    ("a body that stalls", _ASKED),
    ("connection cut at every tenth of a body", _ASKED),
    ("connection reset before the answer", _ASKED),
    ("answer lost after the request was handled", _ASKED),
    ("500 after the request was handled", _ASKED),
    ("Content-Length too small", _ASKED),
    ("HTML instead of JSON", _ASKED),
    ("200 with an error body", _ASKED),
    ("200 with an empty object", _ASKED),
    ("redirect without end", _ASKED),
    ("a bomb of gzip", _ASKED),
    ("a flipped byte in a packed file", _ASKED),
    ("a truncated file", _ASKED),
    ("connection refused", _UNREACHED),
    ("TLS handshake fails", _UNREACHED),
)
_S = "tests/faults/test_storage.py::"
_DAMAGED = (_S + "test_a_damaged_warehouse_is_detected_and_restored_by_one_command",)
_FLIPPED = (
    *_DAMAGED,
    _S + "test_a_damaged_warehouse_is_not_backed_up_and_the_newest_backup_is_sound",
)
_PARTITION = (_S + "test_a_damaged_partition_is_named_and_made_again",)
_DISK = (_S + "test_a_disk_that_takes_nothing_costs_nothing_that_is_there",)
_LIMIT = (_S + "test_a_process_at_its_limit_costs_nothing_that_is_there",)
_O, _R, _A = "tests/orchestration/", "tests/resources/", "tests/assets/"
_XML = _A + "patents/test_parse.py::"
_STORAGE = _of(
    "storage",
    ("flipped bytes in the warehouse", _FLIPPED),
    ("a warehouse cut short", _DAMAGED),
    ("a half-written Parquet file", _PARTITION),
    ("flipped bytes in a Parquet file", _PARTITION),
    (
        "a partition that cannot be read in the middle of a run",
        (
            "tests/faults/test_failing_partition.py::"
            "test_a_partition_that_cannot_be_made_is_named_in_the_ui_with_what_to_do",
        ),
    ),
    (
        "a flipped bit in a checked partition",
        (_S + "test_a_partition_that_changed_since_its_checks_is_approved_no_more",),
    ),
    ("a full disk", _DISK),
    ("a read-only disk", _DISK),
    ("a file that may not grow", _LIMIT),
    ("a limit of memory", _LIMIT),
    (
        "a warehouse locked by another process",
        (_S + "test_a_warehouse_that_another_holds_is_waited_for_and_then_named",),
    ),
    (
        "a warehouse open in a program of somebody else's",
        (
            _R + "test_warehouse.py::"
            "test_a_process_that_knows_nothing_of_the_lock_is_waited_for_and_named",
        ),
    ),
    (
        "a clock that jumps between two backups",
        (_S + "test_a_backup_is_named_by_the_clock_whichever_way_it_jumps",),
    ),
    (
        "a clock that jumps between two runs",
        (
            "tests/faults/test_clock.py::"
            "test_an_hour_that_was_not_there_under_a_wrong_clock_is_fetched_under_the_right_one",
        ),
    ),
    (
        "a table as an earlier version declared it",
        (
            _O + "test_upgrade.py::"
            "test_a_table_gets_its_declared_columns_types_and_key_and_keeps_its_rows",
            _O + "test_upgrade.py::test_rows_that_cannot_be_what_is_declared_are_named_and_stay",
        ),
    ),
)
_ELSEWHERE = _of(
    "processes, redirects and files",
    (
        "a writer killed inside its transaction",
        (
            _R + "test_warehouse.py::"
            "test_a_writer_killed_inside_its_transaction_blocks_nobody_and_leaves_nothing",
        ),
    ),
    (
        "two writers at the same time",
        (_R + "test_warehouse.py::test_two_processes_that_write_at_the_same_time_lose_nothing",),
    ),
    (
        "a bomb of zip",
        (_A + "patents/test_zip_stream.py::test_a_bomb_is_stopped_by_its_ratio_and_by_its_size",),
    ),
    ("a flipped byte in a zip", (_A + "patents/test_zip_stream.py::test_a_damaged_byte_is_seen",)),
    (
        "entities and DTDs in XML",
        (
            _XML + "test_a_missing_dtd_beside_the_process_is_not_looked_for",
            _XML + "test_entities_are_not_expanded_and_named_characters_stand_for_themselves",
            _XML + "test_more_entities_by_name_than_a_text_has_are_refused",
        ),
    ),
    (
        "two daemons by mistake",
        tuple(
            f"tests/faults/test_two_daemons.py::{name}"
            for name in (
                "test_a_second_daemon_is_refused_for_as_long_as_the_first_lives",
                "test_every_way_to_start_a_daemon_asks",
                "test_nothing_is_restored_under_a_daemon_that_works",
                "test_no_daemon_begins_while_a_restore_goes_on",
                "test_nothing_is_upgraded_under_a_daemon_that_works_nor_one_begun_meanwhile",
            )
        ),
    ),
    (
        "a redirect to another host",
        (_R + "test_outgoing.py::test_no_client_follows_a_redirect_to_another_host",),
    ),
    (
        "a redirect to a private address",
        (_R + "test_outgoing.py::test_a_host_of_a_private_address_is_not_sent_on_to",),
    ),
    (
        "an untrusted certificate",
        (_R + "test_tls.py::test_no_client_talks_to_a_server_of_an_untrusted_certificate",),
    ),
)
KINDS: tuple[Kind, ...] = (*_KILLED, *_UPSTREAM, *_STORAGE, *_ELSEWHERE)
NAMES = frozenset(kind.name for kind in KINDS)
