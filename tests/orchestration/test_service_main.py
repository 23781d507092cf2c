"""A service is Dagster's own module, in a process that shows no secret."""

import subprocess
import sys
from pathlib import Path

from orchestration.services import SERVICES, VIEWER, Addresses, arguments
from tests.conftest import ROOT

TOKEN = "planted-0123456789abcdef"  # noqa: S105
#: A service of another kind, which says all that it knows.
LEAKING = """
import logging, os, sys, threading
token = os.environ["OBSERVATORY_GITHUB_TOKEN"]
print(__name__, os.path.basename(sys.argv[0]), sys.argv[1:], sys.modules["__main__"].token == token)
logging.warning("a log with %s", token)
thread = threading.Thread(target=lambda: 1 / int(token))
thread.start()
thread.join()
raise RuntimeError(f"an end by {token}")
"""


def test_no_secret_shows_in_what_a_service_logs_and_ends_with(tmp_path: Path) -> None:
    (tmp_path / "leaking.py").write_text(LEAKING)
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.service_main", "leaking", "run", "--port", "1"],
        cwd=ROOT,
        env={"PYTHONPATH": str(tmp_path), "OBSERVATORY_GITHUB_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    # As `python -m leaking run --port 1` has it.
    assert done.stdout == "__main__ leaking.py ['run', '--port', '1'] True\n"
    assert "a log with [secret]" in done.stderr
    assert "RuntimeError: an end by [secret]" in done.stderr
    assert "invalid literal for int() with base 10: '[secret]'" in done.stderr
    assert TOKEN not in done.stderr


def test_every_service_is_run_so() -> None:
    for name in (*SERVICES, VIEWER):
        command = arguments(name, Addresses(), "workspace.yaml")
        assert command[:3] == [sys.executable, "-m", "orchestration.service_main"]
        assert command[3].startswith("dagster")
