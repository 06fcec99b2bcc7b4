"""Gmail and Google Calendar. Sources: developers.google.com/workspace/gmail/api, developers.google.com/workspace/calendar/api/v3."""

import base64
import hashlib
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tool_sandbox.backends.port import BackendError
from tool_sandbox.integrations.json_api import JsonApi
from tool_sandbox.integrations.mail_message import composed
from tool_sandbox.integrations.oauth import AccessToken
from tool_sandbox.integrations.port import Booking, Busy, Mail

_CONFLICT: Final = "already exists"


class GmailAccount:
    """`users.messages.send` of one mailbox."""

    def __init__(self, api: JsonApi, base_url: str, token: AccessToken, sender: str, sender_name: str) -> None:
        self._api = api
        self._base = f"{base_url.rstrip('/')}/gmail/v1/users/me"
        self._token = token
        self._sender = sender
        self._sender_name = sender_name

    async def send(self, mail: Mail) -> str:
        """See the port."""
        message = composed(mail, self._sender, self._sender_name)
        raw = base64.urlsafe_b64encode(message.as_bytes()).decode()
        sent = await self._token.used(lambda headers: self._api.send("POST", f"{self._base}/messages/send", headers=headers, body={"raw": raw}))
        return str(sent.get("id", ""))

    async def check(self) -> str:
        """See the port."""
        profile = await self._token.used(lambda headers: self._api.send("GET", f"{self._base}/profile", headers=headers))
        return str(profile.get("emailAddress", ""))


class GoogleCalendar:
    """One calendar of one account."""

    def __init__(self, api: JsonApi, base_url: str, token: AccessToken, calendar_id: str) -> None:
        self._api = api
        self._base = f"{base_url.rstrip('/')}/calendar/v3"
        self._token = token
        self._calendar = calendar_id

    async def busy(self, start: datetime, end: datetime) -> list[Busy]:
        """From `freeBusy`."""
        body = {"timeMin": start.isoformat(), "timeMax": end.isoformat(), "items": [{"id": self._calendar}]}
        answer = await self._token.used(lambda headers: self._api.send("POST", f"{self._base}/freeBusy", headers=headers, body=body))
        calendar: Any = (answer.get("calendars") or {}).get(self._calendar) or {}
        if calendar.get("errors"):
            raise BackendError(f"Google: {calendar['errors'][0].get('reason', 'the calendar cannot be read')}", kind="not_found", vendor="google")
        return [Busy(_moment(item["start"]), _moment(item["end"])) for item in calendar.get("busy", [])]

    async def add(self, booking: Booking) -> str:
        """The id of the event is made from the key, so that Google itself refuses a second one."""
        event_id = hashlib.sha256(booking.key.encode()).hexdigest()[:40]
        body: dict[str, Any] = {
            "id": event_id,
            "summary": booking.title,
            "description": booking.description,
            "start": {"dateTime": booking.start.isoformat()},
            "end": {"dateTime": booking.end.isoformat()},
        }
        if booking.attendee_email:
            body["attendees"] = [{"email": booking.attendee_email}]
        url = f"{self._base}/calendars/{quote(self._calendar, safe='')}/events"
        try:
            await self._token.used(lambda headers: self._api.send("POST", url, headers=headers, query={"sendUpdates": "all"}, body=body))
        except BackendError as err:
            if _CONFLICT not in err.message:
                raise
        return event_id

    async def check(self) -> str:
        """See the port."""
        url = f"{self._base}/calendars/{quote(self._calendar, safe='')}"
        answer = await self._token.used(lambda headers: self._api.send("GET", url, headers=headers))
        return str(answer.get("summary", ""))


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except (ValueError, TypeError) as err:
        raise BackendError("Google gave a time that cannot be read", kind="unavailable", vendor="google") from err
