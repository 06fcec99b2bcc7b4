"""Reads values of a parameter's type out of what the caller said."""

import difflib
import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from agent_runtime.providers.vendors.offline.brain.moments import find_date, find_time
from agent_runtime.providers.vendors.offline.brain.numbers import Found, find_numbers, is_number_word, spelled_code
from agent_runtime.providers.vendors.offline.brain.phrases import is_no, is_yes, without_filler, without_lead
from agent_runtime.providers.vendors.offline.brain.slots import Slot
from agent_runtime.providers.vendors.offline.brain.words import STOP_WORDS, capitalised, concept, concepts, name_words, normalised, stem, tokens

_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NAME_LEAD: Final = re.compile(
    r"\b(?:my (?:first |last |full )?name is|name's|name is|call me|this is|speaking with|i am called|it's for|under)\s+(.+)", re.IGNORECASE
)
_WISH_VERBS: Final = frozenset(["order", "have", "take", "get", "buy", "add", "want", "make"])
_POLITE: Final = re.compile(r"[,.!?]*\s*\b(?:please|thank you|thanks|if possible|for me)\b[.!?]*\s*$", re.IGNORECASE)
_ARTICLE: Final = re.compile(r"^(?:an?|the|some|my|one)\s+(?=\w)", re.IGNORECASE)
_MIN_PHONE_DIGITS: Final = 6
_MIN_CODE_DIGITS: Final = 3
_MAX_NAME_WORDS: Final = 4
_MAX_THING_WORDS: Final = 5
_CLOSE: Final = 0.78


class Hearing:
    """One utterance while values are read out of it: a token is used once."""

    def __init__(self, text: str, today: date) -> None:
        self.text = text.strip()
        self.today = today
        self.words = tokens(text)
        self.used: set[int] = set()

    def free(self) -> list[str]:
        """Tokens that no value took."""
        return [word for index, word in enumerate(self.words) if index not in self.used]

    def masked(self) -> list[str]:
        """All tokens, the used ones made meaningless."""
        return ["_" if index in self.used else word for index, word in enumerate(self.words)]


def read(slot: Slot, hearing: Hearing, *, is_asked: bool) -> Any:
    """The slot's value, None when the utterance holds none that its schema allows.

    `is_asked`: the caller was asked for just this, so less is needed to take words for an answer.
    """
    match slot.kind:
        case "integer" | "number":
            return _number(slot, hearing, is_asked=is_asked)
        case "boolean":
            return (True if is_yes(hearing.text) else False if is_no(hearing.text) else None) if is_asked else None
        case "enum":
            return _member(slot.options, hearing, is_asked=is_asked)
        case "email":
            return _email(hearing)
        case "phone":
            return _phone(hearing)
        case "identifier":
            return _identifier(slot, hearing, is_asked=is_asked)
        case "date":
            said = find_date(hearing.masked(), hearing.today)
        case "time":
            said = find_time(hearing.masked(), is_asked=is_asked)
        case "moment":
            return _moment(hearing, is_asked=is_asked)
        case "name":
            return _name(slot, hearing, is_asked=is_asked)
        case "list":
            return _list(slot, hearing) if is_asked else None
        case "address" | "thing" | "text":
            return _words(slot, hearing) if is_asked else None
    if said is None:
        return None
    hearing.used |= said.used
    return said.value


def _allowed(slot: Slot, number: Found) -> Any:
    value: int | float = int(number.value) if number.is_whole else number.value
    if slot.kind == "integer" and not isinstance(value, int):
        return None
    low, high = slot.schema.get("minimum"), slot.schema.get("maximum")
    return None if (low is not None and value < low) or (high is not None and value > high) else value


def _number(slot: Slot, hearing: Hearing, *, is_asked: bool) -> Any:
    words = hearing.masked()
    time = None if is_asked else find_time(words)
    taken = time.used if time is not None else frozenset[int]()
    candidates = [number for number in find_numbers(words) if number.start not in taken and not _is_pronoun(words, number)]
    about = set(concepts(f"{' '.join(name_words(slot.name))} {slot.schema.get('description', '')}"))

    def is_near(number: Found) -> bool:
        return any(concept(word) in about for word in words[number.end : number.end + 3])

    candidates.sort(key=lambda number: not is_near(number))
    if not candidates and (misheard := _misheard_two(words)) is not None:
        candidates = [misheard]
    if not candidates and is_asked and {"a", "an"} & {word.lower() for word in words}:
        candidates = [Found(1, len(words), len(words))]
    for number in candidates:
        value = _allowed(slot, number)
        if value is not None and (is_asked or slot.is_required or is_near(number)):
            hearing.used |= set(range(number.start, number.end))
            return value
    return None


def _is_pronoun(words: Sequence[str], number: Found) -> bool:
    """`the small one` counts nothing."""
    before = {word.lower() for word in words[max(0, number.start - 2) : number.start]}
    return words[number.start].lower() == "one" and bool(before & {"the", "this", "that", "which", "another"})


def _misheard_two(words: Sequence[str]) -> Found | None:
    """`order to large pizzas`: a recogniser writes `to` for `two`."""
    for index, word in enumerate(words):
        follows = words[index - 1].lower() in _WISH_VERBS if index else len(words) == 1
        if (
            word.lower() in ("to", "too")
            and follows
            and (len(words) == 1 or any(later.lower().endswith("s") for later in words[index + 1 : index + 4]))
        ):
            return Found(2, index, index + 1)
    return None


def _member(options: Sequence[Any], hearing: Hearing, *, is_asked: bool) -> Any:
    words = hearing.masked()
    spoken = f" {' '.join(word.lower() for word in words)} "
    stems = [stem(word) for word in words]
    for option in sorted((entry for entry in options if entry is not None), key=lambda entry: -len(str(entry))):
        wanted = tokens(str(option).replace("_", " "))
        if f" {' '.join(wanted).lower()} " in spoken or (wanted and all(stem(word) in stems for word in wanted)):
            positions = {index for index, found in enumerate(stems) if found in {stem(word) for word in wanted}}
            hearing.used |= positions
            return option
    if not is_asked:
        return None
    numbers = find_numbers(words)
    by_value = next((option for option in options if isinstance(option, (int, float)) and any(option == number.value for number in numbers)), None)
    if by_value is not None:
        return by_value
    by_text = {str(option).replace("_", " ").lower(): option for option in options if isinstance(option, str)}
    for index, word in enumerate(words):
        close = difflib.get_close_matches(word.lower(), list(by_text), n=1, cutoff=_CLOSE)
        if close:
            hearing.used.add(index)
            return by_text[close[0]]
    return None


def _email(hearing: Hearing) -> str | None:
    spoken = re.sub(r"\s+(?:at)\s+", "@", hearing.text, flags=re.IGNORECASE)
    for word, sign in ((r"dot|point", "."), (r"underscore", "_"), (r"dash|hyphen|minus", "-")):
        spoken = re.sub(rf"\s+(?:{word})\s+", sign, spoken, flags=re.IGNORECASE)
    found = _EMAIL.search(spoken)
    if found is None:
        return None
    hearing.used |= {index for index, word in enumerate(hearing.words) if word.lower() in found[0].lower() or word.lower() in ("at", "dot")}
    return found[0].rstrip(".").lower()


def _phone(hearing: Hearing) -> str | None:
    code = spelled_code(hearing.masked())
    digits = re.sub(r"\D", "", code)
    if len(digits) < _MIN_PHONE_DIGITS:
        digits = re.sub(r"\D", "", hearing.text)
    if len(digits) < _MIN_PHONE_DIGITS:
        return None
    hearing.used |= {index for index, word in enumerate(hearing.words) if is_number_word(word) or any(letter.isdigit() for letter in word)}
    has_plus = bool(re.search(r"\+\s*\d|\bplus\b", hearing.text, re.IGNORECASE))
    return f"+{digits}" if has_plus else digits


def _identifier(slot: Slot, hearing: Hearing, *, is_asked: bool) -> str | None:
    code = spelled_code(hearing.masked())
    digits = sum(letter.isdigit() for letter in code)
    names_it = any(word in hearing.text.lower() for word in name_words(slot.name))
    if not code or (not is_asked and not (digits >= _MIN_CODE_DIGITS and names_it)):
        return None
    pattern = slot.schema.get("pattern")
    if pattern and not re.search(str(pattern), code):
        return None
    hearing.used |= {index for index, word in enumerate(hearing.words) if is_number_word(word) or any(letter.isdigit() for letter in word)}
    return code


def _moment(hearing: Hearing, *, is_asked: bool) -> str | None:
    words = hearing.masked()
    day, time = find_date(words, hearing.today), find_time(words, is_asked=is_asked)
    if day is not None and time is not None:
        hearing.used |= day.used | time.used
        return f"{day.value}T{time.value}"
    said = day or time
    if said is not None:
        hearing.used |= said.used
        return without_lead(hearing.text)
    return without_lead(hearing.text) or None if is_asked else None


def _name(slot: Slot, hearing: Hearing, *, is_asked: bool) -> str | None:
    led = _NAME_LEAD.search(hearing.text)
    if led is None and not is_asked:
        return None
    text = led[1] if led is not None else without_lead(hearing.text)
    words = tokens(_POLITE.sub("", re.split(r"[,.;!?]| and | but | my | i ", text, maxsplit=1, flags=re.IGNORECASE)[0]))
    words = [
        word for word in words if word.lower() not in ("the", "a", "it's", "uh", "um", "please", "yes", "sure", "okay", "in", "under", "name", "is")
    ]
    if not words or len(words) > _MAX_NAME_WORDS or is_no(hearing.text):
        return None
    hearing.used |= {index for index, word in enumerate(hearing.words) if word in words}
    parts = name_words(slot.name)
    if len(words) > 1 and "first" in parts:
        words = words[:1]
    elif len(words) > 1 and ("last" in parts or "surname" in parts):
        words = words[-1:]
    return " ".join(capitalised(word) for word in words)


def _words(slot: Slot, hearing: Hearing) -> str | None:
    said = without_filler(hearing.text) if slot.kind == "text" else without_lead(hearing.text)
    text = _POLITE.sub("", said).strip(" ,.;!?")
    if slot.kind == "thing" and hearing.used:
        return thing_in(hearing, frozenset()) or None
    if slot.kind == "address":
        text = _house_number(text)
    if slot.kind == "thing":
        text = _ARTICLE.sub("", text)
    if not normalised(text) or normalised(text) in ("um", "uh", "yes", "no", "i", "please", "hello", "okay", "sure"):
        return None
    pattern = slot.schema.get("pattern")
    if pattern and not re.search(str(pattern), text):
        return None
    hearing.used |= set(range(len(hearing.words)))
    return capitalised(text) if slot.kind in ("address", "text") else text


def _house_number(text: str) -> str:
    words = text.split()
    numbers = find_numbers(words)
    if numbers and numbers[0].start == 0 and numbers[0].is_whole:
        rest = " ".join(words[numbers[0].end :])
        return f"{int(numbers[0].value)} {rest}".strip()
    return text


def _list(slot: Slot, hearing: Hearing) -> list[Any] | None:
    text = _POLITE.sub("", without_lead(hearing.text)).strip(" ,.;!?")
    parts = [part.strip() for part in re.split(r",|\band\b", text) if part.strip()]
    items: dict[str, Any] = slot.schema.get("items") or {}
    if items.get("type") in ("integer", "number"):
        return [int(number.value) for number in find_numbers(tokens(text))] or None
    if items.get("type") == "object":
        entries = [_object(items, part, hearing.today) for part in parts]
        return [entry for entry in entries if entry] or None
    return parts or None


def _object(schema: dict[str, Any], text: str, today: date) -> dict[str, Any]:
    """One entry of a list of objects: numbers and choices by type, the rest of the words into the first text member."""
    from agent_runtime.providers.ports import ToolSpec
    from agent_runtime.providers.vendors.offline.brain.slots import slots_of

    hearing = Hearing(text, today)
    entry: dict[str, Any] = {}
    slots = slots_of(ToolSpec("", "", schema))
    for slot in slots:
        if not slot.is_word_like:
            value = read(slot, hearing, is_asked=slot.kind not in ("boolean",))
            if value is not None:
                entry[slot.name] = value
    first_text = next((slot for slot in slots if slot.is_word_like), None)
    rest = thing_in(hearing, frozenset())
    if first_text is not None and rest:
        entry[first_text.name] = rest
    return entry


def thing_in(hearing: Hearing, ignored: frozenset[str]) -> str:
    """What remains without everything typed, polite and in `ignored` (concepts of the tool); "" when it is too much or nothing."""
    words = [
        word
        for word in hearing.free()
        if word.lower() not in STOP_WORDS and concept(word) not in ignored and not is_number_word(word) and word.isalpha()
    ]
    if not words or len(words) > _MAX_THING_WORDS:
        return ""
    last = words[-1]
    if find_numbers(hearing.words) and re.fullmatch(r"[a-z]{3,}[^sui']s", last, re.IGNORECASE):
        words[-1] = last[:-1]
    return " ".join(words).lower()
