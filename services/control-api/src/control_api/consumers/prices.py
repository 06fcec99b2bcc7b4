"""What a call costs, from its cost inputs and a price list. Pure."""

import json
from collections.abc import Mapping
from typing import Any, Final, cast

DEFAULT_PRICES: Final[Mapping[str, float]] = {
    # Engines that run in the platform itself.
    "stt_seconds:moonshine:*": 0.0,
    "llm_requests:offline-brain:*": 0.0,
    "tts_requests:offline:*": 0.0,
    "tts_requests:espeak:*": 0.0,
    "tts_requests:flite:*": 0.0,
    # https://deepgram.com/pricing, streaming, pay as you go.
    "stt_seconds:deepgram:nova-3": 0.462,
    # https://groq.com/pricing
    "llm_input_tokens:groq:llama-3.3-70b-versatile": 0.59,
    "llm_output_tokens:groq:llama-3.3-70b-versatile": 0.79,
}
"""US dollars per hour (`seconds`) or per million (tokens, characters, requests). Other vendors have no price until the operator gives one."""
_MILLION: Final = 1e-6
_HOUR: Final = 1 / 3600


class PriceList:
    """Keys are those of `usage`: `<kind>_<unit>:<provider>:<model>`, or `*` for any model."""

    def __init__(self, own: Mapping[str, float] | None = None) -> None:
        self._prices = {**DEFAULT_PRICES, **(own or {})}

    @classmethod
    def from_setting(cls, text: str) -> "PriceList":
        """From JSON; empty: the defaults alone. Raises ValueError."""
        found: Any = json.loads(text) if text.strip() else {}
        if not isinstance(found, dict):
            raise ValueError("prices: a JSON object is needed")
        prices: dict[str, float] = {}
        for key, price in cast("dict[str, Any]", found).items():
            if key.count(":") < 2 or isinstance(price, bool) or not isinstance(price, int | float) or price < 0:
                raise ValueError(f"prices: '{key}' needs the form <kind>_<unit>:<provider>:<model> and a number")
            prices[key] = float(price)
        return cls(prices)

    def cost(self, usage: Mapping[str, Any] | None) -> float | None:
        """US dollars of what AI providers did; None when a provider that was used has no price, or nothing was told."""
        groups: dict[tuple[str, str, str], float | None] = {}
        for key, amount in (usage or {}).items():
            measure, provider, model = ([*key.split(":", 2), "", ""])[:3]
            if not provider:
                continue
            kind, _, unit = measure.partition("_")
            price = self._price(measure, provider, model)
            group = (kind, provider, model)
            known = groups.get(group)
            if price is None:
                groups.setdefault(group, None)
            else:
                groups[group] = (known or 0.0) + float(amount) * price * (_HOUR if unit == "seconds" else _MILLION)
        costs = list(groups.values())
        if not costs or None in costs:
            return None
        return round(sum(cost for cost in costs if cost is not None), 6)

    def _price(self, measure: str, provider: str, model: str) -> float | None:
        exact = self._prices.get(f"{measure}:{provider}:{model}")
        return exact if exact is not None else self._prices.get(f"{measure}:{provider}:*")
