import { Group, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** One part of the settings: what it is for, what can be done, its content. */
export function Section({ title, about, action, children }: { title: string; about: ReactNode; action?: ReactNode; children: ReactNode }) {
  return (
    <Stack component="section" gap="md" aria-label={title}>
      <Group justify="space-between" align="flex-start">
        <div style={{ flex: "1 1 280px" }}>
          <Title order={2}>{title}</Title>
          <Text c="dimmed" mt={4} component="div">
            {about}
          </Text>
        </div>
        {action}
      </Group>
      {children}
    </Stack>
  );
}
