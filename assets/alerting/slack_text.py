"""Makes text of others safe in a Slack message: bounded, in one line, and nothing but text."""

import re
import unicodedata
from collections.abc import Callable

from assets.report.escaping import shown

Escape = Callable[[str], str]

NOTHING = "—"  # a text object must not be empty
_ELLIPSIS = "…"
_LONGEST_READ = 4_000  # of a text of any length: more than any limit
#: Characters without a shape that only turn, join or part what stands beside them.
_UNSEEN = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u2060-\u2065\u206a-\u206f\ufeff]")
#: Slack's signs for bold, struck and code have no escape; these look like them.
_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
#: Within a word an underscore is no sign.
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
#: The name of an emoji between colons, of which the first is replaced.
_EMOJI = re.compile(r":(?=[\w+'-]+:)")
_QUOTE = re.compile(r"^>+")
_FROM_THE_RIGHT = frozenset({"R", "AL", "AN"})
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"


def size(text: str) -> int:
    """Length in UTF-16 units.

    Slack does not say whether it counts those or code points, which are never more.
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain(text: str, limit: int) -> str:
    """Text for a `plain_text` object, which Slack does not parse.

    One line without control characters, changes of direction or unpaired surrogates; text written
    from the right is isolated, so that it does not turn the figures beside it; at most `limit`
    UTF-16 units, with an ellipsis where it was cut; a dash where nothing is left.
    """
    return _fitted(_one_line(text), limit, _isolated)


def markup(text: str, limit: int, escape: Escape) -> str:
    """Text for a `mrkdwn` object, as `plain` and without anything that Slack would take for markup.

    Args:
        text: anybody's.
        limit: most UTF-16 units after escaping.
        escape: makes `&`, `<` and `>` safe, character by character.
    """
    return _fitted(_inert(_one_line(text)), limit, lambda cut: escape(_isolated(cut)))


def cut(text: str, limit: int) -> str:
    """Text that is safe already: at most `limit` UTF-16 units, an ellipsis where it was cut."""
    return _fitted(text, limit, str)


def _one_line(text: str) -> str:
    cut = text[:_LONGEST_READ]
    return shown(" ".join(_UNSEEN.sub("", cut).split()), _LONGEST_READ) or NOTHING


def _inert(text: str) -> str:
    text = _EDGE_UNDERSCORE.sub("ˍ", text.translate(_LOOKALIKES))
    return _QUOTE.sub("›", _EMOJI.sub("∶", text))


def _isolated(text: str) -> str:
    if any(unicodedata.bidirectional(character) in _FROM_THE_RIGHT for character in text):
        return f"{_ISOLATE}{text}{_END_OF_ISOLATE}"
    return text


def _fitted(text: str, limit: int, form: Callable[[str], str]) -> str:
    """The form of the longest beginning of a text of which it fits, with an ellipsis if cut."""
    whole = form(text)
    if size(whole) <= limit:
        return whole
    fits, too_long = 0, len(text)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if size(form(text[:middle] + _ELLIPSIS)) <= limit:
            fits = middle
        else:
            too_long = middle
    return form(text[:fits].rstrip() + _ELLIPSIS)
