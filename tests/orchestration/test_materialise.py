"""Effects of shocks after the days: published when made, and counted when they fail."""

from datetime import date

import pytest

from orchestration.materialise import make_shocks

DAY = date(2024, 12, 16)


class Runs:
    """Stands in for the runner: answers with errors, and notes what was asked of it."""

    def __init__(self, shocks: str = "", publication: str = "") -> None:
        self.answers = {"shocks": shocks, "publication": publication}
        self.asked: list[object] = []

    def shocks(self) -> str:
        self.asked.append("shocks")
        return self.answers["shocks"]

    def publication(self, last: date) -> str:
        self.asked.append(("publication", last))
        return self.answers["publication"]


@pytest.mark.parametrize(
    ("runs", "failed", "asked"),
    [
        (Runs(), 0, ["shocks", ("publication", DAY)]),
        (Runs(shocks="no weeks"), 1, ["shocks"]),
        (Runs(publication="disk full"), 1, ["shocks", ("publication", DAY)]),
    ],
)
def test_effects_are_published_and_what_fails_is_counted_and_said(
    runs: Runs, failed: int, asked: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert make_shocks(runs, DAY) == failed
    assert runs.asked == asked
    said = capsys.readouterr().out
    assert ("FAILED" in said) == bool(failed)
    assert all(error in said for error in runs.answers.values())
