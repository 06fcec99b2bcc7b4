"""What a tool can do to the world, as tool-sandbox read it from the code (rule T12)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """`target` is a model or a kind of integration; `operation` create, write, delete, or a method's name."""

    target: str
    operation: str


@dataclass(frozen=True, slots=True)
class UnknownEffect:
    """What only shows when the code runs. `line` is 1-based, 0 when unknown."""

    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Effects:
    """Sorted, without repetition."""

    models_read: tuple[str, ...] = ()
    writes: tuple[Effect, ...] = ()
    calls: tuple[Effect, ...] = ()
    integrations: tuple[Effect, ...] = ()
    unknown: tuple[UnknownEffect, ...] = ()
    hosts: tuple[str, ...] = ()
    """Whom it may contact; empty as long as nobody has said what the agent is connected to."""

    @property
    def is_complete(self) -> bool:
        """False: the tool may do more than is listed."""
        return not self.unknown

    @property
    def changes_something(self) -> bool:
        """False for a tool that only reads."""
        return bool(self.writes or self.calls or self.integrations or self.unknown)


@dataclass(frozen=True, slots=True)
class ToolEffects:
    """Of one tool of a draft."""

    tool: str
    effects: Effects
