"""Rows ↔ drafts ↔ replies."""

from control_api.compile.draft import AgentDraft
from control_api.db.agent_tables import AgentRow
from control_api.features.agents.schemas import AgentView


def draft_of(row: AgentRow) -> AgentDraft:
    """The stored draft."""
    return AgentDraft.model_validate(row.draft)


def view_of(row: AgentRow) -> AgentView:
    """As it is returned."""
    draft = draft_of(row)
    return AgentView.model_validate(
        {
            **draft.model_dump(),
            "agent_id": row.agent_id,
            "company": draft.company or draft.display_name,
            "temperature": draft.llm.temperature,
            "thinking_level": draft.llm.thinking_level,
            "version": row.version,
            "deployed": row.active_deployment > 0,
            "deployment": row.active_deployment or None,
            "deployed_at": row.deployed_at,
            "has_undeployed_changes": row.version != row.deployed_version,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
    )


def etag_of(row: AgentRow) -> str:
    """Rule RE1."""
    return f'"{row.version}"'
