"""Proves C1, C4, N3, N5, AC2 on the real stack: wrong signatures, keys and tickets, blocked callers, no deployment; a caller never hears silence."""

import secrets

import httpx2
import pytest
from callstage_phone.twilio import twilio_signature
from callstage_testing.stack import Stack

from tests.platform_steps import eventually, make_agent, make_number

FORM = {"CallSid": "CA" + "1" * 32, "AccountSid": "AC", "From": "+12025550149", "To": "", "CallStatus": "ringing"}


async def _post(stack: Stack, path: str, form: dict[str, str], *, token: str | None = None) -> httpx2.Response:
    url = stack.dev["media_gateway"] + path
    headers = {"X-Twilio-Signature": twilio_signature(token or stack.dev["twilio_auth_token"], url, form)}
    async with httpx2.AsyncClient() as client:
        return await client.post(url, data=form, headers=headers)


async def test_a_wrong_signature_is_refused(stack: Stack) -> None:
    reply = await _post(stack, "/api/twilio/voice", FORM | {"To": stack.dev["number"]}, token="wrong")
    assert reply.status_code == 403
    assert "<Connect>" not in reply.text


async def test_a_wrong_key_hears_a_polite_sentence(stack: Stack) -> None:
    reply = await _post(stack, "/api/twilio/voice?api_key=vx_wrong", FORM | {"To": stack.dev["number"]})
    assert reply.status_code == 200
    assert "<Say" in reply.text
    assert "<Hangup" in reply.text


async def test_missing_parameters_are_a_client_error(stack: Stack) -> None:
    assert (await _post(stack, "/api/twilio/voice", {"AccountSid": "AC"})).status_code == 400


async def test_an_api_key_selects_the_tenants_agent(stack: Stack) -> None:
    reply = await _post(stack, f"/api/twilio/voice?api_key={stack.dev['api_key']}&agent_id={stack.dev['agent_id']}", FORM | {"To": "+12025559999"})
    assert reply.status_code == 200
    assert "<Connect>" in reply.text


async def test_a_ticket_opens_one_stream(stack: Stack) -> None:
    async with stack.twilio() as twilio, twilio.call(from_="+12025550150", to=stack.dev["number"]) as call:
        opened = await call.wait_for_stream(5)
        await call.wait_for_agent_speech(10)
        ticket = opened.parameters["ticket"]
        async with stack.twilio() as thief:
            document = call.documents[0]
            assert ticket in document
            stolen = thief.dial(from_="+1", to=stack.dev["number"])
            await stolen.wait_for_stream(5)
            stolen.replace_document(document)
            await eventually(lambda: _closed(stolen.close_codes, 2), timeout_s=10, what="the second use of a ticket being refused")
            assert stolen.close_codes[1] == 1008
        assert call.is_streaming


async def _closed(codes: list[int | None], count: int) -> bool:
    return len(codes) >= count


async def test_a_blocked_caller_is_rejected_before_media(stack: Stack, api: httpx2.AsyncClient) -> None:
    blocked = "+12025550" + "166"
    assert (await api.post("/v1/blocked-numbers", json={"number": blocked, "reason": "spam", "direction": "inbound"})).status_code < 300
    form = FORM | {"From": blocked, "To": stack.dev["number"], "CallSid": "CA" + secrets.token_hex(16)}

    async def rejected() -> bool:
        return "<Reject" in (await _post(stack, "/api/twilio/voice", form)).text

    await eventually(rejected, timeout_s=8, what="the block")
    assert (await api.get("/v1/blocked-numbers/check", params={"number": blocked})).json()["blocked"] is True
    assert (await api.delete(f"/v1/blocked-numbers/{blocked}")).status_code < 300

    async def answered() -> bool:
        return "<Connect>" in (await _post(stack, "/api/twilio/voice", form)).text

    await eventually(answered, timeout_s=8, what="the unblocking")


async def test_without_a_deployment_the_fallback_is_heard(stack: Stack, api: httpx2.AsyncClient) -> None:
    agent = await make_agent(api, "never-deployed", deploy=False)
    number = await make_number(api, agent, fallback={"type": "message", "target": "We are closed today."})
    async with stack.twilio() as twilio:

        async def heard() -> bool:
            call = twilio.dial(from_="+12025550151", to=number)
            await call.wait_ended(5)
            return call.said_by_carrier == ["We are closed today."]

        await eventually(heard, timeout_s=10, what="the fallback message")


async def test_a_fallback_to_a_person_dials(stack: Stack, api: httpx2.AsyncClient) -> None:
    agent = await make_agent(api, "never-deployed-2", deploy=False)
    number = await make_number(api, agent, fallback={"type": "external", "target": "+12025550199"})
    async with stack.twilio() as twilio:

        async def dialled() -> bool:
            call = twilio.dial(from_="+12025550152", to=number)
            await call.wait_ended(5)
            return any(verb.name == "Dial" for verb in call.verbs)

        await eventually(dialled, timeout_s=10, what="the dialled fallback")


@pytest.mark.parametrize("path", ["/incoming/telnyx"])
async def test_telnyx_takes_signed_posts_only(stack: Stack, path: str) -> None:
    async with httpx2.AsyncClient(base_url=stack.dev["media_gateway"]) as client:
        assert (await client.get(path)).status_code == 405
        forged = await client.post(path, data={"CallSid": "v3:x", "From": "+1", "To": stack.dev["number"]})
        assert forged.status_code in {400, 401, 403}


async def test_a_giant_body_is_refused(stack: Stack) -> None:
    async with httpx2.AsyncClient() as client:
        reply = await client.post(stack.dev["media_gateway"] + "/api/twilio/voice", content=b"x" * (2 << 20))
    assert reply.status_code in {400, 413}
