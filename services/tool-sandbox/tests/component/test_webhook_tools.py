"""Proves W1 W2 W3 W5 W6: what a webhook receives and what its answer means."""

import json
from typing import Any

import pytest
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb
from callstage_domain.agent import ToolDefinition
from callstage_testing.fakes.crm import CrmAnswer, FakeCrm, webhook_signature_is_valid
from callstage_testing.fakes.faults import Fault

Sandbox = Any
KEY = "csk_live_abcdefgh12345678"
APOLOGY = "I'm having trouble processing that right now."
LEAD = {"first_name": "Ann", "phone": "+32470000000"}


async def _lead(sandbox: Sandbox, url: str | None, **more: Any) -> pb.RunToolReply:
    sandbox.deploy(ToolDefinition(name="create_lead", kind="webhook"), webhook_url=url)
    return await sandbox.run(LEAD, tool="create_lead", **more)


async def test_the_request_is_exactly_the_documented_one(sandbox: Sandbox, crm: FakeCrm) -> None:
    reply = await _lead(sandbox, crm.url, key="call-1:tc-1")
    assert (reply.status, reply.speech) == (pb.RUN_STATUS_OK, "I have noted that down.")
    (delivery,) = crm.deliveries()
    assert delivery.json == {"function": "create_lead", "args": {**LEAD, "source": "phone_call"}, "call_id": "call-1", "tenant_id": "t1"}
    headers = delivery.headers
    assert headers["content-type"] == "application/json"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["x-webhook-source"] == "voiceai-platform"
    assert headers["idempotency-key"] == "call-1:tc-1"
    assert webhook_signature_is_valid(delivery, KEY)
    assert not webhook_signature_is_valid(delivery, "another key")


@pytest.mark.parametrize(
    ("answer", "status", "speech"),
    [
        (CrmAnswer({"status": "created", "message": "Done.", "id": 7}), pb.RUN_STATUS_OK, "Done."),
        (CrmAnswer({"status": "not_found", "message": "No such policy."}, status=404), pb.RUN_STATUS_OK, "No such policy."),
        (CrmAnswer({"status": "brand_new", "message": "Hm."}), pb.RUN_STATUS_OK, "Hm."),
        (CrmAnswer({"status": "error", "message": "We are closed."}), pb.RUN_STATUS_FAILED, "We are closed."),
        (CrmAnswer({"message": "Out of order."}, status=500), pb.RUN_STATUS_FAILED, "Out of order."),
        (CrmAnswer({"status": "saved"}), pb.RUN_STATUS_FAILED, APOLOGY),
        (CrmAnswer({"message": "  "}), pb.RUN_STATUS_FAILED, APOLOGY),
        (CrmAnswer({"message": 5}), pb.RUN_STATUS_FAILED, APOLOGY),
        (CrmAnswer(raw=b"<html>", content_type="text/html"), pb.RUN_STATUS_FAILED, APOLOGY),
        (CrmAnswer(raw=b"[1]"), pb.RUN_STATUS_FAILED, APOLOGY),
        (CrmAnswer(raw=b""), pb.RUN_STATUS_FAILED, APOLOGY),
        (CrmAnswer(raw=b'{"message":"' + b"x" * 300_000 + b'"}'), pb.RUN_STATUS_FAILED, APOLOGY),
    ],
)
async def test_answers(sandbox: Sandbox, crm: FakeCrm, answer: CrmAnswer, status: int, speech: str) -> None:
    crm.on("create_lead", answer)
    reply = await _lead(sandbox, crm.url)
    assert (reply.status, reply.speech) == (status, speech)
    assert len(crm.deliveries()) == 1
    if speech != APOLOGY:
        assert json.loads(reply.result_json) == answer.body
    else:
        assert reply.error_code == "webhook_failed"


async def test_a_connection_error_is_retried_once(sandbox: Sandbox, crm: FakeCrm) -> None:
    crm.fail("create_lead", Fault(drop_before=True))
    assert (await _lead(sandbox, crm.url)).status == pb.RUN_STATUS_OK
    crm.fail("create_lead", Fault(drop_before=True), times=2)
    reply = await _lead(sandbox, crm.url)
    assert (reply.status, reply.speech) == (pb.RUN_STATUS_FAILED, APOLOGY)
    assert len(crm.deliveries()) == 4


async def test_a_silent_receiver_ends_in_an_apology_in_time(sandbox: Sandbox, crm: FakeCrm) -> None:
    sandbox.runner._webhooks._timeout_s = 0.6
    crm.fail("create_lead", Fault(delay_s=60), times=None)
    reply = await _lead(sandbox, crm.url)
    assert (reply.status, reply.speech, reply.error_code) == (pb.RUN_STATUS_FAILED, APOLOGY, "webhook_failed")
    assert 500 <= reply.duration_ms < 30_000


@pytest.mark.parametrize("url", [None, "http://169.254.169.254/x", "http://[::1]:1/", "http://127.0.0.1:1/", "nonsense"])
async def test_no_address_or_a_refused_one(sandbox: Sandbox, url: str | None) -> None:
    reply = await _lead(sandbox, url)
    assert (reply.status, reply.speech) == (pb.RUN_STATUS_FAILED, APOLOGY)
    assert KEY not in str(reply)


async def test_missing_arguments_go_back_to_the_model_unsent(sandbox: Sandbox, crm: FakeCrm) -> None:
    sandbox.deploy(ToolDefinition(name="create_lead", kind="webhook"), webhook_url=crm.url)
    reply = await sandbox.run({"first_name": "A"}, tool="create_lead")
    assert (reply.error_code, reply.speech) == ("invalid_arguments", "")
    assert crm.deliveries() == []


async def test_custom_webhook_tools_use_their_own_schema(sandbox: Sandbox, crm: FakeCrm) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    sandbox.deploy(ToolDefinition(name="count", kind="webhook", parameters=schema), webhook_url=crm.url)
    assert (await sandbox.run({"n": 1}, tool="count")).status == pb.RUN_STATUS_OK
    assert crm.deliveries("count")[0].json["args"] == {"n": 1}
