"""Writes a table as a CSV file: every digit, and no text that a spreadsheet would run."""

import gzip
import json
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

#: As in escaping.py, in the words of RE2, so that a column of a million texts is made at once.
_UNSEEN = (
    r"[\x{00}-\x{08}\x{0b}-\x{1f}\x{7f}-\x{9f}"
    r"\x{2028}\x{2029}\x{202a}-\x{202e}\x{2066}-\x{2069}\x{feff}]"
)
_UNSHOWN = "\N{REPLACEMENT CHARACTER}"
#: Characters that are replaced begin no formula any more.
_FORMULA = r"^('*[=+\-@\t\n])"
#: Of gzip: four years of shares take seconds; the level by default takes six times as long.
_PACKING = 1
_ISO_TIME = "%Y-%m-%dT%H:%M:%SZ"


def write_csv(rows: pa.Table, path: Path) -> None:
    """Rows in UTF-8 with a header; packed where the name ends in `.gz`.

    Texts have quotes, so that null, which is empty, is no empty text. Numbers have all their
    digits, times are ISO 8601 in UTC, lists are JSON. A text that would begin a formula gets an
    apostrophe in front, and what nobody would see in a text is U+FFFD.
    """
    shown = pa.table(
        {name: _shown(column) for name, column in zip(rows.column_names, rows.columns, strict=True)}
    )
    with ExitStack() as stack:
        file = stack.enter_context(path.open("wb"))
        if path.suffix != ".gz":
            pyarrow.csv.write_csv(shown, file)
            return
        # Without name and time in it, the same rows are the same bytes.
        packed = gzip.GzipFile("", "wb", _PACKING, file, mtime=0)
        pyarrow.csv.write_csv(shown, stack.enter_context(packed))


def _shown(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_string(column.type):
        seen = pc.replace_substring_regex(column, _UNSEEN, _UNSHOWN)
        return pc.replace_substring_regex(seen, _FORMULA, r"'\1")
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, format=_ISO_TIME)
    if pa.types.is_list(column.type):
        lists = [None if each is None else json.dumps(each) for each in column.to_pylist()]
        return pa.chunked_array([pa.array(lists, pa.string())])
    return column
