"""Proves E2 E3 E4 E5 E6 N4 WS5: sessions for visitors of web pages, and what a withdrawn token ends. No control-api runs here."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from callstage_contracts import buckets
from callstage_domain.ids import AgentId
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

SHOP = "https://shop.example.com"
ELSEWHERE = "https://elsewhere.example"
SECRET = "embs_shared"
ENDS_WITHIN_S = 5


class Page:
    """A web page with a token."""

    def __init__(self, gateway: Any, name: str, *, origin: str = SHOP, **changes: Any) -> None:
        self.gateway = gateway
        self.token = f"emb_{name}_{gateway.tenant_id}"
        self.origin = origin
        self.record = buckets.EmbedToken.model_validate(
            {
                "tenant_id": gateway.tenant_id,
                "token_id": f"{name}-{gateway.tenant_id}",
                "agent_id": "front-desk",
                "allowed_origins": [SHOP],
                "secret_sealed": "",
                **changes,
            }
        )
        self.record = self.record.model_copy(update={"secret_sealed": self.sealed(SECRET)})

    def sealed(self, secret: str) -> str:
        return self.gateway.settings.secret_box.seal(secret, buckets.embed_aad(self.record.tenant_id, self.record.token_id))

    async def publish(self, **changes: Any) -> None:
        self.record = self.record.model_copy(update=changes)
        await self.gateway.put(buckets.EMBED_TOKENS, self.token, self.record)

    async def ask(self, body: Any = None, *, origin: str | None = None, token: str | None = None) -> httpx2.Response:
        headers = {"authorization": f"Bearer {token or self.token}", "origin": self.origin if origin is None else origin}
        async with httpx2.AsyncClient(base_url=self.gateway.http, timeout=10) as client:
            return await client.post("/api/embed/session", json=body or {}, headers=headers)

    async def asked_until(self, status: int, body: Callable[[], Any] = dict) -> httpx2.Response:
        """The bucket reaches the gateway a moment after it was written."""
        async with asyncio.timeout(10):
            while (reply := await self.ask(body())).status_code != status:
                await asyncio.sleep(0.05)
        return reply

    def socket(self, session: dict[str, Any], query: str = "&mode=chat", *, origin: str | None = None) -> Any:
        url = f"{self.gateway.ws}/ws/voice?token={session['session_token']}{query}"
        return connect(url, origin=(self.origin if origin is None else origin) or None)  # type: ignore[arg-type]


def identity(email: str = "ada@example.com", *, age_s: int = 0, secret: str = SECRET) -> dict[str, Any]:
    ts = int(time.time()) - age_s
    return {"user_email": email, "user_hash": hmac.new(secret.encode(), f"{email}|{ts}".encode(), hashlib.sha256).hexdigest(), "user_ts": ts}


async def close_code(socket: ClientConnection) -> int | None:
    try:
        async with asyncio.timeout(15):
            while True:
                await socket.recv()
    except ConnectionClosed:
        return socket.close_code


async def first(socket: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while (message := json.loads(await socket.recv()))["type"] != kind:
            pass
    return message


async def test_an_anonymous_visitor_talks_and_writes(gateway: Any, wait_until: Any) -> None:
    page = Page(gateway, "open")
    await page.publish()
    reply = await page.asked_until(200)
    session = reply.json()
    assert reply.headers["access-control-allow-origin"] == SHOP
    assert session["ws_url"] == f"{gateway.ws}/ws/voice"
    told = {name: session[name] for name in ("expires_in", "agent_name", "language", "channel", "modes", "identified")}
    expected = {"expires_in": 3600, "agent_name": "Ada", "language": "en", "channel": "voice", "modes": ["voice", "chat"], "identified": False}
    assert told == expected
    async with page.socket(session) as socket:
        assert (await first(socket, "connected"))["agentName"] == "Ada"
    async with page.socket(session, "&format=pcm16_24k") as socket:
        await first(socket, "connected")
    call = (await wait_until(lambda: gateway.runtime.calls))[0]
    assert (call.open.context.channel, call.open.context.deployment, call.open.request_variables_json) == ("embed", 3, "")
    started = await wait_until(lambda: gateway.events_of("call.started"))
    assert [(event.channel, event.embed_token_id) for event in started] == [("chat", page.record.token_id), ("embed", page.record.token_id)]


async def test_a_known_visitor_is_looked_up_by_his_address(gateway: Any) -> None:
    page = Page(gateway, "known", require_authentication=True)
    backend = buckets.BackendConnection.model_validate(
        {"tenant_id": gateway.tenant_id, "agent_id": "front-desk", "kind": "odoo", "url": "https://odoo.example.com", "secret_sealed": "x"}
    )
    await gateway.put(buckets.BACKENDS, buckets.agent_key(gateway.tenant_id, AgentId("front-desk")), backend)
    await page.publish()
    session = (await page.asked_until(200, identity)).json()
    assert session["identified"] is True
    async with page.socket(session) as socket:
        await first(socket, "connected")
    turn = gateway.runtime.text_turns[0]
    assert (json.loads(turn.variables_json), json.loads(turn.lookup_json)) == ({"email": "ada@example.com"}, {"found": True, "name": "Anna"})
    assert [lookup.email for lookup in gateway.runtime.sandbox.lookups] == ["ada@example.com"]


@pytest.mark.parametrize("requires", [False, True])
async def test_the_table_of_identities(gateway: Any, requires: bool) -> None:
    page = Page(gateway, f"table{requires}", require_authentication=requires)
    await page.publish()
    once = identity()
    assert (await page.asked_until(200, lambda: identity(f"{time.time()}@example.com"))).json()["identified"] is True
    assert (await page.ask(once)).json()["identified"] is True
    replayed, absent, old, forged = once, None, identity(age_s=200), {**identity(), "user_email": "eve@example.com"}
    for body in (replayed, absent, old, forged, {"user_email": "x"}):
        reply = await page.ask(body)
        if requires:
            assert (reply.status_code, reply.json()["code"]) == (403, "identity_required")
            assert reply.headers["access-control-allow-origin"] == SHOP
        else:
            assert (reply.status_code, reply.json()["identified"]) == (200, False)


async def test_other_pages_are_refused_at_the_exchange_and_at_the_socket(gateway: Any) -> None:
    page, everywhere = Page(gateway, "mine"), Page(gateway, "any", origin="https://elsewhere.example", allowed_origins=())
    await page.publish()
    await everywhere.publish()
    session = (await page.asked_until(200)).json()
    for origin in ("https://evil.example", "http://shop.example.com", "https://shop.example.com.evil.example", ""):
        refused = await page.ask(origin=origin)
        assert (refused.status_code, refused.json()["code"]) == (403, "origin_not_allowed")
        async with page.socket(session, origin=origin) as socket:
            assert await close_code(socket) == 4001
    open_session = (await everywhere.asked_until(200)).json()
    async with everywhere.socket(open_session) as socket:
        await first(socket, "connected")
    async with everywhere.socket(open_session, origin=SHOP) as socket:
        assert await close_code(socket) == 4001


async def test_a_withdrawn_token_is_refused_and_ends_what_runs(gateway: Any, wait_until: Any) -> None:
    page = Page(gateway, "gone")
    await page.publish()
    session = (await page.asked_until(200)).json()
    async with page.socket(session) as writing, page.socket(session, "") as talking:
        await first(writing, "connected")
        await first(talking, "connected")
        begun = time.monotonic()
        await page.publish(is_active=False)
        assert (await close_code(writing), await close_code(talking)) == (4001, 4001)
        assert time.monotonic() - begun < ENDS_WITHIN_S
    assert (await page.ask()).status_code == 401
    async with page.socket(session) as socket:
        assert await close_code(socket) == 4001
    await page.publish(is_active=True)
    session = (await page.asked_until(200)).json()
    async with page.socket(session) as socket:
        await first(socket, "connected")
        await (await gateway.nats.bucket(buckets.EMBED_TOKENS.name)).delete(page.token)
        assert await close_code(socket) == 4001
    reasons = {event.reason for event in await wait_until(lambda: gateway.events_of("call.ended"))}
    assert reasons == {"blocked"}


@pytest.mark.parametrize("mode", ["", "&mode=chat"])
async def test_narrowed_origins_end_what_runs_elsewhere(gateway: Any, wait_until: Any, mode: str) -> None:
    """Proves E6: conversations of a page that is not allowed any more end within 5 s, all others go on; its sessions are refused."""
    page = Page(gateway, f"narrow{len(mode)}", allowed_origins=(SHOP, ELSEWHERE))
    away = Page(gateway, f"narrow{len(mode)}", origin=ELSEWHERE)
    await page.publish()
    here, there = (await page.asked_until(200)).json(), (await away.asked_until(200)).json()
    async with page.socket(here) as stays, away.socket(there, mode) as leaves:
        await first(stays, "connected")
        await first(leaves, "connected")
        begun = time.monotonic()
        await page.publish(allowed_origins=(SHOP,))
        assert await close_code(leaves) == 4001
        assert time.monotonic() - begun < ENDS_WITHIN_S
        assert leaves.close_reason == "this page may not use the embed token any more"
        await stays.send('{"type":"text","text":"still here"}')
        await first(stays, "transcript")
    async with away.socket(there) as socket:
        assert await close_code(socket) == 4001
    assert (await away.ask()).json()["code"] == "origin_not_allowed"
    ended = await wait_until(lambda: [event for event in gateway.events_of("call.ended") if event.reason == "blocked"])
    assert len(ended) == 1


async def test_every_page_at_first_and_one_page_later(gateway: Any) -> None:
    """Proves E6: also what was allowed by an empty list ends, and whoever came without a page."""
    page = Page(gateway, "first", origin=ELSEWHERE, allowed_origins=())
    await page.publish()
    session, server = (await page.asked_until(200)).json(), (await page.ask(origin="")).json()
    async with page.socket(session) as visitor, page.socket(server, origin="") as script:
        await first(visitor, "connected")
        await first(script, "connected")
        await page.publish(allowed_origins=(SHOP,))
        assert (await close_code(visitor), await close_code(script)) == (4001, 4001)


async def test_strangers_leave_when_visitors_have_to_be_known(gateway: Any) -> None:
    """Proves E5 E6: with `require authentication` switched on anonymous conversations end and their sessions are refused; known visitors go on."""
    page = Page(gateway, "known-later")
    await page.publish()
    stranger, known = (await page.asked_until(200)).json(), (await page.ask(identity())).json()
    async with page.socket(stranger) as leaves, page.socket(known) as stays:
        await first(leaves, "connected")
        await first(stays, "connected")
        await page.publish(require_authentication=True)
        assert (await close_code(leaves), leaves.close_reason) == (4001, "the visitor has to be known")
        await stays.send('{"type":"text","text":"still here"}')
        await first(stays, "transcript")
    async with page.socket(stranger) as socket:
        assert await close_code(socket) == 4001
    async with page.socket(known) as socket:
        await first(socket, "connected")


async def test_another_agent_ends_conversations_with_the_one_before(gateway: Any) -> None:
    """Proves E6: nobody goes on with an agent that the page has no longer; who comes back meets the new one."""
    page = Page(gateway, "moved")
    await page.publish()
    session = (await page.asked_until(200)).json()
    active = buckets.ActiveDeployment.model_validate(
        {
            "tenant_id": gateway.tenant_id,
            "agent_id": "night-desk",
            "deployment": 7,
            "agent_created_at": "2026-01-01T00:00:00Z",
            "display_name": "Nora",
        }
    )
    await gateway.put(buckets.ACTIVE, buckets.agent_key(gateway.tenant_id, AgentId("night-desk")), active)
    async with page.socket(session) as socket:
        await first(socket, "connected")
        await page.publish(agent_id="night-desk")
        assert (await close_code(socket), socket.close_reason) == (4001, "the page has another agent now")
    async with page.socket(session) as socket:
        await first(socket, "connected")
    turn = gateway.runtime.text_turns[-1]
    assert (turn.context.agent_id, turn.context.deployment) == ("night-desk", 7)


async def test_what_does_not_narrow_ends_nothing(gateway: Any) -> None:
    """Proves E6: more origins, a new secret and a looser rule leave conversations alone."""
    page = Page(gateway, "wider")
    await page.publish()
    session = (await page.asked_until(200)).json()
    async with page.socket(session) as socket:
        await first(socket, "connected")
        await page.publish(allowed_origins=(SHOP, ELSEWHERE))
        await page.publish(allowed_origins=(), secret_sealed=page.sealed("embs_other"))
        await Page(gateway, "wider", origin=ELSEWHERE).asked_until(200)
        await socket.send('{"type":"text","text":"still here"}')
        await first(socket, "transcript")


async def test_the_secret_before_a_rotation_vouches_until_its_overlap_is_over(gateway: Any) -> None:
    """Proves E4: both secrets during the overlap, the newest alone after it, or at once when it is ended."""
    page = Page(gateway, "rotated", require_authentication=True)
    old = {"previous_secret_sealed": page.record.secret_sealed}

    def signed(secret: str) -> dict[str, Any]:
        return identity(f"{time.time_ns()}@example.com", secret=secret)

    await page.publish(secret_sealed=page.sealed("embs_new"), **old, previous_expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert (await page.asked_until(200, lambda: signed("embs_new"))).json()["identified"] is True
    assert (await page.ask(signed(SECRET))).json()["identified"] is True
    assert (await page.ask(signed("embs_neither"))).json()["code"] == "identity_required"
    await page.publish(previous_expires_at=datetime.now(UTC) - timedelta(seconds=1))
    await page.asked_until(403, lambda: signed(SECRET))
    assert (await page.ask(signed("embs_new"))).status_code == 200
    await page.publish(**old, previous_expires_at=datetime.now(UTC) + timedelta(hours=1))
    await page.asked_until(200, lambda: signed(SECRET))
    await page.publish(previous_secret_sealed=None, previous_expires_at=None)
    await page.asked_until(403, lambda: signed(SECRET))
    assert (await page.ask(signed("embs_new"))).status_code == 200


def test_records_of_before_rotations_had_an_overlap() -> None:
    """Proves E4: a record without the new fields has one secret, and without an overlap they are not written."""
    record = buckets.EmbedToken.model_validate_json('{"tenant_id":"t","token_id":"e","agent_id":"a","secret_sealed":"s"}')
    assert record.secrets_sealed(datetime.now(UTC)) == ("s",)
    assert "previous" not in record.model_dump_json()


async def test_sessions_expire_and_are_of_one_kind(gateway: Any) -> None:
    page = Page(gateway, "old")
    await page.publish()
    await page.asked_until(200)
    claims = {"channel": "embed", "tenant_id": gateway.tenant_id, "embed_token": page.token, "origin": SHOP}
    for ttl_s, purpose in ((-1, "ws"), (60, "other")):
        async with page.socket({"session_token": gateway.settings.token_signer.sign(purpose, claims, ttl_s=ttl_s)}) as socket:
            assert await close_code(socket) == 4001
    foreign = {**claims, "tenant_id": "somebody-else"}
    async with page.socket({"session_token": gateway.settings.token_signer.sign("ws", foreign, ttl_s=60)}) as socket:
        assert await close_code(socket) == 4001


async def test_twenty_sessions_a_minute(gateway: Any) -> None:
    page = Page(gateway, "busy")
    await page.publish()
    await page.asked_until(200)
    # A new minute may begin in the middle: then there are twenty more.
    replies = [await page.ask() for _ in range(45)]
    refused = [reply for reply in replies if reply.status_code == 429]
    assert len(refused) >= 5
    assert 1 <= int(refused[0].headers["retry-after"]) <= 60
    assert refused[0].headers["access-control-expose-headers"] == "Retry-After"


async def test_what_is_no_request_and_what_is_not_deployed(gateway: Any) -> None:
    page = Page(gateway, "odd", agent_id="never-deployed")
    await page.publish()
    assert (await page.asked_until(404)).json()["code"] == "not_deployed"
    assert (await page.ask(token="emb_unknown")).json()["code"] == "invalid_embed_token"
    headers = {"authorization": f"Bearer {page.token}", "origin": SHOP}
    async with httpx2.AsyncClient(base_url=gateway.http, timeout=10) as client:
        for body, status in ((b"{", 400), (b"[]", 400), (b"x" * 5000, 413)):
            assert (await client.post("/api/embed/session", content=body, headers=headers)).status_code == status
        preflight = await client.options("/api/embed/session", headers={"origin": SHOP, "access-control-request-method": "POST"})
        assert (preflight.status_code, preflight.headers["access-control-allow-headers"]) == (204, "authorization, content-type")
        assert (await client.get("/callstage_embed.js")).status_code == 404


async def test_the_script_can_be_loaded_anywhere_and_is_asked_for_again_by_its_tag(start_gateway: Any, tmp_path: Path) -> None:
    script = tmp_path / "callstage_embed.js"
    script.write_text("/* widget */")
    async with start_gateway(embed_script=str(script)) as gateway, httpx2.AsyncClient(base_url=gateway.http, timeout=10) as client:
        loaded = await client.get("/callstage_embed.js")
        assert (loaded.text, loaded.headers["content-type"]) == ("/* widget */", "text/javascript; charset=utf-8")
        assert loaded.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "max-age=300" in loaded.headers["cache-control"]
        assert (loaded.headers["content-encoding"], loaded.headers["vary"]) == ("gzip", "Accept-Encoding")
        plain = await client.get("/callstage_embed.js", headers={"accept-encoding": "identity"})
        assert (plain.text, plain.headers["etag"]) == (loaded.text, loaded.headers["etag"])
        again = await client.get("/callstage_embed.js", headers={"if-none-match": loaded.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
