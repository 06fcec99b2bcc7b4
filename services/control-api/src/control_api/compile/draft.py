"""An agent as editors change it (rule A2)."""

from typing import Annotated, Any, Literal

from callstage_contracts.buckets import IntegrationCategory
from callstage_domain.agent import AgentChannel, Fallbacks, LlmSettings, RealtimeSettings, SpeechSettings, ThinkingLevel, ToolKind
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from control_api.compile.urls import HttpUrlText

AgentType = Literal["inbound", "click_to_call"]
AccessRight = Literal["create", "read", "write", "delete", "search_read"]
DEFAULT_ROLE = "AI Assistant"
DEFAULT_LANGUAGE = "en"


AgentSlug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
ToolName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
StageName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
PromptText = Annotated[str, StringConstraints(max_length=100_000)]
"""About 25,000 tokens: more than a model follows on the phone, and several of them still fit into one deployment."""
SpokenText = Annotated[str, StringConstraints(max_length=5_000)]
CodeText = Annotated[str, StringConstraints(max_length=200_000)]
ToolNames = Annotated[list[ToolName], Field(max_length=200)]
ShortText = Annotated[str, StringConstraints(max_length=200)]
NonEmptyText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
LanguageTag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
PhoneText = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{4,14}$")]
MailText = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)]
Speed = Annotated[float, Field(ge=0.5, le=2)]
Temperature = Annotated[float, Field(ge=0, le=2)]
Sensitivity = Annotated[float, Field(ge=0, le=1)]
SilenceMs = Annotated[int, Field(ge=200, le=3000)]
MaxDuration = Annotated[int, Field(ge=1, le=86_400)]
IdleTimeout = Annotated[int, Field(ge=1, le=3600)]
RetentionDays = Annotated[int, Field(ge=1, le=3650)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DraftTool(_Part):
    """A code tool, or a webhook tool with its own schema (rules T1, W6). Without `kind`: `code` when there is code, else `webhook`."""

    name: ToolName
    kind: ToolKind | None = None
    description: Annotated[str, StringConstraints(max_length=10_000)] = ""
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    code: CodeText | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] | None = None

    @property
    def real_kind(self) -> ToolKind:
        """The kind it runs as."""
        return self.kind or ("code" if self.code is not None else "webhook")


class ResourceField(_Part):
    """A field of a backend model (rule R1)."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    type: ShortText = ""
    label: ShortText = ""
    description: Annotated[str, StringConstraints(max_length=2_000)] = ""
    required: bool = False
    readonly: bool = False
    relation: ShortText = ""
    choices: list[ShortText] = Field(default_factory=list[str], max_length=500)


class DraftResource(_Part):
    """A backend model as code generation knows it; never enforced when a tool runs (rule R1)."""

    model: NonEmptyText
    description: Annotated[str, StringConstraints(max_length=10_000)] = ""
    fields: list[ResourceField] = Field(default_factory=list[ResourceField], max_length=500)
    access: list[AccessRight] = Field(default_factory=list[AccessRight], max_length=5)
    base_domain: list[Any] = Field(default_factory=list[Any], max_length=100)
    create_extra: dict[str, Any] = Field(default_factory=dict[str, Any])


class DraftTransition(_Part):
    """Rule S2."""

    on_tool: ToolName
    to_stage: StageName
    handover_message: SpokenText | None = None


class DraftStage(_Part):
    """Rule S1; tools by name."""

    name: StageName
    prompt: PromptText = ""
    tools: ToolNames = Field(default_factory=list[str])
    transitions: list[DraftTransition] = Field(default_factory=list[DraftTransition], max_length=100)


class AgentDraft(_Part):
    """Every field of an agent but its id. `company` None reads as the display name."""

    display_name: NonEmptyText
    company: ShortText | None = None
    role: ShortText = DEFAULT_ROLE
    language: LanguageTag = DEFAULT_LANGUAGE
    voice: ShortText | None = None
    speed: Speed = 1.0
    llm: LlmSettings = LlmSettings()
    stt: SpeechSettings = SpeechSettings()
    tts: SpeechSettings = SpeechSettings()
    realtime: RealtimeSettings = RealtimeSettings()
    system_prompt: PromptText = ""
    speak_first: bool = True
    greeting: SpokenText | None = None
    farewell: SpokenText | None = None
    tools: list[ToolName | DraftTool] = Field(default_factory=list[str | DraftTool], max_length=200)
    tools_webhook_url: HttpUrlText | None = None
    interruption_sensitivity: Sensitivity = 0.5
    silence_threshold_ms: SilenceMs = 700
    max_duration_s: MaxDuration = 600
    idle_timeout_s: IdleTimeout = 30
    enable_transcription: bool = False
    keep_journal: bool = True
    type: AgentType = "inbound"
    disable_signature_verification: bool = False
    test_caller_phone: PhoneText | None = None
    test_sender_email: MailText | None = None
    disclosure: bool = True
    recording: bool = False
    recording_retention_days: RetentionDays | None = None
    channel: AgentChannel = "voice"
    stages: list[DraftStage] = Field(default_factory=list[DraftStage], max_length=100)
    first_stage: StageName | None = None
    preload_tools: ToolNames = Field(default_factory=list[str])
    tool_definitions: list[DraftTool] = Field(default_factory=list[DraftTool], max_length=200)
    resources: list[DraftResource] = Field(default_factory=list[DraftResource], max_length=100)
    integrations: dict[IntegrationCategory, ShortText] = Field(default_factory=dict[IntegrationCategory, str])

    @property
    def own_tools(self) -> list[DraftTool]:
        """Tools defined by this agent, inline ones first."""
        return [tool for tool in self.tools if isinstance(tool, DraftTool)] + self.tool_definitions

    @property
    def simple_tools(self) -> list[str]:
        """Names of the tools of a one-stage agent, in order."""
        return [tool if isinstance(tool, str) else tool.name for tool in self.tools]


class LlmPatch(_Part):
    """Parts of `llm` to change."""

    provider: ShortText | None = None
    model: ShortText | None = None
    temperature: Temperature | None = None
    thinking_level: ThinkingLevel | None = None
    options: dict[str, Any] | None = None
    fallbacks: Fallbacks | None = None


class AgentPatch(BaseModel):
    """PATCH body: what is sent is changed, null clears, the rest stays. The documents' flat `temperature` and `thinking_level` win over `llm`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    display_name: NonEmptyText | None = None
    company: ShortText | None = None
    role: ShortText | None = None
    language: LanguageTag | None = None
    voice: ShortText | None = None
    speed: Speed | None = None
    llm: LlmPatch | None = None
    temperature: Temperature | None = None
    thinking_level: ThinkingLevel | None = None
    stt: SpeechSettings | None = None
    tts: SpeechSettings | None = None
    realtime: RealtimeSettings | None = None
    system_prompt: PromptText | None = None
    speak_first: bool | None = None
    greeting: SpokenText | None = None
    farewell: SpokenText | None = None
    tools: list[ToolName | DraftTool] | None = Field(default=None, max_length=200)
    tools_webhook_url: HttpUrlText | None = None
    interruption_sensitivity: Sensitivity | None = None
    silence_threshold_ms: SilenceMs | None = None
    max_duration_s: MaxDuration | None = None
    idle_timeout_s: IdleTimeout | None = None
    enable_transcription: bool | None = None
    keep_journal: bool | None = None
    type: AgentType | None = None
    disable_signature_verification: bool | None = None
    test_caller_phone: PhoneText | None = None
    test_sender_email: MailText | None = None
    disclosure: bool | None = None
    recording: bool | None = None
    recording_retention_days: RetentionDays | None = None
    channel: AgentChannel | None = None
    stages: list[DraftStage] | None = Field(default=None, max_length=100)
    first_stage: StageName | None = None
    preload_tools: ToolNames | None = None
    tool_definitions: list[DraftTool] | None = Field(default=None, max_length=200)
    resources: list[DraftResource] | None = Field(default=None, max_length=100)
    integrations: dict[IntegrationCategory, ShortText] | None = Field(
        default=None, description="Attached accounts: category (email, calendar, whatsapp) → id of an integration."
    )


_CLEARED_TO_DEFAULT = frozenset(
    {
        *("role", "language", "system_prompt", "stt", "tts", "realtime", "temperature", "thinking_level"),
        *("tools", "stages", "preload_tools", "tool_definitions", "resources", "integrations"),
    }
)
_NULLABLE = frozenset(
    {
        *("company", "voice", "greeting", "farewell", "tools_webhook_url", "test_caller_phone", "test_sender_email", "first_stage"),
        "recording_retention_days",
    }
)


class NotClearable(ValueError):
    """null was sent for a field that must have a value."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} cannot be null")
        self.field = field


def merged(draft: dict[str, Any], patch: AgentPatch) -> AgentDraft:
    """The draft with the patch applied. Raises NotClearable; the fields themselves were validated with the patch."""
    values = dict(draft)
    llm: dict[str, Any] = dict(values.get("llm") or {})
    sent = patch.model_dump(mode="json", exclude_unset=True)
    if (llm_patch := sent.pop("llm", None)) is not None:
        llm |= {name: value for name, value in llm_patch.items() if value is not None or name in ("provider", "model", "fallbacks")}
        if llm_patch.get("options", llm) is None:
            llm.pop("options", None)
    elif "llm" in patch.model_fields_set:
        llm = {}
    for name, value in sent.items():
        target = llm if name in ("temperature", "thinking_level") else values
        if value is not None or name in _NULLABLE:
            target[name] = value
        elif name in _CLEARED_TO_DEFAULT:
            target.pop(name, None)
        else:
            raise NotClearable(name)
    return AgentDraft.model_validate({**values, "llm": llm})
