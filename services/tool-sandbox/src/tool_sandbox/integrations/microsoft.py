"""Outlook calendars over Microsoft Graph. Source: learn.microsoft.com/graph/api/calendar-list-calendarview, user-post-events."""

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from tool_sandbox.backends.port import BackendError
from tool_sandbox.integrations.json_api import JsonApi
from tool_sandbox.integrations.oauth import AccessToken
from tool_sandbox.integrations.port import Booking, Busy

_PAGE: Final = "200"
_MAX_PAGES: Final = 10
_FREE: Final = frozenset({"free", "workingElsewhere"})


class OutlookCalendar:
    """The calendar of the signed-in user, or one of theirs by id."""

    def __init__(self, api: JsonApi, base_url: str, token: AccessToken, calendar_id: str) -> None:
        self._api = api
        self._root = base_url.rstrip("/")
        self._base = f"{self._root}/v1.0/me/" + (f"calendars/{calendar_id}" if calendar_id not in ("", "primary") else "calendar")
        self._token = token

    async def busy(self, start: datetime, end: datetime) -> list[Busy]:
        """From `calendarView`, which unfolds series; all pages."""
        query: dict[str, str] | None = {
            "startDateTime": start.astimezone(UTC).isoformat(),
            "endDateTime": end.astimezone(UTC).isoformat(),
            "$select": "start,end,showAs",
            "$top": _PAGE,
        }
        url = f"{self._base}/calendarView"
        found: list[Busy] = []
        for _ in range(_MAX_PAGES):
            page = await self._view(url, query)
            found += [Busy(_moment(item["start"]), _moment(item["end"])) for item in page.get("value", []) if item.get("showAs", "busy") not in _FREE]
            url, query = str(page.get("@odata.nextLink") or ""), None
            if not url:
                return found
            if not url.startswith(self._root + "/"):
                break
        raise BackendError("the calendar is too full to be read", kind="failed", vendor="microsoft")

    async def _view(self, url: str, query: dict[str, str] | None) -> dict[str, Any]:
        async def ask(headers: dict[str, str]) -> dict[str, Any]:
            return await self._api.send("GET", url, headers={**headers, "prefer": 'outlook.timezone="UTC"'}, query=query)

        return await self._token.used(ask)

    async def add(self, booking: Booking) -> str:
        """`transactionId` is made from the key: Graph makes no second event with it."""
        body: dict[str, Any] = {
            "subject": booking.title,
            "body": {"contentType": "text", "content": booking.description},
            "start": _graph_time(booking.start),
            "end": _graph_time(booking.end),
            "transactionId": str(uuid.uuid5(uuid.NAMESPACE_URL, booking.key)),
        }
        if booking.attendee_email:
            body["attendees"] = [{"emailAddress": {"address": booking.attendee_email}, "type": "required"}]
        made = await self._token.used(lambda headers: self._api.send("POST", f"{self._base}/events", headers=headers, body=body))
        return str(made.get("id", ""))

    async def check(self) -> str:
        """See the port."""
        answer = await self._token.used(lambda headers: self._api.send("GET", self._base, headers=headers))
        return str(answer.get("name", ""))


def _graph_time(moment: datetime) -> dict[str, str]:
    return {"dateTime": moment.astimezone(UTC).replace(tzinfo=None).isoformat(), "timeZone": "UTC"}


def _moment(value: Any) -> datetime:
    try:
        # Seven digits of a second are one more than Python takes.
        return datetime.fromisoformat(str(value["dateTime"])[:26]).replace(tzinfo=UTC)
    except (ValueError, TypeError, KeyError) as err:
        raise BackendError("Outlook gave a time that cannot be read", kind="unavailable", vendor="microsoft") from err
