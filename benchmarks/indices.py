"""Attribution of a day's 50,000 accounts, and four years of indices recomputed: time and memory."""

import os
import resource
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from assets.activity.tables import ACTOR_DAYS
from assets.attribution.countries import DayCountries, day_countries
from assets.attribution.evidence import Readers, evidence_rows
from assets.attribution.gazetteer import Gazetteer
from assets.attribution.organisations import Organisations
from assets.attribution.tables import ACTOR_COUNTRY
from assets.attribution.zones import class_offsets, class_zones
from assets.engagement.cells import LONGEST_DAYS, periods_ending
from assets.engagement.engagement import Hours
from assets.engagement.history import days_engagement
from assets.reference.loader import load_reference
from sandbox.places import COUNTRIES

ACCOUNTS = 50_000
DAYS = 1_500
ACTOR_DAYS_IN_ALL = 2_000_000
_CACHE = Path(".observatory/cache")
_LAST = date(2026, 11, 1)
_BATCH_DAYS = 31
_SMALLER_SHARE = 0.1  # of accounts from countries beside the sandbox's twenty-five
_GROUPS = ("contribution", "participation", "attention", "other")
_GROUPINGS = {"cn_hk_mo_tw": {"HK": "CN", "MO": "CN", "TW": "CN"}}
_LOCAL_WEIGHTS = np.array(
    [20, 12, 8, 5, 4, 5, 9, 18, 36, 56, 66, 64, 50, 56, 66, 66, 62, 54, 44, 42, 46, 48, 42, 30]
)


def main() -> None:
    """Print seconds and memory of both, beside their bounds."""
    rng = np.random.default_rng(1)
    people = _People(rng, ACCOUNTS)
    began = time.perf_counter()
    made = attribute(people, _LAST)
    seconds = time.perf_counter() - began
    print(f"{ACCOUNTS:,} accounts attributed in {seconds:.1f} s (bound 10 s), one process")
    days = [_LAST - timedelta(days=DAYS - 1 - n) for n in range(DAYS)]
    activity = _activity(rng, people, days)
    began = time.perf_counter()
    row_count = history(days, activity, made)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    print(
        f"{DAYS:,} days, {ACTOR_DAYS_IN_ALL:,} actor-days: {row_count:,} rows of engagement in "
        f"{seconds:.1f} s (bound 60 s) on {os.cpu_count()} cores, at most {peak:.1f} GiB (bound 4)"
    )


class _People:
    """Accounts of many countries: where they are, what they say, and when they are active."""

    def __init__(self, rng: np.random.Generator, count: int) -> None:
        weights = np.array([country.weight for country in COUNTRIES])
        self.country = rng.choice(len(COUNTRIES), count, p=weights / weights.sum())
        self.ids = np.arange(1, count + 1)
        places = [COUNTRIES[each].places for each in self.country]
        smaller = _smaller_countries()
        for at in np.flatnonzero(rng.random(count) < _SMALLER_SHARE).tolist():
            places[at] = (smaller[rng.integers(len(smaller))],)
        chosen = [options[rng.integers(len(options))] for options in places]
        names = rng.random(count) < np.where(self.country == 1, 1 / 6, 1 / 2)
        self.locations = [
            text if named else None for (text, _), named in zip(chosen, names, strict=True)
        ]
        self.clocks = np.zeros((count, 24), dtype=np.int64)
        active = rng.poisson(8, count) + 1
        for at, (_, offset) in enumerate(chosen):
            local = np.roll(_LOCAL_WEIGHTS, -round(offset))
            self.clocks[at] = rng.multinomial(active[at], local / local.sum())


def _smaller_countries() -> list[tuple[str, float]]:
    """Name and UTC offset in hours of the seventy-five most populous other countries."""
    known = {country.code for country in COUNTRIES}
    economies = load_reference(Path("assets/reference")).economies
    others = sorted(
        (each for each in economies if each.iso2 not in known), key=lambda each: -each.population
    )
    offsets = [class_offsets(class_zones({each.iso2: 1.0}), _LAST) for each in others[:75]]
    return [
        (each.name, max(found, key=lambda minutes: found[minutes]) / 60)
        for each, found in zip(others, offsets, strict=False)
    ]


def attribute(people: _People, day: date) -> DayCountries:
    """A day's attribution from profiles to countries, as the platform does it."""
    readers = Readers(Gazetteer.load(_CACHE), Organisations.load())
    profiles = pa.table(
        {
            "actor_id": people.ids,
            "location": pa.array(people.locations, pa.string()),
            "company": pa.nulls(len(people.ids), pa.string()),
            "fetched_at": pa.array(
                [datetime(2026, 11, 1, tzinfo=UTC)] * len(people.ids), pa.timestamp("us", tz="UTC")
            ),
        }
    )
    clocks = dict(zip(people.ids.tolist(), people.clocks.tolist(), strict=True))
    evidence = evidence_rows(day, profiles, clocks, {}, {}, readers)
    return day_countries(day, evidence, people.ids.tolist(), [])


def history(days: list[date], activity: pa.Table, made: DayCountries) -> int:
    """Every day's rows of engagement, in ranges as a backfill takes them; how many there are."""
    count = 0
    for start in range(0, DAYS, _BATCH_DAYS):
        chosen = days[start : start + _BATCH_DAYS]
        window = _between(activity, chosen[0] - timedelta(days=LONGEST_DAYS - 1), chosen[-1])
        made_rows = days_engagement(
            chosen,
            window,
            _as_of(made, window, chosen),
            lambda _: made.model,
            _GROUPINGS,
            _whole_hours,
        )
        count += sum(each.engagement.num_rows for each in made_rows)
    return count


def _whole_hours(day: date) -> dict[str, Hours]:
    return {
        period.name: Hours(24 * len(period.days), 24 * len(period.days))
        for period in periods_ending(day)
    }


def _activity(rng: np.random.Generator, people: _People, days: list[date]) -> pa.Table:
    """core.actor_days of the whole history: few accounts are active often, many seldom."""
    liveliness = rng.pareto(1.2, len(people.ids)) + 0.1
    count = ACTOR_DAYS_IN_ALL
    actor = rng.choice(people.ids, count, p=liveliness / liveliness.sum())
    epoch = np.datetime64(days[0])
    day = np.sort(rng.integers(0, len(days), count))
    events = rng.geometric(0.4, count)
    origin = rng.choice(["cn", "us", "other"], count, p=[0.4, 0.4, 0.2])
    layer = rng.choice(["model", "training", "inference", "application"], count)
    is_tracked = rng.random(count) < 0.7
    return ACTOR_DAYS.conform(
        pa.table(
            {
                "activity_date": pa.array(epoch + day.astype("timedelta64[D]")),
                "actor_id": actor,
                "event_group": rng.choice(_GROUPS, count, p=[0.3, 0.2, 0.4, 0.1]),
                "is_tracked": is_tracked,
                "is_panel": ~is_tracked,
                "origin": _where(is_tracked, origin),
                "layer": _where(is_tracked, layer),
                "event_count": events,
                "before_17_count": rng.binomial(events, 0.7),
                "hour_mask": np.ones(count, dtype=np.int32),
            }
        )
    )


def _where(is_there: npt.NDArray[np.bool_], values: npt.NDArray[np.str_]) -> pa.Array:
    return pa.array(values.tolist(), mask=~is_there)


def _between(activity: pa.Table, first: date, last: date) -> pa.Table:
    moment = activity["activity_date"]
    return activity.filter(
        pc.and_(pc.greater_equal(moment, pa.scalar(first)), pc.less_equal(moment, pa.scalar(last)))
    )


def _as_of(made: DayCountries, window: pa.Table, days: list[date]) -> pa.Table:
    """core.actor_country of a range: of who is active on each day, and on Sundays in its weeks."""
    parts = []
    for day in days:
        first = periods_ending(day)[-1].first
        actors = _between(window, first, day)["actor_id"].unique()
        rows = made.countries.filter(pc.is_in(made.countries["actor_id"], value_set=actors))
        at = rows.schema.get_field_index("as_of_date")
        dates = pa.array([day] * rows.num_rows, pa.date32())
        parts.append(rows.set_column(at, "as_of_date", dates).cast(ACTOR_COUNTRY.arrow_schema))
    return pa.concat_tables(parts)


if __name__ == "__main__":
    main()
