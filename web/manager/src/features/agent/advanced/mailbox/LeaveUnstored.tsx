import { Text } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { LeaveDialog } from "../../../../ui/LeaveDialog";

/** The e-mail settings are stored by a button, unlike the draft: leaving the page without it is asked about (rule UI2). */
export function LeaveUnstored({ isChanged }: { isChanged: boolean }) {
  const blocker = useBlocker({
    withResolver: true,
    enableBeforeUnload: () => isChanged,
    shouldBlockFn: ({ current, next }) => isChanged && current.pathname !== next.pathname,
  });
  if (blocker.status !== "blocked") return null;
  return (
    <LeaveDialog title="The e-mail settings are not stored" onLeave={blocker.proceed} onStay={blocker.reset}>
      <Text>Mailbox, filters and signature are as before until you store them. If you leave now, you lose your changes to them.</Text>
    </LeaveDialog>
  );
}
