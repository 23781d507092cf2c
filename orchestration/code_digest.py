"""A digest of the code: failures under other code say nothing of what this one can make."""

import functools

from resources.code_digest import digest_of

#: Tag of a run with the digest of the code that asked for it.
CODE_TAG = "observatory/code"


@functools.cache
def code_digest() -> str:
    """Of the platform's code, rules and reference files.

    Dagster's own code version of an asset is of its declaration; what it calls is in here as well.
    """
    return digest_of("assets", "checks", "orchestration", "resources")
