"""Italian."""

from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.words import cardinal, ordinal


def _date(day: int, month: str, year: str, before: str) -> str:
    said = f"{'primo' if day == 1 else cardinal(str(day), ITALIAN)} {month}"
    return f"{said} {year}" if year else said


def _clock(hour: int, minute: int, half: str) -> str:
    words = "una" if hour == 1 else cardinal(str(hour), ITALIAN)
    return f"{words} e {cardinal(str(minute), ITALIAN)}" if minute else words


def _ordinal(value: int, suffix: str, before: str) -> str:
    words = ordinal(value, "it")
    return words[:-1] + "a" if suffix == "ª" else words


ITALIAN = Language(
    code="it",
    point="virgola",
    comma_is_decimal=True,
    group_signs=".’'\u00a0\u202f",
    reads_decimals_as_number=True,
    one=("un", "una"),
    feminine_units=frozenset({"duration-hour", "mass-ounce", "mass-pound", "mass-tonne"}),
    has_gender=True,
    minus="meno",
    plus="più",
    and_="e",
    equals="uguale a",
    times="per",
    about="circa",
    number="numero",
    percent="per cento",
    degrees="gradi",
    range_to="a",
    out_of="su",
    at="chiocciola",
    dot="punto",
    dash="trattino",
    underscore="trattino basso",
    slash="barra",
    star="asterisco",
    hash="cancelletto",
    per="per",
    fractions={(1, 2): "un mezzo", (1, 3): "un terzo", (2, 3): "due terzi", (1, 4): "un quarto", (3, 4): "tre quarti"},
    cents_joint=" e",
    magnitudes={"milione": "milione", "milioni": "milioni", "miliardo": "miliardo", "miliardi": "miliardi", "k": "mila"},
    magnitude_joint=" di ",
    code_words="camera|stanza|ordine|fattura|riferimento|codice|conferma|conto|spedizione|pratica|pin|cliente|prenotazione|polizza|interno|volo|postale",
    year_words="nel|dal|anno|del|fino",
    month_is_first=False,
    date_joint="",
    day_suffix="º|°",
    clock_suffix="",
    clock_separators=":.",
    say_date=_date,
    say_clock=_clock,
    ordinal="[º°ª]",
    say_ordinal=_ordinal,
    regions_with_point=frozenset({"CH"}),
    currencies={
        "USD": ("dollaro", "dollari", "centesimo|centesimi"),
        "EUR": ("euro", "euro", "centesimo|centesimi"),
        "GBP": ("sterlina", "sterline", "penny|penny"),
        "CHF": ("franco svizzero", "franchi svizzeri", "centesimo|centesimi"),
    },
    abbreviations={
        "Sig.": "signor",
        "Sig.ra": "signora",
        "Sig.na": "signorina",
        "Dott.": "dottor",
        "Dott.ssa": "dottoressa",
        "Dr.": "dottor",
        "Prof.": "professor",
        "ecc.": "eccetera",
        "p. es.": "per esempio",
        "p.es.": "per esempio",
        "ad es.": "ad esempio",
        "tel.": "telefono",
        "Tel.": "telefono",
        "ca.": "circa",
        "n.": "",
        "max.": "massimo",
        "min.": "minimo",
    },
)
