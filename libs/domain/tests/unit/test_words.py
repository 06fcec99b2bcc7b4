"""Proves K5 (ended reasons name who is at fault), B1, B2, W5 (standard tools and their arguments), C3 (audio formats)."""

import pytest
from callstage_domain.agent import AgentSettings, AgentSnapshot, Stage
from callstage_domain.audio import AudioFormat
from callstage_domain.builtin_tools import standard_tool
from callstage_domain.call import EndedReason, fault_of
from callstage_domain.ids import AgentId, TenantId
from pydantic import ValidationError

W5 = {
    "create_lead": ({"first_name", "phone"}, {"first_name", "last_name", "phone", "email", "company", "interest", "notes", "source"}),
    "leave_message": (
        {"caller_name", "caller_phone", "message"},
        {"caller_name", "caller_phone", "for_person", "message", "urgent", "callback_preferred_time"},
    ),
    "schedule_appointment": (
        {"caller_name", "phone", "date", "purpose"},
        {"caller_name", "phone", "date", "time", "duration", "purpose", "notes"},
    ),
    "check_policy_status": ({"policy_number"}, {"policy_number", "phone", "last_name", "date_of_birth", "lookup_type"}),
    "send_sms": ({"to_phone", "message"}, {"to_phone", "message", "purpose", "caller_name"}),
    "transfer_to_human": ({"reason"}, {"reason", "department"}),
    "end_call": ({"reason"}, {"reason", "summary"}),
}


@pytest.mark.parametrize("name", W5)
def test_standard_tools_have_the_documented_arguments(name: str) -> None:
    tool = standard_tool(name)
    assert tool is not None
    required, known = W5[name]
    assert set(tool.parameters["required"]) == required
    assert set(tool.parameters["properties"]) == known


def test_every_ended_reason_names_who_is_at_fault() -> None:
    assert {fault_of(reason) for reason in EndedReason} >= {"nobody", "caller", "platform", "provider", "carrier"}


@pytest.mark.parametrize(("audio_format", "frame"), [(AudioFormat.PCMU_8K, 160), (AudioFormat.PCM16_16K, 640), (AudioFormat.PCM16_24K, 960)])
def test_twenty_milliseconds_of_audio(audio_format: AudioFormat, frame: int) -> None:
    assert audio_format.size_bytes(20) == frame
    assert audio_format.duration_ms(frame) == 20


def test_a_snapshot_survives_json_and_refuses_unknown_fields() -> None:
    snapshot = AgentSnapshot(
        tenant_id=TenantId("t"),
        agent_id=AgentId("a"),
        deployment=1,
        settings=AgentSettings(display_name="Bella"),
        stages=(Stage(name="main"),),
        first_stage="main",
    )
    assert AgentSnapshot.model_validate_json(snapshot.model_dump_json()) == snapshot
    assert snapshot.stage("main") is not None
    assert snapshot.stage("gone") is None
    with pytest.raises(ValidationError, match="mystery"):
        AgentSnapshot.model_validate(snapshot.model_dump() | {"mystery": 1})
