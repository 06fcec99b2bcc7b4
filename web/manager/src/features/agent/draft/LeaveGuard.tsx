import { Button, Group, List, Modal, Stack, Text } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
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
    <Modal opened onClose={blocker.reset} title="These changes are not saved">
      <Stack>
        <Text>{session.state().problem || "The server could not be reached."} If you leave now, you lose:</Text>
        <List>
          {session.unsaved().map((place) => (
            <List.Item key={place.path}>{place.label}</List.Item>
          ))}
        </List>
        <Group justify="flex-end">
          <Button color="red.8" variant="light" onClick={blocker.proceed}>
            Leave without them
          </Button>
          <Button onClick={blocker.reset} data-autofocus>
            Stay
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
