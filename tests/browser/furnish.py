"""A tenant that has lived: a recorded call with a message, a mail conversation, and one of everything that a list can show."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, TypeVar

import httpx2
from callstage_testing.fakes.mail import FakeMail
from callstage_testing.stack import Stack

from tests.conftest import speech
from tests.platform_steps import eventually, has_ended, make_agent, make_number, record_of, until_live

T = TypeVar("T")
MAILBOX = "shop@example.com"
CALLER = "+12025550161"
ORDER: list[dict[str, Any]] = [
    {"kind": "says", "text": "I want two large pizzas"},
    {"kind": "calls", "tool": "price_order", "arguments": {"size": "large", "quantity": 2}, "result": {"total": 26}},
    {"kind": "stage", "stage": "checkout"},
]
EVERYTHING: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/v1/blocked-numbers", {"number": "+12025550199", "reason": "Sells extended warranties"}),
    ("POST", "/v1/embed-tokens", {"label": "Home page", "agent_id": "pizzeria", "allowed_origins": ["https://shop.example.com"]}),
    ("POST", "/v1/api-keys", {"name": "The shop's server"}),
    ("POST", "/v1/users", {"email": "ben@example.com", "password": "another long password", "name": "Ben", "role": "editor"}),
    ("POST", "/v1/agents/pizzeria/tests", {"name": "Two large pizzas", "steps": ORDER}),
)


@dataclass(frozen=True)
class Furnished:
    """Names that stand in addresses."""

    agent_id: str
    call_id: str
    session_id: str


def furnish(stack: Stack) -> Furnished:
    """Takes about half a minute, most of which is the call itself."""
    return apart(_furnish(stack))


def apart(work: Coroutine[Any, Any, T]) -> T:
    """The result of asynchronous work, done in a thread: Playwright's loop runs in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def _furnish(stack: Stack) -> Furnished:
    async with stack.api() as api, asyncio.TaskGroup() as work:
        for method, path, body in EVERYTHING:
            reply = await api.request(method, path, json=body)
            assert reply.status_code < 300 or reply.status_code == 409, f"{path}: {reply.text}"
        call = work.create_task(_recorded_call(stack, api))
        mails = work.create_task(_mail_conversation(api))
    return Furnished(stack.dev["agent_id"], call.result(), mails.result())


async def _recorded_call(stack: Stack, api: httpx2.AsyncClient) -> str:
    """A caller asks for a person and leaves a message; returns the call's id."""
    agent = await make_agent(
        api,
        "front-desk",
        display_name="Front desk",
        greeting="Hello, this is the shop.",
        recording=True,
        recording_retention_days=30,
        tools=["leave_voicemail"],
    )
    number = await make_number(api, agent)
    await until_live(stack, agent)
    async with stack.twilio() as twilio, twilio.call(from_=CALLER, to=number) as call:
        await call.wait_for_agent_speech(30)
        await call.wait_for_agent_silence(600, 30)
        said = await call.say(speech("speak_human"))
        await call.wait_for_agent_speech(30, after=said.speech_ended_at)
        await call.wait_for_agent_silence(1500, 30)
        await call.say(speech("my_name_is_anna"))
        await call.dtmf("#")
        await call.wait_ended(30)
    record = await record_of(api, call.call_id, until=lambda found: has_ended(found) and bool(found["recording"]), timeout_s=30)
    return str(record["call_id"])


async def _mail_conversation(api: httpx2.AsyncClient) -> str:
    """A mail and its answer; returns the session's id."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "Anna <anna@customer.example>", MAILBOX, "My order", "<m1@customer.example>"
    mail.set_content("Hello, when will my order arrive?")
    async with FakeMail({MAILBOX: "right"}) as server:
        server.put(mail)
        await make_agent(api, "mail-desk", deploy=False, display_name="Mail desk", channel="chat", system_prompt="You answer the mails of a shop.")
        stored = await api.put(
            "/v1/agents/mail-desk/mailbox",
            json={
                "address": MAILBOX,
                "imap_host": "127.0.0.1",
                "imap_port": server.imap_port,
                "imap_security": "none",
                "smtp_host": "127.0.0.1",
                "smtp_port": server.smtp_port,
                "smtp_security": "none",
                "username": MAILBOX,
                "password": "right",
            },
        )
        assert stored.status_code == 200, stored.text
        await make_agent(api, "mail-desk", display_name="Mail desk")
        await server.wait_for_mail(1, 60)

        async def listed() -> str | None:
            found = (await api.get("/v1/conversations", params={"agent_id": "mail-desk"})).json()["conversations"]
            return str(found[0]["session_id"]) if found else None

        found = await eventually(listed, timeout_s=30, what="the mail conversation")
        assert (await api.delete("/v1/agents/mail-desk/mailbox")).status_code == 204
        return found
