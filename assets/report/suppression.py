"""Small cells: what fewer than five accounts did is published so that nobody can tell who."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.engagement.shares import SMALLEST_CELL, UNKNOWN

OTHERS = "XX"  # ISO 3166-1 user-assigned: here, countries too small to be shown apart
_SQL = (Path(__file__).parent / "sql" / "shown_countries.sql").read_text()


def shown_countries(cells: pa.Table, group_columns: Sequence[str]) -> pa.Table:
    """How each country of each cell group is shown.

    Every country with fewer than five accounts is pooled; where the pool itself is smaller than
    that, the next smallest countries join it, so that nothing can be had by subtracting the shown
    from the published total.

    Args:
        cells: the group columns, country_iso2 and actor_count; one row a country and group.
        group_columns: what one total is published for.

    Returns:
        The group columns, country_iso2, and `shown_as`: the country itself, or `XX` where it is
        pooled with others. Unknown (`ZZ`) is never pooled.
    """
    columns = ", ".join(f'"{name}"' for name in group_columns)
    with duckdb.connect() as connection:
        connection.register("cells", cells)
        return connection.execute(
            _SQL.replace("$group_columns", columns),
            {"smallest": SMALLEST_CELL, "unknown": UNKNOWN, "others": OTHERS},
        ).to_arrow_table()
