"""Read weeks of patents, in a process of its own: `python read_once.py URL FOLDER WEEK COUNT`."""

import sys
from datetime import date
from pathlib import Path

from tests.assets.patents.materialising import Patents, weeks_from


def main(url: str, folder: str, week: str, count: str) -> int:
    """Run the assets; 0 where they succeeded."""
    patents = Patents(Path(folder), url)
    result = patents.read(weeks_from(date.fromisoformat(week), int(count)), with_check=False)
    return 0 if result.success else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
