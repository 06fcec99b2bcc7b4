import { Box, Group, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";

interface PageProps {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** Text pages stay readable; tables use the width. */
  width?: "text" | "full";
}

/** One page: its title, what can be done here, and its content. */
export function Page({ title, description, actions, children, width = "full" }: PageProps) {
  useDocumentTitle(`${title} · Callstage`);
  return (
    <Box p={{ base: "md", sm: "xl" }} maw={width === "text" ? 880 : 1440}>
      <Group justify="space-between" align="flex-start" mb="lg" gap="sm">
        <div>
          <Title order={1}>{title}</Title>
          {description && (
            <Text c="dimmed" mt={4} maw={640} component="div">
              {description}
            </Text>
          )}
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Box>
  );
}
