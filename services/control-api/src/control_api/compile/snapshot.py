"""Draft → `AgentSnapshot`. An agent without stages becomes one stage (rule A3): there is no second code path."""

from callstage_domain.agent import MAIN_STAGE, AgentSettings, AgentSnapshot, Stage, ToolDefinition, Transition
from callstage_domain.builtin_tools import standard_tool
from callstage_domain.ids import AgentId, TenantId

from control_api.compile.draft import AgentDraft, DraftStage, DraftTool


def compile_snapshot(
    draft: AgentDraft, *, tenant_id: str, agent_id: str, deployment: int, has_backend: bool, integrations: dict[str, str] | None = None
) -> AgentSnapshot:
    """The immutable snapshot. Call it only for a draft without error findings: names that resolve to no tool are left out."""
    stages = stages_of(draft)
    tools = resolved_tools(draft)
    return AgentSnapshot(
        tenant_id=TenantId(tenant_id),
        agent_id=AgentId(agent_id),
        deployment=deployment,
        channel=draft.channel,
        settings=_settings(draft),
        stages=tuple(_stage(stage, tools) for stage in stages),
        first_stage=first_stage_of(draft),
        tools=tools,
        preload_tools=tuple(name for name in draft.preload_tools if name in tools),
        tools_webhook_url=draft.tools_webhook_url,
        has_backend=has_backend,
        integrations=integrations or {},
    )


def stages_of(draft: AgentDraft) -> list[DraftStage]:
    """The draft's stages, or the one that its tools make."""
    return draft.stages or [DraftStage(name=MAIN_STAGE, tools=draft.simple_tools)]


def first_stage_of(draft: AgentDraft) -> str:
    """Where conversations begin: the stage named so, else the first."""
    return (draft.first_stage if draft.stages else None) or stages_of(draft)[0].name


def resolved_tools(draft: AgentDraft) -> dict[str, ToolDefinition]:
    """Every tool that a stage or the preload names: the agent's own definition, else the built-in or standard one."""
    own = {tool.name: definition_of(tool) for tool in reversed(draft.own_tools)}
    names = dict.fromkeys([name for stage in stages_of(draft) for name in stage.tools] + draft.preload_tools)
    found = {name: own.get(name) or standard_tool(name) for name in names}
    return {name: tool for name, tool in found.items() if tool is not None}


def definition_of(tool: DraftTool) -> ToolDefinition:
    """The tool as it runs."""
    standard = standard_tool(tool.name)
    if tool.code is None and standard is not None and tool.kind in (None, standard.kind) and not tool.parameters.get("properties"):
        return standard.model_copy(update={"description": tool.description or standard.description})
    return ToolDefinition(
        name=tool.name,
        kind=tool.real_kind,
        description=tool.description,
        parameters={"type": "object", "properties": {}, **tool.parameters},
        code=tool.code if tool.real_kind == "code" else None,
        timeout_s=tool.timeout_s,
    )


def _stage(stage: DraftStage, tools: dict[str, ToolDefinition]) -> Stage:
    return Stage(
        name=stage.name,
        prompt=stage.prompt,
        tools=tuple(dict.fromkeys(name for name in stage.tools if name in tools)),
        transitions=tuple(
            Transition(on_tool=item.on_tool, to_stage=item.to_stage, handover_message=item.handover_message) for item in stage.transitions
        ),
    )


def _settings(draft: AgentDraft) -> AgentSettings:
    shared = draft.model_dump(include=set(AgentSettings.model_fields))
    return AgentSettings.model_validate({**shared, "company": draft.company or draft.display_name})
