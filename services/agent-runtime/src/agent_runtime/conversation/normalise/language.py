"""What has to be known of a language to read its signs aloud; numbers, months and units come from num2words and CLDR."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SayDate = Callable[[int, str, str, str], str]
"""Day, name of the month, year in words (empty: none), the word before it."""
SayClock = Callable[[int, int, str], str]
"""Hour, minute, and `am`, `pm` or nothing."""
SayOrdinal = Callable[[int, str, str], str]
"""Number, the letters behind it, the word before it."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language. Words are as they are read; patterns are parts of regular expressions without groups."""

    code: str
    """For num2words and CLDR."""
    point: str
    """Between the whole number and its decimals."""
    comma_is_decimal: bool
    group_signs: str
    """What stands between thousands, as the inside of a character class."""
    reads_decimals_as_number: bool
    """3,14 is "three comma fourteen"."""
    one: tuple[str, str]
    """Before a masculine (or any) and a feminine noun."""
    feminine_units: frozenset[str]
    has_gender: bool
    """A number that ends in one takes the gender of its noun: the voice knows better."""
    minus: str
    plus: str
    and_: str
    equals: str
    times: str
    about: str
    number: str
    percent: str
    degrees: str
    range_to: str
    out_of: str
    at: str
    dot: str
    dash: str
    underscore: str
    slash: str
    star: str
    hash: str
    """As the keys of a phone are called."""
    per: str
    """Between an amount and what it is for."""
    fractions: Mapping[tuple[int, int], str]
    cents_joint: str
    """Before the cents."""
    magnitudes: Mapping[str, str]
    """After an amount of money: `million`, `Mio.` and the like, as read."""
    magnitude_joint: str
    """Between the magnitude and the currency."""
    code_words: str
    """What a number that is read digit by digit belongs to: order, invoice, PIN."""
    year_words: str
    """Before a number that is a year."""
    month_is_first: bool
    date_joint: str
    """What may stand between day and month, and between month and year."""
    day_suffix: str
    clock_suffix: str
    """What may stand behind a time and is part of how it is read."""
    clock_separators: str
    say_date: SayDate
    say_clock: SayClock
    ordinal: str
    """What a number has behind it to be an ordinal."""
    say_ordinal: SayOrdinal
    abbreviations: Mapping[str, str]
    regions_with_point: frozenset[str] = frozenset()
    """Regions that write 1,234.56 although the language does not, or the other way round."""
    region_dates: frozenset[str] = frozenset()
    """Regions that put the day first although the language does not."""
    currencies: Mapping[str, tuple[str, str, str]] = field(default_factory=dict[str, tuple[str, str, str]])
    """By ISO code: one, many, hundredths; for what num2words says badly or not at all."""
