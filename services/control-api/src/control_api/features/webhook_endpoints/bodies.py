"""What stands in a message: the public view of what it tells of, as it is when the message is first sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.db.call_tables import CallRow, TurnRow
from control_api.db.webhook_tables import WebhookDeliveryRow
from control_api.features.calls.repository import CallRepository
from control_api.features.calls.schemas import CallRecord
from control_api.features.conversations.repository import ConversationRepository
from control_api.features.conversations.schemas import ConversationView
from control_api.features.voicemails.repository import VoicemailRepository
from control_api.features.voicemails.schemas import Voicemail
from control_api.features.voicemails.service import voicemail_view

_log = structlog.get_logger(__name__)


class SpokenLine(BaseModel):
    """One line of a transcript; times are milliseconds since the call was answered."""

    turn: int
    role: str
    text: str
    stage: str
    started_at_ms: int
    ended_at_ms: int
    interrupted: bool


class CallData(BaseModel):
    """Of every message about a call."""

    call: CallRecord


class TranscriptData(CallData):
    """Of `transcript.ready`."""

    transcript: list[SpokenLine]


class VoicemailData(BaseModel):
    """Of `voicemail.new`."""

    voicemail: Voicemail


class ConversationData(BaseModel):
    """Of `email.handoff`."""

    conversation: ConversationView


class DeploymentData(BaseModel):
    """Of `deployment.activated`."""

    agent_id: str
    deployment: int
    activated_by: str


Data = CallData | TranscriptData | VoicemailData | ConversationData | DeploymentData


class Message(BaseModel):
    """The body of a request."""

    type: str
    timestamp: datetime = Field(description="When it happened.")
    data: dict[str, Any]


def body_of(message_type: str, occurred_at: datetime, data: Data) -> str:
    """JSON."""
    return Message(type=message_type, timestamp=occurred_at, data=data.model_dump(mode="json")).model_dump_json()


async def told_body(session: AsyncSession, row: WebhookDeliveryRow) -> str | None:
    """The body of a delivery, None when what it tells of was deleted meanwhile, or cannot be shown: it must not hold up what comes after it."""
    try:
        data = await _data(session, row)
    except (ValueError, KeyError) as err:
        _log.error("webhook_body_not_made", type=row.type, message_id=row.message_id, error=type(err).__name__)
        return None
    return None if data is None else body_of(row.type, row.occurred_at, data)


async def _data(session: AsyncSession, row: WebhookDeliveryRow) -> Data | None:
    subject = row.subject
    if row.type == "deployment.activated":
        return DeploymentData.model_validate(subject)
    if row.type == "voicemail.new":
        voicemails = VoicemailRepository(session, row.tenant_id)
        voicemail = await voicemails.get(subject["voicemail_id"])
        return VoicemailData(voicemail=voicemail_view(voicemail, await voicemails.audio([voicemail.voicemail_id]))) if voicemail else None
    if row.type == "email.handoff":
        conversation = await ConversationRepository(session, row.tenant_id).get(subject["session_id"])
        return ConversationData(conversation=ConversationView.model_validate(conversation)) if conversation else None
    calls = CallRepository(session, row.tenant_id)
    call = await calls.get(subject["call_id"])
    if call is None:
        return None
    return _transcript(call, await calls.turns(call.call_id)) if row.type == "transcript.ready" else CallData(call=CallRecord.of(call))


def _transcript(call: CallRow, turns: Sequence[TurnRow]) -> TranscriptData:
    lines = [
        SpokenLine(
            turn=turn.turn,
            role=turn.role,
            text=turn.text,
            stage=turn.stage,
            started_at_ms=turn.started_at_ms,
            ended_at_ms=turn.ended_at_ms,
            interrupted=turn.was_interrupted,
        )
        for turn in turns
    ]
    return TranscriptData(call=CallRecord.of(call), transcript=lines)
