"""Which model writes, and for whom (rules S6, T10)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Final

from callstage_contracts.buckets import provider_aad
from callstage_domain.errors import CallstageError, Conflict, DependencyError
from callstage_domain.variables import names_in
from callstage_kit.crypto import SecretBox
from callstage_kit.egress_policy import EgressPolicy

from control_api.access.caller import Caller
from control_api.compile.checks import CALL_VARIABLES
from control_api.compile.draft import AgentDraft
from control_api.compile.effects import Effects
from control_api.compile.hosts import AgentHosts, with_hosts
from control_api.compile.type_check import Remark
from control_api.db.access_tables import ProviderKeyRow
from control_api.db.database import Database
from control_api.features.agents.hosts import hosts_of
from control_api.features.agents.repository import AgentRepository
from control_api.features.agents.service import found
from control_api.features.agents.view import draft_of
from control_api.features.backends.sandbox import SandboxClient
from control_api.features.deployments.schemas import EffectsReply
from control_api.features.generation.model import Access, ProviderName, opened
from control_api.features.generation.prompts import ToolWish, stage_prompt
from control_api.features.generation.schemas import GenerationEvent, StageGenerate, StageGenerated, ToolGenerate, ToolGenerated
from control_api.features.generation.writer import Delta, Draft, write_tool, written
from control_api.features.providers.repository import ProviderRepository
from control_api.features.tools.schemas import CodeRemark
from control_api.settings import GenerationSettings
from control_api.web.problems import FieldError

_NAMES: Final[tuple[ProviderName, ...]] = ("openai", "gemini", "groq")
_CHECK_TIMEOUT_S: Final = 5.0
Events = AsyncGenerator[GenerationEvent]


class GenerationService:
    """Events of one piece of writing; the last is `done`."""

    def __init__(self, database: Database, box: SecretBox, sandbox: SandboxClient, policy: EgressPolicy, settings: GenerationSettings) -> None:
        self._database = database
        self._box = box
        self._sandbox = sandbox
        self._policy = policy
        self._settings = settings

    async def tool(self, caller: Caller, agent_id: str, body: ToolGenerate) -> Events:
        """Raises NotFound, Conflict without a model, FieldError for an unknown resource; the events raise DependencyError."""
        draft, access = await self._prepared(caller, agent_id)
        known = {resource.model: resource for resource in draft.resources}
        for name in body.resources or ():
            if name not in known:
                raise FieldError("resources", f"'{name}' is no resource of this agent")
        resources = tuple(known[name] for name in body.resources) if body.resources is not None else tuple(draft.resources)
        wish = ToolWish(body.name, body.description, body.parameters, resources, body.code)
        async with self._database.session() as session:
            hosts = await hosts_of(session, caller.tenant_id, agent_id, draft)
        return self._tool_events(access, wish, hosts)

    async def stage(self, caller: Caller, agent_id: str, body: StageGenerate) -> Events:
        """Raises NotFound, Conflict without a model; the events raise DependencyError."""
        draft, access = await self._prepared(caller, agent_id)
        return self._stage_events(access, draft, body)

    async def _tool_events(self, access: Access, wish: ToolWish, hosts: AgentHosts) -> Events:
        async with self._deadline(), opened(access, first_byte_s=self._settings.generation_first_byte_timeout_s) as model:
            async with aclosing(write_tool(model, wish, self._check)) as steps:
                async for step in steps:
                    match step:
                        case Delta():
                            yield GenerationEvent(type="delta", text=step.text)
                        case Draft():
                            yield GenerationEvent(type="done" if step.is_final else "draft", result=_generated(step, access, hosts))

    async def _stage_events(self, access: Access, draft: AgentDraft, body: StageGenerate) -> Events:
        pieces: list[str] = []
        prompt = stage_prompt(body.description, draft, body.stage, _variables(draft))
        async with self._deadline(), opened(access, first_byte_s=self._settings.generation_first_byte_timeout_s) as model:
            async with aclosing(written(model, prompt)) as answer:
                async for piece in answer:
                    pieces.append(piece)
                    yield GenerationEvent(type="delta", text=piece)
        result = StageGenerated(prompt="".join(pieces).strip(), provider=access.provider, model=access.model)
        yield GenerationEvent(type="done", result=result)

    @asynccontextmanager
    async def _deadline(self) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(self._settings.generation_timeout_s):
                yield
        except TimeoutError as err:
            raise DependencyError("the language model took too long", vendor="llm", code="generation_timeout") from err

    async def _check(self, code: str) -> tuple[list[Remark], Effects]:
        return await self._sandbox.check_code(code, timeout_s=_CHECK_TIMEOUT_S)

    async def _prepared(self, caller: Caller, agent_id: str) -> tuple[AgentDraft, Access]:
        async with self._database.session() as session:
            draft = draft_of(found(await AgentRepository(session, caller.tenant_id).get(agent_id)))
            keys = {row.provider: row for row in await ProviderRepository(session, caller.tenant_id).list_all()}
        return draft, self._access(caller.tenant_id, draft, keys)

    def _access(self, tenant_id: str, draft: AgentDraft, keys: dict[str, ProviderKeyRow]) -> Access:
        """The agent's own model when it can write, else the first vendor with a key: the tenant's before the installation's."""
        wanted = draft.llm.provider
        first: list[ProviderName] = [wanted] if wanted in _NAMES else []
        names: list[ProviderName] = list(dict.fromkeys([*first, *_NAMES]))
        for name in names:
            access = self._tenants(tenant_id, name, keys.get(name)) or self._installations(name)
            if access is not None:
                model = draft.llm.model if name == wanted and draft.llm.model else access.model
                return Access(name, model, access.api_key, access.base_url, access.policy)
        raise Conflict(
            "No language model can write this: store a key of OpenAI, Gemini or Groq under AI providers, "
            "or use a ready-made template (POST /v1/agents/{agent_id}/tools/template).",
            code="no_language_model",
        )

    def _tenants(self, tenant_id: str, name: ProviderName, row: ProviderKeyRow | None) -> Access | None:
        if row is None:
            return None
        default = self._vendor(name)
        key = self._box.open(row.api_key_sealed, provider_aad(tenant_id, name))
        return Access(name, default.model, key, row.base_url or default.base_url, self._policy if row.base_url else None)

    def _installations(self, name: ProviderName) -> Access | None:
        access = self._vendor(name)
        return access if access.api_key else None

    def _vendor(self, name: ProviderName) -> Access:
        settings = self._settings
        match name:
            case "openai":
                key, url, model = settings.openai_api_key, settings.openai_base_url, settings.openai_llm_model
            case "groq":
                key, url, model = settings.groq_api_key, settings.groq_base_url, settings.groq_llm_model
            case "gemini":
                key, url, model = settings.gemini_api_key, settings.gemini_base_url, settings.gemini_llm_model
        return Access(name, model, key.get_secret_value() if key is not None else "", url)


def failure(err: CallstageError) -> GenerationEvent:
    """The last event of a writing that broke off."""
    return GenerationEvent(type="error", code=err.code, text=err.message)


def _generated(step: Draft, access: Access, hosts: AgentHosts) -> ToolGenerated:
    return ToolGenerated(
        code=step.code,
        is_good=step.is_good,
        remarks=[
            CodeRemark(kind="syntax" if remark.is_syntax else "type", message=remark.message, line=remark.line, is_error=remark.is_error)
            for remark in step.remarks
        ],
        effects=EffectsReply.model_validate(with_hosts(step.effects, hosts)),
        beyond=list(step.beyond),
        repairs=step.repairs,
        provider=access.provider,
        model=access.model,
    )


def _variables(draft: AgentDraft) -> list[str]:
    """What prompts of this agent may name: rule V4, and what its own texts use already."""
    texts = [draft.system_prompt, draft.greeting or "", draft.farewell or "", *(stage.prompt for stage in draft.stages)]
    return sorted(CALL_VARIABLES | {name for text in texts for name, _ in names_in(text)})
