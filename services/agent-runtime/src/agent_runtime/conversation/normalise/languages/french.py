"""French."""

from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.words import cardinal, ordinal


def _date(day: int, month: str, year: str, before: str) -> str:
    said = f"{'premier' if day == 1 else cardinal(str(day), FRENCH)} {month}"
    return f"{said} {year}" if year else said


def _clock(hour: int, minute: int, half: str) -> str:
    words = cardinal(str(hour), FRENCH)
    hours = f"{words}e heure{'s' if hour > 1 else ''}" if words.endswith("un") else f"{words} heure{'s' if hour > 1 else ''}"
    if not minute:
        return hours
    minutes = cardinal(str(minute), FRENCH)
    return f"{hours} {minutes}e" if minutes.endswith("un") else f"{hours} {minutes}"


def _ordinal(value: int, suffix: str, before: str) -> str:
    if value == 1:
        return "première" if suffix.startswith(("re", "èr")) else "premier"
    return ordinal(value, "fr")


FRENCH = Language(
    code="fr",
    point="virgule",
    comma_is_decimal=True,
    group_signs=" .’'\u00a0\u202f",
    reads_decimals_as_number=True,
    one=("un", "une"),
    feminine_units=frozenset({"duration-hour", "duration-minute", "duration-second", "mass-ounce", "mass-pound", "mass-tonne"}),
    has_gender=True,
    minus="moins",
    plus="plus",
    and_="et",
    equals="égale",
    times="fois",
    about="environ",
    number="numéro",
    percent="pour cent",
    degrees="degrés",
    range_to="à",
    out_of="sur",
    at="arobase",
    dot="point",
    dash="tiret",
    underscore="tiret bas",
    slash="barre oblique",
    star="étoile",
    hash="dièse",
    per="par",
    fractions={(1, 2): "un demi", (1, 3): "un tiers", (2, 3): "deux tiers", (1, 4): "un quart", (3, 4): "trois quarts"},
    cents_joint=" et",
    magnitudes={"million": "million", "millions": "millions", "milliard": "milliard", "milliards": "milliards", "m": "millions", "k": "mille"},
    magnitude_joint=" de ",
    code_words="chambre|salle|commande|facture|référence|code|confirmation|compte|suivi|dossier|pin|client|réservation|contrat|poste|vol|postal",
    year_words="en|depuis|année|de|dès|avant|après",
    month_is_first=False,
    date_joint="de",
    day_suffix="er",
    clock_suffix=r"h|heures?",
    clock_separators=":hH",
    say_date=_date,
    say_clock=_clock,
    ordinal="ers?|res?|ères?|èmes?|emes?|es?|nde?s?",
    say_ordinal=_ordinal,
    currencies={
        "USD": ("dollar", "dollars", "cent|cents"),
        "CAD": ("dollar canadien", "dollars canadiens", "cent|cents"),
        "EUR": ("euro", "euros", "centime|centimes"),
        "GBP": ("livre", "livres", "penny|pence"),
        "CHF": ("franc suisse", "francs suisses", "centime|centimes"),
    },
    abbreviations={
        "M.": "",
        "MM.": "messieurs",
        "Mme": "madame",
        "Mmes": "mesdames",
        "Mlle": "mademoiselle",
        "Dr": "docteur",
        "Dr.": "docteur",
        "Pr": "professeur",
        "p. ex.": "par exemple",
        "p.ex.": "par exemple",
        "c.-à-d.": "c'est-à-dire",
        "etc.": "et cetera",
        "env.": "environ",
        "n°": "numéro",
        "N°": "numéro",
        "nº": "numéro",
        "tél.": "téléphone",
        "Tél.": "téléphone",
        "av.": "avenue",
        "bd": "boulevard",
        "Bd": "boulevard",
        "svp": "s'il vous plaît",
        "SVP": "s'il vous plaît",
        "RDV": "rendez-vous",
        "rdv": "rendez-vous",
        "max.": "maximum",
        "min.": "minimum",
        "St": "saint",
        "Ste": "sainte",
    },
)
