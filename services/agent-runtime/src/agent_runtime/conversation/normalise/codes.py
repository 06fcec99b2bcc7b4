"""Order numbers, serial numbers and the like: letter by letter, digit by digit."""

import re

from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.rewriting import Rule
from agent_runtime.conversation.normalise.words import digits, thirds

_TOKEN = r"(?<![\w@./'’-])[A-Za-z\d]{1,40}(?:-[A-Za-z\d]{1,40}){0,8}(?![\w@'’-])"
_HASH = r"#\s?(?=[A-Z\d][A-Z\d-]{0,30}(?![a-z]))"
_MAX_LETTERS = 4
"""More letters in a row are a word: COVID-19."""


def rules(language: Language) -> tuple[Rule, ...]:
    """Codes, and the sign for "number"."""
    return (
        Rule(re.compile(_TOKEN), lambda found: _said(found.group(), language) if _is_code(found.group()) else None),
        Rule(re.compile(r"(?<=#)\d{4,30}(?!\w)"), lambda found: digits(found.group(), language)),
        Rule(re.compile(_HASH), lambda _: f"{language.number} "),
    )


def _is_code(token: str) -> bool:
    runs = re.findall(r"[A-Za-z]+|\d+", token)
    numbers, letters = [run for run in runs if run[0].isdigit()], [run for run in runs if not run[0].isdigit()]
    if not numbers or not letters:
        return False
    if re.fullmatch(r"[1-9]\d{0,4}[A-Za-z]", token):
        # The number of a house.
        return False
    if len(runs) >= 4 and len(token) >= 6:
        return True
    count = sum(map(len, numbers))
    has_zero = any(run[0] == "0" and len(run) > 1 for run in numbers)
    is_short = all(run.isupper() and len(run) <= _MAX_LETTERS for run in letters)
    return is_short and (count >= 3 or has_zero or (count == 2 and "-" in token and len(runs) > 2))


def _said(token: str, language: Language) -> str:
    pieces: list[str] = []
    for run in re.findall(r"[A-Za-z]+|\d+", token):
        if run[0].isdigit():
            groups = [run] if len(run) <= 5 else thirds(run)
            pieces.extend(digits(group, language) for group in groups)
        else:
            pieces.append(" ".join(run.upper()))
    return ", ".join(pieces)
