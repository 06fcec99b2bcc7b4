"""Where today's decision is not the one that was recorded."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

_SHOWN_CHARS = 300


@dataclass(frozen=True, slots=True)
class Difference:
    """`at_ms` is the moment in the call, `index` the item of the recording, `after` what had just happened, in words."""

    index: int
    at_ms: float
    what: str
    recorded: str
    today: str
    after: str = ""

    def lines(self) -> list[str]:
        """For people."""
        minutes, seconds = divmod(self.at_ms / 1000, 60)
        head = f"{int(minutes):02d}:{seconds:06.3f}  {self.what}" + (f", after {self.after}" if self.after else "")
        return [head, f"    recorded: {self.recorded}", f"    today:    {self.today}"]


def shown(value: object) -> str:
    """A value in one line, cut when it is long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + " …"


def agrees(recorded: Any, today: Any) -> bool:
    """True when today's value has everything that was recorded; fields that are newer than the recording do not count."""
    if isinstance(recorded, Mapping) and isinstance(today, Mapping):
        known, now = cast("Mapping[str, Any]", recorded), cast("Mapping[str, Any]", today)
        return all(name in now and agrees(value, now[name]) for name, value in known.items())
    if isinstance(recorded, list) and isinstance(today, list):
        was, now_list = cast("list[Any]", recorded), cast("list[Any]", today)
        return len(was) == len(now_list) and all(agrees(one, other) for one, other in zip(was, now_list, strict=True))
    return bool(recorded == today)
