"""How often a test of chance is tried: a few times in the suite, more by `make test-crash`."""

import os


def tries(few: int) -> int:
    """As often as TEST_TRIES says, or a few times."""
    return int(os.environ.get("TEST_TRIES", few))
