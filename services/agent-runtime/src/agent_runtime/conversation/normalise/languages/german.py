"""German."""

from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.words import cardinal, ordinal

_DATIVE = frozenset(
    [
        "am",
        "vom",
        "zum",
        "im",
        "beim",
        "dem",
        "den",
        "ab",
        "bis",
        "seit",
        "ans",
        "einem",
        "seinem",
        "ihrem",
        "ihren",
        "diesem",
        "diesen",
        "jedem",
        "jeden",
        "bis",
    ]
)
_WEAK = frozenset(["der", "die", "das", "des"])


def _inflected(value: int, before: str) -> str:
    words = ordinal(value, "de")
    if before in _DATIVE:
        return f"{words}n"
    return words if before in _WEAK else f"{words}r"


def _date(day: int, month: str, year: str, before: str) -> str:
    said = f"{_inflected(day, before)} {month}"
    return f"{said} {year}" if year else said


def _clock(hour: int, minute: int, half: str) -> str:
    hours = f"{'ein' if hour == 1 else cardinal(str(hour), GERMAN)} Uhr"
    return f"{hours} {cardinal(str(minute), GERMAN)}" if minute else hours


def _ordinal(value: int, suffix: str, before: str) -> str:
    words = _inflected(value, before)
    # Without an article a floor or a place is as often neuter or plural: the weak form offends least.
    return words.removesuffix("r") if before not in _DATIVE else words


GERMAN = Language(
    code="de",
    point="Komma",
    comma_is_decimal=True,
    group_signs=".’'\u00a0\u202f",
    reads_decimals_as_number=False,
    one=("ein", "eine"),
    feminine_units=frozenset(
        {"duration-hour", "duration-minute", "duration-second", "length-mile", "mass-ounce", "mass-tonne", "speed-mile-per-hour"}
    ),
    has_gender=True,
    minus="minus",
    plus="plus",
    and_="und",
    equals="gleich",
    times="mal",
    about="etwa",
    number="Nummer",
    percent="Prozent",
    degrees="Grad",
    range_to="bis",
    out_of="von",
    at="at",
    dot="Punkt",
    dash="Bindestrich",
    underscore="Unterstrich",
    slash="Schrägstrich",
    star="Stern",
    hash="Raute",
    per="pro",
    fractions={(1, 2): "einhalb", (1, 3): "ein Drittel", (2, 3): "zwei Drittel", (1, 4): "ein Viertel", (3, 4): "drei Viertel", (1, 8): "ein Achtel"},
    cents_joint=" und",
    magnitudes={
        "million": "Million",
        "millionen": "Millionen",
        "mio.": "Millionen",
        "mio": "Millionen",
        "milliarde": "Milliarde",
        "milliarden": "Milliarden",
        "mrd.": "Milliarden",
        "mrd": "Milliarden",
        "tsd.": "tausend",
        "k": "tausend",
    },
    magnitude_joint=" ",
    code_words=r"zimmer|raum|bestell\w*|rechnung\w*|ticket\w*|referenz\w*|code|bestätigung\w*|konto\w*|sendung\w*|vorgang\w*|pin|plz|kunden\w*|buchung\w*|vertrag\w*"
    r"|durchwahl|flug|artikel\w*",
    year_words="jahr|jahre|seit|ab|bis|von|anno",
    month_is_first=False,
    date_joint="",
    day_suffix=r"\.",
    clock_suffix="Uhr|h",
    clock_separators=":.",
    say_date=_date,
    say_clock=_clock,
    ordinal=r"\.(?=\s+[^\W\d])|te[nrsm]?\b|ste[nrsm]?\b",
    say_ordinal=_ordinal,
    regions_with_point=frozenset({"CH", "LI"}),
    currencies={
        "USD": ("Dollar", "Dollar", "Cent|Cent"),
        "EUR": ("Euro", "Euro", "Cent|Cent"),
        "GBP": ("Pfund", "Pfund", "Penny|Pence"),
        "CHF": ("Franken", "Franken", "Rappen|Rappen"),
    },
    abbreviations={
        "z. B.": "zum Beispiel",
        "z.B.": "zum Beispiel",
        "d. h.": "das heißt",
        "d.h.": "das heißt",
        "u. a.": "unter anderem",
        "u.a.": "unter anderem",
        "o. ä.": "oder ähnliches",
        "o.ä.": "oder ähnliches",
        "i. d. R.": "in der Regel",
        "i.d.R.": "in der Regel",
        "usw.": "und so weiter",
        "bzw.": "beziehungsweise",
        "ca.": "circa",
        "Nr.": "Nummer",
        "Str.": "Straße",
        "Tel.": "Telefon",
        "inkl.": "inklusive",
        "exkl.": "exklusive",
        "zzgl.": "zuzüglich",
        "evtl.": "eventuell",
        "ggf.": "gegebenenfalls",
        "vgl.": "vergleiche",
        "Hr.": "Herr",
        "Hrn.": "Herrn",
        "Fr.": "Frau",
        "Dr.": "Doktor",
        "Prof.": "Professor",
        "St.": "Sankt",
        "Std.": "Stunden",
        "Min.": "Minuten",
        "max.": "maximal",
        "min.": "mindestens",
        "MwSt.": "Mehrwertsteuer",
        "Mio.": "Millionen",
        "Mrd.": "Milliarden",
        "geb.": "geboren",
        "§": "Paragraph",
        "Abs.": "Absatz",
        "zw.": "zwischen",
        "u.": "und",
        "Abt.": "Abteilung",
    },
)
