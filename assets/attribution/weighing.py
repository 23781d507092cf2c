"""From the mentions of a text to the probability of each country.

Two explanations compete. Either the text describes one place, and then every mention has to fit the
same country ("Paris, TX"), or it lists several, and then each has an equal claim ("London, New
York"). A mention that does not fit a country counts as that country's only with the probability
that such a name stands in the text of somebody from elsewhere.
"""

from collections.abc import Mapping, Sequence

from assets.attribution.senses import WHOLE, Mention

# A city that lies in a country, state or region named after it is the one that is meant, however
# small: the town in Texas and not the capital of France.
_CONFIRMED, _CONFIRMED_BY_CODE = 0.8, 0.3
_CONFIRMED_BEFORE = 0.05  # ... where the larger is named first: "New York, Amsterdam"
_CONFIRMED_CODE = 0.2  # a code that fits the city or country beside it
# Prior odds that a text is a list: of groups ("/", "and"), of segments (","), and of a city and a
# country that it does not lie in ("Madrid, China").
_LIST_OF_GROUPS, _LIST_OF_SEGMENTS, _LIST_OF_UNLIKE = 0.6, 0.03, 0.01
_OF_SOVEREIGN = 0.5  # "China" in the text of somebody who names Hong Kong
_CONSISTENT = 0.3
_MOST_MENTIONS = 24

Weights = dict[str, float]


def weigh(groups: Sequence[Sequence[Mention]], sovereigns: Mapping[str, str]) -> Weights:
    """Probability of each country by mentions of equal standing.

    Args:
        groups: mentions by group, in the order of the text, none empty.
        sovereigns: the state of each territory that has a code of its own.

    Returns:
        Probabilities by country; they sum to at most 1, the rest is "none of them".
    """
    if len(groups) == 1:
        group = groups[0]
        return group[0].by_country if len(group) == 1 else _group(group, sovereigns)
    alone = [_group(group, sovereigns) for group in groups]
    mentions = [mention for group in groups for mention in group][:_MOST_MENTIONS]
    together, nothing = _one_place(mentions, sovereigns, [len(group) for group in groups])
    # A group that may be no place at all claims less.
    claims = [sum(weights.values()) for weights in alone]
    total = sum(claims) or 1.0
    for weights, claim in zip(alone, claims, strict=True):
        for country, probability in _narrowed(weights, alone, sovereigns).items():
            listed = _LIST_OF_GROUPS * probability * claim / total
            together[country] = together.get(country, 0.0) + listed
    return _normalised(together, nothing)


def _narrowed(weights: Weights, alone: Sequence[Weights], sovereigns: Mapping[str, str]) -> Weights:
    """Gives a state's share to the territory named beside it: "Hong Kong / China" is Hong Kong."""
    moved = dict(weights)
    for other in alone:
        for territory, probability in other.items():
            state = sovereigns.get(territory)
            if state and probability > 0.5 and moved.get(state, 0.0) > 0.5:
                moved[territory] = moved.get(territory, 0.0) + moved.pop(state)
    return moved


def _normalised(weights: Weights, nothing: float) -> Weights:
    total = sum(weights.values()) + nothing
    if total <= 0.0:
        return {}
    return {country: weight / total for country, weight in weights.items()}


def _group(mentions: Sequence[Mention], sovereigns: Mapping[str, str]) -> Weights:
    """Probability of each country by one group."""
    if len(mentions) == 1:
        return mentions[0].by_country
    mentions = mentions[:_MOST_MENTIONS]
    weights, nothing = _one_place(mentions, sovereigns, [len(mentions)])
    if weights:
        best = max(weights, key=weights.__getitem__)
        state = sovereigns.get(best, "")
        if all(_fit(mention, best, state) >= _CONSISTENT for mention in mentions):
            return _normalised(weights, nothing)
    certain = 1.0
    for mention in mentions:
        certain *= 1 - mention.noise
    is_mixed = len({mention.is_country for mention in mentions}) > 1
    claim = (_LIST_OF_UNLIKE if is_mixed else _LIST_OF_SEGMENTS) * certain / len(mentions)
    for mention in mentions:
        for country, probability in mention.by_country.items():
            weights[country] = weights.get(country, 0.0) + claim * probability
    return _normalised(weights, nothing)


def _fit(mention: Mention, country: str, state: str) -> float:
    """How likely a mention means a country, or a territory of a state."""
    fit = mention.by_country.get(country, 0.0)
    return fit + _OF_SOVEREIGN * mention.national.get(state, 0.0) if state else fit


def _one_place(
    mentions: Sequence[Mention], sovereigns: Mapping[str, str], sizes: Sequence[int]
) -> tuple[Weights, float]:
    """Weights of the countries if all mentions describe one place, and of none.

    Args:
        mentions: in the order of the text.
        sovereigns: as in `weigh`.
        sizes: number of mentions of each group.
    """
    candidates: set[str] = set()
    nothing = anywhere = 1.0
    for mention in mentions:
        candidates |= mention.main
        nothing *= mention.noise
        anywhere *= mention.elsewhere
    if len(candidates) == 1:
        # Most texts: all names are of one country, and none has to be confirmed by another.
        (country,) = candidates
        weight = 1.0
        for mention in mentions:
            weight *= mention.elsewhere + mention.by_country.get(country, 0.0)
        return {country: weight - anywhere}, nothing
    group_of = [group for group, size in enumerate(sizes) for _ in range(size)]
    confirmed = [_confirmed(at, mentions, group_of) for at in range(len(mentions))]
    candidates.update(*confirmed)
    weights: Weights = {}
    # In order, so that sums and ties come out alike in every process.
    for country in sorted(candidates):
        # What fits any country as well is no claim of this one.
        weight, state = 1.0, sovereigns.get(country, "")
        for mention, bonuses in zip(mentions, confirmed, strict=True):
            fit = _fit(mention, country, state)
            weight *= mention.elsewhere + fit + bonuses.get(country, 0.0)
        weights[country] = weight - anywhere
    return weights, nothing


def _confirmed(at: int, mentions: Sequence[Mention], group_of: Sequence[int]) -> Weights:
    """What the mentions beside it add to a mention's claim for countries."""
    added: Weights = {}
    mention = mentions[at]
    if not mention.towns and not mention.codes:
        return added
    for other_at, other in enumerate(mentions):
        if other_at == at:
            continue
        is_after = other_at > at and group_of[other_at] == group_of[at]
        if mention.is_country and not is_after:
            continue  # "Brazil and Malta" is not the Malta in Brazil
        if other.likely and other.likely in mention.codes:
            added[other.likely] = max(added.get(other.likely, 0.0), _CONFIRMED_CODE)
        if mention.towns and other.larger:
            for country, state in mention.towns:
                is_vague = other.larger.get((country, state), other.larger.get((country, WHOLE)))
                if is_vague is None:
                    continue
                bonus = _CONFIRMED_BY_CODE if is_vague else _CONFIRMED
                bonus = bonus if is_after else _CONFIRMED_BEFORE
                added[country] = max(added.get(country, 0.0), bonus)
    return added
