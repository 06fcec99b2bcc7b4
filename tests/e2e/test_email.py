"""Proves M1, M2, M5, M7, M9, I1 on the real stack: a chat agent answers its mailbox, thread by thread, once per mail; a broken mailbox says so."""

import email
import email.policy
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from typing import Any

import httpx2
import pytest
import redis.asyncio
from callstage_contracts import redis_keys
from callstage_testing.fakes.mail import FakeMail, SentMail
from callstage_testing.stack import Stack

from tests.platform_steps import eventually, make_agent

ADDRESS = "shop@example.com"
TRACK_ORDER = """
session["order_number"] = args["order_number"]
return {"message": f"Order {args['order_number']} is **on its way** and arrives tomorrow."}
"""
SHOP: dict[str, Any] = {
    "channel": "chat",
    "system_prompt": "You answer the mails of a shop.",
    "tool_definitions": [
        {
            "name": "track_order",
            "kind": "code",
            "description": "Track an order. Call it when the customer asks where an order is.",
            "parameters": {
                "type": "object",
                "properties": {"order_number": {"type": "string", "description": "The order number."}},
                "required": ["order_number"],
            },
            "code": TRACK_ORDER,
        }
    ],
    "stages": [{"name": "service", "prompt": "Find out which order the customer asks about and track it.", "tools": ["track_order"]}],
}


def _mailbox(mail: FakeMail, **changes: Any) -> dict[str, Any]:
    body = {
        "address": ADDRESS,
        "imap_host": "127.0.0.1",
        "imap_port": mail.imap_port,
        "imap_security": "none",
        "smtp_host": "127.0.0.1",
        "smtp_port": mail.smtp_port,
        "smtp_security": "none",
        "username": ADDRESS,
        "password": "right",
    }
    return body | changes


async def _attach(api: httpx2.AsyncClient, agent: str, mailbox: dict[str, Any]) -> None:
    await make_agent(api, agent, deploy=False, **SHOP)
    stored = await api.put(f"/v1/agents/{agent}/mailbox", json=mailbox)
    assert stored.status_code == 200, stored.text
    assert "right" not in stored.text
    await make_agent(api, agent)


def _arrives(mail: FakeMail, message_id: str, text: str, *, subject: str = "My order", reply_to: str = "", **headers: str) -> Any:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Message-ID"] = "Anna <anna@customer.example>", ADDRESS, subject, message_id
    if reply_to:
        message["In-Reply-To"], message["References"] = reply_to, reply_to
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return mail.put(message)


def _parsed(sent: SentMail) -> EmailMessage:
    message = email.message_from_bytes(sent.raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


async def _is_read(message: Any) -> bool:
    return "\\Seen" in message.flags


async def test_a_thread_of_mails_is_one_conversation_with_one_answer_each(stack: Stack, api: httpx2.AsyncClient) -> None:
    async with FakeMail({ADDRESS: "right"}) as mail:
        automatic = _arrives(mail, "<auto@customer.example>", "I am on holiday.", subject="Away", Auto_Submitted="auto-replied")
        first = _arrives(mail, "<m1@customer.example>", "Hello, can you track my order for me?")
        await _attach(api, "mail-shop", _mailbox(mail))
        [sent] = await mail.wait_for_mail(1, 20)
        question = _parsed(sent)
        assert (question["From"], question["To"], question["Subject"]) == (ADDRESS, "Anna <anna@customer.example>", "Re: My order")
        assert (question["In-Reply-To"], question["References"]) == ("<m1@customer.example>", "<m1@customer.example>")
        assert "number" in question.get_content().lower()
        await eventually(lambda: _is_read(first), what="the mark of the first mail")
        quoted = "It is order number 10042.\n\nOn Monday the shop wrote:\n> Which order number 77 do you mean?"
        second = _arrives(mail, "<m2@customer.example>", quoted, subject="Re: My order", reply_to=question["Message-ID"])
        answer = _parsed((await mail.wait_for_mail(2, 20))[1])
        assert "Order 10042 is on its way" in answer.get_content()
        assert answer["References"].split()[-1] == "<m2@customer.example>"
        await eventually(lambda: _is_read(second), what="the mark of the second mail")

        record = await eventually(_conversation(api, "mail-shop", 4), what="the conversation in the API")
        assert [turn["role"] for turn in record["transcript"]] == ["user", "assistant", "user", "assistant"]
        assert [turn["message_id"] for turn in record["transcript"]][::2] == ["<m1@customer.example>", "<m2@customer.example>"]
        assert "77" not in record["transcript"][2]["text"]
        assert record["address"] == "anna@customer.example"
        [run] = record["tool_runs"]
        assert (run["tool"], run["status"], run["arguments"]) == ("track_order", "ok", {"order_number": "10042"})
        await _is_kept_as_long_as_the_thread(stack, record["session_id"])
        calls = (await api.get("/v1/calls", params={"limit": 200})).json()["calls"]
        assert record["session_id"] not in [call["session_id"] for call in calls]
        assert None not in [call["channel"] for call in calls], "a mail was made into a call"
        assert len(mail.sent) == 2
        assert not await _is_read(automatic)
        assert len(mail.folders["Sent"].messages) == 2
        assert (await api.delete("/v1/agents/mail-shop/mailbox")).status_code == 204


def _conversation(api: httpx2.AsyncClient, agent: str, turns: int) -> Callable[[], Awaitable[dict[str, Any] | None]]:
    async def look() -> dict[str, Any] | None:
        found = (await api.get("/v1/conversations", params={"agent_id": agent})).json()["conversations"]
        if len(found) != 1:
            return None
        detail: dict[str, Any] = (await api.get(f"/v1/conversations/{found[0]['session_id']}")).json()
        return detail if len(detail["transcript"]) >= turns and detail["tool_runs"] else None

    return look


async def _is_kept_as_long_as_the_thread(stack: Stack, session_id: str) -> None:
    client = redis.asyncio.Redis.from_url(stack.dev["redis_url"])
    try:
        for key in (redis_keys.journal(session_id), redis_keys.session_owner(session_id), redis_keys.fence(session_id)):
            assert await client.ttl(key) > redis_keys.MAIL_TTL_S - 300
    finally:
        await client.aclose()


async def test_a_mailbox_that_refuses_says_so_and_the_others_go_on(api: httpx2.AsyncClient) -> None:
    async with FakeMail({ADDRESS: "right"}) as mail:
        await _attach(api, "mail-locked-out", _mailbox(mail, password="wrong"))

        async def shows_its_error() -> str | None:
            mailbox = (await api.get("/v1/agents/mail-locked-out/mailbox")).json()["mailbox"]
            error: str | None = mailbox["last_error"]
            return error

        error = await eventually(shows_its_error, timeout_s=20, what="the error of the mailbox")
        assert "wrong" not in error
        _arrives(mail, "<m3@customer.example>", "Hello, can you track my order for me?")
        await _attach(api, "mail-open", _mailbox(mail))
        assert len(await mail.wait_for_mail(1, 20)) == 1
        repaired = await api.put("/v1/agents/mail-locked-out/mailbox", json=_mailbox(mail))
        assert repaired.json()["mailbox"]["last_error"] is None
        for agent in ("mail-locked-out", "mail-open"):
            assert (await api.delete(f"/v1/agents/{agent}/mailbox")).status_code == 204


@pytest.mark.parametrize("host", ["https://mail.example.com", "user@mail.example.com", "mail.example.com:993", ""])
async def test_a_mail_server_is_a_host_name(api: httpx2.AsyncClient, host: str) -> None:
    await make_agent(api, "mail-hosts", deploy=False, channel="chat")
    body = {"address": ADDRESS, "imap_host": host, "smtp_host": "smtp.example.com", "username": ADDRESS, "password": "p"}
    refused = await api.put("/v1/agents/mail-hosts/mailbox", json=body)
    assert (refused.status_code, [error["field"] for error in refused.json()["errors"]]) == (422, ["imap_host"])
