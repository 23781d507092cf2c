"""What suites found in old runs goes with its pages, and the list of pages shrinks with it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from checks.data_docs import prune
from checks.runner import run_suite
from checks.suites import SUITES
from tests.checks.test_suites import events_day

SUITE = next(suite for suite in SUITES if suite.name == "events_suite")
SOUND = pd.DataFrame([{"day": "2024-12-01"} | row for row in events_day()])


def files(root: Path, name: str) -> list[Path]:
    """Files about a run."""
    return [path for path in root.rglob("*") if path.is_file() and name in path.parts]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "great_expectations"


def test_results_and_pages_of_old_runs_go_and_the_list_of_pages_names_them_no_more(
    project: Path,
) -> None:
    old = run_suite(SUITE, SOUND, project, "old-run")
    assert old.docs_path.exists()
    between = datetime.now(UTC)
    new = run_suite(SUITE, SOUND, project, "new-run")
    index = project / "gx" / "uncommitted" / "data_docs" / "local_site" / "index.html"
    assert "old-run" in index.read_text()
    counted = len(files(project, "old-run"))
    assert counted == 2  # a result and its page

    assert prune(project, between) == counted

    assert files(project, "old-run") == []
    assert not list(project.rglob("old-run"))
    assert new.docs_path.exists()
    newest = run_suite(SUITE, SOUND, project, "newest-run")
    assert "old-run" not in index.read_text()
    assert "new-run" in index.read_text()
    assert newest.docs_path.exists()
    assert prune(project, between) == 0


def test_where_no_suite_ever_ran_there_is_nothing_to_delete(project: Path) -> None:
    assert prune(project, datetime.now(UTC) + timedelta(days=1)) == 0
    assert not project.exists()


def test_what_is_not_named_by_a_time_stays(project: Path) -> None:
    kept = project / "gx" / "uncommitted" / "validations" / "suite" / "run" / "by hand"
    kept.mkdir(parents=True)
    assert prune(project, datetime.now(UTC) + timedelta(days=1)) == 0
    assert kept.is_dir()
