import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** A list without entries: says what would stand here and how it comes to be. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode;
  title: string;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <Stack align="center" gap="sm" py={48} px="md">
      {icon}
      <Title order={2}>{title}</Title>
      <Text c="dimmed" ta="center" maw={480} component="div">
        {children}
      </Text>
      {action}
    </Stack>
  );
}
