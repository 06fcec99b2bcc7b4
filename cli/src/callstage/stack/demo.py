"""The demo tenant: an agent with two stages, code tools and a number, made through the public API."""

import base64
from dataclasses import dataclass
from typing import Any, Self

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from callstage.stack.home import Home

ADMIN_EMAIL = "owner@demo.example.com"
AGENT_ID = "pizzeria"
NUMBER = "+12025550100"

_PRICE_CODE = """
prices = {"small": 8, "medium": 10, "large": 13}
total = prices[args["size"]] * args["quantity"]
session["size"] = args["size"]
session["quantity"] = args["quantity"]
logger.info("priced an order")
return {"total": total, "size": args["size"], "quantity": args["quantity"]}
"""

_PLACE_CODE = """
session["customer_name"] = args["customer_name"]
minutes = 20 + 5 * session.get("quantity", 1)
return {"message": f"Thank you {args['customer_name']}. Your order is in the oven and will be ready in {minutes} minutes."}
"""

AGENT: dict[str, Any] = {
    "agent_id": AGENT_ID,
    "display_name": "Bella",
    "company": "Bella Pizza",
    "role": "order assistant",
    "language": "en",
    "channel": "voice",
    "disclosure": False,
    "system_prompt": (
        "You are Bella, the order assistant of Bella Pizza. Our opening hours are from eleven in the morning to ten in the evening, every day."
    ),
    "greeting": "Hello, this is Bella Pizza. What would you like to order?",
    "farewell": "Thank you for calling Bella Pizza. Goodbye.",
    "tool_definitions": [
        {
            "name": "price_order",
            "kind": "code",
            "description": "Work out the price of a pizza order. Call it when the caller wants to order pizzas.",
            "parameters": {
                "type": "object",
                "properties": {
                    "size": {"type": "string", "enum": ["small", "medium", "large"], "description": "The size of the pizzas."},
                    "quantity": {"type": "integer", "minimum": 1, "maximum": 20, "description": "How many pizzas the caller wants."},
                },
                "required": ["size", "quantity"],
            },
            "code": _PRICE_CODE,
        },
        {
            "name": "place_order",
            "kind": "code",
            "description": "Place the order that was priced. Call it when the caller agrees to the order and gives a name.",
            "parameters": {
                "type": "object",
                "properties": {"customer_name": {"type": "string", "description": "The name for the order."}},
                "required": ["customer_name"],
            },
            "code": _PLACE_CODE,
        },
    ],
    "stages": [
        {
            "name": "order",
            "prompt": "Find out what size and how many pizzas the caller wants, then work out the price.",
            "tools": ["price_order", "end_call"],
            "transitions": [
                {
                    "on_tool": "price_order",
                    "to_stage": "checkout",
                    "handover_message": "{quantity} {size} pizzas cost {total} dollars. Ask for the name for the order.",
                }
            ],
        },
        {
            "name": "checkout",
            "prompt": "The order is priced. Ask for the caller's name and place the order. Then say goodbye.",
            "tools": ["place_order", "end_call"],
        },
    ],
}


@dataclass(frozen=True)
class DemoTenant:
    """What the demo made, by name."""

    tenant_id: str
    agent_id: str
    number: str
    admin_email: str
    admin_password: str

    @classmethod
    def bare(cls, bootstrap: dict[str, str], home: Home) -> Self:
        """A tenant with nothing in it."""
        return cls(bootstrap["tenant_id"], "", "", ADMIN_EMAIL, home.secrets()["admin_password"])


def seed_demo(control_api_url: str, home: Home, bootstrap: dict[str, str]) -> DemoTenant:
    """Make what is missing; what the developer changed since stays.

    Raises RuntimeError with the API's own words, PermissionError when it does not know the owner's key.
    """
    secrets = home.secrets()
    with httpx2.Client(base_url=control_api_url, headers={"x-api-key": secrets["api_key"]}, timeout=20) as api:
        _call(api, "PUT", "/v1/carriers/twilio", {"account_sid": secrets["twilio_account_sid"], "auth_token": secrets["twilio_auth_token"]})
        _call(api, "PUT", "/v1/carriers/telnyx", {"public_key": _public_key(secrets["telnyx_private_key"])})
        if "webhook_key" not in secrets:
            home.remember("webhook_key", _call(api, "POST", "/v1/tenant/webhook-keys", {})["webhook_key"])
        agents: list[dict[str, Any]] = _call(api, "GET", "/v1/agents", None)["agents"]
        if not any(agent["agent_id"] == AGENT_ID for agent in agents):
            _call(api, "POST", "/v1/agents", AGENT)
            _call(api, "POST", f"/v1/agents/{AGENT_ID}/deploy", {})
        numbers: list[dict[str, Any]] = _call(api, "GET", "/v1/numbers", None)["numbers"]
        if not any(number["number"] == NUMBER for number in numbers):
            fallback = {"type": "message", "target": "Bella Pizza cannot take your call right now. Please call again later."}
            _call(api, "POST", "/v1/numbers", {"number": NUMBER, "inboundRoute": "ai_agent", "routeTarget": AGENT_ID, "fallback": fallback})
    return DemoTenant(bootstrap["tenant_id"], AGENT_ID, NUMBER, ADMIN_EMAIL, secrets["admin_password"])


def _call(api: httpx2.Client, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
    try:
        reply = api.request(method, path, json=body)
    except httpx2.HTTPError as err:
        raise RuntimeError(f"{method} {path}: {err}") from err
    if reply.status_code == 401:
        raise PermissionError(f"{method} {path}: {reply.text[:500]}")
    if reply.status_code >= 400:
        raise RuntimeError(f"{method} {path} answered {reply.status_code}: {reply.text[:500]}")
    return reply.json() if reply.content else {}


def _public_key(seed: str) -> str:
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed)).public_key().public_bytes_raw()).decode()
