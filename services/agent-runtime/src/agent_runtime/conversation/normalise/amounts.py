"""Money, percentages, measures."""

import re
from decimal import Decimal

from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.numerals import AFTER, BEFORE, amount, value
from agent_runtime.conversation.normalise.rewriting import Rule
from agent_runtime.conversation.normalise.words import cardinal, counted, currency_name, money, unit

_DOLLARS = {"$": "$", "US$": "USD", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "MX$": "MXN", "R$": "BRL", "S$": "SGD"}
_SIGNS = {**_DOLLARS, "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₪": "ILS"}
_CODES = "USD|EUR|GBP|CHF|CAD|AUD|NZD|MXN|JPY|CNY|INR|BRL|SEK|NOK|DKK|PLN|CZK|ARS|COP|CLP|PEN|ZAR|AED|TRY"
_CURRENCY = rf"(?P<currency>(?:US|CA|AU|NZ|MX|C|A|R|S)?\$|[€£¥₹₽₩₺₪]|{_CODES})"
_THOUSANDS = ("mil", "mille", "mila", "thousand", "tausend", "duizend")
_UNITS = {
    "km/h": "speed-kilometer-per-hour",
    "kmh": "speed-kilometer-per-hour",
    "mph": "speed-mile-per-hour",
    "m/s": "speed-meter-per-second",
    "km²": "area-square-kilometer",
    "km2": "area-square-kilometer",
    "m²": "area-square-meter",
    "m2": "area-square-meter",
    "sq ft": "area-square-foot",
    "m³": "volume-cubic-meter",
    "m3": "volume-cubic-meter",
    "km": "length-kilometer",
    "cm": "length-centimeter",
    "mm": "length-millimeter",
    "m": "length-meter",
    "mi": "length-mile",
    "ft": "length-foot",
    "yd": "length-yard",
    "kg": "mass-kilogram",
    "mg": "mass-milligram",
    "g": "mass-gram",
    "lbs": "mass-pound",
    "lb": "mass-pound",
    "oz": "mass-ounce",
    "ml": "volume-milliliter",
    "mL": "volume-milliliter",
    "cl": "volume-centiliter",
    "l": "volume-liter",
    "L": "volume-liter",
    "gal": "volume-gallon",
    "ha": "area-hectare",
    "°C": "temperature-celsius",
    "° C": "temperature-celsius",
    "ºC": "temperature-celsius",
    "°F": "temperature-fahrenheit",
    "° F": "temperature-fahrenheit",
    "kWh": "energy-kilowatt-hour",
    "kcal": "energy-kilocalorie",
    "kW": "power-kilowatt",
    "W": "power-watt",
    "V": "electric-volt",
    "TB": "digital-terabyte",
    "GB": "digital-gigabyte",
    "MB": "digital-megabyte",
    "KB": "digital-kilobyte",
    "kB": "digital-kilobyte",
    "GHz": "frequency-gigahertz",
    "MHz": "frequency-megahertz",
    "kHz": "frequency-kilohertz",
    "Hz": "frequency-hertz",
    "ms": "duration-millisecond",
    "min": "duration-minute",
    "sec": "duration-second",
    "hrs": "duration-hour",
    "hr": "duration-hour",
    "h": "duration-hour",
}


def rules(language: Language) -> tuple[Rule, ...]:
    """Signs before and after the number."""
    number = rf"(?P<number>{amount(language)})"
    sizes = "|".join(re.escape(name) for name in sorted(language.magnitudes, key=len, reverse=True))
    size = rf"(?:\s?(?P<size>(?i:{sizes}))(?!\w))?"
    names = "|".join(re.escape(name) for name in sorted(_UNITS, key=len, reverse=True))
    return (
        Rule(re.compile(rf"(?<![\w$€£]){_CURRENCY}\s?{number}{size}{AFTER}"), lambda found: _money(found, language)),
        Rule(re.compile(rf"{BEFORE}{number}{size}\s?{_CURRENCY}(?!\w)"), lambda found: _money(found, language)),
        Rule(re.compile(rf"{BEFORE}{number}\s?%"), lambda found: f"{cardinal(value(found['number'], language), language)} {language.percent}"),
        Rule(re.compile(rf"{BEFORE}{number}\s?(?P<unit>{names})(?![\w²³/])"), lambda found: _measure(found, language)),
        Rule(re.compile(rf"{BEFORE}{number}\s?°(?!\w)"), lambda found: f"{cardinal(value(found['number'], language), language)} {language.degrees}"),
    )


def _money(found: re.Match[str], language: Language) -> str:
    sign, number = found["currency"], value(found["number"], language)
    currency = _SIGNS.get(sign, sign)
    if currency == "$" and "$" not in language.currencies:
        currency = "USD"
    size = language.magnitudes.get((found["size"] or "").lower())
    if size is None:
        return money(number, currency, language)
    name = currency_name("2", currency, language)
    joint = " " if size in _THOUSANDS else language.magnitude_joint
    if joint == " de " and language.code == "fr" and name[0] in "aeiouéAEIOUÉ":
        joint = " d'"
    return f"{counted(number, language)} {size}{joint}{name}"


def _measure(found: re.Match[str], language: Language) -> str | None:
    number, name = value(found["number"], language), _UNITS[found["unit"]]
    noun = unit(str(Decimal(number)), name, language.code)
    if name in noun:
        return None
    return f"{counted(number, language, is_feminine=name in language.feminine_units)} {noun}"
