"""A name as it stands in a text, and what it may mean."""

from collections.abc import Sequence, Set

from assets.attribution.places import COUNTRY_RULES, Reading

# Rules of readings that mean all of a country; `flag` is of readings that texts give, not names.
COUNTRYWIDE = frozenset({*COUNTRY_RULES, "country_code", "flag"})
LARGER = COUNTRYWIDE | {"region", "region_code", "us_state", "us_state_code"}
TOWNS = frozenset({"city", "city_code"})
CODES = frozenset({"country_code", "region_code", "us_state_code", "city_code"})
_OF_STATE = frozenset({"us_state", "us_state_code"})
_VAGUE = frozenset({"country_code", "region_code"})
_SAYS_WHERE = 0.005  # probability of a reading that can say where the mention beside it lies
_KNOWN_CODE = 0.001
_LIKELY = 0.5
_SLIGHT = 0.002
_NO_WEIGHTS: dict[str, float] = {}
_NO_PLACES: dict[tuple[str, str], bool] = {}
_NO_TOWNS: frozenset[tuple[str, str]] = frozenset()
_NO_CODES: frozenset[str] = frozenset()
WHOLE = ""  # of a country, where a state could stand


class Mention:
    """A name or code as it stands in the text; CA may be California or Canada.

    Attributes:
        token: its normalised words.
        readings: heaviest first.
        share: probability of a reading for each unit of its weight.
        noise: probability that it is no place; all probabilities sum to 1.
        elsewhere: how likely it is in the text of a person whom none of its readings fits.
        in_phrase: whether it stands among words that are no names.
        by_country: probability of each country.
        main: the countries that are more than slightly likely.
        national: probability of each country, by readings that mean all of it.
        larger: countries, and U.S. states of them, that mentions beside it may lie in, and
            whether it says so by a code that has other meanings.
        towns: countries, and U.S. states, of its towns.
        codes: countries that it may mean as a code.
        likely: the country it likely means by a name, if any.
        is_country: whether it likeliest means all of a country.
    """

    __slots__ = (
        *("by_country", "codes", "elsewhere", "in_phrase", "is_country", "larger", "likely"),
        *("main", "national", "noise", "readings", "share", "token", "towns"),
    )

    def __init__(
        self,
        token: str,
        readings: Sequence[Reading],
        share: float,
        noise: float,
        elsewhere: float,
        *,
        in_phrase: bool = False,
    ) -> None:
        self.token = token
        self.readings = readings
        self.share = share
        self.noise = noise
        self.elsewhere = elsewhere
        self.in_phrase = in_phrase
        self.is_country = False
        self.likely = ""
        by_country: dict[str, float] = {}
        national: dict[str, float] = {}
        larger: dict[tuple[str, str], bool] = {}
        towns: set[tuple[str, str]] = set()
        codes: set[str] = set()
        most = 0.0
        for country, state, rule, weight in readings:
            if not country:
                continue
            probability = weight * share
            by_country[country] = by_country.get(country, 0.0) + probability
            if probability > most:
                most, self.is_country = probability, rule in COUNTRYWIDE
            if rule in TOWNS:
                towns.add((country, state))
            elif rule in COUNTRYWIDE:
                national[country] = national.get(country, 0.0) + probability
            if probability >= _SAYS_WHERE and rule in LARGER:
                place = (country, state if rule in _OF_STATE else WHOLE)
                larger[place] = larger.get(place, True) and rule in _VAGUE
            if rule not in CODES:
                if probability > _LIKELY:
                    self.likely = country
            elif rule not in TOWNS and probability > _KNOWN_CODE:
                codes.add(country)
        # Thousands of mentions are remembered: what is empty is shared, not kept for each.
        self.by_country = by_country
        self.national = national or _NO_WEIGHTS
        self.larger = larger or _NO_PLACES
        self.towns = towns or _NO_TOWNS
        self.codes = codes or _NO_CODES
        if len(by_country) == 1:
            self.main: Set[str] = by_country.keys()
        else:
            self.main = {one for one, likely in by_country.items() if likely > _SLIGHT}

    def altered(self, *, noise: float, elsewhere: float, in_phrase: bool) -> "Mention":
        """The same name where it says less."""
        scale = (1.0 - noise) / (1.0 - self.noise)
        share = self.share * scale
        return Mention(self.token, self.readings, share, noise, elsewhere, in_phrase=in_phrase)
