"""How likely a name means each of its places, and how likely none of them.

A name's readings share its probability by weight (people times fame, see `places`), and so does the
possibility that the name is no place at all: a single short word that is also a village is mostly
something else, a country's name hardly ever is. The constants were chosen on the tuning half of
real profile locations; see docs/methods.md, "Location texts".
"""

from collections.abc import Sequence

from assets.attribution.places import COUNTRY_RULES, SHORT_NAME, Reading
from assets.attribution.senses import CODES, TOWNS, Mention

# Weight of "no place at all" against a name's readings: see docs/methods.md, "Location texts".
_NOISE_WORD, _NOISE_SHORT, _NOISE_PHRASE, _NOISE_NATIVE = 2.0e4, 1.0e6, 3.0e3, 1.0e3
_NOISE_ORDINARY = 6.0e6
_NOISE_INSIDE = 1.0e6  # a city named inside a phrase that says something else
# What a name keeps of its probability for each word beside it that is no name, and beside a word
# that often makes another name of it.
_RELIABLE_COUNTRY, _RELIABLE_TOWN, _RELIABLE_CHANGED = 0.93, 0.93, 0.5
_NAME_NOISE = {"country_name": 0.004, "country_alias": 0.008, "us_state": 0.02, "region": 0.05}
_COUNTRY_BESIDE_WIDE = 3.0e6  # weight of a country that may share a continent's name (America)

# How likely a name is to stand in the text of a person from elsewhere.
_ELSEWHERE = {
    **{"country_name": 0.002, "country_alias": 0.003, "country_code": 0.02, "us_state": 0.01},
    **{"us_state_code": 0.015, "region": 0.02, "region_code": 0.03, "city": 0.03},
    "city_code": 0.2,
}
_PART_OF_COUNTRY = 0.25  # "East Azerbaijan" is no part of Azerbaijan
_FAMOUS = 1.0e8  # weight of a city of a million people
# A code's chance to be none, by where it stands and whether it is in capitals.
_CODE_NOISE = {
    ("alone", True): 0.12, ("alone", False): 0.6, ("first", True): 0.5, ("first", False): 0.7,
    ("later", True): 0.04, ("later", False): 0.15,
}  # fmt: skip
_PART_CODE_ALONE, _RARE_PART_CODE = 0.9, 0.7
_ORDINARY_CODE = 0.6  # more, of a code's remaining chance, where it is an ordinary word
_ORDINARY_NAME = 0.4
_CITY_CODE, _CITY_CODE_LOWER = 0.3, 0.7
_CUSTOMARY = 5.0e6  # weight of a region's code that stands in its country's addresses
_AS_WELL = 0.25
_WIDE = 0.2  # "America" may be the continents
_LOWER_CODE = 0.1  # of a code's weight, where it is not in capitals and shares a name


def no_place(readings: Sequence[Reading]) -> str:
    """Why a name is none of a place in one country; empty where it may be."""
    for one in readings:
        if one.country:
            return ""
        if one.rule in {"no_place", "wide"}:
            break
    else:
        return ""
    is_country = any(
        other.rule in COUNTRY_RULES and other.weight >= _COUNTRY_BESIDE_WIDE for other in readings
    )
    if is_country:
        return ""
    return "spans countries" if one.rule == "wide" else "no place, or a joke"


def mention_of(
    token: str, readings: Sequence[Reading], place: str, *, is_upper: bool
) -> Mention | None:
    """Shares a name's probability among its readings and "no place".

    Args:
        token: the name's key.
        readings: of the key; what is no place first.
        place: `alone` if its segment is the text's only one, `first` or `later` otherwise.
        is_upper: whether it stands in capitals.

    Returns:
        The mention; None if the name is of no place.
    """
    is_word = is_wide = has_code = has_name = False
    for _, _, rule, _ in readings:
        if rule in CODES:
            has_code = True
        elif rule == "word":
            is_word = True
        elif rule == "wide":
            is_wide = True
        else:
            has_name = has_name or rule != "no_place"
    if has_code and has_name and not is_upper:
        readings = [
            one._replace(weight=one.weight * _LOWER_CODE) if one.rule in CODES else one
            for one in readings
        ]
    total, best, best_name = 0.0, readings[-1], None
    for one in readings:
        weight = one[3]
        total += weight
        if weight > best[3]:
            best = one
        if one[2] not in CODES and weight and (best_name is None or weight > best_name[3]):
            best_name = one
    if not total:
        return None
    if best_name and best_name.weight > _AS_WELL * total:
        best = best_name  # LA is Los Angeles at least as much as Louisiana
    noise = _noise(token, best, total, place, is_word=is_word, is_upper=is_upper)
    if is_wide and noise < _WIDE:
        noise = _WIDE
    share = (1.0 - noise) / total
    elsewhere = _ELSEWHERE[best.rule]
    if best.rule == "city":
        # Names of small towns are names of streets, quarters and people elsewhere as well.
        elsewhere = min(max(elsewhere * (_FAMOUS / total) ** 0.5, 0.02), 0.4)
    return Mention(token, readings, share, noise, max(elsewhere, noise))


def doubted(mention: Mention) -> Mention:
    """A mention that may well name a part of another country."""
    if not mention.is_country:
        return mention
    worse = max(mention.elsewhere, _PART_OF_COUNTRY)
    return mention.altered(noise=mention.noise, elsewhere=worse, in_phrase=False)


def _noise(
    token: str, best: Reading, total: float, place: str, *, is_word: bool, is_upper: bool
) -> float:
    if best.rule in CODES:
        noise = _CODE_NOISE[place, is_upper]
        if best.rule == "region_code":
            rare = noise if best.weight >= _CUSTOMARY else _RARE_PART_CODE
            noise = max(noise, _PART_CODE_ALONE if place != "later" else rare)
        elif best.rule == "city_code":
            noise = max(noise, _CITY_CODE if is_upper else _CITY_CODE_LOWER)
        if is_word and (place != "later" or not is_upper):
            noise += (1 - noise) * _ORDINARY_CODE
        return noise
    if best.rule in _NAME_NOISE:
        noise = _NAME_NOISE[best.rule]
        if is_word and best.rule in {"region", "country_alias"} and not is_upper:
            return _ORDINARY_NAME  # "Island" is Iceland, in German
        return noise
    if not token.isascii():
        weight = _NOISE_NATIVE if not _is_latin(token) else _NOISE_PHRASE
    elif is_word:
        weight = _NOISE_ORDINARY
    elif " " in token:
        weight = _NOISE_PHRASE
    else:
        weight = _NOISE_SHORT if len(token) <= SHORT_NAME else _NOISE_WORD
    return weight / (weight + total)


def _is_latin(token: str) -> bool:
    return any("a" <= letter <= "z" for letter in token)


def weakened(mention: Mention, rest: int, *, is_changed: bool) -> Mention:
    """A mention among other words: the more of them, the less it says."""
    best = max(mention.readings, key=lambda one: one.weight)
    noise = mention.noise
    if best.rule in TOWNS:
        total = sum(one.weight for one in mention.readings)
        noise = max(noise, _NOISE_INSIDE * rest / (_NOISE_INSIDE * rest + total))
        reliable = _RELIABLE_TOWN**rest
    else:
        reliable = _RELIABLE_COUNTRY**rest
    if is_changed:
        reliable *= _RELIABLE_CHANGED
    noise = 1 - (1 - noise) * reliable
    return mention.altered(noise=noise, elsewhere=max(mention.elsewhere, noise), in_phrase=True)
