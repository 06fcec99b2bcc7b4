"""E-mail and web addresses."""

import re

from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.rewriting import Rule
from agent_runtime.conversation.normalise.words import digits

_WORLD = "com|org|net|info|biz|app|dev|shop|store|gov|edu|cloud|online|site|io|ai|co|me|tv|eu"
_COUNTRIES = "de|es|fr|it|pt|nl|be|at|ch|uk|ie|us|ca|mx|br|ar|cl|au|in|pl|se|no|dk|fi"
_MAIL = r"(?<![\w.+-])[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,63})@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}"
_LINK = r"(?<![\w@])(?:https?://|www\.)[^\s<>()\[\]\"']{1,2000}"
_DOMAIN = rf"(?<![\w@./-])(?:[A-Za-z0-9-]{{1,63}}\.){{1,4}}(?:{_WORLD}|{_COUNTRIES})(?:/[\w./?=&%#-]{{0,200}})?(?![\w@-]|\.\w)"
_SAID_WHOLE = ("com", "org", "net", "info", "biz", "app", "dev", "shop", "store", "gov", "edu", "cloud", "online", "site", "co", "me")
_MAX_PATH_CHARS = 24
"""A longer path is not for the ear."""


def rules(language: Language) -> tuple[Rule, ...]:
    """Mail addresses before web addresses."""
    return (
        Rule(re.compile(_MAIL), lambda found: _mail(found.group(), language)),
        Rule(re.compile(_LINK), lambda found: _link(found.group(), language)),
        Rule(re.compile(_DOMAIN), lambda found: _link(found.group(), language)),
    )


def _mail(text: str, language: Language) -> str:
    name, _, host = text.partition("@")
    return f"{_spelled(name, language)} {language.at} {_host(host.rstrip('.-'), language)}"


def _link(text: str, language: Language) -> str:
    bare = text.rstrip(".,;:!?…»”’)")
    tail = "".join(char for char in text[len(bare) :] if char in ".,;:!?")
    address = re.sub(r"^https?://", "", bare).removeprefix("www.")
    host, _, path = address.partition("/")
    host, _, port = host.partition(":")
    said = _host(host, language)
    if port.isdigit():
        said += f" {digits(port, language)}"
    path = path.rstrip("/")
    if path and len(path) <= _MAX_PATH_CHARS and not re.search(r"[?=&%#]", path):
        said += "".join(f" {language.slash} {_spelled(part, language)}" for part in path.split("/"))
    return said + tail


def _host(host: str, language: Language) -> str:
    *names, ending = host.split(".")
    said = [_spelled(name, language) for name in names]
    last = ending if ending in _SAID_WHOLE or len(ending) != 2 else " ".join(ending.upper())
    return f" {language.dot} ".join([*said, last])


def _spelled(name: str, language: Language) -> str:
    """Words stay words, signs get their names, digits are read one by one."""
    signs = {".": language.dot, "-": language.dash, "_": language.underscore, "+": language.plus, "%": language.percent}
    pieces: list[str] = re.findall(r"\d{1,12}|[^\W\d_]{1,64}|\S", name)
    return " ".join(digits(piece, language) if piece.isdecimal() else signs.get(piece, piece) for piece in pieces)
