"""Makes text of others safe in Markdown, as Dagster's UI shows it: one line, bounded, and text."""

import re

from assets.report.escaping import shown

MAX_CELL = 300
#: What begins or ends something in Markdown, its tables, HTML, or a bare link; within a word an
#: underscore does neither, and a colon only before more of a link or of an emoji's name.
_MARKUP = re.compile(
    r"([\\`*{}\[\]<>|~&$@]|(?<![^\W_])_|_(?![^\W_])|:(?=\S))"
    r"|^([=.#+]|-(?!\w)|\d+(?=[.)](?:\s|$)))|(?<=www)(\.)"
)


def as_text(text: object, limit: int = MAX_CELL) -> str:
    """Markdown that shows a text as it is, in a paragraph, a line of a list or a cell of a table.

    Whitespace is one space; characters that nobody sees, or that turn the direction of what
    follows, are U+FFFD; what is longer than `limit` characters ends in an ellipsis.
    """
    # A text of any length: no more than may be shown is looked at, with room for whitespace.
    line = " ".join(str(text)[: 4 * limit].split())
    return _MARKUP.sub(_escaped, shown(line, limit))


def _escaped(found: re.Match[str]) -> str:
    sign = found.group()
    # A number with a dot would begin a list, but not with its first digit as an entity.
    return f"&#{ord(sign[0])};{sign[1:]}" if sign[0].isalnum() else f"\\{sign}"
