import { Badge } from "@mantine/core";
import { IconDots, IconEar, IconPencil, IconPlugConnected, IconVolume } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { type Activity, activityOf } from "./conversation";
import { activityInWords, stateInWords } from "./inWords";
import type { Talk } from "./useConversation";

/** Long enough that somebody who cannot see the page wonders. */
export const LONG_THOUGHT_MS = 2500;
const COLORS: Record<Activity, string> = { listening: "gray", thinking: "orange", speaking: "signal" };

/** What the agent does at this moment. Spoken out are the connection and long thoughts only: the log tells what is said. */
export function ActivityBadge({ conversation, mode, isMuted }: Pick<Talk, "conversation" | "mode" | "isMuted">) {
  const activity = activityOf(conversation);
  const isLong = useIsLong(activity === "thinking", LONG_THOUGHT_MS);
  const words = activity === null ? stateInWords(conversation) : activityInWords(activity, mode, isMuted);
  return (
    <>
      <Badge size="lg" variant="light" color={activity ? COLORS[activity] : "gray"} leftSection={<Sign activity={activity} mode={mode} />}>
        {words}
      </Badge>
      <span role="status" className="visually-hidden">
        {isLong ? "Still thinking" : stateInWords(conversation)}
      </span>
    </>
  );
}

function Sign({ activity, mode }: { activity: Activity | null; mode: Talk["mode"] }) {
  const Icon = activity === null ? IconPlugConnected : ICONS[mode][activity];
  return <Icon size={14} aria-hidden style={{ display: "block" }} />;
}

const ICONS = {
  voice: { listening: IconEar, thinking: IconDots, speaking: IconVolume },
  chat: { listening: IconEar, thinking: IconDots, speaking: IconPencil },
} as const;

/** True once `is` has held for that long. */
function useIsLong(is: boolean, ms: number): boolean {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!is) return undefined;
    const timer = setTimeout(() => setLong(true), ms);
    return () => {
      clearTimeout(timer);
      setLong(false);
    };
  }, [is, ms]);
  return isLong;
}
