"""Spanish."""

from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.words import cardinal, ordinal

_HALVES = {"am": " de la mañana", "pm": " de la tarde"}


def _date(day: int, month: str, year: str, before: str) -> str:
    said = f"{'primero' if day == 1 else cardinal(str(day), SPANISH)} de {month}"
    return f"{said} de {year}" if year else said


def _hour(hour: int) -> str:
    return {1: "una", 21: "veintiuna"}.get(hour) or cardinal(str(hour), SPANISH)


def _clock(hour: int, minute: int, half: str) -> str:
    tail = _HALVES.get(half, "")
    if not minute:
        return f"{_hour(hour)}{tail or ' en punto'}"
    return f"{_hour(hour)} y {cardinal(str(minute), SPANISH)}{tail}"


def _ordinal(value: int, suffix: str, before: str) -> str:
    words = ordinal(value, "es")
    if "ª" in suffix or "a" in suffix:
        return " ".join(word[:-1] + "a" if word.endswith("o") else word for word in words.split())
    return words[:-1] if "er" in suffix and words.endswith(("primero", "tercero")) else words


SPANISH = Language(
    code="es",
    point="coma",
    comma_is_decimal=True,
    group_signs=".’'\u00a0\u202f",
    reads_decimals_as_number=True,
    one=("un", "una"),
    feminine_units=frozenset({"duration-hour", "length-mile", "mass-ounce", "mass-pound", "mass-tonne", "speed-mile-per-hour"}),
    has_gender=True,
    minus="menos",
    plus="más",
    and_="y",
    equals="igual a",
    times="por",
    about="aproximadamente",
    number="número",
    percent="por ciento",
    degrees="grados",
    range_to="a",
    out_of="de",
    at="arroba",
    dot="punto",
    dash="guion",
    underscore="guion bajo",
    slash="barra",
    star="asterisco",
    hash="almohadilla",
    per="por",
    fractions={(1, 2): "un medio", (1, 3): "un tercio", (2, 3): "dos tercios", (1, 4): "un cuarto", (3, 4): "tres cuartos"},
    cents_joint=" con",
    magnitudes={"millón": "millón", "millones": "millones", "mil": "mil", "m": "millones", "k": "mil", "billones": "billones"},
    magnitude_joint=" de ",
    code_words="habitación|sala|pedido|factura|referencia|código|confirmación|cuenta|seguimiento|caso|pin|cliente|reserva|póliza|extensión|vuelo|postal",
    year_words="en|desde|hasta|año|de|del",
    month_is_first=False,
    date_joint="de|del",
    day_suffix="º|o|er|ro",
    clock_suffix=r"h|hs|hrs|horas",
    clock_separators=":",
    say_date=_date,
    say_clock=_clock,
    ordinal=r"\.?[ºª]|\.º|\.ª|\.?er|ero|era|do|da|to|ta",
    say_ordinal=_ordinal,
    regions_with_point=frozenset({"MX", "US", "PR", "GT", "HN", "NI", "PA", "SV", "DO"}),
    currencies={
        "USD": ("dólar", "dólares", "centavo|centavos"),
        "EUR": ("euro", "euros", "céntimo|céntimos"),
        "GBP": ("libra", "libras", "penique|peniques"),
        "MXN": ("peso", "pesos", "centavo|centavos"),
        "CHF": ("franco suizo", "francos suizos", "céntimo|céntimos"),
    },
    abbreviations={
        "Sr.": "señor",
        "Sra.": "señora",
        "Srta.": "señorita",
        "Sres.": "señores",
        "Dr.": "doctor",
        "Dra.": "doctora",
        "D.ª": "doña",
        "Dña.": "doña",
        "Prof.": "profesor",
        "Ud.": "usted",
        "Uds.": "ustedes",
        "Vd.": "usted",
        "p. ej.": "por ejemplo",
        "p.ej.": "por ejemplo",
        "etc.": "etcétera",
        "EE. UU.": "Estados Unidos",
        "EE.UU.": "Estados Unidos",
        "av.": "avenida",
        "Av.": "avenida",
        "Avda.": "avenida",
        "avda.": "avenida",
        "c/": "calle",
        "C/": "calle",
        "núm.": "número",
        "nº": "número",
        "n.º": "número",
        "N.º": "número",
        "tel.": "teléfono",
        "Tel.": "teléfono",
        "aprox.": "aproximadamente",
        "pág.": "página",
        "máx.": "máximo",
        "mín.": "mínimo",
        "art.": "artículo",
        "dpto.": "departamento",
        "a. m.": "de la mañana",
        "p. m.": "de la tarde",
    },
)
