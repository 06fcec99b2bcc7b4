"""Who is calling: the customer in the agent's backend whose phone matches (rule V7). Any trouble means not found."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import phonenumbers
import structlog
from callstage_contracts.buckets import agent_key
from callstage_domain.errors import CallstageError

from tool_sandbox.backends.port import Customer
from tool_sandbox.backends.registry import BackendRegistry
from tool_sandbox.configuration import Configuration

_log = structlog.get_logger(__name__)
_SEARCHED_DIGITS: Final = 7
NOT_FOUND: Final[dict[str, Any]] = {"found": False}


@dataclass(frozen=True, slots=True)
class PhoneForms:
    """`e164` with country, `national` without it and without trunk zero. Empty when it is no phone number."""

    e164: str
    national: str


class CallerLookup:
    """Within `timeout_s`; never raises but for cancellation."""

    def __init__(self, configuration: Configuration, backends: BackendRegistry, *, timeout_s: float) -> None:
        self._configuration = configuration
        self._backends = backends
        self._timeout_s = timeout_s

    async def look_up(self, tenant_id: str, agent_id: str, *, caller_phone: str, email: str) -> dict[str, Any]:
        """`found`, and when found `name`, `email`, `phone`, `customer_id`."""
        connection = self._configuration.backend(agent_key(tenant_id, agent_id))
        if connection is None or connection.tenant_id != tenant_id:
            return NOT_FOUND
        tenant = self._configuration.tenant(tenant_id)
        region = "US" if tenant is None else tenant.country
        digits = forms_of(caller_phone, region).national[-_SEARCHED_DIGITS:]
        if len(digits) < _SEARCHED_DIGITS and not email:
            return NOT_FOUND
        try:
            async with asyncio.timeout(self._timeout_s):
                backend, _ = self._backends.backend(connection)
                customers = await backend.find_customers(digits if len(digits) == _SEARCHED_DIGITS else "", email)
        except (CallstageError, TimeoutError) as err:
            _log.warning("caller_lookup_failed", reason=getattr(err, "code", "timeout"))
            return NOT_FOUND
        except Exception:
            _log.exception("caller_lookup_broke")
            return NOT_FOUND
        return _best(customers, caller_phone if digits else "", email, region)


def forms_of(number: str, region: str) -> PhoneForms:
    """Reads a number as written in `region`; what is no valid number keeps its digits."""
    digits = "".join(char for char in number if char.isascii() and char.isdigit())
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return PhoneForms("", digits.lstrip("0"))
    return PhoneForms(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), str(parsed.national_number))


def same_phone(left: str, right: str, region: str) -> bool:
    """True when both are the same number: equal in E.164, or, where one cannot be read with its country, equal without it."""
    one, other = forms_of(left, region), forms_of(right, region)
    if one.e164 and other.e164:
        return one.e164 == other.e164 or (not _has_country(right) and one.national == other.national)
    return len(one.national) >= _SEARCHED_DIGITS and one.national == other.national


def _has_country(number: str) -> bool:
    return number.strip().startswith(("+", "00"))


def _best(customers: list[Customer], caller_phone: str, email: str, region: str) -> dict[str, Any]:
    for customer in customers:
        phone = next((phone for phone in customer.phones if caller_phone and same_phone(caller_phone, phone, region)), None)
        if phone is not None or (not caller_phone and email and customer.email.strip().lower() == email.strip().lower()):
            return {
                "found": True,
                "name": customer.name,
                "email": customer.email,
                "phone": phone or next(iter(customer.phones), ""),
                "customer_id": customer.customer_id,
            }
    return NOT_FOUND
