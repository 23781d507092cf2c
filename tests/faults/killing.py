"""Kills work at random moments of its whole length."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT


@dataclass
class Forks:
    """What forks for each job, and how long each kind of work takes undisturbed."""

    process: subprocess.Popen[str]
    said: Path

    def run(self, job: dict[str, Any], kill_after_s: float | None = None) -> tuple[int, float]:
        """Do a job; how it ended (minus a signal's number where killed), and in how long."""
        assert self.process.stdin
        assert self.process.stdout
        self.said.unlink(missing_ok=True)
        sent = {**job, "kill_after_s": kill_after_s, "said": str(self.said)}
        self.process.stdin.write(json.dumps(sent, default=str) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["ended"], answer["took"]

    def complete(self, job: dict[str, Any]) -> float:
        """Do a job undisturbed; how long it took."""
        ended, took = self.run(job)
        assert ended == 0, self.reason()
        return took

    def kill(self, job: dict[str, Any], chance: random.Random, longest_s: float) -> bool:
        """Kill a job at a random moment; whether it was not over by then."""
        ended, _ = self.run(job, chance.uniform(0.0, longest_s))
        assert ended in (0, -signal.SIGKILL), self.reason()
        return ended == -signal.SIGKILL

    def reason(self) -> str:
        """What the last job that failed by itself said."""
        return self.said.read_text() if self.said.exists() else "it said nothing"


@contextmanager
def forks(folder: Path) -> Iterator[Forks]:
    """A process that has imported and forks for each job."""
    names = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith("OBSERVATORY_")
    }
    with (folder / "stderr.txt").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forked_work"],
            cwd=ROOT,
            env=names,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        with process:
            yield Forks(process, folder / "said.txt")
