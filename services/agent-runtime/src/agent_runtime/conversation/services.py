"""What all calls of a process share."""

from dataclasses import dataclass, field

from agent_runtime.conversation.explanation import Explainer
from agent_runtime.conversation.outlet import CaptionSink, EventSink
from agent_runtime.conversation.phrase_cache import PhraseCache
from agent_runtime.conversation.reply import FILLER_AFTER_S
from agent_runtime.conversation.turn_options import TurnOptions
from agent_runtime.tools.dispatcher import ToolDispatcher


@dataclass(frozen=True, slots=True)
class SessionServices:
    """Of voice and of text."""

    dispatcher: ToolDispatcher
    events: EventSink
    captions: CaptionSink
    phrases: PhraseCache
    vad_start_ms: int = 200
    filler_after_s: float = FILLER_AFTER_S
    explainer: Explainer | None = None
    turns: TurnOptions = field(default_factory=TurnOptions)
