"""Sensors: what goes on, heartbeat, busy repositories, days whose sources may give more."""

from collections.abc import Iterable, Iterator
from datetime import date

import dagster as dg
import pyarrow.compute as pc

from assets.activity.events import COMMIT, day_events
from assets.activity.revisit import has_open_files, recent_days
from assets.activity.tables import ARCHIVE_EVENTS, ARCHIVE_HOURS, EVENTS
from assets.declare import asset_key
from assets.engagement.outgrown import outgrown_weeks
from assets.engagement.tables import ENGAGEMENT
from assets.patents import weeks
from assets.patents.tables import PATENT_FILES
from assets.polls.assets import hot_repositories
from assets.polls.tables import REPOSITORY_EVENTS, REPOSITORY_POLLS
from assets.polls.tables import SOURCE as GITHUB_EVENTS
from orchestration.dead_runs import end_dead_commands, end_dead_workers
from orchestration.families import DAILY, PATENTS, Family, known_families
from orchestration.heartbeat import build_heartbeat
from orchestration.jobs import DAILY_JOB, PATENTS_JOB, POLLS_JOB
from orchestration.operations import UNFINISHED, build_operations
from orchestration.tries import given_up
from resources.lake import LakeResource
from resources.platform import Platform
from resources.warehouse import WarehouseResource

_POLLED = frozenset(asset_key(table) for table in (REPOSITORY_EVENTS, REPOSITORY_POLLS))


def build_sensors() -> list[dg.SensorDefinition]:
    """The sensors, on wherever the daemon runs."""
    return [
        build_operations(),
        build_heartbeat(),
        dg.sensor(
            name="dead_runs",
            description=(
                "Ends runs whose process was killed, so that they are run again from where they "
                "were and do not block their days."
            ),
            minimum_interval_seconds=30,
            default_status=dg.DefaultSensorStatus.RUNNING,
        )(dead_runs),
        dg.sensor(
            name="revisit_days",
            description=(
                "Asks again for days of the last week with missing or damaged files, or with late "
                "events in newer files or from polls."
            ),
            job_name=DAILY_JOB,
            minimum_interval_seconds=3600,
            default_status=dg.DefaultSensorStatus.RUNNING,
        )(revisit_days),
        dg.sensor(
            name="revisit_sundays",
            description=(
                "Asks again for a Sunday of the last week whose weekly figures were made before "
                "days of its week became more whole."
            ),
            job_name=DAILY_JOB,
            minimum_interval_seconds=3600,
            default_status=dg.DefaultSensorStatus.RUNNING,
        )(revisit_sundays),
        dg.sensor(
            name="revisit_weeks",
            description=(
                "Asks again, once a day, for weeks of patents of the last eight whose files are "
                "missing or not whole."
            ),
            job_name=PATENTS_JOB,
            minimum_interval_seconds=3600,
            default_status=dg.DefaultSensorStatus.RUNNING,
        )(revisit_weeks),
        dg.sensor(
            name="busy_repositories",
            description=(
                "Polls between the hours, where a repository has so many events that its feed "
                "would not hold them until then."
            ),
            asset_selection=dg.AssetSelection.assets(*_POLLED),
            # Of intervals of five minutes and more a look is a minute late at most.
            minimum_interval_seconds=60,
            default_status=dg.DefaultSensorStatus.RUNNING,
        )(busy_repositories),
    ]


def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """End runs whose process is gone."""
    end_dead_commands(context.instance)
    ended = list(end_dead_workers(context.instance))
    return dg.SkipReason(f"ended {', '.join(ended)}" if ended else "each run has its process")


def busy_repositories(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource, platform: Platform
) -> dg.RunRequest | dg.SkipReason:
    """Ask for a round of polls where one cannot wait for the hour.

    A run takes over two seconds of processor time to start, and 160 kB of Dagster's storage for
    good: every five minutes that is 46 MB a day. A look takes 0.06 s. So there is a look a minute,
    and a run where there is need.
    """
    count = hot_repositories(warehouse.open(), platform)
    if not count:
        return dg.SkipReason("no repository is due before the hour")
    unfinished = context.instance.get_runs(dg.RunsFilter(statuses=list(UNFINISHED)))
    if any(
        run.job_name == POLLS_JOB or not _POLLED.isdisjoint(run.asset_selection or ())
        for run in unfinished
    ):
        # Two rounds at once would write the same days.
        return dg.SkipReason(f"{count} repositories are due; a round of polls is on its way")
    return dg.RunRequest()


def revisit_days(
    context: dg.SensorEvaluationContext, lake: LakeResource, platform: Platform
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for days again: once a day for open files, once for each new set of late events.

    Like the other two it leaves alone what has failed three times.
    """
    store = lake.open()
    today = platform.today()
    sources = store.parts(ARCHIVE_HOURS.qualified)
    asked = 0
    for day in _not_given_up(context, DAILY, recent_days(today)):
        hours = [
            rows
            for source in sources
            if (rows := store.read(ARCHIVE_HOURS.qualified, str(day), source)) is not None
        ]
        if hours and has_open_files(hours, day, today):
            asked += 1
            yield dg.RunRequest(run_key=f"files:{day}:{today}", partition_key=str(day))
            continue
        stored = store.read(EVENTS.qualified, str(day))
        if stored is None:
            continue
        nearby = [
            rows
            for source in sources
            for other in recent_days(today)
            if other >= day
            and (rows := store.read(ARCHIVE_EVENTS.qualified, str(other), source)) is not None
        ]
        polled = store.read(REPOSITORY_EVENTS.qualified, str(day), GITHUB_EVENTS)
        fresh = [] if polled is None else [polled]
        available = day_events(day, nearby, polled=fresh).events.num_rows
        archived = stored.filter(pc.not_equal(stored["event_type"], COMMIT)).num_rows
        if available > archived:
            asked += 1
            yield dg.RunRequest(run_key=f"late:{day}:{available}", partition_key=str(day))
    if not asked:
        yield dg.SkipReason("the last seven days are as whole as their archives")


def revisit_sundays(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource, platform: Platform
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for Sundays again whose week has become more whole since: its figures stand on them."""
    house, days = warehouse.open(), recent_days(platform.today())
    weeks: dict[date, int] = {}
    if house.has_table(ENGAGEMENT.qualified):
        with house.transaction() as connection:
            weeks = outgrown_weeks(connection, days[0], days[-1])
    for day in _not_given_up(context, DAILY, weeks):
        hours = weeks[day]
        yield dg.RunRequest(run_key=f"week:{day}:{hours}", partition_key=str(day))
    if not weeks:
        yield dg.SkipReason("the newest week is as whole as its days")


def revisit_weeks(
    context: dg.SensorEvaluationContext, lake: LakeResource, platform: Platform
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for weeks again that were made without all their files."""
    store, today = lake.open(), platform.today()
    name = PATENT_FILES.qualified
    asked = 0
    for week in _not_given_up(context, PATENTS, weeks.recent_weeks(today)):
        found = [store.read(name, str(week), product) for product in weeks.PRODUCTS]
        statuses = [each["status"][0].as_py() for each in found if each is not None]
        if any(status != "complete" for status in statuses):
            asked += 1
            yield dg.RunRequest(run_key=f"patents:{week}:{today}", partition_key=str(week))
    if not asked:
        yield dg.SkipReason("the last eight weeks of patents are whole, or not made yet")


def _not_given_up(
    context: dg.SensorEvaluationContext, family: Family, partitions: Iterable[date]
) -> list[date]:
    """Some partitions but for those that have failed three times, in their order."""
    wanted = list(partitions)
    names = [str(each) for each in wanted]
    failed = given_up(context.instance, known_families(context), names, family)
    return [each for each in wanted if (family.name, str(each)) not in failed]
