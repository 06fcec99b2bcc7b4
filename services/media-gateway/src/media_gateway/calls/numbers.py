"""Phone numbers as carriers write them, and which of them may be dialled (rule X5)."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

_ALWAYS_EMERGENCY = frozenset({"112", "911", "999"})


def to_e164(text: str, country: str) -> str:
    """E.164 where the text is a number, the text itself otherwise (`anonymous`, `sip:…`). `country` is the ISO 3166 region of national numbers."""
    if not any(character.isdigit() for character in text) or "@" in text or ":" in text:
        return text
    try:
        parsed = phonenumbers.parse(text, country)
    except NumberParseException:
        return text
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164) if phonenumbers.is_possible_number(parsed) else text


def dialable(target: str | None, country: str) -> str | None:
    """The E.164 number to dial; None when it is no number, or an emergency number in any disguise."""
    if not target or is_emergency(target, country):
        return None
    number = to_e164(target, country)
    return number if number.startswith("+") and number[1:].isdigit() else None


def is_emergency(target: str, country: str) -> bool:
    """True for the emergency numbers of the country and of everywhere, also behind a country code."""
    digits = "".join(character for character in target if character.isdigit())
    if digits in _ALWAYS_EMERGENCY or phonenumbers.connects_to_emergency_number(digits, country):
        return True
    try:
        parsed = phonenumbers.parse(target, country)
    except NumberParseException:
        return False
    national = str(parsed.national_number)
    region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return national in _ALWAYS_EMERGENCY or phonenumbers.is_emergency_number(national, region if region != "ZZ" else country)
