import { Alert, Stack, Text } from "@mantine/core";
import { Copyable } from "../../ui/Copyable";

/** A secret that is shown this once. */
export function Secret({ value, label, use }: { value: string; label: string; use: string }) {
  return (
    <Alert color="signal" title={`Copy ${label} now`} role="status">
      <Stack gap="xs">
        <Text size="sm">It is shown only this once. {use}</Text>
        <Copyable value={value} label={label} />
      </Stack>
    </Alert>
  );
}
