"""Takes out what is there for the eye: markdown, HTML, emoji, control characters.

Not a markdown parser: a sentence is cut out of its paragraph, so that a pair of signs is often torn, and every character has to keep its place.
"""

import html
import re
from collections.abc import Callable

from agent_runtime.conversation.normalise.dates import months
from agent_runtime.conversation.normalise.rewriting import Rewritten, Rule, rewritten

_INVISIBLE = (
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\ufff9-\uffff"
    "\ud800-\udfff\U000e0000-\U000e01ef]+"
)
_EMOJI = "[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\u20e3™©®]+"
_GERMAN_MONTHS = "|".join(re.escape(name) for name in months("de"))
"""`5. Mai` at the beginning of a sentence is no item of a list."""
_LINE = r"(?:^|(?<=\n))[ \t]{0,8}"
_LOOK_AHEAD_CHARS = 24


def _rule(pattern: str, say: str | Callable[[re.Match[str]], str | None] = "") -> Rule:
    return Rule(re.compile(pattern), say if callable(say) else lambda _: say)


def _breaks(tag: str) -> bool:
    return tag.lower().lstrip("</").startswith(("br", "p", "li", "div", "tr", "td", "h", "ul", "ol", "break"))


def _line_break(found: re.Match[str]) -> str:
    goes_on = any(char.isalnum() for char in found.string[found.end() : found.end() + _LOOK_AHEAD_CHARS])
    before = found.string[max(0, found.start() - 3) : found.start()].rstrip("*_`")
    return ", " if before and before[-1].isalnum() and goes_on else " "


_RULES = (
    _rule(r"[`~]{3,}[ \t]{0,8}(?:[\w+#.-]{1,20}(?=[ \t]*(?:\n|$)))?", " "),
    _rule(r"<!--[^>]{0,500}-->", " "),
    _rule(r"</?[A-Za-z][\w:-]{0,30}(?:\s[^<>]{0,300})?/?>", lambda found: " " if _breaks(found.group()) else ""),
    _rule(r"&(?:#\d{1,6}|#[xX][\da-fA-F]{1,5}|[A-Za-z]{2,12});", lambda found: html.unescape(found.group())),
    _rule(r"!?\[(?=[^\[\]\n]{1,300}\]\()"),
    _rule(r"(?<=[^\[\n])\]\([^()\s]{0,500}(?:\s\"[^\"\n]{0,200}\")?\)"),
    _rule(r"(?<=[^\[\n])\]\[[^\[\]\n]{0,100}\]"),
    _rule(r"\[\^?\d{1,3}\]"),
    _rule(_LINE + r"(?:\|?[ \t]{0,8}:?-{2,}:?[ \t]{0,8}){1,40}\|?[ \t]{0,8}(?=\n|$)", ""),
    _rule(_LINE + r"(?:(?:\*[ \t]?){3,}|(?:_[ \t]?){3,}|={3,})[ \t]{0,8}(?=\n|$)", ""),
    _rule(_LINE + r"#{1,6}[ \t]+"),
    _rule(_LINE + r"(?:>[ \t]?){1,8}"),
    _rule(_LINE + r"(?:[-*+•‣◦▪·–][ \t]+(?:\[[ xX]\][ \t]+)?|\d{1,2}[.)][ \t]+(?!(?i:" + _GERMAN_MONTHS + r")(?!\w)))(?=\S)"),
    _rule(_LINE + r"\|[ \t]{0,8}"),
    _rule(r"[ \t]{0,8}\|[ \t]{0,8}(?=\n|$)"),
    _rule(r"[ \t]{0,8}\|[ \t]{0,8}", ", "),
    _rule(r"\\(?=[\\`*_{}\[\]()#+.!|~>-])"),
    _rule(r"[ \t]{0,8}\n[\s]{0,50}", _line_break),
    _rule(r"`+"),
    _rule(r"\*+(?=[^\s*\d])|(?<=[^\s*])\*+(?!\d)|\*{2,}"),
    _rule(r"(?<!\w)_{1,3}(?=\w)|(?<=[^\s_])_{1,3}(?!\w)|_{2,}"),
    _rule(r"~~+|\^(?=\w)|(?<=\w)\^"),
    _rule(r"[🇦-🇿]{2}|[0-9#*]\ufe0f?\u20e3", lambda found: found.group()[0] if found.group()[0].isdigit() else ""),
    _rule(_INVISIBLE),
    _rule(_EMOJI),
)


def plain(text: str) -> Rewritten:
    """Without its signs; links keep their text, code keeps its content, the items of a list are joined by commas."""
    return rewritten(text, _RULES)
