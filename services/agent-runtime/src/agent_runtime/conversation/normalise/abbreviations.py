"""Short forms as they are read."""

import re

from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.rewriting import Rule

_GLUED = "°º/§"
"""Signs behind which the next word may follow without a space."""


def rules(language: Language) -> tuple[Rule, ...]:
    """Longest first; those that depend on what follows have an empty reading."""
    names = "|".join(_pattern(name) for name in sorted(language.abbreviations, key=len, reverse=True))
    streets = (Rule(re.compile(r"(?<=[a-zäöüß])str\.(?!\w)"), lambda _: "straße"),) if language.code == "de" else ()
    return (
        *streets,
        Rule(re.compile(rf"(?<![\w.])(?:{names})"), lambda found: _said(found, language)),
        Rule(re.compile(r"\s?&\s?"), lambda _: f" {language.and_} "),
        Rule(re.compile(r"(?<=\s)@(?=\s)"), lambda _: language.at),
        Rule(re.compile(r"(?<=[\s\d])=(?=[\s\d])"), lambda _: f" {language.equals} "),
    )


def _pattern(name: str) -> str:
    pattern = re.escape(name).replace(r"\ ", "[ \u00a0\u202f]")
    return pattern if name[-1] in _GLUED else rf"{pattern}(?!\w)"


def _said(found: re.Match[str], language: Language) -> str | None:
    written = re.sub("[\u00a0\u202f]", " ", found.group())
    said = language.abbreviations[written] or _by_context(written, found)
    if said is None:
        return None
    if written[-1] in _GLUED and found.string[found.end() : found.end() + 1].isalnum():
        return f"{said} "
    ends = written.endswith(".") and found.end() == len(found.string.rstrip())
    return f"{said}." if ends else said


def _by_context(written: str, found: re.Match[str]) -> str | None:
    before, after = found.string[: found.start()].rstrip(), found.string[found.end() : found.end() + 2].lstrip()
    if written in ("No.", "no."):
        return "number" if after[:1].isdigit() else None
    if written == "n.":
        return "numero" if after[:1].isdigit() else None
    if written == "M.":
        return "monsieur" if after[:1].isupper() or after.startswith("l") else None
    last = before.split()[-1] if before else ""
    is_street = last[:1].isupper() or last[:1].isdigit()
    return "Street" if is_street or not after[:1].isupper() else "Saint"
