"""One signed POST to an integrator's address: within its time, to public addresses only, without following redirects (rules RE3, T7)."""

from dataclasses import dataclass
from time import monotonic, time

from callstage_domain.errors import CallstageError
from callstage_kit.crypto import SecretBox
from callstage_kit.egress import EgressClient

from control_api.db.webhook_tables import WebhookEndpointRow
from control_api.features.webhook_endpoints.signature import headers

TIMEOUT_S = 15.0
_MAX_RESPONSE_BYTES = 256 << 10
_SHOWN_BYTES = 2 << 10


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is None when there was no answer; `error` then says why. `response`: the first 2 kB."""

    status: int | None
    duration_ms: int
    response: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where, and the sealed secrets that sign: the newest, and the one before while their overlap lasts."""

    url: str
    aad: str
    secrets_sealed: tuple[str, ...]

    @classmethod
    def of(cls, row: WebhookEndpointRow) -> "Target":
        """As the endpoint is now."""
        return cls(row.url, endpoint_aad(row.tenant_id, row.id), row.secrets_sealed)


class WebhookSender:
    """Owns nothing: the client is entered and left by whoever made it."""

    def __init__(self, egress: EgressClient, box: SecretBox) -> None:
        self._egress = egress
        self._box = box

    async def send(self, target: Target, message_id: str, body: str) -> Answer:
        """Raises nothing but cancellation: an address that is refused or does not answer is an answer, too."""
        began = monotonic()
        content = body.encode()
        try:
            signing = [self._box.open(sealed, target.aad) for sealed in target.secrets_sealed]
            answer = await self._egress.send(
                "POST",
                target.url,
                headers=headers(signing, message_id, int(time()), content),
                body=content,
                timeout_s=TIMEOUT_S,
                max_response_bytes=_MAX_RESPONSE_BYTES,
            )
        except CallstageError as err:
            return Answer(None, _ms_since(began), error=err.message)
        # A Postgres text holds no NUL.
        shown = answer.body[:_SHOWN_BYTES].decode(errors="replace").replace("\0", "\ufffd")
        return Answer(answer.status, _ms_since(began), response=shown)


def endpoint_aad(tenant_id: str, endpoint_id: str) -> str:
    """AAD of an endpoint's secrets."""
    return f"{tenant_id}/webhook-endpoint/{endpoint_id}"


def _ms_since(began: float) -> int:
    return round((monotonic() - began) * 1000)
