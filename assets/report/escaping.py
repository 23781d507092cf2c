"""Makes text of others safe where it is put: on the page, in its scripts, in its CSV files."""

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

MAX_TEXT = 500
_UNSHOWN = "\N{REPLACEMENT CHARACTER}"
#: Control characters, and those that turn the direction of what follows them.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
#: What a spreadsheet would take for a formula; apostrophes before it stand for themselves.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_SIGNIFICANT = 6


def shown(text: str, limit: int = MAX_TEXT) -> str:
    """Text fit to be shown: bounded, and without characters that nobody sees.

    Control characters, unpaired surrogates and changes of direction become U+FFFD; what is longer
    than `limit` characters ends in an ellipsis.
    """
    text = _SURROGATE.sub(_UNSHOWN, _CONTROL.sub(_UNSHOWN, text[: limit + 1]))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def script_json(value: object) -> Markup:
    """JSON that may stand inside a script element: it can end neither the element nor a line.

    All but ASCII is escaped, and of ASCII `<`, `>` and `&`.
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - escaped above  # nosec B704


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as CSV (RFC 4180) with a header, that a spreadsheet takes for data and nothing else.

    A text that would begin a formula gets an apostrophe in front. Null is empty; numbers have six
    significant digits.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])
    return file.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(float(f"{value:.{_SIGNIFICANT}g}"))
    if isinstance(value, int | dt.date):
        return str(value)
    text = shown(str(value))
    return f"'{text}" if _FORMULA.match(text) else text
