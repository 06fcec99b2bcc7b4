import { Group, Text, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";
import { Panel } from "./Panel";

interface SectionProps {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  /** Where a link of the page leads. */
  anchor?: string;
  children: ReactNode;
}

/** A titled part of a page on its own surface. */
export function Section({ title, description, actions, anchor, children }: SectionProps) {
  const id = useId();
  return (
    <Panel component="section" aria-labelledby={id} id={anchor} style={{ scrollMarginTop: 80, minWidth: 0 }} p={{ base: "md", sm: "lg" }}>
      <Group justify="space-between" align="flex-start" mb="sm" gap="sm">
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
      {children}
    </Panel>
  );
}
