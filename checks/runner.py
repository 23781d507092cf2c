"""Runs a suite with Great Expectations: verdict, rows at fault by day, and its Data Docs page."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from checks.rows_at_fault import ROWS_SHOWN
from checks.suites import Suite

#: The project of Great Expectations, in the data folder.
PROJECT_FOLDER = "great_expectations"
_ROWS_NAMED = 10
_COLUMN_KEYS = ("column", "column_A", "column_B")


@dataclass(frozen=True, slots=True)
class Finding:
    """An expectation that failed: which, how badly, on how many rows, on which days.

    `rows` are the first of them: key, and the values that were expected to be otherwise.
    """

    expectation: str
    is_critical: bool
    unexpected_count: int
    days: tuple[str, ...]
    sample: str
    rows: tuple[tuple[tuple[str, object], ...], ...] = ()

    def __str__(self) -> str:
        named = ", ".join(self.days[:_ROWS_NAMED]) or "all days"
        return f"{self.expectation}: {self.unexpected_count} rows on {named}; {self.sample}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a suite found."""

    expectation_count: int
    docs_path: Path
    findings: tuple[Finding, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether every expectation held."""
        return not self.findings

    @property
    def is_critical(self) -> bool:
        """Whether one that publishing rests on failed."""
        return any(finding.is_critical for finding in self.findings)

    @property
    def bad_days(self) -> tuple[str, ...]:
        """Days with a critical finding."""
        return tuple(
            sorted({day for each in self.findings if each.is_critical for day in each.days})
        )


def run_suite(suite: Suite, frame: pd.DataFrame, root: Path, run_name: str) -> Verdict:
    """Validate a frame, keep the result, and write its Data Docs page.

    Args:
        suite: the suite.
        frame: its frame; the column `day` says whose each row is.
        root: folder of the Great Expectations project; made where missing.
        run_name: names the run in Data Docs.
    """
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    root.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(root / ".lock"):
        context = gx.get_context(mode="file", project_root_dir=str(root))
        context.enable_analytics(False)
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        checkpoint = _checkpoint(context, suite)
        result = checkpoint.run(
            batch_parameters={"dataframe": frame}, run_id=gx.RunIdentifier(run_name=run_name)
        )
        ((identifier, validation),) = result.run_results.items()
        (site,) = context.get_docs_sites_urls(resource_identifier=identifier)
    findings = tuple(
        _finding(outcome, frame, suite.table.key)
        for outcome in validation.results
        if not outcome.success
    )
    docs = Path(str(site["site_url"]).removeprefix("file://"))
    return Verdict(len(validation.results), docs, findings)


def _checkpoint(context: Any, suite: Suite) -> Any:  # noqa: ANN401 - the library is untyped
    import great_expectations as gx
    from great_expectations.checkpoint import UpdateDataDocsAction

    source = context.data_sources.add_or_update_pandas(suite.name)
    asset = source.add_dataframe_asset(suite.table.qualified)
    batch = asset.add_batch_definition_whole_dataframe("days")
    expectations = gx.ExpectationSuite(name=suite.name, expectations=suite.expectations())
    definition = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(
            name=suite.name, data=batch, suite=context.suites.add_or_update(expectations)
        )
    )
    return context.checkpoints.add_or_update(
        gx.Checkpoint(
            name=suite.name,
            validation_definitions=[definition],
            actions=[UpdateDataDocsAction(name="data_docs")],
            result_format={"result_format": "COMPLETE"},
        )
    )


def _finding(
    outcome: Any,  # noqa: ANN401 - untyped
    frame: pd.DataFrame,
    key: Sequence[str],
) -> Finding:
    config = outcome.expectation_config
    columns = [config.kwargs[key] for key in _COLUMN_KEYS if key in config.kwargs]
    columns += config.kwargs.get("column_list", [])
    detail = outcome.result
    rows = [index for index in detail.get("unexpected_index_list") or [] if index in frame.index]
    days = tuple(sorted(set(frame.loc[rows, "day"].astype(str)))) if rows else ()
    could_not = _has_raised(outcome.exception_info or {})
    sample = "it could not be evaluated" if could_not else f"found {_sample(detail)}"
    return Finding(
        expectation=f"{config.type}({', '.join(columns)})",
        is_critical=str(getattr(config, "severity", "critical")).lower().endswith("critical"),
        unexpected_count=int(detail.get("unexpected_count") or len(rows)),
        days=days or tuple(sorted(set(frame["day"].astype(str)))),
        sample=sample,
        rows=_first_rows(frame, rows, [*key, *columns]),
    )


def _first_rows(
    frame: pd.DataFrame, rows: Sequence[Any], columns: Sequence[str]
) -> tuple[tuple[tuple[str, object], ...], ...]:
    """The first rows of a frame at fault, by the frame's day and some columns, if it has them."""
    names = [name for name in dict.fromkeys(("day", *columns)) if name in frame.columns]
    first = frame.loc[list(dict.fromkeys(rows))[:ROWS_SHOWN], names]
    return tuple(
        tuple(zip(names, ("null" if pd.isna(value) else value for value in row), strict=True))
        for row in first.itertuples(index=False, name=None)
    )


def _has_raised(info: dict[str, Any]) -> bool:
    """Whether evaluating raised: there is one report of it, or one for each metric that did."""
    reports = [info, *(each for each in info.values() if isinstance(each, dict))]
    return any(each.get("raised_exception") for each in reports)


def _sample(detail: dict[str, Any]) -> str:
    values = detail.get("partial_unexpected_list") or [detail.get("observed_value")]
    return ", ".join(str(value) for value in values[:3])


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Two runs must not edit the project's files at once."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
