"""`make doctor`: what of this installation works, and how to mend what does not."""

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb

from assets.activity.scan_compile import library_path
from assets.alerting.rules import RulesError, load_rules
from assets.reference.assets import read_reference
from orchestration import doctor_upstreams as upstreams
from orchestration.doctor_runs import examine_runs
from orchestration.finding import Finding
from orchestration.instance import storage_place
from orchestration.resources import platform
from orchestration.runs import dagster_instance
from orchestration.secret_settings import readable_by_others
from orchestration.settings import Settings, SettingsError, secret_files
from resources.engine import LOCAL, EngineError, open_engine
from resources.lake import Lake
from resources.warehouse import Warehouse, WarehouseBusyError

_GIB = 1 << 30
_LEAST_FREE_GIB = 5
_MOST_WAIT_S = 5.0  # for a run that writes to the warehouse
_PACKAGES = ("dagster", "dagster-duckdb", "duckdb", "pandas", "great-expectations", "slack-sdk")


def examine(settings: Settings) -> int:
    """Look at everything and print what was found; 0 where all is well, else 1."""
    examinations: tuple[Callable[[Settings], Finding], ...] = (
        examine_versions,
        examine_disk,
        examine_secrets,
        upstreams.examine_clock,
        examine_scan,
        examine_reference,
        examine_rules,
        examine_warehouse,
        examine_lake,
        examine_engine,
        examine_home,
        examine_storage,
        upstreams.examine_archive,
        upstreams.examine_second_archive,
        upstreams.examine_github,
        upstreams.examine_git,
        upstreams.examine_innovation_graph,
        upstreams.examine_openalex,
        upstreams.examine_uspto,
        upstreams.examine_hub,
        upstreams.examine_slack,
        upstreams.examine_heartbeat,
    )
    findings = [_said(examination(settings)) for examination in examinations]
    if settings.dagster_home.is_dir() and all(
        each.is_well for each in findings if each.name in ("home", "storage")
    ):
        of_runs, successes = examine_runs(settings)
        findings += [_said(finding) for finding in of_runs]
        print("\nassets by the day (UTC) of their last success")
        print("\n".join(successes))
    faults = sum(not finding.is_well for finding in findings)
    print(f"\n{faults} of {len(findings)} to mend" if faults else "\nall is well")
    return 1 if faults else 0


def _said(finding: Finding) -> Finding:
    found = finding.found.replace("\n", f"\n{'':<19}")
    print(f"{'ok  ' if finding.is_well else 'FAIL'}  {finding.name:<12} {found}", flush=True)
    if not finding.is_well:
        print(f"      {'':<12} -> {finding.mend}", flush=True)
    return finding


def examine_versions(_settings: Settings) -> Finding:
    """Whether Python and the packages are those that the lock file is for."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    is_well = (3, 11) <= sys.version_info[:2] < (3, 14)
    found = f"Python {sys.version.split()[0]}; {versions}"
    return Finding("versions", is_well, found, "use Python 3.11, 3.12 or 3.13, then `make clean`")


def examine_disk(settings: Settings) -> Finding:
    """Whether there is room for data."""
    folder = settings.data
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / _GIB
    found = f"{free:.0f} GiB free at {settings.data}"
    return Finding(
        "disk",
        free >= _LEAST_FREE_GIB,
        found,
        f"free {_LEAST_FREE_GIB} GiB or set OBSERVATORY_DATA",
    )


def examine_secrets(_settings: Settings) -> Finding:
    """Whether files of secrets are closed to other users of the machine."""
    files = secret_files()
    if open_files := readable_by_others(files):
        shown = " ".join(map(str, open_files))
        return Finding("secrets", False, f"everybody here can read {shown}", f"chmod o= {shown}")
    there = sum(path.is_file() for path in files)
    return Finding("secrets", True, f"{there} files of secrets, none that everybody here can read")


def examine_scan(_settings: Settings) -> Finding:
    """Whether the archive scan has its compiled part; it goes on without."""
    if library_path().exists():
        return Finding("scan", True, "the archive scan has its compiled part")
    return Finding(
        "scan",
        True,
        "the archive scan has no compiled part and takes half as much time again; with a C++ "
        "compiler, `python -m assets.activity.scan_compile` makes it",
    )


def examine_reference(settings: Settings) -> Finding:
    """Whether the files that an analyst edits can be read."""
    try:
        reference = read_reference(platform(settings))
    except ValueError as error:
        return Finding("reference", False, str(error), "edit the file at the line named")
    count = len(reference.tracked_repositories)
    open_count = sum(each.github_id is None for each in reference.tracked_repositories)
    return Finding(
        "reference",
        True,
        f"{count} repositories ({open_count} with an id to resolve), "
        f"{len(reference.model_families)} families",
    )


def examine_rules(settings: Settings) -> Finding:
    """Whether the alert rules can be read."""
    try:
        rules = load_rules(settings.rules)
    except RulesError as error:
        return Finding("rules", False, str(error), f"edit {settings.rules}")
    return Finding("rules", True, f"{len(rules.rules)} alert rules in {settings.rules.name}")


def examine_warehouse(settings: Settings) -> Finding:
    """Whether the warehouse can be opened, by nobody else held."""
    if not settings.warehouse.exists():
        return Finding("warehouse", True, f"{settings.warehouse} will be made by the first run")
    if reason := _damage(settings.warehouse):
        mend = "put a backup in its place: `make restore FROM=…`"
        return Finding("warehouse", False, f"{settings.warehouse}: {reason}", mend)
    try:
        house = Warehouse(str(settings.warehouse), max_wait_s=_MOST_WAIT_S)
        version = house.query("SELECT version() AS v").to_pylist()[0]["v"]
    except (WarehouseBusyError, OSError) as error:
        return Finding("warehouse", False, str(error), "end the process named, or wait for it")
    size = settings.warehouse.stat().st_size / (1 << 20)
    return Finding("warehouse", True, f"{settings.warehouse} ({size:.0f} MiB, DuckDB {version})")


def _damage(database: Path) -> str:
    """Why a file is no database; nothing where it is one, or another process has it open."""
    try:
        duckdb.connect(database, read_only=True).close()
    except duckdb.Error as error:
        text = str(error).splitlines()[0][:200]
        return "" if text.startswith("IO Error: Could not set lock") else text
    return ""


def examine_lake(settings: Settings) -> Finding:
    """Whether the Parquet store takes a file, gives it back and lets it go."""
    place = settings.lake
    try:
        lake = Lake(place)
        if lake.is_local and not Path(place).exists():
            return Finding("lake", True, f"{place} will be made by the first run")
        lake.probe()
    except Exception as error:
        # Whatever the store's driver raises; its text may hold more than the place.
        mend = "let its folder be written to, or set OBSERVATORY_LAKE"
        if "://" in place:
            mend = (
                "check OBSERVATORY_LAKE, that the bucket is there, and AWS_ACCESS_KEY_ID, "
                "AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL_S3"
            )
        return Finding("lake", False, f"{place}: {type(error).__name__}", mend)
    return Finding("lake", True, f"{place} can be written and read")


def examine_engine(settings: Settings) -> Finding:
    """Whether what works on days of activity is there; a cluster is asked, none is started."""
    address = settings.engine
    if address == LOCAL:
        return Finding("engine", True, "local: days one after the other in the run's process")
    if address.startswith("dask"):
        if importlib.util.find_spec("distributed") is None:
            mend = "install the extra `cluster`, or set OBSERVATORY_ENGINE=local"
            return Finding("engine", False, f"{address}: Dask is not installed", mend)
        return Finding("engine", True, f"{address}: processes here, started for each run")
    said: list[str] = []
    try:
        open_engine(address, said.append).close()
    except EngineError as error:
        mend = "start scheduler and workers, or set OBSERVATORY_ENGINE=local"
        return Finding("engine", False, str(error), mend)
    return Finding("engine", True, f"{address}: {said[0] if said else 'answers'}")


def examine_home(settings: Settings) -> Finding:
    """Whether Dagster's folder is that of the data, and may be written."""
    home, given = settings.dagster_home, os.environ.get("DAGSTER_HOME", "")
    found = f"DAGSTER_HOME is {home}, set by each command"
    if given and Path(given).resolve() != home.resolve():
        mend = f"unset it, or set it to {home}: Dagster's own programs would show other runs"
        return Finding("home", False, f"DAGSTER_HOME is {given} in this shell", mend)
    if home.exists() and not (home.is_dir() and os.access(home, os.W_OK | os.X_OK)):
        mend = "let it be a folder that this user may write, or set OBSERVATORY_DATA"
        return Finding("home", False, f"{home} cannot be written", mend)
    return Finding("home", True, found)


def examine_storage(settings: Settings) -> Finding:
    """Whether Dagster's storage can be reached, and is of this version."""
    found = storage_place(settings)
    if not settings.dagster_storage.value and not settings.dagster_home.exists():
        return Finding("storage", True, f"{found} will be made by the first run")
    try:
        with dagster_instance(settings) as instance:
            revision, newest = instance.run_storage.alembic_version() or (None, None)
    except SettingsError as error:
        return Finding("storage", False, str(error), "set OBSERVATORY_DAGSTER_STORAGE")
    except Exception as error:
        # Whatever the driver raises; its text may hold more than the place.
        mend = "start the database, or check OBSERVATORY_DAGSTER_STORAGE"
        return Finding("storage", False, f"{found}: {type(error).__name__}", mend)
    if revision != newest:
        mend = "stop the services, then `make upgrade`"
        return Finding("storage", False, f"{found}: of an older version of Dagster", mend)
    return Finding("storage", True, found)
