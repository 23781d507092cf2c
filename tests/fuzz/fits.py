"""What strangers write as texts, and what must hold of whatever is made of it: a table holds it."""

from datetime import UTC, datetime

_LARGEST = (1 << 63) - 1


def fits_a_table(*values: object) -> None:
    """Raise for a text with a lone surrogate, a number beyond 64 bits, a time that is not UTC."""
    for value in values:
        if isinstance(value, str):
            value.encode()
        elif isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
            raise AssertionError(f"{value} does not fit 64 bits")
        elif isinstance(value, datetime) and value.utcoffset() != UTC.utcoffset(None):
            raise AssertionError(f"{value!r} is not of UTC")


def text_of(data: bytes) -> str:
    """A text that a stranger may have written: any characters, lone surrogates as well."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("latin-1")
