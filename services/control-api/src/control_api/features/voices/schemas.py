"""Bodies of voices."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from control_api.compile.draft import LanguageTag, ShortText
from control_api.features.providers.schemas import ProviderName
from control_api.web.schema import Body, Reply

Gender = Literal["female", "male", "neutral"]


class VoiceReply(Reply):
    """One voice. `voice` is what an agent names; `language` is BCP-47, or `multi` for the language of the text."""

    provider: str
    voice: str
    name: str
    language: str
    gender: Gender


class VoiceList(Reply):
    """`notes`: by provider, when its list is not complete, and how to name a voice then."""

    voices: list[VoiceReply]
    notes: dict[str, str]


class PreviewRequest(Body):
    """What is to be heard. Without a text the platform says a sentence of its own in that language."""

    provider: ProviderName
    voice: ShortText | None = None
    language: LanguageTag = "en"
    text: Annotated[str, StringConstraints(max_length=300)] = ""
    speed: Annotated[float, Field(ge=0.5, le=2)] = 1.0
    model: ShortText | None = None
