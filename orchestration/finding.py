"""What an examination of `make doctor` finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, what was found, and how to mend it."""

    name: str
    is_well: bool
    found: str
    mend: str = ""
