"""The accounts of an agent, made from their records and kept as long as those do not change."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from callstage_contracts.account_settings import GmailSettings, SmtpSettings, TwilioSettings
from callstage_contracts.buckets import IntegrationRecord, integration_aad, integration_key
from callstage_contracts.calendar_settings import CalendarSettings
from callstage_domain.errors import InvariantBroken
from callstage_kit.crypto import SecretBox
from callstage_kit.egress import EgressClient
from callstage_kit.egress_policy import EgressPolicy
from pydantic import ValidationError

from tool_sandbox.integrations.google import GmailAccount, GoogleCalendar
from tool_sandbox.integrations.imap import ImapLogin, ReadMailbox
from tool_sandbox.integrations.json_api import JsonApi
from tool_sandbox.integrations.microsoft import OutlookCalendar
from tool_sandbox.integrations.oauth import AccessToken, OAuthApp
from tool_sandbox.integrations.port import CalendarAccount, CalendarRules, EmailAccount, MessagingAccount
from tool_sandbox.integrations.settings_of import rules_of
from tool_sandbox.integrations.smtp import SmtpAccount, SmtpLogin
from tool_sandbox.integrations.twilio import TwilioWhatsApp

_KEPT: Final = 2000


@dataclass(frozen=True, slots=True)
class Vendors:
    """Addresses of the vendors and what the operator registered with them."""

    google_url: str
    gmail_url: str
    graph_url: str
    twilio_url: str
    google: OAuthApp
    microsoft: OAuthApp


@dataclass(frozen=True, slots=True)
class Connected:
    """One account; exactly one of the three is set, `rules` with the calendar. `secret` for redaction.

    `booking` is held while a time is looked at and taken: two calls of this process must not both find it free.
    """

    secret: str
    email: EmailAccount | None = None
    calendar: CalendarAccount | None = None
    rules: CalendarRules | None = None
    whatsapp: MessagingAccount | None = None
    booking: asyncio.Lock = field(default_factory=asyncio.Lock)


class IntegrationRegistry:
    """Accounts by integration; a changed record makes a new one."""

    def __init__(
        self, egress: EgressClient, policy: EgressPolicy, secrets: SecretBox, vendors: Vendors, *, timeout_s: float, max_response_bytes: int
    ) -> None:
        self._egress = egress
        self._policy = policy
        self._secrets = secrets
        self._vendors = vendors
        self._timeout_s = timeout_s
        self._max_response_bytes = max_response_bytes
        self._known: dict[str, tuple[IntegrationRecord, Connected]] = {}

    def account(self, record: IntegrationRecord, country: str) -> Connected:
        """Raises InvariantBroken when the secret does not open or the settings are not those of the provider."""
        key = integration_key(record.tenant_id, record.integration_id)
        known = self._known.get(key)
        if known is None or known[0] != record:
            if len(self._known) >= _KEPT:
                self._known.pop(next(iter(self._known)))
            known = (record, self.connect(record, country))
            self._known[key] = known
        return known[1]

    def connect(self, record: IntegrationRecord, country: str) -> Connected:
        """An account that is not kept."""
        secret = self._secrets.open(record.secret_sealed, integration_aad(record.tenant_id, record.integration_id))
        try:
            match record.category:
                case "email":
                    return Connected(secret, email=self._email(record, secret))
                case "calendar":
                    settings = CalendarSettings.model_validate(record.settings)
                    return Connected(secret, calendar=self._calendar(record, settings, secret), rules=rules_of(settings))
                case "whatsapp":
                    sender = TwilioSettings.model_validate(record.settings)
                    api = self._api("twilio")
                    whatsapp = TwilioWhatsApp(api, self._vendors.twilio_url, sender.account_sid, secret, sender.sender, country)
                    return Connected(secret, whatsapp=whatsapp)
        except ValidationError as err:
            raise InvariantBroken(f"the settings of integration '{record.name}' are not complete") from err

    def _email(self, record: IntegrationRecord, secret: str) -> EmailAccount:
        if record.provider == "gmail":
            settings = GmailSettings.model_validate(record.settings)
            api = self._api("gmail")
            token = AccessToken(api, self._vendors.google, secret)
            return GmailAccount(api, self._vendors.gmail_url, token, settings.sender, settings.sender_name)
        mailbox = SmtpSettings.model_validate(record.settings)
        login = SmtpLogin(mailbox.smtp_host, mailbox.smtp_port, mailbox.smtp_security, mailbox.username, secret, mailbox.sender, mailbox.sender_name)
        sending = SmtpAccount(login, self._policy, timeout_s=self._timeout_s)
        if not mailbox.imap_host:
            return sending
        reading = ImapLogin(mailbox.imap_host, mailbox.imap_port, mailbox.imap_security, mailbox.username, secret)
        return ReadMailbox(reading, sending, self._policy, timeout_s=self._timeout_s)

    def _calendar(self, record: IntegrationRecord, settings: CalendarSettings, secret: str) -> CalendarAccount:
        if record.provider == "microsoft":
            api = self._api("microsoft")
            return OutlookCalendar(api, self._vendors.graph_url, AccessToken(api, self._vendors.microsoft, secret), settings.calendar_id)
        api = self._api("google")
        return GoogleCalendar(api, self._vendors.google_url, AccessToken(api, self._vendors.google, secret), settings.calendar_id)

    def _api(self, vendor: str) -> JsonApi:
        return JsonApi(vendor, self._egress, timeout_s=self._timeout_s, max_response_bytes=self._max_response_bytes)
