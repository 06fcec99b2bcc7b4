"""Which tool an utterance asks for."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from callstage_domain.builtin_tools import END_CALL, LINE_TOOLS, TRANSFER_TO_HUMAN

from agent_runtime.providers.ports import ToolSpec
from agent_runtime.providers.vendors.offline.brain.phrases import is_question, is_wish
from agent_runtime.providers.vendors.offline.brain.words import concepts, joined, lowered, name_words, sentences, stem

_BY_NAME: Final = 1.5
_BY_DESCRIPTION: Final = 1.0
_BY_PARAMETER: Final = 0.5
_THRESHOLD: Final = 0.9
_HINT: Final = 0.4
# fmt: off
_MAKES: Final = frozenset(
    {
        "create", "place", "book", "order", "add", "schedule", "reserve", "make", "submit", "register", "buy", "record", "leave", "send",
        "start", "price", "quote",
    }
)
_READS: Final = frozenset(
    {
        "get", "check", "track", "find", "look", "lookup", "list", "status", "search", "show", "read", "fetch", "query",
    }
)
_OTHER_VERBS: Final = frozenset(
    {
        "work", "calculate", "cancel", "update", "change", "tell", "give", "save", "store", "collect", "take", "confirm", "return",
        "retrieve", "set", "remove", "delete", "open", "close", "move", "verify", "validate", "answer", "request", "arrange", "compute",
        "determine", "pass", "report", "notify", "sign", "hand", "help", "provide", "end", "transfer",
    }
)
# fmt: on
VERBS: Final = _MAKES | _READS | _OTHER_VERBS
_NOT_OURS: Final = LINE_TOOLS | {END_CALL, TRANSFER_TO_HUMAN}


def business_tools(tools: Sequence[ToolSpec]) -> list[ToolSpec]:
    """Tools that do something for the caller, not with the call."""
    return [tool for tool in tools if tool.name not in _NOT_OURS]


def tool_named(tools: Sequence[ToolSpec], name: str) -> ToolSpec | None:
    """The offered tool of that name."""
    return next((tool for tool in tools if tool.name == name), None)


def _weights(tool: ToolSpec) -> dict[str, float]:
    properties: dict[str, Any] = tool.parameters.get("properties") or {}
    weights: dict[str, float] = {}
    for name, schema in properties.items():
        options: list[Any] = (schema.get("enum") or []) if isinstance(schema, dict) else []
        for about in concepts(f"{' '.join(name_words(name))} {' '.join(str(option) for option in options)}"):
            weights[about] = _BY_PARAMETER
    weights |= dict.fromkeys(concepts(tool.description), _BY_DESCRIPTION)
    return weights | dict.fromkeys(concepts(" ".join(name_words(tool.name))), _BY_NAME)


def choose(tools: Sequence[ToolSpec], text: str) -> tuple[ToolSpec | None, float]:
    """The tool that fits best and how much of the utterance it covers (0 to 1); None when nothing fits well enough."""
    said = concepts(text)
    ours = business_tools(tools)
    if not said or not ours:
        return None, 0.0
    weights = {tool.name: _weights(tool) for tool in ours}
    shared = Counter(about for entry in weights.values() for about in entry)
    wish, question = is_wish(text), is_question(text)

    def score(tool: ToolSpec) -> float:
        matched = sum(weights[tool.name].get(about, 0.0) / shared[about] for about in said if about in shared)
        verbs = set(name_words(tool.name)) | {word.lower() for word in tool.description.split()[:1]}
        hint = (_HINT if wish and verbs & _MAKES else 0.0) + (_HINT if question and verbs & _READS else 0.0)
        return matched + hint if matched else 0.0

    best = max(ours, key=score)
    coverage = len([about for about in said if about in weights[best.name]]) / len(said)
    return (best, coverage) if score(best) >= _THRESHOLD else (None, coverage)


def main_tool(tools: Sequence[ToolSpec], handover: str, prompt: str) -> ToolSpec | None:
    """What a stage is about: its only tool, the one its handover speaks of, or the one its prompt names first."""
    ours = business_tools(tools)
    if len(ours) <= 1:
        return ours[0] if ours else None
    chosen, _ = choose(ours, handover)
    if chosen is not None:
        return chosen
    places = {tool.name: prompt.find(tool.name) for tool in ours if tool.name in prompt}
    return next((tool for tool in ours if places and tool.name == min(places, key=lambda name: places[name])), None)


def deed(tool: ToolSpec) -> str:
    """What a tool does, to follow `I can`: `work out the price of a pizza order`."""
    found = sentences(tool.description)
    text = re.split(r"[,;:(]", found[0].rstrip("."), maxsplit=1)[0].strip() if found else ""
    text = re.sub(r"\bthe (caller|customer|user)\b", "you", text) or " ".join(name_words(tool.name))
    first, _, rest = text.partition(" ")
    verb = first.lower()
    if verb in VERBS:
        return lowered(text)
    for ending in ("s", "es"):
        if verb.endswith(ending) and verb.removesuffix(ending) in VERBS:
            return f"{verb.removesuffix(ending)} {rest}"
    return lowered(text) if stem(verb) in {stem(known) for known in VERBS} else f"help with {lowered(text)}"


def abilities(tools: Sequence[ToolSpec]) -> str:
    """`I can check the status of an order or leave a message.`; "" when there is no tool."""
    deeds = [deed(tool) for tool in business_tools(tools)[:3]]
    return f"I can {joined(deeds, 'or')}." if deeds else ""
