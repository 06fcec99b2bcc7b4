import { useParams } from "@tanstack/react-router";
import { $api } from "../../../api/api";
import { EmptyState } from "../../../ui/EmptyState";
import { LinkButton } from "../../../ui/LinkButton";
import { Loading } from "../../../ui/Loading";
import { Page } from "../../../ui/Page";
import { TextLink } from "../../../ui/TextLink";
import { useDraft } from "../draft/DraftProvider";
import { ownTool } from "./draftTools";
import { NewTool } from "./NewTool";
import { StandardToolView } from "./StandardToolView";
import { ToolEditor } from "./ToolEditor";

/** One tool: its parameters, what it does, a place to try it, and what it did in calls. */
export function ToolPage() {
  const { tool: name } = useParams({ from: "/shell/agents/$agentId/tools/$tool" });
  const { draft } = useDraft();
  const tool = ownTool(draft, name);
  const standard = $api.useQuery(
    "get",
    "/v1/tools/standard",
    {},
    { enabled: !tool && name !== "new", staleTime: Number.POSITIVE_INFINITY },
  );
  if (name === "new") return <NewTool />;
  if (tool) return <ToolEditor key={tool.name} tool={tool} />;
  const platformTool = standard.data?.tools.find((item) => item.name === name);
  if (platformTool) return <StandardToolView key={platformTool.name} tool={platformTool} />;
  if (standard.isLoading) {
    return (
      <Page title={name}>
        <Loading />
      </Page>
    );
  }
  return (
    <Page title={name}>
      <EmptyState
        title={`There is no tool ${name}`}
        action={
          <LinkButton to="/agents/$agentId/tools/$tool" params={{ agentId: draft.agent_id, tool: "new" }}>
            New tool
          </LinkButton>
        }
      >
        It was renamed or deleted, or its name is misspelt. The tools of this agent stand in its{" "}
        <TextLink underline="always" to="/agents/$agentId/stages" params={{ agentId: draft.agent_id }}>
          stages
        </TextLink>
        .
      </EmptyState>
    </Page>
  );
}
