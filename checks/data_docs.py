"""Old results of suites and their pages go; each run adds some, and writes the list of all anew."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from checks.runner import one_at_a_time

_KEPT_IN = ("validations", "data_docs/local_site/validations")
_RUN_TIME = "%Y%m%dT%H%M%S.%fZ"


def prune(root: Path, before: datetime) -> int:
    """Delete what suites found in runs before a time, with the pages about it.

    The list of pages is written anew by the next check.

    Args:
        root: folder of the Great Expectations project; it need not be there.
        before: aware.

    Returns:
        How many results and pages went.
    """
    if not root.is_dir():
        return 0
    count = 0
    with one_at_a_time(root / ".lock"):
        for kept_in in _KEPT_IN:
            # Suite, run and time of the run.
            for folder in (root / "gx" / "uncommitted" / kept_in).glob("*/*/*"):
                try:
                    made_at = datetime.strptime(folder.name, _RUN_TIME).replace(tzinfo=UTC)
                except ValueError:
                    continue
                if made_at >= before:
                    continue
                count += sum(1 for each in folder.rglob("*") if each.is_file())
                shutil.rmtree(folder)
                if not any(folder.parent.iterdir()):
                    folder.parent.rmdir()
    return count
