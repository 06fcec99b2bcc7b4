import { Badge } from "@mantine/core";

const STATUS: Record<string, [string, string]> = {
  ok: ["signal", "Done"],
  failed: ["red", "Failed"],
  timed_out: ["red", "Timed out"],
  cancelled: ["gray", "Cancelled"],
};

/** How a run ended. Unknown: it may have happened. */
export function StatusBadge({ status }: { status: string }) {
  const [color, words] = STATUS[status] ?? [null, "Unknown"];
  return color === null ? <Badge variant="default">{words}</Badge> : <Badge color={color}>{words}</Badge>;
}
