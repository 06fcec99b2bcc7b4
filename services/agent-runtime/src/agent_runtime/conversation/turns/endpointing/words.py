"""Words that tell whether more is to come, in the languages we know. For `multi` all of them count; for others none."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class CueWords:
    """`joining` words never end a sentence; `leaning` ones seldom do, and then a recogniser marks it. `hesitations` fill a pause.
    `answers` are whole turns."""

    joining: frozenset[str]
    leaning: frozenset[str]
    hesitations: frozenset[str]
    answers: frozenset[str]
    number_names: frozenset[str]
    """What a spoken number belongs to: `number`, `code` …"""
    digits: frozenset[str]


def _cues(joining: str, leaning: str, hesitations: str, answers: str, number_names: str, digits: str) -> CueWords:
    whole = frozenset(answer.strip() for answer in answers.split(","))
    return CueWords(_words(joining), _words(leaning), _words(hesitations), whole, _words(number_names), _words(digits))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CUES = {
    "en": _cues(
        "and or but because if the a an my your his our their whether although unless than",
        "is are was were am be to of for with from at in on which who when where while would could should i we they it's i'm i'd i'll we'd let's",
        "um uh uhm umm uhh hmm hm er erm eh ah",
        "yes, no, yeah, yep, nope, sure, okay, ok, right, correct, exactly, yes please, no thanks, no thank you, that's all, that's it, "
        "that's right, thank you, thanks, goodbye, bye, hello, hi, of course, all right, stop, wait, not yet, yes it is, no it's not",
        "number phone code zip postcode reference pin digits",
        "zero oh one two three four five six seven eight nine double triple",
    ),
    "es": _cues(
        "y e o u pero porque si el la los las un una unos unas mi tu su mis sus nuestro nuestra aunque del al",
        "es son era de a para por con sin en que como cuando donde quien se me te le muy quiero quisiera necesito está estoy",
        "eh em este ehm mmm hmm ah",
        "sí, si, no, claro, vale, ok, correcto, exacto, sí por favor, no gracias, gracias, eso es todo, adiós, hola, de acuerdo, bueno, por supuesto",
        "número teléfono código referencia pin",
        "cero uno dos tres cuatro cinco seis siete ocho nueve doble",
    ),
    "fr": _cues(
        "et ou mais parce car si le la les un une des mon ma mes ton votre vos notre nos leur du au aux lorsque puisque",
        "est sont était de à pour avec sans dans en sur que qui quand où je tu il se me ne très c'est j'ai voudrais veux",
        "euh heu ben bah hum hmm ah",
        "oui, non, ouais, si, d'accord, ok, bien sûr, exactement, oui s'il vous plaît, non merci, merci, c'est tout, au revoir, bonjour, voilà, "
        "c'est ça",
        "numéro téléphone code référence",
        "zéro un deux trois quatre cinq six sept huit neuf double",
    ),
    "de": _cues(
        "und oder aber weil wenn dass ob der die das den dem ein eine einen einem einer mein meine meinen dein ihr ihre unser unsere sondern obwohl",
        "ist sind war zu für mit von bei in im am als wie wann wer ich wir sehr möchte brauche nach über",
        "äh ähm öh öhm hm hmm mhm also tja",
        "ja, nein, doch, genau, klar, okay, ok, richtig, ja bitte, nein danke, danke, das ist alles, das war alles, tschüss, hallo, "
        "auf wiederhören, natürlich, gerne, stimmt",
        "nummer telefonnummer rufnummer code postleitzahl kontonummer bestellnummer kundennummer pin",
        "null eins ein zwei zwo drei vier fünf sechs sieben acht neun doppel",
    ),
}
_NONE = _cues("", "", "", "", "", "")
_ALL = CueWords(**{field.name: frozenset[str]().union(*(getattr(cues, field.name) for cues in _CUES.values())) for field in fields(CueWords)})


def cue_words(language: str) -> CueWords:
    """By language tag; only its language part counts."""
    code = language.replace("_", "-").partition("-")[0].lower()
    return _ALL if code == "multi" else _CUES.get(code, _NONE)
