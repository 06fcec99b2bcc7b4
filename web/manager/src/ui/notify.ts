import type { NotificationData } from "@mantine/notifications";
import { messageOf } from "./ErrorState";

let isWanted = false;
const listeners = new Set<() => void>();

/** For the place where the messages are shown: it is loaded with the first one. */
export const areToastsWanted = (): boolean => isWanted;

export function whenToastsWanted(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

async function show(toast: NotificationData): Promise<void> {
  isWanted = true;
  for (const listener of listeners) listener();
  const { notifications } = await import("@mantine/notifications");
  notifications.show({ closeButtonProps: { "aria-label": "Close the message" }, ...toast });
}

/** Something was done. */
export function tell(message: string): void {
  void show({ message, color: "signal", autoClose: 4000 });
}

/** Something was not done, and why. */
export function tellProblem(error: unknown, what: string): void {
  void show({ title: what, message: messageOf(error), color: "red.8", autoClose: 10_000 });
}
