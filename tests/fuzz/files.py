"""Fuzz targets of files that people write: rules, reference data, settings; and CSV of GitHub's."""

import io
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from dotenv import dotenv_values

from assets.alerting.rules import RulesError, load_rules
from assets.attribution.organisations import Organisations
from assets.baseline.innovation_graph import InnovationGraphError, graph_rows
from assets.reference.csv_table import ReferenceDataError
from assets.reference.files import FILES
from assets.reference.loader import load_reference
from orchestration.settings import ROOT, SettingsError, load_settings
from tests.fuzz.answers import BETWEEN
from tests.fuzz.sandboxed import sandbox
from tests.fuzz.scratch import scratch

_NOW = datetime(2024, 12, 16, tzinfo=UTC)
_ECONOMIES = frozenset({"US", "CN", "IN", "DE"})
_REFERENCE = ROOT / "assets" / "reference"
_NAMES = (*FILES, "organisations.csv")
_FEW_LINES = 4
_MOST_LINES = 8
_KEPT_COUNTRIES = frozenset({"CN", "HK", "MO", "SA", "TW", "US"})
_KEPT_FAMILIES = frozenset({"allam", "yi", "qwen"})


def innovation_graph(data: bytes) -> None:
    """Two CSV files to rows; a row is read, set aside, or the file refused by name and line."""
    developers, _, pushes = data.partition(BETWEEN)
    try:
        rows, quarantined = graph_rows(developers, pushes, _ECONOMIES, _NOW)
    except InnovationGraphError as error:
        _require_named("csv:", error)
        return
    shares = rows["developer_share"].to_pylist()
    assert all(0.0 < share <= 1.0 for share in shares)
    str(quarantined).encode()


def innovation_graph_seeds() -> list[bytes]:
    """The sandbox's files, cut; a quoted cell, an unknown economy, a byte order mark."""
    found = [
        sandbox().get(f"/innovationgraph/{name}.csv").body.splitlines(keepends=True)
        for name in ("developers", "git_pushes")
    ]
    short = [b"".join(lines[:12]) for lines in found]
    return [
        BETWEEN.join(short),
        BETWEEN.join([short[0], b"git_pushes,iso2_code,year,quarter\r\n"]),
        b"\xef\xbb\xbf" + BETWEEN.join(short).replace(b"US", b'"US"').replace(b"CN", b"XX"),
        b"developers,iso2_code,year,quarter,extra\n1,EU,2020,1,\n" + BETWEEN + short[1],
    ]


def rules_yaml(data: bytes) -> None:
    """A file of alert rules: read, or refused with each fault named."""
    path = scratch("rules.yaml")
    path.write_bytes(data)
    try:
        rules = load_rules(path)
    except RulesError as error:
        _require_named("rules.yaml", error)
        return
    assert len({each.id for each in rules.rules}) == len(rules.rules)


def rules_yaml_seeds() -> list[bytes]:
    """The shipped rules one by one, silences, and YAML that attacks who reads it."""
    shipped = (ROOT / "assets" / "alerting" / "rules.yaml").read_bytes()
    head, *rules = shipped.partition(b"rules:")[2].split(b"\n  - ")
    whole = [b"rules:" + head + b"\n  - " + rule for rule in rules]
    silence = (
        b"\nsilences:\n  - {rules: ['*'], first: 2024-12-01, last: 2024-12-02, reason: works}\n"
    )
    laughs = b"".join(b"a%d: &a%d [%b]\n" % (n, n, b"*a%d, " % (n - 1) * 9) for n in range(1, 8))
    return [
        *whole,
        whole[0] + b"\nsilences:\n  - " + silence,
        b"a0: &a0 [x]\n" + laughs + b"rules: *a7\n",
        b"rules: &x [*x]\n",
        b"rules: [{id: !!python/object/apply:os.system ['true'], title: !!binary aGk=}]\n",
        b"rules: [{<<: {kind: threshold}, fire: .inf, clear: .nan, ? [a] : 0x10}]\n",
        b"rules: []\nsilences: [{rules: [a], first: 2024-02-30, last: 1:30:00, reason: abcdef}]\n",
    ]


def reference_csv(data: bytes) -> None:
    """A reference file, chosen by the first byte, beside sound ones: read, or each fault named."""
    name = _NAMES[data[0] % len(_NAMES)] if data else _NAMES[0]
    folder = _reference()
    path, sound = folder / name, (folder / name).read_bytes()
    path.write_bytes(data[1:])
    try:
        if name in FILES:
            load_reference(folder)
        else:
            Organisations.load(path)
    except ReferenceDataError as error:
        _require_named(".csv:", error)
    finally:
        path.write_bytes(sound)


def reference_csv_seeds() -> list[bytes]:
    """The beginnings of the shipped files."""
    folder = _reference()
    return [bytes([at]) + (folder / name).read_bytes() for at, name in enumerate(_NAMES)]


def settings_env(data: bytes) -> None:
    """A file `.env`: settings, or the setting named that is not valid."""
    text = data.decode("utf-8", "replace")
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    try:
        settings = load_settings({key: value or "" for key, value in values.items()})
    except SettingsError as error:
        _require_named("OBSERVATORY_", error)
        return
    assert settings.today
    assert settings.data.is_absolute()


def settings_env_seeds() -> list[bytes]:
    """Settings of every form."""
    lines = (
        "UPSTREAM=live", "UPSTREAM=sandbox", "NOW=2024-12-17T03:00:00+00:00", "DATA=~/data",
        "LAKE=s3://bucket/folder", "ENGINE=dask:2", "ENGINE=tcp://host:8786", "HUB_CALLS=6000",
        "FIRST_DAY=2022-01-01", "ARCHIVE_BASE_URLS=https://a.example,file:relative,none",
        "SLACK_WEBHOOK_URL=https://hooks.slack.com/services/hush", "GITHUB_TOKEN=hush,hush",
        "DAGSTER_STORAGE=postgresql://user:hush@host:5432/name", "UI_URL=https://ui.example",
        "HEARTBEAT_URL=https://hc.example/hush", "DOWNLOAD_RATE=0", "NOSUCH=1", "KEEP_RUNS_DAYS=60",
        "HASH_KEY='hush' # comment", 'RULES="a\\nb"', "SANDBOX_URL=http://127.0.0.1:1/", "CACHE=",
    )  # fmt: skip
    each = [f"OBSERVATORY_{line}\n".encode() for line in lines]
    return [*each, b"".join(each[1:6]), b"export " + each[0], b"".join(each[6:14])]


def _require_named(place: str, error: ValueError) -> None:
    """A refusal says where the fault is."""
    assert place in str(error), f"nothing named in {error}"


def _is_kept(name: str, row: str) -> bool:
    """Whether a row needs nothing that is left out: small files are read more often."""
    cells = row.strip().split(",")
    if name == "economies.csv":
        return cells[0] in _KEPT_COUNTRIES
    if name in ("model_families.csv", "ambiguous_aliases.csv"):
        return cells[0].casefold() in _KEPT_FAMILIES
    if name in ("hub_authors.csv", "tracked_repositories.csv"):
        return not _KEPT_FAMILIES.isdisjoint(cells) and not _KEPT_COUNTRIES.isdisjoint(cells)
    return name != "policy_events.csv" or cells[2] in _KEPT_COUNTRIES


@cache
def _reference() -> Path:
    """A folder of the shipped files, but for most of their rows."""
    folder = scratch("reference")
    folder.mkdir()
    for name in FILES:
        rows = (_REFERENCE / name).read_text().splitlines(keepends=True)
        kept = [row for row in rows[1:] if _is_kept(name, row)]
        (folder / name).write_text("".join([rows[0], *kept[:_MOST_LINES]]))
    lines = (ROOT / "assets" / "attribution" / "organisations.csv").read_bytes().splitlines(True)
    (folder / "organisations.csv").write_bytes(b"".join(lines[: 1 + _FEW_LINES]))
    return folder
