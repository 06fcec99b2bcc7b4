"""The carriers as this phone plays them: accounts, webhook paths, patience."""

import binascii
from dataclasses import dataclass

from callstage_phone.carrier import CarrierSettings
from callstage_phone.telnyx import TelnyxCaller
from callstage_phone.twilio import TwilioCaller

from callstage.phone.errors import CannotCall

# A running call tries again for some seconds, as carriers do.
_ATTEMPTS = 6
_RETRY_PAUSE_S = 0.4


@dataclass(frozen=True, slots=True)
class Gateway:
    """`public` is in the URLs that are signed and handed out; `reached_at` is where they are really served. Both http base URLs."""

    public: str
    reached_at: str

    def settings(self, webhook: str) -> CarrierSettings:
        """`webhook` is the path and query of the number below `public`."""
        return CarrierSettings(
            self.public + webhook,
            connect_to=self.reached_at,
            public_url=self.public,
            fetch_attempts=_ATTEMPTS,
            first_attempts=1,
            retry_pause_s=_RETRY_PAUSE_S,
        )


def twilio(gateway: Gateway, account_sid: str, auth_token: str, *, query: str = "") -> TwilioCaller:
    """One Twilio account; `query` starts with `?` or is empty."""
    return TwilioCaller(gateway.settings(f"/api/twilio/voice{query}"), auth_token=auth_token, account_sid=account_sid)


def telnyx(gateway: Gateway, private_key: str, *, query: str = "") -> TelnyxCaller:
    """One Telnyx account; a real one keeps its private key to itself. Raises CannotCall for a seed that is none."""
    try:
        return TelnyxCaller(gateway.settings(f"/incoming/telnyx{query}"), private_key=private_key, account_sid="terminal-phone")
    except (binascii.Error, ValueError) as err:
        raise CannotCall("--telnyx-private-key must be the base64 of a 32-byte Ed25519 seed.") from err
