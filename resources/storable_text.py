"""Texts of strangers, made fit for a table."""


def storable(text: str) -> str:
    """A text without the lone surrogates that no table can hold: each becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
