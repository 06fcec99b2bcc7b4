"""English words reduced to what they are about: tokens, stems, a few synonyms."""

import re
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(r"\+?[A-Za-z0-9]+(?:[@.'’_:-][A-Za-z0-9]+)*")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}\b)")

# fmt: off
STOP_WORDS: Final = frozenset(
    {
        "a", "an", "the", "this", "that", "these", "those", "it", "its", "i", "i'm", "i'd", "i'll", "me", "my", "we", "us", "our", "you", "your",
        "they", "them", "their", "he", "she", "his", "her", "of", "for", "to", "in", "on", "at", "by", "with", "from", "and", "or", "but", "so",
        "if", "then", "is", "are", "was", "were", "be", "been", "am", "do", "does", "did", "done", "have", "has", "had", "can", "could", "will",
        "would", "shall", "should", "may", "might", "must", "not", "no", "yes", "yeah", "yep", "please", "thank", "thanks", "hello", "hi", "hey",
        "good", "morning", "afternoon", "evening", "okay", "ok", "well", "um", "uh", "er", "just", "also", "too", "very", "really", "some", "any",
        "all", "there", "here", "what", "which", "who", "whom", "when", "where", "why", "how", "tell", "know", "say", "said", "want", "wants",
        "need", "needs", "like", "get", "got", "give", "let", "make", "go", "going", "about", "as", "into", "out", "up", "one", "ones", "thing",
        "things", "caller", "call", "calls", "called", "use", "used", "using", "it's", "that's", "what's", "i've", "don't", "can't", "wait",
        "sorry", "maybe", "now", "later", "first", "last", "whether", "once", "back", "assistant", "customer", "agent", "user", "person",
        "someone", "something", "anything", "nothing",
    }
)
# fmt: on

_SYNONYMS: Final[dict[str, str]] = {
    word: group[0]
    for group in (
        ("order", "buy", "purchas"),
        ("book", "reserv", "reservation", "booking", "appointment", "schedul", "table", "slot", "visit"),
        ("status", "track", "stat"),
        ("pric", "cost", "charg", "fee", "expensiv", "pay", "quot"),
        ("cancel", "delet", "remov"),
        ("open", "opening", "clos", "hour"),
        ("address", "locat", "location", "street", "find"),
        ("messag", "voicemail", "not"),
        ("sms", "text"),
        ("policy", "insuranc", "polici"),
        ("deliver", "delivery", "ship", "shipping"),
        ("refund", "return"),
        ("interest", "lead", "prospect", "sale", "demo"),
        ("problem", "issu", "complaint", "broken", "ticket", "support"),
        ("menu", "offer", "sell", "range"),
    )
    for word in group
}


def tokens(text: str) -> list[str]:
    """Words and numbers as they were said; `twenty-one` becomes two."""
    found = _TOKEN.findall(_THOUSANDS.sub("", text).replace("’", "'"))
    return [part for token in found for part in (token.split("-") if "-" in token and token.replace("-", "").isalpha() else [token])]


def stem(word: str) -> str:
    """A crude stem: the same for singular and plural, for `order`, `ordered` and `ordering`."""
    word = word.lower()
    if word.endswith("'s"):
        word = word[:-2]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith(("ss", "us", "is")):
            word = word[: -len(ending)]
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


@lru_cache(maxsize=8192)
def concept(word: str) -> str:
    """The stem, or the first of its synonyms."""
    reduced = stem(word)
    return _SYNONYMS.get(reduced, reduced)


@lru_cache(maxsize=2048)
def concepts(text: str) -> tuple[str, ...]:
    """What a text is about, in order, each once; stop words and numbers left out."""
    text = re.sub(r"\bhow much\b", "price", text, flags=re.IGNORECASE)
    found = (concept(token) for token in tokens(text) if token.lower() not in STOP_WORDS and not token.isdigit() and len(token) > 1)
    return tuple(dict.fromkeys(found))


def name_words(name: str) -> list[str]:
    """Words of an identifier: `customerName`, `customer_name` → customer, name."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]


@lru_cache(maxsize=2048)
def normalised(text: str) -> str:
    """For comparing sentences: lower case, single spaces, no punctuation."""
    return " ".join(token.lower() for token in tokens(text))


def sentences(text: str) -> list[str]:
    """Sentences of running text; every line ends one. Numbers such as 13.50 and times stay whole."""
    found: list[str] = []
    for line in text.splitlines():
        cleaned = line.strip().lstrip("#-*• ").strip()
        if cleaned:
            found += [part.strip() for part in re.split(r"(?<=[.!?])\s+(?=[A-Z0-9\"'])", cleaned) if part.strip()]
    return found


def joined(parts: list[str], last: str = "and") -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}" if parts else ""


def capitalised(text: str) -> str:
    """First letter in upper case, the rest untouched."""
    return text[:1].upper() + text[1:]


def lowered(text: str) -> str:
    """First letter in lower case, unless the word is `I` or an abbreviation."""
    first = text.split(" ", 1)[0]
    return text if first == "I" or first[1:2].isupper() else text[:1].lower() + text[1:]
