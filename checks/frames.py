"""Small frames that suites run on: profiles of days computed by DuckDB, never whole tables."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from assets.activity.tables import ACTOR_DAYS, EVENTS
from assets.attribution.tables import ACTOR_COUNTRY, ATTRIBUTION_MODEL
from assets.declare import rows_of_days
from assets.engagement.tables import STAGED_ENGAGEMENT
from assets.hub.tables import HUB_LINEAGE, HUB_MODELS
from resources.lake import Lake
from resources.warehouse import Warehouse

_SQL = Path(__file__).parent / "sql"


def events_by_day(lake: Lake, warehouse: Warehouse, days: Sequence[date]) -> pd.DataFrame:
    """One row a day: what core.events holds, and how many rows break its promises."""
    del warehouse
    return profile("events_by_day", {"events": rows_of_days(lake, EVENTS, days)}, days)


def actor_country_by_day(lake: Lake, warehouse: Warehouse, days: Sequence[date]) -> pd.DataFrame:
    """One row a day: how its accounts are attributed, and how many are not there at all."""
    economies = warehouse.query("SELECT iso2 FROM core.economies")
    tables = {
        "actor_days": rows_of_days(lake, ACTOR_DAYS, days),
        "actor_country": rows_of_days(lake, ACTOR_COUNTRY, days),
        "attribution_model": rows_of_days(lake, ATTRIBUTION_MODEL, days),
        "economies": economies,
    }
    return profile("actor_country_by_day", tables, days)


def staged_engagement(lake: Lake, warehouse: Warehouse, days: Sequence[date]) -> pd.DataFrame:
    """The staged rows themselves, with the sum of shares of their day and group beside each."""
    with warehouse.transaction() as connection:
        economies = connection.execute("SELECT iso2 FROM core.economies").to_arrow_table()
    tables = {"engagement": rows_of_days(lake, STAGED_ENGAGEMENT, days), "economies": economies}
    return profile("staged_engagement", tables, days)


def hub_lineage_by_day(lake: Lake, warehouse: Warehouse, days: Sequence[date]) -> pd.DataFrame:
    """One row a day: how the models of its snapshot are followed to their roots."""
    tables = {
        "hub_models": rows_of_days(lake, HUB_MODELS, days),
        "hub_lineage": rows_of_days(lake, HUB_LINEAGE, days),
        "families": warehouse.query("SELECT family, country_iso2 FROM core.model_families"),
        "economies": warehouse.query("SELECT iso2 FROM core.economies"),
    }
    return profile("hub_lineage_by_day", tables, days)


def profile(name: str, tables: dict[str, pa.Table], days: Sequence[date]) -> pd.DataFrame:
    """What `sql/<name>.sql` makes of some tables, and of the table `days` of the days wanted."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table, rows in tables.items():
            connection.register(table, rows)
        connection.register("days", pa.table({"day": pa.array(days, pa.date32())}))
        frame: pd.DataFrame = connection.execute((_SQL / f"{name}.sql").read_text()).df()
    return frame
