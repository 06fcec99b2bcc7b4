"""What a tool wants to know: its parameters, with the question that asks for each."""

import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from agent_runtime.providers.ports import ToolSpec
from agent_runtime.providers.vendors.offline.brain.words import capitalised, joined, lowered, name_words

Kind = Literal[
    "integer", "number", "boolean", "enum", "identifier", "phone", "email", "date", "time", "moment", "name", "address", "thing", "text", "list"
]

_PHONE: Final = frozenset({"phone", "mobile", "telephone", "cell", "tel"})
_DATE: Final = frozenset({"date", "day", "dob", "birthday"})
_CODE: Final = frozenset({"id", "number", "code", "no", "num", "reference", "ref", "zip", "postcode", "pin", "sku", "plate"})
# fmt: off
_THING: Final = frozenset(
    {
        "product", "item", "dish", "pizza", "food", "meal", "drink", "service", "topic", "subject", "category", "model", "brand", "color",
        "colour", "flavour", "flavor", "topping", "type", "kind", "city", "town", "location", "destination", "country", "department", "room",
        "vehicle", "device", "query", "name",
    }
)
# fmt: on
_NOT_A_PERSON: Final = frozenset(
    {"product", "item", "service", "company", "dish", "pizza", "model", "file", "city", "business", "organisation", "brand"}
)
_MAX_SPOKEN_OPTIONS: Final = 6


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter. `question` is what the caller is asked, always the same, so that it is recognised in the history."""

    name: str
    kind: Kind
    is_required: bool
    schema: dict[str, Any] = field(repr=False)
    question: str = ""
    hint: str = ""

    @property
    def options(self) -> list[Any]:
        """Members of an enum."""
        return list(self.schema.get("enum") or ())

    @property
    def is_word_like(self) -> bool:
        """True when nearly any words would do as an answer."""
        return self.kind in ("name", "address", "thing", "text", "moment", "list")


def slots_of(tool: ToolSpec) -> list[Slot]:
    """Required ones first, each group in the schema's order."""
    properties: dict[str, Any] = tool.parameters.get("properties") or {}
    required: list[str] = list(tool.parameters.get("required") or ())
    order = [name for name in properties if name in required] + [name for name in properties if name not in required]
    return [_slot(name, properties[name] if isinstance(properties[name], dict) else {}, name in required) for name in order]


def _slot(name: str, schema: dict[str, Any], is_required: bool) -> Slot:
    kind = _kind(name, schema)
    return Slot(name, kind, is_required, schema, question=_question(name, kind, schema), hint=_hint(kind, schema))


def _type(schema: dict[str, Any]) -> str:
    declared = schema.get("type", "string")
    if isinstance(declared, list):
        types: list[Any] = declared
        declared = next((entry for entry in types if entry != "null"), "string")
    return str(declared)


def _kind(name: str, schema: dict[str, Any]) -> Kind:
    declared = _type(schema)
    if schema.get("enum"):
        return "enum"
    if declared == "integer":
        return "integer"
    if declared == "number":
        return "number"
    if declared == "boolean":
        return "boolean"
    if declared == "array":
        return "list"
    return _string_kind(name_words(name), str(schema.get("format", "")), str(schema.get("description", "")).lower())


def _string_kind(words: list[str], form: str, description: str) -> Kind:
    known = set(words)
    by_format: dict[str, Kind] = {"email": "email", "date": "date", "time": "time", "date-time": "moment", "phone": "phone"}
    if form in by_format:
        return by_format[form]
    if known & _PHONE or "phone number" in description:
        return "phone"
    if known & {"email", "mail"}:
        return "email"
    if known & {"time", "when"}:
        return "moment" if known & {"preferred", "callback", "date", "when"} else "time"
    if known & _DATE:
        return "date"
    if words and words[-1] in _CODE:
        return "identifier"
    if known & {"address", "street"}:
        return "address"
    if (words and words[-1] in ("name", "surname", "person")) and not known & _NOT_A_PERSON:
        return "name"
    return "thing" if known & _THING else "text"


def _question(name: str, kind: Kind, schema: dict[str, Any]) -> str:
    subject = _subject(str(schema.get("description", "")))
    words = " ".join(name_words(name))
    if not subject or len(subject.split()) > 14:
        subject = words
    asked = _as_question(name, subject, kind)
    options = [str(option) for option in schema.get("enum") or () if option is not None]
    if options and len(options) <= _MAX_SPOKEN_OPTIONS and not all(option.lower() in asked.lower() for option in options):
        asked = f"{asked.rstrip('?')}: {joined([option.replace('_', ' ') for option in options], 'or')}?"
    return asked


def _subject(description: str) -> str:
    """The description's first clause, said to the caller instead of about the caller."""
    first = re.split(r"(?<=[a-z\)])[.;:(]|\.\s|,\s(?!and |or )|\be\.g\b|\bsuch as\b", description.strip().rstrip("."), maxsplit=1)[0].strip()
    person = r"(?:caller|customer|user|client|patient|guest|person)"
    for pattern, replacement in (
        (rf"\b(?:the )?([\w ]+?) of (?:the|a) {person}\b(?!')", lambda match: f"your {lowered(match[1])}"),
        (rf"\b(?:the|a|an) {person}'?s\b(?= \w)", "your"),
        (rf"\b(?:the|a) {person} (wants|needs|likes|has|asks|calls|says|is|would|prefers)\b", lambda match: f"you {_second_person(match[1])}"),
        (rf"\bthe {person}\b", "you"),
        (r"\b(?:he|she|they) (?:wants?|needs?|likes?)\b", "you want"),
        (r"\b(?:his|her|their)\b", "your"),
    ):
        first = re.sub(pattern, replacement, first, flags=re.IGNORECASE)
    return first


def _second_person(verb: str) -> str:
    return {"is": "are", "has": "have", "would": "would"}.get(verb.lower(), verb.removesuffix("s"))


def _is_identifier(name: str, thing: str) -> bool:
    """Whether the number of `thing` tells which one it is, not how many there are: said by the parameter's name, or there is only one."""
    words = name_words(name)
    return bool(words and words[-1] in _CODE) or (thing.startswith(("the ", "your ")) and not thing.endswith("s"))


def _as_question(name: str, subject: str, kind: Kind) -> str:
    text = lowered(subject.rstrip("?. "))
    first = text.split(" ", 1)[0]
    if subject.rstrip().endswith("?"):
        return capitalised(subject.strip())
    if first in ("how", "what", "which") and (inverted := re.fullmatch(r"(.+?) you (want|need|like|prefer|would like)", text)):
        return capitalised(f"{inverted[1]} would you like?" if inverted[2] == "would like" else f"{inverted[1]} do you {inverted[2]}?")
    if first in ("how", "which"):
        return capitalised(f"{text}?")
    if first in ("who", "whom", "what", "when", "where", "why", "whether", "if"):
        return f"Please tell me {text}{', yes or no' if kind == 'boolean' else ''}."
    if kind == "boolean":
        condition = re.sub(r"^(true|yes|set|is true) (when|if) ", "", text)
        return f"Please tell me whether {condition}, yes or no." if condition != text else f"{capitalised(text)}: yes or no?"
    if kind == "integer" and (of := re.match(r"(?:the )?(number|code|id) of (.+)", text)) and _is_identifier(name, of[2]):
        thing = of[2].removeprefix("the ")
        return f"What is {thing if thing.startswith(('your ', 'our ')) else f'the {thing}'} {of[1]}?"
    if counted := re.match(r"(?:the )?(?:number|count|amount) of (.+)", text):
        return f"How many {counted[1].removeprefix('the ')}?" if kind in ("integer", "number") else f"What is the {text.removeprefix('the ')}?"
    if text in ("quantity", "count", "amount", "the quantity"):
        return "How many would you like?"
    if first not in ("the", "a", "an", "your", "our", "any"):
        text = f"the {text}"
    return f"What {'are' if kind == 'list' else 'is'} {text}?"


def _hint(kind: Kind, schema: dict[str, Any]) -> str:
    """Said before a question that is asked again."""
    low, high = schema.get("minimum"), schema.get("maximum")
    if kind in ("integer", "number"):
        if low is not None and high is not None:
            return f"I need a number between {low} and {high}."
        return (
            f"I need a number of at least {low}." if low is not None else f"I need a number up to {high}." if high is not None else "I need a number."
        )
    hints: dict[Kind, str] = {
        "boolean": "Please say yes or no.",
        "phone": "I need a phone number, digit by digit.",
        "email": "I need an e-mail address, such as anna at example dot com.",
        "date": "I need a day, such as tomorrow or next Friday.",
        "time": "I need a time, such as seven in the evening.",
        "identifier": "Please say it digit by digit.",
        "enum": "That is not one of the choices.",
    }
    return hints.get(kind, "I did not get that.")
