"""What is said first (rules A6, P5)."""

from callstage_domain.agent import AgentSnapshot
from callstage_domain.variables import render

from agent_runtime.conversation.phrases import phrases_for
from agent_runtime.stages.state import ConversationState


def disclosure(snapshot: AgentSnapshot) -> str:
    """What has to be heard before anything else; empty when the agent is not set to say it. A recording is told of when there is one."""
    settings = snapshot.settings
    if not settings.disclosure:
        return ""
    phrases = phrases_for(settings.language)
    return (phrases.disclosure if settings.recording and snapshot.channel == "voice" else phrases.ai_disclosure).format(name=settings.display_name)


def opening_text(snapshot: AgentSnapshot, state: ConversationState) -> tuple[str, bool]:
    """The fixed text that opens the call, and whether the model greets after it. ("", False): listen."""
    settings = snapshot.settings
    pieces: list[str] = []
    if settings.disclosure:
        pieces.append(disclosure(snapshot))
    if not settings.speak_first:
        return " ".join(pieces), False
    if settings.greeting is not None:
        pieces.append(render(settings.greeting, state.variables.merged(), request_names=state.request_names).strip())
    return " ".join(piece for piece in pieces if piece), settings.greeting is None
