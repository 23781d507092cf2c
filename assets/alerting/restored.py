"""The mark of a restore: since the backup Slack may have had what the outbox does not know of.

It is a small file in the data folder, so that it comes and goes with the outbox.
"""

import json
import logging
from datetime import datetime, timedelta
from pathlib import Path

FILE = "restored.json"
#: How long after a restore messages are looked for in Slack before they are sent the first time.
STANDS = timedelta(days=30)
_log = logging.getLogger(__name__)


def mark_restored(data: Path, backed_up_at: datetime, now: datetime) -> None:
    """Note in a data folder that it was restored now from a backup.

    Where the backup was made while an earlier mark stood, what that one knows nothing of is not
    known either: the earlier of both times is kept.

    Args:
        data: the folder.
        backed_up_at: when the backup was made (UTC).
        now: the time (UTC).
    """
    since = min(backed_up_at, unknown_since(data, now) or backed_up_at)
    text = json.dumps({"backed_up_at": since.isoformat(), "until": (now + STANDS).isoformat()})
    (data / FILE).write_text(text + "\n")


def unknown_since(data: Path, now: datetime) -> datetime | None:
    """From when on (UTC) Slack may have messages that the outbox has not; None without a mark.

    A mark ends by itself, `STANDS` after the restore.
    """
    try:
        found = json.loads((data / FILE).read_text())
        since, until = (datetime.fromisoformat(found[name]) for name in ("backed_up_at", "until"))
        return since if now < until else None
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        _log.warning("%s is damaged (%s): no message is looked for", data / FILE, error)
        return None
