"""Place words beside an organisation's name: "Huawei Germany" is no evidence of China.

Only what multinationals put after their names: large countries, regions, and the cities of their
large offices. Reading places is the gazetteer's job; here they only forbid.
"""

from collections.abc import Iterable

_WORDS = {
    "AE": "dubai uae",
    "AR": "argentina",
    "AT": "austria",
    "AU": "australia melbourne sydney",
    "BD": "bangladesh dhaka",
    "BE": "belgium brussels",
    "BG": "bulgaria sofia",
    "BR": "brasil brazil",
    "CA": "canada montreal ottawa toronto vancouver",
    "CH": "schweiz switzerland zurich",
    "CL": "chile",
    "CN": "beijing china hangzhou shanghai shenzhen 中国 北京 上海 深圳 杭州",
    "CO": "colombia",
    "CZ": "czech czechia prague",
    "DE": "berlin deutschland germany hamburg munich stuttgart",
    "DK": "copenhagen denmark",
    "EG": "cairo egypt",
    "ES": "barcelona espana madrid spain",
    "FI": "finland helsinki",
    "FR": "france paris",
    "GB": "britain england kingdom london uk",
    "GR": "greece",
    "HK": "hk hongkong 香港",
    "HU": "budapest hungary",
    "ID": "indonesia jakarta",
    "IE": "dublin ireland",
    "IL": "haifa israel",
    "IN": "bangalore bengaluru chennai gurgaon gurugram hyderabad india mumbai noida pune",
    "IT": "italia italy milan",
    "JP": "japan tokyo 日本 東京",
    "KE": "kenya nairobi",
    "KR": "korea seoul 한국",
    "LK": "lanka",
    "MX": "mexico",
    "MY": "malaysia",
    "NG": "lagos nigeria",
    "NL": "amsterdam netherlands",
    "NO": "norway",
    "NZ": "zealand",
    "PH": "manila philippines",
    "PK": "karachi lahore pakistan",
    "PL": "krakow poland polska warsaw",
    "PT": "lisbon portugal",
    "RO": "bucharest romania",
    "RU": "moscow россия russia",
    "SE": "stockholm sweden",
    "SG": "singapore 新加坡",
    "TH": "bangkok thailand",
    "TR": "istanbul turkey turkiye",
    "TW": "taipei taiwan 台湾 台灣 臺灣",
    "UA": "kyiv ukraine",
    "US": "america states usa",
    "VN": "hanoi vietnam",
    "ZA": "africa",
    # No country's own, so that they forbid every match.
    "": "apac asia emea europe latam mena 亚太 亚洲",
}
_COUNTRY_OF = {word: iso2 for iso2, words in _WORDS.items() for word in words.split()}


def countries_named(words: Iterable[str]) -> set[str]:
    """Codes of the countries that folded words name; the empty code for a wider region."""
    return {_COUNTRY_OF[word] for word in words if word in _COUNTRY_OF}
