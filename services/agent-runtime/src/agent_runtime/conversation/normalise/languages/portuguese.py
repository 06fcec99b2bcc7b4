"""Portuguese."""

from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.words import cardinal, ordinal

_HALVES = {"am": " da manhã", "pm": " da tarde"}
_HOURS = {1: "uma", 2: "duas", 21: "vinte e uma", 22: "vinte e duas"}


def _date(day: int, month: str, year: str, before: str) -> str:
    said = f"{'primeiro' if day == 1 else cardinal(str(day), PORTUGUESE)} de {month}"
    return f"{said} de {year}" if year else said


def _clock(hour: int, minute: int, half: str) -> str:
    words = _HOURS.get(hour) or cardinal(str(hour), PORTUGUESE)
    tail = _HALVES.get(half, "")
    if not minute:
        return f"{words}{tail or (' hora' if hour == 1 else ' horas')}"
    return f"{words} e {cardinal(str(minute), PORTUGUESE)}{tail}"


def _ordinal(value: int, suffix: str, before: str) -> str:
    words = ordinal(value, "pt")
    if "ª" in suffix:
        return " ".join(word[:-1] + "a" if word.endswith("o") else word for word in words.split())
    return words


PORTUGUESE = Language(
    code="pt",
    point="vírgula",
    comma_is_decimal=True,
    group_signs=".’'\u00a0\u202f",
    reads_decimals_as_number=True,
    one=("um", "uma"),
    feminine_units=frozenset({"duration-hour", "length-mile", "mass-ounce", "mass-pound", "mass-tonne", "speed-mile-per-hour"}),
    has_gender=True,
    minus="menos",
    plus="mais",
    and_="e",
    equals="igual a",
    times="vezes",
    about="cerca de",
    number="número",
    percent="por cento",
    degrees="graus",
    range_to="a",
    out_of="de",
    at="arroba",
    dot="ponto",
    dash="hífen",
    underscore="underline",
    slash="barra",
    star="asterisco",
    hash="cardinal",
    per="por",
    fractions={(1, 2): "um meio", (1, 3): "um terço", (2, 3): "dois terços", (1, 4): "um quarto", (3, 4): "três quartos"},
    cents_joint=" e",
    magnitudes={"milhão": "milhão", "milhões": "milhões", "mil": "mil", "k": "mil", "bilhões": "bilhões", "mil milhões": "mil milhões"},
    magnitude_joint=" de ",
    code_words="quarto|sala|pedido|encomenda|fatura|referência|código|confirmação|conta|rastreio|processo|pin|cliente|reserva|apólice|ramal|extensão|voo|postal|cep",
    year_words="em|desde|até|ano|de",
    month_is_first=False,
    date_joint="de",
    day_suffix="º",
    clock_suffix="h|horas",
    clock_separators=":hH",
    say_date=_date,
    say_clock=_clock,
    ordinal=r"\.?[ºª]",
    say_ordinal=_ordinal,
    currencies={
        "USD": ("dólar", "dólares", "centavo|centavos"),
        "EUR": ("euro", "euros", "cêntimo|cêntimos"),
        "GBP": ("libra", "libras", "pêni|pence"),
        "BRL": ("real", "reais", "centavo|centavos"),
    },
    abbreviations={
        "Sr.": "senhor",
        "Sra.": "senhora",
        "Dr.": "doutor",
        "Dra.": "doutora",
        "Prof.": "professor",
        "p. ex.": "por exemplo",
        "p.ex.": "por exemplo",
        "etc.": "et cetera",
        "nº": "número",
        "n.º": "número",
        "tel.": "telefone",
        "Tel.": "telefone",
        "aprox.": "aproximadamente",
        "Av.": "avenida",
        "av.": "avenida",
        "máx.": "máximo",
        "mín.": "mínimo",
    },
)
