"""Small cells: what fewer than five accounts did is published so that nobody can tell who."""

import pyarrow as pa

from assets.engagement.shares import SMALLEST_CELL, UNKNOWN

OTHERS = "XX"  # ISO 3166-1 user-assigned: here, countries too small to be shown apart


def countries_to_pool(counts: dict[str, int], smallest: int = SMALLEST_CELL) -> frozenset[str]:
    """Countries of one cell group to publish together as others.

    Every country with fewer than `smallest` accounts is pooled; where the pool itself is smaller
    than that, the next smallest countries join it, so that nothing can be had by subtracting the
    shown from the published total.

    Args:
        counts: accounts by country, unknown left out.
        smallest: fewest accounts that may be shown.
    """
    pooled = {country for country, count in counts.items() if count < smallest}
    if not pooled:
        return frozenset()
    total = sum(counts[country] for country in pooled)
    rest = sorted((count, country) for country, count in counts.items() if country not in pooled)
    for count, country in rest:
        if total >= smallest:
            break
        pooled.add(country)
        total += count
    return frozenset(pooled)


def shown_countries(cells: pa.Table, group_columns: tuple[str, ...]) -> pa.Table:
    """How each country of each cell group is shown.

    Args:
        cells: the group columns, country_iso2 and actor_count; one row a country and group.
        group_columns: what one total is published for.

    Returns:
        The group columns, country_iso2, and `shown_as`: the country itself, or `XX` where it is
        pooled with others. Unknown (`ZZ`) is never pooled.
    """
    rows = cells.select([*group_columns, "country_iso2", "actor_count"]).to_pylist()
    groups: dict[tuple[object, ...], dict[str, int]] = {}
    for row in rows:
        if row["country_iso2"] != UNKNOWN:
            group = groups.setdefault(tuple(row[name] for name in group_columns), {})
            group[row["country_iso2"]] = row["actor_count"]
    pooled = {key: countries_to_pool(counts) for key, counts in groups.items()}
    shown = [
        OTHERS
        if row["country_iso2"] in pooled.get(tuple(row[name] for name in group_columns), ())
        else row["country_iso2"]
        for row in rows
    ]
    return cells.select([*group_columns, "country_iso2"]).append_column(
        "shown_as", pa.array(shown, pa.string())
    )
