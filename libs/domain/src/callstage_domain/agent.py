"""An agent as it runs: the immutable snapshot that a deploy makes and the data plane reads."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from callstage_domain.ids import AgentId, TenantId

AgentChannel = Literal["voice", "chat"]
ThinkingLevel = Literal["minimal", "low", "medium", "high"]
ToolKind = Literal["builtin", "webhook", "code"]

MAIN_STAGE = "main"
"""Name of the one stage of an agent that has none of its own (rule A3)."""


class Frozen(BaseModel):
    """Immutable, strict about unknown fields: a snapshot from a newer release must not lose meaning silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FallbackChoice(Frozen):
    """A provider that answers when those before it cannot. Not chosen: its own defaults. `voice` counts for text-to-speech only."""

    provider: Annotated[str, Field(min_length=1, max_length=63)]
    model: Annotated[str, Field(max_length=200)] | None = None
    voice: Annotated[str, Field(max_length=200)] | None = None
    options: dict[str, Any] = Field(default_factory=dict[str, Any])


Fallbacks = Annotated[tuple[FallbackChoice, ...], Field(max_length=5)]
"""In order. None instead of a list: the platform's order (every vendor with a key, then the offline engine); empty: no fallback."""


class LlmSettings(Frozen):
    """Which language model answers. `provider=None` means the platform's default. `options` goes to the provider unchanged."""

    provider: str | None = None
    model: str | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.7
    thinking_level: ThinkingLevel = "minimal"
    options: dict[str, Any] = Field(default_factory=dict[str, Any])
    fallbacks: Fallbacks | None = None


class SpeechSettings(Frozen):
    """Speech-to-text or text-to-speech choice. `options` goes to the provider unchanged."""

    provider: str | None = None
    model: str | None = None
    options: dict[str, Any] = Field(default_factory=dict[str, Any])
    fallbacks: Fallbacks | None = None


class RealtimeSettings(Frozen):
    """A speech-to-speech model in place of stt, llm and tts, which stand by for when it fails. `provider=None`: there is none.

    `options` goes to the provider unchanged, but for `voice`, which names one of the model's own.
    """

    provider: str | None = None
    model: str | None = None
    options: dict[str, Any] = Field(default_factory=dict[str, Any])


class AgentSettings(Frozen):
    """Rule A2: everything about an agent that is not a stage or a tool."""

    display_name: str
    company: str = ""
    role: str = "AI Assistant"
    language: str = "en"
    voice: str | None = None
    speed: Annotated[float, Field(ge=0.5, le=2)] = 1.0
    llm: LlmSettings = LlmSettings()
    stt: SpeechSettings = SpeechSettings()
    tts: SpeechSettings = SpeechSettings()
    realtime: RealtimeSettings = RealtimeSettings()
    system_prompt: str = ""
    speak_first: bool = True
    greeting: str | None = None
    farewell: str | None = None
    interruption_sensitivity: Annotated[float, Field(ge=0, le=1)] = 0.5
    silence_threshold_ms: Annotated[int, Field(ge=200, le=3000)] = 700
    max_duration_s: Annotated[int, Field(ge=1, le=86_400)] = 600
    idle_timeout_s: Annotated[int, Field(ge=1, le=3600)] = 30
    enable_transcription: bool = False
    disclosure: bool = False
    """Rule A6: say first that this is an AI, and that the call is recorded when it is."""
    recording: bool = False
    """Rule K1: keep the sound of the call, the caller left, the agent right."""
    recording_retention_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """Recordings and voicemails are deleted after so many days; None: kept until somebody deletes them."""
    keep_journal: bool = True
    """Rule K6: keep with the call what was said and decided (text, no audio), so that it can be replayed."""
    test_caller_phone: str | None = None
    test_sender_email: str | None = None


class ToolDefinition(Frozen):
    """One action. `parameters` is a JSON Schema object; `code` is the body of an async function (rule T1)."""

    name: str
    kind: ToolKind
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    code: str | None = None
    timeout_s: float | None = None
    """None: the sandbox's default for the kind of run."""


class Transition(Frozen):
    """Rule S2: when `on_tool` completes without error, go to `to_stage`."""

    on_tool: str
    to_stage: str
    handover_message: str | None = None


class Stage(Frozen):
    """Rule S1. `tools` are names in the snapshot's `tools`, in the order offered to the model."""

    name: str
    prompt: str = ""
    tools: tuple[str, ...] = ()
    transitions: tuple[Transition, ...] = ()


class AgentSnapshot(Frozen):
    """What calls run on. Never changes; `deployment` 0 is a draft made for a test session."""

    tenant_id: TenantId
    agent_id: AgentId
    deployment: int
    channel: AgentChannel = "voice"
    settings: AgentSettings
    stages: tuple[Stage, ...]
    first_stage: str
    tools: dict[str, ToolDefinition] = Field(default_factory=dict[str, ToolDefinition])
    preload_tools: tuple[str, ...] = ()
    tools_webhook_url: str | None = None
    has_backend: bool = False
    """True: a caller lookup runs by itself (rule V7)."""
    integrations: dict[str, str] = Field(default_factory=dict[str, str])
    """Attached integrations: category (`email`, `calendar`, `whatsapp`) → integration id."""

    def stage(self, name: str) -> Stage | None:
        """The stage of that name, None when there is none."""
        return next((stage for stage in self.stages if stage.name == name), None)
