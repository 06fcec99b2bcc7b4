"""Is this point the end of a sentence? Asked of every full stop, question mark and ellipsis, with or without what follows."""

import re

from agent_runtime.conversation.sentence_words import ADDRESS_LEADS, ENDERS, MONTHS, ORDINAL_LANGUAGES, SHORT_WORDS, STARTERS, abbreviations

CLOSING = r"\"'”“’»)\]}*_"
"""Signs that belong to the sentence before them."""

SURE = "。！？｡؟۔।॥"
"""Always an end."""
_PAIRS = (("«", "»"), ("(", ")"))
_OPENING = "\"'“‘«([{*_¿¡„"
_PLAIN_WORD = re.compile(r"[^\W\d_]{3,}(?:['’-][^\W\d_]+)*|[^\W\d_]+['’][^\W\d_]+")
_DOTTED = re.compile(r"(?:[^\W\d_]{1,2}\.[-]?)+[^\W\d_]{1,2}")
_ADDRESS = re.compile(r"://|www\.|@|\w/\w")
_NUMBER = re.compile(r"[#(]?\d{1,3}")
_SHORT_DIGITS = 2


def is_pending(words: list[str], mark: str, language: str) -> bool:
    """`mark` is the last that is known of the text: True when the next piece could show that the sentence goes on."""
    if mark[0] in SURE or mark.startswith("……"):
        return False
    word = words[-1] if words else ""
    if mark.rstrip(CLOSING) != mark or "…" in mark or "..." in mark or _ADDRESS.search(word) or _is_quoting(words):
        return True
    if mark != ".":
        return False
    bare = word.lstrip(_OPENING)
    is_word = bare in SHORT_WORDS or _PLAIN_WORD.fullmatch(bare) is not None
    if not is_word or _is_short_form(bare, language):
        return True
    # Only a word that may stand before an address waits, or every sentence would be a piece later.
    return len(words) > 1 and words[-2].lower() in ADDRESS_LEADS


def is_end(words: list[str], mark: str, after: str, language: str) -> bool:
    """`after` is the beginning of what follows, not empty."""
    if mark[0] in SURE or mark.startswith("……"):
        return True
    if not after[0].isspace():
        return False
    following = after.lstrip()
    if mark[0] in "!?":
        # Somebody is quoted: "Are you there?" she asked.
        return not (mark.rstrip(CLOSING) != mark and _begins_small(following))
    if "…" in mark or "..." in mark:
        return bool(following) and not _begins_small(following)
    return _stops(words, following, language)


def _is_quoting(words: list[str]) -> bool:
    """A quotation or a parenthesis is open: its closing sign comes next."""
    text = " ".join(words)
    curly = ("„", "“") if "„" in text else ("“", "”")
    return text.count('"') % 2 == 1 or any(text.count(opened) > text.count(closed) for opened, closed in (*_PAIRS, curly))


def _is_short_form(word: str, language: str) -> bool:
    # Hausnr., Hauptstr.: German makes one word of them.
    return word in abbreviations(language) or (language == "de" and word.endswith(("str", "nr")))


def _stops(words: list[str], following: str, language: str) -> bool:
    """A single full stop with space behind it."""
    word = words[-1].lstrip(_OPENING) if words else ""
    if following[:1] in ("¿", "¡"):
        return True
    if word.lower() in ("no", "nos", "nr") and (not following or following[0].isdigit()):
        return False
    if _is_short_form(word, language) or _DOTTED.fullmatch(word):
        return word in ENDERS and _first_word(following) in STARTERS
    if len(word) == 1 and word.isalpha() and word not in ("I", "i"):
        return False
    if _NUMBER.fullmatch(word):
        return _number_stops(words, word, following, language)
    if not _begins_small(following):
        return True
    # A small letter goes on with the sentence, unless all of it is written small.
    first = words[0].lstrip(_OPENING)
    return first[:1].islower() and len(word) > _SHORT_DIGITS


def _number_stops(words: list[str], word: str, following: str, language: str) -> bool:
    is_item = len(words) == 1
    if is_item or not following or _begins_small(following):
        return False
    is_ordinal = language in ORDINAL_LANGUAGES and len(word.lstrip("#(")) <= _SHORT_DIGITS
    return not (is_ordinal or following.split()[0].rstrip(".,").lower() in MONTHS)


def _begins_small(following: str) -> bool:
    return following.lstrip(_OPENING)[:1].islower()


def _first_word(following: str) -> str:
    """Only when it is complete."""
    found = re.match(r"([^\W\d_]+)[\s,'’]", following)
    return found.group(1) if found else ""
