"""Dutch."""

from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.words import cardinal, ordinal


def _date(day: int, month: str, year: str, before: str) -> str:
    said = f"{cardinal(str(day), DUTCH)} {month}"
    return f"{said} {year}" if year else said


def _clock(hour: int, minute: int, half: str) -> str:
    hours = f"{cardinal(str(hour), DUTCH)} uur"
    return f"{hours} {cardinal(str(minute), DUTCH)}" if minute else hours


def _ordinal(value: int, suffix: str, before: str) -> str:
    return ordinal(value, "nl")


DUTCH = Language(
    code="nl",
    point="komma",
    comma_is_decimal=True,
    group_signs=".’'\u00a0\u202f",
    reads_decimals_as_number=False,
    one=("één", "één"),
    feminine_units=frozenset(),
    has_gender=False,
    minus="min",
    plus="plus",
    and_="en",
    equals="is",
    times="keer",
    about="ongeveer",
    number="nummer",
    percent="procent",
    degrees="graden",
    range_to="tot",
    out_of="van de",
    at="apenstaartje",
    dot="punt",
    dash="streepje",
    underscore="laag streepje",
    slash="schuine streep",
    star="sterretje",
    hash="hekje",
    per="per",
    fractions={(1, 2): "een half", (1, 3): "een derde", (2, 3): "twee derde", (1, 4): "een kwart", (3, 4): "drie kwart"},
    cents_joint=" en",
    magnitudes={"miljoen": "miljoen", "mln.": "miljoen", "mln": "miljoen", "miljard": "miljard", "mld.": "miljard", "k": "duizend"},
    magnitude_joint=" ",
    code_words=r"kamer|bestel\w*|order\w*|factuur\w*|referentie\w*|code|bevestiging\w*|rekening\w*|dossier\w*|pin\w*|klant\w*|reservering\w*|polis\w*|toestel|vlucht",
    year_words="in|sinds|tot|jaar|vanaf",
    month_is_first=False,
    date_joint="",
    day_suffix="e|de|ste",
    clock_suffix="uur|u",
    clock_separators=":.",
    say_date=_date,
    say_clock=_clock,
    ordinal="ste|de|e",
    say_ordinal=_ordinal,
    currencies={
        "USD": ("dollar", "dollar", "cent|cent"),
        "EUR": ("euro", "euro", "cent|cent"),
        "GBP": ("pond", "pond", "penny|pence"),
    },
    abbreviations={
        "dhr.": "de heer",
        "Dhr.": "de heer",
        "mevr.": "mevrouw",
        "Mevr.": "mevrouw",
        "mw.": "mevrouw",
        "dr.": "dokter",
        "Dr.": "dokter",
        "prof.": "professor",
        "bijv.": "bijvoorbeeld",
        "bv.": "bijvoorbeeld",
        "d.w.z.": "dat wil zeggen",
        "enz.": "enzovoort",
        "o.a.": "onder andere",
        "ca.": "circa",
        "nr.": "nummer",
        "tel.": "telefoon",
        "m.b.t.": "met betrekking tot",
        "t/m": "tot en met",
        "incl.": "inclusief",
        "excl.": "exclusief",
        "a.u.b.": "alstublieft",
    },
)
