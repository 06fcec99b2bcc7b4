"""Delivers a tool call to the tenant's webhook within its time (rules W1 to W3)."""

import time
from dataclasses import replace

import orjson
import structlog
from callstage_contracts.buckets import TenantRecord, webhook_key_aad
from callstage_domain.errors import CallerError, DependencyError, InvariantBroken
from callstage_kit.crypto import SecretBox
from callstage_kit.egress import EgressClient

from tool_sandbox.outcome import HostCallRecord, Invocation, RunOutcome
from tool_sandbox.redaction import Redactor
from tool_sandbox.webhooks.message import body_of, failed, headers_of, outcome_of

_log = structlog.get_logger(__name__)
_MIN_RETRY_S = 0.5
_MAX_SHOWN_BYTES = 8 << 10
"""Of an answer, kept for whoever looks at the delivery later (rule W7)."""


class WebhookRunner:
    """One signed POST, repeated once when the connection failed. The repeat carries the same Idempotency-Key, so a receiver that had
    already processed the first one knows it again."""

    def __init__(self, egress: EgressClient, secrets: SecretBox, *, timeout_s: float, max_response_bytes: int) -> None:
        self._egress = egress
        self._secrets = secrets
        self._timeout_s = timeout_s
        self._max_response_bytes = max_response_bytes

    async def run(self, invocation: Invocation, url: str | None, tenant: TenantRecord | None) -> RunOutcome:
        """Never raises but for cancellation."""
        started = time.monotonic()
        if not url:
            return failed("no webhook address is set for this agent")
        try:
            key = self._key(tenant)
        except InvariantBroken:
            return failed("the webhook key cannot be read; make a new one")
        if key is None:
            return failed("this tenant has no webhook key")
        records: list[HostCallRecord] = []
        outcome = await self._delivered(invocation, url, key, started, records)
        redactor = Redactor([key], invocation.hidden_values)
        shown = [replace(record, detail=orjson.loads(redactor.json(orjson.dumps(redactor.value(record.detail))))) for record in records]
        return replace(
            outcome,
            result=redactor.value(outcome.result),
            speech=redactor.text(outcome.speech),
            host_calls=shown,
            model_text=redactor.text(outcome.model_text),
            duration_ms=int((time.monotonic() - started) * 1000),
        )

    async def _delivered(self, invocation: Invocation, url: str, key: str, started: float, records: list[HostCallRecord]) -> RunOutcome:
        body = body_of(invocation.tool, invocation.args, invocation.call_id, invocation.tenant_id)
        reason = "the webhook did not answer in time"
        for _ in range(2):
            left_s = self._timeout_s - (time.monotonic() - started)
            if left_s < _MIN_RETRY_S and records:
                break
            attempt = time.monotonic()
            try:
                headers = headers_of(key, body, run_key=invocation.run_key, timestamp_s=int(time.time()))
                answer = await self._egress.send(
                    "POST", url, headers=headers, body=body, timeout_s=left_s, max_response_bytes=self._max_response_bytes
                )
            except DependencyError as err:
                records.append(_record(attempt, is_error=True, detail={"url": url, "error": err.message}))
                reason = f"the webhook could not be reached: {err.message}"
                if err.code in ("response_too_large", "bad_response"):
                    break
                continue
            except CallerError as err:
                records.append(_record(attempt, is_error=True))
                return failed(f"the webhook address is refused: {err.message}")
            detail: dict[str, object] = {"url": url, "status": answer.status, "response": answer.body[:_MAX_SHOWN_BYTES].decode(errors="replace")}
            records.append(_record(attempt, is_error=answer.status >= 400, detail=detail))
            return outcome_of(answer.status, answer.body)
        return failed(reason)

    def _key(self, tenant: TenantRecord | None) -> str | None:
        """The newest key signs; older ones are being rotated out and only accepted on the other side."""
        if tenant is None or not tenant.webhook_keys:
            return None
        return self._secrets.open(tenant.webhook_keys[0].key_sealed, webhook_key_aad(tenant.tenant_id))


def _record(started: float, *, is_error: bool, detail: dict[str, object] | None = None) -> HostCallRecord:
    return HostCallRecord("webhook", int((time.monotonic() - started) * 1000), is_error, detail)
