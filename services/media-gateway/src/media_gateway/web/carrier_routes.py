"""The four addresses of every carrier: announcement, stream, resume, status (rules C1, C2, C4, C5, N3, N5)."""

import time
from dataclasses import dataclass, replace
from typing import Final, cast

import structlog
from callstage_contracts.buckets import TenantRecord
from callstage_contracts.events import CallRejected, CallStarted
from callstage_domain.call import CallChannel, EndedReason
from callstage_domain.errors import CallerError, CallstageError, Forbidden, Unauthorized
from callstage_domain.ids import CallId, new_call_id, new_session_id
from callstage_domain.route import NumberRoute
from callstage_kit.telemetry.metrics import count_call
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from media_gateway.calls.announced import AnnouncedCalls
from media_gateway.calls.directory import Directory
from media_gateway.calls.facts import CallFacts
from media_gateway.calls.instead import INVALID_KEY, SORRY, UNKNOWN_NUMBER, Instead, direct, fallback
from media_gateway.calls.message import MessageSession
from media_gateway.calls.numbers import to_e164
from media_gateway.calls.session import CallServices, CallSession
from media_gateway.calls.slots import Slots
from media_gateway.calls.tickets import TicketOffice
from media_gateway.carriers import markup
from media_gateway.carriers.port import Announcement, CarrierEdge, StreamInstructions, Webhook
from media_gateway.legs.carrier import CarrierLeg, StreamRefused
from media_gateway.legs.socket import close_socket
from media_gateway.settings import GatewaySettings
from media_gateway.web.admission import Admission, ConnectionRate
from media_gateway.web.requests import answer, public_base, read_webhook, refuse, socket_base

_log = structlog.get_logger(__name__)

_MAX_RESUMES_PER_MINUTE: Final = 5
_OVER: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


@dataclass(frozen=True, slots=True)
class EdgeServices:
    """What the web edge needs of its process."""

    settings: GatewaySettings
    directory: Directory
    admission: Admission
    slots: Slots
    rate: ConnectionRate
    tickets: TicketOffice
    announced: AnnouncedCalls
    calls: CallServices


@dataclass(frozen=True, slots=True)
class _Destination:
    """Where a call goes: the tenant, the number's route when there is one, the agent when one is named."""

    tenant: TenantRecord
    route: NumberRoute | None
    agent_id: str | None


class CarrierRoutes:
    """One carrier's addresses. A third carrier is one more `CarrierEdge` (rule C7)."""

    def __init__(self, edge: CarrierEdge, services: EdgeServices) -> None:
        self._edge = edge
        self._services = services
        self._messages = 0

    def mount(self, app: FastAPI) -> None:
        """Only POST: a signature of a GET would not cover what it says."""
        edge = self._edge
        for path, endpoint in ((edge.webhook_path, self.announce), (edge.resume_path, self.resume), (edge.status_path, self.status)):
            app.router.routes.append(Route(path, endpoint, methods=["POST"], include_in_schema=False))
        app.router.routes.append(WebSocketRoute(edge.stream_path, self.stream))

    # Announcement.

    async def announce(self, request: Request) -> Response:
        """A call comes in: answer with a document, whatever happens."""
        try:
            webhook = await read_webhook(request, self._services.settings)
            announcement = self._edge.announce(webhook)
            if not announcement.called and not request.query_params.get("api_key"):
                raise CallerError("the request has neither an api_key nor a To", code="missing_parameter", details={"parameter": "api_key"})
            destination = self._destination(request, announcement)
            if isinstance(destination, str):
                return answer(markup.say_and_hang_up(destination))
            self._check_signature(webhook, destination.tenant)
        except CallstageError as err:
            return refuse(err)
        return await self._route(request, announcement, destination)

    def _destination(self, request: Request, announcement: Announcement) -> _Destination | str:
        """The sentence to say when there is none."""
        directory = self._services.directory
        api_key = request.query_params.get("api_key")
        if api_key:
            record = directory.api_key(api_key)
            tenant = directory.tenant(record.tenant_id) if record is not None else None
            if tenant is None:
                return INVALID_KEY
            route = directory.route(to_e164(announcement.called, tenant.country))
            own_route = route if route is not None and route.tenant_id == tenant.tenant_id else None
            return _Destination(tenant, own_route, request.query_params.get("agent_id"))
        route = directory.route(to_e164(announcement.called, self._services.settings.default_country))
        tenant = directory.tenant(route.tenant_id) if route is not None else None
        return UNKNOWN_NUMBER if tenant is None else _Destination(tenant, route, None)

    def _check_signature(self, webhook: Webhook, tenant: TenantRecord) -> None:
        if not self._edge.is_signed(webhook, tenant, self._services.settings.secret_box, time.time()):
            raise Forbidden(f"the request is not signed by {self._edge.name}", code="invalid_signature")

    async def _route(self, request: Request, announcement: Announcement, destination: _Destination) -> Response:
        tenant, route = destination.tenant, destination.route
        directory = self._services.directory
        caller = to_e164(announcement.caller, tenant.country)
        called = to_e164(announcement.called, tenant.country)
        rejected = CallRejected(
            tenant_id=tenant.tenant_id,
            call_id=new_call_id(),
            channel=self._edge.name,
            caller_phone=caller,
            to_number=called,
            carrier_call_id=announcement.carrier_call_id,
            reason=EndedReason.BLOCKED,
        )
        if directory.is_blocked(tenant.tenant_id, caller):
            self._reject(rejected, EndedReason.BLOCKED)
            return answer(self._edge.reject_document())
        if destination.agent_id is None and route is not None and route.inbound_route != "ai_agent":
            self._reject(rejected, EndedReason.TRANSFERRED)
            return self._say_instead(direct(route, tenant.country), request, _facts_of(rejected))
        agent_id = destination.agent_id or (route.route_target if route else None)
        active = directory.deployment(tenant.tenant_id, agent_id) if agent_id else directory.default_agent(tenant.tenant_id)
        refusal = EndedReason.NOT_DEPLOYED if active is None else await self._services.admission.refusal(tenant, rejected.call_id)
        if active is None or refusal is not None:
            reason = refusal or EndedReason.NOT_DEPLOYED
            self._reject(rejected.model_copy(update={"agent_id": agent_id or ""}), reason)
            return self._say_instead(fallback(route, tenant.country, reason), request, _facts_of(rejected, agent_id or ""))
        facts = CallFacts(
            call_id=CallId(rejected.call_id),
            session_id=new_session_id(),
            tenant_id=tenant.tenant_id,
            agent_id=active.agent_id,
            deployment=active.deployment,
            channel=self._edge.name,
            caller_phone=caller,
            to_number=called,
            carrier_call_id=announcement.carrier_call_id,
            begun_at_ms=int(time.time() * 1000),
        )
        return await self._begin(request, facts)

    async def _begin(self, request: Request, facts: CallFacts) -> Response:
        repeated = await self._services.announced.claim(facts)
        if repeated is not None:
            self._services.slots.release(facts)
            return await self._again(request, repeated)
        if self._services.directory.has_backend(facts.tenant_id, facts.agent_id):
            until_ms = self._services.calls.lookups.start(facts.call_id, facts.tenant_id, facts.agent_id, facts.caller_phone)
            facts = replace(facts, lookup_until_ms=until_ms)
        self._services.calls.publisher.publish(
            CallStarted(
                tenant_id=facts.tenant_id,
                call_id=facts.call_id,
                session_id=facts.session_id,
                agent_id=facts.agent_id,
                deployment=facts.deployment,
                channel=facts.channel,
                caller_phone=facts.caller_phone,
                to_number=facts.to_number,
                carrier_call_id=facts.carrier_call_id,
            )
        )
        return self._connect(request, facts)

    def _connect(self, request: Request, facts: CallFacts, *, greeting: str = "") -> Response:
        base = public_base(request, self._services.settings)
        tickets = self._services.tickets
        instructions = StreamInstructions(
            url=socket_base(base) + self._edge.stream_path,
            parameters=tickets.parameters(facts),
            resume_url=f"{base}{self._edge.resume_path}?token={tickets.resume_token(facts)}",
            greeting=greeting,
        )
        return answer(self._edge.stream_document(instructions))

    def _reject(self, event: CallRejected, reason: EndedReason) -> None:
        count_call(self._edge.name, reason)
        self._services.calls.publisher.publish(event.model_copy(update={"reason": reason}))

    def _say_instead(self, instead: Instead, request: Request, facts: CallFacts) -> Response:
        match instead.action:
            case "record" if self._messages < self._services.settings.max_calls:
                return self._connect(request, replace(facts, is_message=True, resume="none", lookup_until_ms=0), greeting=instead.value)
            case "record":
                return answer(markup.say_and_hang_up(SORRY))
            case "dial":
                return answer(markup.document(markup.dial(instead.value)))
            case "say":
                return answer(markup.say_and_hang_up(instead.value))
            case _:
                return answer(markup.document(markup.HANG_UP))

    # Resume.

    async def resume(self, request: Request) -> Response:
        """The stream has ended: hang up, do something else, or go on with the call here (rule C5)."""
        try:
            webhook = await read_webhook(request, self._services.settings)
            announcement = self._edge.announce(webhook)
            facts = self._services.tickets.read_resume(request.query_params.get("token", ""), announcement.carrier_call_id)
            tenant = self._services.directory.tenant(facts.tenant_id)
            if tenant is None:
                return answer(markup.document(markup.HANG_UP))
            self._check_signature(webhook, tenant)
        except CallstageError as err:
            return refuse(err)
        if announcement.status in _OVER:
            return answer(markup.document(markup.HANG_UP))
        if not await self._services.rate.allows(f"resume:{facts.call_id}", _MAX_RESUMES_PER_MINUTE):
            # The carrier cannot keep a socket to us: without a limit it would ask for ever.
            return await self._give_up(request, facts, EndedReason.CARRIER_FAILED)
        return await self._again(request, facts)

    async def _give_up(self, request: Request, facts: CallFacts, reason: EndedReason) -> Response:
        outcomes = self._services.calls.outcomes
        await outcomes.close_lost(facts, reason)
        instead = outcomes.failed(facts, reason, reason).then
        return self._say_instead(instead if isinstance(instead, Instead) else Instead("hang_up"), request, facts)

    async def _again(self, request: Request, facts: CallFacts) -> Response:
        """A call that is known: what became of it decides."""
        services = self._services
        state = await services.calls.states.get(facts.call_id)
        if isinstance(state, Instead):
            return self._say_instead(state, request, facts)
        if state == "ended":
            return answer(markup.document(markup.HANG_UP))
        if state is None:
            return self._connect(request, facts)
        tenant = services.directory.tenant(facts.tenant_id)
        refusal = services.admission.takeover_refusal() if tenant is not None else EndedReason.INTERNAL_ERROR
        if refusal is not None:
            return await self._give_up(request, facts, refusal)
        return self._connect(request, replace(facts, resume="takeover", lookup_until_ms=0))

    # Status.

    async def status(self, request: Request) -> Response:
        """Status callback of the number: a call that is over for the carrier is over for us."""
        try:
            webhook = await read_webhook(request, self._services.settings)
            announcement = self._edge.announce(webhook)
            facts = await self._services.announced.find(announcement.carrier_call_id)
            tenant = self._services.directory.tenant(facts.tenant_id) if facts is not None else None
            if tenant is not None:
                self._check_signature(webhook, tenant)
        except CallstageError as err:
            return refuse(err)
        if tenant is not None and announcement.status in _OVER:
            await self._services.announced.ended(announcement.carrier_call_id, EndedReason.CALLER_HUNG_UP)
        return Response(status_code=204)

    # Stream.

    async def stream(self, socket: WebSocket) -> None:
        """The media of one call, until it is over."""
        await socket.accept()
        leg = CarrierLeg(socket, self._edge.new_dialect())
        try:
            started = await leg.wait_for_start()
            if started is None:
                return
            facts = await self._services.tickets.redeem(dict(started.parameters), started.carrier_call_id)
            if facts.channel != self._edge.name:
                raise Unauthorized("the ticket was made for another carrier")
            if facts.resume == "none" and not facts.is_message and not self._services.admission.has_room_here:
                # The slot that was reserved is another gateway's: the carrier asks again, and comes out there.
                raise StreamRefused(1013, "this process is full")
        except StreamRefused as refused:
            _log.info("stream_refused", carrier=self._edge.name, reason=refused.reason)
            await close_socket(socket, refused.code, refused.reason)
        except Unauthorized as err:
            _log.warning("stream_ticket_refused", carrier=self._edge.name, reason=err.message)
            await close_socket(socket, 1008, err.message)
        else:
            await (self._take_message(facts, leg) if facts.is_message else CallSession(facts, leg, self._services.calls).run())

    async def _take_message(self, facts: CallFacts, leg: CarrierLeg) -> None:
        calls = self._services.calls
        self._messages += 1
        try:
            await MessageSession(facts, leg, calls.states, calls.publisher, calls.recordings).run()
        finally:
            self._messages -= 1


def _facts_of(rejected: CallRejected, agent_id: str = "") -> CallFacts:
    """Of a call that no agent takes."""
    return CallFacts(
        call_id=CallId(rejected.call_id),
        session_id=new_session_id(),
        tenant_id=rejected.tenant_id,
        agent_id=agent_id,
        deployment=0,
        channel=cast(CallChannel, rejected.channel),
        caller_phone=rejected.caller_phone,
        to_number=rejected.to_number,
        carrier_call_id=rejected.carrier_call_id,
        begun_at_ms=int(time.time() * 1000),
    )
