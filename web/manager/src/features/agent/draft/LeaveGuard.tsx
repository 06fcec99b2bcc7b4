import { List, Text } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { LeaveDialog } from "../../../ui/LeaveDialog";
import type { DraftSession } from "./session";

/** Leaving waits for the save; what cannot be saved is named before it is lost (rule UI2). */
export function LeaveGuard({ session }: { session: DraftSession }) {
  const { agent_id: agentId } = session.state().draft;
  const blocker = useBlocker({
    withResolver: true,
    enableBeforeUnload: () => session.hasUnsaved,
    async shouldBlockFn({ next }) {
      if (!session.hasUnsaved || next.pathname.startsWith(`/agents/${agentId}/`)) return false;
      try {
        await session.flush();
        return false;
      } catch {
        return true;
      }
    },
  });
  if (blocker.status !== "blocked") return null;
  return (
    <LeaveDialog title="These changes are not saved" onLeave={blocker.proceed} onStay={blocker.reset}>
      <Text>{session.state().problem || "The server could not be reached."} If you leave now, you lose:</Text>
      <List>
        {session.unsaved().map((place) => (
          <List.Item key={place.path}>{place.label}</List.Item>
        ))}
      </List>
    </LeaveDialog>
  );
}
