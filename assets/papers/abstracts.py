"""Rebuilds an abstract from OpenAlex's inverted index, which gives each word its positions."""

MAX_WORDS = 5_000


class MalformedIndexError(ValueError):
    """The index is not one; the text says how."""


def rebuilt_abstract(index: object, most_words: int = MAX_WORDS) -> str | None:
    """The abstract's words in order, one space between them.

    Args:
        index: `abstract_inverted_index`: positions, from 0, by word; a position that is missing
            is passed over.
        most_words: words kept, from the first on.

    Returns:
        The text; None where there is no abstract.

    Raises:
        MalformedIndexError: it is no object of lists of whole numbers from 0, or two words claim
            one position.
    """
    if index is None or index == {}:
        return None
    if not isinstance(index, dict):
        raise MalformedIndexError(f"the abstract's index is a {type(index).__name__}, no object")
    words: dict[int, str] = {}
    for word, positions in index.items():
        if not isinstance(positions, list):
            raise MalformedIndexError(f"positions of a word are a {type(positions).__name__}")
        for position in positions:
            if type(position) is not int or position < 0:
                raise MalformedIndexError(f"a position is {str(position)[:40]!r}, no whole number")
            if position in words:
                raise MalformedIndexError(f"two words claim position {position}")
            words[position] = word
    ordered = [words[position] for position in sorted(words)[:most_words]]
    return " ".join(ordered) or None
