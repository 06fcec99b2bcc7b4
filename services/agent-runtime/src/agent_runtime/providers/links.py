"""The links of a chain: a provider with its health and its pace, which all calls of the process share, and what an agent chose for it."""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from callstage_domain.errors import DependencyError, InvariantBroken
from callstage_kit.telemetry.metrics import PROVIDER_USAGE_TOTAL

from agent_runtime.providers.breaker import Breaker
from agent_runtime.providers.failures import REFUSED, UNAUTHORISED
from agent_runtime.providers.hedging import HedgePolicy, Paces
from agent_runtime.providers.http_pool import Line
from agent_runtime.providers.ports import Served
from agent_runtime.providers.spoken_part import SpeechPace
from agent_runtime.providers.usage import Usage, UsageMeter


class Named(Protocol):
    """Any provider."""

    @property
    def name(self) -> str: ...


P = TypeVar("P", bound=Named)


@dataclass(frozen=True, slots=True)
class Choice:
    """What an agent wants of a provider in its fallback list. Nothing chosen: the provider's defaults."""

    model: str | None = None
    voice: str | None = None
    options: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Link(Generic[P]):
    """One provider of a chain. `choice` counts only behind the first place: there the request's own model, voice and options are meant."""

    provider: P
    breaker: Breaker = field(default_factory=Breaker)
    paces: Paces = field(default_factory=Paces)
    speech: SpeechPace = field(default_factory=SpeechPace)
    """Of a voice."""
    choice: Choice = Choice()
    line: Line | None = None
    """Of a provider that is reached over pooled HTTP."""


class Chain(Generic[P]):
    """What the three kinds have in common."""

    def __init__(self, links: Sequence[Link[P]], *, meter: UsageMeter | None = None, hedge: HedgePolicy | None = None) -> None:
        if not links:
            raise InvariantBroken("a provider chain needs at least one provider")
        self.links = tuple(links)
        self._meter = meter or UsageMeter()
        self._hedge = hedge

    @property
    def name(self) -> str:
        """Name of the first provider."""
        return self.links[0].provider.name

    def usable(self, tried: Container[int] = (), fits: Callable[[P], bool] | None = None) -> Iterator[Link[P]]:
        """In order, without those that rest; the last one is asked all the same. Every link given must be told how it went (`Breaker.admits`).

        `tried`: `id`s of links that are passed over, looked at when the next one is wanted. Providers that do not fit are not in question.
        """
        fitting = [link for link in self.links if fits is None or fits(link.provider)]
        for link in fitting:
            if id(link) not in tried and (link.breaker.admits() or link is fitting[-1]):
                yield link

    def again(self, broken: Link[P], error: DependencyError, tried: Container[int], fits: Callable[[P], bool] | None = None) -> Iterator[Link[P]]:
        """Who goes on where `broken` broke off: the others, or once more itself when there is nobody else."""
        is_alone = True
        for link in self.usable(tried, fits):
            is_alone = False
            yield link
        if is_alone and error.code not in (REFUSED, UNAUTHORISED) and broken.breaker.admits():
            yield broken

    def broke_off(self, broken: Link[P] | None, error: DependencyError, earlier: DependencyError | None) -> Link[P]:
        """The provider that broke off in the middle. Raises when nobody answered at all, or nobody went on after an earlier break."""
        if broken is None:
            raise earlier or error
        broken.breaker.failed(error)
        return broken

    def counted(self, used: Usage) -> None:
        """Into the sums of the conversation, and the metrics of the process."""
        self._meter.add(used)
        amounts = (used.input_tokens, used.output_tokens, used.characters, used.audio_s)
        for unit, amount in zip(("input_tokens", "output_tokens", "characters", "audio_seconds"), amounts, strict=True):
            if amount:
                PROVIDER_USAGE_TOTAL.labels(used.kind, used.provider, unit).inc(amount)

    def is_first(self, link: Link[P]) -> bool:
        """Whether the request was made for it."""
        return link is self.links[0]

    def served(self, link: Link[P], model: str | None, *, is_hedged: bool = False) -> Served:
        """What is said of an answer."""
        return Served(link.provider.name, model or str(getattr(link.provider, "model", "")), is_hedged)
