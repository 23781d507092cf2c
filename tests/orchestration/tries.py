"""How often a test of chance is tried: a few times in the suite, more by `make test-crash`."""

import os


def tries(few: int) -> int:
    """As often as TEST_TRIES says, or a few times."""
    return int(os.environ.get("TEST_TRIES", few))


def seed(usual: int) -> int:
    """What chance begins with: as TEST_SEED says, so that more tries are other ones."""
    return int(os.environ.get("TEST_SEED", usual))
