"""English."""

from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.words import cardinal, ordinal


def _date(day: int, month: str, year: str, before: str) -> str:
    words = ordinal(day, "en")
    said = f"the {words} of {month}" if before in ("the",) else f"{month} {words}"
    return f"{said.removeprefix('the ')}, {year}" if year else said.removeprefix("the ")


def _clock(hour: int, minute: int, half: str) -> str:
    words = cardinal(str(hour), ENGLISH)
    if minute:
        tail = f" oh {cardinal(str(minute), ENGLISH)}" if minute < 10 else f" {cardinal(str(minute), ENGLISH)}"
    else:
        tail = "" if half else " o'clock" if 0 < hour <= 12 else " hundred"
    return f"{words}{tail}{' ' + half if half else ''}"


def _ordinal(value: int, suffix: str, before: str) -> str:
    return ordinal(value, "en")


ENGLISH = Language(
    code="en",
    point="point",
    comma_is_decimal=False,
    group_signs=",",
    reads_decimals_as_number=False,
    one=("one", "one"),
    feminine_units=frozenset(),
    has_gender=False,
    minus="minus",
    plus="plus",
    and_="and",
    equals="equals",
    times="times",
    about="about",
    number="number",
    percent="percent",
    degrees="degrees",
    range_to="to",
    out_of="out of",
    at="at",
    dot="dot",
    dash="dash",
    underscore="underscore",
    slash="slash",
    star="star",
    hash="hash",
    per="per",
    fractions={
        (1, 2): "one half",
        (1, 3): "one third",
        (2, 3): "two thirds",
        (1, 4): "one quarter",
        (3, 4): "three quarters",
        (1, 8): "one eighth",
        (3, 8): "three eighths",
        (1, 5): "one fifth",
    },
    cents_joint=" and",
    magnitudes={"million": "million", "billion": "billion", "trillion": "trillion", "m": "million", "bn": "billion", "k": "thousand"},
    magnitude_joint=" ",
    code_words="room|suite|order|invoice|ticket|reference|code|confirmation|account|tracking|case|pin|zip|customer|booking|policy|extension|flight",
    year_words="in|since|until|till|from|year|of|before|after|by",
    month_is_first=True,
    date_joint="of",
    day_suffix="st|nd|rd|th",
    clock_suffix="",
    clock_separators=":",
    say_date=_date,
    say_clock=_clock,
    ordinal="st|nd|rd|th",
    say_ordinal=_ordinal,
    region_dates=frozenset({"GB", "AU", "NZ", "IE", "IN", "ZA", "SG", "MT"}),
    currencies={
        "USD": ("dollar", "dollars", "cent|cents"),
        "CAD": ("Canadian dollar", "Canadian dollars", "cent|cents"),
        "AUD": ("Australian dollar", "Australian dollars", "cent|cents"),
        "EUR": ("euro", "euros", "cent|cents"),
        "GBP": ("pound", "pounds", "penny|pence"),
        "CHF": ("Swiss franc", "Swiss francs", "centime|centimes"),
        "MXN": ("Mexican peso", "Mexican pesos", "centavo|centavos"),
        "INR": ("rupee", "rupees", "paisa|paise"),
        "JPY": ("yen", "yen", "sen|sen"),
    },
    abbreviations={
        "Mr.": "Mister",
        "Mrs.": "Missus",
        "Ms.": "Miss",
        "Dr.": "Doctor",
        "Prof.": "Professor",
        "Jr.": "Junior",
        "Sr.": "Senior",
        "Ave.": "Avenue",
        "Blvd.": "Boulevard",
        "Rd.": "Road",
        "Apt.": "apartment",
        "Dept.": "department",
        "dept.": "department",
        "e.g.": "for example",
        "i.e.": "that is",
        "etc.": "et cetera",
        "vs.": "versus",
        "vs": "versus",
        "pg.": "page",
        "Fig.": "figure",
        "fig.": "figure",
        "§": "section",
        "approx.": "approximately",
        "ext.": "extension",
        "tel.": "telephone",
        "Tel.": "telephone",
        "min.": "minutes",
        "hrs": "hours",
        "hrs.": "hours",
        "w/o": "without",
        "w/": "with",
        "ASAP": "as soon as possible",
        "Inc.": "Incorporated",
        "Ltd.": "Limited",
        "St.": "",
        "No.": "",
        "no.": "",
    },
)
