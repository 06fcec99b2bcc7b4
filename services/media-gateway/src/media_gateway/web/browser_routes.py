"""`/ws/voice`: voice for browsers (rules WS1 to WS7), and with `mode=chat` the same conversation in text (rule D4)."""

import time
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from callstage_contracts import redis_keys
from callstage_contracts.buckets import ActiveDeployment, TenantRecord
from callstage_contracts.events import CallRejected, CallStarted
from callstage_domain.call import CallChannel, EndedReason
from callstage_domain.errors import DependencyError, Unauthorized
from callstage_domain.ids import SessionId, new_call_id, new_session_id
from callstage_kit.crypto import sha256_hex
from callstage_kit.telemetry.metrics import count_call
from fastapi import FastAPI
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from media_gateway.calls.chat import ChatServices, ChatSession
from media_gateway.calls.embed_access import refusal
from media_gateway.calls.embed_visit import EmbedVisit
from media_gateway.calls.facts import CallFacts
from media_gateway.calls.session import CallSession
from media_gateway.calls.shared_store import SharedStore
from media_gateway.legs.browser import BrowserLeg
from media_gateway.legs.socket import refuse
from media_gateway.web.carrier_routes import EdgeServices

_log = structlog.get_logger(__name__)
_MAX_SESSION_ID_CHARS: Final = 128


class HandshakeRefused(Exception):
    """Accepted and closed with `code` (rule WS5)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Visitor:
    """Who connects, and to what. `deployment` None: what live traffic runs on."""

    tenant: TenantRecord
    rate_key: str
    agent_id: str | None
    deployment: int | None = None
    channel: CallChannel = "browser"
    is_test: bool = False
    caller_phone: str = ""
    variables: dict[str, Any] | None = None
    in_text: bool = False
    embed: EmbedVisit | None = None


class BrowserRoutes:
    """The one address."""

    def __init__(self, services: EdgeServices, store: SharedStore, chats: ChatServices) -> None:
        self._services = services
        self._store = store
        self._chats = chats

    def mount(self, app: FastAPI) -> None:
        """`GET /ws/voice`."""
        app.router.routes.append(WebSocketRoute("/ws/voice", self.voice))

    async def voice(self, socket: WebSocket) -> None:
        """One conversation."""
        try:
            visitor = replace(self._visitor(socket), in_text=socket.query_params.get("mode") == "chat")
            if not await self._services.rate.allows(visitor.rate_key, visitor.tenant.plan.connections_per_minute):
                raise HandshakeRefused(4029, f"more than {visitor.tenant.plan.connections_per_minute} connections per minute")
            facts = await self._facts(socket, visitor)
        except HandshakeRefused as refused:
            await refuse(socket, refused.code, refused.reason)
            return
        await socket.accept()
        self._announce(facts, visitor)
        if visitor.in_text:
            await ChatSession(self._with_lookup(facts), socket, self._chats).run()
            return
        leg = BrowserLeg(socket, "pcm16_24k" if socket.query_params.get("format") == "pcm16_24k" else "mp3")
        await CallSession(self._with_lookup(facts), leg, self._services.calls).run()

    def _visitor(self, socket: WebSocket) -> _Visitor:
        query, directory = socket.query_params, self._services.directory
        token, api_key = query.get("token"), query.get("api_key", "")
        if token:
            return self._visitor_of_token(socket, token, query.get("agent_id"))
        record = directory.api_key(api_key)
        tenant = directory.tenant(record.tenant_id) if record is not None else None
        if record is None or tenant is None:
            raise HandshakeRefused(4001, "the API key is not valid")
        return _Visitor(tenant, record.key_id, query.get("agent_id"))

    def _visitor_of_token(self, socket: WebSocket, token: str, agent_id: str | None) -> _Visitor:
        try:
            claims = self._services.settings.token_signer.verify("ws", token)
        except Unauthorized as err:
            raise HandshakeRefused(4001, err.message) from err
        tenant = self._services.directory.tenant(str(claims.get("tenant_id", "")))
        if tenant is None:
            raise HandshakeRefused(4001, "the token is of an unknown tenant")
        if (visit := EmbedVisit.of(claims)) is not None:
            return self._visitor_of_page(socket, visit, tenant, sha256_hex(token)[:32])
        deployment = claims.get("deployment")
        return _Visitor(
            tenant,
            sha256_hex(token)[:32],
            claims.get("agent_id") or agent_id,
            deployment=deployment if isinstance(deployment, int) else None,
            is_test=bool(claims.get("test")),
            caller_phone=str(claims.get("caller_phone") or ""),
            variables=claims.get("variables") if isinstance(claims.get("variables"), dict) else None,
        )

    def _visitor_of_page(self, socket: WebSocket, visit: EmbedVisit, tenant: TenantRecord, rate_key: str) -> _Visitor:
        """Rule E6: the token is looked at again, and the page must be the one that it was given to."""
        directory = self._services.directory
        record = directory.embed_token(visit.token)
        why = refusal(directory, visit, socket.headers.get("origin", ""))
        if why or record is None or record.tenant_id != tenant.tenant_id:
            raise HandshakeRefused(4001, why or "the embed token is not valid any more")
        variables = {"email": visit.email} if visit.email else None
        return _Visitor(tenant, rate_key, record.agent_id, channel="embed", variables=variables, embed=visit)

    async def _facts(self, socket: WebSocket, visitor: _Visitor) -> CallFacts:
        tenant = visitor.tenant
        agent_id, deployment = visitor.agent_id, visitor.deployment
        if agent_id is None or deployment is None:
            active = self._active(tenant.tenant_id, agent_id, in_text=visitor.in_text)
            if active is None:
                raise HandshakeRefused(4005, "the agent was not found or is not deployed")
            agent_id, deployment = active.agent_id, active.deployment
        call_id = new_call_id()
        busy = await self._busy(tenant, call_id, in_text=visitor.in_text)
        if busy is not None:
            self._reject(visitor, agent_id, busy)
            raise HandshakeRefused(4029 if busy is EndedReason.PLAN_LIMIT else 1013, "all lines are busy, try again later")
        session_id = await self._old_session(socket.query_params.get("session_id", ""), tenant.tenant_id)
        return CallFacts(
            call_id=call_id,
            session_id=session_id or new_session_id(),
            tenant_id=tenant.tenant_id,
            agent_id=agent_id,
            deployment=deployment,
            channel="chat" if visitor.in_text else visitor.channel,
            caller_phone=visitor.caller_phone,
            to_number="",
            carrier_call_id="",
            begun_at_ms=int(time.time() * 1000),
            resume="session" if session_id else "none",
            is_test=visitor.is_test,
            variables=visitor.variables or {},
            embed=visitor.embed,
        )

    def _active(self, tenant_id: str, agent_id: str | None, *, in_text: bool) -> ActiveDeployment | None:
        directory = self._services.directory
        if agent_id is None:
            return directory.default_agent(tenant_id, in_text=in_text)
        return directory.live(tenant_id, agent_id) if in_text else directory.deployment(tenant_id, agent_id)

    async def _busy(self, tenant: TenantRecord, call_id: str, *, in_text: bool) -> EndedReason | None:
        """Why there is no room; None: there is. A conversation in text takes no slot of a call."""
        if in_text:
            return None if self._chats.chats.has_room(tenant.tenant_id) else EndedReason.OVERLOAD
        admission = self._services.admission
        return await admission.refusal(tenant, call_id) if admission.has_room_here else EndedReason.OVERLOAD

    async def _old_session(self, session_id: str, tenant_id: str) -> SessionId | None:
        """The session to go on with; None for an unknown, expired or foreign one (rule WS6)."""
        if not session_id or len(session_id) > _MAX_SESSION_ID_CHARS:
            return None
        try:
            owner = await self._store.get(redis_keys.session_owner(session_id))
        except DependencyError as err:
            _log.warning("session_not_resumed", error=err.message)
            return None
        return SessionId(session_id) if owner == tenant_id else None

    def _with_lookup(self, facts: CallFacts) -> CallFacts:
        """Rule V8: a test session stands in for a caller. Rule E5: a visitor that a page vouches for is known by his address."""
        email = facts.embed.email if facts.embed is not None else ""
        if not (facts.caller_phone or email) or not self._services.directory.has_backend(facts.tenant_id, facts.agent_id):
            return facts
        until_ms = self._services.calls.lookups.start(facts.call_id, facts.tenant_id, facts.agent_id, facts.caller_phone, email)
        return replace(facts, lookup_until_ms=until_ms)

    def _announce(self, facts: CallFacts, visitor: _Visitor) -> None:
        self._services.calls.publisher.publish(
            CallStarted(
                tenant_id=facts.tenant_id,
                call_id=facts.call_id,
                session_id=facts.session_id,
                agent_id=facts.agent_id,
                deployment=facts.deployment,
                channel=facts.channel,
                caller_phone=facts.caller_phone,
                is_test=visitor.is_test,
                embed_token_id=self._token_id(visitor),
            )
        )

    def _token_id(self, visitor: _Visitor) -> str:
        record = self._services.directory.embed_token(visitor.embed.token) if visitor.embed is not None else None
        return record.token_id if record is not None else ""

    def _reject(self, visitor: _Visitor, agent_id: str, reason: EndedReason) -> None:
        count_call(visitor.channel, reason)
        self._services.calls.publisher.publish(
            CallRejected(tenant_id=visitor.tenant.tenant_id, call_id=new_call_id(), agent_id=agent_id, channel=visitor.channel, reason=reason)
        )
