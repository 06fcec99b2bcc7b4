"""What is written first in a text conversation (rule A6)."""

from callstage_domain.agent import AgentSnapshot
from callstage_domain.variables import render

from agent_runtime.stages.state import ConversationState

_DISCLOSURES = {
    "en": "You are writing with {name}, an AI assistant.",
    "es": "Está escribiendo con {name}, un asistente de inteligencia artificial.",
    "fr": "Vous écrivez à {name}, un assistant d'intelligence artificielle.",
    "de": "Sie schreiben mit {name}, einem KI-Assistenten.",
    "nl": "U chat met {name}, een AI-assistent.",
    "pt": "Está a escrever com {name}, um assistente de inteligência artificial.",
    "it": "Sta scrivendo con {name}, un assistente di intelligenza artificiale.",
}


def written_opening(snapshot: AgentSnapshot, state: ConversationState) -> tuple[str, bool]:
    """The fixed text that opens the conversation, and whether the model greets after it. ("", False): wait for the writer."""
    settings = snapshot.settings
    pieces: list[str] = []
    if settings.disclosure:
        language = settings.language.split("-")[0].lower()
        pieces.append(_DISCLOSURES.get(language, _DISCLOSURES["en"]).format(name=settings.display_name))
    if settings.speak_first and settings.greeting is not None:
        pieces.append(render(settings.greeting, state.variables.merged(), request_names=state.request_names).strip())
    return "\n\n".join(piece for piece in pieces if piece), settings.speak_first and settings.greeting is None
