"""Draft → immutable, numbered snapshot → data plane (rules D1, D2, D3)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from callstage_contracts.buckets import ACTIVE, DEPLOYMENTS, agent_key, deployment_key
from callstage_domain.agent import AgentSnapshot
from callstage_domain.errors import CallerError, NotFound
from callstage_kit.crypto import TokenSigner
from callstage_kit.tasks import in_thread

from control_api.access.caller import Caller
from control_api.compile.checks import check, errors_first, has_errors
from control_api.compile.effects import ToolEffects
from control_api.compile.findings import Finding
from control_api.compile.hosts import all_with_hosts
from control_api.compile.snapshot import first_stage_of
from control_api.compile.type_check import for_deploy
from control_api.db.agent_tables import AgentRow, DeploymentRow
from control_api.db.rows import Page, PageRequest
from control_api.db.tables import now
from control_api.db.unit_of_work import UnitOfWork, Writer
from control_api.features.agent_tests.runtime import Forked, ReplayClient
from control_api.features.agent_tests.service import AgentTestService, changed_meanwhile
from control_api.features.agents.compiled import compiled
from control_api.features.agents.draft_checks import DraftChecks
from control_api.features.agents.hosts import hosts_of
from control_api.features.agents.repository import AgentRepository
from control_api.features.agents.service import found
from control_api.features.agents.view import draft_of
from control_api.features.deployments.difference import differences
from control_api.features.deployments.draft_claims import draft_claims
from control_api.features.deployments.repository import DeploymentRepository
from control_api.features.deployments.schemas import (
    Change,
    DeployAsk,
    Deployed,
    DeploymentDetail,
    DeploymentDiff,
    DeploymentView,
    DraftDiff,
    FindingReply,
    ForkedSession,
    ResumePoint,
    TestSession,
    TestSessionAsk,
    ToolEffectsReply,
)
from control_api.features.rehearsals.service import RehearsalService, rehearsal_findings
from control_api.features.webhook_endpoints.activations import tell_activated
from control_api.outbox.expected import KEPT_DEPLOYMENTS
from control_api.outbox.records import active_record

TEST_SESSION_TTL_S = 3600


@dataclass(frozen=True, slots=True)
class _Types:
    """What tool-sandbox said of this version of the draft."""

    version: int
    findings: list[Finding]
    effects: list[ToolEffects]


@dataclass(frozen=True, slots=True)
class _Tested:
    """What tests and rehearsals say, and the versions of the draft that they ran."""

    versions: set[int]
    findings: list[Finding]


class DeploymentService:
    """Deploy, activate, compare, test."""

    def __init__(
        self,
        writer: Writer,
        signer: TokenSigner,
        gateway_websocket_url: str,
        checks: DraftChecks,
        tests: AgentTestService,
        rehearsals: RehearsalService,
        replays: ReplayClient,
    ) -> None:
        self._writer = writer
        self._signer = signer
        self._websocket_url = gateway_websocket_url
        self._checks = checks
        self._tests = tests
        self._rehearsals = rehearsals
        self._replays = replays

    async def deploy(self, caller: Caller, agent_id: str, ask: DeployAsk) -> Deployed:
        """A new snapshot goes live. Raises CallerError with all findings when one is an error (rules S5, D6)."""
        types = await self._types(caller, agent_id)
        tested = await self._tested(caller, agent_id, ask)
        async with self._writer.change(caller) as unit:
            row = found(await AgentRepository(unit.session, unit.tenant_id).get(agent_id, lock=True))
            findings = await self._checked(row, types, also=tested.findings)
            if tested.versions - {row.version}:
                raise changed_meanwhile()
            row.last_deployment += 1
            snapshot = await compiled(unit.session, row, row.last_deployment)
            await _store(unit, snapshot, findings)
            await _activate(unit, row, row.last_deployment)
            row.deployed_version = row.version
            await _forget_old(unit, row)
            unit.audit("agent.deployed", "agent", agent_id, after={"deployment": row.active_deployment})
        effects = ToolEffectsReply.all_of(types.effects) if types.version == row.version else []
        return Deployed(
            deployment=row.active_deployment, deployed_at=row.deployed_at or now(), findings=FindingReply.all_of(findings), effects=effects
        )

    async def activate(self, caller: Caller, agent_id: str, deployment: int) -> Deployed:
        """An earlier snapshot goes live again."""
        async with self._writer.change(caller) as unit:
            row = found(await AgentRepository(unit.session, unit.tenant_id).get(agent_id, lock=True))
            stored = await _deployment(unit, agent_id, deployment)
            before = {"deployment": row.active_deployment}
            snapshot = AgentSnapshot.model_validate(stored.snapshot)
            await unit.publish(DEPLOYMENTS, deployment_key(row.tenant_id, agent_id, deployment), snapshot)
            await _activate(unit, row, deployment)
            # The draft is some other text than what is live now.
            row.deployed_version = None
            unit.audit("agent.deployment_activated", "agent", agent_id, before=before, after={"deployment": deployment})
        return Deployed(
            deployment=deployment, deployed_at=row.deployed_at or now(), findings=[FindingReply.model_validate(item) for item in stored.findings]
        )

    async def list_page(self, caller: Caller, agent_id: str, request: PageRequest) -> Page[DeploymentView]:
        """The history."""
        async with self._writer.database.session() as session:
            agent = found(await AgentRepository(session, caller.tenant_id).get(agent_id))
            page = await DeploymentRepository(session, caller.tenant_id).list_page(agent_id, request)
        return Page([_view(row, agent) for row in page.items], page.next_cursor)

    async def get(self, caller: Caller, agent_id: str, deployment: int) -> DeploymentDetail:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            agent = found(await AgentRepository(session, caller.tenant_id).get(agent_id))
            row = await DeploymentRepository(session, caller.tenant_id).get(agent_id, deployment)
        if row is None:
            raise NotFound("no such deployment")
        return DeploymentDetail(**_view(row, agent).model_dump(), snapshot=AgentSnapshot.model_validate(row.snapshot))

    async def compare(self, caller: Caller, agent_id: str, before: int, after: int) -> DeploymentDiff:
        """Raises NotFound."""
        older, newer = await self.get(caller, agent_id, before), await self.get(caller, agent_id, after)
        changes = [Change(path=path, before=old, after=new) for path, old, new in differences(older.snapshot, newer.snapshot)]
        return DeploymentDiff(before=before, after=after, changes=changes)

    async def draft_difference(self, caller: Caller, agent_id: str) -> DraftDiff:
        """The draft against what is live; without changes when nothing is. Raises NotFound."""
        async with self._writer.database.session() as session:
            row = found(await AgentRepository(session, caller.tenant_id).get(agent_id))
            live = await DeploymentRepository(session, caller.tenant_id).get(agent_id, row.active_deployment) if row.active_deployment else None
            draft = await compiled(session, row, 0)
        if live is None:
            return DraftDiff(deployment=None, deployed_at=None, version=row.version, changes=[])
        before = AgentSnapshot.model_validate(live.snapshot)
        changes = [Change(path=path, before=old, after=new) for path, old, new in differences(before, draft)]
        return DraftDiff(deployment=row.active_deployment, deployed_at=row.deployed_at, version=row.version, changes=changes)

    async def test_session(self, caller: Caller, agent_id: str, ask: TestSessionAsk) -> TestSession:
        """Compile the draft as deployment 0 and give a token that opens a conversation with it (rules D1, D4, V8)."""
        types = await self._types(caller, agent_id)
        forked = await self._forked(caller, agent_id, ask.resume) if ask.resume else None
        async with self._writer.change(caller) as unit:
            row = found(await AgentRepository(unit.session, unit.tenant_id).get(agent_id, lock=True))
            findings = await self._checked(row, types)
            await DeploymentRepository(unit.session, unit.tenant_id).remove_test_draft(agent_id)
            await _store(unit, await compiled(unit.session, row, 0), findings)
        token = self._signer.sign("ws", draft_claims(row, draft_of(row), ask, forked), ttl_s=TEST_SESSION_TTL_S)
        return TestSession(
            ws_url=self._websocket_url,
            token=token,
            deployment=0,
            expires_in_s=TEST_SESSION_TTL_S,
            mode=ask.mode,
            session_id=forked.session_id if forked else None,
            forked=ForkedSession.of(forked) if forked else None,
        )

    async def _forked(self, caller: Caller, agent_id: str, point: ResumePoint) -> Forked:
        """Raises NotFound for a session that is not this agent's, or a turn that it does not have."""
        async with self._writer.database.session() as session:
            row = found(await AgentRepository(session, caller.tenant_id).get(agent_id))
        return await self._replays.fork(caller.tenant_id, agent_id, first_stage_of(draft_of(row)), point.session_id, point.turn)

    async def _tested(self, caller: Caller, agent_id: str, ask: DeployAsk) -> _Tested:
        """Before the agent is locked: replays take their time."""
        versions: set[int] = set()
        findings: list[Finding] = []
        if ask.require_tests:
            tested = await self._tests.tested(caller, agent_id)
            versions.add(tested.version)
            findings += tested.findings()
        if ask.rehearse_last is not None:
            rehearsal = await self._rehearsals.rehearse(caller, agent_id, ask.rehearse_last)
            versions.add(rehearsal.version)
            findings += rehearsal_findings(rehearsal)
        return _Tested(versions, findings)

    async def _types(self, caller: Caller, agent_id: str) -> _Types:
        """Asked before the agent is locked: tool-sandbox takes its time."""
        async with self._writer.database.session() as session:
            row = found(await AgentRepository(session, caller.tenant_id).get(agent_id))
            draft = draft_of(row)
            hosts = await hosts_of(session, caller.tenant_id, agent_id, draft)
        findings, effects = await self._checks.types(draft)
        return _Types(row.version, findings, all_with_hosts(draft, effects, hosts))

    async def _checked(self, row: AgentRow, types: _Types, *, also: Sequence[Finding] = ()) -> list[Finding]:
        draft = draft_of(row)
        of_types = types.findings if types.version == row.version else await in_thread(self._checks.types_unknown, draft)
        findings = errors_first([*await in_thread(check, draft), *for_deploy(of_types), *also])
        if has_errors(findings):
            errors = [finding.message for finding in findings if finding.severity == "error"]
            more = f" And {len(errors) - 1} more." if len(errors) > 1 else ""
            raise CallerError(
                f"The agent cannot be deployed yet. {errors[0]}{more}",
                code="deploy_blocked",
                details={"findings": [item.model_dump() for item in FindingReply.all_of(findings)]},
            )
        return findings


async def _store(unit: UnitOfWork, snapshot: AgentSnapshot, findings: list[Finding]) -> None:
    unit.session.add(
        DeploymentRow(
            tenant_id=snapshot.tenant_id,
            agent_id=snapshot.agent_id,
            deployment=snapshot.deployment,
            snapshot=snapshot.model_dump(mode="json"),
            findings=[asdict(item) for item in findings],
            created_by=unit.caller.name,
            created_at=now(),
        )
    )
    await unit.publish(DEPLOYMENTS, deployment_key(snapshot.tenant_id, snapshot.agent_id, snapshot.deployment), snapshot)


async def _activate(unit: UnitOfWork, row: AgentRow, deployment: int) -> None:
    row.active_deployment, row.deployed_at = deployment, now()
    await unit.publish(ACTIVE, agent_key(row.tenant_id, row.agent_id), active_record(row))
    await tell_activated(unit, row.agent_id, deployment)


async def _forget_old(unit: UnitOfWork, row: AgentRow) -> None:
    """Postgres keeps every deployment; the data plane only those that a conversation may still run on."""
    for number in await DeploymentRepository(unit.session, unit.tenant_id).beyond(row.agent_id, KEPT_DEPLOYMENTS):
        await unit.publish(DEPLOYMENTS, deployment_key(row.tenant_id, row.agent_id, number), None)


async def _deployment(unit: UnitOfWork, agent_id: str, deployment: int) -> DeploymentRow:
    row = await DeploymentRepository(unit.session, unit.tenant_id).get(agent_id, deployment) if deployment > 0 else None
    if row is None:
        raise NotFound("no such deployment")
    return row


def _view(row: DeploymentRow, agent: AgentRow) -> DeploymentView:
    return DeploymentView(
        deployment=row.deployment, created_at=row.created_at, created_by=row.created_by, is_active=row.deployment == agent.active_deployment
    )
