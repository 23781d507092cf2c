"""Take the Hub's snapshot once, as a process of its own: `python snapshot_once.py URL DIR NOW`."""

import sys
from datetime import datetime
from pathlib import Path

from assets.hub.tables import HUB_MODELS
from tests.assets.hub.conftest import Place


def main(url: str, folder: str, now: str) -> int:
    """Run the asset; 0 where it succeeded."""
    Place(Path(folder), url).run(HUB_MODELS, datetime.fromisoformat(now))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
