import { Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";
import { Panel } from "./Panel";

interface SectionProps {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  /** Where a link of the page leads. */
  anchor?: string;
  /** On the page itself, for content that brings surfaces of its own. */
  isBare?: boolean;
  children: ReactNode;
}

/** A titled part of a page, on a surface of its own unless it is bare. */
export function Section({ title, description, actions, anchor, isBare = false, children }: SectionProps) {
  const id = useId();
  const shared = { component: "section", "aria-labelledby": id, id: anchor, style: { scrollMarginTop: 80, minWidth: 0 } } as const;
  const head = (
    <Group justify="space-between" align="flex-start" mb={isBare ? 0 : "sm"} gap="sm">
      <div style={{ flex: "1 1 200px", minWidth: 0 }}>
        <Title order={2} id={id}>
          {title}
        </Title>
        {description && (
          <Text c="dimmed" mt={2} component="div">
            {description}
          </Text>
        )}
      </div>
      {actions && <Group gap="xs">{actions}</Group>}
    </Group>
  );
  return isBare ? (
    <Stack {...shared}>
      {head}
      {children}
    </Stack>
  ) : (
    <Panel {...shared} p={{ base: "md", sm: "lg" }}>
      {head}
      {children}
    </Panel>
  );
}
