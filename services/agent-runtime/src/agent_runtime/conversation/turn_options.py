"""How the calls of this process end turns and prepare answers."""

from dataclasses import dataclass

from callstage_domain.agent import AgentSettings

from agent_runtime.conversation.turn_model import TurnModel
from agent_runtime.conversation.turns.endpointing import ModelUse
from agent_runtime.conversation.turns.policy import TurnPolicy
from agent_runtime.conversation.turns.speculation import EagerLevel


@dataclass(frozen=True, slots=True)
class TurnOptions:
    """`model` None: words and silence alone decide."""

    is_adaptive: bool = True
    model: TurnModel | None = None
    model_use: ModelUse = "patience"
    eager: EagerLevel = "off"

    def policy(self, settings: AgentSettings, elapsed_ms: float) -> TurnPolicy:
        """Of an agent's call that runs for so long already."""
        return TurnPolicy(
            silence_threshold_ms=settings.silence_threshold_ms,
            idle_timeout_ms=settings.idle_timeout_s * 1000,
            max_duration_ms=max(1000.0, settings.max_duration_s * 1000 - elapsed_ms),
            language=settings.language,
            is_adaptive=self.is_adaptive,
            model_use=self.model_use if self.model is not None and self.is_adaptive else "off",
            eager=self.eager,
            interruption_sensitivity=settings.interruption_sensitivity,
        )
