"""GET /v1/voices."""

from typing import Annotated, Literal

from fastapi import Query

from control_api.access.dependencies import Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.voices.catalogue import NOTES, VOICES
from control_api.web.schema import Reply

router = api_router("voices")


class VoiceReply(Reply):
    """One voice."""

    provider: str
    voice: str
    language: str
    gender: Literal["female", "male", "neutral"]


class VoiceList(Reply):
    """`notes`: providers whose voices are not listed here, and how to name one."""

    voices: list[VoiceReply]
    notes: dict[str, str]


@router.get("/v1/voices")
async def list_voices(
    caller: Viewer,
    provider: Annotated[str | None, Query(max_length=63)] = None,
    language: Annotated[str | None, Query(max_length=35, description="Two letters are enough.")] = None,
) -> VoiceList:
    """Voices by provider and language."""
    found = [voice for voice in VOICES if provider in (None, voice.provider)]
    if language:
        found = [voice for voice in found if voice.language == "multi" or voice.language.split("-")[0] == language.split("-")[0].lower()]
    return VoiceList(
        voices=[VoiceReply.model_validate(voice) for voice in found],
        notes={name: note for name, note in NOTES.items() if provider in (None, name)},
    )
