"""Proves WS1, WS2, WS3, WS4, WS5, WS6, WS7, AC2 on the real stack: a browser talks and types, is refused with codes, comes back to its session."""

import httpx2
import pytest
from callstage_phone.browser import BrowserCaller
from callstage_phone.room import CallOver
from callstage_testing.stack import Stack

from tests.conftest import speech
from tests.platform_steps import eventually, hears


def _caller(stack: Stack, **query: str) -> BrowserCaller:
    return BrowserCaller(
        f"{stack.gateway_ws}/ws/voice", {"api_key": stack.dev["api_key"], "agent_id": stack.dev["agent_id"], **query}, chunk_bytes=[640, 333, 1201]
    )


@pytest.mark.parametrize("query", [{}, {"format": "pcm16_24k"}], ids=["mp3", "pcm"])
async def test_a_browser_talks_and_listens(stack: Stack, query: dict[str, str]) -> None:
    async with _caller(stack, **query) as browser:
        connected = await browser.wait_for("connected", 10)
        assert connected.data["agentName"] == "Bella"
        assert connected.data["historyKey"]
        await browser.wait_for_agent_speech(10)
        await browser.wait_for("audioEnd", 20)
        await browser.wait_for_agent_silence(500, 20)
        said = await browser.say(speech("order_three_pizzas"), rate_hz=8000)
        await browser.wait_for_agent_speech(15, after=said.speech_ended_at)
        assert "pizza" in " ".join(browser.transcripts("user")).lower()
        assert browser.transcripts("assistant")
        assert browser.problems == []


async def test_typing_works_and_a_session_resumes_with_its_history(stack: Stack) -> None:
    async with _caller(stack) as browser:
        key = (await browser.wait_for("connected", 10)).data["historyKey"]
        await browser.wait_for("audioEnd", 20)
        browser.send_text("I want two large pizzas")
        await hears(browser, "name")
        browser.stop()
        assert await browser.wait_closed(5) == 1000
    async with _caller(stack, session_id=key) as again:
        assert (await again.wait_for("connected", 10)).data["historyKey"] == key
        await again.wait_for_agent_silence(500, 20)
        again.send_text("My name is Anna")
        await hears(again, "oven")


async def test_an_unknown_session_starts_a_new_one(stack: Stack) -> None:
    async with _caller(stack, session_id="ses_unknown") as browser:
        assert (await browser.wait_for("connected", 10)).data["historyKey"] != "ses_unknown"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"api_key": "vx_wrong"}, 4001),
        ({"token": "nonsense"}, 4001),
        ({}, 4001),
        ({"api_key": "KEY", "agent_id": "no-such-agent"}, 4005),
    ],
)
async def test_refusals_have_their_codes(stack: Stack, query: dict[str, str], code: int) -> None:
    filled = {name: stack.dev["api_key"] if value == "KEY" else value for name, value in query.items()}
    async with BrowserCaller(f"{stack.gateway_ws}/ws/voice", filled) as browser:
        assert await browser.wait_closed(5) == code


async def test_a_revoked_key_stops_working(stack: Stack, api: httpx2.AsyncClient) -> None:
    made = (await api.post("/v1/api-keys", json={"name": "short-lived"})).json()
    secret, key_id = made["api_key"], made["id"]

    async def connects() -> bool:
        async with BrowserCaller(f"{stack.gateway_ws}/ws/voice", {"api_key": secret, "agent_id": stack.dev["agent_id"]}) as browser:
            try:
                await browser.wait_for("connected", 10)
            except CallOver:
                return False
            return True

    await eventually(connects, timeout_s=10, what="the new key")
    assert (await api.delete(f"/v1/api-keys/{key_id}")).status_code < 300

    async def refused() -> bool:
        async with BrowserCaller(f"{stack.gateway_ws}/ws/voice", {"api_key": secret}) as browser:
            return await browser.wait_closed(0.8) == 4001

    await eventually(refused, timeout_s=8, what="the revocation")


@pytest.mark.parametrize(
    "garbage", ["not json", "[]", '{"type":"unknown"}', '{"type":"dtmf","digit":"Z"}', '{"type":"text"}', '{"type":"text","text":7}']
)
async def test_garbage_does_not_end_a_call(stack: Stack, garbage: str) -> None:
    async with _caller(stack) as browser:
        await browser.wait_for("connected", 10)
        browser.send_raw(garbage)
        browser.send_text("What are your opening hours?")
        await hears(browser, "eleven")


async def test_a_flood_is_closed(stack: Stack) -> None:
    async with _caller(stack) as browser:
        await browser.wait_for("connected", 10)
        for _ in range(600):
            browser.send_raw(b"\0" * 32_000)
        assert await browser.wait_closed(15) in {1008, 1009, 1013}
