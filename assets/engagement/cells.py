"""Cells that shares are estimated of: which periods end on a day, and who was active in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
LONGEST_DAYS = 28
_SUNDAY = 7
SCOPES = (
    "tracked",
    "panel",
    "origin_cn",
    "origin_us",
    "origin_other",
    "layer_model",
    "layer_training",
    "layer_inference",
    "layer_application",
)
EVENT_GROUPS = ("any", "contribution", "participation", "attention", "other")
_BY_COUNTRY = ("actor_count", "single_count", "double_count")
_SQL = (Path(__file__).parent / "sql" / "cells.sql").read_text()


@dataclass(frozen=True, slots=True)
class Period:
    """A period that ends on a day.

    Attributes:
        name: day, week or 28d.
        first: its first day (UTC).
        last: its last day.
    """

    name: str
    first: date
    last: date

    @property
    def days(self) -> list[date]:
        """Its days, in order."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


def periods_ending(day: date) -> list[Period]:
    """The day itself; on Sundays also the ISO week and the four ISO weeks that end then."""
    periods = [Period("day", day, day)]
    if day.isoweekday() == _SUNDAY:
        periods.append(Period("week", day - timedelta(days=6), day))
        periods.append(Period("28d", day - timedelta(days=LONGEST_DAYS - 1), day))
    return periods


def count_cells(
    days: Sequence[date], actor_days: pa.Table, actor_country: pa.Table, threads: int = 1
) -> pa.Table:
    """Distinct accounts of every cell whose period ends on one of some days.

    Args:
        days: UTC.
        actor_days: core.actor_days of all days of the periods.
        actor_country: core.actor_country as of the days.
        threads: to count with.

    Returns:
        activity_date, period, scope, event_group, located_iso2, evidence_stratum, evidence_label
        (null where not known), actor_count, single_count and double_count (of them with one and
        two events), event_count, before_17_count; in the order of the first four.
    """
    covered = [
        (period.last, period.name, each)
        for day in days
        for period in periods_ending(day)
        for each in period.days
    ]
    periods = pa.table(
        {
            "activity_date": pa.array([row[0] for row in covered], pa.date32()),
            "period": pa.array([row[1] for row in covered], pa.string()),
            "covered_date": pa.array([row[2] for row in covered], pa.date32()),
        }
    )
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.register("actor_days", actor_days)
        connection.register("actor_country", actor_country)
        connection.register("periods", periods)
        return connection.execute(_SQL).to_arrow_table()


@dataclass(frozen=True, slots=True)
class DayCells:
    """Cells of one day as arrays.

    Attributes:
        keys: (period, scope, event group) of each cell.
        countries: codes of the classes and of all countries with a located account.
        located: (cells, countries) located accounts.
        single: (cells, countries) of them with one event.
        double: (cells, countries) of them with two.
        unlocated: (cells, strata, labels) accounts without a location, by their evidence.
        unlabelled: (cells,) accounts of which nothing is known.
        event_count: (cells,) events of all.
        before_17_count: (cells,) of them before 17:00 UTC.
    """

    keys: list[tuple[str, str, str]]
    countries: list[str]
    located: Ints
    single: Ints
    double: Ints
    unlocated: Ints
    unlabelled: Ints
    event_count: Ints
    before_17_count: Ints

    @property
    def total(self) -> Ints:
        """(cells,) all accounts."""
        return np.asarray(
            self.located.sum(axis=1) + self.unlocated.sum(axis=(1, 2)) + self.unlabelled
        )


def day_cells(rows: pa.Table, strata: int, labels: int, classes: Sequence[str] = ()) -> DayCells:
    """Rows of `count_cells` of one day as arrays.

    Args:
        rows: in the order of their cells.
        strata: number of strata of evidence.
        labels: number of labels.
        classes: countries that have a column even where nobody is located.
    """
    keys, cell = _numbered(rows.select(["period", "scope", "event_group"]))
    located_in = rows["located_iso2"].combine_chunks().dictionary_encode()
    seen = located_in.dictionary.to_pylist()
    countries = sorted({*classes, *seen})
    column_of = np.array([countries.index(code) for code in seen] + [-1])  # of null the last
    country = column_of[located_in.indices.fill_null(-1).to_numpy()]
    label = rows["evidence_label"].fill_null(-1).to_numpy().astype(np.int64)
    stratum = rows["evidence_stratum"].fill_null(-1).to_numpy().astype(np.int64)
    count = rows["actor_count"].to_numpy().astype(np.int64)
    by_country = np.zeros((3, len(keys), len(countries)), dtype=np.int64)
    unlocated = np.zeros((len(keys), strata, labels), dtype=np.int64)
    unlabelled = np.zeros(len(keys), dtype=np.int64)
    is_located, is_labelled = country >= 0, label >= 0
    place = (cell[is_located], country[is_located])
    for counts, name in zip(by_country, _BY_COUNTRY, strict=True):
        np.add.at(counts, place, rows[name].to_numpy()[is_located])
    np.add.at(
        unlocated,
        (cell[is_labelled], stratum[is_labelled], label[is_labelled]),
        count[is_labelled],
    )
    nothing = ~is_located & ~is_labelled
    np.add.at(unlabelled, cell[nothing], count[nothing])
    events, before = (
        np.bincount(cell, weights=rows[name].to_numpy(), minlength=len(keys)).astype(np.int64)
        for name in ("event_count", "before_17_count")
    )
    located, single, double = by_country
    return DayCells(keys, countries, located, single, double, unlocated, unlabelled, events, before)


def _numbered(names: pa.Table) -> tuple[list[tuple[str, str, str]], Ints]:
    """Keys of the cells in their order, and which one each row is of; rows of a cell adjoin."""
    codes = [column.combine_chunks().dictionary_encode().indices.to_numpy() for column in names]
    is_first = np.ones(names.num_rows, dtype=bool)
    is_first[1:] = np.any([code[1:] != code[:-1] for code in codes], axis=0)
    firsts = names.take(pa.array(np.flatnonzero(is_first)))
    keys = list(zip(*(column.to_pylist() for column in firsts), strict=True))
    return keys, np.cumsum(is_first) - 1
