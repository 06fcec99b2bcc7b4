"""Proves I2 I3 I4 I5 T5 T8 T13: tools send mail, book appointments and write messages, once, over the vendors' wires, and never see a credential."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from callstage_contracts.buckets import IntegrationRecord, deployment_key, integration_aad, integration_key
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb
from callstage_domain.agent import ToolDefinition
from callstage_domain.ids import TenantId
from callstage_kit.tasks import TaskScope
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.google import FakeGoogle
from callstage_testing.fakes.mail import FakeMail
from callstage_testing.fakes.microsoft import FakeMicrosoft
from callstage_testing.fakes.twilio_messages import FakeTwilioMessages
from tool_sandbox.integrations.oauth import OAuthApp
from tool_sandbox.integrations.registry import Vendors

Sandbox = Any
pytestmark = pytest.mark.leaks_allowed("sockets")  # aiosmtplib closes its socket a moment after the dialogue
MONDAY = (datetime.now(UTC) + timedelta(days=14 - datetime.now(UTC).weekday())).date()
HOURS = {"timezone": "UTC", "slot_minutes": 60}
SEND = """mail = kwargs.get("integrations", {}).get("email")
if not mail:
    return {"sent": False}
return {"sent": await mail.send(to=args["to"], subject=args["subject"], body_text="Thank you.", body_html="<b>Thank you.</b>")}"""
BOOK = 'c = kwargs["integrations"]["calendar"]\nreturn await c.book(args["start"], "Visit", attendee_name="Ada", attendee_email="ada@example.com")'
SLOTS = 'return {"slots": await kwargs["integrations"].get("calendar").get_available_slots(date=args["date"], limit=3)}'
WHATSAPP = 'return {"sid": await kwargs["integrations"]["whatsapp"].send(to=args["to"], body="Hi Ada")}'


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle() as fake:
        yield fake


@pytest.fixture
async def microsoft() -> AsyncIterator[FakeMicrosoft]:
    async with FakeMicrosoft() as fake:
        yield fake


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilioMessages]:
    async with FakeTwilioMessages() as fake:
        yield fake


@pytest.fixture
async def mail() -> AsyncIterator[FakeMail]:
    async with FakeMail({"shop@example.com": "mail-secret"}) as fake:
        yield fake


@pytest.fixture
def vendors(sandbox: Sandbox, google: FakeGoogle, microsoft: FakeMicrosoft, twilio: FakeTwilioMessages) -> None:
    """The sandbox reaches the fakes instead of the vendors."""
    sandbox.servicer._inspection._integrations._vendors = Vendors(
        google.base_url,
        google.base_url,
        microsoft.base_url,
        twilio.base_url,
        OAuthApp(f"{google.base_url}/token", google.client_id, google.client_secret),
        OAuthApp(f"{microsoft.base_url}/token", microsoft.client_id, microsoft.client_secret),
    )


def _attach(sandbox: Sandbox, category: str, provider: str, secret: str, **settings: Any) -> IntegrationRecord:
    record = IntegrationRecord(
        tenant_id=TenantId("t1"),
        integration_id=f"int-{category}",
        category=cast(Any, category),
        provider=cast(Any, provider),
        name=category,
        settings=settings,
        secret_sealed=sandbox.settings.secret_box.seal(secret, integration_aad("t1", f"int-{category}")),
    )
    sandbox.configuration.integrations[integration_key("t1", record.integration_id)] = record
    return record


async def _try(sandbox: Sandbox, code: str, args: dict[str, Any], *attached: str, rehearse: bool = False) -> pb.TryToolReply:
    tool = ToolDefinition(name="tool", kind="code", code=code)
    request = pb.TryToolRequest(tenant_id="t1", agent_id="a1", tool_json=tool.model_dump_json(), args_json=json.dumps(args), is_rehearsal=rehearse)
    request.integrations.update({category: f"int-{category}" for category in attached})
    return await sandbox.servicer.TryTool(request, cast(Any, None))


def _result(reply: pb.TryToolReply) -> Any:
    assert reply.run.status == pb.RUN_STATUS_OK, reply.run.model_text
    return json.loads(reply.run.result_json)


def _smtp(sandbox: Sandbox, mail: FakeMail, password: str = "mail-secret") -> IntegrationRecord:
    more = {"smtp_host": "127.0.0.1", "smtp_port": mail.smtp_port, "smtp_security": "none"}
    return _attach(sandbox, "email", "smtp", password, sender="shop@example.com", sender_name="The Shop", username="shop@example.com", **more)


async def _tested(sandbox: Sandbox, record: IntegrationRecord, tenant_id: str = "t1") -> pb.TestIntegrationReply:
    request = pb.TestIntegrationRequest(tenant_id=tenant_id, integration_json=record.model_dump_json())
    return await sandbox.servicer.TestIntegration(request, cast(Any, None))


async def test_mail_over_smtp(sandbox: Sandbox, mail: FakeMail) -> None:
    _smtp(sandbox, mail)
    sent = _result(await _try(sandbox, SEND, {"to": "ada@example.com", "subject": "Order S1"}, "email"))["sent"]
    [received] = await mail.wait_for_mail()
    assert (received.sender, received.recipients, received.user) == ("shop@example.com", ("ada@example.com",), "shop@example.com")
    for words in (b"Subject: Order S1", b"The Shop <shop@example.com>", b"<b>Thank you.</b>", sent.encode(), b"Auto-Submitted: auto-generated"):
        assert words in received.raw


async def test_what_is_not_attached_is_none(sandbox: Sandbox, mail: FakeMail) -> None:
    assert _result(await _try(sandbox, SEND, {"to": "ada@example.com", "subject": "x"})) == {"sent": False}
    _smtp(sandbox, mail)
    sandbox.configuration.integrations["t1.int-email"] = sandbox.configuration.integrations["t1.int-email"].model_copy(update={"tenant_id": "t2"})
    assert _result(await _try(sandbox, SEND, {"to": "ada@example.com", "subject": "x"}, "email")) == {"sent": False}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"to": "nobody", "subject": "x"}, "no e-mail address"),
        ({"to": "a@b.c\r\nBcc: x@y.z", "subject": "x"}, "no e-mail address"),
        ({"to": "ada@example.com", "subject": "x\r\nBcc: x@y.z"}, "single lines"),
        ({"to": 3, "subject": "x"}, "must be a text"),
    ],
)
async def test_bad_mail_is_refused_before_it_leaves(sandbox: Sandbox, mail: FakeMail, args: dict[str, Any], words: str) -> None:
    _smtp(sandbox, mail)
    reply = await _try(sandbox, SEND, args, "email")
    assert words in reply.run.model_text
    assert mail.sent == []


async def test_the_mail_servers_own_words(sandbox: Sandbox, mail: FakeMail) -> None:
    record = _smtp(sandbox, mail)
    mail.reject["ada@example.com"] = "550 5.1.1 no such user"
    reply = await _try(sandbox, SEND, {"to": "ada@example.com", "subject": "x"}, "email")
    assert (reply.run.error_code, "no such user" in reply.run.model_text) == ("backend_validation", True)
    assert (await _tested(sandbox, record)).ok
    refused = await _tested(sandbox, _smtp(sandbox, mail, password="wrong"))
    assert (refused.ok, bool(refused.message), "wrong" in refused.message) == (False, True, False)
    internal = record.model_copy(update={"settings": {**record.settings, "smtp_host": "10.0.0.1"}})
    assert "internal address" in (await _tested(sandbox, internal)).message


async def test_a_mailbox_that_is_read_tells_of_both_servers(sandbox: Sandbox, mail: FakeMail) -> None:
    """M1: both logins are tried and reported each; what goes out is sent as before."""
    reading = {"imap_host": "127.0.0.1", "imap_port": mail.imap_port, "imap_security": "none"}
    record = _smtp(sandbox, mail)
    record = record.model_copy(update={"settings": {**record.settings, **reading}})
    sandbox.configuration.integrations[integration_key("t1", record.integration_id)] = record
    tested = await _tested(sandbox, record)
    assert (tested.ok, tested.account) == (True, "reads at 127.0.0.1, sends by 127.0.0.1")
    _result(await _try(sandbox, SEND, {"to": "ada@example.com", "subject": "Order"}, "email"))
    assert [sent.recipients for sent in mail.sent] == [("ada@example.com",)]

    mail.imap_logins_refused = True
    refused = await _tested(sandbox, record)
    assert (refused.ok, refused.message.startswith("Reading (IMAP): "), refused.message.endswith("Sending (SMTP): works.")) == (False, True, True)
    assert "mail-secret" not in refused.message
    for wrong, words in (
        ({"imap_host": "10.0.0.1"}, "internal address"),
        ({"imap_port": mail.smtp_port}, "Reading (IMAP): "),
        ({"imap_port": 9}, "refused"),
    ):
        elsewhere = record.model_copy(update={"settings": {**record.settings, **wrong}})
        assert words in (await _tested(sandbox, elsewhere)).message


@pytest.mark.usefixtures("vendors")
async def test_mail_over_gmail_with_tokens_renewed(sandbox: Sandbox, google: FakeGoogle) -> None:
    record = _attach(sandbox, "email", "gmail", "refresh-1", sender="shop@gmail.com")
    args = {"to": "ada@example.com", "subject": "Order"}
    _result(await _try(sandbox, SEND, args, "email"))
    _result(await _try(sandbox, SEND, args, "email"))
    assert len(google.received("/token")) == 1, "a token is kept until it ends"
    google.access_tokens.clear()
    _result(await _try(sandbox, SEND, args, "email"))
    assert [message["To"] for message in google.sent] == ["ada@example.com"] * 3
    assert (await _tested(sandbox, record)).account == "shop@gmail.com"
    google.revoke()
    refused = await _try(sandbox, SEND, args, "email")
    assert (refused.run.error_code, "connect the account again" in refused.run.model_text) == ("backend_authentication", True)
    assert "refresh-1" not in refused.SerializeToString().decode(errors="replace")


@pytest.mark.usefixtures("vendors")
@pytest.mark.parametrize("provider", ["google", "microsoft"])
async def test_appointments(sandbox: Sandbox, google: FakeGoogle, microsoft: FakeMicrosoft, provider: str) -> None:
    record = _attach(sandbox, "calendar", provider, "refresh-1", **HOURS)
    fake = google if provider == "google" else microsoft
    assert (await _tested(sandbox, record)).account in ("Shop", "Calendar")
    slots = _result(await _try(sandbox, SLOTS, {"date": MONDAY.isoformat()}, "calendar"))["slots"]
    assert [slot["start"] for slot in slots] == [f"{MONDAY}T{hour:02d}:00:00+00:00" for hour in (9, 10, 11)]
    booked = _result(await _try(sandbox, BOOK, {"start": f"{MONDAY}T10:00"}, "calendar"))
    assert (booked["status"], booked["end"]) == ("booked", f"{MONDAY}T11:00:00+00:00")
    assert len(fake.events) == 1
    slots = _result(await _try(sandbox, SLOTS, {"date": MONDAY.isoformat()}, "calendar"))["slots"]
    assert [slot["start"][11:13] for slot in slots] == ["09", "11", "12"]
    again = await _try(sandbox, BOOK, {"start": f"{MONDAY}T10:30"}, "calendar")
    assert again.run.error_code == "backend_validation"
    assert "that time is taken; free that day: 09:00, 11:00" in again.run.model_text
    assert len(fake.events) == 1
    for start in ("09", "11", "13"):
        _result(await _try(sandbox, BOOK, {"start": f"{MONDAY}T{start}:00"}, "calendar"))
    slots = _result(await _try(sandbox, SLOTS, {"date": MONDAY.isoformat()}, "calendar"))["slots"]
    assert [slot["start"][11:13] for slot in slots] == ["12", "14", "15"], "all pages of the calendar count"


@pytest.mark.usefixtures("vendors")
@pytest.mark.parametrize("provider", ["google", "microsoft"])
async def test_an_answer_that_is_lost_makes_no_second_appointment(
    sandbox: Sandbox, google: FakeGoogle, microsoft: FakeMicrosoft, provider: str
) -> None:
    _attach(sandbox, "calendar", provider, "refresh-1", **HOURS)
    fake = google if provider == "google" else microsoft
    fake.faults.add(Fault(drop_after=True), times=1, when=lambda exchange: exchange.path.endswith("/events"))
    booked = _result(await _try(sandbox, BOOK, {"start": f"{MONDAY}T10:00"}, "calendar"))
    assert booked["status"] == "booked"
    assert len(fake.events) == 1


@pytest.mark.usefixtures("vendors")
async def test_a_rehearsal_sends_nothing(sandbox: Sandbox, mail: FakeMail, google: FakeGoogle) -> None:
    _smtp(sandbox, mail)
    _attach(sandbox, "calendar", "google", "refresh-1", **HOURS)
    reply = await _try(
        sandbox,
        f"{SEND.replace('return {', 'x = {')}\n{BOOK}",
        {"to": "ada@example.com", "subject": "x", "start": f"{MONDAY}T10:00"},
        "email",
        "calendar",
        rehearse=True,
    )
    assert _result(reply)["id"] == "REHEARSED"
    assert [(write.operation, write.target) for write in reply.writes] == [("integration", "email.send"), ("integration", "calendar.book")]
    assert (mail.sent, google.events) == ([], {})
    taken = await _try(sandbox, BOOK, {"start": f"{MONDAY}T03:00"}, "calendar", rehearse=True)
    assert "working hours" in taken.run.model_text, "a rehearsal looks at the calendar"


@pytest.mark.usefixtures("vendors")
async def test_whatsapp(sandbox: Sandbox, twilio: FakeTwilioMessages) -> None:
    record = _attach(sandbox, "whatsapp", "twilio", twilio.auth_token, account_sid=twilio.account_sid, sender="+14155238886")
    sandbox.deploy()
    assert _result(await _try(sandbox, WHATSAPP, {"to": "0471 23 45 67"}, "whatsapp"))["sid"].startswith("SM")
    assert twilio.sent == [{"From": "whatsapp:+14155238886", "To": "whatsapp:+32471234567", "Body": "Hi Ada"}]
    twilio.outside_window.add("whatsapp:+32471234567")
    late = await _try(sandbox, WHATSAPP, {"to": "+32471234567"}, "whatsapp")
    assert "outside the allowed window" in late.run.model_text
    assert "no phone number" in (await _try(sandbox, WHATSAPP, {"to": "call me"}, "whatsapp")).run.model_text
    assert (await _tested(sandbox, record)).account == "Shop"


async def test_code_reaches_the_listed_methods_only(sandbox: Sandbox, mail: FakeMail) -> None:
    _smtp(sandbox, mail)
    for code in (
        'return kwargs["integrations"]["email"]._account',
        'return kwargs["integrations"]["email"].__class__',
        'return str(kwargs["integrations"]["email"])',
    ):
        reply = await _try(sandbox, code, {}, "email")
        assert "mail-secret" not in reply.SerializeToString().decode(errors="replace")
        assert reply.run.status != pb.RUN_STATUS_OK or "_account" not in reply.run.result_json


@pytest.mark.usefixtures("vendors")
async def test_a_booking_that_was_cut_off_is_made_once(sandbox: Sandbox, second_sandbox: Sandbox, google: FakeGoogle) -> None:
    """Killed between the request and its answer: the run goes on elsewhere, and the event's own key makes one of two."""
    for box in (sandbox, second_sandbox):
        box.servicer._inspection._integrations._vendors = sandbox.servicer._inspection._integrations._vendors
    _attach(sandbox, "calendar", "google", "refresh-1", **HOURS)
    sandbox.code(BOOK)
    key = deployment_key("t1", "a1", 1)
    snapshot = sandbox.configuration.deployments[key]
    sandbox.configuration.deployments[key] = snapshot.model_copy(update={"integrations": {"calendar": "int-calendar"}})
    google.faults.add(Fault(delay_s=30), times=1, when=lambda exchange: exchange.path.endswith("/events"))
    async with TaskScope("killed") as scope:
        task = scope.start(sandbox.run(key="book:1", args={"start": f"{MONDAY}T10:00"}), name="run")
        async with asyncio.timeout(15):
            while not google.received("/events"):
                await asyncio.sleep(0.02)
        await sandbox.runner._scope.close()
        await asyncio.wait([task])
    reply = await second_sandbox.run(key="book:1", args={"start": f"{MONDAY}T10:00"})
    assert (reply.status, json.loads(reply.result_json)["status"]) == (pb.RUN_STATUS_OK, "booked"), reply.model_text
    assert len(google.events) == 1
