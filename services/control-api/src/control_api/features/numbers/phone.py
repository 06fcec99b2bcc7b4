"""E.164, checked (rule N1)."""

import phonenumbers

from control_api.web.problems import FieldError


def e164(text: str, field: str) -> str:
    """The number as E.164; spaces and punctuation are taken out. Raises FieldError for anything without a country code or of an impossible length."""
    try:
        parsed = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException as err:
        raise FieldError(field, "must be a phone number in E.164, such as +14155550100") from err
    if not phonenumbers.is_possible_number(parsed):
        raise FieldError(field, "is no possible phone number of its country")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
