"""Proves T7 end to end: backends and webhooks of tools cannot be pointed at internal addresses."""

from typing import Any

import pytest
from callstage_contracts.buckets import TenantRecord, WebhookKey, webhook_key_aad
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb
from callstage_domain.ids import TenantId

Target = Any
INTERNAL = [
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "http://0251.0376.0251.0376/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[fd00:ec2::254]/",
    "http://10.0.0.1/",
    "http://192.168.0.1:8069/",
    "http://172.20.0.2/",
    "http://100.64.0.1/",
    "http://127.0.0.2/",
    "http://[::1]/",
    "http://[fe80::1]/",
    "http://0/",
    "http://user@127.0.0.2/",
    "file:///etc/passwd",
    "gopher://127.0.0.2/",
    "http://",
]


@pytest.mark.parametrize("url", INTERNAL)
async def test_webhooks_and_backends(target: Target, url: str) -> None:
    key = WebhookKey(key_id="k", key_sealed=target.settings.secret_box.seal("csk_live_12345678", webhook_key_aad("t1")))
    target.configuration.tenant = {"t1": TenantRecord(tenant_id=TenantId("t1"), name="t", webhook_keys=(key,))}.get
    hook = await target.run("", kind="webhook", webhook_url=url)
    assert (hook.status, hook.error_code) == (pb.RUN_STATUS_FAILED, "webhook_failed")
    assert "refused" in hook.model_text
    backend = target.configuration.backend("t1.a1").model_copy(update={"url": url})
    target.configuration.backend = {"t1.a1": backend}.get
    reply = await target.run("return await server.search_read('res.partner')")
    assert (reply.status, reply.error_code) == (pb.RUN_STATUS_FAILED, "backend_not_configured")
    assert list(target.odoo.requests) == []
