"""What must hold of whatever a parser makes of a stranger's bytes: a table can hold it."""

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
