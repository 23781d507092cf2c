"""Declarations of tables: what a declaration refuses, and what every declared table keeps to."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import duckdb
import pyarrow as pa
import pytest

import assets
from assets.tables import Column, Table

THING = Table(
    schema="core",
    name="things",
    description="Things.",
    grain="One thing",
    key=("thing_id",),
    source="Somewhere",
    partition_column="made_date",
    columns=(
        Column("thing_id", "BIGINT", "Id"),
        Column("made_date", "DATE", "Day"),
        Column("seen_at", "TIMESTAMPTZ", "When", nullable=True),
        Column("names", "VARCHAR[]", "Names"),
        Column("part_share", "DOUBLE", "Part", "0 to 1", nullable=True),
        Column("is_new", "BOOLEAN", "Whether it is new"),
        Column("part_count", "INTEGER", "Parts"),
    ),
)
ROW: dict[str, object] = {
    "thing_id": 1,
    "made_date": date(2024, 12, 15),
    "seen_at": datetime(2024, 12, 15, 1, tzinfo=UTC),
    "names": ["a", "北京"],
    "part_share": 0.5,
    "is_new": True,
    "part_count": 3,
}


def declared() -> Iterator[Table]:
    """Every table that a module `assets.<domain>.tables` declares."""
    for module in pkgutil.walk_packages(assets.__path__, "assets."):
        if module.name.endswith("tables") and module.name != "assets.tables":
            found = vars(importlib.import_module(module.name)).values()
            yield from (value for value in found if isinstance(value, Table))


TABLES = tuple({table.qualified: table for table in declared()}.values())
COLUMNS = tuple((table, column) for table in TABLES for column in table.columns)
#: STYLE's names, by type: what a column of the type is called.
NAMES_BY_TYPE = {
    "BOOLEAN": re.compile(r"^(is|has)_"),
    "TIMESTAMPTZ": re.compile(r"_at$"),
    "DATE": re.compile(r"(_date|_month)$"),  # a month is its first day
    "DOUBLE": re.compile(r"(_share|_pp|_usd)$"),
}
#: And the other way round: the types that a name of the kind may have.
TYPES_BY_NAME = {
    re.compile(r"^(is|has)_"): {"BOOLEAN"},
    re.compile(r"_at$"): {"TIMESTAMPTZ"},
    re.compile(r"_(date|month)$"): {"DATE"},
    re.compile(r"_(share|pp|usd)$"): {"DOUBLE"},
    re.compile(r"_count$"): {"BIGINT", "INTEGER"},
}
#: Columns that are called otherwise, and why.
NAMED_OTHERWISE = {
    "file_hour": "the hour that a file is named after, not a moment at which something was",
    "evaluated_through": "inclusive end of what was evaluated",
    "held_through": "inclusive end of the days that hold it",
    "newest_through": "end of the newest partition that is there",
    "expected_through": "end of the newest partition that should be there",
    "late_since": "from when on something is late",
    "late_hours": "a length of time, hours",
    "tolerated_hours": "a length of time, hours",
    "value_before": "of whatever measure was published: its unit is in another column",
    "value_after": "of whatever measure is published",
    "low_before": "a bound of value_before",
    "high_before": "a bound of value_before",
    "low_after": "a bound of value_after",
    "high_after": "a bound of value_after",
    "difference": "of value_after and value_before",
    "released_on": "as in the file that an analyst edits",
    "share_low": "a worst-case bound, named in the design",
    "share_high": "a worst-case bound, named in the design",
    "share": "the estimate, named in the design",
    "share_ratio": "a ratio of two shares, above 0 without end",
    "ratio_ci_low": "a bound of share_ratio",
    "ratio_ci_high": "a bound of share_ratio",
    "engagement_index": "an index, 100 in its base, named in the design",
    "index_ci_low": "a bound of engagement_index",
    "index_ci_high": "a bound of engagement_index",
    "accounts_per_million": "a rate",
    "innovation_graph_quotient": "a ratio of two shares, above 0 without end",
    "share_log_se": "a standard error, on the scale of ln(share)",
    "location_quotient": "a ratio of two shares, named in the design",
    "herfindahl": "an index, named in the design; no share of anything",
    "effective_parts": "a number of parts that need not be whole: no count",
    "effective_countries": "a number of countries that need not be whole: no count",
    "confidence": "a probability that a rule states, of one text",
    "probability": "of one account's country: no share of accounts",
    "probability_from": "an end of a bin of probabilities",
    "probability_to": "an end of a bin of probabilities",
    "located_weight": "accounts with half of one added, so that it need not be whole: no count",
    "log_missingness_odds": "a logarithm of odds",
    "temperature": "a factor on log-likelihoods, as the literature on calibration calls it",
    "estimated_events": "an estimate, which need not be whole",
    "capture_rate": "a rate, named in the design",
    "actor_growth": "a factor",
    "gap_logit": "a difference of logits, named in the design",
    "patent_share_rule_of_three": "a bound, by the name of its formula",
    "covered_since": "a moment, with its end of a span",
    "covered_until": "inclusive end of a span",
    "events_per_hour": "a rate",
    "weight": "the part of a model that a root stands for, which sums are weighted by",
    "known_value": "the part of value's measure that is of known origin: a denominator",
    "unknown_value": "the part of value's measure that is of unknown origin",
    "correction_value": "the part of value that corrections downward make",
    "base_value": "the level before: accounts, events, a share, or forks a repository",
    "level_change": "on the scale of the measure: a logarithm, a logit, or forks a repository",
    "level_change_se": "the standard error of level_change",
    "level_p_value": "a probability, of the test that it names",
    "level_q_value": "a p value, adjusted",
    "slope_change": "as level_change, a week",
    "slope_p_value": "a probability, of the test that it names",
    "effect_pct": "per cent of the level before",
    "placebo_effective_windows": "a number of independent windows, which need not be whole",
    "placebo_p_value": "a probability, of the test that it names",
    "placebo_q_value": "a p value, adjusted",
    "pre_trend_p_value": "a probability, of the test that it names",
    "tau_squared": "a variance, as the literature on pooled effects calls it",
    "heterogeneity_p_value": "a probability, of the test that it names",
    "level_change_placebo_low": "a bound of level_change, by the placebos",
    "level_change_placebo_high": "a bound of level_change, by the placebos",
    "effect_pct_placebo_low": "a bound of effect_pct, by the placebos",
    "effect_pct_placebo_high": "a bound of effect_pct, by the placebos",
    "effect_pp_placebo_low": "a bound of effect_pp, by the placebos",
    "effect_pp_placebo_high": "a bound of effect_pp, by the placebos",
    "estimate": "on the scale of the measure: of the difference of two countries",
    "estimate_se": "the standard error of estimate",
    "statistic": "twice a log likelihood ratio",
    "value": "the measure of whatever rule or kind: shares, capture rates, models, downloads",
    "ci_low": "a bound of value",
    "ci_high": "a bound of value",
}
#: Why null is a value of a key.
NULL_IN_KEY = {
    "mart.shock_effects": "shocks pooled stand beside each",
    "raw.paper_field_counts": "works of all countries together stand beside those of each",
    "stage.diffusion_papers": "works of all countries together stand beside those of each",
    "mart.diffusion_papers": "works of all countries together stand beside those of each",
    "core.coverage": "whole event groups and all repositories together stand beside their parts",
    "core.hub_lineage": "a part of a model whose root or family is unknown is a row like any other",
    "core.actor_days": "events without an account, a family or a layer are a group like any other",
}


def is_bound(table: Table, column: Column) -> bool:
    """Whether it is a bound of another column's 95 % interval, which names it."""
    return column.name.removesuffix("_ci_low").removesuffix("_ci_high") in (
        set(table.column_names) - {column.name}
    )


def test_rows_become_an_arrow_table_of_the_declared_types() -> None:
    table = THING.arrow([ROW])
    assert table.schema == THING.arrow_schema
    assert table.to_pylist() == [ROW]
    assert THING.arrow([]).schema == THING.arrow_schema


def test_null_is_refused_where_it_is_forbidden_and_kept_where_it_is_not() -> None:
    assert THING.arrow([{**ROW, "seen_at": None}])["seen_at"].null_count == 1
    with pytest.raises(ValueError, match=r"core\.things\.part_count: 1 nulls, none allowed"):
        THING.arrow([ROW, {**ROW, "part_count": None}])


def test_a_key_that_a_row_lacks_is_a_null() -> None:
    with pytest.raises(ValueError, match=r"core\.things\.is_new: 1 nulls"):
        THING.arrow([{name: value for name, value in ROW.items() if name != "is_new"}])


def test_conform_names_missing_and_undeclared_columns() -> None:
    table = THING.arrow([ROW]).rename_columns(
        ["thing_id", "made_date", "seen", "names", "part_share", "new", "part_count"]
    )
    with pytest.raises(
        ValueError,
        match=r"missing columns \['is_new', 'seen_at'\], undeclared columns \['new', 'seen'\]",
    ):
        THING.conform(table)


def test_conform_refuses_one_column_more_and_one_less() -> None:
    table = THING.arrow([ROW])
    with pytest.raises(ValueError, match=r"undeclared columns \['more'\]"):
        THING.conform(table.append_column("more", pa.array([1])))
    with pytest.raises(ValueError, match=r"missing columns \['names'\]"):
        THING.conform(table.drop_columns(["names"]))


def test_conform_orders_and_casts_columns() -> None:
    loose = pa.table(
        {
            "part_count": pa.array([3], pa.int64()),
            "is_new": [True],
            "part_share": pa.array([0.5], pa.float32()),
            "names": [["a", "北京"]],
            "seen_at": pa.array([ROW["seen_at"]], pa.timestamp("s", tz="UTC")),
            "made_date": [ROW["made_date"]],
            "thing_id": pa.array([1], pa.int32()),
        }
    )
    table = THING.conform(loose)
    assert table.schema == THING.arrow_schema
    assert table.to_pylist() == [ROW]


def test_conform_refuses_what_does_not_fit_the_type() -> None:
    table = THING.arrow([ROW])
    index = table.column_names.index("part_count")
    with pytest.raises(ValueError, match="not in range"):
        THING.conform(table.set_column(index, "part_count", pa.array([2**40])))
    with pytest.raises(ValueError, match="some"):
        THING.conform(table.set_column(index, "part_count", pa.array(["some"])))


def test_a_type_without_an_arrow_twin_is_refused() -> None:
    with pytest.raises(ValueError, match="type HUGEINT is not one of BIGINT"):
        Column("n", "HUGEINT", "A number")


@pytest.mark.parametrize(
    ("key", "partition_column"), [(("other",), None), (("thing_id",), "other")]
)
def test_a_key_or_partition_that_is_no_column_is_refused(
    key: tuple[str, ...], partition_column: str | None
) -> None:
    with pytest.raises(ValueError, match=r"core\.things has no column other"):
        Table(
            schema="core",
            name="things",
            description="Things.",
            grain="One thing",
            key=key,
            columns=THING.columns,
            source="Somewhere",
            partition_column=partition_column,
        )


def test_the_tables_of_all_domains_are_found() -> None:
    schemas = {table.schema for table in TABLES}
    assert {"raw", "core", "stage", "mart", "ops", "published"} <= schemas
    assert len(TABLES) >= 17


def test_no_two_declarations_share_a_name() -> None:
    by_name: dict[str, Table] = {}
    for table in declared():
        assert by_name.setdefault(table.qualified, table) == table


@pytest.mark.parametrize(
    "table",
    [THING, *(table for table in TABLES if table.qualified not in NULL_IN_KEY)],
    ids=lambda table: table.qualified,
)
def test_ddl_runs_twice_and_makes_the_declared_columns(table: Table) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE SCHEMA {table.schema}")
        connection.execute(table.ddl)
        connection.execute(table.ddl)
        made = connection.execute(
            "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns "
            "WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
            [table.schema, table.name],
        ).fetchall()
        stored = connection.execute(f"FROM {table.qualified}").to_arrow_table()
    types = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
    assert made == [
        (column.name, types.get(column.type, column.type), column.nullable)
        for column in table.columns
    ]
    assert [field.type for field in stored.schema] == [field.type for field in table.arrow_schema]
    assert table.conform(stored).schema == table.arrow_schema


def test_ddl_refuses_a_second_row_of_the_same_key() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA core")
        connection.execute(THING.ddl)
        connection.register("incoming", THING.arrow([ROW]))
        connection.execute("INSERT INTO core.things BY NAME FROM incoming")
        with pytest.raises(duckdb.ConstraintException, match="thing_id: 1"):
            connection.execute("INSERT INTO core.things BY NAME FROM incoming")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.qualified)
def test_a_declared_table_describes_itself(table: Table) -> None:
    assert len(set(table.column_names)) == len(table.column_names)
    for text in (table.description, table.grain, table.source):
        assert text.strip()
    assert all(column.description.strip() for column in table.columns)
    assert table.key
    nullable = {column.name for column in table.columns if column.nullable}
    assert bool(nullable & set(table.key)) is (table.qualified in NULL_IN_KEY)


@pytest.mark.parametrize(
    ("table", "column"), COLUMNS, ids=[f"{table.name}.{column.name}" for table, column in COLUMNS]
)
def test_a_column_is_called_as_its_type_asks(table: Table, column: Column) -> None:
    for pattern, types in TYPES_BY_NAME.items():
        if pattern.search(column.name):
            assert column.type in types, table.qualified
    wanted = NAMES_BY_TYPE.get(column.type)
    if wanted and column.name not in NAMED_OTHERWISE and not is_bound(table, column):
        assert wanted.search(column.name), table.qualified


def test_every_exception_to_the_names_is_still_one() -> None:
    deviating = {
        column.name
        for table, column in COLUMNS
        if (wanted := NAMES_BY_TYPE.get(column.type))
        and not wanted.search(column.name)
        and not is_bound(table, column)
    }
    assert set(NAMED_OTHERWISE) == deviating


@pytest.mark.parametrize(
    "column",
    [column for _, column in COLUMNS if column.name.endswith("_share")],
    ids=lambda column: column.name,
)
def test_a_share_says_that_it_runs_from_0_to_1(column: Column) -> None:
    assert column.unit == "0 to 1"
