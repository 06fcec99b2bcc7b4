"""What an agent's settings decide about turns (rule A2)."""

from dataclasses import dataclass

from callstage_domain.interruption import NORMAL_SENSITIVITY

from agent_runtime.conversation.turns.endpointing import ModelUse
from agent_runtime.conversation.turns.speculation import EagerLevel


@dataclass(frozen=True, slots=True)
class TurnPolicy:
    """Of one call."""

    silence_threshold_ms: float = 700.0
    idle_timeout_ms: float = 30_000.0
    max_duration_ms: float = 600_000.0
    language: str = "en"
    is_adaptive: bool = True
    """Words and sound move the wait around the threshold; False: the threshold alone."""
    model_use: ModelUse = "off"
    """When the end-of-turn model is asked; off when there is none."""
    eager: EagerLevel = "off"
    interruption_sensitivity: float = NORMAL_SENSITIVITY
