"""WhatsApp over Twilio's Messages resource. Source: twilio.com/docs/messaging/api/message-resource."""

import base64
from typing import Final

import phonenumbers

from tool_sandbox.backends.port import BackendError
from tool_sandbox.integrations.json_api import JsonApi

MAX_BODY_CHARS: Final = 1600


class TwilioWhatsApp:
    """One sender of one account. Free text is delivered within 24 hours of the customer's last message only; Twilio says so when it is not."""

    def __init__(self, api: JsonApi, base_url: str, account_sid: str, auth_token: str, sender: str, country: str) -> None:
        self._api = api
        self._base = f"{base_url.rstrip('/')}/2010-04-01/Accounts/{account_sid}"
        self._headers = {"authorization": "Basic " + base64.b64encode(f"{account_sid}:{auth_token}".encode()).decode()}
        self._sender = sender
        self._country = country

    async def send(self, to: str, body: str) -> str:
        """See the port."""
        if not body.strip() or len(body) > MAX_BODY_CHARS:
            raise BackendError(f"a message has 1 to {MAX_BODY_CHARS} characters", kind="validation", vendor="twilio")
        form = {"From": f"whatsapp:{self._sender}", "To": f"whatsapp:{self._number(to)}", "Body": body}
        sent = await self._api.send("POST", f"{self._base}/Messages.json", headers=self._headers, form=form)
        return str(sent.get("sid", ""))

    async def check(self) -> str:
        """See the port."""
        account = await self._api.send("GET", f"{self._base}.json", headers=self._headers)
        return str(account.get("friendly_name", ""))

    def _number(self, text: str) -> str:
        try:
            parsed = phonenumbers.parse(text, self._country)
        except phonenumbers.NumberParseException as err:
            raise BackendError(f"'{text[:50]}' is no phone number", kind="validation", vendor="twilio") from err
        if not phonenumbers.is_possible_number(parsed):
            raise BackendError(f"'{text[:50]}' is no phone number", kind="validation", vendor="twilio")
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
