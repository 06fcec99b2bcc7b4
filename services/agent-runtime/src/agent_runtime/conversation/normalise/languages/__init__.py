"""The languages that are put into words. A language is one file here and one line in `LANGUAGES`."""

from dataclasses import replace
from functools import lru_cache

from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.languages.dutch import DUTCH
from agent_runtime.conversation.normalise.languages.english import ENGLISH
from agent_runtime.conversation.normalise.languages.french import FRENCH
from agent_runtime.conversation.normalise.languages.german import GERMAN
from agent_runtime.conversation.normalise.languages.italian import ITALIAN
from agent_runtime.conversation.normalise.languages.portuguese import PORTUGUESE
from agent_runtime.conversation.normalise.languages.spanish import SPANISH

LANGUAGES = {language.code: language for language in (ENGLISH, SPANISH, FRENCH, GERMAN, ITALIAN, PORTUGUESE, DUTCH)}

_PESO_REGIONS = frozenset({"MX", "AR", "CL", "CO", "UY", "DO", "CU"})
"""Where the dollar sign is the peso's."""


@lru_cache(maxsize=64)
def language_of(tag: str) -> Language | None:
    """By BCP-47 tag; None: only signs are taken out. Regions differ in the decimal sign and in the order of dates."""
    code, *rest = tag.replace("_", "-").split("-")
    language = LANGUAGES.get(code.lower())
    region = next((part.upper() for part in rest if len(part) == 2), "")
    if language is None:
        return None
    if region in language.regions_with_point:
        language = replace(language, comma_is_decimal=False, group_signs=",’'", point="punto" if language.code == "es" else language.point)
    if language.code == "es" and region in _PESO_REGIONS:
        language = replace(language, currencies={**language.currencies, "$": ("peso", "pesos", "centavo|centavos")})
    return replace(language, month_is_first=False) if region in language.region_dates else language
