import { Alert, Text } from "@mantine/core";

interface TestedProps {
  result: { ok: boolean; message: string } | null;
  /** The title when it failed. */
  refused: string;
  /** What else is known of the other side. */
  details?: string | undefined;
}

/** What a tried connection answered (rule I4), in the other side's words. */
export function Tested({ result, refused, details }: TestedProps) {
  return (
    <div aria-live="polite">
      {result && (
        <Alert color={result.ok ? "signal" : "red"} title={result.ok ? "It works" : refused}>
          <Text>{[result.message, details].filter(Boolean).join(" · ")}</Text>
        </Alert>
      )}
    </div>
  );
}
