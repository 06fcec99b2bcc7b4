"""How numbers are written: separators by language, and what stands before and after."""

import re
from functools import lru_cache

from agent_runtime.conversation.normalise.language import Language

BEFORE = r"(?<![\w.,/:])(?<!\d['’])"
AFTER = r"(?!\w|[.,:/'’]\d)"
_GLUE_WORDS = r"number|no\.|nr\.|número|numéro|numero|nummer|n[º°]|id|code|código|codice|is|es|est|ist|lautet|è|é"
_GLUE = rf"(?:[\s:#.,]{{0,3}}(?:{_GLUE_WORDS})){{0,2}}[\s:#.,]{{0,3}}$"
"""What may stand between "order" and its number."""
_SMALL_WORDS = "et ou y o e ed und oder a à de von bis con en sur por para mit al or and to is es ist est"
_NO_NOUNS = frozenset(_SMALL_WORDS.split())
_LOOK_BACK_CHARS = 48


def amount(language: Language) -> str:
    """A number, perhaps with thousands and decimals, as a pattern without groups."""
    return rf"(?:\d{{1,3}}(?:[{language.group_signs}]\d{{3}}){{1,6}}(?:[.,]\d{{1,4}})?(?!\d)|\d{{1,30}}(?:[.,]\d{{1,20}})?(?!\d))"


def value(text: str, language: Language) -> str:
    """`1.234,50` and `1,234.50` → `1234.50`. Where the sign could mean either, the language decides."""
    compact = re.sub(r"[^\d.,]", "", text)
    last = max(compact.rfind("."), compact.rfind(","))
    if last < 0:
        return compact
    sign, head, tail = compact[last], compact[:last], compact[last + 1 :]
    if _is_decimal(sign, head, tail, language):
        return f"{re.sub(r'[.,]', '', head)}.{tail}"
    return head.replace(".", "").replace(",", "") + tail


def _is_decimal(sign: str, head: str, tail: str, language: Language) -> bool:
    if sign in head:
        return False
    if "." in head or "," in head:
        return True
    if (sign == ",") is language.comma_is_decimal:
        return True
    return len(tail) != 3 or not 1 <= len(head) <= 3 or head == "0"


def text_before(found: re.Match[str]) -> str:
    """The words right before the match."""
    return found.string[max(0, found.start() - _LOOK_BACK_CHARS) : found.start()]


def word_before(found: re.Match[str]) -> str:
    """The last word before the match, in lower case; empty when something else stands between."""
    words = re.findall(r"([^\W\d_]+)[\s,]{1,2}$", text_before(found))
    return words[-1].lower() if words else ""


def is_before_word(found: re.Match[str]) -> bool:
    """True when a noun may follow."""
    following = re.match(r"[\s-]([^\W\d_]+)", found.string[found.end() : found.end() + _LOOK_BACK_CHARS])
    return following is not None and following.group(1).lower() not in _NO_NOUNS


def follows_code_word(found: re.Match[str], language: Language) -> bool:
    """True for the number of an order, an invoice, a room: it is read digit by digit."""
    return _code_lead(language.code_words).search(text_before(found)) is not None


@lru_cache(maxsize=32)
def _code_lead(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{words})(?!\w){_GLUE}", re.IGNORECASE)
