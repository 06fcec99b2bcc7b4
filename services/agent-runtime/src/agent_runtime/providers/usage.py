"""What providers were asked to do, counted for the one who pays. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one provider and model; `model` "" is the provider's own default. Tokens are the vendor's count, the rest is ours."""

    kind: str
    """stt, llm, tts."""
    provider: str
    model: str = ""
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    characters: int = 0
    audio_s: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return replace(
            self,
            requests=self.requests + other.requests,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            characters=self.characters + other.characters,
            audio_s=self.audio_s + other.audio_s,
        )


class UsageMeter:
    """Sums of one conversation. `on_usage` is told each single use as it is counted."""

    def __init__(self, on_usage: Callable[[Usage], None] | None = None) -> None:
        self.on_usage = on_usage
        self._sums: dict[tuple[str, str, str], Usage] = {}

    def add(self, used: Usage) -> None:
        """Count."""
        key = (used.kind, used.provider, used.model)
        known = self._sums.get(key)
        self._sums[key] = used if known is None else known + used
        if self.on_usage is not None:
            self.on_usage(used)

    def totals(self) -> tuple[Usage, ...]:
        """One entry per provider and model, in the order of their first use."""
        return tuple(self._sums.values())
